//! Changes of Amazon SQS.

use aws_sdk_sqs::operation::RequestId;

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::Fault;
use crate::domain::ops::sqs::Write;
use crate::domain::ops::{Receipt, Token};

/// Makes a change, once. SQS takes no token; a second task for a queue is refused while one runs.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    match change {
        Write::StartMessageMoveTask { source } => {
            // Without a destination each message goes back to the queue that it came from.
            let call = caller.sqs().start_message_move_task().source_arn(source);
            let answer = caller.call(change.operation(), call.send()).await?;
            Ok(Receipt {
                request_id: answer.request_id().map(str::to_owned),
                created: answer.task_handle,
            })
        }
    }
}

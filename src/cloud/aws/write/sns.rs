//! Messages through Amazon SNS.

use aws_sdk_sns::operation::RequestId;

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::Fault;
use crate::domain::ops::sns::Write;
use crate::domain::ops::{Receipt, Token};

/// Publishes a message, once. Only FIFO topics take a token.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, token: &Token) -> Result<Receipt, Fault> {
    let Write::Publish {
        topic,
        subject,
        message,
        group,
    } = change;
    let mut call = caller
        .sns()
        .publish()
        .topic_arn(topic)
        .subject(subject)
        .message(message);
    // AWS takes only this spelling.
    let is_fifo = topic.strip_suffix(".fifo").is_some();
    if is_fifo {
        call = call.message_group_id(group).message_deduplication_id(&token.0);
    }
    let answer = caller.call(change.operation(), call.send()).await?;
    Ok(Receipt {
        request_id: answer.request_id().map(str::to_owned),
        created: answer.message_id,
    })
}

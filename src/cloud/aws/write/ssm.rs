//! Changes through Systems Manager.

use aws_sdk_ssm::operation::RequestId;

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::Fault;
use crate::domain::ops::ssm::Write;
use crate::domain::ops::{Receipt, Token};

/// Sends a command, once. Systems Manager takes no token; the comment tells ours apart.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let Write::RunDocument {
        document,
        instance,
        parameters,
        comment,
        deliver_within_s,
    } = change;
    let parameters = (!parameters.is_empty()).then(|| {
        parameters
            .iter()
            .map(|(name, values)| (name.clone(), values.clone()))
            .collect()
    });
    let call = caller
        .ssm()
        .send_command()
        .document_name(document)
        .instance_ids(instance)
        .set_parameters(parameters)
        .comment(comment)
        .timeout_seconds(i32::try_from(*deliver_within_s).unwrap_or(i32::MAX));
    let answer = caller.call(change.operation(), call.send()).await?;
    let request_id = answer.request_id().map(str::to_owned);
    Ok(Receipt {
        request_id,
        created: answer.command.and_then(|command| command.command_id),
    })
}

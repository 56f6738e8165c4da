//! Changes of AWS Lambda.

use std::collections::HashMap;

use aws_sdk_lambda::operation::RequestId;
use aws_sdk_lambda::types::AliasRoutingConfiguration;

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::function::Routing;
use crate::domain::ops::lambda::Write;
use crate::domain::ops::{Operation, Receipt, Token};

const ALIAS: Operation = Operation::new("lambda", "GetAlias");

/// Makes a change, once.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let operation = change.operation();
    let request_id = match change {
        Write::RouteAlias {
            function,
            alias,
            from,
            to,
        } => {
            let revision = revision(caller, (function, alias), from).await?;
            // An empty map takes weights away; none at all would leave them.
            let routing = AliasRoutingConfiguration::builder()
                .set_additional_version_weights(Some(to.weights.clone().into_iter().collect()))
                .build();
            let call = caller
                .lambda()
                .update_alias()
                .function_name(function)
                .name(alias)
                .function_version(&to.version)
                .routing_config(routing)
                .revision_id(revision);
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::PutConcurrency { function, reserved } => {
            let reserved = i32::try_from(*reserved).map_err(|_| {
                Fault::new(
                    FaultKind::Invalid,
                    operation.service,
                    operation.name,
                    "more than Lambda can count",
                )
            })?;
            let call = caller
                .lambda()
                .put_function_concurrency()
                .function_name(function)
                .reserved_concurrent_executions(reserved);
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::DeleteConcurrency { function } => {
            let call = caller
                .lambda()
                .delete_function_concurrency()
                .function_name(function);
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::PutTags { function, tags } => {
            let tags: HashMap<String, String> = tags
                .iter()
                .map(|tag| (tag.key.clone(), tag.value.clone()))
                .collect();
            let call = caller
                .lambda()
                .tag_resource()
                .resource(function)
                .set_tags(Some(tags));
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::DeleteTags { function, keys } => {
            let call = caller
                .lambda()
                .untag_resource()
                .resource(function)
                .set_tag_keys(Some(keys.clone()));
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
    };
    Ok(Receipt {
        request_id,
        created: None,
    })
}

/// The alias's revision, if it leads where it is expected to: AWS compares it, so that nobody else's change
/// in between is overwritten.
async fn revision(
    caller: &Caller<'_>,
    (function, alias): (&str, &str),
    from: &Routing,
) -> Result<String, Fault> {
    let call = caller.lambda().get_alias().function_name(function).name(alias);
    let known = caller.call(ALIAS, call.send()).await?;
    let weights = known
        .routing_config()
        .and_then(AliasRoutingConfiguration::additional_version_weights)
        .into_iter()
        .flatten()
        .map(|(version, share)| (version.clone(), *share))
        .collect();
    let now = Routing {
        version: known.function_version().unwrap_or_default().to_owned(),
        weights,
    };
    if now != *from {
        return Err(Fault::new(
            FaultKind::Conflict,
            ALIAS.service,
            ALIAS.name,
            format!(
                "{function}:{alias} leads to version {} by now, not to {}",
                now.words(),
                from.words()
            ),
        ));
    }
    known.revision_id().map(str::to_owned).ok_or_else(|| {
        Fault::new(
            FaultKind::Other,
            ALIAS.service,
            ALIAS.name,
            "the answer has no revision",
        )
    })
}

//! Changes of Amazon ECS.

use aws_sdk_ecs::operation::RequestId;
use aws_sdk_ecs::types::{Service, StopServiceDeploymentStopType, Tag};

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::ecs::Write;
use crate::domain::ops::{Operation, Receipt, Token};

/// Makes a change, once. ECS takes no token for these.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let operation = change.operation();
    match change {
        Write::UpdateService {
            cluster,
            service,
            task_definition,
            desired,
            force_new_deployment,
        } => {
            let call = caller
                .ecs()
                .update_service()
                .cluster(cluster)
                .service(service)
                .set_task_definition(revision(operation, task_definition.as_deref())?)
                .set_desired_count(tasks(operation, *desired)?)
                .set_force_new_deployment(force_new_deployment.then_some(true));
            let answer = caller.call(operation, call.send()).await?;
            let deploys = task_definition.is_some() || *force_new_deployment;
            Ok(Receipt {
                request_id: answer.request_id().map(str::to_owned),
                created: answer.service().filter(|_| deploys).and_then(deployment),
            })
        }
        Write::StopServiceDeployment { arn } => {
            let call = caller
                .ecs()
                .stop_service_deployment()
                .service_deployment_arn(arn)
                // The other type, ABORT, leaves the service between two revisions.
                .stop_type(StopServiceDeploymentStopType::Rollback);
            let answer = caller.call(operation, call.send()).await?;
            Ok(Receipt {
                request_id: answer.request_id().map(str::to_owned),
                created: None,
            })
        }
        Write::StopTask {
            cluster,
            task,
            reason,
        } => {
            let call = caller
                .ecs()
                .stop_task()
                .cluster(cluster)
                .task(task)
                .reason(reason);
            let answer = caller.call(operation, call.send()).await?;
            Ok(Receipt {
                request_id: answer.request_id().map(str::to_owned),
                created: None,
            })
        }
        Write::PutTags { service, tags } => {
            let tags = tags
                .iter()
                .map(|tag| Tag::builder().key(&tag.key).value(&tag.value).build());
            let call = caller
                .ecs()
                .tag_resource()
                .resource_arn(service)
                .set_tags(Some(tags.collect()));
            let answer = caller.call(operation, call.send()).await?;
            Ok(Receipt {
                request_id: answer.request_id().map(str::to_owned),
                created: None,
            })
        }
        Write::DeleteTags { service, keys } => {
            let call = caller
                .ecs()
                .untag_resource()
                .resource_arn(service)
                .set_tag_keys(Some(keys.clone()));
            let answer = caller.call(operation, call.send()).await?;
            Ok(Receipt {
                request_id: answer.request_id().map(str::to_owned),
                created: None,
            })
        }
    }
}

/// A revision by number. A bare family would mean its latest one, which is mostly the one that a
/// rollback is to get away from.
fn revision(operation: Operation, task_definition: Option<&str>) -> Result<Option<String>, Fault> {
    let Some(text) = task_definition else {
        return Ok(None);
    };
    let numbered = text
        .rsplit_once(':')
        .is_some_and(|(family, number)| !family.is_empty() && number.parse::<u32>().is_ok());
    if numbered {
        return Ok(Some(text.to_owned()));
    }
    Err(Fault::new(
        FaultKind::Invalid,
        operation.service,
        operation.name,
        format!("{text} names no revision"),
    ))
}

fn tasks(operation: Operation, desired: Option<u32>) -> Result<Option<i32>, Fault> {
    desired.map(i32::try_from).transpose().map_err(|_| {
        Fault::new(
            FaultKind::Invalid,
            operation.service,
            operation.name,
            "more tasks than ECS can count",
        )
    })
}

/// The deployment that a change began.
fn deployment(service: &Service) -> Option<String> {
    let primary = || {
        service
            .deployments()
            .iter()
            .find(|deployment| deployment.status() == Some("PRIMARY"))
            .and_then(|deployment| deployment.id())
    };
    service
        .current_service_deployment()
        .or_else(primary)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPDATE: Operation = Operation::new("ecs", "UpdateService");

    #[test]
    fn only_a_numbered_revision_is_sent() {
        for good in [
            "api:7",
            "arn:aws:ecs:us-east-1:123456789012:task-definition/api:7",
        ] {
            assert_eq!(revision(UPDATE, Some(good)), Ok(Some(good.to_owned())));
        }
        for bad in [
            "api",
            "api:latest",
            ":7",
            "arn:aws:ecs:us-east-1:123456789012:task-definition/api",
        ] {
            let fault = revision(UPDATE, Some(bad)).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Invalid, "{bad}");
        }
        assert_eq!(revision(UPDATE, None), Ok(None));
    }
}

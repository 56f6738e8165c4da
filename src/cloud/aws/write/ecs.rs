//! Changes of Amazon ECS.

use aws_sdk_ecs::operation::RequestId;
use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionFluentBuilder;
use aws_sdk_ecs::types::{
    ContainerDefinition, Service, StopServiceDeploymentStopType, Tag, TaskDefinition, TaskDefinitionField,
};

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::ecs::Write;
use crate::domain::ops::{Operation, Receipt, Token};

const DESCRIBE: Operation = Operation::new("ecs", "DescribeTaskDefinition");
const REGISTER: Operation = Operation::new("ecs", "RegisterTaskDefinition");

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
        Write::RegisterCopy { source, images } => register_copy(caller, source, images).await,
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

/// Registers a copy of a revision. What it holds is in this process's memory alone, and only for so long.
async fn register_copy(
    caller: &Caller<'_>,
    source: &str,
    images: &[(String, String)],
) -> Result<Receipt, Fault> {
    let call = caller
        .ecs()
        .describe_task_definition()
        .task_definition(source)
        .include(TaskDefinitionField::Tags);
    let mut answer = caller.call(DESCRIBE, call.send()).await?;
    let tags = answer.tags.take().unwrap_or_default();
    let definition = answer.task_definition.take().ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            DESCRIBE.service,
            DESCRIBE.name,
            format!("{source}: the answer holds no task definition"),
        )
    })?;
    let call =
        copy(caller.ecs().register_task_definition(), definition, tags, images).map_err(|container| {
            Fault::new(
                FaultKind::Invalid,
                REGISTER.service,
                REGISTER.name,
                format!("{source} has no container {container}"),
            )
        })?;
    let answer = caller.call(REGISTER, call.send()).await?;
    Ok(Receipt {
        request_id: answer.request_id().map(str::to_owned),
        created: answer
            .task_definition()
            .and_then(TaskDefinition::task_definition_arn)
            .map(str::to_owned),
    })
}

/// Everything of a task definition that can be registered; fails with the name of a container that it
/// does not have. What AWS added to it (ARN, number, status, attributes, times) is not sent.
fn copy(
    call: RegisterTaskDefinitionFluentBuilder,
    definition: TaskDefinition,
    tags: Vec<Tag>,
    images: &[(String, String)],
) -> Result<RegisterTaskDefinitionFluentBuilder, String> {
    let containers = with_images(definition.container_definitions.unwrap_or_default(), images)?;
    // An empty list of tags is refused, and those of AWS's own cannot be given.
    let tags: Vec<Tag> = tags
        .into_iter()
        .filter(|tag| !tag.key().is_some_and(|key| key.starts_with("aws:")))
        .collect();
    Ok(call
        .set_family(definition.family)
        .set_task_role_arn(definition.task_role_arn)
        .set_execution_role_arn(definition.execution_role_arn)
        .set_network_mode(definition.network_mode)
        .set_container_definitions(Some(containers))
        .set_volumes(definition.volumes)
        .set_placement_constraints(definition.placement_constraints)
        .set_requires_compatibilities(definition.requires_compatibilities)
        .set_cpu(definition.cpu)
        .set_memory(definition.memory)
        .set_tags((!tags.is_empty()).then_some(tags))
        .set_pid_mode(definition.pid_mode)
        .set_ipc_mode(definition.ipc_mode)
        .set_proxy_configuration(definition.proxy_configuration)
        .set_ephemeral_storage(definition.ephemeral_storage)
        .set_runtime_platform(definition.runtime_platform)
        .set_enable_fault_injection(definition.enable_fault_injection))
}

/// The containers with some of their images replaced; fails with the name of one that is not there.
fn with_images(
    mut containers: Vec<ContainerDefinition>,
    images: &[(String, String)],
) -> Result<Vec<ContainerDefinition>, String> {
    for (name, image) in images {
        let container = containers
            .iter_mut()
            .find(|container| container.name.as_deref() == Some(name))
            .ok_or_else(|| name.clone())?;
        container.image = Some(image.clone());
    }
    Ok(containers)
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
    fn a_copy_differs_by_its_images_alone() {
        let container = |name: &str| {
            ContainerDefinition::builder()
                .name(name)
                .image(format!("repo/{name}:latest"))
                .build()
        };
        let both = vec![container("api"), container("proxy")];
        let pinned = [("api".to_owned(), "repo/api@sha256:1".to_owned())];
        let copy = with_images(both.clone(), &pinned).unwrap();
        assert_eq!(copy[0].image(), Some("repo/api@sha256:1"));
        assert_eq!(copy[1], both[1]);
        let unknown = [("web".to_owned(), "repo/web:1".to_owned())];
        assert_eq!(with_images(both, &unknown), Err("web".to_owned()));
    }

    #[test]
    fn what_is_read_first_is_declared() {
        let copy = Write::RegisterCopy {
            source: String::new(),
            images: Vec::new(),
        };
        assert_eq!(copy.operation(), REGISTER);
        assert_eq!(copy.prerequisites(), [DESCRIBE]);
    }

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

//! From the SDK's types of ECS to ours.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use aws_sdk_ecs::types;

use crate::cloud::aws::convert::{count, tag, text, timestamp_of};
use crate::domain::ecs::{
    CircuitBreaker, Container, ContainerDefinition, Controller, Deployment, DeploymentRole, RolloutState,
    Service, ServiceDeployment, ServiceEvent, ServiceRevision, Task, TaskDefinition, short_task_definition,
};
use crate::domain::ids::last_segment;
use crate::domain::sensitive::Sensitive;

/// Events that are kept of a service: AWS gives a hundred with every answer, which for a thousand
/// services is more than all else together.
const EVENTS: usize = 30;

/// A service; `None` without its ARN.
pub(super) fn service_from_sdk(service: &types::Service) -> Option<Service> {
    let arn = service.service_arn()?.to_owned();
    let controller = controller(service);
    let configuration = service.deployment_configuration();
    let strategy = configuration
        .and_then(types::DeploymentConfiguration::strategy)
        .map(|strategy| strategy.as_str().to_owned());
    let mut deployments: Vec<Deployment> = service
        .deployments()
        .iter()
        .filter_map(deployment_from_sdk)
        .chain(service.task_sets().iter().filter_map(task_set_from_sdk))
        .collect();
    deployments.sort_by_key(|deployment| {
        let order = match deployment.role {
            DeploymentRole::Primary => 0,
            DeploymentRole::Active => 1,
            DeploymentRole::Inactive => 2,
        };
        (order, Reverse(deployment.created_at))
    });
    // CodeDeploy and external controllers keep the task definition in the primary task set.
    let task_definition = service
        .task_definition()
        .map(|arn| short_task_definition(arn).to_owned())
        .or_else(|| Some(deployments.first()?.task_definition.clone()))
        .unwrap_or_default();
    Some(Service {
        name: service
            .service_name()
            .unwrap_or_else(|| last_segment(&arn))
            .to_owned(),
        cluster: last_segment(service.cluster_arn().unwrap_or_default()).to_owned(),
        status: service.status().unwrap_or_default().to_owned(),
        desired: count(service.desired_count()),
        running: count(service.running_count()),
        pending: count(service.pending_count()),
        task_definition,
        circuit_breaker: circuit_breaker(controller, strategy.as_deref(), configuration),
        controller,
        strategy: strategy.filter(|_| controller == Controller::Ecs),
        capacity: capacity(service),
        deployments,
        events: events(service.events()),
        target_groups: target_groups(service),
        created_at: timestamp_of(service.created_at()),
        tags: service
            .tags()
            .iter()
            .map(|pair| tag(pair.key(), pair.value()))
            .collect(),
        arn,
    })
}

fn controller(service: &types::Service) -> Controller {
    match service
        .deployment_controller()
        .map(|controller| &controller.r#type)
    {
        Some(types::DeploymentControllerType::CodeDeploy) => Controller::CodeDeploy,
        Some(types::DeploymentControllerType::External) => Controller::External,
        // Absent is ECS; a controller that we do not know is not one that runbooks may drive.
        None | Some(types::DeploymentControllerType::Ecs) => Controller::Ecs,
        Some(_) => Controller::External,
    }
}

/// What tasks run on: a service has a launch type or a capacity provider strategy, never both.
fn capacity(service: &types::Service) -> Vec<String> {
    let sets = service.task_sets();
    let strategy = service
        .capacity_provider_strategy()
        .iter()
        .chain(sets.iter().flat_map(types::TaskSet::capacity_provider_strategy));
    let mut names: Vec<String> = Vec::new();
    for item in strategy {
        if !names.contains(&item.capacity_provider) {
            names.push(item.capacity_provider.clone());
        }
    }
    if names.is_empty() {
        let launch = service
            .launch_type()
            .or_else(|| sets.iter().find_map(types::TaskSet::launch_type));
        names.extend(launch.map(|launch| launch.as_str().to_owned()));
    }
    names
}

/// Only the ECS controller with rolling deployments has a circuit breaker.
fn circuit_breaker(
    controller: Controller,
    strategy: Option<&str>,
    configuration: Option<&types::DeploymentConfiguration>,
) -> Option<CircuitBreaker> {
    if controller != Controller::Ecs || strategy.is_some_and(|strategy| strategy != "ROLLING") {
        return None;
    }
    let breaker = configuration.and_then(types::DeploymentConfiguration::deployment_circuit_breaker);
    Some(CircuitBreaker {
        enabled: breaker.is_some_and(types::DeploymentCircuitBreaker::enable),
        rollback: breaker.is_some_and(types::DeploymentCircuitBreaker::rollback),
    })
}

fn target_groups(service: &types::Service) -> Vec<String> {
    let sets = service.task_sets().iter();
    let balancers = service
        .load_balancers()
        .iter()
        .chain(sets.flat_map(types::TaskSet::load_balancers));
    let mut groups: Vec<String> = Vec::new();
    for balancer in balancers {
        let alternate = balancer
            .advanced_configuration()
            .and_then(types::AdvancedConfiguration::alternate_target_group_arn);
        for group in balancer.target_group_arn().into_iter().chain(alternate) {
            if !groups.iter().any(|known| known == group) {
                groups.push(group.to_owned());
            }
        }
    }
    groups
}

fn events(events: &[types::ServiceEvent]) -> Vec<ServiceEvent> {
    let mut events: Vec<ServiceEvent> = events
        .iter()
        .filter_map(|event| {
            Some(ServiceEvent {
                id: event.id()?.to_owned(),
                at: timestamp_of(event.created_at())?,
                message: event.message().unwrap_or_default().to_owned(),
            })
        })
        .collect();
    events.sort_by_key(|event| Reverse(event.at));
    events.truncate(EVENTS);
    events
}

fn deployment_from_sdk(deployment: &types::Deployment) -> Option<Deployment> {
    Some(Deployment {
        id: deployment.id()?.to_owned(),
        role: role(deployment.status()),
        task_definition: short_task_definition(deployment.task_definition().unwrap_or_default()).to_owned(),
        desired: count(deployment.desired_count()),
        running: count(deployment.running_count()),
        pending: count(deployment.pending_count()),
        failed: count(deployment.failed_tasks()),
        rollout: deployment.rollout_state().and_then(|state| match state {
            types::DeploymentRolloutState::Completed => Some(RolloutState::Completed),
            types::DeploymentRolloutState::Failed => Some(RolloutState::Failed),
            types::DeploymentRolloutState::InProgress => Some(RolloutState::InProgress),
            _ => None,
        }),
        rollout_reason: text(deployment.rollout_state_reason()),
        created_at: timestamp_of(deployment.created_at()),
        updated_at: timestamp_of(deployment.updated_at()),
    })
}

/// A task set is to CodeDeploy and external controllers what a deployment is to ECS.
fn task_set_from_sdk(set: &types::TaskSet) -> Option<Deployment> {
    Some(Deployment {
        id: set.id()?.to_owned(),
        role: role(set.status()),
        task_definition: short_task_definition(set.task_definition().unwrap_or_default()).to_owned(),
        desired: count(set.computed_desired_count()),
        running: count(set.running_count()),
        pending: count(set.pending_count()),
        failed: 0,
        rollout: None,
        rollout_reason: set.stability_status().map(|status| status.as_str().to_owned()),
        created_at: timestamp_of(set.created_at()),
        updated_at: timestamp_of(set.updated_at()),
    })
}

/// `DRAINING` task sets are on their way out too.
fn role(status: Option<&str>) -> DeploymentRole {
    match status {
        Some("PRIMARY") => DeploymentRole::Primary,
        Some("ACTIVE") => DeploymentRole::Active,
        Some(_) | None => DeploymentRole::Inactive,
    }
}

/// A task; `None` without its ARN.
pub(super) fn task_from_sdk(task: &types::Task) -> Option<Task> {
    Some(Task {
        arn: task.task_arn()?.to_owned(),
        task_definition: short_task_definition(task.task_definition_arn().unwrap_or_default()).to_owned(),
        last_status: task.last_status().unwrap_or_default().to_owned(),
        desired_status: task.desired_status().unwrap_or_default().to_owned(),
        health: task.health_status().map(|health| health.as_str().to_owned()),
        zone: text(task.availability_zone()),
        started_at: timestamp_of(task.started_at()),
        stopped_at: timestamp_of(task.stopped_at()),
        stop_code: task.stop_code().map(|code| code.as_str().to_owned()),
        stopped_reason: text(task.stopped_reason()),
        containers: task
            .containers()
            .iter()
            .map(|container| Container {
                name: container.name().unwrap_or_default().to_owned(),
                image: text(container.image()),
                image_digest: text(container.image_digest()),
                last_status: text(container.last_status()),
                exit_code: container.exit_code(),
                reason: text(container.reason()),
            })
            .collect(),
    })
}

/// A revision of a task definition; `None` without its ARN or family.
pub(super) fn task_definition_from_sdk(definition: &types::TaskDefinition) -> Option<TaskDefinition> {
    Some(TaskDefinition {
        arn: definition.task_definition_arn()?.to_owned(),
        family: definition.family()?.to_owned(),
        revision: count(definition.revision()),
        status: definition
            .status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        cpu_units: definition.cpu().and_then(|cpu| units(cpu, "vcpu")),
        memory_mib: definition.memory().and_then(|memory| units(memory, "gb")),
        architecture: definition
            .runtime_platform()
            .and_then(types::RuntimePlatform::cpu_architecture)
            .map(|architecture| architecture.as_str().to_owned()),
        registered_at: timestamp_of(definition.registered_at()),
        registered_by: text(definition.registered_by()),
        containers: definition
            .container_definitions()
            .iter()
            .map(container_definition_from_sdk)
            .collect(),
    })
}

/// CPU units or MiB: a plain number, or a number of vCPUs or GB of 1,024 each.
fn units(value: &str, thousands: &str) -> Option<u32> {
    let value = value.trim().to_ascii_lowercase();
    match value.strip_suffix(thousands) {
        Some(number) => {
            let number: f64 = number.trim().parse().ok()?;
            (number.is_finite() && number >= 0.0).then(|| (number * 1024.0).round() as u32)
        }
        None => value.parse().ok(),
    }
}

fn container_definition_from_sdk(container: &types::ContainerDefinition) -> ContainerDefinition {
    ContainerDefinition {
        name: container.name().unwrap_or_default().to_owned(),
        image: container.image().unwrap_or_default().to_owned(),
        // Absent is essential.
        essential: container.essential().unwrap_or(true),
        environment: container
            .environment()
            .iter()
            .filter_map(|pair| {
                Some((
                    pair.name()?.to_owned(),
                    Sensitive::new(pair.value().unwrap_or_default()),
                ))
            })
            .collect(),
        secrets: container
            .secrets()
            .iter()
            .map(|secret| (secret.name.clone(), secret.value_from.clone()))
            .collect(),
        log_group: container
            .log_configuration()
            .filter(|logs| logs.log_driver == types::LogDriver::Awslogs)
            .and_then(|logs| logs.options()?.get("awslogs-group").cloned()),
    }
}

/// An entry of a deployment history; `None` without its ARN.
pub(super) fn service_deployment_from_sdk(
    deployment: &types::ServiceDeployment,
    revisions: &BTreeMap<&str, &ServiceRevision>,
) -> Option<ServiceDeployment> {
    let target = deployment
        .target_service_revision()
        .and_then(types::ServiceRevisionSummary::arn);
    Some(ServiceDeployment {
        arn: deployment.service_deployment_arn()?.to_owned(),
        status: deployment
            .status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        status_reason: text(deployment.status_reason()),
        started_at: timestamp_of(deployment.started_at().or(deployment.created_at())),
        finished_at: timestamp_of(deployment.finished_at().or(deployment.stopped_at())),
        target: target.map(|arn| match revisions.get(arn) {
            Some(known) => (*known).clone(),
            None => ServiceRevision {
                arn: arn.to_owned(),
                task_definition: None,
                images: Vec::new(),
            },
        }),
        rolled_back_to: deployment
            .rollback()
            .and_then(types::Rollback::service_revision_arn)
            .map(str::to_owned),
    })
}

/// What a deployment brought; `None` without its ARN.
pub(super) fn service_revision_from_sdk(revision: &types::ServiceRevision) -> Option<ServiceRevision> {
    Some(ServiceRevision {
        arn: revision.service_revision_arn()?.to_owned(),
        task_definition: revision
            .task_definition()
            .map(|arn| short_task_definition(arn).to_owned()),
        images: revision
            .container_images()
            .iter()
            .filter_map(|image| {
                Some((
                    image.container_name()?.to_owned(),
                    image.image().unwrap_or_default().to_owned(),
                    text(image.image_digest()),
                ))
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests;

//! Actions on ECS services.

mod deploy;
mod history;
mod moved;
mod pin;
mod register_copy;
mod restart;
mod rollback;
mod rollout;
mod scale;
mod scaling_bounds;
mod stop_deployment;
mod stop_task;

pub(super) use deploy::Deploy;
pub(super) use register_copy::RegisterCopy;
pub(super) use restart::Restart;
pub(super) use rollback::Rollback;
pub(super) use scale::{Scale, sizes};
pub(super) use scaling_bounds::ScalingBounds;
pub(super) use stop_deployment::StopDeployment;
pub(super) use stop_task::StopTask;

use crate::domain::ecs::{Controller, Service};
use crate::domain::ids::{Kind, tag};
use crate::domain::ops::{Query, ecs};
use crate::runbook::action::{Fields, Refusal, Sight, Site, Target, View};

/// A service and where it is.
#[derive(serde::Deserialize)]
struct Named {
    cluster: String,
    service: String,
}

/// The service that is to be changed: it must be there and take changes.
fn service<'v>(view: &'v View, cluster: &str, name: &str) -> Result<&'v Service, Refusal> {
    let service = view
        .service(cluster, name)?
        .ok_or_else(|| Refusal::absent(format!("there is no service {name} in the cluster {cluster}")))?;
    if service.status != "ACTIVE" {
        return Err(Refusal::state(format!("{name} is {}", service.status)));
    }
    Ok(service)
}

/// Deployments of a service can be changed only through whoever controls them.
fn controlled_by_ecs(service: &Service) -> Result<(), Refusal> {
    let name = &service.name;
    match service.controller {
        Controller::Ecs => Ok(()),
        Controller::CodeDeploy => Err(Refusal::state(format!(
            "{name} is deployed by CodeDeploy, and ECS refuses to change its task definition: stop or redo the \
             deployment in CodeDeploy"
        ))),
        Controller::External => Err(Refusal::state(format!(
            "{name} is deployed by an external controller through task sets: deploy there"
        ))),
    }
}

fn target(site: &Site<'_>, service: &Service) -> Target {
    site.target(Kind::EcsService, &service.arn, &service.name)
}

fn deployments(cluster: &str, service: &str) -> Query {
    Query::Ecs(ecs::Read::Deployments {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
    })
}

/// What a service looks like, by a function of it.
fn sight(view: &View, (cluster, name): (&str, &str), fields: impl FnOnce(&Service) -> Fields) -> Sight {
    Sight::of(view.service(cluster, name), fields)
}

/// What owns the service and will revert a change by hand.
fn owner_warning(service: &Service) -> Option<String> {
    let stack = tag(&service.tags, "aws:cloudformation:stack-name")?;
    Some(format!(
        "{} belongs to the CloudFormation stack {stack}, whose next update reverts this",
        service.name
    ))
}

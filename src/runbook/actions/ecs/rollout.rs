//! Whether a deployment that was asked for has won. That a service is stable says nothing of it: after a
//! circuit breaker's rollback it is stable too.

use jiff::SignedDuration;

use crate::domain::ecs::{DeploymentRole, RolloutState, Service, ServiceDeployment};
use crate::domain::ops::{Query, ecs};
use crate::runbook::action::{Applied, Pace, Progress, View};

/// AWS's clock and ours may differ by so much when a deployment's start is compared with the call.
const SKEW: SignedDuration = SignedDuration::from_secs(30);

/// How a deployment is followed.
pub(super) const PACE: Pace = Pace {
    every_s: 10,
    timeout_s: 20 * 60,
    settle_s: 20,
};

/// What is read where deployments of a service are changed.
pub(super) fn reads(cluster: &str, service: &str) -> Vec<Query> {
    vec![Query::Ecs(ecs::Read::Fleet), super::deployments(cluster, service)]
}

/// What is waited for.
pub(super) struct Wanted<'a> {
    pub cluster: &'a str,
    pub service: &'a str,
    /// `family:revision`.
    pub task_definition: &'a str,
    /// The primary deployment before, where the revision does not tell them apart.
    pub replaces: Option<&'a str>,
}

/// How far the deployment is that was begun by the call.
pub(super) fn progress(wanted: &Wanted<'_>, applied: &Applied, view: &View) -> Progress {
    Progress::of(
        view.service(wanted.cluster, wanted.service),
        "the service",
        |service| {
            // Older endpoints do not have the history; the service itself then has to do.
            let history = view.deployments(wanted.cluster, wanted.service).ok();
            let ours = history.and_then(|history| newest_of(history, wanted, applied));
            if let Some(ours) = ours {
                let reason = ours.status_reason.as_deref().unwrap_or("no reason given");
                match ours.status.as_str() {
                    "PENDING" | "IN_PROGRESS" | "SUCCESSFUL" => {}
                    status => return Progress::Failed(format!("the deployment is {status}: {reason}")),
                }
            }
            judge(service, wanted, (ours, history.is_some()))
        },
    )
}

fn newest_of<'h>(
    history: &'h [ServiceDeployment],
    wanted: &Wanted<'_>,
    applied: &Applied,
) -> Option<&'h ServiceDeployment> {
    let earliest = applied.at.saturating_sub(SKEW).unwrap_or(applied.at);
    history
        .iter()
        .filter(|deployment| {
            let target = deployment.target.as_ref();
            target.and_then(|target| target.task_definition.as_deref()) == Some(wanted.task_definition)
        })
        .filter(|deployment| deployment.started_at.is_some_and(|at| at >= earliest))
        .max_by_key(|deployment| deployment.started_at)
}

fn judge(
    service: &Service,
    wanted: &Wanted<'_>,
    (ours, has_history): (Option<&ServiceDeployment>, bool),
) -> Progress {
    let Some(primary) = service.primary() else {
        return Progress::Waiting("the service has no primary deployment".to_owned());
    };
    let failed_before = service.deployments.iter().any(|deployment| {
        deployment.task_definition == wanted.task_definition
            && deployment.role != DeploymentRole::Primary
            && deployment.rollout == Some(RolloutState::Failed)
    });
    if primary.task_definition != wanted.task_definition {
        return if failed_before {
            Progress::Failed(format!(
                "the deployment failed and {} is primary again",
                primary.task_definition
            ))
        } else {
            Progress::Waiting(format!("{} is still primary", primary.task_definition))
        };
    }
    if wanted.replaces == Some(primary.id.as_str()) {
        return Progress::Waiting("the new deployment does not show yet".to_owned());
    }
    if primary.rollout == Some(RolloutState::Failed) {
        let reason = primary.rollout_reason.as_deref().unwrap_or("no reason given");
        return Progress::Failed(format!("the deployment failed: {reason}"));
    }
    let completed = primary.rollout != Some(RolloutState::InProgress)
        && service.deployments.len() == 1
        && primary.running == primary.desired
        && primary.pending == 0;
    let confirmed = match ours {
        Some(ours) => ours.status == "SUCCESSFUL",
        None => !has_history,
    };
    if completed && confirmed {
        return Progress::Done;
    }
    let mut detail = format!("{} of {} tasks run", primary.running, primary.desired);
    if primary.failed > 0 {
        detail.push_str(&format!(", {} failed in a row", primary.failed));
    }
    let others = service.deployments.len() - 1;
    if others > 0 {
        detail.push_str(&format!(", {others} older deployment still has tasks"));
    } else if completed {
        detail.push_str(", AWS has not called it successful yet");
    }
    Progress::Waiting(detail)
}

/// Writes a completed deployment into the answers.
pub(super) fn project(wanted: &Wanted<'_>, view: &mut View) {
    let id = format!("ecs-svc/planned-{}", wanted.task_definition);
    if let Some(service) = view.service_mut(wanted.cluster, wanted.service) {
        wanted.task_definition.clone_into(&mut service.task_definition);
        service.running = service.desired;
        service.pending = 0;
        service
            .deployments
            .retain(|deployment| deployment.role == DeploymentRole::Primary);
        for primary in &mut service.deployments {
            primary.id.clone_from(&id);
            wanted.task_definition.clone_into(&mut primary.task_definition);
            primary.rollout = Some(RolloutState::Completed);
            primary.running = primary.desired;
            primary.pending = 0;
            primary.failed = 0;
        }
    }
    if let Some(history) = view.deployments_mut(wanted.cluster, wanted.service) {
        for deployment in history.iter_mut() {
            if matches!(deployment.status.as_str(), "PENDING" | "IN_PROGRESS") {
                "STOPPED".clone_into(&mut deployment.status);
            }
        }
        history.push(ServiceDeployment {
            arn: format!("planned:{}", wanted.task_definition),
            status: "SUCCESSFUL".to_owned(),
            status_reason: None,
            started_at: Some(jiff::Timestamp::MAX),
            finished_at: Some(jiff::Timestamp::MAX),
            target: Some(crate::domain::ecs::ServiceRevision {
                arn: String::new(),
                task_definition: Some(wanted.task_definition.to_owned()),
                images: Vec::new(),
            }),
            rolled_back_to: None,
        });
    }
}

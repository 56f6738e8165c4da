//! ECS: clusters, services, tasks, revisions and the deployment history.

use super::super::plan::ecs::{Breaker, Service as Plan};
use super::super::plan::tags;
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::ecs::{self as state, Phase, Progress};
use super::super::time::stamp;
use crate::domain::ecs::{
    CircuitBreaker, Cluster, Container, ContainerDefinition, Controller, Deployment, DeploymentRole, Fleet,
    RevisionName, RolloutState, Service, ServiceDeployment, ServiceEvent, ServiceRevision, Task,
    TaskDefinition,
};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::sensitive::Sensitive;

/// All clusters and services.
pub fn fleet(sim: &Sim) -> Fleet {
    let mut services: Vec<Service> = (0..sim.services.len()).map(|index| service(sim, index)).collect();
    services.sort_by(|a, b| (&a.cluster, &a.name).cmp(&(&b.cluster, &b.name)));
    Fleet {
        clusters: sim
            .plan
            .clusters
            .iter()
            .map(|name| Cluster {
                arn: sim.plan.arn("ecs", &format!("cluster/{name}")),
                name: name.clone(),
            })
            .collect(),
        services,
    }
}

/// The tasks of a service.
pub fn tasks(sim: &Sim, cluster: &str, name: &str) -> Result<Vec<Task>, Fault> {
    let index = find(sim, cluster, name, "ListTasks")?;
    let plan = &sim.plan.services[index];
    let mut tasks: Vec<Task> = sim.services[index]
        .tasks
        .iter()
        .map(|state| task(sim, plan, state))
        .collect();
    tasks.reverse();
    Ok(tasks)
}

/// These revisions.
pub fn task_definitions(sim: &Sim, wanted: &[String]) -> Result<Vec<TaskDefinition>, Fault> {
    wanted
        .iter()
        .map(|name| {
            let plan_and_revision = name.rsplit_once(':').and_then(|(family, number)| {
                let plan = sim.plan.services.iter().find(|plan| plan.family == family)?;
                let revision = sim.revision(&(family.to_owned(), number.parse().ok()?))?;
                Some((plan, revision))
            });
            plan_and_revision
                .map(|(plan, revision)| task_definition(sim, plan, revision))
                .ok_or_else(|| {
                    Fault::new(
                        FaultKind::NotFound,
                        "ecs",
                        "DescribeTaskDefinition",
                        "Unable to describe task definition.",
                    )
                    .with_code("ClientException")
                })
        })
        .collect()
}

/// The revisions of a family, newest first; none of a family that nobody registered.
pub fn revisions(sim: &Sim, family: &str) -> Vec<RevisionName> {
    let known = sim.families.get(family).into_iter().flatten();
    let mut found: Vec<RevisionName> = known
        .map(|revision| RevisionName {
            family: family.to_owned(),
            revision: revision.number,
            active: revision.active,
        })
        .collect();
    found.reverse();
    found
}

/// A service's deployment history.
pub fn deployments(sim: &Sim, cluster: &str, name: &str) -> Result<Vec<ServiceDeployment>, Fault> {
    let index = find(sim, cluster, name, "ListServiceDeployments")?;
    let plan = &sim.plan.services[index];
    let service = &sim.services[index];
    Ok(service
        .rollouts
        .iter()
        .rev()
        .map(|rollout| ServiceDeployment {
            arn: rollout.arn.clone(),
            status: rollout.status.to_owned(),
            status_reason: rollout.reason.clone(),
            started_at: Some(stamp(rollout.started)),
            finished_at: rollout.finished.map(stamp),
            target: Some(ServiceRevision {
                arn: rollout.revision_arn.clone(),
                task_definition: Some(name_of(&rollout.brings)),
                images: sim
                    .revision(&rollout.brings)
                    .map(|revision| {
                        (
                            plan.container.clone(),
                            image(sim, plan, revision),
                            rollout.resolved.digest.clone(),
                        )
                    })
                    .into_iter()
                    .collect(),
            }),
            rolled_back_to: rollout.back_to.clone(),
        })
        .collect())
}

fn find(sim: &Sim, cluster: &str, name: &str, operation: &str) -> Result<usize, Fault> {
    if !sim.plan.clusters.iter().any(|known| known == cluster) {
        return Err(
            Fault::new(FaultKind::NotFound, "ecs", operation, "Cluster not found.")
                .with_code("ClusterNotFoundException"),
        );
    }
    sim.find_service(cluster, name).ok_or_else(|| {
        Fault::new(FaultKind::NotFound, "ecs", operation, "Service not found.")
            .with_code("ServiceNotFoundException")
    })
}

fn name_of(brings: &(String, u32)) -> String {
    format!("{}:{}", brings.0, brings.1)
}

fn image(sim: &Sim, plan: &Plan, revision: &state::Revision) -> String {
    sim.image_name(plan, revision)
}

fn service(sim: &Sim, index: usize) -> Service {
    let plan = &sim.plan.services[index];
    let state = &sim.services[index];
    let deployments: Vec<Deployment> = state
        .deployments
        .iter()
        .enumerate()
        .map(|(nth, deployment)| deployment_of(state, deployment, nth))
        .collect();
    Service {
        arn: sim
            .plan
            .arn("ecs", &format!("service/{}/{}", plan.cluster, plan.name)),
        name: plan.name.clone(),
        cluster: plan.cluster.clone(),
        status: "ACTIVE".to_owned(),
        desired: state.desired,
        running: state.count(|task| task.phase.is_running()),
        pending: state.count(|task| matches!(task.phase, Phase::Provisioning | Phase::Pending)),
        task_definition: state
            .deployments
            .first()
            .map(|primary| name_of(&primary.brings))
            .unwrap_or_default(),
        controller: Controller::Ecs,
        strategy: Some("ROLLING".to_owned()),
        capacity: vec!["FARGATE".to_owned()],
        deployments,
        events: state
            .events
            .iter()
            .rev()
            .map(|event| ServiceEvent {
                id: signal::uuid(&sim.key(&plan.name, event.number)),
                at: stamp(event.at),
                message: event.message.clone(),
            })
            .collect(),
        circuit_breaker: Some(CircuitBreaker {
            enabled: plan.circuit_breaker != Breaker::Off,
            rollback: plan.circuit_breaker == Breaker::Rollback,
        }),
        target_groups: plan
            .target_group
            .iter()
            .filter_map(|name| sim.targets.get(name))
            .map(|group| group.arn.clone())
            .collect(),
        created_at: Some(stamp(state.created)),
        tags: tags(&state.tags),
    }
}

fn deployment_of(state: &state::Service, deployment: &state::Deployment, nth: usize) -> Deployment {
    let of = |holds: &dyn Fn(Phase) -> bool| {
        state.count(|task| task.deployment == deployment.id && holds(task.phase))
    };
    Deployment {
        id: deployment.id.clone(),
        role: if nth == 0 {
            DeploymentRole::Primary
        } else {
            DeploymentRole::Active
        },
        task_definition: name_of(&deployment.brings),
        desired: if nth == 0 {
            state.desired
        } else {
            of(&Phase::is_live)
        },
        running: of(&Phase::is_running),
        pending: of(&|phase| matches!(phase, Phase::Provisioning | Phase::Pending)),
        failed: deployment.failed,
        rollout: Some(match deployment.state {
            Progress::Going => RolloutState::InProgress,
            Progress::Done => RolloutState::Completed,
            Progress::Failed => RolloutState::Failed,
        }),
        rollout_reason: Some(deployment.reason.clone()),
        created_at: Some(stamp(deployment.created)),
        updated_at: Some(stamp(deployment.updated)),
    }
}

fn task(sim: &Sim, plan: &Plan, state: &state::Task) -> Task {
    let (last, desired) = match state.phase {
        Phase::Provisioning => ("PROVISIONING", "RUNNING"),
        Phase::Pending => ("PENDING", "RUNNING"),
        Phase::Starting | Phase::Serving | Phase::Sick => ("RUNNING", "RUNNING"),
        Phase::Stopping => ("DEACTIVATING", "STOPPED"),
        Phase::Stopped => ("STOPPED", "STOPPED"),
    };
    let revision = sim.revision(&state.runs);
    // Nothing was pulled where the pull is what failed.
    let pulled = state.running_since.is_some();
    Task {
        arn: sim
            .plan
            .arn("ecs", &format!("task/{}/{}", plan.cluster, state.id)),
        task_definition: name_of(&state.runs),
        last_status: last.to_owned(),
        desired_status: desired.to_owned(),
        health: Some(
            match state.phase {
                Phase::Serving => "HEALTHY",
                Phase::Sick => "UNHEALTHY",
                _ => "UNKNOWN",
            }
            .to_owned(),
        ),
        zone: Some(state.zone.clone()),
        started_at: state.running_since.map(stamp),
        stopped_at: state.stopped_at.map(stamp),
        stop_code: state.end.as_ref().map(|end| end.code.to_owned()),
        stopped_reason: state.end.as_ref().map(|end| end.reason.clone()),
        containers: vec![Container {
            name: plan.container.clone(),
            image: revision.map(|revision| image(sim, plan, revision)),
            image_digest: state.digest.clone().filter(|_| pulled),
            last_status: Some(
                match state.phase {
                    Phase::Provisioning | Phase::Pending => "PENDING",
                    Phase::Starting | Phase::Serving | Phase::Sick | Phase::Stopping => "RUNNING",
                    Phase::Stopped => "STOPPED",
                }
                .to_owned(),
            ),
            exit_code: state
                .end
                .as_ref()
                .filter(|_| state.phase == Phase::Stopped)
                .and_then(|end| end.exit_code),
            reason: state
                .end
                .as_ref()
                .filter(|end| end.reason.starts_with("CannotPull"))
                .map(|end| end.reason.clone()),
        }],
    }
}

fn task_definition(sim: &Sim, plan: &Plan, revision: &state::Revision) -> TaskDefinition {
    let secret = |name: &String| super::edge::secret_arn(sim, name);
    let mut environment: Vec<(String, Sensitive)> = plan
        .environment
        .iter()
        .map(|(name, value)| (name.clone(), Sensitive::new(value.clone())))
        .collect();
    environment.push(("GIT_COMMIT".to_owned(), Sensitive::new(revision.image.clone())));
    TaskDefinition {
        arn: sim.plan.arn(
            "ecs",
            &format!("task-definition/{}:{}", plan.family, revision.number),
        ),
        family: plan.family.clone(),
        revision: revision.number,
        status: if revision.active { "ACTIVE" } else { "INACTIVE" }.to_owned(),
        cpu_units: Some(plan.cpu),
        memory_mib: Some(plan.memory),
        architecture: Some("X86_64".to_owned()),
        registered_at: Some(stamp(revision.registered_at)),
        registered_by: Some(format!(
            "arn:aws:sts::{}:assumed-role/ci-deploy/{}",
            sim.plan.account,
            super::super::sim::trail::PIPELINE
        )),
        containers: vec![ContainerDefinition {
            name: plan.container.clone(),
            image: image(sim, plan, revision),
            essential: true,
            environment,
            secrets: plan
                .secrets
                .iter()
                .map(|(name, from)| (name.clone(), secret(from)))
                .collect(),
            log_group: Some(plan.log_group.clone()),
        }],
    }
}

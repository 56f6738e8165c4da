//! Changes of ECS services. <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>

use std::sync::Arc;

use super::super::sim::ecs::{Phase, Progress, Reference};
use super::super::sim::{Sim, Timer};
use super::super::time::{HOUR, Ms, SECOND};
use super::{Refusal, check_tags, record};
use crate::domain::ecr::ImageName;
use crate::domain::ecs::short_task_definition;
use crate::domain::fault::Fault;
use crate::domain::ops::ecs::Write;

/// How long the pipeline keeps off a service that a person has changed.
const HANDS_OFF: Ms = 12 * HOUR;

pub fn apply(sim: &mut Sim, write: &Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    match write {
        Write::UpdateService {
            cluster,
            service,
            task_definition,
            desired,
            force_new_deployment,
        } => {
            let index = find(sim, (cluster, service), refuse)?;
            let brings = task_definition
                .as_deref()
                .map(|name| definition(sim, name, refuse))
                .transpose()?;
            update(sim, index, (brings, *desired, *force_new_deployment));
            record(sim, refuse, &[service, cluster]);
            Ok(None)
        }
        Write::StopServiceDeployment { arn } => stop_deployment(sim, arn, refuse).map(|()| None),
        Write::RegisterCopy { source, images } => register_copy(sim, source, images, refuse).map(Some),
        Write::StopTask {
            cluster,
            task,
            reason,
        } => stop_task(sim, cluster, task, reason, refuse).map(|()| None),
        Write::PutTags { service, tags } => {
            check_tags(tags, refuse)?;
            let index = tagged(sim, service, refuse)?;
            for tag in tags {
                sim.services[index]
                    .tags
                    .insert(tag.key.clone(), tag.value.clone());
            }
            record(sim, refuse, &[service]);
            Ok(None)
        }
        Write::DeleteTags { service, keys } => {
            let index = tagged(sim, service, refuse)?;
            sim.services[index].tags.retain(|key, _| !keys.contains(key));
            record(sim, refuse, &[service]);
            Ok(None)
        }
    }
}

/// The service of an ARN, `arn:…:service/CLUSTER/NAME`.
fn tagged(sim: &Sim, arn: &str, refuse: &Refusal) -> Result<usize, Fault> {
    let mut parts = arn.rsplit('/');
    let (name, cluster) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    sim.find_service(cluster, name).ok_or_else(|| {
        refuse.invalid(
            "InvalidParameterException",
            "The specified resource was not found.",
        )
    })
}

fn find(sim: &Sim, (cluster, service): (&str, &str), refuse: &Refusal) -> Result<usize, Fault> {
    if !sim.plan.clusters.iter().any(|known| known == cluster) {
        return Err(refuse.absent("ClusterNotFoundException", "Cluster not found."));
    }
    sim.find_service(cluster, service)
        .ok_or_else(|| refuse.absent("ServiceNotFoundException", "Service not found."))
}

/// The revision that a name means: a bare family is its latest active one.
fn definition(sim: &Sim, name: &str, refuse: &Refusal) -> Result<(String, u32), Fault> {
    let unknown = || refuse.invalid("ClientException", "Unable to describe task definition.");
    let name = short_task_definition(name);
    let (family, number) = match name.rsplit_once(':') {
        Some((family, number)) => (family, Some(number.parse::<u32>().map_err(|_| unknown())?)),
        None => (name, None),
    };
    let revisions = sim.families.get(family).ok_or_else(unknown)?;
    let revision = match number {
        Some(number) => revisions.iter().find(|revision| revision.number == number),
        None => revisions.iter().rev().find(|revision| revision.active),
    }
    .ok_or_else(unknown)?;
    if !revision.active {
        return Err(refuse.invalid("ClientException", "TaskDefinition is inactive"));
    }
    Ok((family.to_owned(), revision.number))
}

/// What `UpdateService` may change: revision, count, and whether to deploy anew.
type Update = (Option<(String, u32)>, Option<u32>, bool);

fn update(sim: &mut Sim, index: usize, (brings, desired, force): Update) {
    let now = sim.now;
    let service = &mut sim.services[index];
    service.hands_off_until = service.hands_off_until.max(now + HANDS_OFF);
    if let Some(desired) = desired {
        service.desired = desired;
    }
    let current = service.deployments.first().map(|primary| primary.brings.clone());
    match (
        brings.or_else(|| force.then(|| current.clone()).flatten()),
        current,
    ) {
        (Some(brings), current) if force || Some(&brings) != current.as_ref() => {
            sim.begin_deployment(index, brings, false, now);
        }
        _ => sim.set_timer(now, Timer::Reconcile { service: index }),
    }
}

/// The ARN of the new revision.
fn register_copy(
    sim: &mut Sim,
    source: &str,
    images: &[(String, String)],
    refuse: &Refusal,
) -> Result<String, Fault> {
    let unknown = || refuse.invalid("ClientException", "Unable to describe task definition.");
    let (family, number) = source.rsplit_once(':').ok_or_else(unknown)?;
    let of = (family.to_owned(), number.parse().map_err(|_| unknown())?);
    let plan = Arc::clone(&sim.plan);
    let plan = plan
        .services
        .iter()
        .find(|plan| plan.family == family)
        .ok_or_else(unknown)?;
    // The worlds' task definitions have one container.
    let reference = match images {
        [] => None,
        [(container, image)] if *container == plan.container => {
            let name = ImageName::parse(image);
            Some(match name.digest {
                Some(digest) => Reference::Digest(digest.to_owned()),
                None => Reference::Tag(name.tag.unwrap_or("latest").to_owned()),
            })
        }
        _ => {
            return Err(refuse.invalid(
                "ClientException",
                format!("{source} has only the container {}", plan.container),
            ));
        }
    };
    let now = sim.now;
    let number = sim.register_copy(&of, reference, now).ok_or_else(unknown)?;
    let name = format!("{family}:{number}");
    record(sim, refuse, &[&name]);
    Ok(sim.plan.arn("ecs", &format!("task-definition/{name}")))
}

fn stop_deployment(sim: &mut Sim, arn: &str, refuse: &Refusal) -> Result<(), Fault> {
    let found = sim.services.iter().enumerate().find_map(|(index, service)| {
        let rollout = service.rollouts.iter().position(|rollout| rollout.arn == arn)?;
        Some((index, rollout))
    });
    let Some((index, rollout)) = found else {
        return Err(refuse.absent(
            "ServiceDeploymentNotFoundException",
            "The service deployment does not exist.",
        ));
    };
    let service = &mut sim.services[index];
    let status = service.rollouts[rollout].status;
    match status {
        // It goes back already.
        "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => return Ok(()),
        "PENDING" | "IN_PROGRESS" => {}
        _ => {
            return Err(refuse.conflict(
                "ConflictException",
                format!("The service deployment {arn} is in the state {status} and cannot be stopped."),
            ));
        }
    }
    if service.last_good_before(rollout).is_none() {
        return Err(refuse.conflict(
            "ConflictException",
            "The service has no completed deployment to roll back to.",
        ));
    }
    service.rollouts[rollout].status = "ROLLBACK_REQUESTED";
    service.rollouts[rollout].reason = Some("Service deployment stop requested by a user.".to_owned());
    service.hands_off_until = service.hands_off_until.max(sim.now + HANDS_OFF);
    if let Some(primary) = service.deployments.first_mut() {
        primary.state = Progress::Failed;
        primary.updated = sim.now;
    }
    sim.set_timer(
        sim.now + 3 * SECOND,
        Timer::RollBack {
            service: index,
            rollout,
        },
    );
    let name = sim.plan.services[index].name.clone();
    record(sim, refuse, &[&name]);
    Ok(())
}

fn stop_task(sim: &mut Sim, cluster: &str, arn: &str, reason: &str, refuse: &Refusal) -> Result<(), Fault> {
    let plan = Arc::clone(&sim.plan);
    if !plan.clusters.iter().any(|known| known == cluster) {
        return Err(refuse.absent("ClusterNotFoundException", "Cluster not found."));
    }
    let id = arn.rsplit('/').next().unwrap_or(arn);
    let found = plan
        .services
        .iter()
        .enumerate()
        .filter(|(_, service)| service.cluster == cluster)
        .find_map(|(index, _)| {
            let task = sim.services[index].tasks.iter().find(|task| task.id == id)?;
            Some((index, task.number, task.phase))
        });
    let Some((index, number, phase)) = found else {
        return Err(refuse.invalid("InvalidParameterException", "The referenced task was not found."));
    };
    // Stopping a task twice is not an error.
    if !matches!(phase, Phase::Stopping | Phase::Stopped) {
        let now = sim.now;
        sim.stop_task(index, number, reason, now);
        sim.set_timer(now, Timer::Reconcile { service: index });
        record(sim, refuse, &[arn]);
    }
    Ok(())
}

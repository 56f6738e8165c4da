//! SageMaker.

use super::super::plan::models as plan;
use super::super::selection::Scenario;
use super::super::sim::Sim;
use super::super::sim::models::{coming, present};
use super::super::time::{MINUTE, Ms, stamp};
use crate::domain::sagemaker::{
    AppOwner, Capacity, ConfigVariant, Endpoint, EndpointConfig, Notebook, NotebookForm, PendingDeployment,
    Serverless, TrainingJob, Transition, Variant, scalable_resource,
};
use crate::domain::scalable::ScalableTarget;

/// All endpoints.
pub fn endpoints(sim: &Sim) -> Vec<Endpoint> {
    let now = sim.now;
    sim.plan
        .models
        .endpoints
        .iter()
        .zip(&sim.models.endpoints)
        .filter(|(_, state)| state.exists(now))
        .map(|(plan, state)| {
            let serving = present(&state.configs, now).map_or("", |step| step.value.as_str());
            let models = sim.endpoint_config(serving, now).map(|config| &config.models);
            Endpoint {
                arn: sim.plan.arn("sagemaker", &format!("endpoint/{}", plan.name)),
                name: plan.name.clone(),
                status: state.status(now).to_owned(),
                failure_reason: None,
                config: serving.to_owned(),
                created_at: Some(stamp(state.created)),
                changed_at: Some(stamp(state.changed(now))),
                variants: plan
                    .variants
                    .iter()
                    .map(|variant| Variant {
                        name: variant.name.clone(),
                        model: models.and_then(|models| models.get(&variant.name)).cloned(),
                        capacity: capacity(
                            variant,
                            state.count(&variant.name, now),
                            state.wanted(&variant.name),
                        ),
                        weight: Some(1.0),
                        desired_weight: Some(1.0),
                        phase: None,
                    })
                    .collect(),
                pending: coming(&state.configs, now).map(|step| PendingDeployment {
                    config: step.value.clone(),
                    since: Some(stamp(step.asked)),
                }),
                tags: state.tags.clone(),
            }
        })
        .collect()
}

fn capacity(plan: &plan::Variant, current: u32, desired: u32) -> Capacity {
    match (&plan.kind, plan.serverless) {
        (Some(kind), _) => Capacity::Instances {
            instance_type: Some(kind.clone()),
            current: Some(current),
            desired: Some(desired),
        },
        (None, size) => Capacity::Serverless(Serverless {
            memory_mib: size.map(|(memory, _)| memory),
            max_concurrency: size.map(|(_, most)| most),
            provisioned: None,
        }),
    }
}

/// Configurations, newest first; the one of that name, if one is named.
pub fn configs(sim: &Sim, name: Option<&str>) -> Vec<EndpointConfig> {
    let mut found: Vec<EndpointConfig> = sim
        .endpoint_configs(sim.now)
        .filter(|(config, _)| name.is_none_or(|name| config.name == name))
        .map(|(config, made)| EndpointConfig {
            name: config.name.clone(),
            created_at: Some(stamp(made)),
            variants: config
                .models
                .iter()
                .map(|(variant, model)| ConfigVariant {
                    name: variant.clone(),
                    model: Some(model.clone()),
                    instance_type: sim
                        .plan
                        .models
                        .endpoints
                        .iter()
                        .filter(|endpoint| endpoint.configs.iter().any(|own| own.name == config.name))
                        .flat_map(|endpoint| &endpoint.variants)
                        .find(|known| known.name == *variant)
                        .and_then(|known| known.kind.clone()),
                })
                .collect(),
        })
        .collect();
    found.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.name.cmp(&b.name)));
    found
}

/// The bounds of all variants that are scaled by themselves.
pub fn targets(sim: &Sim) -> Vec<ScalableTarget> {
    sim.plan
        .models
        .endpoints
        .iter()
        .zip(&sim.models.endpoints)
        .filter(|(_, state)| state.exists(sim.now))
        .flat_map(|(plan, state)| {
            state.bounds.iter().map(|(variant, (min, max))| ScalableTarget {
                resource: scalable_resource(&plan.name, variant),
                min: *min,
                max: *max,
                suspended: Vec::new(),
            })
        })
        .collect()
}

/// Training jobs that were asked for since then, newest first.
pub fn training(sim: &Sim, since: Ms) -> Vec<TrainingJob> {
    let mut jobs: Vec<TrainingJob> = sim
        .plan
        .models
        .training
        .iter()
        .filter(|plan| plan.fails.is_none() || sim.scenario != Scenario::Quiet)
        .filter(|plan| sim.epoch - plan.ago * MINUTE >= since && sim.epoch - plan.ago * MINUTE <= sim.now)
        .map(|plan| job(sim, plan))
        .collect();
    jobs.sort_by_key(|job| std::cmp::Reverse(job.created_at));
    jobs
}

/// When a job was asked for, when it began to train and when it is done.
pub fn course(sim: &Sim, plan: &plan::Training) -> (Ms, Ms, Ms) {
    let created = sim.epoch - plan.ago * MINUTE;
    let started = created + 4 * MINUTE;
    let held_up = if plan.interrupted_after.is_some() {
        11 * MINUTE
    } else {
        0
    };
    (created, started, started + plan.minutes * MINUTE + held_up)
}

fn job(sim: &Sim, plan: &plan::Training) -> TrainingJob {
    let now = sim.now;
    let (created, started, ended) = course(sim, plan);
    let uploaded = ended + MINUTE;
    let done = now >= uploaded;
    let status = match (done, &plan.fails) {
        (false, _) => "InProgress",
        (true, Some(_)) => "Failed",
        (true, None) => "Completed",
    };
    // Phases with when each begins.
    let mut phases = vec![
        ("Starting", created, "Preparing the instances for training"),
        ("Downloading", started - MINUTE, "Downloading input data"),
        (
            "Training",
            started,
            "Training image download completed. Training in progress.",
        ),
    ];
    if let Some(after) = plan.interrupted_after {
        let taken = started + after * MINUTE;
        phases.push((
            "Interrupted",
            taken,
            "Training job interrupted: Spot capacity was reclaimed",
        ));
        phases.push((
            "Starting",
            taken + 8 * MINUTE,
            "Preparing the instances for training",
        ));
        phases.push((
            "Training",
            taken + 11 * MINUTE,
            "Resumed from the newest checkpoint",
        ));
    }
    phases.push(("Uploading", ended, "Uploading generated training model"));
    let last = if plan.fails.is_some() {
        "Training job failed"
    } else {
        "Training job completed"
    };
    phases.push((status, uploaded, last));
    let begun: Vec<_> = phases.into_iter().filter(|(_, at, _)| *at <= now).collect();
    let transitions: Vec<Transition> = begun
        .iter()
        .enumerate()
        .map(|(nth, (status, at, message))| Transition {
            status: (*status).to_owned(),
            started_at: Some(stamp(*at)),
            ended_at: match begun.get(nth + 1) {
                Some((_, next, _)) => Some(stamp(*next)),
                None => done.then(|| stamp(*at)),
            },
            message: Some((*message).to_owned()),
        })
        .collect();
    let trained_s = u64::try_from((uploaded - started) / 1000).unwrap_or_default();
    TrainingJob {
        arn: sim.plan.arn("sagemaker", &format!("training-job/{}", plan.name)),
        name: plan.name.clone(),
        status: status.to_owned(),
        secondary: transitions.last().map(|phase| phase.status.clone()),
        failure_reason: plan.fails.clone().filter(|_| done),
        created_at: Some(stamp(created)),
        started_at: (now >= started).then(|| stamp(started)),
        ended_at: done.then(|| stamp(uploaded)),
        instance_type: Some(plan.kind.clone()),
        instances: Some(plan.count),
        max_runtime_s: Some(plan.most_hours * 3600),
        spot: Some(plan.spot.is_some()),
        training_s: done.then_some(trained_s),
        billable_s: done.then(|| (trained_s as f64 * plan.spot.unwrap_or(1.0)) as u64),
        transitions,
        figures: plan
            .figures
            .iter()
            .filter(|_| now > started + 20 * MINUTE)
            .map(|(name, value)| (name.clone(), *value))
            .collect(),
    }
}

/// Notebook instances, and applications that are there.
pub fn notebooks(sim: &Sim) -> Vec<Notebook> {
    let now = sim.now;
    sim.plan
        .models
        .notebooks
        .iter()
        .zip(&sim.models.notebooks)
        .filter_map(|(plan, state)| {
            let present = present(&state.power, now)?;
            let coming = coming(&state.power, now).map(|step| step.value);
            let status = match (present.value, coming) {
                (true, None) => "InService",
                (true, Some(_)) => "Stopping",
                (false, Some(_)) => "Pending",
                (false, None) => "Stopped",
            };
            let form = match &plan.app {
                // An application that was ended is no more.
                Some(_) if status == "Stopped" => return None,
                Some((domain, space, kind)) => NotebookForm::App {
                    domain: domain.clone(),
                    owner: AppOwner::Space(space.clone()),
                    kind: kind.clone(),
                    app: plan.name.clone(),
                    image: None,
                    image_version: None,
                    lifecycle: None,
                },
                None => NotebookForm::Instance,
            };
            let status = match (&form, status) {
                (NotebookForm::App { .. }, "Stopping") => "Deleting",
                (_, other) => other,
            };
            let (name, arn) = match &plan.app {
                Some((domain, space, kind)) => (
                    format!("{space}/{}", plan.name),
                    format!("app/{domain}/{space}/{kind}/{}", plan.name),
                ),
                None => (
                    plan.name.clone(),
                    sim.plan
                        .arn("sagemaker", &format!("notebook-instance/{}", plan.name)),
                ),
            };
            Some(Notebook {
                arn,
                name,
                form,
                status: status.to_owned(),
                instance_type: Some(plan.kind.clone()),
                created_at: Some(stamp(sim.epoch - 60 * 24 * 60 * MINUTE)),
                running_since: (status == "InService").then(|| stamp(present.there)),
            })
        })
        .collect()
}

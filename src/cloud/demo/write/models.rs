//! Changes of SageMaker.
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html>

use super::super::sim::Sim;
use super::super::sim::models::{DEPLOY, Step, present};
use super::super::time::MINUTE;
use super::{Refusal, check_tags, record};
use crate::domain::fault::Fault;
use crate::domain::ops::sagemaker::Write;
use crate::domain::sagemaker::NotebookForm;

/// How long a notebook takes to go on or off.
const POWER: i64 = 2 * MINUTE;

pub fn apply(sim: &mut Sim, write: &Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let now = sim.now;
    match write {
        Write::UpdateEndpoint { endpoint, config } => {
            let index = at_rest(sim, endpoint, refuse)?;
            known_config(sim, config, refuse)?;
            let state = &mut sim.models.endpoints[index];
            if present(&state.configs, now).is_some_and(|step| step.value == *config) {
                return Err(refuse.invalid(
                    "ValidationException",
                    format!("Endpoint \"{endpoint}\" already uses the endpoint configuration \"{config}\"."),
                ));
            }
            state.configs.push(Step {
                asked: now,
                there: now + DEPLOY,
                value: config.clone(),
            });
            record(sim, refuse, &[endpoint]);
        }
        Write::ScaleVariant {
            endpoint,
            variant,
            count,
        } => {
            let index = at_rest(sim, endpoint, refuse)?;
            let state = &mut sim.models.endpoints[index];
            if !state.counts.contains_key(variant) || *count == 0 {
                return Err(refuse.invalid(
                    "ValidationException",
                    format!(
                        "Variant \"{variant}\" of endpoint \"{endpoint}\" cannot have {count} instances."
                    ),
                ));
            }
            state.scale(variant, *count, now);
            record(sim, refuse, &[endpoint]);
        }
        Write::DeleteEndpoint { endpoint } => {
            let index = at_rest(sim, endpoint, refuse)?;
            sim.models.endpoints[index].gone = Some(now + MINUTE);
            record(sim, refuse, &[endpoint]);
        }
        Write::CreateEndpoint {
            endpoint,
            config,
            tags,
        } => create(sim, (endpoint, config), tags, refuse)?,
        Write::StopNotebook { notebook } => power(sim, (notebook, None), false, refuse)?,
        Write::StartNotebook { notebook } => power(sim, (notebook, None), true, refuse)?,
        Write::DeleteApp { app } => power_app(sim, app, false, refuse)?,
        Write::CreateApp { app, .. } => power_app(sim, app, true, refuse)?,
    }
    Ok(None)
}

fn create(
    sim: &mut Sim,
    (endpoint, config): (&str, &str),
    tags: &[crate::domain::ids::Tag],
    refuse: &Refusal,
) -> Result<(), Fault> {
    let now = sim.now;
    check_tags(tags, refuse)?;
    known_config(sim, config, refuse)?;
    if sim.find_endpoint(endpoint).is_some() {
        return Err(refuse.invalid(
            "ValidationException",
            format!("Cannot create already existing endpoint \"{endpoint}\"."),
        ));
    }
    let plan = sim.plan.clone();
    let index = plan
        .models
        .endpoints
        .iter()
        .position(|plan| plan.name == endpoint)
        .ok_or_else(|| refuse.invalid("ValidationException", "The demo knows no such endpoint."))?;
    let state = &mut sim.models.endpoints[index];
    state.configs = vec![Step {
        asked: now,
        there: now + DEPLOY,
        value: config.to_owned(),
    }];
    for variant in &plan.models.endpoints[index].variants {
        if let Some(steps) = state.counts.get_mut(&variant.name) {
            *steps = vec![Step {
                asked: now,
                there: now + DEPLOY,
                value: variant.count,
            }];
        }
    }
    state.tags = tags.to_vec();
    state.created = now;
    state.gone = None;
    record(sim, refuse, &[endpoint]);
    Ok(())
}

/// The endpoint, if it is there and nothing is under way.
fn at_rest(sim: &Sim, endpoint: &str, refuse: &Refusal) -> Result<usize, Fault> {
    let index = sim.find_endpoint(endpoint).ok_or_else(|| {
        refuse.invalid(
            "ValidationException",
            format!("Could not find endpoint \"{endpoint}\"."),
        )
    })?;
    match sim.models.endpoints[index].status(sim.now) {
        "InService" => Ok(index),
        status => Err(refuse.invalid(
            "ValidationException",
            format!("Cannot update in-progress endpoint \"{endpoint}\": it is {status}."),
        )),
    }
}

fn known_config(sim: &Sim, config: &str, refuse: &Refusal) -> Result<(), Fault> {
    match sim.endpoint_config(config, sim.now) {
        Some(_) => Ok(()),
        None => Err(refuse.invalid(
            "ValidationException",
            format!("Could not find endpoint configuration \"{config}\"."),
        )),
    }
}

fn power_app(sim: &mut Sim, app: &NotebookForm, on: bool, refuse: &Refusal) -> Result<(), Fault> {
    match app {
        NotebookForm::App { owner, app, .. } => power(sim, (app, Some(owner.name())), on, refuse),
        NotebookForm::Instance => Err(refuse.invalid("ValidationException", "It is no application.")),
    }
}

fn power(
    sim: &mut Sim,
    (name, space): (&str, Option<&str>),
    on: bool,
    refuse: &Refusal,
) -> Result<(), Fault> {
    let now = sim.now;
    let index = sim
        .plan
        .models
        .notebooks
        .iter()
        .position(|plan| plan.name == name && plan.app.as_ref().map(|(_, space, _)| space.as_str()) == space)
        .ok_or_else(|| refuse.absent("ResourceNotFound", format!("RecordNotFound: {name}")))?;
    let steps = &mut sim.models.notebooks[index].power;
    let settled = steps
        .last()
        .is_some_and(|last| last.there <= now && last.value != on);
    if !settled {
        return Err(refuse.conflict(
            "ValidationException",
            format!("Status of {name} does not allow it."),
        ));
    }
    steps.push(Step {
        asked: now,
        there: now + POWER,
        value: on,
    });
    record(sim, refuse, &[name]);
    Ok(())
}

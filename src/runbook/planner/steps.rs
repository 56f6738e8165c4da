//! Steps of a runbook, unrolled and planned in order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Found, seconds};
use crate::domain::exit::Exit;
use crate::domain::ids::Kind;
use crate::runbook::action::{self, Action, Arguments, ErrorClass};
use crate::runbook::expr::Names;
use crate::runbook::model::{self, Body, Jitter, Runbook, Undo};
use crate::runbook::plan::{Assembly, Backoff, Lane, Retry, Role, Step, Wait, Work};
use crate::runbook::value::{Value, exact_duration};

type Out<'o, 'a> = (&'o mut Assembly<'a>, &'o mut Found);

/// What steps gave under their `register:` names.
type Results = BTreeMap<String, Value>;

/// Where a step is: within other runbooks and blocks, and when it runs.
#[derive(Clone, Copy)]
struct Place<'p> {
    prefix: &'p str,
    role: Role,
}

pub(super) fn plan(
    runbook: &Runbook,
    names: &Names<'_>,
    results: &mut Results,
    (assembly, found): Out<'_, '_>,
) {
    within(runbook, "", names, results, (assembly, found));
}

fn within(
    runbook: &Runbook,
    prefix: &str,
    names: &Names<'_>,
    results: &mut Results,
    (assembly, found): Out<'_, '_>,
) {
    let main = Place {
        prefix,
        role: Role::Main,
    };
    list(&runbook.steps, main, names, results, (assembly, found));
    let always = Place {
        prefix,
        role: Role::Always,
    };
    list(&runbook.always, always, names, results, (assembly, found));
}

fn list(
    steps: &[model::Step],
    place: Place<'_>,
    names: &Names<'_>,
    results: &mut Results,
    (assembly, found): Out<'_, '_>,
) {
    for step in steps {
        let id = format!("{}{}", place.prefix, step.id.value);
        let own = Names::within(names).with("results", Value::Map(results.clone()));
        // With `for_each` the condition is judged for each item.
        let loops = matches!(&step.body, Body::Action(action) if action.for_each.is_some());
        if let (Some(when), false) = (&step.when, loops) {
            match when.holds(&own) {
                Ok(true) => {}
                Ok(false) => {
                    assembly.skip(format!("{id}: `{}` does not hold", when.source()));
                    register(step, Value::Null, results);
                    continue;
                }
                Err(error) => {
                    found.evaluation(&id, &error);
                    continue;
                }
            }
        }
        match &step.body {
            Body::Action(action) => {
                one(
                    step,
                    action,
                    (&id, place.role),
                    (&own, results),
                    (assembly, found),
                );
            }
            Body::Block(block) if block.rescue.is_empty() && block.always.is_empty() => {
                list(&block.steps, place, names, results, (assembly, found));
            }
            Body::Block(_) => found.refuse(
                Exit::Usage,
                format!("{id}: blocks with rescue or always are not supported by this version"),
            ),
            Body::Use(used) => nested(used, (&id, place), &own, (assembly, found)),
        }
    }
}

/// Another runbook: its steps with its own parameters.
fn nested(
    used: &model::Use,
    (id, place): (&str, Place<'_>),
    names: &Names<'_>,
    (assembly, found): Out<'_, '_>,
) {
    let mut params = BTreeMap::new();
    for param in &used.runbook.params {
        let given = used
            .with
            .iter()
            .find(|input| input.name.value == param.name.value);
        if let (None, model::Presence::Stored, Some(model::Origin::Secret(place))) =
            (given, &param.presence, &param.from)
        {
            params.insert(param.name.value.clone(), Value::Secret(place.clone()));
            continue;
        }
        let arg = match (given, &param.presence) {
            (Some(input), _) => Some(&input.arg),
            (None, model::Presence::Default(arg)) => Some(arg),
            (None, model::Presence::Optional | model::Presence::Stored) => None,
            (None, model::Presence::Required | model::Presence::All) => {
                found.refuse(Exit::Usage, format!("{id}: `{}` has no value", param.name.value));
                return;
            }
        };
        let value = match arg.map(|arg| arg.value.evaluate(&param.ty.value, names)) {
            None => Value::Null,
            Some(Ok(value)) => value,
            Some(Err(error)) => {
                found.evaluation(id, &error);
                return;
            }
        };
        params.insert(param.name.value.clone(), value);
    }
    let inner = Names::within(names).with("params", Value::Map(params));
    let prefix = format!("{id}/");
    let mut results = Results::new();
    if place.role == Role::Always {
        let place = Place {
            prefix: &prefix,
            role: Role::Always,
        };
        list(
            &used.runbook.steps,
            place,
            &inner,
            &mut results,
            (assembly, found),
        );
    } else {
        within(&used.runbook, &prefix, &inner, &mut results, (assembly, found));
    }
}

fn register(step: &model::Step, value: Value, results: &mut Results) {
    if let Body::Action(action) = &step.body
        && let Some(name) = &action.register
    {
        results.insert(name.value.clone(), value);
    }
}

fn one(
    step: &model::Step,
    wanted: &model::Action,
    (id, role): (&str, Role),
    (names, results): (&Names<'_>, &mut Results),
    (assembly, found): Out<'_, '_>,
) {
    let Some(action) = action::find(&wanted.name.value) else {
        return found.refuse(
            Exit::Usage,
            format!("{id}: there is no action {}", wanted.name.value),
        );
    };
    if matches!(wanted.undo, Undo::Steps(_)) {
        return found.refuse(
            Exit::Usage,
            format!("{id}: undo by steps is not supported by this version"),
        );
    }
    let each = match &wanted.for_each {
        None => vec![None],
        Some(expr) => match expr.items(names) {
            Ok(items) => items.into_iter().map(Some).collect(),
            Err(error) => return found.evaluation(id, &error),
        },
    };
    let mut lanes = Vec::new();
    let mut gave = Vec::new();
    for each in each {
        let label = each.as_ref().map(Value::to_string);
        let place = label
            .as_ref()
            .map_or_else(|| id.to_owned(), |label| format!("{id} [{label}]"));
        let mut own = Names::within(names);
        if let Some(each) = &each {
            own.set("each", each.clone());
            match step.when.as_ref().map(|when| when.holds(&own)) {
                Some(Ok(false)) => {
                    assembly.skip(format!("{place}: passed over by its condition"));
                    continue;
                }
                Some(Err(error)) => {
                    found.evaluation(&place, &error);
                    continue;
                }
                Some(Ok(true)) | None => {}
            }
        }
        let Some((changes, result)) = lane(action, wanted, (&place, &own), (assembly, found)) else {
            continue;
        };
        gave.push(result);
        if changes.is_empty() {
            assembly.skip(format!("{place}: nothing to do"));
        } else {
            lanes.push(Lane {
                label: label.unwrap_or_default(),
                changes,
                each: each.unwrap_or(Value::Null),
            });
        }
    }
    let result = match &wanted.for_each {
        Some(_) => Value::List(gave),
        None => gave.pop().unwrap_or(Value::Null),
    };
    register(step, result, results);
    if !lanes.is_empty() {
        assembly.push(Step {
            id: id.to_owned(),
            role,
            work: work(action, wanted, lanes),
        });
    }
}

/// One item: its changes, and what it gives.
fn lane(
    action: &'static dyn Action,
    wanted: &model::Action,
    (place, names): (&str, &Names<'_>),
    (assembly, found): Out<'_, '_>,
) -> Option<(Vec<usize>, Value)> {
    let schema = action.schema();
    let values = match model::inputs(&wanted.with, &schema, names) {
        Ok(values) => values,
        Err(error) => {
            found.evaluation(place, &error);
            return None;
        }
    };
    let with = arguments(&values);
    match action.reads(&with) {
        Ok(queries) => {
            if !found.need(queries, assembly.view())
                || !found.need(action.follow_up(&with, assembly.view()), assembly.view())
            {
                return None;
            }
        }
        Err(error) => {
            found.refuse(Exit::Usage, format!("{place}: {error}"));
            return None;
        }
    }
    match assembly.plan(action, &with) {
        Ok(changes) => {
            if let Undo::Keep(reason) = &wanted.undo {
                for change in &changes {
                    if let Some(change) = assembly.change_mut(*change) {
                        change.reversible = false;
                        change.undo.clone_from(reason);
                    }
                }
            }
            // What a step gives is what its fields will be; unchanged, they are as they were asked for.
            let after = changes.last().and_then(|change| assembly.change(*change));
            let gives: BTreeMap<String, Value> = schema
                .outputs
                .iter()
                .map(|output| {
                    let planned = after
                        .and_then(|change| change.after.get(output.name))
                        .map(action::value_of);
                    let asked = values.get(output.name).cloned();
                    (output.name.to_owned(), planned.or(asked).unwrap_or(Value::Null))
                })
                .collect();
            Some((changes, Value::Map(gives)))
        }
        Err(refusal) => {
            found.refusal(place, &refusal);
            None
        }
    }
}

/// Values as an action takes them: a resource by the name that its service's API knows.
pub(super) fn arguments(values: &BTreeMap<&'static str, Value>) -> Arguments {
    values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), argument(value)))
        .collect()
}

fn argument(value: &Value) -> Json {
    match value {
        // Names of instances are tags, and not unique.
        Value::Resource(resource) if resource.kind == Kind::Ec2Instance => Json::String(resource.id.clone()),
        Value::Resource(resource) => Json::String(resource.name.clone()),
        Value::Duration(duration) => Json::String(exact_duration(*duration)),
        Value::List(items) => Json::Array(items.iter().map(argument).collect()),
        Value::Map(entries) => Json::Object(
            entries
                .iter()
                .map(|(name, value)| (name.clone(), argument(value)))
                .collect(),
        ),
        other => other.to_json(),
    }
}

fn work(action: &dyn Action, wanted: &model::Action, lanes: Vec<Lane>) -> Work {
    let pace = action.pace();
    Work::Changes {
        action: action.name().to_owned(),
        lanes,
        concurrency: wanted.concurrency.max,
        canary: wanted.concurrency.canary,
        stop_after_failures: wanted.stop_after_failures,
        retry: wanted.retry.as_ref().map_or_else(Retry::default, retry),
        wait: match &wanted.wait {
            None => Wait {
                timeout_s: pace.timeout_s,
                every_s: pace.every_s.max(1),
                until: None,
                fails_if: None,
            },
            Some(wait) => Wait {
                timeout_s: seconds(wait.timeout),
                every_s: seconds(wait.every),
                until: wait.until.as_ref().map(|expr| expr.source().to_owned()),
                fails_if: wait.fails_if.as_ref().map(|expr| expr.source().to_owned()),
            },
        },
        allow_failure: wanted.allow_failure,
        keep: match &wanted.undo {
            Undo::Keep(reason) => Some(reason.clone()),
            Undo::Inverse | Undo::Steps(_) => None,
        },
    }
}

fn retry(wanted: &model::Retry) -> Retry {
    let mut errors = BTreeSet::new();
    for class in &wanted.errors {
        match class {
            model::ErrorClass::Throttled => errors.extend([ErrorClass::Throttled]),
            model::ErrorClass::Timeout => errors.extend([ErrorClass::Timeout]),
            model::ErrorClass::Unavailable => errors.extend([ErrorClass::Server, ErrorClass::Unreachable]),
            model::ErrorClass::Busy => errors.extend([ErrorClass::Conflict]),
        }
    }
    let millis = |span: jiff::SignedDuration| u64::try_from(span.as_millis()).unwrap_or(0);
    let backoff = &wanted.backoff;
    Retry {
        errors,
        attempts: wanted.max.saturating_add(1),
        backoff: Backoff {
            start_ms: millis(backoff.start),
            factor_percent: (backoff.factor * 100.0).round().clamp(100.0, 100_000.0) as u32,
            max_ms: millis(backoff.max),
            jitter: backoff.jitter == Jitter::Full,
        },
    }
}

//! Steps of a runbook, unrolled and planned in order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Around, Found, Planner, beyond, checks, seconds};
use crate::domain::exit::Exit;
use crate::domain::ids::Kind;
use crate::runbook::action::{self, Action, Arguments, Change, ErrorClass, View};
use crate::runbook::expr::{EvalError, Expr, Names};
use crate::runbook::lint::is_late;
use crate::runbook::model::{self, Arg, Body, Jitter, Runbook, Undo};
use crate::runbook::params::violations;
use crate::runbook::plan::{
    Assembly, Backoff, BlastRadius, Lane, Late, Membership, Part, Retry, Role, Step, Wait, Work,
};
use crate::runbook::types::Type;
use crate::runbook::value::{Value, exact_duration};

/// What planning writes to.
pub(super) struct Pen<'p, 'a> {
    pub(super) assembly: &'p mut Assembly<'a>,
    pub(super) found: &'p mut Found,
    pub(super) around: &'p mut Around,
    pub(super) planner: &'p Planner<'p>,
}

/// What steps gave under their `register:` names.
type Results = BTreeMap<String, Value>;

/// Where a step is: within other runbooks and blocks, and when it runs.
#[derive(Clone)]
struct Place {
    prefix: String,
    role: Role,
    within: Vec<Membership>,
    /// The parameters of a used runbook, for expressions that are evaluated later.
    names: BTreeMap<String, Value>,
    /// A condition that is only known at the end.
    when: Option<String>,
}

impl Place {
    fn inside(&self, block: &str, part: Part) -> Self {
        let mut place = self.clone();
        place.within.push(Membership {
            block: block.to_owned(),
            part,
        });
        place
    }

    fn step(&self, id: String, work: Work) -> Step {
        Step {
            within: self.within.clone(),
            names: self.names.clone(),
            when: self.when.clone(),
            ..Step::new(id, self.role, work)
        }
    }
}

/// Stands for what is only known at the end, where a plan shows it.
const AT_THE_END: &str = "(known at the end)";

pub(super) fn plan(runbook: &Runbook, names: &Names<'_>, results: &mut Results, pen: &mut Pen<'_, '_>) {
    let main = Place {
        prefix: String::new(),
        role: Role::Main,
        within: Vec::new(),
        names: BTreeMap::new(),
        when: None,
    };
    list(&runbook.steps, &main, names, results, pen);
    let always = Place {
        role: Role::Always,
        ..main
    };
    list(&runbook.always, &always, &at_the_end(names), results, pen);
}

/// That a step is left out, and by which condition.
fn passed_over(id: &str, step: &model::Step, when: &Expr) -> String {
    let does = if step.title.is_empty() {
        String::new()
    } else {
        format!(" ({})", step.title)
    };
    format!("step {id}{does}, since `{}` is false", when.source())
}

/// What steps see that always run at the end.
fn at_the_end<'n>(names: &'n Names<'n>) -> Names<'n> {
    let mut run = match names.get("run") {
        Some(Value::Map(run)) => run.clone(),
        _ => BTreeMap::new(),
    };
    for name in ["status", "summary"] {
        run.insert(name.to_owned(), Value::text(AT_THE_END));
    }
    Names::within(names).with("run", Value::Map(run))
}

/// Whether all that is left to do is to tell somebody that nothing was done.
pub(super) fn only_tells(runbook: &Runbook, assembly: &Assembly<'_>) -> bool {
    !assembly.is_empty() && assembly.since(0).iter().all(Change::is_message) && acts(runbook)
}

/// Whether a runbook has a step that does more than tell somebody something.
fn acts(runbook: &Runbook) -> bool {
    runbook.all_steps().into_iter().any(|step| match &step.body {
        Body::Action(wanted) => action::find(&wanted.name.value).is_some_and(|action| !action.is_message()),
        Body::Use(used) => acts(&used.runbook),
        Body::Block(_) | Body::Check(_) | Body::Pause(_) => false,
    })
}

fn list(
    steps: &[model::Step],
    place: &Place,
    names: &Names<'_>,
    results: &mut Results,
    pen: &mut Pen<'_, '_>,
) {
    for step in steps {
        let id = format!("{}{}", place.prefix, step.id.value);
        let own = Names::within(names).with("results", Value::Map(results.clone()));
        // With `for_each` the condition is judged for each item.
        let loops = matches!(&step.body, Body::Action(action) if action.for_each.is_some());
        let mut place = place.clone();
        if let (Some(when), false) = (&step.when, loops) {
            if place.role == Role::Always && is_late(when) {
                let own = when.source().to_owned();
                place.when = Some(match place.when.take() {
                    Some(outer) => format!("({outer}) and ({own})"),
                    None => own,
                });
            } else {
                match when.holds(&own) {
                    Ok(true) => {}
                    Ok(false) => {
                        pen.assembly.skip(passed_over(&id, step, when));
                        register(step, Value::Null, results);
                        continue;
                    }
                    Err(error) => {
                        pen.found.evaluation(&id, &error);
                        continue;
                    }
                }
            }
        }
        match &step.body {
            Body::Action(action) => one(step, action, (&id, &place), (&own, results), pen),
            Body::Block(block) => self::block(block, (&id, &place), names, results, pen),
            Body::Use(used) => nested(used, (&id, &place), &own, pen),
            Body::Check(check) => look(check, (&id, &place), &own, pen),
            Body::Pause(pause) => match pause.message.evaluate(&own) {
                Ok(message) => {
                    let work = Work::Pause {
                        message,
                        timeout_s: seconds(pause.timeout),
                    };
                    pen.assembly.push(place.step(id, work));
                }
                Err(error) => pen.found.evaluation(&id, &error),
            },
        }
    }
}

/// Steps with a rescue. What the rescue would do is planned on top of what was tried, and is not there
/// for the steps after it: they only run where it did not.
fn block(
    block: &model::Block,
    (id, place): (&str, &Place),
    names: &Names<'_>,
    results: &mut Results,
    pen: &mut Pen<'_, '_>,
) {
    if block.rescue.is_empty() && block.always.is_empty() {
        return list(&block.steps, place, names, results, pen);
    }
    let before = pen.assembly.steps();
    list(&block.steps, &place.inside(id, Part::Tried), names, results, pen);
    if pen.assembly.steps() == before {
        pen.assembly.skip(format!(
            "{id}: nothing is tried, so there is nothing to rescue or to tidy up"
        ));
        return;
    }
    let tried = pen.assembly.view().clone();
    let mut rescued = results.clone();
    list(
        &block.rescue,
        &place.inside(id, Part::Rescue),
        names,
        &mut rescued,
        pen,
    );
    pen.assembly.look_from(tried);
    list(
        &block.always,
        &place.inside(id, Part::Always),
        names,
        results,
        pen,
    );
    // Whoever comes after it runs only where nothing was rescued.
    for (name, _) in rescued {
        results.entry(name).or_insert(Value::Null);
    }
}

/// A check as a step, once for each item.
fn look(check: &model::Check, (id, place): (&str, &Place), names: &Names<'_>, pen: &mut Pen<'_, '_>) {
    let items = checks::items(std::slice::from_ref(check), (names, &place.names), pen.found);
    let many = items.len() > 1;
    for (number, check) in items.into_iter().enumerate() {
        let id = if many {
            format!("{id}-{}", number + 1)
        } else {
            id.to_owned()
        };
        pen.assembly.push(place.step(id, Work::Check { check }));
    }
}

/// Another runbook: its steps with its own parameters, within its own limits. What it looks at before
/// and what it watches counts for the whole run; what it verifies is looked at right behind its steps.
fn nested(used: &model::Use, (id, place): (&str, &Place), names: &Names<'_>, pen: &mut Pen<'_, '_>) {
    let runbook = &used.runbook;
    let identity = pen.planner.identity;
    if !runbook.target.allows(&identity.account, &identity.region) {
        return pen.found.refuse(
            Exit::Precondition,
            format!(
                "{id}: {} may not be used in account {} and region {}",
                *runbook.name, identity.account, identity.region
            ),
        );
    }
    let params = match parameters(used, names) {
        Ok(params) => params,
        Err((param, Some(error))) => return pen.found.evaluation(&format!("{id}: `{param}`"), &error),
        Err((param, None)) => {
            return pen
                .found
                .refuse(Exit::Usage, format!("{id}: `{param}` has no value"));
        }
    };
    for param in &runbook.params {
        let name = &param.name.value;
        let wrong = match params.get(name) {
            Some(value) if by_name(&param.ty.value, value) => {
                vec!["a used runbook is given the resource itself, not its name".to_owned()]
            }
            Some(value) => violations(param, value),
            None => Vec::new(),
        };
        for message in wrong {
            pen.found.refuse(
                Exit::Usage,
                format!("{id}: `{name}` of {}: {message}", *runbook.name),
            );
        }
    }
    let inner = Names::within(names).with("params", Value::Map(params.clone()));
    let place = Place {
        prefix: format!("{id}/"),
        names: BTreeMap::from([("params".to_owned(), Value::Map(params))]),
        ..place.clone()
    };
    let is_tried = place.role == Role::Main && place.within.iter().all(|own| own.part == Part::Tried);
    let scene = (&inner, &place.names);
    if is_tried {
        let items = checks::items(&runbook.preconditions, scene, pen.found);
        pen.around.preconditions.extend(items);
        checks::guards(&runbook.guards, scene, (pen.around, pen.found));
    }
    let mut results = Results::new();
    let (first, steps) = (pen.assembly.len(), pen.assembly.steps());
    list(&runbook.steps, &place, &inner, &mut results, pen);
    let radius = BlastRadius::of(pen.assembly.since(first));
    for reason in beyond(&runbook.limits, &radius, &runbook.name) {
        pen.found.refuse(Exit::Precondition, format!("{id}: {reason}"));
    }
    if is_tried && pen.assembly.steps() > steps {
        let inner = Names::within(&inner).with("results", Value::Map(results.clone()));
        for (number, check) in runbook.verify.iter().enumerate() {
            let id = format!("{id}/verify-{}", number + 1);
            look(check, (&id, &place), &inner, pen);
        }
    }
    let always = Place {
        role: Role::Always,
        within: Vec::new(),
        ..place
    };
    list(&runbook.always, &always, &at_the_end(&inner), &mut results, pen);
}

/// Whether a value names a resource where the resource itself is wanted.
fn by_name(ty: &Type, value: &Value) -> bool {
    match (ty, value) {
        (Type::Resource(_), value) => value.as_resource().is_none() && *value != Value::Null,
        (Type::List(of), Value::List(items)) => items.iter().any(|item| by_name(of, item)),
        (Type::Optional(of), value) => by_name(of, value),
        _ => false,
    }
}

/// The parameters of a used runbook; else the one without a value, or why it has none.
fn parameters(
    used: &model::Use,
    names: &Names<'_>,
) -> Result<BTreeMap<String, Value>, (String, Option<EvalError>)> {
    let mut params = BTreeMap::new();
    let mut left: Vec<&model::Param> = Vec::new();
    for param in &used.runbook.params {
        let name = param.name.value.clone();
        let given = used.with.iter().find(|input| input.name.value == name);
        let value = match (given, &param.presence, &param.from) {
            (None, model::Presence::Stored, Some(model::Origin::Secret(place))) => {
                Ok(Value::Secret(place.clone()))
            }
            (Some(input), ..) => input.arg.evaluate(&param.ty.value, names),
            (None, model::Presence::Default(_), _) => {
                left.push(param);
                continue;
            }
            (None, model::Presence::Optional | model::Presence::Stored, _) => Ok(Value::Null),
            (None, model::Presence::Required | model::Presence::All, _) => return Err((name, None)),
        };
        match value {
            Ok(value) => params.insert(name, value),
            Err(error) => return Err((name, Some(error))),
        };
    }
    // Defaults may refer to other parameters of the used runbook, in any order but in no circle.
    while !left.is_empty() {
        let before = left.len();
        let mut failed = None;
        left.retain(|param| {
            let model::Presence::Default(arg) = &param.presence else {
                return false;
            };
            let inner = Names::within(names).with("params", Value::Map(params.clone()));
            match arg.value.evaluate(&param.ty.value, &inner) {
                Ok(value) => {
                    params.insert(param.name.value.clone(), value);
                    false
                }
                Err(error) => {
                    failed = Some((param.name.value.clone(), Some(error)));
                    true
                }
            }
        });
        if let (true, Some(failed)) = (left.len() == before, failed) {
            return Err(failed);
        }
    }
    Ok(params)
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
    (id, place): (&str, &Place),
    (names, results): (&Names<'_>, &mut Results),
    pen: &mut Pen<'_, '_>,
) {
    let Some(action) = action::find(&wanted.name.value) else {
        return pen.found.refuse(
            Exit::Usage,
            format!("{id}: there is no action {}", wanted.name.value),
        );
    };
    let each = match &wanted.for_each {
        None => vec![None],
        Some(expr) => match expr.items(names) {
            Ok(items) => items.into_iter().map(Some).collect(),
            Err(error) => return pen.found.evaluation(id, &error),
        },
    };
    let mut lanes = Vec::new();
    let mut gave = Vec::new();
    for each in each {
        let label = each.as_ref().map(Value::to_string);
        let at = label
            .as_ref()
            .map_or_else(|| id.to_owned(), |label| format!("{id} [{label}]"));
        let mut own = Names::within(names);
        if let Some(each) = &each {
            own.set("each", each.clone());
            match step.when.as_ref().map(|when| when.holds(&own)) {
                Some(Ok(false)) => {
                    pen.assembly.skip(format!("{at}: passed over by its condition"));
                    continue;
                }
                Some(Err(error)) => {
                    pen.found.evaluation(&at, &error);
                    continue;
                }
                Some(Ok(true)) | None => {}
            }
        }
        let Some((changes, result)) = lane(action, wanted, (&at, &own), pen) else {
            continue;
        };
        gave.push(result);
        if changes.is_empty() {
            pen.assembly.skip(format!("{at}: nothing to do"));
            continue;
        }
        let undo = match &wanted.undo {
            Undo::Steps(steps) => match undo(steps, &changes, (&at, &own), pen) {
                Some(undo) => Some(undo),
                None => continue,
            },
            Undo::Inverse | Undo::Keep(_) => None,
        };
        lanes.push(Lane {
            undo,
            late: late(wanted, place.role),
            ..Lane::new(label.unwrap_or_default(), changes, each.unwrap_or(Value::Null))
        });
    }
    let result = match &wanted.for_each {
        Some(_) => Value::List(gave),
        None => gave.pop().unwrap_or(Value::Null),
    };
    register(step, result, results);
    if !lanes.is_empty() {
        let step = place.step(id.to_owned(), work(action, wanted, lanes));
        pen.assembly.push(step);
    }
}

/// Arguments that are only known at the end.
fn late(wanted: &model::Action, role: Role) -> BTreeMap<String, Late> {
    let mut late = BTreeMap::new();
    for input in wanted.with.iter().filter(|_| role == Role::Always) {
        if !input.arg.exprs().into_iter().any(is_late) {
            continue;
        }
        let source = match &input.arg.value {
            Arg::Expr(expr) => Late::Expr(expr.source().to_owned()),
            Arg::Template(template) => Late::Text(template.source()),
            // Lint refuses it anywhere else.
            Arg::Literal(_) | Arg::List(_) | Arg::Map(_) => continue,
        };
        late.insert(input.name.value.clone(), source);
    }
    late
}

/// The arguments of a step, once everything that planning it takes was read; `None` if something is
/// missing or wrong.
fn asked(
    action: &'static dyn Action,
    wanted: &model::Action,
    (place, names): (&str, &Names<'_>),
    (view, found, planner): (&View, &mut Found, &Planner<'_>),
) -> Option<(BTreeMap<&'static str, Value>, Arguments)> {
    let values = match model::inputs(&wanted.with, &action.schema(), names) {
        Ok(values) => values,
        Err(error) => {
            found.evaluation(place, &error);
            return None;
        }
    };
    let with = arguments(&values);
    if let Some(leave) = action.leave(&with)
        && let Err(refusal) = planner.allowed.check(&leave)
    {
        found.refuse(Exit::Usage, format!("{place}: {refusal}"));
        return None;
    }
    match action.reads(&with) {
        Ok(queries) => {
            let read = found.need(queries, view);
            // What can be named without any answer is asked for at once: if this step waited longer than a
            // later one, that one would be refused for want of what this one makes.
            let more = if read {
                action.follow_up(&with, view)
            } else {
                action.follow_up(&with, &View::default())
            };
            let more = found.need(more, view);
            (read && more).then_some((values, with))
        }
        Err(error) => {
            found.refuse(Exit::Usage, format!("{place}: {error}"));
            None
        }
    }
}

/// One item: its changes, and what it gives.
fn lane(
    action: &'static dyn Action,
    wanted: &model::Action,
    (place, names): (&str, &Names<'_>),
    pen: &mut Pen<'_, '_>,
) -> Option<(Vec<usize>, Value)> {
    let needs = (pen.assembly.view(), &mut *pen.found, pen.planner);
    let (values, with) = asked(action, wanted, (place, names), needs)?;
    match pen.assembly.plan(action, &with) {
        Ok(changes) => {
            if let Undo::Keep(reason) = &wanted.undo {
                for change in &changes {
                    if let Some(change) = pen.assembly.change_mut(*change) {
                        change.reversible = false;
                        change.undo.clone_from(reason);
                    }
                }
            }
            // What a step gives is what its fields will be; unchanged, they are as they were asked for.
            let after = changes.last().and_then(|change| pen.assembly.change(*change));
            let gives: BTreeMap<String, Value> = action
                .schema()
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
            pen.found.refusal(place, &refusal);
            None
        }
    }
}

/// What takes a lane back by the author's own steps, planned against the state that it leaves. `None`
/// if something is missing or wrong.
fn undo(
    steps: &[model::Step],
    changes: &[usize],
    (place, names): (&str, &Names<'_>),
    pen: &mut Pen<'_, '_>,
) -> Option<Vec<Change>> {
    let before: BTreeMap<String, Value> = changes
        .iter()
        .rev()
        .filter_map(|change| pen.assembly.change(*change))
        .flat_map(|change| &change.before)
        .map(|(name, value)| (name.clone(), action::value_of(value)))
        .collect();
    let names = Names::within(names).with("before", Value::Map(before));
    let mut aside = pen.assembly.view().clone();
    let mut back = Vec::new();
    let mut complete = true;
    for step in steps {
        // Lint lets nothing else be in here.
        let Body::Action(wanted) = &step.body else {
            continue;
        };
        let Some(action) = action::find(&wanted.name.value) else {
            continue;
        };
        let at = format!("{place}: undo {}", step.id.value);
        let each = match &wanted.for_each {
            None => vec![None],
            Some(list) => match list.items(&names) {
                Ok(items) => items.into_iter().map(Some).collect(),
                Err(error) => {
                    pen.found.evaluation(&at, &error);
                    return None;
                }
            },
        };
        for each in each {
            let mut own = Names::within(&names);
            if let Some(each) = each {
                own.set("each", each);
            }
            match step.when.as_ref().map_or(Ok(true), |when| when.holds(&own)) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) => {
                    pen.found.evaluation(&at, &error);
                    return None;
                }
            }
            let needs = (&aside, &mut *pen.found, pen.planner);
            let Some((_, with)) = asked(action, wanted, (&at, &own), needs) else {
                complete = false;
                continue;
            };
            match pen.assembly.plan_undo(action, &with, &mut aside) {
                Ok(changes) => back.extend(changes),
                Err(refusal) => {
                    pen.found.refusal(&at, &refusal);
                    complete = false;
                }
            }
        }
    }
    if !complete {
        return None;
    }
    let said: Vec<String> = back
        .iter()
        .map(|change| format!("{}: {}", change.target.name, change.summary))
        .collect();
    for change in changes {
        if let Some(change) = pen.assembly.change_mut(*change) {
            change.reversible = !back.is_empty();
            change.undo = if back.is_empty() {
                "the steps of its undo have nothing to do".to_owned()
            } else {
                said.join(", then ")
            };
        }
    }
    Some(back)
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
        // Where it is; the secret itself is nowhere here.
        Value::Secret(place) => serde_json::to_value(place).unwrap_or(Json::Null),
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
        allow_failure: wanted.allow_failure.unwrap_or_else(|| action.is_message()),
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

//! A plan as it is shown before anybody is asked: everything that will be done, to what, and what that
//! means.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use unicode_width::UnicodeWidthStr;

use super::values::{NOTHING, money_per_hour, money_per_month};
use super::{Clock, Line, Role, count, in_zone, seconds, value};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{Change, CostDelta};
use crate::runbook::plan::{
    CheckItem, FailurePolicy, Guard, GuardBaseline, GuardCheck, Lane, Late, Membership, OnUnclear, Part,
    Plan, Role as StepRole, Severity, Step, Work,
};
use crate::runbook::schema::Risk;

/// Columns of the names at the left.
const LABEL: usize = 12;

/// A plan, whole.
pub fn plan(plan: &Plan, clock: &Clock) -> Vec<Line> {
    let mut lines = vec![Line::of(Role::Heading, format!("Plan of {}", plan.runbook.name))];
    lines.extend(header(plan, clock));
    lines.push(Line::blank());
    lines.extend(body(plan));
    in_zone(lines, &clock.zone)
}

/// The same where a frame names the runbook, the environment, the account and the region already: what will
/// be done comes first, since there may be few rows.
pub fn framed_plan(plan: &Plan, clock: &Clock) -> Vec<Line> {
    let mut lines = body(plan);
    lines.push(Line::blank());
    lines.push(Line::of(Role::Heading, "Where, as whom, with what"));
    lines.extend(header(plan, clock));
    in_zone(lines, &clock.zone)
}

/// Steps, checks and what they come to.
fn body(plan: &Plan) -> Vec<Line> {
    let mut lines = Vec::new();
    for step in plan.steps.iter().filter(|step| step.role == StepRole::Main) {
        if !lines.is_empty() {
            lines.push(Line::blank());
        }
        lines.extend(self::step(step, plan));
    }
    let always: Vec<&Step> = plan
        .steps
        .iter()
        .filter(|step| step.role == StepRole::Always)
        .collect();
    if !always.is_empty() {
        lines.push(Line::blank());
        lines.push(Line::of(Role::Heading, "Always at the end, however it went"));
        for step in always {
            lines.extend(self::step(step, plan));
        }
    }
    for (title, checks) in [(Moment::Before, &plan.preconditions), (Moment::End, &plan.verify)] {
        if !checks.is_empty() {
            lines.push(Line::blank());
            lines.push(Line::of(Role::Heading, title.heading()));
            lines.extend(checks.iter().flat_map(|item| sentence(item, title)));
        }
    }
    if !(plan.guards.is_empty() && plan.guard_checks.is_empty()) {
        lines.push(Line::blank());
        lines.push(Line::of(Role::Heading, "Watched, and stopped by"));
        lines.extend(plan.guards.iter().map(guard));
        lines.extend(plan.guard_checks.iter().map(guard_check));
    }
    if !plan.skipped.is_empty() {
        lines.push(Line::blank());
        lines.push(Line::of(Role::Heading, "Left alone"));
        for what in &plan.skipped {
            lines.push(
                Line::indented(2)
                    .with(Role::Dim, "  ")
                    .hanging()
                    .with(Role::Dim, what),
            );
        }
    }
    lines.push(Line::blank());
    lines.extend(totals(plan));
    lines
}

fn labelled(label: &str) -> Line {
    Line::default().padded(Role::Dim, label, LABEL).hanging()
}

fn header(plan: &Plan, clock: &Clock) -> Vec<Line> {
    let identity = &plan.identity;
    let account = labelled("account").with(Role::Key, &identity.account);
    let account = match &identity.account_name {
        Some(name) => account.with(Role::Key, format!(" ({name})")),
        None => account,
    };
    let mut lines = vec![
        account,
        labelled("region").with(Role::Key, &identity.region),
        labelled("scope").with(Role::Plain, identity.scope.as_str()),
    ];
    let environment = match identity.environment.as_str() {
        "prod" => labelled("environment").with(Role::Bad, "PROD"),
        other => labelled("environment").with(Role::Plain, other),
    };
    lines.push(match &identity.estate {
        Some(estate) => environment.with(Role::Plain, format!(", estate {estate}")),
        None => environment,
    });
    lines.push(labelled("as").with(Role::Plain, &identity.arn));
    for (index, (name, given)) in plan.params.iter().enumerate() {
        let label = if index == 0 { "parameters" } else { "" };
        lines.push(labelled(label).with(Role::Plain, format!("{name} = {}", value(given))));
    }
    lines.push(labelled("valid until").with(Role::Plain, clock.time(plan.expires_at)));
    lines.push(labelled("digest").with(Role::Plain, &plan.digest));
    lines
}

fn step(step: &Step, plan: &Plan) -> Vec<Line> {
    let head = place(step);
    let mut lines = work(step, head, plan);
    if let Some(when) = &step.when {
        lines.push(
            Line::indented(2)
                .with(Role::Dim, "only if it then holds that ")
                .hanging()
                .with(Role::Plain, when),
        );
    }
    lines
}

/// A step's name, and the block in which it is.
fn place(step: &Step) -> Line {
    let head = Line::of(Role::Heading, format!("Step {}", step.id));
    match step.within.last() {
        None => head,
        Some(Membership { block, part }) => match part {
            Part::Tried => head.with(Role::Dim, format!(" (in {block})")),
            Part::Rescue => head.with(Role::Warn, format!(" (only if {block} fails)")),
            Part::Always => head.with(Role::Dim, format!(" (last of {block}, even if it fails)")),
        },
    }
}

fn work(step: &Step, head: Line, plan: &Plan) -> Vec<Line> {
    match &step.work {
        Work::Changes {
            action,
            lanes,
            concurrency,
            canary,
            wait,
            allow_failure,
            keep,
            ..
        } => {
            let mut how = format!(": {action}");
            let targets = lanes.len();
            if targets > 1 {
                how.push_str(&format!(", {} at once", (*concurrency).min(lanes.len() as u32)));
                if *canary > 0 {
                    how.push_str(&format!(
                        ", the first {} alone",
                        count(*canary as usize, "target")
                    ));
                }
            }
            how.push_str(&format!(", each within {}", seconds(wait.timeout_s)));
            if *allow_failure {
                how.push_str(", may fail");
            }
            let mut lines = vec![head.with(Role::Dim, how)];
            if lanes.iter().all(|lane| lane.changes.is_empty()) {
                lines.push(Line::indented(2).with(Role::Dim, "nothing to change: all is as wanted"));
            }
            for lane in lanes {
                let made = lane.changes.iter().filter_map(|place| plan.changes.get(*place));
                lines.extend(made.flat_map(change));
                lines.extend(of_lane(lane));
            }
            if let Some(why) = keep {
                lines.push(
                    Line::indented(2)
                        .with(Role::Warn, format!("not taken back if a later step fails: {why}")),
                );
            }
            lines
        }
        Work::Check { check: item } => vec![head, check("waits until ", item, 2)],
        Work::Pause { message, timeout_s } => vec![
            head.with(Role::Dim, ": waits for a person"),
            Line::indented(2).with(Role::Plain, message),
            Line::indented(2).with(
                Role::Dim,
                format!(
                    "without an answer in {} it counts as declined",
                    seconds(*timeout_s)
                ),
            ),
        ],
    }
}

/// What an author has said of a lane: what is known late, and what takes it back.
fn of_lane(lane: &Lane) -> Vec<Line> {
    let mut lines = Vec::new();
    for (field, late) in &lane.late {
        let (Late::Expr(text) | Late::Text(text)) = late;
        lines.push(
            Line::indented(6)
                .with(Role::Dim, format!("{field}, once it is known: "))
                .hanging()
                .with(Role::Plain, text),
        );
    }
    if let Some(undo) = &lane.undo {
        let steps: Vec<String> = undo
            .iter()
            .map(|change| format!("{}: {}", change.target.name, change.summary))
            .collect();
        lines.push(
            Line::indented(6)
                .with(Role::Dim, "taken back by the runbook's own steps: ")
                .hanging()
                .with(Role::Plain, steps.join(", then ")),
        );
    }
    lines
}

/// A change: its target, every field, and what follows.
fn change(change: &Change) -> Vec<Line> {
    let nothing = |fields: &BTreeMap<String, Json>| fields.values().all(Json::is_null);
    let (sign, role) = match (nothing(&change.before), nothing(&change.after)) {
        (true, false) => ("+", Role::Add),
        (false, true) => ("-", Role::Remove),
        _ => ("~", Role::Change),
    };
    let mut lines = vec![
        Line::indented(2)
            .with(role, format!("{sign} "))
            .hanging()
            .with(Role::Plain, format!("{} ", change.target.kind))
            .with(Role::Key, &change.target.name)
            .with(Role::Plain, format!(": {}", change.summary)),
    ];
    if change.target.id != change.target.name {
        lines.push(Line::indented(6).with(Role::Dim, &change.target.id));
    }
    let names: BTreeSet<&String> = change.before.keys().chain(change.after.keys()).collect();
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    for name in names {
        let (before, after) = (change.before.get(name), change.after.get(name));
        lines.push(field(name, (before, after), widest));
    }
    lines.push(consequence(change));
    if !change.impact.dependents.is_empty() {
        let dependents: Vec<&str> = change.impact.dependents.iter().map(String::as_str).collect();
        lines.push(
            Line::indented(6)
                .with(Role::Dim, "touches too: ")
                .hanging()
                .with(Role::Plain, dependents.join(", ")),
        );
    }
    if let Some(outage) = &change.impact.outage {
        lines.push(
            Line::indented(6)
                .with(Role::Warn, "users notice: ")
                .hanging()
                .with(Role::Plain, outage),
        );
    }
    lines
}

fn field(name: &str, (before, after): (Option<&Json>, Option<&Json>), widest: usize) -> Line {
    let shown = |value: Option<&Json>| value.map_or_else(|| NOTHING.to_owned(), self::value);
    let is_nothing = |value: Option<&Json>| value.is_none_or(Json::is_null);
    let line = |sign: &str, role| {
        Line::indented(4)
            .with(role, format!("{sign} "))
            .padded(Role::Plain, name, widest)
            .with(Role::Plain, "  ")
            .hanging()
    };
    if before == after || (is_nothing(before) && is_nothing(after)) {
        return line(" ", Role::Dim).with(Role::Dim, shown(before));
    }
    let (sign, role) = match (is_nothing(before), is_nothing(after)) {
        (true, _) => ("+", Role::Add),
        (_, true) => ("-", Role::Remove),
        _ => ("~", Role::Change),
    };
    line(sign, role)
        .with(Role::Remove, shown(before))
        .with(Role::Dim, " → ")
        .with(Role::Add, shown(after))
}

fn consequence(change: &Change) -> Line {
    let line = Line::indented(6);
    let line = if change.reversible {
        let undo = if change.undo.is_empty() {
            "reversible".to_owned()
        } else {
            format!("reversible, by: {}", change.undo)
        };
        line.with(Role::Plain, undo)
    } else {
        let line = line.with(Role::Bad, "NOT REVERSIBLE");
        if change.undo.is_empty() {
            line
        } else {
            line.with(Role::Plain, format!(": {}", change.undo))
        }
    };
    let (risk, role) = risk(change.risk);
    let line = line
        .with(Role::Dim, " · risk ")
        .with(role, risk)
        .with(Role::Dim, format!(" · calls {}", change.calls.join(", ")));
    match &change.cost {
        CostDelta::None => line,
        CostDelta::Unknown(why) => line
            .with(Role::Dim, " · cost ")
            .with(Role::Warn, format!("unknown: {why}")),
        CostDelta::Known { usd_per_hour, .. } => line
            .with(Role::Dim, " · cost ")
            .with(Role::Plain, money_per_hour(*usd_per_hour)),
    }
}

fn risk(risk: Risk) -> (&'static str, Role) {
    match risk {
        Risk::Read => ("none", Role::Plain),
        Risk::Reversible => ("low", Role::Plain),
        Risk::Disruptive => ("disruptive", Role::Warn),
        Risk::Irreversible => ("irreversible", Role::Bad),
    }
}

/// When checks are looked at.
#[derive(Clone, Copy)]
enum Moment {
    Before,
    End,
}

impl Moment {
    const fn heading(self) -> &'static str {
        match self {
            Self::Before => "Must hold before",
            Self::End => "Proven at the end, by reading",
        }
    }

    /// What follows if a check does not hold.
    const fn otherwise(self, severity: Severity) -> &'static str {
        match (self, severity) {
            (Self::Before, Severity::Error) => "refused if ",
            (Self::End, Severity::Error) => "failed if ",
            (Self::Before | Self::End, Severity::Warn) => "warns if ",
        }
    }
}

/// A check in a sentence, as its author says what is wrong where it does not hold, and what is looked at.
fn sentence(item: &CheckItem, moment: Moment) -> Vec<Line> {
    let Some(message) = &item.message else {
        return vec![check("", item, 2)];
    };
    let mut said = message.clone();
    if item.timeout_s > 0 {
        said.push_str(&format!(", looked at for up to {}", seconds(item.timeout_s)));
    }
    let looked_at = CheckItem {
        timeout_s: 0,
        severity: Severity::Error,
        ..item.clone()
    };
    let looked_at = check("", &looked_at, 0).text();
    let looked_at = looked_at.strip_prefix("expr ").unwrap_or(&looked_at);
    vec![
        Line::indented(2)
            .with(Role::Dim, moment.otherwise(item.severity))
            .hanging()
            .with(Role::Plain, said),
        Line::indented(4)
            .with(Role::Dim, "by ")
            .hanging()
            .with(Role::Dim, looked_at),
    ]
}

fn check(lead: &str, item: &CheckItem, indent: usize) -> Line {
    let mut with: Vec<String> = item
        .with
        .iter()
        .map(|(name, given)| format!("{name}: {}", value(given)))
        .collect();
    if item.check == "expr" {
        with = item.with.get("that").iter().map(|that| value(that)).collect();
    }
    let mut text = format!("{lead}{} {}", item.check, with.join(", "));
    if item.timeout_s > 0 {
        text.push_str(&format!(", within {}", seconds(item.timeout_s)));
    }
    let line = Line::indented(indent).with(Role::Plain, text.trim_end());
    match item.severity {
        Severity::Error => line,
        Severity::Warn => line.with(Role::Dim, " (only warns)"),
    }
}

const fn unclear(what: OnUnclear) -> &'static str {
    match what {
        OnUnclear::Stop => "stops",
        OnUnclear::Warn => "warns",
    }
}

const fn baseline(baseline: GuardBaseline) -> &'static str {
    match baseline {
        GuardBaseline::RequireOk => "must be well at the start",
        GuardBaseline::Transition => "only counts if it begins during the run",
    }
}

fn guard_check(guard: &GuardCheck) -> Line {
    Line::indented(2)
        .with(Role::Key, &guard.name)
        .with(Role::Plain, ": ")
        .with(Role::Plain, check("", &guard.check, 0).text())
        .with(
            Role::Dim,
            format!(
                ", each {}; {}; unreadable {}",
                seconds(guard.every_s),
                baseline(guard.baseline),
                unclear(guard.unreadable)
            ),
        )
}

fn guard(guard: &Guard) -> Line {
    Line::indented(2)
        .with(Role::Plain, "alarm ")
        .with(Role::Key, &guard.alarm)
        .with(
            Role::Dim,
            format!(
                ", each {}; {}; unreadable {}, without data {}",
                seconds(guard.every_s),
                baseline(guard.baseline),
                unclear(guard.unreadable),
                unclear(guard.insufficient_data)
            ),
        )
}

/// What all of it comes to: blast radius, cost, time, calls, warnings, and what has to be confirmed.
pub fn totals(plan: &Plan) -> Vec<Line> {
    if plan.is_empty() {
        return nothing_to_do(plan);
    }
    let mut lines = vec![Line::of(Role::Heading, "In all")];
    lines.push(labelled("changes").with(Role::Plain, radius(plan)));
    let radius = &plan.blast_radius;
    if radius.irreversible > 0 {
        lines.push(labelled("").with(
            Role::Bad,
            format!("{} cannot be taken back", count(radius.irreversible, "change")),
        ));
    }
    if !radius.dependents.is_empty() {
        let dependents: Vec<&str> = radius.dependents.iter().map(String::as_str).collect();
        lines.push(labelled("touches too").with(Role::Plain, dependents.join(", ")));
    }
    for outage in &radius.outages {
        lines.push(labelled("noticed").with(Role::Warn, outage));
    }
    lines.extend(cost(plan));
    lines.push(labelled("time").with(
        Role::Plain,
        format!(
            "at most {}; taking back at most {}",
            seconds(plan.deadline_s),
            seconds(plan.rollback_deadline_s)
        ),
    ));
    let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
    for call in plan.changes.iter().flat_map(|change| &change.calls) {
        *calls.entry(call).or_default() += 1;
    }
    let calls: Vec<String> = calls
        .into_iter()
        .map(|(call, times)| format!("{times}× {call}"))
        .collect();
    lines.push(labelled("calls").with(Role::Plain, calls.join(", ")));
    let policy = match plan.on_failure {
        FailurePolicy::RollBack if nothing_goes_back(plan) => {
            "it stops, and says what state remains: nothing of it can be taken back"
        }
        FailurePolicy::RollBack if plan.blast_radius.irreversible > 0 => {
            "what was begun is taken back, as far as it can be"
        }
        FailurePolicy::RollBack => "what was begun is taken back",
        FailurePolicy::Ask => "a person is asked whether to take back what was begun",
        FailurePolicy::Stop => "it stops, and says what state remains",
    };
    lines.push(labelled("on failure").with(Role::Plain, policy));
    lines.extend(afterwards(plan));
    lines.extend(warnings(plan));
    lines.push(labelled("confirm").with(Role::Key, confirm_advice(plan)));
    lines
}

/// What is offered once it has succeeded, each runbook once.
fn afterwards(plan: &Plan) -> Vec<Line> {
    let mut offered: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for next in &plan.afterwards {
        let subject = next.subject.as_deref();
        match offered
            .iter_mut()
            .find(|(runbook, about, _)| *runbook == next.runbook && *about == next.about)
        {
            Some((_, _, subjects)) => subjects.extend(subject),
            None => offered.push((&next.runbook, &next.about, subject.into_iter().collect())),
        }
    }
    offered
        .into_iter()
        .map(|(runbook, about, mut subjects)| {
            subjects.dedup();
            let of = match subjects.as_slice() {
                [] => String::new(),
                few @ ([_] | [_, _] | [_, _, _]) => format!(" of {}", few.join(", ")),
                [first, second, rest @ ..] => format!(" of {first}, {second} and {} more", rest.len()),
            };
            labelled("afterwards").with(Role::Plain, format!("{runbook}{of} is offered: {about}"))
        })
        .collect()
}

/// Whether no change of the plan has a way back.
fn nothing_goes_back(plan: &Plan) -> bool {
    plan.changes
        .iter()
        .filter(|change| !change.is_message())
        .all(|change| !change.reversible)
}

fn nothing_to_do(plan: &Plan) -> Vec<Line> {
    let mut lines = warnings(plan);
    lines.push(Line::of(Role::Good, "Nothing to do: all is as wanted."));
    lines
}

/// What stands before each warning.
pub const WARNING: &str = "WARNING";

fn warnings(plan: &Plan) -> Vec<Line> {
    plan.warnings
        .iter()
        .map(|warning| labelled(WARNING).with(Role::Warn, warning))
        .collect()
}

fn radius(plan: &Plan) -> String {
    let radius = &plan.blast_radius;
    let mut parts: Vec<String> = radius
        .targets
        .iter()
        .map(|(kind, number)| format!("{number} {kind}"))
        .collect();
    for (number, what) in [
        (radius.instances_removed, "instance"),
        (radius.tasks_removed, "task"),
    ] {
        if number > 0 {
            parts.push(format!("{} away", count(number as usize, what)));
        }
    }
    if radius.instances_added > 0 {
        parts.push(format!(
            "{} more",
            count(radius.instances_added as usize, "instance")
        ));
    }
    format!("{} of {}", count(plan.changes.len(), "change"), parts.join(", "))
}

fn cost(plan: &Plan) -> Vec<Line> {
    let cost = &plan.cost;
    let amount = match (cost.usd_per_hour, cost.usd_per_month) {
        (Some(hour), Some(month)) if !hour.per_hour().is_zero() => {
            let dated = cost
                .as_of
                .map_or_else(String::new, |day| format!(", list prices of {day}"));
            labelled("cost").with(
                Role::Plain,
                format!("{}, {}{dated}", money_per_hour(hour), money_per_month(month)),
            )
        }
        (Some(_), _) => labelled("cost").with(Role::Plain, "no difference"),
        (None, _) => labelled("cost").with(Role::Warn, "unknown"),
    };
    let mut lines = vec![amount];
    for why in &cost.unknown {
        lines.push(labelled("").with(Role::Dim, why));
    }
    lines
}

/// How the plan is confirmed, in one line.
pub fn confirm_advice(plan: &Plan) -> String {
    match plan.confirm.level {
        ConfirmLevel::None => "nothing to confirm".to_owned(),
        ConfirmLevel::Ack => "type apply, or pass --yes".to_owned(),
        ConfirmLevel::TypeName => format!(
            "type {name}, or pass --confirm-name {}",
            super::summary::shell_word(&plan.confirm.name),
            name = plan.confirm.name,
        ),
    }
}

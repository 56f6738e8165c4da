//! Entries of a journal, a line each: what `logs` prints and an attached terminal follows.

use jiff::Timestamp;

use super::happening::{act as named, checked, ended, halted};
use super::summary::status_role;
use super::{Clock, Line, Role, count};
use crate::domain::exit::Exit;
use crate::runbook::plan::Plan;
use crate::runbook::record::{Entry, Outcome, Reconciled, Record, Resume};

/// An entry, with its time of day on the user's clock.
pub fn record(entry: &Entry, plan: &Plan, clock: &Clock) -> Line {
    let line = match &entry.record {
        // The lines that follow have the time of day alone.
        Record::Started { .. } => told(&entry.record, plan).with(
            Role::Dim,
            format!(", times are {}", clock.zone_name(entry.at.wall)),
        ),
        _ => told(&entry.record, plan),
    };
    let time = format!("{} ", clock.hour(entry.at.wall));
    let mut whole = Line::of(Role::Dim, &time).hanging();
    whole.hang += line.indent + line.hang;
    let whole = whole.with(Role::Plain, " ".repeat(line.indent));
    line.spans.into_iter().fold(whole, |whole, span| {
        whole.with(span.role, clock.in_zone(&span.text))
    })
}

/// How a run was confirmed, and by whom where somebody typed something.
fn confirmed(how: &str, user: &str) -> String {
    match how {
        "not needed" => "without a confirmation".to_owned(),
        "apply typed" => format!("confirmed by {user}, who typed apply"),
        "name typed" => format!("confirmed by {user}, who typed the name"),
        how => format!("confirmed with {how}"),
    }
}

fn told(record: &Record, plan: &Plan) -> Line {
    let line = |role, text: String| Line::indented(2).with(role, text);
    match record {
        Record::Started {
            run,
            who,
            reason,
            approval,
            plan,
        } => {
            let why = reason
                .as_ref()
                .map_or_else(String::new, |reason| format!(", because: {reason}"));
            Line::of(
                Role::Heading,
                format!("{run} began: {} by {}@{}", plan.runbook.name, who.user, who.host),
            )
            .with(
                Role::Dim,
                format!(
                    " from {}, {}, plan {}{why}",
                    who.origin,
                    confirmed(&approval.how, &who.user),
                    approval.digest
                ),
            )
        }
        Record::Locked { keys } => line(Role::Dim, format!("locked {}", keys.join(", "))),
        Record::Rechecked { .. } => line(
            Role::Dim,
            "read again: as planned, and preconditions hold".to_owned(),
        ),
        Record::Intent {
            act, attempt, call, ..
        } => line(
            Role::Change,
            format!(
                "~ {}: {} (attempt {attempt})",
                named(plan, *act),
                call.operation()
            ),
        ),
        Record::Outcome { act, outcome, .. } => outcome_line(&named(plan, *act), outcome),
        Record::Reconciled { act, was, .. } => {
            let was = match was {
                Reconciled::Made => "it was made",
                Reconciled::NotMade => "it was not made",
            };
            line(
                Role::Plain,
                format!("? {}: reading shows that {was}", named(plan, *act)),
            )
        }
        Record::Ended { act, end } => ended(&named(plan, *act), end),
        Record::StepEnded { step, failures } => {
            let name = plan.steps.get(*step).map_or("?", |step| step.id.as_str());
            if *failures == 0 {
                line(Role::Good, format!("step {name} done"))
            } else {
                line(
                    Role::Bad,
                    format!("step {name} ended with {}", count(*failures as usize, "failure")),
                )
            }
        }
        Record::Checked {
            check,
            passed,
            detail,
            ..
        } => checked(check, *passed, detail),
        Record::Continued { step, by } => {
            let name = plan.steps.get(*step).map_or("?", |step| step.id.as_str());
            line(Role::Plain, format!("{name}: {by} said to go on"))
        }
        Record::Halted { halt } => halted(halt),
        Record::Mended => line(
            Role::Plain,
            "what its blocks have for a failure was done".to_owned(),
        ),
        Record::RollingBack => Line::of(Role::Warn, "taking back what was begun, in reverse"),
        Record::Parked { reason } => Line::of(Role::Warn, format!("waits for credentials: {reason}")),
        Record::Unparked => Line::of(Role::Good, "credentials are back: goes on"),
        Record::Verified => Line::of(Role::Good, "verified"),
        Record::Stopped { status, exit } => Line::of(
            status_role(*status),
            format!("left as {}: {}", status.word(), exit.meaning()),
        ),
        Record::Resumed { who, to, reason } => {
            let to = match to {
                Resume::Forward => "to go on",
                Resume::RollBack => "to take back what was begun",
                Resume::Abandon => "to give it up",
            };
            let why = reason
                .as_ref()
                .map_or_else(String::new, |reason| format!(", because: {reason}"));
            Line::of(
                Role::Heading,
                format!("taken up by {}@{} {to}{why}", who.user, who.host),
            )
        }
        Record::Closed {
            status,
            exit,
            remains,
        } => {
            // That it is done the status says already; whether anything was changed stands above.
            let text = if *exit == Exit::Done {
                format!("{} (exit {})", status.word(), exit.code())
            } else {
                format!("{}: {} (exit {})", status.word(), exit.meaning(), exit.code())
            };
            let line = Line::of(status_role(*status), text);
            // What a run was for remains too.
            if remains.is_empty() || *exit == Exit::Done {
                line
            } else {
                line.with(Role::Plain, format!("; remains: {}", remains.join("; ")))
            }
        }
        Record::Note { text, .. } => line(Role::Plain, text.clone()),
    }
}

fn outcome_line(name: &str, outcome: &Outcome) -> Line {
    let line = |role, text: String| Line::indented(2).with(role, text);
    match outcome {
        Outcome::Accepted(receipt) => {
            let id = receipt
                .request_id
                .as_ref()
                .map_or_else(String::new, |id| format!(", request {id}"));
            line(Role::Plain, format!("  {name}: accepted{id}"))
        }
        Outcome::Refused { fault, .. } => line(Role::Warn, format!("! {name}: refused: {fault}")),
        Outcome::Unanswered { fault, .. } => line(Role::Warn, format!("? {name}: no answer: {fault}")),
        Outcome::NotSent => line(
            Role::Dim,
            format!("  {name}: not sent, since it was told to stop"),
        ),
    }
}

/// What a run did, in plain words and with the cloud's time: its beginning, how its changes ended, what
/// stopped it, what was checked and what it came to. What only the machine cares about is left out.
pub fn steps(entries: &[Entry]) -> Vec<(Timestamp, String)> {
    let Some(plan) = entries.first().and_then(|first| match &first.record {
        Record::Started { plan, .. } => Some(plan),
        _ => None,
    }) else {
        return Vec::new();
    };
    let told = |entry: &Entry| {
        let text = told(&entry.record, plan).text();
        (entry.at.cloud, text.trim().to_owned())
    };
    entries
        .iter()
        .filter(|entry| matters(&entry.record))
        .map(told)
        .collect()
}

const fn matters(record: &Record) -> bool {
    match record {
        Record::Started { .. }
        | Record::Ended { .. }
        | Record::Checked { .. }
        | Record::Continued { .. }
        | Record::Halted { .. }
        | Record::RollingBack
        | Record::Parked { .. }
        | Record::Unparked
        | Record::Verified
        | Record::Stopped { .. }
        | Record::Resumed { .. }
        | Record::Closed { .. }
        | Record::Note { .. } => true,
        Record::Locked { .. }
        | Record::Rechecked { .. }
        | Record::Intent { .. }
        | Record::Outcome { .. }
        | Record::Reconciled { .. }
        | Record::StepEnded { .. }
        | Record::Mended => false,
    }
}

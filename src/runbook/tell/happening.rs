//! What happens in a run, a line each.

use super::drift::{drift, not_as_planned};
use super::{Clock, Line, Role, count, seconds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::machine::{Happening, Question};
use crate::runbook::plan::Plan;
use crate::runbook::record::{Act, End, Halt, Made, Side, Signal, Then};

/// One side of one change in words: what, of which resource.
pub fn act(plan: &Plan, act: Act) -> String {
    let Some(change) = plan.changes.get(act.change) else {
        return format!("change {}", act.change);
    };
    match act.side {
        Side::Make => format!("{}: {}", plan.called(&change.target), change.summary),
        Side::Undo(_) => format!("{}: taking back {}", plan.called(&change.target), change.summary),
    }
}

/// What happened; nothing for what the summary will say.
pub fn happening(happening: &Happening, plan: &Plan) -> Option<Line> {
    let named = |of: &Act| act(plan, *of);
    Some(match happening {
        Happening::Began => Line::of(Role::Plain, "locked, and everything is as planned: begins"),
        Happening::StepBegan { step } => Line::of(Role::Heading, format!("step {step}")),
        Happening::Writing { act, attempt } => {
            let again = if *attempt > 1 {
                format!(", attempt {attempt}")
            } else {
                String::new()
            };
            bullet(Role::Change, "~", format!("{}{again}", named(act)))
        }
        Happening::Retrying {
            act,
            reason,
            after_ms,
        } => bullet(
            Role::Warn,
            "!",
            format!(
                "{}: refused, again in {}: {reason}",
                named(act),
                seconds(after_ms.div_ceil(1_000))
            ),
        ),
        Happening::Reconciling { act, reason } => bullet(
            Role::Warn,
            "?",
            format!("{}: no answer, reading whether it was made: {reason}", named(act)),
        ),
        Happening::Waiting {
            act,
            detail,
            elapsed_s,
            limit_s,
        } => {
            let name = plan
                .changes
                .get(act.change)
                .map_or_else(String::new, |change| plan.called(&change.target));
            bullet(
                Role::Dim,
                "…",
                format!(
                    "{name}: {detail} ({} of at most {})",
                    seconds(*elapsed_s),
                    seconds(*limit_s)
                ),
            )
        }
        Happening::Ended { act, end } => ended(&named(act), end),
        Happening::Checked {
            check,
            passed,
            detail,
        } => checked(check, *passed, detail),
        Happening::Awaited {
            check,
            detail,
            elapsed_s,
            limit_s,
        } => bullet(
            Role::Dim,
            "…",
            format!(
                "{check}: {detail} ({} of at most {})",
                seconds(*elapsed_s),
                seconds(*limit_s)
            ),
        ),
        Happening::Guarded { alarm, state } => {
            let role = if state == "OK" { Role::Dim } else { Role::Warn };
            bullet(role, "◦", format!("guard {alarm}: {state}"))
        }
        Happening::Halted(halt) => halted(halt),
        Happening::RollingBack => Line::of(Role::Warn, "taking back what was begun, in reverse"),
        Happening::Verifying => Line::of(Role::Plain, "verifying"),
        Happening::Parked { reason } => Line::of(Role::Warn, format!("waits for credentials: {reason}")),
        Happening::Unparked => Line::of(Role::Good, "credentials are back: goes on"),
        Happening::Warning(text) => Line::of(Role::Warn, "warning: ")
            .hanging()
            .with(Role::Plain, text),
        Happening::Over(_) => return None,
    })
}

/// A line with a sign in front.
pub(super) fn bullet(role: Role, sign: &str, text: impl AsRef<str>) -> Line {
    Line::indented(2)
        .with(role, format!("{sign} "))
        .hanging()
        .with(if role == Role::Dim { Role::Dim } else { Role::Plain }, text)
}

/// How one side of a change ended.
pub(super) fn ended(name: &str, end: &End) -> Line {
    match end {
        End::Done => bullet(Role::Good, "✓", format!("{name}: done")),
        End::AlreadyThere => bullet(Role::Good, "✓", format!("{name}: was so already")),
        End::Failed { made, reason, .. } => {
            let made = match made {
                Made::Yes => "made, but failed",
                Made::No => "not made",
                Made::Unknown => "failed, and nobody knows whether it was made",
            };
            bullet(Role::Bad, "✗", format!("{name}: {made}: {reason}"))
        }
        End::Drifted { differences } => bullet(
            Role::Bad,
            "✗",
            format!("{name}: not as planned, left alone: {}", drift(differences)),
        ),
        End::Gone => bullet(Role::Bad, "✗", format!("{name}: does not exist any more")),
        End::NotUndone {
            remains: true,
            reason,
        } => bullet(Role::Warn, "!", format!("{name}: remains: {reason}")),
        End::NotUndone {
            remains: false,
            reason,
        } => bullet(Role::Dim, "·", format!("{name}: nothing to take back: {reason}")),
    }
}

pub(super) fn checked(check: &str, passed: bool, detail: &str) -> Line {
    if passed {
        bullet(Role::Good, "✓", format!("{check}: {detail}"))
    } else {
        bullet(Role::Warn, "✗", format!("{check}: {detail}"))
    }
}

/// Why a run stops.
pub(super) fn halted(halt: &Halt) -> Line {
    let text = match halt {
        Halt::StepFailed { step } => format!("step {step} failed"),
        Halt::Drift { target, reason } => not_as_planned(target, reason),
        Halt::Guard { reason } => format!("guard {reason}"),
        Halt::VerifyFailed { reason } => format!("verification failed: {reason}"),
        Halt::Deadline => "out of time".to_owned(),
        Halt::Interrupted { signal, then } => {
            let who = match signal {
                Signal::Interrupt => "interrupted",
                Signal::Terminate => "told to terminate",
                Signal::HangUp => "the terminal went away",
                Signal::HandOver => "handed over",
            };
            let then = match (then, signal) {
                (Then::Stop, Signal::HandOver) => "a process of its own takes it up at once",
                (Then::Stop, _) => "it can be resumed",
                (Then::RollBack, _) => "what was begun is taken back",
            };
            format!("{who}: {then}")
        }
        Halt::JournalLost { reason } => format!("the journal cannot be written: {reason}"),
        Halt::LockLost => "a lock was lost".to_owned(),
        Halt::Precondition { reason } => format!("precondition: {reason}"),
        Halt::Declined { step } => format!("declined at {step}"),
        Halt::Unreadable { reason, .. } => format!("cannot be read: {reason}"),
    };
    Line::of(Role::Bad, "stops: ").hanging().with(Role::Plain, text)
}

/// What a person is asked while a run is under way, with the words that answer it.
pub fn question(question: &Question, plan: &Plan, clock: &Clock) -> Vec<Line> {
    let identity = &plan.identity;
    let place = match &identity.account_name {
        Some(name) => format!("{} ({name}) {}", identity.account, identity.region),
        None => format!("{} {}", identity.account, identity.region),
    };
    let place = Line::default()
        .with(Role::Plain, "in account ")
        .with(Role::Key, place);
    match question {
        Question::Confirm { level, name, .. } => {
            let changes = count(plan.changes.len(), "change");
            let line = Line::of(Role::Heading, format!("{}: {changes} ", plan.runbook.name));
            let line = place
                .spans
                .into_iter()
                .fold(line, |line, span| line.with(span.role, &span.text));
            let wanted = match level {
                ConfirmLevel::None => return vec![line],
                ConfirmLevel::Ack => "apply",
                ConfirmLevel::TypeName => name,
            };
            vec![
                line,
                Line::of(Role::Plain, "To carry it out, type ").with(Role::Key, wanted),
            ]
        }
        Question::RollBack { reason } => vec![
            Line::of(Role::Bad, "It stopped: ")
                .hanging()
                .with(Role::Plain, clock.in_zone(reason)),
            Line::of(
                Role::Plain,
                format!("Take back what {} has begun ", plan.runbook.name),
            )
            .with(Role::Key, format!("in {} {}", identity.account, identity.region))
            .with(Role::Plain, "? Type ")
            .with(Role::Key, "rollback")
            .with(Role::Plain, "; anything else leaves it as it is"),
        ],
        Question::Continue { step, message, until } => vec![
            Line::of(Role::Heading, format!("{step}: "))
                .hanging()
                .with(Role::Plain, clock.in_zone(message)),
            Line::of(Role::Plain, format!("Go on with {} ", plan.runbook.name))
                .with(Role::Key, format!("in {} {}", identity.account, identity.region))
                .with(Role::Plain, "? Type ")
                .with(Role::Key, "continue")
                .with(Role::Plain, format!(" before {}", clock.time(*until))),
        ],
    }
}

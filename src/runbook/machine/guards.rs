//! Guards: alarms and checks that are watched while a run goes forward. They never stop a rollback. An alarm that
//! fired and cleared between two looks is found in its history.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Happening, Out, Phase, Run, Ticket, protocol::Command};
use crate::domain::alarm::AlarmState;
use crate::domain::ops::{Query, cloudwatch};
use crate::runbook::action::{ErrorClass, View};
use crate::runbook::check::{self, Verdict};
use crate::runbook::plan::{Guard, GuardBaseline, OnUnclear};
use crate::runbook::record::Halt;

/// What is being watched, and since when.
#[derive(Debug, Clone, Default)]
pub(super) struct Watchman {
    ticket: Option<Ticket>,
    /// Since when alarm history counts.
    since: Option<Timestamp>,
    /// Checks that have held since this process looks.
    held: BTreeSet<String>,
}

/// Why an alarm that is to be watched does not let a run begin.
pub(in crate::runbook) struct Hindrance {
    pub(in crate::runbook) reason: String,
    /// Of what kind the error was, if it could not be read.
    pub(in crate::runbook) class: Option<ErrorClass>,
}

/// Whether an alarm that is to be watched lets a run begin: looked at when it is planned, and again when it
/// begins.
pub(in crate::runbook) fn may_begin(guard: &Guard, view: &View) -> Result<(), Hindrance> {
    let refuse = |reason: String| Err(Hindrance { reason, class: None });
    match view.alarm(&guard.alarm) {
        Err(unread) if guard.unreadable == OnUnclear::Stop => Err(Hindrance {
            reason: format!("guard {}: {unread}", guard.alarm),
            class: Some(unread.class().unwrap_or(ErrorClass::Other)),
        }),
        Ok(None) if guard.unreadable == OnUnclear::Stop => refuse(format!(
            "guard {}: there is no such alarm; correct guard_alarms of the estate, or the runbook",
            guard.alarm
        )),
        Ok(Some(alarm)) if alarm.state == AlarmState::Alarm && guard.baseline == GuardBaseline::RequireOk => {
            refuse(format!("guard {} is in alarm already", guard.alarm))
        }
        Ok(Some(alarm))
            if alarm.state == AlarmState::InsufficientData && guard.insufficient_data == OnUnclear::Stop =>
        {
            refuse(format!("guard {} has insufficient data", guard.alarm))
        }
        Err(_) | Ok(None | Some(_)) => Ok(()),
    }
}

impl Watchman {
    pub(super) fn awaits(&self, ticket: Ticket) -> bool {
        self.ticket == Some(ticket)
    }
}

impl Run {
    pub(super) fn guard_queries(&self) -> Vec<Query> {
        let since = self.watchman.since.unwrap_or(self.now.cloud);
        let mut queries = Vec::new();
        if !self.plan().guards.is_empty() {
            queries.push(Query::CloudWatch(cloudwatch::Read::Alarms));
            queries.push(Query::CloudWatch(cloudwatch::Read::AlarmHistory { since }));
        }
        for guard in &self.plan().guard_checks {
            for query in check::reads(&guard.check, &self.plan().names, self.now.cloud) {
                if !queries.contains(&query) {
                    queries.push(query);
                }
            }
        }
        queries
    }

    fn has_guards(&self) -> bool {
        !self.plan().guards.is_empty() || !self.plan().guard_checks.is_empty()
    }

    /// Names and states, as far as they could be read.
    pub(super) fn guard_baseline(&self, view: &View) -> BTreeMap<String, String> {
        let alarms = self.plan().guards.iter().filter_map(|guard| {
            let alarm = view.alarm(&guard.alarm).ok()??;
            Some((guard.alarm.clone(), alarm.state.word().to_owned()))
        });
        let checks = self.plan().guard_checks.iter().map(|guard| {
            let state = state_of(&self.judge(&guard.check, view));
            (guard.name.clone(), state.to_owned())
        });
        alarms.chain(checks).collect()
    }

    /// Whether the guards let a run begin.
    pub(super) fn guards_at_start(&self, view: &View) -> Result<(), Halt> {
        for guard in &self.plan().guards {
            may_begin(guard, view).map_err(|Hindrance { reason, class }| match class {
                Some(class) => Halt::Unreadable { reason, class },
                None => Halt::Precondition { reason },
            })?;
        }
        for guard in &self.plan().guard_checks {
            let verdict = self.judge(&guard.check, view);
            let reason = format!("guard {}: {}", guard.name, verdict.detail());
            match verdict {
                Verdict::Unclear { class, .. } if guard.unreadable == OnUnclear::Stop => {
                    return Err(match class {
                        Some(class) => Halt::Unreadable { reason, class },
                        None => Halt::Precondition { reason },
                    });
                }
                Verdict::Fail(_) if guard.baseline == GuardBaseline::RequireOk => {
                    return Err(Halt::Precondition { reason });
                }
                Verdict::Pass(_) | Verdict::Fail(_) | Verdict::Unclear { .. } => {}
            }
        }
        Ok(())
    }

    /// Starts the watch and the deadline of this leg.
    pub(super) fn arm(&mut self, out: &mut Out) {
        self.watchman.since = Some(self.now.cloud);
        if self.has_guards() {
            self.look_at_guards(out);
        }
        let deadline = match self.phase {
            Phase::Undoing | Phase::Mending => self.plan().rollback_deadline_s,
            _ => self.plan().deadline_s,
        };
        self.deadline = Some(self.timer(deadline.saturating_mul(1_000), out));
    }

    /// The same once credentials are back.
    pub(super) fn rearm(&mut self, out: &mut Out) {
        match self.phase {
            Phase::Applying | Phase::Verifying => {
                let since = self.watchman.since;
                self.arm(out);
                self.watchman.since = since.or(self.watchman.since);
            }
            Phase::Undoing | Phase::Mending => self.arm_rollback(out),
            _ => {}
        }
        if self.looking.is_some() {
            self.look(out);
        }
    }

    pub(super) fn arm_rollback(&mut self, out: &mut Out) {
        self.watchman.ticket = None;
        let after_ms = self.plan().rollback_deadline_s.saturating_mul(1_000);
        self.deadline = Some(self.timer(after_ms, out));
    }

    pub(super) fn look_at_guards(&mut self, out: &mut Out) {
        if !matches!(self.phase, Phase::Applying | Phase::Verifying) {
            self.watchman.ticket = None;
            return;
        }
        let queries = self.guard_queries();
        let ticket = self.ticket();
        self.watchman.ticket = Some(ticket);
        out.push(Command::Read { ticket, queries });
    }

    pub(super) fn on_guards(&mut self, view: &View, out: &mut Out) {
        self.watchman.ticket = None;
        if self.stopping || !matches!(self.phase, Phase::Applying | Phase::Verifying) {
            return;
        }
        if let Some(reason) = Self::credential_fault(view) {
            return self.park(reason, out);
        }
        let since = self.watchman.since.unwrap_or(self.now.cloud);
        for guard in self.plan().guards.clone() {
            let (state, trips) = judge(&guard, since, view);
            Self::emit(
                Happening::Guarded {
                    alarm: guard.alarm.clone(),
                    state: state.clone(),
                },
                out,
            );
            if trips {
                let reason = format!("{}: {state}", guard.alarm);
                return self.halt(Halt::Guard { reason }, out);
            }
        }
        for guard in self.plan().guard_checks.clone() {
            let verdict = self.judge(&guard.check, view);
            Self::emit(
                Happening::Guarded {
                    alarm: guard.name.clone(),
                    state: verdict.detail().to_owned(),
                },
                out,
            );
            let held = match guard.baseline {
                GuardBaseline::RequireOk => true,
                GuardBaseline::Transition => self.has_held(&guard.name),
            };
            let trips = match &verdict {
                Verdict::Pass(_) => {
                    self.watchman.held.insert(guard.name.clone());
                    false
                }
                Verdict::Fail(_) => held,
                Verdict::Unclear { .. } => guard.unreadable == OnUnclear::Stop,
            };
            if trips {
                let reason = format!("{}: {}", guard.name, verdict.detail());
                return self.halt(Halt::Guard { reason }, out);
            }
        }
        let alarms = self.plan().guards.iter().map(|guard| guard.every_s);
        let checks = self.plan().guard_checks.iter().map(|guard| guard.every_s);
        let every_s = alarms.chain(checks).min().unwrap_or(15);
        let ticket = self.timer(every_s.max(1) * 1_000, out);
        self.watchman.ticket = Some(ticket);
    }
}

impl Run {
    /// Whether a check under watch has held at any time: at the start, or since this process looks.
    fn has_held(&self, name: &str) -> bool {
        let baseline = self.ledger.baseline().and_then(|baseline| baseline.get(name));
        self.watchman.held.contains(name) || baseline.is_some_and(|state| state == HOLDS)
    }
}

const HOLDS: &str = "holds";

const fn state_of(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass(_) => HOLDS,
        Verdict::Fail(_) => "does not hold",
        Verdict::Unclear { .. } => "unclear",
    }
}

/// What is said of a guard, and whether it stops the run.
fn judge(guard: &Guard, since: Timestamp, view: &View) -> (String, bool) {
    let stop = |unclear: OnUnclear| unclear == OnUnclear::Stop;
    let alarm = match view.alarm(&guard.alarm) {
        Err(unread) => return (unread.to_string(), stop(guard.unreadable)),
        Ok(None) => return ("there is no such alarm".to_owned(), stop(guard.unreadable)),
        Ok(Some(alarm)) => alarm,
    };
    // It may have fired and cleared since the last look.
    let fired = view.alarm_history().is_ok_and(|history| {
        history.iter().any(|transition| {
            transition.alarm == guard.alarm
                && transition.at > since
                && transition.summary.ends_with("to ALARM")
        })
    });
    match alarm.state {
        AlarmState::Alarm => {
            let began = alarm.since.is_none_or(|at| at > since);
            let trips = match guard.baseline {
                GuardBaseline::RequireOk => true,
                GuardBaseline::Transition => began || fired,
            };
            ("ALARM".to_owned(), trips)
        }
        AlarmState::Ok | AlarmState::InsufficientData if fired => ("fired in between".to_owned(), true),
        AlarmState::Ok => ("OK".to_owned(), false),
        AlarmState::InsufficientData => ("INSUFFICIENT_DATA".to_owned(), stop(guard.insufficient_data)),
    }
}

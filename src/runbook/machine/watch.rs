//! Looking at checks: steps that wait for something, and the verification at the end. "Succeeded" means
//! that every check held in one and the same look.

use super::{Happening, Out, Parked, Phase, Run, Ticket, protocol::Command};
use crate::domain::ops::Query;
use crate::domain::savings::Savings;
use crate::runbook::action::View;
use crate::runbook::check::{self, Verdict};
use crate::runbook::plan::{CheckItem, Severity};
use crate::runbook::record::{Halt, Record};

/// Checks that are looked at until they hold.
#[derive(Debug, Clone)]
pub(super) struct Looking {
    /// The step; `None` for the verification.
    step: Option<usize>,
    items: Vec<CheckItem>,
    since: jiff::Timestamp,
    ticket: Option<Ticket>,
}

impl Looking {
    pub(super) fn awaits(&self, ticket: Ticket) -> bool {
        self.ticket == Some(ticket)
    }
}

impl Run {
    pub(super) fn begin_look(&mut self, step: Option<usize>, items: Vec<CheckItem>, out: &mut Out) {
        self.looking = Some(Looking {
            step,
            items,
            since: self.now.cloud,
            ticket: None,
        });
        self.look(out);
    }

    pub(super) fn begin_verify(&mut self, out: &mut Out) {
        self.phase = Phase::Verifying;
        if self.plan().verify.is_empty() {
            self.write(Record::Verified, out);
            self.begin_always(out);
            return;
        }
        Self::emit(Happening::Verifying, out);
        let items = self.plan().verify.clone();
        self.begin_look(None, items, out);
    }

    pub(super) fn advance_verify(&mut self, out: &mut Out) {
        if self.stopping && self.flights.is_empty() && (self.parked == Parked::No || self.is_leaving()) {
            self.looking = None;
            self.turn(out);
        }
    }

    pub(super) fn look(&mut self, out: &mut Out) {
        let mut queries: Vec<Query> = Vec::new();
        let now = self.now.cloud;
        if let Some(looking) = &self.looking {
            for item in &looking.items {
                for query in check::reads(item, &self.plan().names, now) {
                    if !queries.contains(&query) {
                        queries.push(query);
                    }
                }
            }
        }
        let ticket = self.ticket();
        if let Some(looking) = &mut self.looking {
            looking.ticket = Some(ticket);
        }
        out.push(Command::Read { ticket, queries });
    }

    pub(super) fn on_looked(&mut self, view: &View, out: &mut Out) {
        let Some(mut looking) = self.looking.take() else {
            return;
        };
        if let Some(reason) = Self::credential_fault(view) {
            // Looked at again once they are back.
            looking.ticket = None;
            self.looking = Some(looking);
            return self.park(reason, out);
        }
        let verdicts: Vec<(CheckItem, Verdict)> = looking
            .items
            .iter()
            .map(|item| (item.clone(), self.judge(item, view)))
            .collect();
        let night = self.plan().night;
        let now = self.now.cloud;
        let measured = |item: &CheckItem, verdict: &Verdict| {
            let savings = check::measured(item, view, now).filter(|_| verdict.passed())?;
            Some(Box::new(savings.in_nights(night)))
        };
        let failing: Vec<&(CheckItem, Verdict)> = verdicts
            .iter()
            .filter(|(item, verdict)| !verdict.passed() && item.severity == Severity::Error)
            .collect();
        let elapsed = u64::try_from(self.now.cloud.duration_since(looking.since).as_secs()).unwrap_or(0);
        let late = failing.iter().find(|(item, _)| elapsed >= item.timeout_s);
        if let (Some(first), None) = (failing.first(), late) {
            for (item, verdict) in &failing {
                let awaited = Happening::Awaited {
                    check: item.check.clone(),
                    detail: verdict.detail().to_owned(),
                    elapsed_s: elapsed,
                    limit_s: item.timeout_s,
                };
                Self::emit(awaited, out);
            }
            let every_s = first.0.every_s.clamp(1, (first.0.timeout_s - elapsed).max(1));
            looking.ticket = Some(self.timer(every_s * 1_000, out));
            self.looking = Some(looking);
            return;
        }
        for (item, verdict) in &verdicts {
            self.checked((item, verdict), measured(item, verdict), out);
        }
        match (late, looking.step) {
            (Some((item, verdict)), step) => {
                let said = item.message.clone().unwrap_or_else(|| item.check.clone());
                let reason = format!("{said}: {}", verdict.detail());
                let halt = match step.and_then(|step| self.plan().steps.get(step)) {
                    Some(step) if self.phase == Phase::Applying && !step.bears_failure() => {
                        Halt::StepFailed {
                            step: step.id.clone(),
                        }
                    }
                    Some(_) => {
                        // What runs at the end changes no verdict.
                        let index = step.unwrap_or_default();
                        self.write(
                            Record::StepEnded {
                                step: index,
                                failures: 1,
                            },
                            out,
                        );
                        return;
                    }
                    None => Halt::VerifyFailed { reason },
                };
                self.halt(halt, out);
            }
            (None, Some(step)) => {
                self.write(Record::StepEnded { step, failures: 0 }, out);
            }
            (None, None) => {
                self.write(Record::Verified, out);
                self.begin_always(out);
            }
        }
    }

    /// What a check finds. What cannot be judged has not passed.
    pub(super) fn judge(&self, item: &CheckItem, view: &View) -> Verdict {
        check::judge(item, &self.plan().names, view, self.now.cloud)
    }

    /// Keeps and tells what a check found.
    pub(super) fn checked(
        &mut self,
        (item, verdict): (&CheckItem, &Verdict),
        savings: Option<Box<Savings>>,
        out: &mut Out,
    ) {
        Self::emit(happening(item, verdict), out);
        let record = Record::Checked {
            check: item.check.clone(),
            passed: verdict.passed(),
            detail: verdict.detail().to_owned(),
            savings,
        };
        self.write(record, out);
    }
}

fn happening(item: &CheckItem, verdict: &Verdict) -> Happening {
    Happening::Checked {
        check: item.check.clone(),
        passed: verdict.passed(),
        detail: verdict.detail().to_owned(),
    }
}

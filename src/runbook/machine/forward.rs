//! Going forward: steps in their order, lanes side by side, the first of them alone where it is a
//! canary; and what always runs at the end.

use super::{Answer, Fate, Happening, Out, Parked, Phase, Question, Run};
use crate::domain::exit::Exit;
use crate::runbook::plan::{Lane, Role, Work};
use crate::runbook::record::{Act, End, Halt, Record, Status};

/// How far a lane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Nothing of it was begun.
    Fresh(Act),
    /// It has begun, and this is next.
    Between(Act),
    /// Something of it is under way.
    Flying,
    Done,
    Failed,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It waits for something.
    Busy,
    /// It is over.
    Over,
}

impl Run {
    pub(super) fn begin_forward(&mut self, out: &mut Out) {
        self.phase = Phase::Applying;
        self.arm(out);
    }

    pub(super) fn advance_forward(&mut self, out: &mut Out) {
        if self.stopping {
            if self.flights.is_empty() && (self.parked == Parked::No || self.is_leaving()) {
                self.turn(out);
            }
            return;
        }
        if self.parked != Parked::No {
            return;
        }
        for index in 0..self.plan().steps.len() {
            let step = &self.plan().steps[index];
            if step.role != Role::Main || step.is_rescue() || self.ledger.step_ended(index).is_some() {
                continue;
            }
            if self.run_step(index, out) == Standing::Busy || self.stopping {
                // A step that has just failed with nothing under way turns at once.
                if self.stopping && self.flights.is_empty() {
                    self.turn(out);
                }
                return;
            }
        }
        self.begin_verify(out);
    }

    pub(super) fn advance_always(&mut self, out: &mut Out) {
        if self.parked != Parked::No {
            return;
        }
        if self.stopping {
            if self.flights.is_empty() {
                self.close(out);
            }
            return;
        }
        for index in 0..self.plan().steps.len() {
            if self.plan().steps[index].role != Role::Always || self.ledger.step_ended(index).is_some() {
                continue;
            }
            if self.run_step(index, out) == Standing::Busy {
                return;
            }
        }
        self.close(out);
    }

    pub(super) fn run_step(&mut self, index: usize, out: &mut Out) -> Standing {
        let plan = self.ledger.shared_plan();
        let step = &plan.steps[index];
        let begun = step
            .changes()
            .any(|change| self.ledger.fate(Act::make(change)).is_some());
        if !begun && self.looking.is_none() && !self.is_wanted(index, out) {
            self.write(
                Record::StepEnded {
                    step: index,
                    failures: 0,
                },
                out,
            );
            return Standing::Over;
        }
        let bears_failure = step.bears_failure();
        match &step.work {
            Work::Changes {
                lanes,
                concurrency,
                canary,
                stop_after_failures,
                allow_failure,
                ..
            } => {
                let limit = if *allow_failure || bears_failure {
                    u32::MAX
                } else {
                    (*stop_after_failures).max(1)
                };
                self.run_lanes(index, lanes, (*concurrency, *canary, limit), out)
            }
            Work::Check { check } => {
                if self.looking.is_none() {
                    self.begin_look(Some(index), vec![check.clone()], out);
                }
                self.step_standing(index)
            }
            Work::Pause { message, timeout_s } => {
                if self.ledger.was_continued(index) {
                    self.write(
                        Record::StepEnded {
                            step: index,
                            failures: 0,
                        },
                        out,
                    );
                    return Standing::Over;
                }
                if self.asked.is_none() {
                    let span = jiff::SignedDuration::from_secs(i64::try_from(*timeout_s).unwrap_or(i64::MAX));
                    let until = self
                        .now
                        .cloud
                        .saturating_add(span)
                        .unwrap_or(jiff::Timestamp::MAX);
                    let step = self.plan().steps[index].id.clone();
                    self.ask(
                        Question::Continue {
                            step,
                            message: message.clone(),
                            until,
                        },
                        out,
                    );
                }
                Standing::Busy
            }
        }
    }

    fn step_standing(&self, index: usize) -> Standing {
        if self.ledger.step_ended(index).is_some() {
            Standing::Over
        } else {
            Standing::Busy
        }
    }

    fn run_lanes(
        &mut self,
        index: usize,
        lanes: &[Lane],
        (concurrency, canary, stop_after_failures): (u32, u32, u32),
        out: &mut Out,
    ) -> Standing {
        loop {
            let progress: Vec<Progress> = lanes.iter().map(|lane| self.lane(&lane.changes)).collect();
            let count = |wanted: fn(&Progress) -> bool| progress.iter().filter(|lane| wanted(lane)).count();
            let done = count(|lane| *lane == Progress::Done);
            let failed = count(|lane| *lane == Progress::Failed);
            let flying = count(|lane| *lane == Progress::Flying);
            if failed > 0 && failed >= stop_after_failures as usize && self.phase == Phase::Applying {
                let step = self.plan().steps[index].id.clone();
                self.halt(Halt::StepFailed { step }, out);
                return Standing::Busy;
            }
            if done + failed == lanes.len() {
                let failures = u32::try_from(failed).unwrap_or(u32::MAX);
                self.write(
                    Record::StepEnded {
                        step: index,
                        failures,
                    },
                    out,
                );
                return Standing::Over;
            }
            // Canaries go one at a time, and the others only once these have come through.
            let allowed = if done < canary as usize {
                1
            } else {
                concurrency.max(1) as usize
            };
            let begun = progress.iter().find_map(|lane| match lane {
                Progress::Between(act) => Some(*act),
                _ => None,
            });
            let fresh = progress.iter().find_map(|lane| match lane {
                Progress::Fresh(act) => Some(*act),
                _ => None,
            });
            // What has begun goes on before anything new begins.
            let next = match (begun, fresh) {
                (Some(act), _) => act,
                (None, Some(act)) if flying < allowed => act,
                _ => return Standing::Busy,
            };
            if done + failed + flying == 0 && self.ledger.fate(next).is_none() {
                let step = self.plan().steps[index].id.clone();
                Self::emit(Happening::StepBegan { step }, out);
            }
            self.take_off(next, out);
            if self.stopping || self.parked != Parked::No {
                return Standing::Busy;
            }
        }
    }

    fn lane(&self, changes: &[usize]) -> Progress {
        let mut begun = false;
        for change in changes {
            let act = Act::make(*change);
            if self.flights.contains_key(&act) {
                return Progress::Flying;
            }
            match self.ledger.fate(act) {
                None if begun => return Progress::Between(act),
                None => return Progress::Fresh(act),
                Some(Fate::Intended { .. } | Fate::Refused { .. } | Fate::Applied(_)) => {
                    return Progress::Between(act);
                }
                Some(Fate::Ended(End::Done | End::AlreadyThere | End::NotUndone { .. })) => begun = true,
                Some(Fate::Ended(End::Failed { .. } | End::Drifted { .. } | End::Gone)) => {
                    return Progress::Failed;
                }
            }
        }
        Progress::Done
    }

    pub(super) fn on_continued(&mut self, answer: Answer, out: &mut Out) {
        let paused = (0..self.plan().steps.len()).find(|index| {
            matches!(self.plan().steps[*index].work, Work::Pause { .. })
                && self.ledger.step_ended(*index).is_none()
                && !self.ledger.was_continued(*index)
        });
        let Some(step) = paused else { return };
        match answer {
            Answer::Yes => {
                let by = self.who.user.clone();
                self.write(Record::Continued { step, by }, out);
            }
            // It can be taken up again where somebody can answer.
            Answer::NoTerminal => {
                let exit = Exit::worst([self.exit_of_leaving(), Exit::NeedsTerminal]);
                self.leave_as(Status::Interrupted, exit, out);
            }
            Answer::No | Answer::Name(_) | Answer::Digest { .. } => {
                let step = self.plan().steps[step].id.clone();
                self.halt(Halt::Declined { step }, out);
            }
        }
    }
}

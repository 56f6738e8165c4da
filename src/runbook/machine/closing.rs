//! How a run ends: what always runs, the last record, and the exit code. What state the estate is in
//! outranks why it came to that.

use serde::{Deserialize, Serialize};

use super::opening::{exit_of, exit_of_signal};
use super::{CALL_OFF, Command, Fate, Happening, Ledger, Out, Phase, ReplayError, Run};
use crate::domain::exit::Exit;
use crate::domain::recovery::MeasuredRestore;
use crate::domain::savings::Savings;
use crate::runbook::action::Undo;
use crate::runbook::plan::{Afterwards, Role, Step};
use crate::runbook::record::{Act, End, Halt, Journal, Made, Record, Resume, RunId, Status};
use crate::runbook::tell::not_as_planned;

/// What a run came to: `quarterdeck.run/1`, less what only the driver knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The run.
    pub run_id: RunId,
    /// The runbook's name.
    pub runbook: String,
    /// As history lists it.
    pub status: Status,
    /// The exit.
    pub exit: Exit,
    /// Whether anything was changed, or may have been, taken back or not.
    pub changed: bool,
    /// How many changes were made, taken back or not; messages do not count.
    #[serde(default)]
    pub made: usize,
    /// Changes by how they ended.
    pub targets: Targets,
    /// Whether everything that was changed was taken back.
    pub rolled_back: bool,
    /// Whether it can be taken up again.
    pub resumable: bool,
    /// Whether a rollback would do anything.
    #[serde(default)]
    pub takes_back: bool,
    /// Its parameters, as `--set` takes them; secrets are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<(String, String)>,
    /// Why it stopped, in words; empty if it did not.
    pub reasons: Vec<String>,
    /// What remains that should not, in words; empty if it succeeded or everything was taken back.
    pub remains: Vec<String>,
    /// What went wrong without changing the verdict, in words: a notification that was not delivered, a check
    /// that only warns.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// What it measured, if it restored a database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Box<MeasuredRestore>>,
    /// What was measured of what is saved, if it put instances to rest or brought them back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub savings: Option<Box<Savings>>,
    /// What is offered next, if it succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub afterwards: Vec<Afterwards>,
    /// Whether there is a journal of it.
    pub journaled: bool,
}

/// Changes by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    /// As wanted.
    pub ok: usize,
    /// Failed.
    pub failed: usize,
    /// Not begun, or taken back.
    pub skipped: usize,
    /// Nobody knows.
    pub unknown: usize,
}

/// What remains of a run's changes.
#[derive(Debug, Clone, Default, PartialEq)]
struct Remains {
    /// How many changes were made, or may have been.
    made: usize,
    /// Undo was tried and did not succeed.
    undo_failed: bool,
    /// Something that was made is still there.
    left: Vec<String>,
}

impl Summary {
    /// What a run came to, or has come to so far, by its journal alone.
    ///
    /// # Errors
    /// If the journal does not begin with a run's start, or its plan was changed.
    pub fn of(journal: &Journal) -> Result<Self, ReplayError> {
        let ledger = Ledger::replay(&journal.entries)?;
        let Some((now, who, ..)) = ledger.started().cloned() else {
            return Err(ReplayError::NoStart);
        };
        let status = ledger.status();
        let exit = ledger.exit().unwrap_or(Exit::Partial);
        let resumable = ledger.may_resume(Resume::Forward).is_ok();
        let mut run = Run::with(ledger, journal.chain.clone(), (who, None, None), now);
        Ok(Self {
            resumable,
            ..run.summarise(status, exit)
        })
    }
}

impl Run {
    pub(super) fn begin_always(&mut self, _out: &mut Out) {
        self.phase = Phase::Always;
        self.stopping = false;
        self.looking = None;
        self.flights.clear();
        self.deadline = None;
    }

    pub(super) fn close(&mut self, out: &mut Out) {
        let exit = self.verdict();
        let status = self.status_of(exit);
        self.close_as(status, exit, out);
    }

    /// Closes a run in which nothing was changed.
    pub(super) fn close_with(&mut self, exit: Exit, out: &mut Out) {
        self.close_as(Status::Failed, exit, out);
    }

    pub(super) fn close_abandoned(&mut self, out: &mut Out) {
        let exit = if self.remains().left.is_empty() {
            Exit::Done
        } else {
            Exit::Partial
        };
        self.close_as(Status::Abandoned, exit, out);
    }

    fn close_as(&mut self, status: Status, exit: Exit, out: &mut Out) {
        let summary = self.summarise(status, exit);
        let remains = summary.remains.clone();
        self.end = Some(summary);
        let seq = self.write(
            Record::Closed {
                status,
                exit,
                remains,
            },
            out,
        );
        self.phase = Phase::Closing(seq);
    }

    /// Leaves the run for later.
    pub(super) fn leave_as(&mut self, status: Status, exit: Exit, out: &mut Out) {
        self.flights.clear();
        self.looking = None;
        self.asked = None;
        let mut summary = self.summarise(status, exit);
        summary.resumable = true;
        self.end = Some(summary);
        let seq = self.write(Record::Stopped { status, exit }, out);
        self.phase = Phase::Closing(seq);
    }

    /// Ends without a record: nothing was begun, or another process has the journal.
    pub(super) fn end_unwritten(&mut self, exit: Exit, status: Status, out: &mut Out) {
        self.end_unconfirmed(exit, status, (None, out));
    }

    /// The same for a reason that stands in no record.
    pub(super) fn end_unconfirmed(
        &mut self,
        exit: Exit,
        status: Status,
        (reason, out): (Option<String>, &mut Out),
    ) {
        let mut summary = self.summarise(status, exit);
        summary.reasons.extend(reason);
        summary.journaled = self.resume.is_some();
        summary.resumable = self.resume.is_some() && status != Status::Succeeded;
        self.end = Some(summary.clone());
        self.phase = Phase::Ended;
        out.push(Command::Emit(Happening::Over(Box::new(summary))));
    }

    /// The last record is on the disk.
    pub(super) fn closed(&mut self, out: &mut Out) {
        self.phase = Phase::Ended;
        out.push(Command::Unlock);
        if let Some(summary) = &self.end {
            out.push(Command::Emit(Happening::Over(Box::new(summary.clone()))));
        }
    }

    /// Nothing more can be written down, so nothing more may be changed.
    pub(super) fn lose_journal(&mut self, reason: String, out: &mut Out) {
        for act in self.unsent() {
            self.ledger.forget_intent(act);
        }
        let changed = self.remains().made > 0;
        let exit = if changed { Exit::Partial } else { Exit::Internal };
        let status = if changed { Status::Partial } else { Status::Failed };
        let mut summary = self.summarise(status, exit);
        summary
            .reasons
            .push(format!("the journal cannot be written: {reason}"));
        summary.resumable = true;
        self.flights.clear();
        self.end = Some(summary.clone());
        self.phase = Phase::Ended;
        out.push(Command::Unlock);
        out.push(Command::Emit(Happening::Over(Box::new(summary))));
    }

    fn summarise(&mut self, status: Status, exit: Exit) -> Summary {
        let remains = self.remains();
        let undone = self.ledger.is_rolling_back();
        Summary {
            run_id: self.ledger.run().clone(),
            runbook: self.plan().runbook.name.clone(),
            status,
            exit,
            changed: remains.made > 0,
            made: remains.made,
            targets: targets(&self.ledger),
            rolled_back: undone && remains.made > 0 && remains.left.is_empty(),
            resumable: false,
            takes_back: self.ledger.takes_back(),
            set: self.plan().set(),
            reasons: self
                .ledger
                .halts()
                .iter()
                .map(|halt| reason_in(halt, &self.ledger))
                .collect(),
            // What a run was for remains too, and is no trouble once it succeeded.
            remains: if status == Status::Succeeded {
                Vec::new()
            } else {
                remains.left
            },
            warnings: self.ledger.warnings(),
            measured: self.ledger.measured().cloned().map(Box::new),
            savings: self.ledger.savings().map(Box::new),
            afterwards: if status == Status::Succeeded && remains.made > 0 {
                self.plan().afterwards.clone()
            } else {
                Vec::new()
            },
            journaled: true,
        }
    }

    fn remains(&mut self) -> Remains {
        let mut remains = Remains::default();
        let acts: Vec<usize> = (0..self.plan().changes.len()).collect();
        for change in acts {
            if self.role_of(Act::make(change)) != Role::Main || self.plan().changes[change].is_message() {
                continue;
            }
            let made = self.ledger.was_made(change);
            if made == Made::No {
                continue;
            }
            remains.made += 1;
            if self.ledger.is_removed(change) {
                continue;
            }
            let name = self.plan().called(&self.plan().changes[change].target);
            let summary = self.plan().changes[change].summary.clone();
            if made == Made::Unknown {
                remains
                    .left
                    .push(format!("{name}: {summary}: nobody knows whether it was made"));
                continue;
            }
            match self.undone(change) {
                Ok(()) => {}
                Err((tried, why)) => {
                    remains.undo_failed |= tried;
                    remains.left.push(format!("{name}: {summary}{why}"));
                }
            }
        }
        remains
    }

    /// Whether a change was taken back; else whether that was tried, and what to say.
    fn undone(&mut self, change: usize) -> Result<(), (bool, String)> {
        let kept = self.ledger.kept(change).is_some();
        if self.is_left(change)
            && let Some(Fate::Ended(End::Failed { reason, .. })) =
                self.ledger.fate(Act::undo(change, CALL_OFF))
        {
            return Err((true, format!(": calling it off failed: {reason}")));
        }
        let parts = match self.inverse(change).as_deref() {
            Some(Undo::By(changes)) if !kept => changes.len().max(1),
            Some(Undo::By(_) | Undo::NotNeeded(_) | Undo::Impossible(_)) | None => 1,
        };
        for part in 0..u16::try_from(parts).unwrap_or(u16::MAX) {
            match self.ledger.fate(Act::undo(change, part)) {
                Some(Fate::Ended(End::Done | End::AlreadyThere | End::NotUndone { remains: false, .. })) => {}
                Some(Fate::Ended(End::NotUndone { reason, .. })) => {
                    return Err((false, format!(": {reason}")));
                }
                Some(Fate::Ended(End::Failed { reason, .. })) => {
                    return Err((true, format!(": taking it back failed: {reason}")));
                }
                Some(Fate::Ended(End::Drifted { .. })) => {
                    return Err((true, ": somebody changed it since; left alone".to_owned()));
                }
                Some(Fate::Ended(End::Gone)) => {
                    return Err((true, ": it does not exist any more".to_owned()));
                }
                Some(Fate::Intended { .. } | Fate::Applied(_)) => {
                    return Err((true, ": taking it back was begun".to_owned()));
                }
                Some(Fate::Refused { .. }) | None => {
                    // Once taking back has begun, what it did not reach is a failure of it.
                    return Err((self.ledger.is_rolling_back(), String::new()));
                }
            }
        }
        Ok(())
    }

    /// The exit of a run that has come to its end.
    fn verdict(&mut self) -> Exit {
        let remains = self.remains();
        let failed = failed_acts(&self.ledger).count() > 0;
        if self.ledger.halts().is_empty() && !failed && !self.ledger.is_rolling_back() {
            return Exit::Done;
        }
        let state = if remains.undo_failed {
            Exit::RollbackFailed
        } else if !remains.left.is_empty() {
            Exit::Partial
        } else if remains.made > 0 {
            Exit::RolledBack
        } else {
            Exit::Done
        };
        // What was asked was done, whatever had stopped the run before.
        if self.ledger.was_asked_back() && matches!(state, Exit::RolledBack | Exit::Done) {
            return Exit::Done;
        }
        let mut exits = vec![state];
        exits.extend(
            self.ledger
                .halts()
                .iter()
                .map(|halt| exit_of_halt(halt, &self.ledger)),
        );
        // A few failures that the runbook bears are no success either, nor is a failed verification of
        // a run that changed nothing.
        let verify_failed = |halt: &Halt| matches!(halt, Halt::VerifyFailed { .. });
        let bare = state == Exit::Done && self.ledger.halts().iter().any(verify_failed);
        if bare || (failed && self.ledger.halts().is_empty() && !self.ledger.is_rolling_back()) {
            exits.push(Exit::Partial);
        }
        Exit::worst(exits)
    }

    /// What the run has come to so far, for what always runs at the end: as history would list it,
    /// and in a few words.
    pub(super) fn outcome_so_far(&mut self) -> (Status, String) {
        let exit = self.verdict();
        let status = self.status_of(exit);
        let mut said: Vec<String> = self
            .ledger
            .halts()
            .iter()
            .map(|halt| reason_in(halt, &self.ledger))
            .collect();
        if said.is_empty() {
            said.push(status.word().to_owned());
        }
        let remains = self.remains().left;
        if !remains.is_empty() && status != Status::Succeeded {
            said.push(format!("remains: {}", remains.join(", ")));
        }
        (status, said.join("; "))
    }

    pub(super) fn exit_of_leaving(&mut self) -> Exit {
        let state = if self.remains().left.is_empty() {
            Exit::Done
        } else {
            Exit::Partial
        };
        let reasons: Vec<Exit> = self
            .ledger
            .halts()
            .iter()
            .map(|halt| exit_of_halt(halt, &self.ledger))
            .collect();
        Exit::worst(reasons.into_iter().chain([state]))
    }

    fn status_of(&self, exit: Exit) -> Status {
        match exit {
            Exit::Done if self.ledger.is_rolling_back() || self.ledger.was_asked_back() => Status::RolledBack,
            Exit::Done => Status::Succeeded,
            Exit::RolledBack => Status::RolledBack,
            Exit::Partial | Exit::RollbackFailed => Status::Partial,
            Exit::Internal
            | Exit::Usage
            | Exit::ChangesPending
            | Exit::Precondition
            | Exit::Declined
            | Exit::NeedsTerminal
            | Exit::LockHeld
            | Exit::Drift
            | Exit::GuardTripped
            | Exit::Deadline
            | Exit::Credentials
            | Exit::Findings
            | Exit::HangUp
            | Exit::Interrupted
            | Exit::Terminated => Status::Failed,
        }
    }
}

fn failed_acts(ledger: &Ledger) -> impl Iterator<Item = &End> {
    ledger.fates().filter_map(move |(act, fate)| match fate {
        Fate::Ended(end @ (End::Failed { .. } | End::Drifted { .. } | End::Gone)) if !act.is_undo() => {
            (!ledger.may_fail(act.change)).then_some(end)
        }
        _ => None,
    })
}

/// Whether a change that was made was taken back: its target is as it was.
fn was_taken_back(ledger: &Ledger, change: usize) -> bool {
    let mut undone = ledger
        .fates()
        .filter(|(act, _)| act.change == change && act.is_undo())
        .peekable();
    undone.peek().is_some()
        && undone.all(|(_, fate)| matches!(fate, Fate::Ended(End::Done | End::AlreadyThere)))
}

fn targets(ledger: &Ledger) -> Targets {
    let mut targets = Targets::default();
    for change in 0..ledger.plan().changes.len() {
        if was_taken_back(ledger, change) {
            targets.skipped += 1;
            continue;
        }
        match ledger.fate(Act::make(change)) {
            // What nobody needed.
            None if ledger.step_of(change).is_some_and(Step::is_rescue) => {}
            None | Some(Fate::Refused { .. }) => targets.skipped += 1,
            Some(Fate::Intended { .. } | Fate::Applied(_)) => targets.unknown += 1,
            Some(Fate::Ended(end)) => match end {
                End::Done | End::AlreadyThere | End::NotUndone { .. } => targets.ok += 1,
                End::Failed {
                    made: Made::Unknown, ..
                } => targets.unknown += 1,
                End::Failed { .. } | End::Drifted { .. } | End::Gone => targets.failed += 1,
            },
        }
    }
    targets
}

/// What a reason to stop means where nothing was changed.
fn exit_of_halt(halt: &Halt, ledger: &Ledger) -> Exit {
    match halt {
        Halt::StepFailed { .. } => failed_acts(ledger)
            .find_map(|end| match end {
                End::Failed {
                    class: Some(class), ..
                } => Some(exit_of(*class)),
                End::Drifted { .. } | End::Gone => Some(Exit::Drift),
                _ => None,
            })
            .unwrap_or(Exit::Precondition),
        Halt::Drift { .. } => Exit::Drift,
        Halt::Guard { .. } => Exit::GuardTripped,
        // Decided by what remains.
        Halt::VerifyFailed { .. } => Exit::Done,
        Halt::Deadline => Exit::Deadline,
        Halt::Interrupted { signal, .. } => exit_of_signal(*signal),
        Halt::JournalLost { .. } | Halt::LockLost => Exit::Internal,
        Halt::Precondition { .. } => Exit::Precondition,
        Halt::Declined { .. } => Exit::Declined,
        Halt::Unreadable { class, .. } => exit_of(*class),
    }
}

/// A reason to stop, in words; of a step that failed with what failed in it.
fn reason_in(halt: &Halt, ledger: &Ledger) -> String {
    let Halt::StepFailed { step } = halt else {
        return reason(halt);
    };
    let of_step = |act: Act| !act.is_undo() && ledger.step_of(act.change).is_some_and(|of| of.id == *step);
    let mut why = ledger
        .fates()
        .filter(|(act, _)| of_step(*act))
        .filter_map(|(act, fate)| {
            let said = match fate {
                Fate::Ended(End::Failed { reason, .. }) => reason.clone(),
                Fate::Ended(End::Drifted { .. }) => "somebody changed it since the plan".to_owned(),
                Fate::Ended(End::Gone) => "it does not exist any more".to_owned(),
                _ => return None,
            };
            let change = ledger.plan().changes.get(act.change)?;
            Some(format!("{}: {said}", ledger.plan().called(&change.target)))
        });
    match (why.next(), why.count()) {
        (None, _) => reason(halt),
        (Some(first), 0) => format!("{}: {first}", reason(halt)),
        (Some(first), more) => format!("{}: {first}, and {more} more", reason(halt)),
    }
}

/// A reason to stop, in words.
pub(super) fn reason(halt: &Halt) -> String {
    match halt {
        Halt::StepFailed { step } => format!("step {step} failed"),
        Halt::Drift { target, reason } => not_as_planned(target, reason),
        Halt::Guard { reason } => format!("guard {reason}"),
        Halt::VerifyFailed { reason } => format!("verification failed: {reason}"),
        Halt::Deadline => "out of time".to_owned(),
        Halt::Interrupted { signal, .. } => match signal {
            crate::runbook::record::Signal::Interrupt => "interrupted".to_owned(),
            crate::runbook::record::Signal::Terminate => "terminated".to_owned(),
            crate::runbook::record::Signal::HangUp => "the terminal went away".to_owned(),
            crate::runbook::record::Signal::HandOver => "handed over to a process of its own".to_owned(),
        },
        Halt::JournalLost { reason } => format!("the journal cannot be written: {reason}"),
        Halt::LockLost => "a lock was lost".to_owned(),
        Halt::Declined { step } => format!("declined at {step}"),
        Halt::Precondition { reason } => format!("precondition: {reason}"),
        Halt::Unreadable { reason, .. } => format!("cannot be read: {reason}"),
    }
}

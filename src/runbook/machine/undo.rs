//! Taking back what was begun: in reverse, from the states that were seen before, one after the other.
//! A failing inverse does not stop the others; what somebody else changed since is left alone.

use super::{CALL_OFF, Fate, Happening, Out, Parked, Phase, Question, Run};
use crate::runbook::action::{Change, Undo};
use crate::runbook::plan::{FailurePolicy, Role};
use crate::runbook::record::{Act, End, Halt, Made, Record, Status, Then};

impl Run {
    /// What follows from the reason to stop, once nothing is under way.
    pub(super) fn turn(&mut self, out: &mut Out) {
        let halts = self.ledger.halts();
        if halts
            .iter()
            .any(|halt| matches!(halt, Halt::JournalLost { .. } | Halt::LockLost))
        {
            return self.leave(out);
        }
        let asked = halts.iter().rev().find_map(|halt| match halt {
            Halt::Interrupted { then, .. } => Some(*then),
            _ => None,
        });
        if asked == Some(Then::Stop) {
            return self.leave(out);
        }
        if self.begin_mending(out) {
            return;
        }
        if asked == Some(Then::RollBack) {
            return self.begin_undo(out);
        }
        if self.to_undo().is_empty() {
            return self.begin_always(out);
        }
        if self.plan().on_failure != FailurePolicy::RollBack && self.reconcile_leftovers(out) {
            return;
        }
        match self.plan().on_failure {
            FailurePolicy::RollBack => self.begin_undo(out),
            FailurePolicy::Stop => self.begin_always(out),
            FailurePolicy::Ask => {
                let first = self.ledger.halts().first();
                let reason = first.map(super::closing::reason).unwrap_or_default();
                self.phase = Phase::Deciding;
                self.ask(Question::RollBack { reason }, out);
            }
        }
    }

    /// Before it is said what remains, calls without an answer are looked into. Whether any is.
    fn reconcile_leftovers(&mut self, out: &mut Out) -> bool {
        for change in self.to_undo() {
            let act = Act::make(change);
            if matches!(self.ledger.fate(act), Some(Fate::Intended { .. })) {
                self.phase = Phase::Applying;
                self.stopping = true;
                self.take_off(act, out);
            }
        }
        !self.flights.is_empty()
    }

    pub(super) fn on_decided(&mut self, roll_back: bool, out: &mut Out) {
        if self.phase != Phase::Deciding {
            return;
        }
        let stop = matches!(
            self.ledger.halts().last(),
            Some(Halt::Interrupted { then: Then::Stop, .. })
        );
        if roll_back {
            self.begin_undo(out);
        } else if stop {
            self.leave(out);
        } else {
            self.begin_always(out);
        }
    }

    /// Changes that were made or may have been, the last begun first.
    pub(super) fn to_undo(&self) -> Vec<usize> {
        self.ledger
            .began()
            .iter()
            .rev()
            .filter(|act| !act.is_undo() && self.role_of(**act) == Role::Main)
            .map(|act| act.change)
            .filter(|change| self.ledger.was_made(*change) != Made::No)
            .filter(|change| !self.plan().changes.get(*change).is_some_and(Change::is_message))
            .filter(|change| !self.ledger.is_removed(*change))
            .collect()
    }

    pub(super) fn begin_undo(&mut self, out: &mut Out) {
        self.phase = Phase::Undoing;
        self.stopping = false;
        self.looking = None;
        self.flights.clear();
        if !self.ledger.is_rolling_back() {
            self.write(Record::RollingBack, out);
        }
        Self::emit(Happening::RollingBack, out);
        self.arm_rollback(out);
    }

    pub(super) fn advance_undo(&mut self, out: &mut Out) {
        if !self.flights.is_empty() || (self.parked != Parked::No && !self.is_leaving()) {
            return;
        }
        if self.stopping {
            // A person asked to stop: the rest can be taken back later. Out of time: say what remains.
            let left = self.ledger.halts().iter().rev().find_map(|halt| match halt {
                Halt::Deadline => Some(false),
                Halt::Interrupted { .. } | Halt::LockLost | Halt::JournalLost { .. } => Some(true),
                _ => None,
            });
            if left == Some(true) {
                self.leave(out);
            } else {
                self.begin_always(out);
            }
            return;
        }
        for change in self.to_undo() {
            if self.undo_one(change, out) {
                return;
            }
        }
        self.begin_always(out);
    }

    /// Goes on with taking one change back. Whether something is under way now.
    fn undo_one(&mut self, change: usize, out: &mut Out) -> bool {
        let make = Act::make(change);
        if matches!(self.ledger.fate(make), Some(Fate::Intended { .. })) {
            // Whether it was made at all must be known first.
            self.take_off(make, out);
            return self.flights.contains_key(&make);
        }
        let first = Act::undo(change, 0);
        if self.is_left(change) && self.call_off(change).is_some() {
            let off = Act::undo(change, CALL_OFF);
            if !matches!(self.ledger.fate(off), Some(Fate::Ended(_))) {
                self.take_off(off, out);
                if self.flights.contains_key(&off) {
                    return true;
                }
            }
        }
        if let Some(reason) = self.ledger.kept(change).map(str::to_owned) {
            self.note_undo(first, true, reason, out);
            return false;
        }
        let Some(undo) = self.inverse(change) else {
            return false;
        };
        match &*undo {
            Undo::By(changes) => {
                for part in 0..u16::try_from(changes.len()).unwrap_or(u16::MAX) {
                    let act = Act::undo(change, part);
                    match self.ledger.fate(act) {
                        Some(Fate::Ended(End::Done | End::AlreadyThere | End::NotUndone { .. })) => {}
                        // The parts build on each other; the other changes do not.
                        Some(Fate::Ended(End::Failed { .. } | End::Drifted { .. } | End::Gone)) => {
                            return false;
                        }
                        None | Some(Fate::Intended { .. } | Fate::Refused { .. } | Fate::Applied(_)) => {
                            self.take_off(act, out);
                            if self.flights.contains_key(&act) {
                                return true;
                            }
                        }
                    }
                }
                false
            }
            Undo::NotNeeded(reason) => {
                self.note_undo(first, false, (*reason).to_owned(), out);
                false
            }
            Undo::Impossible(reason) => {
                self.note_undo(first, true, reason.clone(), out);
                false
            }
        }
    }

    fn note_undo(&mut self, act: Act, remains: bool, reason: String, out: &mut Out) {
        if self.ledger.fate(act).is_none() {
            self.land(act, End::NotUndone { remains, reason }, out);
        }
    }

    /// Leaves the run where it is, to be taken up again.
    pub(super) fn leave(&mut self, out: &mut Out) {
        let exit = self.exit_of_leaving();
        self.leave_as(Status::Interrupted, exit, out);
    }
}

//! What blocks have for a failure: the rescue of those in which a step has failed, then what each does
//! last in any case, the innermost block first. It comes before the policy for failures and changes
//! nothing about the failure: the run has failed, whatever becomes of this.

use super::forward::Standing;
use super::{Out, Parked, Phase, Run};
use crate::runbook::plan::{Membership, Part, Role, Step};
use crate::runbook::record::{Act, Halt, Record};

impl Run {
    /// Begins with it, if there is any of it. Whether there is.
    pub(super) fn begin_mending(&mut self, out: &mut Out) -> bool {
        if self.ledger.is_mended() || self.next_to_mend().is_none() {
            return false;
        }
        self.phase = Phase::Mending;
        self.stopping = false;
        self.looking = None;
        self.flights.clear();
        self.arm_rollback(out);
        true
    }

    pub(super) fn advance_mending(&mut self, out: &mut Out) {
        if self.stopping {
            if self.flights.is_empty() && (self.parked == Parked::No || self.is_leaving()) {
                if !self.is_leaving() {
                    // Out of time, or told to take everything back now.
                    self.write(Record::Mended, out);
                }
                self.looking = None;
                self.turn(out);
            }
            return;
        }
        if self.parked != Parked::No {
            return;
        }
        while let Some(step) = self.next_to_mend() {
            if self.run_step(step, out) == Standing::Busy || self.stopping {
                return;
            }
        }
        self.write(Record::Mended, out);
        self.stopping = true;
        self.turn(out);
    }

    /// The next step of a rescue or of what is done last; `None` once all of it is over.
    fn next_to_mend(&self) -> Option<usize> {
        let current = self.plan().steps.iter().enumerate().find(|(index, step)| {
            step.role == Role::Main && !step.is_rescue() && self.ledger.step_ended(*index).is_none()
        });
        let (_, current) = current?;
        let failed = matches!(
            self.ledger.halts().first(),
            Some(Halt::StepFailed { .. } | Halt::Drift { .. })
        );
        // From the innermost block outwards.
        for depth in (0..current.within.len()).rev() {
            let around = &current.within[..=depth];
            if !self.has_begun(around) {
                continue;
            }
            if failed && around[depth].part == Part::Tried {
                let rescue = self.part_of(around, Part::Rescue);
                let gave_up = rescue
                    .iter()
                    .any(|step| self.ledger.step_ended(*step).is_some_and(|failures| failures > 0));
                let next = rescue
                    .into_iter()
                    .find(|step| self.ledger.step_ended(*step).is_none());
                if !gave_up && next.is_some() {
                    return next;
                }
            }
            let last = self.part_of(around, Part::Always);
            let next = last
                .into_iter()
                .find(|step| self.ledger.step_ended(*step).is_none());
            if next.is_some() {
                return next;
            }
        }
        None
    }

    /// Whether anything of a block was begun.
    fn has_begun(&self, around: &[Membership]) -> bool {
        self.plan().steps.iter().enumerate().any(|(index, step)| {
            is_in(step, around)
                && (self.ledger.step_ended(index).is_some()
                    || step
                        .changes()
                        .any(|change| self.ledger.fate(Act::make(change)).is_some())
                    || self
                        .ledger
                        .halts()
                        .iter()
                        .any(|halt| matches!(halt, Halt::StepFailed { step: failed } if *failed == step.id)))
        })
    }

    /// The steps of one part of a block.
    fn part_of(&self, around: &[Membership], part: Part) -> Vec<usize> {
        let steps = self.plan().steps.iter().enumerate();
        steps
            .filter(|(_, step)| is_in(step, around))
            .filter(|(_, step)| step.within.get(around.len() - 1).map(|own| own.part) == Some(part))
            .map(|(index, _)| index)
            .collect()
    }
}

/// Whether a step is in the innermost of these blocks, in whichever part of it.
fn is_in(step: &Step, around: &[Membership]) -> bool {
    let Some((innermost, outer)) = around.split_last() else {
        return false;
    };
    step.within.len() >= around.len()
        && step.within[..outer.len()] == *outer
        && step.within[outer.len()].block == innermost.block
}

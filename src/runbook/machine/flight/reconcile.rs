//! A call without an answer: whether it was made, as reading shows.

use jiff::SignedDuration;

use super::{Purpose, SETTLES, Setback};
use crate::runbook::action::{Action, Change, Sight, View, was_made};
use crate::runbook::machine::{Fate, Out, Phase, Run};
use crate::runbook::record::{Act, End, Made, Reconciled, Record};

impl Run {
    pub(super) fn judge_reconcile(
        &mut self,
        act: Act,
        (change, action): (&Change, &'static dyn Action),
        view: &View,
        out: &mut Out,
    ) {
        let Some(Fate::Intended { attempt, at }) = self.ledger.fate(act).cloned() else {
            return;
        };
        let sight = action.sight(change, view);
        if let Sight::Unreadable(unread) = &sight {
            return self.read_failed(act, Purpose::Reconcile, unread, out);
        }
        let settle = SignedDuration::from_secs(i64::try_from(action.pace().settle_s).unwrap_or(i64::MAX));
        let age = self.now.cloud.duration_since(at);
        // What counts is what was there just before the call, which is in the journal.
        let mut change = change.clone();
        if let Some(before) = self.ledger.before(act) {
            change.before.extend(before.clone());
        }
        match was_made(&change, &sight) {
            Some(true) => {
                let made = action.made_id(&change, view, &self.ledger.run().0);
                self.reconciled(act, attempt, (Reconciled::Made, made), out);
                if self.only_reconciles(act) {
                    self.flights.remove(&act);
                } else {
                    self.look_at(act, Purpose::Progress, out);
                }
            }
            Some(false) if age >= settle => {
                self.reconciled(act, attempt, (Reconciled::NotMade, None), out);
                let unanswered = self.flights.get(&act).and_then(|flight| flight.unanswered);
                if self.only_reconciles(act) {
                    self.flights.remove(&act);
                } else if let Some(class) = unanswered {
                    let setback = Setback {
                        class,
                        attempt,
                        reason: "the call was not answered, and reading shows that it was not made"
                            .to_owned(),
                    };
                    self.set_back(act, &setback, out);
                } else {
                    // The process died before it made the call: that is no failure of the call.
                    self.look_at(act, Purpose::Before, out);
                }
            }
            None if age >= settle.saturating_mul(SETTLES) => {
                let end = End::Failed {
                    made: Made::Unknown,
                    reason: "the call was not answered, and the resource is neither as it was nor as wanted"
                        .to_owned(),
                    class: None,
                };
                self.land(act, end, out);
            }
            Some(false) | None => {
                let step = (settle.as_millis() / 4).clamp(1_000, 10_000) as u64;
                self.rest(act, Purpose::Reconcile, step, out);
            }
        }
    }

    /// Whether all that is wanted of an act is to know whether it was made.
    fn only_reconciles(&self, act: Act) -> bool {
        self.drops_waits() || (self.phase == Phase::Undoing && !act.is_undo())
    }

    fn reconciled(
        &mut self,
        act: Act,
        attempt: u32,
        (was, made): (Reconciled, Option<String>),
        out: &mut Out,
    ) {
        self.write(
            Record::Reconciled {
                act,
                attempt,
                was,
                made,
            },
            out,
        );
    }
}

//! Whether recovery objectives can be met; nothing where nobody has decided any.

use jiff::SignedDuration;

use crate::app::state::State;
use crate::domain::recovery::{Verdict, standings};

/// What there is to say, if there is an objective.
pub(super) fn text(state: &State) -> Option<String> {
    let (mut decided, mut missed, mut unproven) = (0_usize, 0_usize, 0_usize);
    for scope in state.picture.inventory.shown() {
        let policy = state.setup.policies.of(scope.name());
        let lasts = SignedDuration::from_secs_f64(policy.thresholds.recovery_drill_days * 86_400.0);
        for standing in standings(scope, policy) {
            if standing.objectives.is_empty() {
                continue;
            }
            decided += 1;
            let verdicts = [standing.rpo(), standing.rto(lasts)];
            if verdicts.contains(&Verdict::Missed) {
                missed += 1;
            } else if verdicts.contains(&Verdict::Unknown) {
                unproven += 1;
            }
        }
    }
    match (missed, unproven) {
        _ if decided == 0 => None,
        (0, 0) => Some(format!("{decided} met")),
        (0, unproven) => Some(format!("{unproven} unproven")),
        (missed, _) => Some(format!("{missed} MISSED")),
    }
}

//! What went wrong in a run without changing its verdict: a message that did not arrive, a step that may
//! fail, a check at the end that only warns. The work is done, and whoever relies on the rest is told.

use super::{Fate, Ledger};
use crate::runbook::action::Change;
use crate::runbook::check::EXPR;
use crate::runbook::record::{Act, End, Made};

impl Ledger {
    /// Everything of that sort, a line each without a full stop.
    pub fn warnings(&self) -> Vec<String> {
        let borne = self.fates().filter_map(|(act, fate)| self.borne(act, fate));
        borne.chain(self.unmet().map(str::to_owned)).collect()
    }

    fn borne(&self, act: Act, fate: &Fate) -> Option<String> {
        if act.is_undo() || !self.may_fail(act.change) {
            return None;
        }
        let change = self.plan().changes.get(act.change)?;
        let Fate::Ended(end) = fate else { return None };
        let (made, why) = match end {
            End::Done | End::AlreadyThere | End::NotUndone { .. } => return None,
            End::Failed { made, reason, .. } => (*made, reason.as_str()),
            End::Drifted { .. } => (Made::No, "it is not as it was planned for"),
            End::Gone => (Made::No, "it does not exist any more"),
        };
        let step = self.step_of(act.change).map_or("?", |step| step.id.as_str());
        let name = self.plan().called(&change.target);
        Some(format!("step {step}: {}: {why}", outcome((change, &name), made)))
    }

    /// A check at the end that does not hold and only warns: what is said of it.
    pub(super) fn unmet_check(&self, check: &str, detail: &str) -> String {
        let is_it = |item: &&crate::runbook::plan::CheckItem| {
            let source = item.with.get("that").and_then(serde_json::Value::as_str);
            item.check == check
                && (check != EXPR || source.is_some_and(|source| detail.contains(&format!("`{source}`"))))
        };
        let item = self.plan().verify.iter().find(is_it);
        let said = item.and_then(|item| item.message.as_deref()).unwrap_or(check);
        format!("{said}: {detail}")
    }
}

/// What became of a change that was not needed.
fn outcome((change, name): (&Change, &str), made: Made) -> String {
    match (change.is_message(), made) {
        (true, Made::No) => format!("the notification to {name} was not delivered"),
        (true, Made::Yes | Made::Unknown) => {
            format!("nobody knows whether the notification to {name} was delivered")
        }
        (false, Made::No | Made::Yes) => format!("{name}: {} failed, which the step bears", change.summary),
        (false, Made::Unknown) => format!("{name}: nobody knows whether {} was made", change.summary),
    }
}

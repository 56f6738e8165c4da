//! What actions have in common that stop something or start it.

use serde_json::json;

use crate::runbook::action::{Action, Change, Fields, Refusal, Undo, fields};

/// Where something is brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// To rest.
    Stopped,
    /// Up again.
    Running,
}

impl To {
    /// As plans and records have it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Running => "running",
        }
    }

    /// Where it is taken from.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Stopped => Self::Running,
            Self::Running => Self::Stopped,
        }
    }

    /// How it looks there.
    pub(super) fn fields(self) -> Fields {
        fields([("state", json!(self.word()))])
    }

    /// The change in words.
    pub(super) fn summary(self) -> String {
        format!("{} → {}", self.other().word(), self.word())
    }

    /// Whether there is anything to do for what heads for `heading`; `name` and `status` say of a refusal
    /// what stands against it.
    pub(super) fn is_needed(self, heading: &str, (name, status): (&str, &str)) -> Result<bool, Refusal> {
        if heading == self.word() {
            Ok(false)
        } else if heading == self.other().word() {
            Ok(true)
        } else {
            Err(Refusal::state(format!("{name} is {status}")))
        }
    }

    /// The way back, by the action that does the opposite.
    pub(super) fn undo(self, change: &Change, opposite: &dyn Action) -> Undo {
        let mut back = change.swapped(self.other().summary());
        opposite.name().clone_into(&mut back.action);
        Undo::By(vec![back])
    }
}

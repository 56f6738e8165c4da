//! What a runbook can look at without changing anything: preconditions, verification, steps that wait.

mod alarm;
mod asg;

use jiff::Timestamp;

use super::action::{Arguments, BadArguments, ErrorClass, Unread, View};
use super::schema::ActionSchema;
use crate::domain::ops::Query;

/// Something that can be looked at. Implementations hold no state.
pub trait Check: Sync {
    /// The name in a runbook.
    fn name(&self) -> &'static str;

    /// What it takes; the source of lint, forms and documentation.
    fn schema(&self) -> ActionSchema;

    /// What must be read.
    ///
    /// # Errors
    /// If the arguments are not what [`Check::schema`] says.
    fn reads(&self, with: &Arguments, now: Timestamp) -> Result<Vec<Query>, BadArguments>;

    /// What the answers show.
    ///
    /// # Errors
    /// As of [`Check::reads`].
    fn judge(&self, with: &Arguments, view: &View, now: Timestamp) -> Result<Verdict, BadArguments>;
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds: what was seen.
    Pass(String),
    /// It does not: what was seen.
    Fail(String),
    /// It could not be seen: counts as failed.
    Unclear {
        /// What was said.
        reason: String,
        /// The sort of failure, if a read failed.
        class: Option<ErrorClass>,
    },
}

impl Verdict {
    /// Whether it holds.
    pub const fn passed(&self) -> bool {
        matches!(self, Self::Pass(_))
    }

    /// What was seen or said.
    pub fn detail(&self) -> &str {
        match self {
            Self::Pass(detail) | Self::Fail(detail) => detail,
            Self::Unclear { reason, .. } => reason,
        }
    }
}

impl From<Unread> for Verdict {
    fn from(unread: Unread) -> Self {
        Self::Unclear {
            class: unread.class(),
            reason: unread.to_string(),
        }
    }
}

/// Every check, by name.
pub static ALL: &[&dyn Check] = &[&alarm::State, &asg::NoActivityInProgress];

/// The check of that name.
pub fn find(name: &str) -> Option<&'static dyn Check> {
    ALL.iter().copied().find(|check| check.name() == name)
}

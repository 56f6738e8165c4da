//! What an update wants done: the console does it, outside of the state.

use crate::app::incident::IncidentEffect;
use crate::app::logs::LogsEffect;
use crate::app::runs::RunsEffect;
use crate::domain::focus::Focus;
use crate::domain::scope::ScopeName;

/// Something that [`update`](crate::app::update::update) wants done outside of the state.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Collect for what is looked at now.
    Focus(Focus),
    /// Ask again now.
    Refresh,
    /// Put text on the user's clipboard.
    Copy(String),
    /// Give the terminal back to the shell.
    Suspend,
    /// Give an MFA code to a scope.
    MfaCode {
        /// The scope.
        scope: ScopeName,
        /// The code.
        code: String,
    },
    /// Lift the read-only mode for half an hour.
    AllowWrites,
    /// Put it back.
    RefuseWrites,
    /// Draw with another theme.
    Theme(String),
    /// Something for logs.
    Logs(LogsEffect),
    /// Something for runs.
    Runs(Box<RunsEffect>),
    /// Something for the record of an incident.
    Incident(Box<IncidentEffect>),
    /// Leave.
    Quit,
}

/// What comes of a message: effects in the order in which they are to be carried out, and whether to draw.
#[derive(Debug, Default)]
pub struct Effects {
    /// Whether anything on screen may have changed.
    pub redraw: bool,
    /// What to do.
    pub list: Vec<Effect>,
}

impl Effects {
    /// Nothing happened.
    pub fn none() -> Self {
        Self::default()
    }

    /// Something on screen changed.
    pub fn redraw() -> Self {
        Self {
            redraw: true,
            list: Vec::new(),
        }
    }

    /// Something is to be done, and it shows.
    pub fn of(effect: Effect) -> Self {
        Self {
            redraw: true,
            list: vec![effect],
        }
    }

    /// Something is to be done about runs, and it shows.
    pub fn runs(effect: RunsEffect) -> Self {
        Self::of(Effect::Runs(Box::new(effect)))
    }

    /// The same, and this too.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.redraw |= other.redraw;
        self.list.extend(other.list);
        self
    }
}

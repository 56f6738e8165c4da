//! Runs as the history lists them.

use jiff::{SignedDuration, Timestamp};

use crate::app::table::Tone;
use crate::domain::exit::Exit;
use crate::domain::scope::ScopeName;
use crate::runbook::record::{Resume, RunId, Status};

/// What the history says of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// Its id.
    pub id: RunId,
    /// The runbook's name; foreign text.
    pub runbook: String,
    /// What it has come to.
    pub status: Status,
    /// When it began, on the user's clock.
    pub started_at: Timestamp,
    /// When it ended or was left, on the user's clock.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub exit: Option<Exit>,
    /// Who began it.
    pub who: String,
    /// Where.
    pub scope: ScopeName,
    /// The account's twelve digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// Names of what it changes, the first of them; foreign text.
    pub targets: Vec<String>,
    /// Whether anything was changed, or may have been.
    pub changed: bool,
    /// Whether a rollback would do anything.
    pub takes_back: bool,
    /// What remains that should not, in words; foreign text.
    pub remains: Vec<String>,
    /// What went wrong without changing the status, in words; foreign text.
    pub warnings: Vec<String>,
    /// Why it was started, in somebody's words; foreign text.
    pub reason: Option<String>,
    /// Why its journal cannot be relied on.
    pub trouble: Option<String>,
}

impl Head {
    /// Whether somebody drives it now.
    pub fn is_live(&self) -> bool {
        match self.status {
            Status::Running => true,
            Status::WaitingCredentials => self.ended_at.is_none(),
            Status::Succeeded
            | Status::Failed
            | Status::RolledBack
            | Status::Partial
            | Status::Interrupted
            | Status::Abandoned => false,
        }
    }

    /// What it can be taken up for, since nobody drives it.
    pub fn allowed(&self) -> &'static [Resume] {
        let is_left = match self.status {
            Status::Interrupted => true,
            Status::WaitingCredentials => !self.is_live(),
            Status::Running
            | Status::Succeeded
            | Status::Failed
            | Status::RolledBack
            | Status::Partial
            | Status::Abandoned => false,
        };
        // Only what does something.
        match (self.status, self.takes_back) {
            _ if is_left && self.takes_back => &[Resume::Forward, Resume::RollBack, Resume::Abandon],
            _ if is_left => &[Resume::Forward, Resume::Abandon],
            (Status::Partial, true) => &[Resume::RollBack, Resume::Abandon],
            (Status::Partial, false) => &[Resume::Abandon],
            (Status::Abandoned, true) => &[Resume::RollBack],
            (Status::Abandoned, false) => &[],
            (
                Status::Running
                | Status::WaitingCredentials
                | Status::Interrupted
                | Status::Succeeded
                | Status::Failed
                | Status::RolledBack,
                _,
            ) => &[],
        }
    }

    /// The same in a few words; `None` if there is nothing.
    pub fn ways(&self) -> Option<&'static str> {
        let allowed = self.allowed();
        let has = |to| allowed.contains(&to);
        Some(
            match (has(Resume::Forward), has(Resume::RollBack), has(Resume::Abandon)) {
                (true, true, _) => "resume, roll back, give up",
                (true, false, _) => "resume, give up",
                (false, true, true) => "roll back, give up",
                (false, true, false) => "roll back",
                (false, false, true) => "give up",
                (false, false, false) => return None,
            },
        )
    }

    /// How long it took, or has taken so far.
    pub fn span(&self, now: Timestamp) -> SignedDuration {
        self.ended_at.unwrap_or(now).duration_since(self.started_at)
    }
}

/// How a status looks.
pub const fn tone(status: Status) -> Tone {
    match status {
        Status::Running => Tone::Accent,
        Status::Succeeded => Tone::Ok,
        Status::Failed | Status::RolledBack | Status::WaitingCredentials | Status::Interrupted => Tone::Warn,
        Status::Partial => Tone::Crit,
        Status::Abandoned => Tone::Muted,
    }
}

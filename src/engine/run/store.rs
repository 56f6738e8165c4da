//! The folder of runs: `runs/<id>/journal.jsonl`, held by a kernel lock while its run is driven.

mod head;

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub use head::RunHead;

use super::folder::StateFolder;
use super::gate::{Gate, is_held};
use crate::domain::exit::Exit;
use crate::engine::name::Named;
use crate::runbook::machine::Summary;
use crate::runbook::record::{self, Journal, JournalError, RunId, Status};

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
    /// A process drives it.
    #[error("{0} is being driven by another process")]
    Driven(RunId),
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
            Self::Driven(_) => Exit::LockHeld,
            Self::Journal { .. } => Exit::Precondition,
        }
    }
}

/// The journals of a host or login, a folder for each run: written, held against a second driver, and listed.
#[derive(Debug, Clone)]
pub struct RunStore {
    folder: StateFolder,
    path: PathBuf,
}

const JOURNAL: &str = "journal.jsonl";
const HEAD: &str = "head.json";

impl RunStore {
    /// The runs in a state folder; nothing is touched yet.
    pub fn new(folder: &StateFolder) -> Self {
        Self {
            path: folder.path.join("runs"),
            folder: folder.clone(),
        }
    }

    /// Every run, newest first. Journals are read only of runs that have not ended.
    ///
    /// # Errors
    /// If the folder is there and cannot be read.
    pub fn list(&self) -> Result<Vec<RunHead>, StoreError> {
        let mut ids = self.ids()?;
        ids.reverse();
        let mut heads = Vec::with_capacity(ids.len());
        for id in ids {
            match self.head(&id) {
                Ok(head) => heads.push(head),
                // Nothing was begun of it, or somebody removed it in this moment.
                Err(StoreError::Unknown(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(heads)
    }

    /// The run that a person means: its name, the beginning of it or its last letters, or `last`.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn find(&self, wanted: &str) -> Result<RunId, StoreError> {
        let unknown = || StoreError::Unknown(wanted.to_owned());
        let ids = self.ids()?;
        let exact = RunId(wanted.to_owned());
        if ids.contains(&exact) {
            return Ok(exact);
        }
        if wanted == "last" {
            return ids.into_iter().next_back().ok_or_else(unknown);
        }
        if wanted.is_empty() {
            return Err(unknown());
        }
        let ending = format!("-{wanted}");
        let mut matching = ids
            .into_iter()
            .filter(|id| id.0.starts_with(wanted) || id.0.ends_with(&ending));
        match (matching.next(), matching.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(StoreError::Ambiguous(wanted.to_owned())),
            (None, _) => Err(unknown()),
        }
    }

    /// What history lists of one run.
    ///
    /// # Errors
    /// If there is no such run, or it cannot be read. A journal that cannot be relied on is no error:
    /// it is told in [`RunHead::trouble`].
    pub fn head(&self, id: &RunId) -> Result<RunHead, StoreError> {
        let path = self.journal_path(id);
        let meta = fs::metadata(&path).map_err(|error| missing_or(id, &path, &error))?;
        let kept = head::kept(&self.path.join(&id.0).join(HEAD), &meta);
        let mut head = match kept {
            Some((kept, true)) if kept.id == *id => kept,
            kept => match self.journal(id) {
                Ok(journal) => RunHead::of(&journal.entries)
                    .map_err(|error| StoreError::Io(format!("run {id}: {error}")))?,
                Err(StoreError::Journal {
                    error: JournalError::Empty,
                    ..
                }) => return Err(StoreError::Unknown(id.to_string())),
                Err(StoreError::Journal { error, .. }) => {
                    RunHead::troubled(id, kept.map(|(kept, _)| kept), &error)
                }
                Err(error) => return Err(error),
            },
        };
        if head.status == Status::Running && !self.is_driven(id)? {
            head.status = Status::Interrupted;
        }
        Ok(head)
    }

    /// Whether a process drives it now.
    ///
    /// # Errors
    /// If its journal cannot be read.
    pub fn is_driven(&self, id: &RunId) -> Result<bool, StoreError> {
        let path = self.journal_path(id);
        let file = File::open(&path).map_err(|error| missing_or(id, &path, &error))?;
        let _gate =
            Gate::enter_if_allowed(&self.folder, &self.path).map_err(|error| io(&self.path, &error))?;
        is_held(&file).map_err(|error| io(&path, &error))
    }

    /// A run's journal.
    ///
    /// # Errors
    /// If there is no such run, or its journal cannot be relied on.
    pub fn journal(&self, id: &RunId) -> Result<Journal, StoreError> {
        let path = self.journal_path(id);
        let text = fs::read_to_string(&path).map_err(|error| missing_or(id, &path, &error))?;
        relied_on(id, &text)
    }

    /// Where a run's journal is.
    pub fn journal_path(&self, id: &RunId) -> PathBuf {
        self.path.join(&id.0).join(JOURNAL)
    }

    /// What a run came to, or has come to so far, from its journal.
    ///
    /// # Errors
    /// If there is no such run, or its journal cannot be relied on.
    pub fn summary(&self, id: &RunId) -> Result<Summary, StoreError> {
        let journal = self.journal(id)?;
        let mut summary =
            Summary::of(&journal).map_err(|error| StoreError::Io(format!("run {id}: {error}")))?;
        if summary.status == Status::Running && !self.is_driven(id)? {
            summary.status = Status::Interrupted;
        }
        Ok(summary)
    }

    /// How many runs of a runbook began in an account and region after a moment.
    pub(super) fn count_since(
        &self,
        runbook: &str,
        (account, region): (&str, &str),
        after: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut count = 0;
        for id in self.ids()?.into_iter().rev() {
            let head = match self.head(&id) {
                Ok(head) => head,
                Err(StoreError::Unknown(_)) => continue,
                Err(error) => return Err(error),
            };
            // Names sort by when their plans were made, a run begins later than that by as long as a
            // plan is good for at most.
            if head.started_at < after.saturating_sub(MOST_PLAN_AGE).unwrap_or(Timestamp::MIN) {
                break;
            }
            if head.started_at > after
                && head.runbook == runbook
                && head.account == account
                && head.region == region
            {
                count += 1;
            }
        }
        Ok(count)
    }

    /// Makes the journal of a new run, and holds it.
    pub(super) fn create(&self, id: &RunId) -> io::Result<JournalFile> {
        self.folder.make(&self.path)?;
        let folder = self.path.join(&id.0);
        if folder.join(JOURNAL).exists() {
            let message = format!("there is a run {id} already");
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        self.folder.make(&folder)?;
        let path = folder.join(JOURNAL);
        let _gate = Gate::enter(&self.folder, &self.path)?;
        let file = self.folder.options().append(true).create_new(true).open(&path)?;
        self.folder.permit_file(&path)?;
        file.try_lock()?;
        // The names must be on the disk too before anything relies on them.
        File::open(&folder)?.sync_all()?;
        File::open(&self.path)?.sync_all()?;
        Ok(JournalFile {
            file,
            bytes: 0,
            head: folder.join(HEAD),
            folder: self.folder.clone(),
        })
    }

    /// Takes hold of a run's journal, and reads it. The beginning of a line that was cut short is cut
    /// off.
    pub(super) fn take(&self, id: &RunId) -> Result<(JournalFile, Journal), StoreError> {
        let path = self.journal_path(id);
        if !path.is_file() {
            return Err(StoreError::Unknown(id.to_string()));
        }
        let file = {
            let _gate = Gate::enter(&self.folder, &self.path).map_err(|error| io(&self.path, &error))?;
            let file = self
                .folder
                .options()
                .read(true)
                .append(true)
                .open(&path)
                .map_err(|error| missing_or(id, &path, &error))?;
            match file.try_lock() {
                Ok(()) => file,
                Err(TryLockError::WouldBlock) => return Err(StoreError::Driven(id.clone())),
                Err(TryLockError::Error(error)) => return Err(io(&path, &error)),
            }
        };
        let mut text = String::new();
        (&file)
            .read_to_string(&mut text)
            .map_err(|error| io(&path, &error))?;
        let journal = relied_on(id, &text)?;
        let bytes = journal.whole_bytes as u64;
        if journal.torn {
            file.set_len(bytes)
                .and_then(|()| file.sync_data())
                .map_err(|error| io(&path, &error))?;
        }
        let file = JournalFile {
            file,
            bytes,
            head: self.path.join(&id.0).join(HEAD),
            folder: self.folder.clone(),
        };
        Ok((file, journal))
    }

    /// Names of runs, oldest first.
    fn ids(&self) -> Result<Vec<RunId>, StoreError> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io(&self.path, &error)),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| io(&self.path, &error))?;
            if let Ok(name) = entry.file_name().into_string()
                && Named::Run.is_name(&name)
            {
                ids.push(RunId(name));
            }
        }
        ids.sort();
        Ok(ids)
    }
}

/// Longer than any plan can be confirmed after it was made.
const MOST_PLAN_AGE: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

fn relied_on(id: &RunId, text: &str) -> Result<Journal, StoreError> {
    record::read(text).map_err(|error| StoreError::Journal {
        run: id.clone(),
        error,
    })
}

fn io(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Io(format!("{}: {error}", path.display()))
}

fn missing_or(id: &RunId, path: &Path, error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => StoreError::Unknown(id.to_string()),
        _ => io(path, error),
    }
}

/// A journal that is held and can be written. The lock is let go with it.
#[derive(Debug)]
pub(super) struct JournalFile {
    file: File,
    /// How much of it holds whole lines.
    bytes: u64,
    head: PathBuf,
    folder: StateFolder,
}

impl JournalFile {
    /// Appends whole lines, each in one write, and flushes them to the disk. On failure nothing of them
    /// counts.
    pub(super) fn append(&mut self, lines: &[String]) -> io::Result<()> {
        let written = lines
            .iter()
            .try_for_each(|line| self.file.write_all(line.as_bytes()))
            .and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.bytes += lines.iter().map(|line| line.len() as u64).sum::<u64>();
                Ok(())
            }
            Err(error) => {
                // What came through of a line would spoil the next; a reader cuts it off as well.
                let _ = self.file.set_len(self.bytes);
                Err(error)
            }
        }
    }

    /// Keeps what history lists, for readers that do not want to read the journal. It counts only while
    /// the journal is as long as it is now, so that losing it costs nothing.
    pub(super) fn keep_head(&self, head: &RunHead) -> io::Result<()> {
        head::keep(&self.folder, &self.head, (head, self.bytes))
    }
}

#[cfg(test)]
mod tests;

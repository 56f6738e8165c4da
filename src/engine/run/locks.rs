//! Locks: one per resource that a run changes, held by the kernel for as long as the process lives.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::folder::{StateFolder, network_file_system};
use super::gate::{Gate, is_held};
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

/// The locks of a host or login: a resource that a run changes is locked by its key, and the kernel lets go
/// when the process ends, however it ends.
#[derive(Debug, Clone)]
pub struct Locks {
    folder: StateFolder,
    path: PathBuf,
}

/// What a run that takes locks says of itself.
#[derive(Debug, Clone)]
pub(super) struct Taker {
    pub(super) run: RunId,
    pub(super) runbook: String,
    pub(super) plan: String,
    pub(super) who: Who,
}

/// One lock that was broken, as it is kept.
#[derive(Serialize)]
struct Broken<'a> {
    at: Timestamp,
    lock: &'a Holder,
    by: &'a Who,
    reason: &'a str,
}

impl Locks {
    /// The locks in a state folder; nothing is touched yet.
    pub fn new(folder: &StateFolder) -> Self {
        Self {
            path: folder.path.join("locks"),
            folder: folder.clone(),
        }
    }

    /// Every lock that is held, by key.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Holder>, LockError> {
        if !self.path.is_dir() {
            return Ok(Vec::new());
        }
        let _gate =
            Gate::enter_if_allowed(&self.folder, &self.path).map_err(|error| self.unusable(&error))?;
        self.held()
    }

    /// Who holds any of these.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn holders(&self, keys: &[String]) -> Result<Vec<Holder>, LockError> {
        let mut held = self.list()?;
        held.retain(|holder| keys.contains(&holder.key));
        Ok(held)
    }

    /// Takes a lock away from whoever holds it. Its holder notices before its next change and stops. What
    /// was broken, by whom and why is kept beside the locks, in `broken.jsonl`.
    ///
    /// # Errors
    /// If no such lock is held, or the folder cannot be written.
    pub fn break_lock(
        &self,
        id: &str,
        (who, reason): (&Who, &str),
        now: Timestamp,
    ) -> Result<Holder, LockError> {
        let unknown = || LockError::Unknown(id.to_owned());
        if !self.path.is_dir() {
            return Err(unknown());
        }
        let _gate = Gate::enter(&self.folder, &self.path).map_err(|error| self.unusable(&error))?;
        let holder = self
            .held()?
            .into_iter()
            .find(|holder| holder.id == id)
            .ok_or_else(unknown)?;
        let broken = Broken {
            at: now,
            lock: &holder,
            by: who,
            reason,
        };
        self.keep_broken(&broken)
            .and_then(|()| fs::remove_file(self.file(&holder.key)))
            .map_err(|error| self.unusable(&error))?;
        Ok(holder)
    }

    fn keep_broken(&self, broken: &Broken<'_>) -> io::Result<()> {
        let path = self.path.join("broken.jsonl");
        let mut file = self.folder.options().append(true).create(true).open(&path)?;
        self.folder.permit_file(&path)?;
        let line = serde_json::to_string(broken).map_err(io::Error::other)?;
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()
    }

    /// Takes all of these or none. Blocks for some milliseconds.
    pub(super) fn take(&self, keys: &[String], taker: &Taker, now: Timestamp) -> Result<Held, LockError> {
        let unusable = |error: io::Error| self.unusable(&error);
        self.folder.make(&self.path).map_err(unusable)?;
        if let Some(kind) = network_file_system(&self.path).map_err(unusable)? {
            return Err(LockError::Unusable(format!(
                "{} is on {kind}, where the kernel's locks cannot be relied on: choose a --state-dir on a local disk",
                self.path.display()
            )));
        }
        let _gate = Gate::enter(&self.folder, &self.path).map_err(unusable)?;
        let mut taken = Vec::new();
        let mut others = Vec::new();
        for key in keys {
            let path = self.file(key);
            let file = self
                .folder
                .options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(unusable)?;
            match file.try_lock() {
                Ok(()) => {
                    let holder = Holder {
                        id: id_of(key),
                        key: key.clone(),
                        run: taker.run.clone(),
                        runbook: taker.runbook.clone(),
                        plan: taker.plan.clone(),
                        since: now,
                        who: taker.who.clone(),
                    };
                    taken.push((path, file, holder));
                }
                Err(TryLockError::WouldBlock) => others.push(holder_in(&file, (&id_of(key), key))),
                Err(TryLockError::Error(error)) => return Err(self.unusable(&error)),
            }
        }
        if !others.is_empty() {
            for (path, ..) in taken {
                // It was free, so nobody needs the file; another taker makes it anew.
                let _ = fs::remove_file(path);
            }
            return Err(LockError::Held(others));
        }
        let mut files = Vec::new();
        for (path, file, holder) in taken {
            let meta = write_holder(&file, &holder)
                .and_then(|()| self.folder.permit_file(&path))
                .and_then(|()| file.metadata())
                .map_err(unusable)?;
            files.push(HeldFile {
                path,
                identity: (meta.dev(), meta.ino()),
                file,
            });
        }
        Ok(Held {
            locks: self.clone(),
            files,
        })
    }

    /// Every lock that is held. To be asked inside the gate.
    fn held(&self) -> Result<Vec<Holder>, LockError> {
        let mut held = Vec::new();
        let entries = fs::read_dir(&self.path).map_err(|error| self.unusable(&error))?;
        for entry in entries {
            let path = entry.map_err(|error| self.unusable(&error))?.path();
            if path.extension().is_none_or(|ending| ending != ENDING) {
                continue;
            }
            // Somebody may have let go of it in this moment.
            let Ok(file) = File::open(&path) else { continue };
            if is_held(&file).map_err(|error| self.unusable(&error))? {
                let id = path.file_stem().unwrap_or_default().to_string_lossy();
                held.push(holder_in(&file, (&id, "")));
            }
        }
        held.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(held)
    }

    fn file(&self, key: &str) -> PathBuf {
        self.path.join(format!("{}.{ENDING}", id_of(key)))
    }

    fn unusable(&self, error: &io::Error) -> LockError {
        LockError::Unusable(format!("locks in {}: {error}", self.path.display()))
    }
}

const ENDING: &str = "lock";

/// The id of a lock: sixteen digits of a hash of its key.
fn id_of(key: &str) -> String {
    Sha256::digest(key.as_bytes())[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn write_holder(mut file: &File, holder: &Holder) -> io::Result<()> {
    let text = serde_json::to_string(holder).map_err(io::Error::other)?;
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())
}

/// Who a lock's file says holds it. A holder whose disk was full left nothing there.
fn holder_in(mut file: &File, (id, key): (&str, &str)) -> Holder {
    let mut text = String::new();
    let read = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| file.take(MOST_BYTES).read_to_string(&mut text));
    let unknown = || Holder {
        id: id.to_owned(),
        key: key.to_owned(),
        run: RunId(String::new()),
        runbook: "an unknown run".to_owned(),
        plan: String::new(),
        since: Timestamp::UNIX_EPOCH,
        who: Who {
            user: "somebody".to_owned(),
            host: super::who::host(),
            pid: 0,
            arn: String::new(),
            origin: String::new(),
            version: String::new(),
        },
    };
    read.ok()
        .and_then(|_| serde_json::from_str(&text).ok())
        .unwrap_or_else(unknown)
}

/// More than a holder takes up.
const MOST_BYTES: u64 = 64 * 1024;

/// Locks that are held; let go when dropped, and by the kernel when the process dies.
#[derive(Debug)]
pub(super) struct Held {
    locks: Locks,
    files: Vec<HeldFile>,
}

#[derive(Debug)]
struct HeldFile {
    path: PathBuf,
    /// Device and inode: whoever breaks a lock removes its file, and the next taker makes another.
    identity: (u64, u64),
    #[expect(dead_code, reason = "the lock is let go with the file")]
    file: File,
}

impl HeldFile {
    fn is_intact(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|meta| (meta.dev(), meta.ino()) == self.identity)
    }
}

impl Held {
    /// Whether nobody broke any of them.
    pub(super) fn is_intact(&self) -> bool {
        self.files.iter().all(HeldFile::is_intact)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Files are removed only inside the gate, or a taker could lock one that is no lock any more.
        // Where that fails they are left: a file without a lock on it means nothing.
        if let Ok(_gate) = Gate::enter(&self.locks.folder, &self.locks.path) {
            for held in self.files.drain(..) {
                if held.is_intact() {
                    let _ = fs::remove_file(&held.path);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

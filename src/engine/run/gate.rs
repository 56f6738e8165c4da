//! The gate of a folder of locks: whoever takes, looks at or removes a lock there holds it for that
//! moment, so that a look never makes somebody else's attempt fail, and several locks are taken at once
//! or not at all.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::folder::StateFolder;

/// How long others may be in the way: they are done in milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Held while it lives.
#[derive(Debug)]
pub(super) struct Gate(#[expect(dead_code, reason = "the lock is let go with the file")] File);

impl Gate {
    /// Waits for the gate of a folder that exists. Blocks for some milliseconds.
    pub(super) fn enter(folder: &StateFolder, below: &Path) -> io::Result<Self> {
        let path = below.join(".gate");
        let file = folder
            .options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        folder.permit_file(&path)?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(TryLockError::WouldBlock) => {
                    let message = format!("{}: another process does not let go of it", path.display());
                    return Err(io::Error::new(io::ErrorKind::TimedOut, message));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// The gate if this login may hold it: who may only read can look without.
    pub(super) fn enter_if_allowed(folder: &StateFolder, below: &Path) -> io::Result<Option<Self>> {
        match Self::enter(folder, below) {
            Ok(gate) => Ok(Some(gate)),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether somebody holds a file's lock exclusively. To be asked inside the gate.
pub(super) fn is_held(file: &File) -> io::Result<bool> {
    match file.try_lock_shared() {
        Ok(()) => {
            file.unlock()?;
            Ok(false)
        }
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

//! The record of changes that a simulated estate accepted: with it, a world that was closed comes
//! back as it would be had it run on.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cloud::demo::selection::World;
use crate::domain::ops::{Mutation, Token};

/// A change that a world accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AcceptedWrite {
    /// When, on the demo's clock.
    pub at: Timestamp,
    /// Where.
    pub world: World,
    /// What.
    pub change: Mutation,
    /// The token that came with it.
    pub token: Token,
}

/// Why the record could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the demo's record of writes: {0}")]
pub struct WriteLogError(pub String);

/// What became of a write that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Append {
    /// It is in the record, and has reached the disk if there is one.
    Done,
    /// Another process has added writes that are not known here yet: [`WriteLog::news`] has them,
    /// and the world they make has to be asked again. Nothing was added.
    Behind,
}

/// Where accepted writes are kept. Several processes may share a record.
pub trait WriteLog: Debug + Send + Sync {
    /// The writes that were accepted since the last call, by others; at the first call every write
    /// so far. Oldest first.
    fn news(&self) -> Result<Vec<AcceptedWrite>, WriteLogError>;

    /// Adds a write. It is accepted only once this has returned [`Append::Done`], so a file must have
    /// reached the disk by then.
    fn append(&self, write: &AcceptedWrite) -> Result<Append, WriteLogError>;

    /// Takes note of how far the demo's clock has come, so that it does not go back when the world is
    /// opened again. Called at each question; a record that ends with the process has no use for it.
    fn note_time(&self, _now: Timestamp) {}
}

/// A record that ends with the process.
#[derive(Debug, Default)]
pub struct MemoryLog(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    writes: Vec<AcceptedWrite>,
    told: usize,
}

impl MemoryLog {
    /// A record that already holds these writes.
    pub fn of(writes: Vec<AcceptedWrite>) -> Self {
        Self(Mutex::new(Memory { writes, told: 0 }))
    }

    /// Every write so far, oldest first.
    pub fn writes(&self) -> Vec<AcceptedWrite> {
        self.with(|memory| memory.writes.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Memory) -> T) -> T {
        // A poisoned lock only means that a test panicked elsewhere; the list itself is whole.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl WriteLog for MemoryLog {
    fn news(&self) -> Result<Vec<AcceptedWrite>, WriteLogError> {
        Ok(self.with(|memory| {
            let news = memory.writes.get(memory.told..).unwrap_or_default().to_vec();
            memory.told = memory.writes.len();
            news
        }))
    }

    fn append(&self, write: &AcceptedWrite) -> Result<Append, WriteLogError> {
        Ok(self.with(|memory| {
            if memory.told < memory.writes.len() {
                return Append::Behind;
            }
            memory.writes.push(write.clone());
            memory.told = memory.writes.len();
            Append::Done
        }))
    }
}

impl<T: WriteLog + ?Sized> WriteLog for Arc<T> {
    fn news(&self) -> Result<Vec<AcceptedWrite>, WriteLogError> {
        (**self).news()
    }

    fn append(&self, write: &AcceptedWrite) -> Result<Append, WriteLogError> {
        (**self).append(write)
    }

    fn note_time(&self, now: Timestamp) {
        (**self).note_time(now);
    }
}

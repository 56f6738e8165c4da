//! The record of changes that a simulated estate accepted: with it, a world that was closed comes
//! back as it would be had it run on.

use std::sync::{Mutex, PoisonError};

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

/// Where accepted writes are kept.
pub trait WriteLog: Send + Sync {
    /// Every write accepted so far, oldest first.
    fn load(&self) -> Result<Vec<AcceptedWrite>, WriteLogError>;

    /// Adds a write. It is accepted only once this has returned, so a file must have reached the
    /// disk by then.
    fn append(&self, write: &AcceptedWrite) -> Result<(), WriteLogError>;
}

/// A record that ends with the process.
#[derive(Debug, Default)]
pub struct MemoryLog {
    writes: Mutex<Vec<AcceptedWrite>>,
}

impl MemoryLog {
    /// A record that already holds these writes.
    pub fn of(writes: Vec<AcceptedWrite>) -> Self {
        Self {
            writes: Mutex::new(writes),
        }
    }
}

impl WriteLog for MemoryLog {
    fn load(&self) -> Result<Vec<AcceptedWrite>, WriteLogError> {
        // A poisoned lock only means that a test panicked elsewhere; the list itself is whole.
        Ok(self.writes.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn append(&self, write: &AcceptedWrite) -> Result<(), WriteLogError> {
        self.writes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(write.clone());
        Ok(())
    }
}

impl<T: WriteLog + ?Sized> WriteLog for std::sync::Arc<T> {
    fn load(&self) -> Result<Vec<AcceptedWrite>, WriteLogError> {
        (**self).load()
    }

    fn append(&self, write: &AcceptedWrite) -> Result<(), WriteLogError> {
        (**self).append(write)
    }
}

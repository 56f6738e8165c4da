//! Following a run that any process of this host drives, by the tail of its journal.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::Duration;

use super::store::{RunHead, RunStore, StoreError};
use crate::engine::clock::Clock;
use crate::runbook::record::{Chain, Entry, JournalError, RunId, Signal, Status};

/// How often the journal is looked at, on the user's clock.
const AGAIN: Duration = Duration::from_millis(250);

/// What a follower sees.
#[derive(Debug, Clone)]
pub enum Followed {
    /// The next entry.
    Entry(Box<Entry>),
    /// It was closed or left, or its process died. If somebody takes it up again, the next thing to see
    /// is the entry that says so.
    Ended(Box<RunHead>),
}

/// Reads the journal of one run as it grows, whichever process of the host writes it.
pub struct Follower {
    store: RunStore,
    id: RunId,
    wall: Arc<dyn Clock>,
    chain: Chain,
    /// Bytes of the journal that were read as whole lines.
    read: u64,
    ahead: VecDeque<Entry>,
    /// Whether the end was told since the last entry.
    told: bool,
}

impl Follower {
    /// Opens the run's journal.
    ///
    /// # Errors
    /// If there is no such run, or its journal cannot be read.
    pub fn open(store: &RunStore, id: &RunId, wall: Arc<dyn Clock>) -> Result<Self, StoreError> {
        if !store.journal_path(id).is_file() {
            return Err(StoreError::Unknown(id.to_string()));
        }
        Ok(Self {
            store: store.clone(),
            id: id.clone(),
            wall,
            chain: Chain::default(),
            read: 0,
            ahead: VecDeque::new(),
            told: false,
        })
    }

    /// The run.
    pub const fn id(&self) -> &RunId {
        &self.id
    }

    /// The next thing; waits for it. May be dropped and called again.
    ///
    /// # Errors
    /// If the journal cannot be read or relied on any more.
    pub async fn next(&mut self) -> Result<Followed, StoreError> {
        loop {
            if let Some(entry) = self.ahead.pop_front() {
                self.told = false;
                return Ok(Followed::Entry(Box::new(entry)));
            }
            // Asked before the journal is read: what was written until its driver let go is read then.
            let is_driven = self.told || self.store.is_driven(&self.id)?;
            self.read_on()?;
            if !self.ahead.is_empty() {
                continue;
            }
            if !is_driven {
                self.told = true;
                return Ok(Followed::Ended(Box::new(self.store.head(&self.id)?)));
            }
            self.wall.sleep(AGAIN).await;
        }
    }

    /// Reads whole lines that were added.
    fn read_on(&mut self) -> Result<(), StoreError> {
        let path = self.store.journal_path(&self.id);
        let io = |error: std::io::Error| StoreError::Io(format!("{}: {error}", path.display()));
        let mut file = File::open(&path).map_err(io)?;
        if file.metadata().map_err(io)?.len() <= self.read {
            return Ok(());
        }
        file.seek(SeekFrom::Start(self.read)).map_err(io)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let bad = |error: JournalError| StoreError::Journal {
            run: self.id.clone(),
            error,
        };
        let text = std::str::from_utf8(&bytes[..whole])
            .map_err(|error| io(std::io::Error::other(error.to_string())))?;
        for line in text.lines() {
            let entry = self.chain.accept(line).map_err(bad)?;
            self.ahead.push_back(entry);
        }
        self.read += whole as u64;
        Ok(())
    }

    /// Asks the process that drives it to stop, by a signal of the system.
    ///
    /// # Errors
    /// If no process of this host drives it, or it may not be signalled; why, in words.
    pub fn interrupt(&self, signal: Signal) -> Result<(), String> {
        let id = &self.id;
        if !self.store.is_driven(id).map_err(|error| error.to_string())? {
            return Err(format!("no process drives {id}"));
        }
        let head = self.store.head(id).map_err(|error| error.to_string())?;
        if head.status != Status::Running && head.status != Status::WaitingCredentials {
            return Err(format!("{id} is {}", head.status.word()));
        }
        let host = super::who::host();
        if head.driver.host != host {
            return Err(format!(
                "{id} is driven on {}, and this is {host}",
                head.driver.host
            ));
        }
        let pid = i32::try_from(head.driver.pid)
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .ok_or_else(|| format!("{id} is driven by no process that can be named"))?;
        let signal = match signal {
            Signal::Interrupt => rustix::process::Signal::INT,
            Signal::Terminate => rustix::process::Signal::TERM,
            // Stopped so, a process takes nothing back.
            Signal::HangUp | Signal::HandOver => rustix::process::Signal::HUP,
        };
        rustix::process::kill_process(pid, signal)
            .map_err(|error| format!("process {}: {error}", head.driver.pid))
    }
}

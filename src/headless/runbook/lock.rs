//! `qd runbook lock ls` and `lock break`: who changes what right now.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::engine::run::locks::LockError;
use crate::engine::run::{Holder, Locks, Reach, StoreError};
use crate::headless::Exit;
use crate::headless::out::{Page, Report, times_in};
use crate::headless::runbook::desk::Place;
use crate::headless::runbook::failure::Failure;
use crate::headless::table::{Cell, Column, Table};

#[derive(Serialize)]
struct Listing {
    schema: &'static str,
    /// Whose locks are seen here.
    reach: &'static str,
    locks: Vec<Holder>,
    #[serde(skip)]
    now: Timestamp,
}

fn locks(place: &Place) -> Result<(Locks, Reach), Failure> {
    let folder = place.folder.as_ref().ok_or(StoreError::NoFolder)?;
    Ok((Locks::new(folder), folder.reach))
}

fn failure(error: LockError) -> Failure {
    let exit = match &error {
        LockError::Held(_) => Exit::LockHeld,
        LockError::Unusable(_) => Exit::Internal,
        LockError::Unknown(_) => Exit::Usage,
    };
    Failure::new(exit, error.to_string())
}

/// Lists every lock that is held.
pub fn list(place: &Place) -> Result<Exit, Failure> {
    let (locks, reach) = locks(place)?;
    place.out.report(&Listing {
        schema: "quarterdeck.locks/1",
        reach: reach.words(),
        locks: locks.list().map_err(failure)?,
        now: place.clock().now,
    })?;
    Ok(Exit::Done)
}

/// Takes a lock away from whoever holds it. Loud, since the run that held it stops.
pub fn break_lock(place: &Place, id: &str, reason: &str) -> Result<Exit, Failure> {
    let (locks, reach) = locks(place)?;
    let now = place.clock().now;
    let holder = locks
        .break_lock(id, (&place.who(""), reason), now)
        .map_err(failure)?;
    place
        .teller
        .warn(format!("the lock was taken away from {holder}"));
    place.out.report(&Listing {
        schema: "quarterdeck.locks/1",
        reach: reach.words(),
        locks: locks.list().map_err(failure)?,
        now,
    })?;
    Ok(Exit::Done)
}

impl Report for Listing {
    fn text(&self, page: &Page) -> String {
        if self.locks.is_empty() {
            return format!("no locks are held (of {})\n", self.reach);
        }
        let mut table = Table::new([
            Column::fixed("LOCK"),
            Column::words("RESOURCE", 20),
            Column::fixed("RUN"),
            Column::fixed("RUNBOOK").sheds(2),
            Column::fixed("SINCE").sheds(1),
            Column::words("BY", 8),
        ]);
        for holder in &self.locks {
            table.row([
                Cell::new(&holder.id),
                Cell::new(&holder.key),
                Cell::new(&holder.run.0),
                Cell::new(&holder.runbook),
                Cell::new(page.time(holder.since, self.now)),
                Cell::new(format!("{}@{}", holder.who.user, holder.who.host)),
            ]);
        }
        times_in(page) + &table.render(page.width, page.paint)
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        self.locks.iter().map(serde_json::to_value).collect()
    }
}

//! `qd runbook history`: the runs of this host or login, newest first.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::domain::recovery::MeasuredRestore;
use crate::engine::run::{RunHead, RunStore, StoreError};
use crate::headless::Exit;
use crate::headless::out::{Page, Report, times_in};
use crate::headless::runbook::desk::Place;
use crate::headless::runbook::failure::Failure;
use crate::headless::runbook::teller;
use crate::headless::table::{Cell, Column, Table};
use crate::runbook::record::{Status, Who};
use crate::runbook::tell::{Role, status_role};

/// The name and version of the format.
const SCHEMA: &str = "quarterdeck.history/1";

#[derive(Serialize)]
struct History {
    schema: &'static str,
    runs: Vec<Row>,
    #[serde(skip)]
    now: Timestamp,
}

#[derive(Serialize)]
struct Row {
    run_id: String,
    runbook: String,
    status: Status,
    /// Unknown while it goes on, or if its process died.
    exit_code: Option<u8>,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    scope: String,
    account: String,
    region: String,
    /// Names of what it changes.
    resources: Vec<String>,
    changed: bool,
    rolled_back: bool,
    remains: Vec<String>,
    /// What went wrong without changing the status.
    warnings: Vec<String>,
    reason: Option<String>,
    by: Who,
    resume_cmd: Option<String>,
    journal: String,
    /// What it measured, if it restored a database.
    measured: Option<MeasuredRestore>,
    trouble: Option<String>,
}

/// The runs; an error if there is no place for any.
pub fn store(place: &Place) -> Result<RunStore, Failure> {
    let folder = place.folder.as_ref().ok_or(StoreError::NoFolder)?;
    Ok(RunStore::new(folder))
}

/// Prints them, at most so many.
pub fn run(place: &Place, limit: Option<usize>) -> Result<Exit, Failure> {
    let store = store(place)?;
    let mut heads = store.list()?;
    heads.truncate(limit.unwrap_or(usize::MAX));
    for head in heads.iter().filter(|head| head.trouble.is_some()) {
        let trouble = head.trouble.as_deref().unwrap_or_default();
        place.teller.warn(format!("{}: {trouble}", head.id));
    }
    let runs = heads.into_iter().map(|head| row(head, &store, place)).collect();
    place.out.report(&History {
        schema: SCHEMA,
        runs,
        now: place.clock().now,
    })?;
    Ok(Exit::Done)
}

fn row(head: RunHead, store: &RunStore, place: &Place) -> Row {
    let resumable = matches!(head.status, Status::Interrupted | Status::WaitingCredentials);
    Row {
        resume_cmd: resumable.then(|| place.commands.resume(&head.id)),
        journal: store.journal_path(&head.id).to_string_lossy().into_owned(),
        run_id: head.id.to_string(),
        runbook: head.runbook,
        status: head.status,
        exit_code: head.exit.map(Exit::code),
        started_at: head.started_at,
        ended_at: head.ended_at,
        scope: head.scope,
        account: head.account,
        region: head.region,
        resources: head.targets,
        changed: head.changed,
        rolled_back: head.rolled_back,
        remains: head.remains,
        warnings: head.warnings,
        reason: head.reason,
        by: head.who,
        measured: head.measured,
        trouble: head.trouble,
    }
}

impl Report for History {
    fn text(&self, page: &Page) -> String {
        if self.runs.is_empty() {
            return "no runs yet\n".to_owned();
        }
        let mut table = Table::new([
            Column::fixed("RUN"),
            Column::fixed("STARTED").sheds(2),
            Column::fixed("RUNBOOK"),
            Column::fixed("STATUS"),
            Column::numbers("EXIT").sheds(4),
            Column::words("BY", 6).sheds(3),
            Column::words("CHANGES", 12),
            Column::words("WHY", 10).sheds(5),
        ]);
        for row in &self.runs {
            table.row([
                Cell::new(&row.run_id),
                Cell::new(page.time(row.started_at, self.now)),
                Cell::new(&row.runbook),
                if row.warnings.is_empty() {
                    Cell::new(row.status.word()).tone(teller::tone(status_role(row.status)))
                } else {
                    Cell::new(format!("{}, warned", row.status.word())).tone(teller::tone(Role::Warn))
                },
                Cell::of(row.exit_code),
                Cell::new(&row.by.user),
                Cell::new(row.resources.join(", ")),
                Cell::new(row.reason.as_deref().unwrap_or_default()),
            ]);
        }
        times_in(page) + &table.render(page.width, page.paint)
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        self.runs.iter().map(serde_json::to_value).collect()
    }
}

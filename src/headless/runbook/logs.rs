//! `qd runbook logs`: a run's journal.

use serde::Serialize;
use serde_json::Value;

use crate::headless::Exit;
use crate::headless::out::{Page, Report};
use crate::headless::runbook::desk::Place;
use crate::headless::runbook::failure::Failure;
use crate::headless::runbook::resume::ledger_of;
use crate::headless::runbook::{history, teller};
use crate::runbook::record::{Entry, RunId};
use crate::runbook::tell::{self, Line};

#[derive(Serialize)]
struct Log {
    schema: &'static str,
    run_id: RunId,
    entries: Vec<Entry>,
    /// Whether its last line was cut off, as a crash in the midst of writing leaves it.
    torn: bool,
    #[serde(skip)]
    lines: Vec<Line>,
}

/// Prints it.
pub fn run(place: &Place, wanted: &str) -> Result<Exit, Failure> {
    let store = history::store(place)?;
    let (id, ledger) = ledger_of(&store, wanted)?;
    let journal = store.journal(&id)?;
    let clock = place.clock();
    let lines = journal
        .entries
        .iter()
        .map(|entry| tell::record(entry, ledger.plan(), &clock))
        .collect();
    let torn = journal.torn;
    if torn {
        place
            .teller
            .warn("the last line was cut off: the process died while it wrote it");
    }
    place.out.report(&Log {
        schema: "quarterdeck.journal/1",
        run_id: id,
        entries: journal.entries,
        torn,
        lines,
    })?;
    Ok(Exit::Done)
}

impl Report for Log {
    fn text(&self, page: &Page) -> String {
        teller::text(self.lines.iter().cloned(), page.paint, page.width)
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        self.entries.iter().map(serde_json::to_value).collect()
    }
}

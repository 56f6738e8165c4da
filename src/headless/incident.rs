//! `qd incident`: records that the console kept, listed, printed and exported.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::domain::incident::{Incident, Places, RunStory, markdown, timeline};
use crate::engine::incident::{IncidentError, IncidentStore, runs_of};
use crate::engine::run::RunStore;
use crate::headless::out::{Page, Report, complain, print, times_in};
use crate::headless::table::{Cell, Column, Table, UNKNOWN};
use crate::headless::{Exit, Out};

/// The names and versions of the formats.
const LIST: &str = "quarterdeck.incidents/1";
const ONE: &str = "quarterdeck.incident/1";

/// Where records and runs are.
pub struct Desk {
    store: IncidentStore,
    runs: RunStore,
    /// Now, on the cloud's clock.
    now: Timestamp,
}

impl Desk {
    /// Of records and of what runs did meanwhile.
    pub const fn new(store: IncidentStore, runs: RunStore, now: Timestamp) -> Self {
        Self { store, runs, now }
    }

    /// Lists them, newest first.
    ///
    /// # Errors
    /// If nothing can be printed.
    pub fn list(&self, out: &Out) -> anyhow::Result<Exit> {
        let incidents = match self.store.list() {
            Ok(incidents) => incidents,
            Err(error) => return Ok(refused(&error)),
        };
        out.report(&List {
            schema: LIST,
            incidents: incidents.iter().map(row).collect(),
            now: self.now,
        })?;
        Ok(Exit::Done)
    }

    /// Prints the time line of one.
    ///
    /// # Errors
    /// If nothing can be printed.
    pub fn show(&self, wanted: &str, out: &Out) -> anyhow::Result<Exit> {
        let (incident, runs) = match self.find(wanted) {
            Ok(found) => found,
            Err(error) => return Ok(refused(&error)),
        };
        let moments = timeline(&incident, &runs);
        out.report(&One {
            schema: ONE,
            incident: row(&incident),
            timeline: moments
                .into_iter()
                .map(|moment| Line {
                    at: moment.at,
                    sort: moment.sort,
                    who: moment.who,
                    text: moment.text,
                })
                .collect(),
            now: self.now,
        })?;
        Ok(Exit::Done)
    }

    /// Writes one as a post-mortem in Markdown, to a new file or standard output.
    ///
    /// # Errors
    /// If nothing can be printed.
    pub fn export(&self, wanted: &str, file: Option<&Path>, out: &Out) -> anyhow::Result<Exit> {
        let (incident, runs) = match self.find(wanted) {
            Ok(found) => found,
            Err(error) => return Ok(refused(&error)),
        };
        let (zone, label) = out.page().zone.clone();
        let text = markdown(&incident, &runs, &Places { zone, label }, self.now);
        let Some(path) = file else {
            print(&text)?;
            return Ok(Exit::Done);
        };
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        Ok(match written {
            Ok(()) => Exit::Done,
            Err(error) => {
                complain(&format!("qd: {}: {error}", path.display()));
                Exit::Usage
            }
        })
    }

    fn find(&self, wanted: &str) -> Result<(Incident, Vec<RunStory>), IncidentError> {
        let incident = self.store.find(wanted)?;
        let runs = runs_of(&incident, &self.runs);
        Ok((incident, runs))
    }
}

fn refused(error: &IncidentError) -> Exit {
    complain(&format!("qd: {error}"));
    match error {
        IncidentError::Unknown(_) | IncidentError::Ambiguous(_) => Exit::Usage,
        IncidentError::Io(_) => Exit::Internal,
    }
}

#[derive(Serialize)]
struct List {
    schema: &'static str,
    incidents: Vec<Row>,
    #[serde(skip)]
    now: Timestamp,
}

#[derive(Serialize)]
struct One {
    schema: &'static str,
    incident: Row,
    timeline: Vec<Line>,
    #[serde(skip)]
    now: Timestamp,
}

#[derive(Serialize)]
struct Row {
    id: String,
    title: String,
    estate: Option<String>,
    scopes: Vec<String>,
    started_at: Timestamp,
    closed_at: Option<Timestamp>,
    people: Vec<String>,
    /// Findings that were there, and those that still are.
    findings: usize,
    open_findings: usize,
}

#[derive(Serialize)]
struct Line {
    at: Timestamp,
    sort: &'static str,
    who: Option<String>,
    text: String,
}

fn row(incident: &Incident) -> Row {
    Row {
        id: incident.id.to_string(),
        title: incident.title.clone(),
        estate: incident.estate.clone(),
        scopes: incident.scopes.clone(),
        started_at: incident.started.0,
        closed_at: incident.closed.map(|(at, _)| at),
        people: incident.people.clone(),
        findings: incident.courses().len(),
        open_findings: incident.open.len(),
    }
}

impl Report for List {
    fn text(&self, page: &Page) -> String {
        if self.incidents.is_empty() {
            return "no incident was recorded yet\n".to_owned();
        }
        let mut table = Table::new([
            Column::fixed("INCIDENT"),
            Column::fixed("BEGAN").sheds(2),
            Column::fixed("CLOSED"),
            Column::words("ESTATE", 8).sheds(3),
            Column::words("TITLE", 12),
            Column::numbers("FINDINGS").sheds(4),
            Column::words("WHO", 8).sheds(5),
        ]);
        for row in &self.incidents {
            table.row([
                Cell::new(&row.id),
                Cell::new(page.time(row.started_at, self.now)),
                Cell::new(
                    row.closed_at
                        .map_or_else(|| "open".to_owned(), |at| page.time(at, self.now)),
                ),
                Cell::of(row.estate.as_deref()),
                Cell::new(&row.title),
                Cell::new(row.findings.to_string()),
                Cell::new(row.people.join(", ")),
            ]);
        }
        times_in(page) + &table.render(page.width, page.paint)
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        self.incidents.iter().map(serde_json::to_value).collect()
    }
}

impl Report for One {
    fn text(&self, page: &Page) -> String {
        let row = &self.incident;
        let closed = row.closed_at.map_or_else(
            || "open".to_owned(),
            |at| format!("closed {}", page.time(at, self.now)),
        );
        let mut table = Table::new([
            Column::fixed("AT"),
            Column::fixed("SORT"),
            Column::words("WHAT", 20),
            Column::words("WHO", 8).sheds(1),
        ]);
        for line in &self.timeline {
            table.row([
                Cell::new(page.time(line.at, self.now)),
                Cell::new(line.sort),
                Cell::new(&line.text),
                Cell::new(line.who.as_deref().unwrap_or(UNKNOWN)),
            ]);
        }
        format!(
            "{}: {}, {closed}; times are {}\n{}",
            row.id,
            crate::domain::text::clean(&row.title),
            page.zone.1,
            table.render(page.width, page.paint)
        )
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        self.timeline.iter().map(serde_json::to_value).collect()
    }
}

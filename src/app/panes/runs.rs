//! Live runs, the history, and the runbooks there are.

use crate::app::format;
use crate::app::runs::book::Book;
use crate::app::runs::head::{Head, tone};
use crate::app::runs::story::shown_status;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::health::Health;
use crate::domain::reach::Reach;
use crate::runbook::record::Status;

/// Runs of the history that are listed: more are found with `qd runbook history`.
const MOST: usize = 300;

/// Live runs, then those that ended, then the runbooks.
pub(super) fn sections(state: &State) -> Vec<Section> {
    let heads = state.runs.heads.iter().flatten();
    let (live, over): (Vec<&Head>, Vec<&Head>) = heads.partition(|head| {
        let watched = state.runs.watched.get(&head.id);
        match watched.filter(|watched| watched.was_ours()) {
            Some(watched) => watched.is_ours(),
            None => head.is_live(),
        }
    });
    let reading = |known: bool, nothing: &str| if known { nothing } else { "reading …" }.to_owned();
    let known = state.runs.heads.is_some();
    vec![
        Section {
            title: format!(
                "live, seen by {} {}",
                state.setup.reach.map_or("nobody", Reach::words),
                live.len()
            ),
            columns: columns(),
            rows: live.into_iter().map(|head| run(state, head)).collect(),
            empty: match state.setup.reach {
                Some(_) => reading(known, "nothing runs"),
                None => "there is no folder for runs: HOME is not set; give --state-dir".to_owned(),
            },
            ..Section::default()
        },
        Section {
            title: format!("history {}", over.len()),
            columns: columns(),
            rows: over.into_iter().take(MOST).map(|head| run(state, head)).collect(),
            empty: reading(known, "nothing has run yet"),
            ..Section::default()
        },
        books(state),
    ]
}

fn columns() -> Vec<Column> {
    vec![
        Column::words("STATUS", 11, 19, 0),
        Column::words("RUNBOOK", 14, 28, 0),
        Column::names("TARGETS", 12, 34, 1),
        Column::words("BEGAN", 11, 11, 0),
        Column::words("TOOK", 5, 6, 3),
        Column::words("WHO", 10, 18, 4),
        Column::words("WHERE", 17, 28, 2),
        Column::words("ID", 22, 24, 5),
    ]
}

fn run(state: &State, head: &Head) -> Row {
    let watched = state.runs.watched.get(&head.id);
    let status = watched
        .and_then(|watched| shown_status(watched, Some(head)))
        .unwrap_or(head.status);
    let asks = watched.is_some_and(|watched| watched.asked.is_some());
    let (word, tone) = match (&head.trouble, asks) {
        (Some(_), _) => ("unreadable", Tone::Crit),
        (None, true) => ("asks", Tone::Warn),
        (None, false) => (word(status), tone(status)),
    };
    let zone = &state.zone().zone;
    let targets = match head.targets.as_slice() {
        [] => Cell::new(format::UNKNOWN).tone(Tone::Muted),
        [one] => Cell::new(one),
        [first, rest @ ..] => Cell::new(format!("{first} +{}", rest.len())),
    };
    let place = format!("{} {}", head.account, format::region(&head.region));
    let span = head.span(state.now);
    Row {
        key: RowKey::Run(head.id.clone()),
        cells: vec![
            Cell::new(word).tone(tone),
            Cell::new(&head.runbook).tone(Tone::Strong),
            targets,
            Cell::new(format::clock(head.started_at, state.now, zone))
                .tone(Tone::Muted)
                .ranked(-head.started_at.as_duration().as_secs_f64()),
            Cell::new(format::span(span))
                .tone(Tone::Muted)
                .ranked(span.as_secs_f64()),
            Cell::new(&head.who).tone(Tone::Muted),
            Cell::new(place).tone(Tone::Muted),
            Cell::new(&head.id.0).tone(Tone::Muted),
        ],
        health: match status {
            Status::Partial => Health::Crit,
            Status::Interrupted | Status::WaitingCredentials => Health::Warn,
            Status::Running | Status::Succeeded | Status::Failed | Status::RolledBack | Status::Abandoned => {
                Health::Ok
            }
        },
    }
}

/// The status in at most eleven columns.
const fn word(status: Status) -> &'static str {
    match status {
        Status::WaitingCredentials => "wants login",
        other => other.word(),
    }
}

fn books(state: &State) -> Section {
    let rows: Vec<Row> = state.runs.books.iter().flatten().map(book).collect();
    Section {
        title: format!("runbooks {}", rows.len()),
        columns: vec![
            Column::words("RUNBOOK", 18, 30, 0),
            Column::words("FROM", 7, 7, 1),
            Column::words("CONFIRM", 9, 9, 2),
            Column::words("WHAT IT DOES", 30, 100, 0),
        ],
        rows,
        empty: if state.runs.books.is_some() {
            "there is none".to_owned()
        } else {
            "reading …".to_owned()
        },
        ..Section::default()
    }
}

fn book(book: &Book) -> Row {
    let (what, name) = match &book.contents {
        Ok(_) if book.is_hidden => (
            Cell::new("hidden by a nearer one of the same name").tone(Tone::Muted),
            Tone::Muted,
        ),
        Ok(runbook) => (Cell::new(&runbook.title), Tone::Strong),
        Err(why) => (Cell::new(why).tone(Tone::Crit), Tone::Crit),
    };
    Row {
        key: RowKey::Runbook(book.name.clone(), book.is_hidden),
        cells: vec![
            Cell::new(&book.name).tone(name),
            Cell::new(book.place.word()).tone(Tone::Muted),
            Cell::new(book.asks.word()).tone(Tone::Muted),
            what,
        ],
        health: Health::Ok,
    }
}

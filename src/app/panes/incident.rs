//! The record of the incident: its time line, newest first.

use std::borrow::Cow;

use crate::app::detail::{Block, Detail};
use crate::app::format;
use crate::app::logs::brief::brief;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::counted::counted;
use crate::domain::health::Health;
use crate::domain::incident::{Moment, timeline};

/// What the key of a row begins with; the entry's number follows.
const ROW: &str = "incident ";

/// What is open, then what happened.
pub(super) fn sections(state: &State) -> Vec<Section> {
    let Some(known) = &state.incident else {
        return vec![Section {
            title: "incident".to_owned(),
            columns: columns(),
            empty: "nothing is recorded: :incident start TITLE begins".to_owned(),
            ..Section::default()
        }];
    };
    let incident = &known.incident;
    let standing = match incident.closed {
        Some((at, _)) => format!(
            "closed after {}",
            format::span(at.duration_since(incident.started.0))
        ),
        None => format!(
            "open for {}, {}",
            format::span(state.picture.at.duration_since(incident.started.0)),
            counted(incident.open.len(), "finding")
        ),
    };
    let mut lines = timeline(incident, &known.runs);
    lines.reverse();
    let rows = lines
        .iter()
        .enumerate()
        .map(|(place, line)| row(state, (lines.len() - place, line)));
    vec![Section {
        title: format!(
            "incident: {}, {standing}",
            crate::domain::text::clean(&incident.title)
        ),
        note: Some((
            "note TEXT, m pins a log line, close, export FILE".to_owned(),
            Tone::Muted,
        )),
        columns: columns(),
        rows: rows.collect(),
        empty: "nothing happened yet".to_owned(),
        ..Section::default()
    }]
}

/// An entry whole, by the key of its row; `None` if the row is of something else.
pub(crate) fn entry(state: &State, key: &RowKey) -> Option<Detail> {
    let RowKey::Line(line) = key else { return None };
    let number: usize = line.strip_prefix(ROW)?.parse().ok()?;
    let known = state.incident.as_ref()?;
    let lines = timeline(&known.incident, &known.runs);
    let moment = lines.get(number.checked_sub(1)?)?;
    let zone = state.zone();
    let at = moment
        .at
        .to_zoned(zone.zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string();
    let text = moment.text.lines();
    let text = text.map(|line| vec![Cell::new(crate::domain::text::clean(line))]);
    Some(Detail {
        title: format!("incident entry {number} of {}", lines.len()),
        blocks: vec![
            Block::Facts(vec![
                ("at".to_owned(), Cell::new(format!("{at} {}", zone.label))),
                ("sort".to_owned(), Cell::new(moment.sort)),
                (
                    "by".to_owned(),
                    Cell::new(moment.who.as_deref().unwrap_or(format::UNKNOWN)),
                ),
            ]),
            Block::Heading("text".to_owned()),
            Block::Lines(text.collect()),
        ],
    })
}

/// A pinned line as the log pane has it, its message first; it is whole where it is opened.
fn in_brief(line: &Moment) -> Cow<'_, str> {
    match line.text.split_once(": ") {
        Some((group, text)) if line.sort == "log" => Cow::Owned(format!("{group}: {}", brief(text))),
        _ => Cow::Borrowed(&line.text),
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::words("AT", 8, 11, 0),
        Column::words("SORT", 7, 7, 0),
        Column::words("WHAT", 20, 160, 0),
        Column::names("WHO", 6, 24, 1),
    ]
}

fn row(state: &State, (number, line): (usize, &Moment)) -> Row {
    let tone = match line.sort {
        "found" if line.text.starts_with("CRIT") => Tone::Crit,
        "found" => Tone::Warn,
        "gone" => Tone::Ok,
        "note" | "log" => Tone::Strong,
        "run" => Tone::Accent,
        _ => Tone::Plain,
    };
    let zone = &state.zone().zone;
    Row {
        key: RowKey::Line(format!("{ROW}{number}")),
        cells: vec![
            Cell::new(format::day_or_clock(line.at, state.picture.at, zone)).tone(Tone::Muted),
            Cell::new(line.sort).tone(tone),
            Cell::new(in_brief(line)).tone(if tone == Tone::Ok { Tone::Plain } else { tone }),
            Cell::new(line.who.as_deref().unwrap_or(format::UNKNOWN)).tone(Tone::Muted),
        ],
        health: Health::Ok,
    }
}

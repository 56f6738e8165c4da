//! The detail of one line: everything that is known of it, and its text whole.

use jiff::Timestamp;
use unicode_width::UnicodeWidthChar;

use crate::app::detail::{Block, Detail};
use crate::app::format;
use crate::app::logs::buffer::LineKey;
use crate::app::logs::json;
use crate::app::state::State;
use crate::app::table::{Cell, Tone};
use crate::domain::logs::level::Level;

/// The detail of a line of the tail.
pub(crate) fn build(state: &State, key: LineKey) -> Detail {
    let found = state
        .logs
        .tail
        .as_ref()
        .and_then(|tail| Some((tail, tail.buffer.line(key)?)));
    let Some((tail, line)) = found else {
        return Detail {
            title: "log line".to_owned(),
            blocks: vec![Block::Lines(vec![vec![
                Cell::new("this line has gone from the buffer").tone(Tone::Warn),
            ]])],
        };
    };
    let zone = state.zone();
    let time = Timestamp::from_millisecond(key.at_ms)
        .unwrap_or_default()
        .to_zoned(zone.zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S%.3f")
        .to_string();
    let target = tail.targets.get(usize::from(line.group));
    let fact = |name: &str, value: String| (name.to_owned(), Cell::new(value));
    let known = |value: &str| {
        if value.is_empty() {
            format::UNKNOWN.to_owned()
        } else {
            value.to_owned()
        }
    };
    let facts = vec![
        fact("time", format!("{time} {}", zone.label)),
        fact("level", line.level.word().unwrap_or(format::UNKNOWN).to_owned()),
        fact(
            "group",
            target.map_or_else(String::new, |target| target.group.clone()),
        ),
        fact(
            "where",
            target.map_or_else(String::new, |target| target.scope.name.to_string()),
        ),
        fact("stream", known(tail.buffer.stream(&line))),
        fact("event id", known(line.id)),
        fact(
            "ingested",
            format!("{} later", format::seconds(f64::from(line.lag_ms) / 1_000.0)),
        ),
    ];
    let width = usize::from(state.geometry.body_width).saturating_sub(2).max(20);
    let (heading, lines) = match json::pretty(line.text) {
        Some(lines) => ("message (JSON)", lines),
        None => ("message", line.text.split('\n').map(ToOwned::to_owned).collect()),
    };
    let tone = match line.level {
        Level::Error => Tone::Crit,
        Level::Warn => Tone::Warn,
        Level::Info | Level::Unknown => Tone::Plain,
        Level::Debug => Tone::Muted,
    };
    let lines = lines
        .iter()
        .flat_map(|line| wrap(line, width))
        .map(|line| vec![Cell::new(line).tone(tone)])
        .collect();
    Detail {
        title: format!("log line of {time} {}", zone.label),
        blocks: vec![
            Block::Facts(facts),
            Block::Heading(heading.to_owned()),
            Block::Lines(lines),
        ],
    }
}

/// A line in rows of at most so many columns.
fn wrap(line: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut used = 0;
    for character in line.chars() {
        let wide = character.width().unwrap_or(0);
        if used + wide > width {
            rows.push(String::new());
            used = 0;
        }
        if let Some(row) = rows.last_mut() {
            row.push(character);
        }
        used += wide;
    }
    rows
}

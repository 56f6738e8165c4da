//! The help: keys and commands as lines, what holds where one is first.

use unicode_width::UnicodeWidthStr;

use crate::app::command::{Context, REGISTRY};
use crate::app::geometry::Geometry;
use crate::app::state::{Level, State};

/// A line of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Where the commands below hold.
    Heading(&'static str),
    /// A command.
    Command {
        /// Its keys, in the words of the settings, the long ones shortened.
        keys: String,
        /// What it does.
        title: &'static str,
        /// Its name after `:`.
        id: &'static str,
    },
    /// Nothing.
    Blank,
}

/// Columns of the keys of a command.
pub const KEYS: u16 = 12;
/// Lines and columns of the screen around the text: the frame, and some of what lies below.
pub const AROUND: (u16, u16) = (2, 4);

/// The lines, in the order that helps where one is.
pub fn lines(state: &State) -> Vec<Line> {
    let contexts = match state.levels.last() {
        Some(Level::Tail | Level::LogLine { .. }) => [Context::Logs, Context::Global, Context::Detail],
        Some(Level::Detail { .. } | Level::Changes { .. }) => {
            [Context::Detail, Context::Global, Context::Logs]
        }
        Some(Level::Prepare { .. } | Level::Run { .. }) | None => {
            [Context::Global, Context::Detail, Context::Logs]
        }
    };
    let mut lines = Vec::new();
    for context in contexts {
        if !lines.is_empty() {
            lines.push(Line::Blank);
        }
        lines.push(Line::Heading(match context {
            Context::Global => "everywhere",
            Context::Logs => "in a tail of logs",
            Context::Detail => "in a detail",
        }));
        let entries = REGISTRY.iter().filter(|entry| entry.context == context);
        lines.extend(entries.map(|entry| {
            Line::Command {
                keys: entry
                    .keys
                    .join(" ")
                    .replace("pageup", "pgup")
                    .replace("pagedown", "pgdn"),
                title: entry.title,
                id: entry.id,
            }
        }));
    }
    lines
}

/// Columns of what the commands do: as many as the longest needs.
pub fn titles() -> u16 {
    let widest = REGISTRY.iter().map(|entry| entry.title.width()).max();
    u16::try_from(widest.unwrap_or(0)).unwrap_or(u16::MAX)
}

/// Columns that a command takes: its keys, what it does, its name after a colon.
pub fn column() -> u16 {
    let names = REGISTRY.iter().map(|entry| entry.id.width() + 1).max();
    KEYS + titles() + u16::try_from(names.unwrap_or(0)).unwrap_or(0) + 4
}

/// Columns and rows of text in a terminal of that size.
pub fn page(geometry: Geometry) -> (u16, u16) {
    let columns = (geometry.width.saturating_sub(AROUND.0) / column()).max(1);
    (columns, geometry.height.saturating_sub(AROUND.1).max(1))
}

/// The furthest that the help scrolls.
pub fn most_scroll(geometry: Geometry) -> u16 {
    let (columns, rows) = page(geometry);
    // A heading for each context, and a blank line between them.
    let lines = u16::try_from(REGISTRY.len() + 5).unwrap_or(u16::MAX);
    lines.saturating_sub(columns * rows)
}

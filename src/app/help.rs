//! The help: keys and commands as lines, what holds where one is first.

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

/// Columns that a command takes.
pub const COLUMN: u16 = 57;
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

/// Columns and rows of text in a terminal of that size.
pub fn page(geometry: Geometry) -> (u16, u16) {
    let columns = (geometry.width.saturating_sub(AROUND.0) / COLUMN).max(1);
    (columns, geometry.height.saturating_sub(AROUND.1).max(1))
}

/// The furthest that the help scrolls.
pub fn most_scroll(geometry: Geometry) -> u16 {
    let (columns, rows) = page(geometry);
    // A heading for each context, and a blank line between them.
    let lines = u16::try_from(REGISTRY.len() + 5).unwrap_or(u16::MAX);
    lines.saturating_sub(columns * rows)
}

//! The last line: what keys do here, or the newest message.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::command::Command;
use crate::app::pane::Pane;
use crate::app::state::{Level, State};
use crate::view::styles::Styles;
use crate::view::table::put;

/// Lines that the footer takes.
pub const HEIGHT: u16 = 1;

/// Draws the footer.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) {
    if let Some(notice) = state.notices.back() {
        put(frame, area, 1, area.width, &notice.text, styles.tone(notice.tone));
        return;
    }
    let mut x = 1;
    for (key, word) in hints(state) {
        if usize::from(x) + key.len() + word.len() + 1 > usize::from(area.width) {
            break;
        }
        x += put(frame, area, x, area.width, key, styles.accent) + 1;
        x += put(frame, area, x, area.width, word, styles.muted) + 2;
    }
}

fn hints(state: &State) -> Vec<(&'static str, &'static str)> {
    let key = |command: Command| command.entry().keys.first().copied().unwrap_or("");
    let mut hints = match state.levels.last() {
        Some(Level::Detail { .. }) => vec![
            (key(Command::Reveal), "reveal"),
            (key(Command::Trail), "who wrote"),
        ],
        Some(Level::LogLine { .. }) => return vec![("q", "back")],
        Some(Level::Changes { .. }) => Vec::new(),
        Some(Level::Tail) => return tail_hints(),
        None => vec![("Enter", "detail")],
    };
    if state.pane == Pane::Logs && state.levels.is_empty() {
        hints = vec![("Enter", "tail"), (key(Command::Mark), "mark several")];
    }
    hints.extend([
        (key(Command::Runbooks), "fix"),
        (key(Command::LogsOf), "logs"),
        (key(Command::Changes), "changes"),
        (key(Command::Link), "link"),
        (key(Command::Filter), "filter"),
        (key(Command::Palette), "cmd"),
        (key(Command::Help), "help"),
        ("q", "back"),
    ]);
    hints
}

/// What keys do in a tail, the most used first.
fn tail_hints() -> Vec<(&'static str, &'static str)> {
    let key = |command: Command| command.entry().keys.first().copied().unwrap_or("");
    vec![
        (key(Command::Search), "search"),
        (key(Command::NextError), "error"),
        (key(Command::Include), "only"),
        (key(Command::Exclude), "without"),
        (key(Command::Since), "since"),
        (key(Command::Pattern), "AWS filter"),
        (key(Command::Follow), "follow"),
        (key(Command::Wrap), "wrap"),
        (key(Command::Save), "save"),
        ("q", "back"),
    ]
}

//! The last line: what keys do here, or the newest message.

use ratatui::Frame;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

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
    let (hints, always) = hints(state);
    let wide = |hints: &[Hint]| {
        hints
            .iter()
            .map(|(key, word)| key.width() + word.width() + 3)
            .sum::<usize>()
    };
    let end = usize::from(area.width).saturating_sub(wide(&always));
    let mut x = 1;
    let mut say = |frame: &mut Frame<'_>, (key, word): &Hint| {
        x += put(frame, area, x, area.width, key, styles.accent) + 1;
        x += put(frame, area, x, area.width, word, styles.muted) + 2;
        usize::from(x)
    };
    let mut used = 1;
    for hint in &hints {
        if used + hint.0.width() + hint.1.width() + 1 > end {
            break;
        }
        used = say(frame, hint);
    }
    // How to get help and how to get away are never left out.
    for hint in &always {
        say(frame, hint);
    }
}

/// A key as it is written on keyboards, and what it does.
type Hint = (String, &'static str);

fn hint(command: Command, word: &'static str) -> Hint {
    let key = command.entry().keys.first().copied().unwrap_or_default();
    let mut letters = key.chars();
    let shown = match (letters.next(), letters.as_str()) {
        (Some(first), rest) if !rest.is_empty() => first.to_uppercase().chain(rest.chars()).collect(),
        _ => key.to_owned(),
    };
    (shown, word)
}

/// What keys do here, the most used first; and what is always said.
fn hints(state: &State) -> (Vec<Hint>, Vec<Hint>) {
    let always = vec![hint(Command::Help, "help"), ("q".to_owned(), "back")];
    let mut hints = match state.levels.last() {
        Some(Level::Detail { .. }) => {
            vec![hint(Command::Reveal, "reveal"), hint(Command::Trail, "who wrote")]
        }
        Some(Level::LogLine { .. }) => {
            return (vec![("Up Down".to_owned(), "scroll")], always);
        }
        Some(Level::Changes { of: Some(_), .. }) => {
            return (
                vec![
                    hint(Command::Changes, "changes of everything"),
                    hint(Command::Zone, "zone"),
                ],
                always,
            );
        }
        Some(Level::Changes { of: None, .. }) => {
            return (vec![hint(Command::Zone, "zone")], always);
        }
        Some(Level::Tail) => return (tail_hints(), always),
        None if state.pane == Pane::Logs => vec![
            hint(Command::Open, "tail"),
            hint(Command::Mark, "mark several"),
            hint(Command::Filter, "filter"),
            hint(Command::Sort, "sort"),
            hint(Command::Palette, "cmd"),
        ],
        None => vec![hint(Command::Open, "detail")],
    };
    if state.pane != Pane::Logs || !state.levels.is_empty() {
        hints.extend([
            hint(Command::Runbooks, "fix"),
            hint(Command::LogsOf, "logs"),
            hint(Command::Changes, "changes"),
            hint(Command::Link, "link"),
        ]);
    }
    if state.levels.is_empty() && state.pane != Pane::Logs {
        hints.extend([hint(Command::Filter, "filter"), hint(Command::Palette, "cmd")]);
    }
    if state.levels.is_empty() && !matches!(state.pane, Pane::Overview | Pane::Logs) {
        hints.extend([hint(Command::Sort, "sort"), hint(Command::Mark, "mark")]);
    }
    (hints, always)
}

/// What keys do in a tail, the most used first.
fn tail_hints() -> Vec<Hint> {
    vec![
        hint(Command::Search, "search"),
        hint(Command::NextError, "error"),
        hint(Command::Include, "only"),
        hint(Command::Exclude, "without"),
        hint(Command::Since, "since"),
        hint(Command::Follow, "follow"),
        hint(Command::Wrap, "wrap"),
        hint(Command::Save, "save"),
        hint(Command::Pattern, "AWS filter"),
    ]
}

//! What lies over a pane: help, prompts, cards.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Clear};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::app::command::Command;
use crate::app::help;
use crate::app::overlay::{Overlay, Prompt, Purpose, completions};
use crate::app::state::State;
use crate::app::table::Tone;
use crate::view::runs;
use crate::view::styles::Styles;
use crate::view::table::put;

/// Draws the overlay, if there is one.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) {
    match &state.overlay {
        None => {}
        Some(Overlay::Prompt(prompt)) => prompt_line(frame, area, state, prompt, styles),
        Some(Overlay::Help(scroll)) => help(frame, area, *scroll, state, styles),
        Some(Overlay::Menu(menu)) => runs::menu(frame, area, menu, styles),
        Some(Overlay::Confirm(confirm)) => runs::confirm(frame, area, confirm, styles),
        Some(Overlay::Card(lines)) => {
            // Nothing is cut: an address that is not whole is of no use.
            let lines: Vec<String> = lines
                .iter()
                .flat_map(|line| wrapped(line, usize::from(box_width(area) - 2)))
                .collect();
            let inside = framed(frame, area, lines.len() as u16, "Esc closes", styles);
            for (line, y) in lines.iter().zip(inside.y..inside.bottom()) {
                put(
                    frame,
                    Rect {
                        y,
                        height: 1,
                        ..inside
                    },
                    0,
                    inside.width,
                    line,
                    styles.base,
                );
            }
        }
    }
}

fn prompt_line(frame: &mut Frame<'_>, area: Rect, state: &State, prompt: &Prompt, styles: &Styles) {
    let row = Rect {
        y: area.bottom() - 1,
        height: 1,
        ..area
    };
    frame.render_widget(Clear, row);
    frame.buffer_mut().set_style(row, styles.base);
    let label = match &prompt.purpose {
        Purpose::Command => ":".to_owned(),
        Purpose::Filter(_) => "/".to_owned(),
        Purpose::MfaCode(scope) => format!("MFA code for {scope}: "),
        Purpose::AllowWrites => "type the estate's name to allow changes for 30 minutes: ".to_owned(),
        Purpose::Argument(command) => format!("{}: ", command.entry().title),
    };
    let shown = if matches!(prompt.purpose, Purpose::MfaCode(_)) {
        "*".repeat(prompt.line.text.chars().count())
    } else {
        prompt.line.text.clone()
    };
    let x = put(frame, row, 0, row.width, &label, styles.accent);
    let used = put(frame, row, x, row.width, &shown, styles.strong);
    if let Some((text, tone)) = aside(state, prompt) {
        let x = x + used + 3;
        put(frame, row, x, row.width, &text, styles.tone(tone));
    }
    let before: String = shown.chars().take(prompt.line.cursor).collect();
    let cursor = x + u16::try_from(before.width()).unwrap_or(0);
    frame.set_cursor_position(Position {
        x: (row.x + cursor).min(row.right() - 1),
        y: row.y,
    });
}

/// What helps with what is being typed: what could follow, or how much it leaves.
fn aside(state: &State, prompt: &Prompt) -> Option<(String, Tone)> {
    match &prompt.purpose {
        Purpose::Command => {
            let candidates = completions(state, prompt.stem());
            Some(match (candidates.is_empty(), prompt.line.text.contains(' ')) {
                (true, true) => return None,
                (true, false) if Command::of_id(&prompt.line.text).is_some() => return None,
                (true, false) => ("no such command".to_owned(), Tone::Warn),
                (false, _) => {
                    // Names alone: what is in front of them is typed already.
                    let names: Vec<&str> = candidates
                        .iter()
                        .map(|line| line.rsplit(' ').next().unwrap_or(line))
                        .collect();
                    (format!("Tab: {}", names.join(" ")), Tone::Muted)
                }
            })
        }
        Purpose::Filter(_) => {
            let all: usize = state
                .tables
                .sections
                .iter()
                .map(|section| section.rows.len())
                .sum();
            let text = format!(
                "{} of {all} rows; ! in front inverts, Esc takes it back",
                state.view().visible.len()
            );
            Some((text, Tone::Muted))
        }
        Purpose::MfaCode(_) | Purpose::AllowWrites | Purpose::Argument(_) => None,
    }
}

fn help(frame: &mut Frame<'_>, area: Rect, scroll: u16, state: &State, styles: &Styles) {
    let lines = help::lines(state);
    let (column, widest) = (help::column(), usize::from(help::titles()));
    let (columns, rows) = help::page(state.geometry);
    let shown = usize::from(columns) * usize::from(rows);
    let below = lines.len().saturating_sub(shown + usize::from(scroll));
    let title = match (scroll, below) {
        (0, 0) => "keys and commands: Esc closes".to_owned(),
        (_, 0) => "keys and commands: j k scroll, Esc closes".to_owned(),
        (_, some) => format!("keys and commands: {some} more, j k scroll, Esc closes"),
    };
    let width = (columns * column + 2).min(area.width);
    let inside = framed_at(frame, area, (width, rows), &title, styles);
    for (nth, line) in lines.iter().skip(usize::from(scroll)).take(shown).enumerate() {
        let (across, down) = (nth / usize::from(rows), nth % usize::from(rows));
        let row = Rect {
            x: inside.x + across as u16 * column,
            y: inside.y + down as u16,
            height: 1,
            width: column.min(inside.width),
        };
        match line {
            help::Line::Blank => {}
            help::Line::Heading(text) => {
                put(frame, row, 1, row.width, text, styles.strong);
            }
            help::Line::Command { keys, title, id } => {
                put(frame, row, 1, help::KEYS - 1, keys, styles.accent);
                put(
                    frame,
                    row,
                    help::KEYS + 1,
                    row.width,
                    &format!("{title:<widest$}"),
                    styles.base,
                );
                let x = help::KEYS + 2 + u16::try_from(widest).unwrap_or(0);
                put(frame, row, x, row.width, &format!(":{id}"), styles.muted);
            }
        }
    }
}

/// A line in pieces that fit, broken wherever it is full.
pub(super) fn wrapped(line: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for character in line.chars() {
        let wide = UnicodeWidthChar::width(character).unwrap_or(0);
        if used + wide > width {
            pieces.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
    }
    pieces
}

/// How wide a box is, its frame included.
pub(super) fn box_width(area: Rect) -> u16 {
    area.width.saturating_sub(8).clamp(3, 96)
}

/// A frame in the middle of the screen; gives its inside.
pub(super) fn framed(frame: &mut Frame<'_>, area: Rect, lines: u16, title: &str, styles: &Styles) -> Rect {
    framed_at(frame, area, (box_width(area), lines), title, styles)
}

/// The same, so wide with its frame and with room for so many lines.
pub(super) fn framed_at(
    frame: &mut Frame<'_>,
    area: Rect,
    (width, lines): (u16, u16),
    title: &str,
    styles: &Styles,
) -> Rect {
    let height = (lines + 2).min(area.height.saturating_sub(2));
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, place);
    frame.buffer_mut().set_style(place, styles.base);
    let block = block(title, styles.accent, styles);
    let inside = block.inner(place);
    frame.render_widget(block, place);
    inside
}

/// A frame with a title.
pub fn block(title: &str, style: Style, styles: &Styles) -> Block<'static> {
    let block = Block::bordered().title(format!(" {title} ")).border_style(style);
    if styles.ascii {
        block.border_set(ASCII_BORDER)
    } else {
        block.border_type(BorderType::Rounded)
    }
}

const ASCII_BORDER: ratatui::symbols::border::Set<'static> = ratatui::symbols::border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped_whole() {
        assert_eq!(wrapped("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(wrapped("한국어", 5), ["한국", "어"]);
        assert_eq!(wrapped("", 5), [""]);
    }
}

//! What lies over a pane: help, prompts, cards.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Block, BorderType, Clear};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::app::command::{Context, REGISTRY};
use crate::app::overlay::{Overlay, Prompt, Purpose};
use crate::app::state::State;
use crate::view::styles::Styles;
use crate::view::table::put;

/// Draws the overlay, if there is one.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) {
    match &state.overlay {
        None => {}
        Some(Overlay::Prompt(prompt)) => prompt_line(frame, area, prompt, styles),
        Some(Overlay::Help(scroll)) => help(frame, area, *scroll, styles),
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

fn prompt_line(frame: &mut Frame<'_>, area: Rect, prompt: &Prompt, styles: &Styles) {
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
        "*".repeat(prompt.text.chars().count())
    } else {
        prompt.text.clone()
    };
    let x = put(frame, row, 0, row.width, &label, styles.accent);
    put(frame, row, x, row.width, &shown, styles.strong);
    let before: String = shown.chars().take(prompt.cursor).collect();
    let cursor = x + u16::try_from(before.width()).unwrap_or(0);
    frame.set_cursor_position(Position {
        x: (row.x + cursor).min(row.right() - 1),
        y: row.y,
    });
}

fn help(frame: &mut Frame<'_>, area: Rect, scroll: u16, styles: &Styles) {
    let widest = REGISTRY
        .iter()
        .map(|entry| entry.title.width())
        .max()
        .unwrap_or(0);
    let mut lines = Vec::new();
    for context in [Context::Global, Context::Logs, Context::Detail] {
        lines.push((String::new(), format!("── {} ──", context.name())));
        for entry in REGISTRY.iter().filter(|entry| entry.context == context) {
            lines.push((
                entry.keys.join(" "),
                format!("{:<widest$} :{}", entry.title, entry.id),
            ));
        }
    }
    let inside = framed(frame, area, area.height, "keys and commands", styles);
    let most = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_sub(inside.height);
    for ((keys, what), y) in lines
        .into_iter()
        .skip(usize::from(scroll.min(most)))
        .zip(inside.y..inside.bottom())
    {
        let row = Rect {
            y,
            height: 1,
            ..inside
        };
        put(frame, row, 0, 14, &keys, styles.accent);
        put(frame, row, 15, inside.width, &what, styles.base);
    }
}

/// A line in pieces that fit, broken wherever it is full.
fn wrapped(line: &str, width: usize) -> Vec<String> {
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
fn box_width(area: Rect) -> u16 {
    area.width.saturating_sub(8).clamp(3, 96)
}

/// A frame in the middle of the screen; gives its inside.
fn framed(frame: &mut Frame<'_>, area: Rect, lines: u16, title: &str, styles: &Styles) -> Rect {
    let width = box_width(area);
    let height = (lines + 2).min(area.height.saturating_sub(4));
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, place);
    frame.buffer_mut().set_style(place, styles.base);
    let mut block = Block::bordered()
        .title(format!(" {title} "))
        .border_style(styles.accent);
    block = if styles.ascii {
        block.border_set(ASCII_BORDER)
    } else {
        block.border_type(BorderType::Rounded)
    };
    let inside = block.inner(place);
    frame.render_widget(block, place);
    inside
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

//! What lies over runs: menus, and the box in which a change is confirmed.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr;

use crate::app::line::Line;
use crate::app::runs::confirm::{Confirm, Place};
use crate::app::runs::menu::Menu;
use crate::app::state::Environment;
use crate::domain::text;
use crate::view::overlays::{block, box_width, framed};
use crate::view::runs::line;
use crate::view::styles::Styles;
use crate::view::table::put;

/// Rows of the box in which a change is confirmed, its frame included.
pub const CONFIRM_HEIGHT: u16 = 6;

/// Draws the box, at the bottom: what it confirms stays in sight above it.
pub fn confirm(frame: &mut Frame<'_>, area: Rect, confirm: &Confirm, styles: &Styles) {
    let place = Rect {
        y: area.bottom().saturating_sub(CONFIRM_HEIGHT),
        height: CONFIRM_HEIGHT.min(area.height),
        ..area
    };
    frame.render_widget(Clear, place);
    frame.buffer_mut().set_style(place, styles.base);
    let style = if confirm.is_prod {
        styles.environment(Environment::Prod)
    } else {
        styles.accent
    };
    let block = block(&confirm.place, style, styles).title_style(style);
    let inside = block.inner(place);
    frame.render_widget(block, place);
    if let Some(row) = line(inside, 0) {
        put(frame, row, 1, row.width, &confirm.about, styles.strong);
    }
    if let Some(row) = line(inside, 1) {
        typed(
            frame,
            row,
            ("", &confirm.typed, confirm.at == Place::Word),
            styles,
        );
    }
    if let (Some(row), Some(reason)) = (line(inside, 2), &confirm.reason) {
        let label = if confirm.needs_reason {
            "reason: "
        } else {
            "reason, if any: "
        };
        typed(frame, row, (label, reason, confirm.at == Place::Reason), styles);
    }
    if let Some(row) = line(inside, 3) {
        if confirm.is_sent {
            put(frame, row, 1, row.width, "begins …", styles.muted);
        } else if let Some(wrong) = &confirm.wrong {
            put(frame, row, 1, row.width, wrong, styles.warn);
        } else {
            let keys = match &confirm.reason {
                Some(_) => "Enter once the word stands there; Tab reason, Esc back, Up Down scroll",
                None => "Enter once the word stands there; Esc back",
            };
            put(frame, row, 1, row.width, keys, styles.muted);
        }
    }
}

/// A line that is typed in, or could be.
fn typed(frame: &mut Frame<'_>, row: Rect, (label, typed, is_current): (&str, &Line, bool), styles: &Styles) {
    if is_current {
        put(frame, row, 0, 1, ">", styles.accent);
    }
    let x = 2 + put(frame, row, 2, row.width, label, styles.muted);
    let shown = text::clean(&typed.text);
    let style = if is_current { styles.input } else { styles.base };
    put(frame, row, x, row.width, &shown, style);
    if is_current {
        let before: String = typed.text.chars().take(typed.cursor).collect();
        frame.set_cursor_position(Position {
            x: (row.x + x + before.width() as u16).min(row.right().saturating_sub(1)),
            y: row.y,
        });
    }
}

/// A paragraph in lines that fit, broken between words.
fn by_words(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Draws a menu.
pub fn menu(frame: &mut Frame<'_>, area: Rect, menu: &Menu, styles: &Styles) {
    let width = usize::from(box_width(area)).saturating_sub(4);
    let lines: Vec<String> = menu.lines.iter().flat_map(|line| by_words(line, width)).collect();
    let gap = usize::from(!lines.is_empty());
    let height = lines.len() + gap + menu.items.len() * 2 + 1;
    let inside = framed(frame, area, height as u16, &menu.title, styles);
    for (index, words) in lines.iter().enumerate() {
        if let Some(row) = line(inside, index) {
            put(frame, row, 1, row.width, words, styles.base);
        }
    }
    let first = lines.len() + gap;
    for (index, item) in menu.items.iter().enumerate() {
        let (Some(name), Some(about)) = (
            line(inside, first + index * 2),
            line(inside, first + index * 2 + 1),
        ) else {
            return;
        };
        let is_chosen = index == menu.at;
        let style = if is_chosen {
            frame.buffer_mut().set_style(name, styles.selection);
            put(frame, name, 0, 1, ">", styles.selection);
            styles.selection
        } else {
            styles.strong
        };
        put(frame, name, 1, name.width, item.label, style);
        put(frame, about, 3, about.width, item.about, styles.muted);
    }
    if let Some(row) = line(inside, first + menu.items.len() * 2) {
        put(
            frame,
            row,
            1,
            row.width,
            "Up Down choose, Enter does it, Esc does nothing",
            styles.muted,
        );
    }
}

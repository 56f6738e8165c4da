//! A form: its fields, and what the one that is typed in can be.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::app::runs::flow::Flow;
use crate::app::runs::form::{Field, Form};
use crate::domain::text;
use crate::view::overview::rule;
use crate::view::runs::{first_shown, line};
use crate::view::styles::Styles;
use crate::view::table::put;

/// Columns of the names of fields at most.
const NAMES: usize = 24;

/// Draws a form.
pub fn draw(frame: &mut Frame<'_>, area: Rect, (flow, form): (&Flow, &Form), styles: &Styles) {
    let Some(head) = line(area, 0) else { return };
    let name = text::clean(&form.offer.book.name);
    let title = text::clean(&form.offer.runbook.title);
    rule(frame, head, &format!("{name}: {title}"), styles);
    let mut row = 1;
    if let Some(at) = line(area, row) {
        let x = 1 + put(
            frame,
            at,
            1,
            at.width,
            &format!("in {}", form.scope),
            styles.accent,
        );
        if !flow.title.is_empty() {
            put(
                frame,
                at,
                x + 2,
                at.width,
                &format!("for {}", flow.title),
                styles.muted,
            );
        }
        if form.asking.is_some() {
            let words = "looking …";
            let x = at.width.saturating_sub(words.width() as u16 + 1);
            put(frame, at, x, at.width, words, styles.muted);
        }
    }
    row += 2;
    let names = form.fields.iter().map(|field| field.name.width()).max();
    let names = names.unwrap_or(0).min(NAMES) as u16;
    // Half of the room is for what the field in front can be.
    let most = usize::from(area.height).saturating_sub(row + 8).max(1);
    let first = first_shown(form.at, most);
    for (place, field) in form.fields.iter().enumerate().skip(first).take(most) {
        let Some(at) = line(area, row) else { return };
        draw_field(frame, at, (field, place == form.at), names, styles);
        row += 1;
        if let Some(problem) = trouble(field)
            && let Some(at) = line(area, row)
        {
            let x = names + 4;
            put(frame, at, x, at.width, &format!("! {problem}"), styles.warn);
            row += 1;
        }
    }
    if form.fields.is_empty()
        && let Some(at) = line(area, row)
    {
        put(
            frame,
            at,
            1,
            at.width,
            "it takes no parameters; Enter makes the plan",
            styles.muted,
        );
        row += 1;
    }
    for problem in &form.problems {
        if let Some(at) = line(area, row) {
            put(
                frame,
                at,
                1,
                at.width,
                &format!("! {}", text::clean(problem)),
                styles.warn,
            );
            row += 1;
        }
    }
    row += 1;
    if let Some(field) = form.current() {
        let below = Rect {
            y: area.y + (row as u16).min(area.height),
            height: area.height.saturating_sub(row as u16),
            ..area
        };
        draw_choice(frame, below, field, styles);
    }
}

/// What is wrong with a field, in a line.
fn trouble(field: &Field) -> Option<String> {
    match (&field.problem, field.is_missing) {
        (Some(problem), _) => Some(problem.clone()),
        (None, true) => Some("must be given".to_owned()),
        (None, false) => None,
    }
}

fn draw_field(
    frame: &mut Frame<'_>,
    at: Rect,
    (field, is_current): (&Field, bool),
    names: u16,
    styles: &Styles,
) {
    if is_current {
        put(frame, at, 0, 1, ">", styles.accent);
    }
    let name = if is_current { styles.strong } else { styles.muted };
    put(frame, at, 1, names, &text::clean(&field.name), name);
    let x = names + 4;
    let typed = typed(field);
    if is_current && (!field.has_choice() || !typed.is_empty()) {
        let used = put(frame, at, x, at.width, &typed, styles.input);
        let before: String = typed.chars().take(field.line.cursor).collect();
        let cursor = x + before.width() as u16;
        frame.set_cursor_position(Position {
            x: (at.x + cursor).min(at.right().saturating_sub(1)),
            y: at.y,
        });
        if field.has_choice() {
            put(
                frame,
                at,
                x + used + 2,
                at.width,
                "narrows the list below",
                styles.muted,
            );
        }
        return;
    }
    let (value, style) = value(field, styles);
    let used = put(frame, at, x, at.width, &value, style);
    put(frame, at, x + used + 2, at.width, field.origin(), styles.muted);
    if is_current {
        frame.set_cursor_position(Position {
            x: (at.x + x).min(at.right().saturating_sub(1)),
            y: at.y,
        });
    }
}

/// What is typed, unless nobody should see it.
fn typed(field: &Field) -> String {
    if field.is_secret {
        "*".repeat(field.line.text.chars().count())
    } else {
        text::clean(&field.line.text).into_owned()
    }
}

/// The value of a field that is not typed in.
fn value(field: &Field, styles: &Styles) -> (String, Style) {
    if field.is_list() && field.marked() > 0 {
        let marked: Vec<&str> = field
            .candidates
            .iter()
            .filter(|candidate| candidate.is_marked)
            .map(|candidate| candidate.label.as_str())
            .collect();
        return (format!("{}: {}", marked.len(), marked.join(", ")), styles.base);
    }
    match (&field.value, &field.given) {
        _ if field.is_secret && field.given.is_some() => ("****".to_owned(), styles.base),
        (Some(value), _) => (value.clone(), styles.base),
        (None, Some(given)) => (text::clean(given).into_owned(), styles.base),
        (None, None) => ("–".to_owned(), styles.muted),
    }
}

/// What the field in front means, and what it can be.
fn draw_choice(frame: &mut Frame<'_>, area: Rect, field: &Field, styles: &Styles) {
    let Some(about) = line(area, 0) else { return };
    let x = 1 + put(frame, about, 1, about.width, &field.about, styles.base);
    put(
        frame,
        about,
        x + 2,
        about.width,
        &format!("({})", field.hint),
        styles.muted,
    );
    if !field.has_choice() {
        if field.is_live
            && let Some(at) = line(area, 1)
        {
            put(
                frame,
                at,
                1,
                at.width,
                "nothing to choose from yet; what is typed is looked up",
                styles.muted,
            );
        }
        return;
    }
    let Some(head) = line(area, 1) else { return };
    let shown = field.passing.len();
    let all = field.candidates.len();
    let mut title = if shown == all {
        format!("{all} to choose from, type to narrow")
    } else {
        format!("{shown} of {all}")
    };
    if field.is_list() {
        title = format!("{title}; Space marks, {} marked", field.marked());
    }
    rule(frame, head, &title, styles);
    let room = usize::from(area.height).saturating_sub(2);
    let first = first_shown(field.choice, room.max(1));
    for (place, candidate) in field.shown().enumerate().skip(first).take(room) {
        let Some(row) = line(area, 2 + place - first) else {
            return;
        };
        let is_chosen = place == field.choice;
        let style = if is_chosen {
            frame.buffer_mut().set_style(row, styles.selection);
            put(frame, row, 0, 1, ">", styles.selection);
            styles.selection
        } else {
            styles.base
        };
        let mark = match (field.is_list(), candidate.is_marked) {
            (false, _) => "",
            (true, true) => "[x] ",
            (true, false) => "[ ] ",
        };
        let mut x = 1 + put(frame, row, 1, row.width, mark, style);
        x += put(frame, row, x, row.width, &candidate.label, style) + 2;
        let muted = if is_chosen { styles.selection } else { styles.muted };
        put(frame, row, x, row.width, &candidate.note, muted);
    }
}

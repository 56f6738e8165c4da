//! Preparing runs and looking at them.

mod form;
mod over;

pub use over::{CONFIRM_HEIGHT, confirm, menu};

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::overlay::Overlay;
use crate::app::runs::RunId;
use crate::app::runs::flow::Stage;
use crate::app::runs::offers::Offer;
use crate::app::runs::story;
use crate::app::state::State;
use crate::domain::text;
use crate::view::detail;
use crate::view::overview::rule;
use crate::view::styles::Styles;
use crate::view::table::put;

/// Draws what is being prepared; gives the lines in which it scrolls.
pub fn prepare(frame: &mut Frame<'_>, area: Rect, state: &State, scroll: usize, styles: &Styles) -> u16 {
    let Some(flow) = &state.runs.flow else {
        return area.height;
    };
    match flow.front() {
        Some(Stage::Plan(_)) => {
            // What is confirmed stays in sight, to its last line.
            let below = match &state.overlay {
                Some(Overlay::Confirm(_)) => CONFIRM_HEIGHT.saturating_sub(1),
                _ => 0,
            };
            let area = Rect {
                height: area.height.saturating_sub(below),
                ..area
            };
            detail::draw(frame, area, state, scroll, styles)
        }
        Some(Stage::Form(one)) => {
            form::draw(frame, area, (flow, one), styles);
            area.height
        }
        Some(Stage::Choose { scope, offers, at }) => {
            let title = format!("runbooks for {}, {scope}", flow.title);
            choose(frame, area, &title, (offers, *at), styles);
            area.height
        }
        Some(Stage::Where { offer, scopes, at }) => {
            let title = format!("{}: where?", text::clean(&offer.book.name));
            let rows: Vec<(String, String)> = scopes
                .iter()
                .map(|(name, place)| (name.to_string(), place.clone()))
                .collect();
            list(frame, area, &title, (&rows, *at), styles);
            area.height
        }
        None => area.height,
    }
}

/// The line at a place of an area, if it is within.
fn line(area: Rect, row: usize) -> Option<Rect> {
    let row = u16::try_from(row).ok().filter(|row| *row < area.height)?;
    Some(Rect {
        y: area.y + row,
        height: 1,
        ..area
    })
}

/// The first of so many rows that is shown, so that the highlighted one is.
const fn first_shown(at: usize, rows: usize) -> usize {
    if at < rows { 0 } else { at + 1 - rows }
}

fn choose(frame: &mut Frame<'_>, area: Rect, title: &str, (offers, at): (&[Offer], usize), styles: &Styles) {
    let Some(head) = line(area, 0) else { return };
    rule(frame, head, title, styles);
    // Two lines for each, and what the highlighted one says of itself below.
    let room = usize::from(area.height).saturating_sub(2) / 2;
    let first = first_shown(at, room.max(1));
    for (place, offer) in offers.iter().enumerate().skip(first).take(room) {
        let row = 1 + (place - first) * 2;
        let (Some(name), Some(what)) = (line(area, row), line(area, row + 1)) else {
            return;
        };
        let is_chosen = place == at;
        if is_chosen {
            frame.buffer_mut().set_style(name, styles.selection);
            put(frame, name, 0, 1, ">", styles.selection);
        }
        let strong = if is_chosen {
            styles.selection
        } else {
            styles.strong
        };
        let muted = if is_chosen { styles.selection } else { styles.muted };
        let mut x = 1 + put(frame, name, 1, name.width, &text::clean(&offer.book.name), strong) + 2;
        if !offer.about.is_empty() {
            x += put(frame, name, x, name.width, &offer.about, muted) + 2;
        }
        x += put(frame, name, x, name.width, offer.why.words(), muted) + 2;
        put(frame, name, x, name.width, offer.book.asks.note(), muted);
        put(
            frame,
            what,
            3,
            what.width,
            &text::clean(&offer.runbook.title),
            styles.base,
        );
    }
}

/// A list of names and what tells them from each other.
fn list(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &str,
    (rows, at): (&[(String, String)], usize),
    styles: &Styles,
) {
    let Some(head) = line(area, 0) else { return };
    rule(frame, head, title, styles);
    let room = usize::from(area.height).saturating_sub(1);
    let first = first_shown(at, room.max(1));
    for (place, (name, note)) in rows.iter().enumerate().skip(first).take(room) {
        let Some(row) = line(area, 1 + place - first) else {
            return;
        };
        let style = if place == at {
            frame.buffer_mut().set_style(row, styles.selection);
            put(frame, row, 0, 1, ">", styles.selection);
            styles.selection
        } else {
            styles.base
        };
        let x = 1 + put(frame, row, 1, row.width, name, style) + 2;
        let muted = if place == at {
            styles.selection
        } else {
            styles.muted
        };
        put(frame, row, x, row.width, note, muted);
    }
}

/// Draws a run, and beside it what happens to what it changes; gives the lines in which it scrolls.
pub fn run(
    frame: &mut Frame<'_>,
    area: Rect,
    state: &State,
    (run, scroll): (&RunId, usize),
    styles: &Styles,
) -> u16 {
    let (own, beside) = story::columns(area.width);
    let left = Rect { width: own, ..area };
    let rows = detail::draw(frame, left, state, scroll, styles);
    let plan = state.runs.watched.get(run).and_then(|watched| {
        let ledger = watched.ledger.as_ref()?;
        Some(ledger.plan())
    });
    if let Some(plan) = plan.filter(|_| beside > 0) {
        let right = Rect {
            x: area.x + own,
            width: beside,
            ..area
        };
        if let Some(head) = line(right, 0) {
            rule(frame, head, "what it touches", styles);
        }
        for (index, cells) in story::events(state, plan).iter().enumerate() {
            let Some(row) = line(right, index + 1) else { break };
            let mut x = 1;
            for cell in cells {
                x += put(frame, row, x, row.width, &cell.text, styles.tone(cell.tone));
            }
        }
    }
    rows
}

//! Details: blocks from top to bottom, scrolled.

use ratatui::Frame;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::app::detail::{Block, CHART_HEIGHT, Chart, fact_names_width};
use crate::app::state::State;
use crate::app::table::{Cell, Section};
use crate::app::tables::TableView;
use crate::view::chart;
use crate::view::overview::rule;
use crate::view::styles::Styles;
use crate::view::table::{self, Marks, put};

/// Draws a level; gives the lines in which it scrolls.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, scroll: usize, styles: &Styles) -> u16 {
    let body = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let mut line = 0;
    for block in &state.detail.blocks {
        draw_block(frame, body, block, line, scroll, styles);
        line += block.height();
    }
    let head = Rect { height: 1, ..area };
    let hidden = line.saturating_sub(scroll + usize::from(body.height));
    if hidden == 0 {
        rule(frame, head, &state.detail.title, styles);
    } else {
        let more = match hidden {
            1 => " 1 more line ".to_owned(),
            some => format!(" {some} more lines "),
        };
        let x = area.width.saturating_sub(more.width() as u16 + 1);
        let room = usize::from(x).saturating_sub(5);
        rule(frame, head, &table::cut(&state.detail.title, room), styles);
        put(frame, head, x, area.width, &more, styles.muted);
    }
    body.height
}

/// Where a line of the detail is on screen, if it is.
fn place(body: Rect, line: usize, scroll: usize) -> Option<Rect> {
    let row = u16::try_from(line.checked_sub(scroll)?)
        .ok()
        .filter(|row| *row < body.height)?;
    Some(Rect {
        y: body.y + row,
        height: 1,
        ..body
    })
}

fn draw_block(
    frame: &mut Frame<'_>,
    body: Rect,
    block: &Block,
    first: usize,
    scroll: usize,
    styles: &Styles,
) {
    match block {
        Block::Heading(text) => {
            if let Some(row) = place(body, first, scroll) {
                rule(frame, row, text, styles);
            }
        }
        Block::Facts(facts) => {
            let width = u16::try_from(fact_names_width(facts)).unwrap_or(0);
            for (index, (name, value)) in facts.iter().enumerate() {
                if let Some(row) = place(body, first + index, scroll) {
                    put(frame, row, 1, width, name, styles.muted);
                    put(
                        frame,
                        row,
                        width + 3,
                        row.width,
                        &value.text,
                        styles.tone(value.tone),
                    );
                }
            }
        }
        Block::Lines(lines) => {
            for (index, cells) in lines.iter().enumerate() {
                if let Some(row) = place(body, first + index, scroll) {
                    draw_cells(frame, row, cells, styles);
                }
            }
        }
        Block::Table(section) => draw_section(frame, body, section, first, scroll, styles),
        Block::Charts(charts) => {
            for (index, pair) in charts.chunks(2).enumerate() {
                draw_charts(frame, body, pair, first + index * CHART_HEIGHT, scroll, styles);
            }
        }
    }
}

fn draw_cells(frame: &mut Frame<'_>, row: Rect, cells: &[Cell], styles: &Styles) {
    let mut x = 1;
    for cell in cells {
        x += put(frame, row, x, row.width, &cell.text, styles.tone(cell.tone));
    }
}

/// A table inside a detail: all of its rows, none of them selected.
fn draw_section(
    frame: &mut Frame<'_>,
    body: Rect,
    section: &Section,
    first: usize,
    scroll: usize,
    styles: &Styles,
) {
    let height = crate::app::panes::heading_height(section) + section.rows.len().max(1);
    let top = first.saturating_sub(scroll);
    if first + height <= scroll || top >= usize::from(body.height) {
        return;
    }
    let area = Rect {
        y: body.y + top as u16,
        height: ((height - scroll.saturating_sub(first)) as u16).min(body.height - top as u16),
        ..body
    };
    let tables = crate::app::table::Tables {
        sections: vec![section.clone()],
    };
    let mut view = TableView::default();
    view.refresh(&tables);
    view.offset = scroll.saturating_sub(first);
    let marks = Marks {
        selected: None,
        marked: &std::collections::BTreeSet::new(),
    };
    table::draw(frame, area, &tables, &view, marks, styles);
}

/// One or two graphs beside each other; a graph that is partly scrolled away is left out.
fn draw_charts(
    frame: &mut Frame<'_>,
    body: Rect,
    charts: &[Chart],
    first: usize,
    scroll: usize,
    styles: &Styles,
) {
    let (Some(top), Some(bottom)) = (
        place(body, first, scroll),
        place(body, first + CHART_HEIGHT - 1, scroll),
    ) else {
        return;
    };
    let half = body.width / 2;
    for (index, one) in charts.iter().enumerate() {
        let area = Rect {
            x: body.x + half * index as u16,
            y: top.y,
            width: half.saturating_sub(1),
            height: bottom.y + 1 - top.y,
        };
        chart::draw(frame, area, one, styles);
    }
}

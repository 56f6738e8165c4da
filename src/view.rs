//! Drawing: the state in, a frame and its measures out. Nothing here awaits or changes the state.

pub mod ascii;
pub mod body;
pub mod chart;
pub mod detail;
pub mod footer;
pub mod header;
pub mod logs;
pub mod overlays;
pub mod overview;
pub mod runs;
pub mod spark;
pub mod styles;
pub mod table;
pub mod trouble;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use crate::app::geometry::{Geometry, LEAST};
use crate::app::state::State;
use styles::Styles;

/// Draws the whole screen, and says what room there was.
///
/// The [`Geometry`] has to go back into the state as [`Msg::Drawn`](crate::app::msg::Msg::Drawn): pages,
/// scrolling and confirmations go by what was really drawn. Below the least size only a line says so.
pub fn draw(frame: &mut Frame<'_>, state: &State, styles: &Styles) -> Geometry {
    let area = frame.area();
    frame.buffer_mut().set_style(area, styles.base);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(frame, area, styles);
        return Geometry {
            width: area.width,
            height: area.height,
            body: 0,
            body_width: area.width,
        };
    }
    let troubles = crate::app::trouble::lines(state);
    let [head, trouble, body, foot] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(trouble::height(&troubles, area.width)),
        Constraint::Fill(1),
        Constraint::Length(footer::HEIGHT),
    ])
    .areas(area);
    header::draw(frame, head, state, styles);
    trouble::draw(frame, trouble, &troubles, styles);
    let rows = body::draw(frame, body, state, styles);
    footer::draw(frame, foot, state, styles);
    overlays::draw(frame, area, state, styles);
    if styles.ascii {
        ascii::plain(frame.buffer_mut());
    }
    Geometry {
        width: area.width,
        height: area.height,
        body: rows,
        body_width: body.width,
    }
}

fn too_small(frame: &mut Frame<'_>, area: Rect, styles: &Styles) {
    let lines = [
        format!("quarterdeck needs {}x{}", LEAST.0, LEAST.1),
        format!("this terminal has {}x{}", area.width, area.height),
        "make it larger; Ctrl-C leaves".to_owned(),
    ];
    for (row, line) in (area.y..area.bottom()).zip(lines) {
        frame.render_widget(
            Line::styled(line, styles.warn),
            Rect {
                y: row,
                height: 1,
                ..area
            },
        );
    }
}

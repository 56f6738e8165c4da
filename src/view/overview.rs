//! The overview: tallies, findings, what changed, the estate by panes, what is selected.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};

use crate::app::estate_line;
use crate::app::panes::is_accepted;
use crate::app::state::State;
use crate::app::table::Tone;
use crate::domain::health::Severity;
use crate::view::body::marks;
use crate::view::styles::Styles;
use crate::view::table::{self, put};

/// Draws the overview; gives the lines in which findings scroll.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) -> u16 {
    let [tally, list, estate_title, estate] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
        Constraint::Length(3),
    ])
    .areas(area);
    tallies(frame, tally, state, styles);
    table::draw(frame, list, &state.tables, state.view(), marks(state), styles);
    rule(frame, estate_title, "estate", styles);
    let mut x = 1;
    for entry in estate_line::entries(state) {
        let text = format!("{} {}", entry.pane.digit(), entry.text);
        x += put(
            frame,
            Rect { height: 1, ..estate },
            x,
            estate.width,
            &text,
            styles.of(entry.tone),
        ) + 2;
    }
    list.height
}

fn tallies(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) {
    let count = |severity| {
        state
            .picture
            .findings
            .iter()
            .filter(|finding| finding.severity == severity && !is_accepted(state, finding))
            .count()
    };
    let accepted = state
        .picture
        .findings
        .iter()
        .filter(|finding| is_accepted(state, finding))
        .count();
    let (crit, warn) = (count(Severity::Crit), count(Severity::Warn));
    let mut x = 1;
    x += put(
        frame,
        area,
        x,
        area.width,
        &format!("{crit} CRIT"),
        styles.of(if crit > 0 { Tone::Crit } else { Tone::Muted }),
    ) + 2;
    x += put(
        frame,
        area,
        x,
        area.width,
        &format!("{warn} WARN"),
        styles.of(if warn > 0 { Tone::Warn } else { Tone::Muted }),
    ) + 1;
    if accepted > 0 {
        put(
            frame,
            area,
            x,
            area.width,
            &format!("(+{accepted} accepted)"),
            styles.muted,
        );
    }
}

/// A rule with a heading in it.
pub fn rule(frame: &mut Frame<'_>, area: Rect, heading: &str, styles: &Styles) {
    let line: String = std::iter::repeat_n(styles.rule(), usize::from(area.width)).collect();
    put(frame, area, 0, area.width, &line, styles.heading);
    put(
        frame,
        area,
        2,
        area.width,
        &format!(" {heading} "),
        styles.heading,
    );
}

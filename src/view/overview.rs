//! The overview: tallies, findings, what changed, the estate by panes, what is selected.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use unicode_width::UnicodeWidthStr;

use crate::app::panes::{findings_of, is_accepted};
use crate::app::state::State;
use crate::app::table::{RowKey, Tone};
use crate::app::{changes, estate_line};
use crate::domain::health::Severity;
use crate::view::body::marks;
use crate::view::spark;
use crate::view::styles::Styles;
use crate::view::table::{self, put};

/// Draws the overview; gives the lines in which findings scroll.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) -> u16 {
    // Room that changes do not need goes to findings.
    let most = if area.height > 30 { 8 } else { 3 };
    let changed = state.picture.changes.len().clamp(1, most) as u16;
    let entries = estate_line::entries(state);
    let lines = flow(&entries, area.width);
    let [tally, list, change_title, change, estate_title, estate, selected] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
        Constraint::Length(changed),
        Constraint::Length(1),
        Constraint::Length(lines.len() as u16),
        Constraint::Length(1),
    ])
    .areas(area);
    tallies(frame, tally, state, styles);
    table::draw(frame, list, &state.tables, state.view(), marks(state), styles);
    let hidden = state.picture.changes.len().saturating_sub(usize::from(changed));
    let more = if hidden > 0 {
        format!(", {hidden} more: t t")
    } else {
        String::new()
    };
    let heading = format!("changed in the last 2 h, {}{more}", state.zone().label);
    rule(frame, change_title, &heading, styles);
    changes_list(frame, change, state, styles);
    rule(frame, estate_title, "estate", styles);
    for (row, line) in (estate.y..estate.bottom()).zip(lines) {
        let mut x = 1;
        for entry in line {
            let row = Rect {
                y: row,
                height: 1,
                ..estate
            };
            x += put(
                frame,
                row,
                x,
                row.width,
                &estate_line::opener(entry.pane),
                styles.accent,
            ) + 1;
            x += put(frame, row, x, row.width, &entry.text, styles.tone(entry.tone)) + 1;
            let trend = spark::line(&entry.trend, entry.trend.len(), styles.ascii);
            x += put(frame, row, x, row.width, &trend, styles.tone(entry.tone)) + 2;
        }
    }
    rule(frame, selected, &selection(state), styles);
    list.height
}

/// Entries in as few lines as they fit into.
fn flow(entries: &[estate_line::Entry], width: u16) -> Vec<Vec<&estate_line::Entry>> {
    let mut lines: Vec<Vec<&estate_line::Entry>> = vec![Vec::new()];
    let mut used = 1;
    for entry in entries {
        let wide = estate_line::opener(entry.pane).len() + entry.text.width() + entry.trend.len() + 4;
        if used + wide > usize::from(width) && used > 1 {
            lines.push(Vec::new());
            used = 1;
        }
        used += wide;
        if let Some(line) = lines.last_mut() {
            line.push(entry);
        }
    }
    lines
}

fn changes_list(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) {
    if state.picture.changes.is_empty() {
        put(frame, area, 1, area.width, changes::nothing(state), styles.muted);
    }
    for (row, change) in (area.y..area.bottom()).zip(&state.picture.changes) {
        let row = Rect {
            y: row,
            height: 1,
            ..area
        };
        let mut x = 1;
        for cell in changes::line(state, change) {
            x += put(frame, row, x, row.width, &cell.text, styles.tone(cell.tone));
        }
    }
}

/// What is selected, in a line: the first evidence of a finding.
fn selection(state: &State) -> String {
    let Some(RowKey::Finding(rule, resource)) = state.view().selected() else {
        return "nothing is selected".to_owned();
    };
    let Some(finding) = findings_of(state, resource).find(|finding| finding.rule == *rule) else {
        return "the selected finding is gone; j or k goes to the next".to_owned();
    };
    let evidence = finding.evidence.first().map_or("", String::as_str);
    format!("{}: {evidence}", crate::domain::text::clean(&finding.name))
}

fn tallies(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) {
    let count = |severity| {
        let open = |finding: &&crate::domain::health::Finding| !is_accepted(state, finding);
        state
            .picture
            .findings
            .iter()
            .filter(open)
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let accepted = state
        .picture
        .findings
        .iter()
        .filter(|finding| is_accepted(state, finding))
        .count();
    let tallies = [
        (count(Severity::Crit), "CRIT", Tone::Crit),
        (count(Severity::Warn), "WARN", Tone::Warn),
        (count(Severity::Info), "info", Tone::Plain),
    ];
    let mut x = 1;
    let is_known = estate_line::knows_anything(state);
    // Before anything is known, none is not a number but a guess.
    let tallies = tallies.into_iter().filter(|(count, ..)| is_known || *count > 0);
    for (count, word, tone) in tallies {
        let tone = if count > 0 { tone } else { Tone::Muted };
        x += put(
            frame,
            area,
            x,
            area.width,
            &format!("{count} {word}"),
            styles.tone(tone),
        ) + 2;
    }
    if accepted > 0 {
        x += put(
            frame,
            area,
            x,
            area.width,
            &format!("(+{accepted} accepted)"),
            styles.muted,
        ) + 2;
    }
    if let Some(doubt) = estate_line::unread(state) {
        x += put(frame, area, x, area.width, doubt, styles.muted) + 2;
    }
    if !state.view().filter.is_empty() {
        let shown = format!(
            "{} pass /{}",
            state.view().visible.len(),
            crate::domain::text::clean(&state.view().filter)
        );
        put(frame, area, x, area.width, &shown, styles.accent);
    }
    if let Some(impact) = estate_line::impact(state) {
        let x = area.width.saturating_sub(impact.width() as u16 + 1);
        put(frame, area, x, area.width, &impact, styles.strong);
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
        area.width - 3,
        &format!(" {heading} "),
        styles.heading,
    );
}

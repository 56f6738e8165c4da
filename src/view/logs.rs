//! The tail: a title with what holds, faults if there are any, and the lines.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::app::format;
use crate::app::logs::tail::{Follow, Tail, Wrap};
use crate::app::logs::window::Row;
use crate::app::state::State;
use crate::app::table::Tone;
use crate::domain::logs::TailState;
use crate::domain::logs::level::Level;
use crate::domain::text;
use crate::view::overview::rule;
use crate::view::styles::Styles;
use crate::view::table::put;

/// Draws the tail; gives the rows that lines have.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) -> u16 {
    let Some(tail) = &state.logs.tail else {
        rule(frame, Rect { height: 1, ..area }, "no logs are open", styles);
        return area.height.saturating_sub(1);
    };
    title(frame, Rect { height: 1, ..area }, state, tail, styles);
    let mut top = area.y + 1;
    if let Some((text, tone)) = trouble(state, tail) {
        put(
            frame,
            Rect {
                y: top,
                height: 1,
                ..area
            },
            1,
            area.width,
            &text,
            styles.tone(tone),
        );
        top += 1;
    }
    let height = area.bottom().saturating_sub(top);
    if tail.window.rows.is_empty() {
        let text = waiting(tail);
        let row = Rect {
            y: top,
            height: 1,
            ..area
        };
        put(frame, row, 1, area.width, &text, styles.muted);
    }
    for (row, y) in tail.window.rows.iter().zip(top..area.bottom()) {
        line(frame, Rect { y, height: 1, ..area }, row, styles);
    }
    height
}

/// What to say while there is no line to show.
fn waiting(tail: &Tail) -> String {
    let settled = tail
        .states
        .iter()
        .all(|state| matches!(state, TailState::Live(_) | TailState::Refused(_)));
    if !tail.buffer.is_empty() && !tail.test.is_empty() {
        "no line passes the patterns: i or x with nothing takes them away".to_owned()
    } else if settled {
        format!("nothing in the last {}; waiting for lines", tail.since)
    } else {
        "reading …".to_owned()
    }
}

fn title(frame: &mut Frame<'_>, area: Rect, state: &State, tail: &Tail, styles: &Styles) {
    let facts = facts(state, tail);
    let wide: usize = facts.iter().map(|(text, _)| text.width() + 2).sum();
    let room = usize::from(area.width).saturating_sub(wide + 5);
    let name = crate::view::table::cut(&heading(tail), room);
    rule(frame, area, &name, styles);
    let mut x = area
        .width
        .saturating_sub(u16::try_from(wide).unwrap_or(u16::MAX) + 1);
    for (text, tone) in facts {
        x += put(
            frame,
            area,
            x,
            area.width,
            &format!(" {text} "),
            styles.tone(tone),
        );
    }
}

fn heading(tail: &Tail) -> String {
    let names = tail.names();
    match names.as_slice() {
        [] => "logs".to_owned(),
        [_] => {
            let target = &tail.targets[0];
            let group = text::clean(&target.group);
            match &target.stream {
                None => group.into_owned(),
                Some(stream) => format!("{group} stream {}", text::clean(&stream.name)),
            }
        }
        names => format!("{} groups: {}", names.len(), names.join(", ")),
    }
}

/// What holds, most important last: the left ones lie under the name where there is no room.
fn facts(state: &State, tail: &Tail) -> Vec<(String, Tone)> {
    let mut facts = Vec::new();
    let mut say = |text: String, tone| facts.push((text, tone));
    for pattern in &tail.test.include {
        say(format!("+{}", short(pattern.text())), Tone::Accent);
    }
    for pattern in &tail.test.exclude {
        say(format!("-{}", short(pattern.text())), Tone::Accent);
    }
    if let Some(pattern) = &tail.pattern {
        say(format!("f:{}", short(pattern)), Tone::Accent);
    }
    if let Some(search) = &tail.search {
        let (at, of) = tail.hit_count();
        let busy = if tail.is_searching() { "…" } else { "" };
        say(format!("/{} {at}/{of}{busy}", short(search.text())), Tone::Accent);
    }
    if tail.lost > 0 {
        say(format!("{} LOST", format::count(tail.lost)), Tone::Warn);
    }
    if tail.buffer.dropped() > 0 {
        say(
            format!("{} dropped", format::count(tail.buffer.dropped())),
            Tone::Warn,
        );
    }
    if tail.wrap == Wrap::Wrapped {
        say("wrap".to_owned(), Tone::Muted);
    } else if tail.left > 0 {
        say(format!("+{} cols", tail.left), Tone::Muted);
    }
    say(
        format!(
            "{} {} since {}",
            format::count(tail.count() as u64),
            if tail.count() == 1 { "line" } else { "lines" },
            tail.since
        ),
        Tone::Muted,
    );
    say(state.zone().label.clone(), Tone::Plain);
    match tail.follow {
        Follow::End => say("FOLLOW".to_owned(), Tone::Ok),
        Follow::Held(0) => say("PAUSED".to_owned(), Tone::Warn),
        Follow::Held(new) => say(format!("PAUSED {} new lines", format::count(new)), Tone::Warn),
    }
    facts
}

fn short(text: &str) -> String {
    crate::view::table::cut(&text::clean(text), 16)
}

/// The worst of what is wrong with the groups, or how far reading has come.
fn trouble(state: &State, tail: &Tail) -> Option<(String, Tone)> {
    let names = tail.names();
    let name = |group: usize| names.get(group).cloned().unwrap_or_default();
    let mut found: Option<(u8, String, Tone)> = None;
    for (group, how) in tail.states.iter().enumerate() {
        let (rank, text, tone) = match how {
            TailState::Failing { fault, again } => {
                let hint = tail
                    .targets
                    .get(group)
                    .map_or_else(String::new, |target| fault.hint(&target.scope));
                let wait = again.duration_since(state.picture.at);
                (
                    3,
                    format!(
                        "{}: {}, again in {}: {hint}",
                        name(group),
                        fault.word(),
                        format::span(wait)
                    ),
                    Tone::Warn,
                )
            }
            TailState::Refused(why) => (2, format!("{}: {why}", name(group)), Tone::Warn),
            TailState::Reading(Some(at)) => (
                1,
                format!(
                    "reading {}: at {} {}",
                    name(group),
                    format::clock(*at, state.picture.at, &state.zone().zone),
                    state.zone().label
                ),
                Tone::Muted,
            ),
            TailState::Waiting | TailState::Reading(None) | TailState::Live(_) => continue,
        };
        if found.as_ref().is_none_or(|(best, ..)| rank > *best) {
            found = Some((rank, text, tone));
        }
    }
    found.map(|(_, text, tone)| (text::clean(&text).into_owned(), tone))
}

fn line(frame: &mut Frame<'_>, area: Rect, row: &Row, styles: &Styles) {
    let level = of_level(row.level, styles);
    if row.selected {
        put(frame, area, 0, 1, ">", styles.accent);
    }
    let mut x = 1;
    x += put(frame, area, x, area.width, &row.prefix, styles.muted);
    x += put(frame, area, x, 1, row.letter, level) + 1;
    for piece in &row.pieces {
        let style = if piece.is_hit {
            level.patch(styles.search)
        } else {
            level
        };
        x += put(frame, area, x, area.width, &piece.text, style);
    }
}

fn of_level(level: Level, styles: &Styles) -> Style {
    let [_trace, debug, info, warn, error, _fatal] = styles.log;
    match level {
        Level::Error => error,
        Level::Warn => warn,
        Level::Info => info,
        Level::Debug => debug,
        Level::Unknown => styles.base,
    }
}

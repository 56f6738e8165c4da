//! The first two lines: where one is, what may be changed, what watching costs, what is stale.

use ratatui::Frame;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::app::format;
use crate::app::state::{State, WriteState};
use crate::app::table::Tone;
use crate::app::trouble::WATCHED;
use crate::domain::inventory::{ScopeState, Source};
use crate::view::styles::Styles;
use crate::view::table::put;

/// Draws both lines.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) {
    let top = Rect { height: 1, ..area };
    let style = styles.environment(state.setup.environment);
    frame.buffer_mut().set_style(top, style);
    let mut left = place(state, usize::from(area.width));
    let right = zone(state);
    let room = usize::from(area.width).saturating_sub(right.width() + 1);
    left.truncate_to(room);
    put(frame, top, 0, top.width, &left.0, style);
    let x = area
        .width
        .saturating_sub(u16::try_from(right.width()).unwrap_or(0) + 1);
    put(frame, top, x, area.width - x, &right, style);
    meter(
        frame,
        Rect {
            y: area.y + 1,
            height: 1,
            ..area
        },
        state,
        styles,
    );
}

/// A line of text that can be cut to a width.
struct Text(String);

impl Text {
    fn truncate_to(&mut self, width: usize) {
        if self.0.width() > width {
            self.0 = crate::view::table::cut(&self.0, width);
        }
    }
}

/// Environment, write state, account, region and role. When there is no room the estate's name
/// gives way first; the write state and the account never do.
fn place(state: &State, width: usize) -> Text {
    let write = match state.setup.write {
        WriteState::ReadOnly => "READ-ONLY".to_owned(),
        WriteState::ReadWrite => "read-write".to_owned(),
        WriteState::ReadWriteUntil(until) => {
            format!("READ-WRITE {}", format::span(until.duration_since(state.now)))
        }
    };
    let shown: Vec<&ScopeState> = state.picture.inventory.shown().collect();
    let (scope, role) = match shown.as_slice() {
        [] => ("no scope".to_owned(), String::new()),
        [one] => {
            let account = one.account().unwrap_or("account …");
            let role = one
                .identity
                .get()
                .map_or_else(String::new, |who| format!("  role {}", who.principal()));
            (
                format!("{account} ({})  {}", one.scope.profile_name(), one.scope.region),
                role,
            )
        }
        many => {
            let accounts: std::collections::BTreeSet<_> =
                many.iter().filter_map(|scope| scope.account()).collect();
            let regions: std::collections::BTreeSet<_> =
                many.iter().map(|scope| scope.scope.region.as_str()).collect();
            let accounts = match accounts.iter().next() {
                Some(one) if accounts.len() == 1 => (*one).to_owned(),
                _ => format!("{} accounts", accounts.len()),
            };
            (
                format!(
                    "{accounts}  {}",
                    regions.into_iter().collect::<Vec<_>>().join(" ")
                ),
                String::new(),
            )
        }
    };
    let word = state.setup.environment.word();
    let name = state
        .setup
        .estate
        .as_deref()
        .map_or_else(String::new, |name| format!(" {name}"));
    let paused = if state.paused { "  PAUSED" } else { "" };
    let build = |name: &str, role: &str| format!(" {word}{name}  {scope}{role}  {write}{paused}");
    let room = width.saturating_sub(8);
    let candidates = [build(&name, &role), build(&name, ""), build("", "")];
    let fitting = candidates
        .iter()
        .find(|candidate| candidate.width() <= room)
        .unwrap_or(&candidates[2]);
    Text(fitting.clone())
}

fn zone(state: &State) -> String {
    state.zone().label.clone()
}

/// Calls a minute, throttles, cents, the credentials' end; and what is stale.
fn meter(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) {
    let meter = &state.picture.meter;
    let mut x = 1;
    let mut say = |frame: &mut Frame<'_>, text: &str, tone: Tone| {
        x += put(frame, area, x, area.width, text, styles.tone(tone)) + 2;
    };
    say(
        frame,
        &format!("{} calls/min", meter.calls_last_minute),
        Tone::Muted,
    );
    let tone = if meter.throttled > 0 {
        Tone::Warn
    } else {
        Tone::Muted
    };
    say(frame, &format!("throttled {}", meter.throttled), tone);
    say(
        frame,
        &format!("${:.2} paid", meter.paid_micro_usd as f64 / 1_000_000.0),
        Tone::Muted,
    );
    if let Some(left) = credentials_left(state) {
        let tone = if left.as_secs() < 900 {
            Tone::Warn
        } else {
            Tone::Muted
        };
        say(frame, &format!("creds {}", format::span(left)), tone);
    }
    if let Some((operation, until)) = meter.backing_off.first() {
        say(
            frame,
            &format!(
                "{operation} waits {}",
                format::span(until.duration_since(state.picture.at))
            ),
            Tone::Warn,
        );
    }
    if let Some((text, tone)) = worst_source(state) {
        let width = u16::try_from(text.width()).unwrap_or(0);
        let at = area.width.saturating_sub(width + 1).max(x);
        put(frame, area, at, area.width - at, &text, styles.tone(tone));
    }
}

fn credentials_left(state: &State) -> Option<jiff::SignedDuration> {
    state
        .picture
        .inventory
        .shown()
        .filter_map(|scope| scope.identity.get()?.credentials_expire_at)
        .min()
        .map(|at| at.duration_since(state.picture.at))
}

/// The source that fails worst: `rds STALE 5m denied`.
fn worst_source(state: &State) -> Option<(String, Tone)> {
    let failing = |scope: &ScopeState, source: &Source| {
        let standing = scope.standing(source);
        let failing = standing.failing?;
        Some(match standing.at {
            Some(at) => format!(
                "{} STALE {} {}",
                source.kind().short(),
                format::age(state.picture.at, at),
                failing.fault.word()
            ),
            None => format!("{} UNREAD {}", source.kind().short(), failing.fault.word()),
        })
    };
    let found: Vec<String> = state
        .picture
        .inventory
        .shown()
        .flat_map(|scope| WATCHED.iter().filter_map(move |source| failing(scope, source)))
        .collect();
    let first = found.first()?;
    let more = if found.len() > 1 {
        format!(" +{}", found.len() - 1)
    } else {
        String::new()
    };
    Some((format!("{first}{more}"), Tone::Warn))
}

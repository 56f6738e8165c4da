//! The first two lines: where one is, what may be changed, what watching costs, what is stale.

use std::collections::BTreeSet;

use ratatui::Frame;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::app::format;
use crate::app::state::{Environment, State, WriteState};
use crate::app::table::Tone;
use crate::app::trouble::WATCHED;
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::reach::Reach;
use crate::view::styles::Styles;
use crate::view::table::put;

/// Draws both lines.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) {
    let top = Rect { height: 1, ..area };
    let style = styles.environment(state.setup.environment);
    frame.buffer_mut().set_style(top, style);
    let zone = &state.zone().label;
    let x = area
        .width
        .saturating_sub(u16::try_from(zone.width()).unwrap_or(0) + 1);
    put(
        frame,
        top,
        0,
        x.saturating_sub(1),
        &place(state, usize::from(x.saturating_sub(1))),
        style,
    );
    put(frame, top, x, area.width - x, zone, style);
    let second = Rect {
        y: area.y + 1,
        height: 1,
        ..area
    };
    meter(frame, second, state, styles);
}

/// Environment, estate, account, region, role and write state, in at most so many columns. What
/// gives way first is the role, then the estate's name, then the profile's, then the length of
/// regions; the environment, the account, the region and the write state never do.
fn place(state: &State, width: usize) -> String {
    let write = match state.setup.write {
        WriteState::ReadOnly => "READ-ONLY".to_owned(),
        WriteState::ReadWrite => "read-write".to_owned(),
        WriteState::ReadWriteUntil(until) => {
            format!("READ-WRITE {}", format::span(until.duration_since(state.now)))
        }
    };
    let shown: Vec<&ScopeState> = state.picture.inventory.shown().collect();
    let word = state.setup.environment.word();
    let paused = if state.paused { "  PAUSED" } else { "" };
    let name = state.setup.estate.as_deref().map_or_else(String::new, |name| {
        format!(" {}", crate::domain::text::clean(name))
    });
    let role = match shown.as_slice() {
        [one] => one
            .identity
            .get()
            .map_or_else(String::new, |who| format!("  {} {}", who.sort(), who.principal())),
        _ => String::new(),
    };
    let build =
        |name: &str, scope: &str, role: &str| format!(" {word}{name}  {scope}{role}  {write}{paused}");
    let scopes = where_from(&shown);
    let candidates = [
        build(&name, &scopes[0], &role),
        build(&name, &scopes[0], ""),
        build("", &scopes[0], ""),
        build("", &scopes[1], ""),
        build("", &scopes[2], ""),
        build("", &scopes[3], ""),
    ];
    let [.., shortest] = &candidates;
    candidates
        .iter()
        .find(|candidate| candidate.width() <= width)
        .unwrap_or(shortest)
        .clone()
}

/// Accounts and regions, from everything to the least that says where one is.
fn where_from(shown: &[&ScopeState]) -> [String; 4] {
    let regions: BTreeSet<&str> = shown.iter().map(|scope| scope.scope.region.as_str()).collect();
    let long = regions.iter().copied().collect::<Vec<_>>().join(" ");
    let short = regions
        .iter()
        .map(|region| format::region(region))
        .collect::<Vec<_>>()
        .join(" ");
    let counted = match regions.len() {
        0 | 1 => short.clone(),
        some => format!("{some} regions"),
    };
    let known: BTreeSet<&str> = shown.iter().filter_map(|scope| scope.account()).collect();
    let profiles: BTreeSet<&str> = shown.iter().map(|scope| scope.scope.profile_name()).collect();
    let account = match (known.len(), known.first(), shown.len()) {
        (_, _, 0) => return std::array::from_fn(|_| "no scope".to_owned()),
        (0, _, 1) => "account …".to_owned(),
        // Until who one is has been read everywhere, profiles are what is certain.
        (0, ..) => format!("{} profiles", profiles.len()),
        (1, Some(one), _) => (*one).to_owned(),
        (some, ..) => format!("{some} accounts"),
    };
    let profile = match (profiles.len(), profiles.first()) {
        (1, Some(one)) => format!(" ({})", crate::domain::text::clean(one)),
        _ => String::new(),
    };
    [
        format!("{account}{profile}  {long}"),
        format!("{account}  {long}"),
        format!("{account}  {short}"),
        format!("{account}  {counted}"),
    ]
}

/// Calls a minute, throttles, cents, the credentials' end; and on the right what is stale, which
/// everything else makes room for.
fn meter(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) {
    let meter = &state.picture.meter;
    let mut end = area.width;
    if let Some((text, tone)) = worst_source(state) {
        let width = u16::try_from(text.width()).unwrap_or(u16::MAX);
        let at = area.width.saturating_sub(width.saturating_add(1));
        put(frame, area, at, area.width - at, &text, styles.tone(tone));
        end = at;
    }
    let quiet_unless = |wrong: bool| if wrong { Tone::Warn } else { Tone::Muted };
    let paid = format!("${:.2} paid", meter.paid_micro_usd as f64 / 1_000_000.0);
    let mut items = vec![
        (format!("{} calls/min", meter.calls_last_minute), Tone::Muted),
        (
            format!("throttled {}", meter.throttled),
            quiet_unless(meter.throttled > 0),
        ),
        (paid.clone(), Tone::Muted),
    ];
    if let Some(reach) = locks(state) {
        items.push((format!("locks: {}", reach.words()), Tone::Muted));
    }
    if let Some(left) = credentials_left(state) {
        let soon = left.as_secs() < 900;
        items.insert(
            if soon { 0 } else { items.len() },
            (format!("creds {}", format::span(left)), quiet_unless(soon)),
        );
    }
    match state.runs.live() {
        0 => {}
        live => {
            let runs = if live == 1 { "run" } else { "runs" };
            items.insert(0, (format!("{live} {runs} live"), Tone::Accent));
        }
    }
    if let Some(open) = state.incident.as_ref().filter(|known| known.incident.is_open()) {
        let took = state.picture.at.duration_since(open.incident.started.0);
        items.insert(0, (format!("INCIDENT {}", format::span(took)), Tone::Crit));
    }
    if let Some((operation, until)) = meter.backing_off.first() {
        let left = format::span(until.duration_since(state.picture.at));
        items.push((format!("{operation} waits {left}"), Tone::Warn));
    }
    let taken: usize = items.iter().map(|(text, _)| text.width() + 2).sum();
    // What is paid for is said where that takes nobody's place.
    if taken + " calls".len() < usize::from(end)
        && let Some((text, _)) = items.iter_mut().find(|(text, _)| *text == paid)
    {
        text.push_str(" calls");
    }
    let mut x: u16 = 1;
    for (text, tone) in items {
        let width = u16::try_from(text.width()).unwrap_or(u16::MAX);
        if x.saturating_add(width).saturating_add(1) > end {
            break;
        }
        x += put(frame, area, x, area.width, &text, styles.tone(tone)) + 2;
    }
}

/// Who sees the locks, where that is to be known: always if nobody else does, else while something runs. A
/// demo's hold nobody up.
fn locks(state: &State) -> Option<Reach> {
    let alone = state.setup.reach == Some(Reach::Login) && state.setup.environment != Environment::Demo;
    state.setup.reach.filter(|_| alone || state.runs.live() > 0)
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

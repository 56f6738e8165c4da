//! The last line: what keys do here, or the newest message.

use ratatui::Frame;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::app::command::Command;
use crate::app::pane::Pane;
use crate::app::runs::RunId;
use crate::app::runs::flow::{Flow, Stage};
use crate::app::runs::head::Head;
use crate::app::runs::watched::Watched;
use crate::app::state::{Level, State};
use crate::domain::ids::Kind;
use crate::view::styles::Styles;
use crate::view::table::put;

/// Lines that the footer takes.
pub const HEIGHT: u16 = 1;

/// Draws the footer.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) {
    if let Some(notice) = state.notices.back() {
        put(frame, area, 1, area.width, &notice.text, styles.tone(notice.tone));
        return;
    }
    let (hints, always) = hints(state);
    let wide = |hints: &[Hint]| {
        hints
            .iter()
            .map(|(key, word)| key.width() + word.width() + 3)
            .sum::<usize>()
    };
    let end = usize::from(area.width).saturating_sub(wide(&always));
    let mut x = 1;
    let mut say = |frame: &mut Frame<'_>, (key, word): &Hint| {
        x += put(frame, area, x, area.width, key, styles.accent) + 1;
        x += put(frame, area, x, area.width, word, styles.muted) + 2;
        usize::from(x)
    };
    let mut used = 1;
    for hint in &hints {
        if used + hint.0.width() + hint.1.width() + 1 > end {
            break;
        }
        used = say(frame, hint);
    }
    // How to get help and how to get away are never left out.
    for hint in &always {
        say(frame, hint);
    }
}

/// A key as it is written on keyboards, and what it does.
type Hint = (String, &'static str);

fn hint(command: Command, word: &'static str) -> Hint {
    let key = command.entry().keys.first().copied().unwrap_or_default();
    let mut letters = key.chars();
    let shown = match (letters.next(), letters.as_str()) {
        (Some(first), rest) if !rest.is_empty() => first.to_uppercase().chain(rest.chars()).collect(),
        _ => key.to_owned(),
    };
    (shown, word)
}

/// What keys do here, the most used first; and what is always said.
fn hints(state: &State) -> (Vec<Hint>, Vec<Hint>) {
    let always = vec![hint(Command::Help, "help"), ("q".to_owned(), "back")];
    let mut hints = match state.levels.last() {
        Some(Level::Detail { key, .. }) => {
            let mut hints = vec![hint(Command::Trail, "who wrote")];
            // Only the environment of a service's containers has anything masked.
            if key
                .resource()
                .is_some_and(|resource| resource.kind == Kind::EcsService)
            {
                hints.insert(0, hint(Command::Reveal, "reveal"));
            }
            hints
        }
        Some(Level::LogLine { .. }) => {
            return (vec![("Up Down".to_owned(), "scroll")], always);
        }
        Some(Level::Changes { of: Some(_), .. }) => {
            return (
                vec![
                    hint(Command::Changes, "changes of everything"),
                    hint(Command::Zone, "zone"),
                ],
                always,
            );
        }
        Some(Level::Changes { of: None, .. }) => {
            return (vec![hint(Command::Zone, "zone")], always);
        }
        Some(Level::Tail) => return (tail_hints(), always),
        Some(Level::Prepare { .. }) => return (prepare_hints(state), always),
        Some(Level::Run { run, .. }) => return (run_hints(state, run), always),
        None if state.pane == Pane::Runs => vec![
            hint(Command::Open, "open or run"),
            hint(Command::Filter, "filter"),
            hint(Command::Sort, "sort"),
            hint(Command::Refresh, "read again"),
            hint(Command::Palette, "cmd"),
        ],
        None if state.pane == Pane::Incident => vec![
            hint(Command::Palette, "incident start, note, close, export"),
            hint(Command::Filter, "filter"),
            hint(Command::Zone, "zone"),
        ],
        None if state.pane == Pane::Logs => vec![
            hint(Command::Open, "tail"),
            hint(Command::Mark, "mark several"),
            hint(Command::Filter, "filter"),
            hint(Command::Sort, "sort"),
            hint(Command::Palette, "cmd"),
        ],
        None => vec![hint(Command::Open, "detail")],
    };
    let lists_resources = !matches!(state.pane, Pane::Logs | Pane::Runs | Pane::Incident);
    if lists_resources || !state.levels.is_empty() {
        hints.extend([
            hint(Command::Runbooks, "fix"),
            hint(Command::LogsOf, "logs"),
            hint(Command::Changes, "changes"),
            hint(Command::Link, "link"),
        ]);
    }
    if state.levels.is_empty() && lists_resources {
        hints.extend([hint(Command::Filter, "filter"), hint(Command::Palette, "cmd")]);
    }
    if state.levels.is_empty() && lists_resources && state.pane != Pane::Overview {
        hints.extend([hint(Command::Sort, "sort"), hint(Command::Mark, "mark")]);
    }
    (hints, always)
}

/// What keys do while a run is being prepared.
fn prepare_hints(state: &State) -> Vec<Hint> {
    let words = |key: &str, word| (key.to_owned(), word);
    match state.runs.flow.as_ref().and_then(Flow::front) {
        Some(Stage::Where { .. } | Stage::Choose { .. }) => {
            vec![hint(Command::Open, "take this"), words("Esc", "back")]
        }
        Some(Stage::Form(_)) => vec![
            hint(Command::Open, "take it, then the plan"),
            words("Tab", "next field"),
            words("Esc", "back"),
            words("Ctrl-C", "give up"),
        ],
        Some(Stage::Plan(planning)) if planning.ready().is_some_and(|ready| !ready.plan.is_empty()) => {
            vec![
                hint(Command::Open, "carry it out …"),
                hint(Command::Refresh, "make it again"),
                words("Esc", "parameters"),
                words("PgDn", "scroll"),
            ]
        }
        Some(Stage::Plan(_)) | None => vec![
            hint(Command::Refresh, "make it again"),
            words("Esc", "parameters"),
        ],
    }
}

/// What keys do in front of a run.
fn run_hints(state: &State, run: &RunId) -> Vec<Hint> {
    let watched = state.runs.watched.get(run);
    let head = state.runs.head(run);
    let mut hints = Vec::new();
    if watched.is_some_and(|watched| watched.asked.is_some()) {
        hints.push(hint(Command::Open, "answer"));
    } else if let Some(ways) = head.and_then(Head::ways) {
        hints.push(hint(Command::Open, ways));
    } else if watched.is_some_and(|watched| !watched.afterwards().is_empty()) {
        hints.push(hint(Command::Runbooks, "what comes next"));
    }
    let is_live = watched.is_some_and(Watched::is_ours) || head.is_some_and(Head::is_live);
    if is_live {
        let ledger = watched.and_then(|watched| watched.ledger.as_ref());
        let what = match (watched.is_some_and(Watched::is_ours), ledger) {
            (true, None) => "stop, roll back, detach",
            (true, Some(ledger)) if ledger.could_take_back() => "stop, roll back, detach",
            (true, Some(_)) => "stop, detach",
            (false, _) => "interrupt, detach",
        };
        hints.push(("Ctrl-C".to_owned(), what));
    }
    hints.push(("PgDn".to_owned(), "scroll"));
    hints
}

/// What keys do in a tail, the most used first.
fn tail_hints() -> Vec<Hint> {
    vec![
        hint(Command::Search, "search"),
        hint(Command::NextError, "error"),
        hint(Command::Include, "only"),
        hint(Command::Exclude, "without"),
        hint(Command::Since, "since"),
        hint(Command::Follow, "follow"),
        hint(Command::Wrap, "wrap"),
        hint(Command::Pin, "pin"),
        hint(Command::Save, "save"),
        hint(Command::Pattern, "AWS filter"),
    ]
}

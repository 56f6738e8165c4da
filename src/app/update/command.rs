//! What each command does.

use crate::app::command::Command;
use crate::app::effect::{Effect, Effects};
use crate::app::link;
use crate::app::overlay::{Overlay, Prompt, Purpose};
use crate::app::pane::Pane;
use crate::app::panes;
use crate::app::state::{Level, State, WriteState};
use crate::app::table::{RowKey, Tone};
use crate::app::tables::{Direction, Sort, Step};
use crate::app::update::{logs, mfa, runs};
use crate::domain::trail::Back;

/// Does what the command says.
pub(super) fn run(state: &mut State, command: Command) -> Effects {
    if logs::is_in_front(state)
        && let Some(effects) = logs::command(state, command)
    {
        return effects;
    }
    if let Some(effects) = runs::command(state, command) {
        return effects;
    }
    match command {
        Command::Back => back(state).unwrap_or_else(|| {
            state.say("this is the top; q leaves", Tone::Muted);
            Effects::redraw()
        }),
        Command::Close => back(state).unwrap_or_else(|| runs::quit(state)),
        Command::Quit => runs::quit(state),
        Command::Interrupt => {
            if state.overlay.take().is_some() {
                Effects::redraw()
            } else {
                runs::quit(state)
            }
        }
        Command::Suspend if state.runs.own().next().is_some() => {
            // It would stand still with its locks, and nobody would see why.
            state.say("a run of this console is live: q hands it over first", Tone::Warn);
            Effects::redraw()
        }
        Command::Suspend => Effects::of(Effect::Suspend),
        Command::Help => open(state, Overlay::Help(0)),
        Command::Palette => open(state, Overlay::Prompt(Prompt::new(Purpose::Command, ""))),
        Command::Filter => {
            let before = state.view().filter.clone();
            let prompt = Prompt::new(Purpose::Filter(before.clone()), &before);
            open(state, Overlay::Prompt(prompt))
        }
        Command::Sort => sort(state),
        Command::SortReverse => {
            if let Some(sort) = &mut state.views.entry(state.pane).or_default().sort {
                sort.direction = match sort.direction {
                    Direction::Up => Direction::Down,
                    Direction::Down => Direction::Up,
                };
            }
            state.rebuild();
            Effects::redraw()
        }
        Command::Up => step(state, Step::By(-1)),
        Command::Down => step(state, Step::By(1)),
        Command::PageUp => step(state, Step::By(-page(state))),
        Command::PageDown => step(state, Step::By(page(state))),
        Command::First => step(state, Step::First),
        Command::Last => step(state, Step::Last),
        // Tables and details fit into the width; only tails go further.
        Command::Left | Command::Right => Effects::none(),
        Command::Open if state.pane == Pane::Logs && state.levels.is_empty() => logs::open_selected(state),
        Command::Open => open_detail(state),
        Command::PreviousPane => go(state, state.previous),
        Command::NextPane => go(state, state.pane.next()),
        Command::Overview => go(state, Pane::Overview),
        Command::Findings => go(state, Pane::Findings),
        Command::Services => go(state, Pane::Services),
        Command::Gpu => go(state, Pane::Gpu),
        Command::Data => go(state, Pane::Data),
        Command::Network => go(state, Pane::Network),
        Command::Logs => go(state, Pane::Logs),
        Command::LogsOf => logs::open_related(state),
        Command::Spend => go(state, Pane::Spend),
        Command::Alarms => go(state, Pane::Alarms),
        Command::Changes => changes(state),
        Command::Runbooks => runs::offer(state),
        Command::Runbook => go(state, Pane::Runs),
        Command::Runs => go(state, Pane::Runs),
        Command::Models => go(state, Pane::Models),
        Command::Recovery => go(state, Pane::Recovery),
        Command::Incident => go(state, Pane::Incident),
        Command::Pipelines => go(state, Pane::Pipelines),
        Command::Kubernetes => go(state, Pane::Kubernetes),
        Command::Functions => go(state, Pane::Functions),
        Command::Web => go(state, Pane::Web),
        Command::Secrets => go(state, Pane::Secrets),
        Command::Accept => accept(state),
        Command::CopyId => copy_ids(state),
        Command::Link => link(state),
        Command::Zone => {
            state.zone = (state.zone + 1) % state.setup.zones.len();
            state.rebuild();
            let shown = state.zone().title();
            let said = match state.setup.zones.len() {
                1 => format!("times are in {shown}; the setting time_zone names another"),
                _ => format!("times are in {shown}"),
            };
            state.say(said, Tone::Muted);
            Effects::redraw()
        }
        Command::Pause => pause(state),
        Command::Refresh => mfa::prompt(state).unwrap_or_else(|| {
            let said = if state.paused {
                "asking again; the view stays paused until p"
            } else {
                "asking again"
            };
            state.say(said, Tone::Muted);
            Effects::of(Effect::Refresh)
        }),
        Command::Mark => {
            if let Some(key) = state.view().selected().cloned()
                && !state.marks.remove(&key)
            {
                state.marks.insert(key);
            }
            step(state, Step::By(1))
        }
        Command::Reveal => {
            if let Some(Level::Detail { reveal, .. }) = state.levels.last_mut() {
                *reveal = !*reveal;
            }
            state.rebuild_detail();
            Effects::redraw()
        }
        Command::Trail => trail(state),
        Command::Write => allow_writes(state),
        Command::Theme => {
            state.say(
                format!("themes: {}; `:theme NAME`", state.setup.themes.join(", ")),
                Tone::Plain,
            );
            Effects::redraw()
        }
        Command::NextError
        | Command::PreviousError
        | Command::NextMatch
        | Command::PreviousMatch
        | Command::Follow
        | Command::Wrap
        | Command::Save
        | Command::Search
        | Command::Include
        | Command::Exclude
        | Command::Since
        | Command::Pattern
        | Command::Pin => Effects::none(),
    }
}

/// What changed: of what is selected, and from there of everything.
fn changes(state: &mut State) -> Effects {
    let of = match state.levels.last() {
        Some(Level::Changes { of: Some(_), .. }) => {
            state.levels.pop();
            None
        }
        _ => state.subject().and_then(RowKey::resource).cloned(),
    };
    if let Some(Level::Changes { of: None, .. }) = state.levels.last() {
        state.levels.pop();
    }
    push(state, Level::Changes { of, scroll: 0 })
}

/// Rows that are marked in the pane in front, those that a filter hides included.
fn marked(state: &State) -> Vec<RowKey> {
    let rows = state.tables.sections.iter().flat_map(|section| &section.rows);
    rows.map(|row| &row.key)
        .filter(|key| state.marks.contains(key))
        .cloned()
        .collect()
}

/// Copies the ids of what is marked, else of what is selected.
fn copy_ids(state: &mut State) -> Effects {
    let keys = match marked(state) {
        some if !some.is_empty() && state.levels.is_empty() => some,
        _ => state.subject().cloned().into_iter().collect(),
    };
    let ids: Vec<String> = keys
        .iter()
        .filter_map(RowKey::resource)
        .map(|resource| resource.id.to_string())
        .collect();
    let said = match ids.as_slice() {
        [] => {
            state.say("this has no id to copy", Tone::Muted);
            return Effects::redraw();
        }
        [one] => format!("copied {one}"),
        many => format!("copied {} ids, one a line", many.len()),
    };
    state.say(said, Tone::Plain);
    Effects::of(Effect::Copy(ids.join("\n")))
}

pub(super) fn open(state: &mut State, overlay: Overlay) -> Effects {
    state.overlay = Some(overlay);
    Effects::redraw()
}

pub(super) fn push(state: &mut State, level: Level) -> Effects {
    state.levels.push(level);
    state.rebuild_detail();
    Effects::redraw()
}

/// One level back; `None` at the top.
fn back(state: &mut State) -> Option<Effects> {
    if state.levels.pop().is_some() {
        state.rebuild();
        return Some(Effects::redraw());
    }
    if !state.view().filter.is_empty() {
        state.views.entry(state.pane).or_default().filter.clear();
        state.rebuild();
        return Some(Effects::redraw());
    }
    (state.pane != Pane::Overview).then(|| go(state, Pane::Overview))
}

/// To another pane.
pub(in crate::app) fn go(state: &mut State, pane: Pane) -> Effects {
    state.levels.clear();
    if pane != state.pane {
        state.previous = state.pane;
        state.pane = pane;
    }
    // A tail goes on behind other panes; whoever comes back finds it where it was.
    if pane == Pane::Logs && state.logs.tail.is_some() {
        state.levels.push(Level::Tail);
    }
    state.rebuild();
    Effects::redraw()
}

pub(super) fn page(state: &State) -> isize {
    isize::try_from(state.geometry.body.saturating_sub(2).max(1)).unwrap_or(1)
}

pub(super) fn step(state: &mut State, step: Step) -> Effects {
    if let Some(scroll) = state.levels.last_mut().and_then(Level::scroll_mut) {
        let most = state
            .detail
            .height()
            .saturating_sub(usize::from(state.geometry.body));
        *scroll = match step {
            Step::First => 0,
            Step::Last => most,
            Step::By(by) => scroll.saturating_add_signed(by).min(most),
        };
        return Effects::redraw();
    }
    let mut view = state.views.remove(&state.pane).unwrap_or_default();
    view.step(&state.tables, step);
    state.views.insert(state.pane, view);
    state.keep_selection_in_view();
    Effects::redraw()
}

fn sort(state: &mut State) -> Effects {
    let section = state
        .view()
        .visible
        .get(state.view().find(&state.tables).unwrap_or(0))
        .map_or(0, |(section, _)| *section);
    let Some(columns) = state
        .tables
        .sections
        .get(section)
        .map(|section| section.columns.clone())
    else {
        return Effects::none();
    };
    // Graphs and signs have no title, and nothing to sort by.
    let columns: Vec<_> = columns
        .into_iter()
        .filter(|column| !column.title.is_empty())
        .collect();
    if columns.is_empty() {
        state.say(
            "the overview shows what matters most first; 1 lists findings that can be sorted",
            Tone::Muted,
        );
        return Effects::redraw();
    }
    let view = state.views.entry(state.pane).or_default();
    let next = match view.sort {
        None => columns.first(),
        Some(sort) => columns
            .iter()
            .position(|column| column.title == sort.column)
            .and_then(|index| columns.get(index + 1)),
    };
    view.sort = next.map(|column| Sort {
        column: column.title,
        direction: Direction::Up,
    });
    let said = next.map_or_else(
        || "what is worst first again".to_owned(),
        |column| format!("sorted by {}; s the next column, S turns it round", column.title),
    );
    state.rebuild();
    state.say(said, Tone::Muted);
    Effects::redraw()
}

fn open_detail(state: &mut State) -> Effects {
    if let Some(effects) = mfa::prompt(state) {
        return effects;
    }
    match state.view().selected().cloned() {
        Some(key) if state.levels.is_empty() => push(
            state,
            Level::Detail {
                key,
                scroll: 0,
                reveal: false,
            },
        ),
        _ => Effects::none(),
    }
}

/// Shows the console address and the aws command, and copies both.
fn link(state: &mut State) -> Effects {
    let Some(resource) = state.subject().and_then(RowKey::resource) else {
        return Effects::none();
    };
    let Some(scope) = panes::scope_of(state, resource) else {
        return Effects::none();
    };
    let lines: Vec<String> = [
        link::console_address(scope, resource),
        link::command(scope, resource),
    ]
    .into_iter()
    .flatten()
    .chain(link::kubernetes_commands(scope, resource).into_iter().flatten())
    .collect();
    if lines.is_empty() {
        state.say("there is no page or command for this", Tone::Muted);
        return Effects::redraw();
    }
    let copied = Effect::Copy(lines.join("\n"));
    let mut shown: Vec<String> = lines
        .iter()
        .map(|line| crate::domain::text::clean(line).into_owned())
        .collect();
    shown.push(String::new());
    let all = if lines.len() > 2 { "all of them" } else { "both" };
    shown.push(format!("{all} are on the clipboard, if the terminal allows it"));
    open(state, Overlay::Card(shown)).and(Effects::of(copied))
}

fn accept(state: &mut State) -> Effects {
    let keys = match marked(state) {
        some if !some.is_empty() && state.levels.is_empty() => some,
        _ => state.subject().cloned().into_iter().collect(),
    };
    let mut accepted = Vec::new();
    for key in keys {
        if let RowKey::Finding(rule, resource) = &key {
            accepted.push(rule.clone());
            state.accepted.insert((rule.clone(), resource.clone()));
            state.marks.remove(&key);
        }
    }
    let said = match accepted.as_slice() {
        [] => "only findings can be accepted: 1 lists them".to_owned(),
        [one] => format!("accepted until the console ends: {one}"),
        many => format!("accepted until the console ends: {} findings", many.len()),
    };
    state.say(said, Tone::Muted);
    state.rebuild();
    Effects::redraw()
}

fn pause(state: &mut State) -> Effects {
    state.paused = !state.paused;
    if state.paused {
        state.say(
            "the view stands still and nothing is read; p goes on",
            Tone::Muted,
        );
    }
    if !state.paused
        && let Some(picture) = state.held.take()
    {
        state.picture = picture;
        state.rebuild();
    }
    Effects::redraw()
}

fn trail(state: &mut State) -> Effects {
    let Some(resource) = state.subject().and_then(RowKey::resource).cloned() else {
        return Effects::none();
    };
    let back = match state.trails.get(&resource) {
        None => Back::Hours,
        Some(back) => match back.wider() {
            Some(wider) => wider,
            None => {
                state.say("CloudTrail is asked for the last 7 days already", Tone::Muted);
                return Effects::redraw();
            }
        },
    };
    state.trails.insert(resource, back);
    // The answer is the first thing of the detail.
    if let Some(scroll) = state.levels.last_mut().and_then(Level::scroll_mut) {
        *scroll = 0;
    }
    state.rebuild_detail();
    let further = back
        .wider()
        .map_or_else(String::new, |wider| format!("; w again for {}", wider.words()));
    state.say(
        format!(
            "asking CloudTrail for the last {}, up to 15 minutes late{further}",
            back.words()
        ),
        Tone::Muted,
    );
    Effects::redraw()
}

fn allow_writes(state: &mut State) -> Effects {
    match (state.setup.write, &state.setup.estate) {
        (WriteState::ReadOnly, Some(_)) => {
            open(state, Overlay::Prompt(Prompt::new(Purpose::AllowWrites, "")))
        }
        (WriteState::ReadOnly, None) => {
            state.say("read-only by --read-only: start again without it", Tone::Warn);
            Effects::redraw()
        }
        (WriteState::ReadWrite | WriteState::ReadWriteUntil(_), _) => {
            state.say("changes are allowed already", Tone::Muted);
            Effects::redraw()
        }
    }
}

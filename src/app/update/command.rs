//! What each command does.

use crate::app::command::Command;
use crate::app::effect::{Effect, Effects};
use crate::app::link;
use crate::app::overlay::{Overlay, Prompt, Purpose};
use crate::app::pane::Pane;
use crate::app::state::{Level, State, WriteState};
use crate::app::table::{RowKey, Tone};
use crate::app::tables::{Direction, Sort, Step};
use crate::app::update::{logs, quit};
use crate::domain::fault::{CredentialFault, FaultKind};
use crate::domain::inventory::{Source, SourceKey};

/// Does what the command says.
pub(super) fn run(state: &mut State, command: Command) -> Effects {
    if logs::is_in_front(state)
        && let Some(effects) = logs::command(state, command)
    {
        return effects;
    }
    match command {
        Command::Back => back(state),
        Command::Quit => quit(),
        Command::Interrupt => {
            if state.overlay.take().is_some() {
                Effects::redraw()
            } else {
                quit()
            }
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
        Command::Left | Command::Right => Effects::none(),
        Command::Open if state.pane == Pane::Logs && state.levels.is_empty() => logs::open_selected(state),
        Command::Open => open_detail(state),
        Command::PreviousPane => go(state, state.previous),
        Command::NextPane => {
            let next = (state.pane.digit() + 1) % Pane::ALL.len() as u8;
            Pane::of_digit(next).map_or_else(Effects::none, |pane| go(state, pane))
        }
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
        Command::Changes => {
            let of = state.subject().and_then(RowKey::resource).cloned();
            push(state, Level::Changes { of, scroll: 0 })
        }
        Command::Runbooks => {
            state.say("no runbook applies here", Tone::Muted);
            Effects::redraw()
        }
        Command::Accept => accept(state),
        Command::CopyId => match state.subject().and_then(RowKey::resource) {
            Some(resource) => {
                let id = resource.id.to_string();
                state.say(format!("copied {id}"), Tone::Plain);
                Effects::of(Effect::Copy(id))
            }
            None => Effects::none(),
        },
        Command::Link => link(state),
        Command::Zone => {
            state.zone = (state.zone + 1) % state.setup.zones.len();
            state.rebuild();
            Effects::redraw()
        }
        Command::Pause => pause(state),
        Command::Refresh => mfa_prompt(state).unwrap_or_else(|| {
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
        | Command::Pattern => Effects::none(),
    }
}

fn open(state: &mut State, overlay: Overlay) -> Effects {
    state.overlay = Some(overlay);
    Effects::redraw()
}

fn push(state: &mut State, level: Level) -> Effects {
    state.levels.push(level);
    state.rebuild_detail();
    Effects::redraw()
}

fn back(state: &mut State) -> Effects {
    if state.levels.pop().is_some() {
        state.rebuild();
        return Effects::redraw();
    }
    if !state.view().filter.is_empty() {
        state.views.entry(state.pane).or_default().filter.clear();
        state.rebuild();
        return Effects::redraw();
    }
    if state.pane == Pane::Overview {
        quit()
    } else {
        go(state, Pane::Overview)
    }
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

fn page(state: &State) -> isize {
    isize::try_from(state.geometry.body.saturating_sub(2).max(1)).unwrap_or(1)
}

fn step(state: &mut State, step: Step) -> Effects {
    if let Some(
        Level::Detail { scroll, .. } | Level::Changes { scroll, .. } | Level::LogLine { scroll, .. },
    ) = state.levels.last_mut()
    {
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
        || "sorted as it came".to_owned(),
        |column| format!("sorted by {}", column.title),
    );
    state.rebuild();
    state.say(said, Tone::Muted);
    Effects::redraw()
}

fn open_detail(state: &mut State) -> Effects {
    if let Some(effects) = mfa_prompt(state) {
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

/// Asks for the MFA code that some scope waits for.
fn mfa_prompt(state: &mut State) -> Option<Effects> {
    let waiting = state.picture.inventory.scopes.iter().find(|scope| {
        scope.identity.failing.as_ref().is_some_and(|failing| {
            matches!(
                failing.fault.kind,
                FaultKind::Credentials(CredentialFault::MfaRequired { .. })
            )
        })
    })?;
    let prompt = Prompt::new(Purpose::MfaCode(waiting.name().clone()), "");
    Some(open(state, Overlay::Prompt(prompt)))
}

/// Shows the console address and the aws command, and copies both.
fn link(state: &mut State) -> Effects {
    let Some(resource) = state.subject().and_then(RowKey::resource) else {
        return Effects::none();
    };
    let Some(scope) = state.picture.inventory.scope(&resource.scope) else {
        return Effects::none();
    };
    let lines: Vec<String> = [
        link::console_address(scope, resource),
        link::command(scope, resource),
    ]
    .into_iter()
    .flatten()
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
    shown.push("both are on the clipboard, if the terminal allows it".to_owned());
    open(state, Overlay::Card(shown)).and(Effects::of(copied))
}

fn accept(state: &mut State) -> Effects {
    if let Some(RowKey::Finding(rule, resource)) = state.subject().cloned() {
        state.say(format!("accepted until the console ends: {rule}"), Tone::Muted);
        state.accepted.insert((rule, resource));
        state.rebuild();
    } else {
        state.say("only findings can be accepted", Tone::Muted);
    }
    Effects::redraw()
}

fn pause(state: &mut State) -> Effects {
    state.paused = !state.paused;
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
    let name = crate::domain::ids::last_segment(&resource.id).to_owned();
    state.trails.insert(SourceKey {
        scope: resource.scope,
        source: Source::Trail(name),
    });
    state.say(
        "asking CloudTrail; its events are up to 15 minutes late",
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

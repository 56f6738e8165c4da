//! What keys, commands and messages do to runbooks and runs.

mod confirming;
mod messages;
mod preparing;

pub(super) use confirming::{key_over, painted, paste, unpainted};
pub(super) use messages::message;
pub(super) use preparing::{call, is_typing, key, offer};

use crate::app::command::Command;
use crate::app::effect::{Effect, Effects};
use crate::app::overlay::Overlay;
use crate::app::pane::Pane;
use crate::app::runs::menu::Menu;
use crate::app::runs::story;
use crate::app::runs::watched::{Hold, Watched};
use crate::app::runs::{Looking, RunsEffect};
use crate::app::state::{Level, State};
use crate::app::table::{RowKey, Tone};
use crate::app::update::command::push;
use crate::domain::focus::Focus;
use crate::domain::ids::Kind;
use crate::domain::inventory::{Source, SourceKey};
use crate::domain::text;
use crate::runbook::machine::Ledger;
use crate::runbook::record::RunId;

/// Whether something must still be drawn before keys may confirm anything: keys that were typed before
/// it was on screen are not for it.
pub fn awaits_paint(state: &State) -> bool {
    let plan = || {
        let planning = state.runs.flow.as_ref()?.planning()?;
        Some(planning.ready().is_some() && !planning.is_painted)
    };
    match &state.overlay {
        Some(Overlay::Confirm(confirm)) => !confirm.is_painted,
        Some(Overlay::Help(_) | Overlay::Prompt(_) | Overlay::Card(_) | Overlay::Menu(_)) => false,
        None => plan().unwrap_or(false),
    }
}

/// A command while something of runs is in front; `None` if it means there what it means elsewhere.
pub(super) fn command(state: &mut State, command: Command) -> Option<Effects> {
    match state.levels.last() {
        Some(Level::Prepare { .. }) => preparing::command(state, command),
        Some(Level::Run { run, .. }) => {
            let run = run.clone();
            of_run(state, &run, command)
        }
        None if state.pane == Pane::Runs => of_list(state, command),
        Some(Level::Detail { .. } | Level::Changes { .. } | Level::Tail | Level::LogLine { .. }) | None => {
            None
        }
    }
}

/// A command on the list of runs and runbooks.
fn of_list(state: &mut State, command: Command) -> Option<Effects> {
    match command {
        Command::Open => {
            let effects = match state.view().selected().cloned() {
                Some(RowKey::Run(run)) => open(state, run),
                Some(RowKey::Runbook(name, false)) => call(state, &name),
                Some(RowKey::Runbook(_, true)) => {
                    state.say(
                        "a nearer runbook of this name hides it: that one is run",
                        Tone::Muted,
                    );
                    Effects::redraw()
                }
                _ => Effects::none(),
            };
            Some(effects)
        }
        Command::Refresh => {
            state.say("reading the runbooks again", Tone::Muted);
            Some(Effects::runs(RunsEffect::ReadBooks).and(Effects::of(Effect::Refresh)))
        }
        _ => None,
    }
}

/// Shows a run.
pub(in crate::app) fn open(state: &mut State, run: RunId) -> Effects {
    state
        .runs
        .watched
        .entry(run.clone())
        .or_insert_with(|| Watched::new(run.clone(), Hold::Elsewhere));
    push(state, Level::Run { run, scroll: 0 })
}

/// A command while a run is in front.
fn of_run(state: &mut State, run: &RunId, command: Command) -> Option<Effects> {
    match command {
        Command::Open | Command::Runbooks => Some(act(state, run)),
        Command::Interrupt => interrupt(state, run),
        _ => None,
    }
}

/// Ctrl-C while a run is in front: what to do with it, if anybody drives it.
fn interrupt(state: &mut State, run: &RunId) -> Option<Effects> {
    let name = name_of(state, run);
    let is_ours = state.runs.watched.get(run).is_some_and(Watched::is_ours);
    let menu = if is_ours {
        let ledger = state
            .runs
            .watched
            .get(run)
            .and_then(|watched| watched.ledger.as_ref());
        // Before its first entry nothing is known of it, and a rollback does no harm.
        Menu::of_running(run, &name, ledger.is_none_or(Ledger::could_take_back))
    } else if state
        .runs
        .head(run)
        .is_some_and(super::super::runs::head::Head::is_live)
    {
        Menu::of_followed(run, &name)
    } else if state.overlay.is_some() {
        return None;
    } else {
        // Whoever meant to stop it was a moment late, and does not want to leave the console for it.
        state.say("the run is over: q goes back", Tone::Muted);
        return Some(Effects::redraw());
    };
    state.overlay = Some(Overlay::Menu(menu));
    Some(Effects::redraw())
}

/// What a run needs of a person: an answer, or to be taken up.
fn act(state: &mut State, run: &RunId) -> Effects {
    let watched = state.runs.watched.get(run);
    let asked = watched.and_then(|watched| watched.asked.as_ref());
    let menu = match asked {
        Some((ticket, question)) => Some(Menu::of_question(run, (*ticket, question))),
        None if watched.is_some_and(Watched::is_ours) => None,
        None => {
            let allowed = state.runs.head(run).map_or(&[][..], |head| head.allowed());
            Menu::of_left(run, &name_of(state, run), allowed)
        }
    };
    match menu {
        Some(menu) => state.overlay = Some(Overlay::Menu(menu)),
        None if watched.is_some_and(|watched| !watched.afterwards().is_empty()) => {
            return preparing::afterwards(state, run);
        }
        None => {
            let status = watched.and_then(|watched| story::shown_status(watched, state.runs.head(run)));
            let words = match status {
                Some(status) => format!("there is nothing to do about it: it is {}", status.word()),
                None => "its journal is still being read".to_owned(),
            };
            state.say(words, Tone::Muted);
        }
    }
    Effects::redraw()
}

/// The runbook's name of a run, safe for a terminal.
fn name_of(state: &State, run: &RunId) -> String {
    let watched = state.runs.watched.get(run).and_then(Watched::runbook);
    let head = || state.runs.head(run).map(|head| head.runbook.as_str());
    text::clean(watched.or_else(head).unwrap_or("the run")).into_owned()
}

/// Leaves the console; asks first while runs of it are live.
pub(super) fn quit(state: &mut State) -> Effects {
    let live = state.runs.own().count();
    if live == 0 {
        return Effects::of(Effect::Quit);
    }
    if state.runs.leaving.is_some() {
        state.say("handing over; the console leaves in a moment", Tone::Muted);
        return Effects::redraw();
    }
    state.overlay = Some(Overlay::Menu(Menu::of_leaving(live)));
    Effects::redraw()
}

/// Refuses changes again, unless a run of ours still needs them: what was confirmed is carried out.
pub(super) fn refuse_writes(state: &mut State) -> Effects {
    if state.runs.own().next().is_some() {
        state.runs.closing_writes = true;
        state.say(
            "no new run from now on; the run under way is carried out",
            Tone::Warn,
        );
        return Effects::redraw();
    }
    state.runs.closing_writes = false;
    Effects::of(Effect::RefuseWrites)
}

/// What is read quickly while a run is in front: what it changes.
pub(in crate::app) fn attend(state: &State, focus: &mut Focus) {
    let Some(Level::Run { run, .. }) = state.levels.last() else {
        return;
    };
    let Some(ledger) = state
        .runs
        .watched
        .get(run)
        .and_then(|watched| watched.ledger.as_ref())
    else {
        return;
    };
    for key in targets(ledger) {
        focus.front.insert(key.kind);
        if key.kind == Kind::EcsService {
            focus.details.insert(SourceKey {
                scope: key.scope.clone(),
                source: Source::EcsDeployments(key.id.to_string()),
            });
        }
    }
}

/// The resources that a run changes, the first of them where they are many.
fn targets(ledger: &Ledger) -> Vec<crate::domain::ids::ResourceKey> {
    const MOST: usize = 8;
    let mut keys = Vec::new();
    for change in &ledger.plan().changes {
        let key = change.target.key();
        if !keys.contains(&key) {
            keys.push(key);
        }
        if keys.len() == MOST {
            break;
        }
    }
    keys
}

/// Tells the runner who looks at what, once for each change.
pub(super) fn changed_look(state: &mut State) -> Option<Effect> {
    // Whoever went elsewhere has given up what was being prepared.
    let is_preparing = state
        .levels
        .iter()
        .any(|level| matches!(level, Level::Prepare { .. }));
    if !is_preparing {
        state.runs.flow = None;
    }
    let run = state.levels.iter().rev().find_map(|level| match level {
        Level::Run { run, .. } => Some(run.clone()),
        _ => None,
    });
    let looking = Looking {
        list: state.pane == Pane::Runs,
        run,
    };
    if state.runs.told.as_ref() == Some(&looking) {
        return None;
    }
    state
        .runs
        .watched
        .retain(|id, watched| watched.was_ours() || looking.run.as_ref() == Some(id));
    state.runs.told = Some(looking.clone());
    Some(Effect::Runs(Box::new(RunsEffect::Look(looking))))
}

//! What comes from whoever reads runbooks, prepares and drives runs.

use crate::app::effect::{Effect, Effects};
use crate::app::overlay::Overlay;
use crate::app::pane::Pane;
use crate::app::runs::confirm::{Confirm, What};
use crate::app::runs::flow::{Flow, PlanState};
use crate::app::runs::head::tone;
use crate::app::runs::watched::{Hold, Watched};
use crate::app::runs::{News, RunsMsg, Wanted};
use crate::app::state::{Level, State};
use crate::app::table::Tone;
use crate::app::update::command::push;
use crate::app::update::runs::{name_of, preparing, refuse_writes};
use crate::runbook::record::RunId;

/// Takes a message in.
pub(in crate::app::update) fn message(state: &mut State, msg: RunsMsg) -> Effects {
    match msg {
        RunsMsg::Books(books) => {
            state.runs.books = Some(books);
            let effects = listed(state);
            match state.runs.wanted.take() {
                Some(Wanted::Name(name)) => effects.and(preparing::call(state, &name)),
                // Whoever went elsewhere does not want it any more.
                Some(Wanted::For(row)) if row.as_ref() == state.subject() => {
                    effects.and(preparing::offer(state))
                }
                Some(Wanted::For(_)) | None => effects,
            }
        }
        RunsMsg::Heads(heads) => {
            if state.runs.heads.as_ref() == Some(&heads) {
                return Effects::none();
            }
            state.runs.heads = Some(heads);
            listed(state)
        }
        RunsMsg::Resolved { ticket, answered } => {
            let form = state.runs.flow.as_mut().and_then(Flow::form);
            let Some(form) = form.filter(|form| form.asking == Some(ticket)) else {
                return Effects::none();
            };
            if form.answered(*answered) {
                preparing::plan(state)
            } else {
                Effects::redraw()
            }
        }
        RunsMsg::Planned { ticket, result } => {
            let planning = state.runs.flow.as_mut().and_then(Flow::planning_mut);
            let Some(planning) = planning.filter(|planning| planning.ticket == ticket) else {
                return Effects::none();
            };
            planning.is_painted = false;
            planning.state = match result {
                Ok(prepared) => PlanState::Ready(*prepared),
                Err(reasons) => PlanState::Refused(reasons),
            };
            state.rebuild_detail();
            Effects::redraw()
        }
        RunsMsg::Started { ticket, run } => started(state, ticket, run),
        RunsMsg::NotStarted { ticket, reason } => not_started(state, ticket, &reason),
        RunsMsg::News { run, news } => tell(state, &run, news),
        RunsMsg::HandedOver { run, result } => handed_over(state, &run, result),
    }
}

/// Something that the list of runs shows is new.
fn listed(state: &mut State) -> Effects {
    crate::app::open::look(state);
    if state.pane == Pane::Runs {
        state.rebuild();
    } else if matches!(state.levels.last(), Some(Level::Run { .. })) {
        state.rebuild_detail();
    }
    Effects::redraw()
}

/// A run has begun: it is shown, in place of its plan or of what was known of it.
fn started(state: &mut State, ticket: Option<u64>, run: RunId) -> Effects {
    state
        .runs
        .watched
        .insert(run.clone(), Watched::new(run.clone(), Hold::Ours));
    let is_awaited = match ticket {
        Some(ticket) => state
            .runs
            .flow
            .as_ref()
            .and_then(Flow::planning)
            .is_some_and(|planning| planning.ticket == ticket && planning.is_starting),
        None => true,
    };
    if is_sent(state, ticket.is_some()) {
        state.overlay = None;
    }
    if !is_awaited {
        return Effects::redraw();
    }
    if ticket.is_some() {
        preparing::leave(state);
    }
    if let Some(Level::Run { run: shown, .. }) = state.levels.last()
        && *shown == run
    {
        state.rebuild_detail();
        return Effects::redraw();
    }
    push(state, Level::Run { run, scroll: 0 })
}

/// Whether the box is open that the run was started, or taken up, with.
fn is_sent(state: &State, applies: bool) -> bool {
    match &state.overlay {
        Some(Overlay::Confirm(confirm)) => {
            let Confirm { what, is_sent, .. } = &**confirm;
            *is_sent && (matches!(what, What::Apply) == applies)
        }
        Some(Overlay::Help(_) | Overlay::Prompt(_) | Overlay::Card(_) | Overlay::Menu(_)) | None => false,
    }
}

fn not_started(state: &mut State, ticket: Option<u64>, reason: &str) -> Effects {
    if is_sent(state, ticket.is_some()) {
        state.overlay = None;
    }
    if let Some(planning) = state.runs.flow.as_mut().and_then(Flow::planning_mut) {
        planning.is_starting = false;
    }
    state.say(format!("not started: {reason}"), Tone::Crit);
    Effects::redraw()
}

/// News of a run.
fn tell(state: &mut State, run: &RunId, news: Vec<News>) -> Effects {
    let Some(watched) = state.runs.watched.get_mut(run) else {
        return Effects::none();
    };
    let was_ours = watched.is_ours();
    let was_asked = watched.asked.is_some();
    for one in news {
        watched.take(one);
    }
    let ended = was_ours && !watched.is_ours();
    let asks = !was_asked && watched.asked.is_some();
    let status = watched.status();
    let is_shown = matches!(state.levels.last(), Some(Level::Run { run: shown, .. }) if shown == run);
    let mut effects = Effects::none();
    if is_shown {
        state.rebuild_detail();
        effects.redraw = true;
    }
    if asks && !is_shown {
        let words = format!("{} asks something: 9 lists it", name_of(state, run));
        state.say(words, Tone::Warn);
        effects.redraw = true;
    }
    if ended {
        if let Some(status) = status.filter(|_| !is_shown) {
            let words = format!("{} {}: {run}", name_of(state, run), status.word());
            state.say(words, tone(status));
        }
        effects.redraw = true;
        // What it changed is read again now, not when its turn comes: nobody wants to see a finding that it mended.
        effects = effects.and(Effects::of(Effect::Refresh));
        if state.runs.closing_writes {
            effects = effects.and(refuse_writes(state));
        }
    }
    effects
}

/// A run of ours has a process of its own now, or has not.
fn handed_over(state: &mut State, run: &RunId, result: Result<(), String>) -> Effects {
    if let Err(why) = result {
        state.runs.leaving = None;
        let words = format!(
            "{} is stopped and was not taken up: {why}; 9 lists it, Enter resumes it",
            name_of(state, run)
        );
        state.say(words, Tone::Crit);
        return Effects::redraw();
    }
    if let Some(leaving) = &mut state.runs.leaving {
        leaving.remove(run);
        if leaving.is_empty() {
            return Effects::of(Effect::Quit);
        }
    }
    Effects::redraw()
}

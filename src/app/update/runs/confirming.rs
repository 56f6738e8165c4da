//! Confirming: the box in which a word is typed, and the menus that lead to it.

use std::collections::BTreeSet;

use crate::app::effect::{Effect, Effects};
use crate::app::geometry::Geometry;
use crate::app::line::Line;
use crate::app::overlay::Overlay;
use crate::app::runs::confirm::{Confirm, Outcome, What};
use crate::app::runs::flow::Flow;
use crate::app::runs::menu::{Choice, Menu};
use crate::app::runs::{RunsEffect, prose};
use crate::app::state::{Environment, Level, State, WriteState};
use crate::app::table::Tone;
use crate::app::tables::Step;
use crate::app::update::command::{page, step};
use crate::app::update::runs::{name_of, preparing};
use crate::config::keys::{Chord, Key};
use crate::domain::policy::ConfirmLevel;
use crate::domain::text;
use crate::runbook::machine::Answer;
use crate::runbook::plan::{Plan, PlanIdentity};
use crate::runbook::record::{Resume, RunId, Then};

/// What is typed to carry out a plan that asks for no name.
const APPLY: &str = "apply";

/// Opens the box that carries out the plan in front.
pub(super) fn open(state: &mut State) -> Effects {
    let Some(planning) = state.runs.flow.as_ref().and_then(Flow::planning) else {
        return Effects::none();
    };
    let Some(plan) = planning.plan().filter(|_| planning.is_painted).cloned() else {
        return Effects::none();
    };
    if let Some(why) = refused(state, &plan) {
        state.say(why, Tone::Warn);
        return Effects::redraw();
    }
    let (word, about) = match plan.confirm.level {
        ConfirmLevel::None | ConfirmLevel::Ack => (APPLY, format!("type {APPLY} to carry out this plan")),
        ConfirmLevel::TypeName => (
            plan.confirm.name.as_str(),
            format!(
                "type {}, which suffers most, to carry out this plan",
                plan.confirm.name
            ),
        ),
    };
    let confirm = Confirm {
        reason: Some(Line::default()),
        ..Confirm::new(What::Apply, word, text::clean(&about).into_owned())
    };
    let effects = put(state, confirm, Some(&plan.identity));
    show_warnings(state);
    effects
}

/// Nobody confirms a plan of two screens without its warnings in sight.
fn show_warnings(state: &mut State) {
    let first = prose::first_warning(&state.detail);
    if let (Some(first), Some(scroll)) = (first, state.levels.last_mut().and_then(Level::scroll_mut)) {
        *scroll = (*scroll).max(first);
        state.rebuild_detail();
    }
}

/// Why a plan cannot be confirmed now.
fn refused(state: &State, plan: &Plan) -> Option<String> {
    if plan.is_empty() {
        return Some("there is nothing to change; Esc goes back to the parameters".to_owned());
    }
    if plan.is_expired(state.now) {
        return Some("the plan has expired: r makes it again".to_owned());
    }
    read_only(state)
}

fn read_only(state: &State) -> Option<String> {
    (state.setup.write == WriteState::ReadOnly)
        .then(|| "changes are refused here: :write allows them for 30 minutes".to_owned())
}

/// Shows the box, framed with the place.
fn put(state: &mut State, confirm: Confirm, identity: Option<&PlanIdentity>) -> Effects {
    let confirm = Confirm {
        place: identity.map_or_else(String::new, prose::place),
        is_prod: identity.is_some_and(|identity| identity.environment == "prod")
            || state.setup.environment == Environment::Prod,
        ..confirm
    };
    state.overlay = Some(Overlay::Confirm(Box::new(confirm)));
    Effects::redraw()
}

/// A key while a menu or the box is open.
pub(in crate::app::update) fn key_over(state: &mut State, chord: Chord) -> Effects {
    match &mut state.overlay {
        Some(Overlay::Menu(menu)) => match menu_key(menu, chord) {
            MenuKey::Moved => Effects::redraw(),
            MenuKey::Closed => {
                state.overlay = None;
                Effects::redraw()
            }
            MenuKey::Chosen(choice) => {
                state.overlay = None;
                choose(state, choice)
            }
        },
        Some(Overlay::Confirm(_)) => {
            // The plan below can be read to its end with the box open.
            let scrolled = match chord.key() {
                Key::Up => Some(Step::By(-1)),
                Key::Down => Some(Step::By(1)),
                Key::PageUp => Some(Step::By(-page(state))),
                Key::PageDown => Some(Step::By(page(state))),
                _ => None,
            };
            if let Some(by) = scrolled {
                return step(state, by);
            }
            let Some(Overlay::Confirm(confirm)) = &mut state.overlay else {
                return Effects::none();
            };
            match confirm.key(chord) {
                Outcome::Not => Effects::none(),
                Outcome::Redraw => Effects::redraw(),
                Outcome::Cancel if confirm.is_sent => Effects::none(),
                Outcome::Cancel => {
                    state.overlay = None;
                    Effects::redraw()
                }
                Outcome::Given => given(state),
            }
        }
        Some(Overlay::Help(_) | Overlay::Prompt(_) | Overlay::Card(_)) | None => Effects::none(),
    }
}

enum MenuKey {
    Moved,
    Closed,
    Chosen(Choice),
}

fn menu_key(menu: &mut Menu, chord: Chord) -> MenuKey {
    match (chord.key(), chord.modifiers().ctrl) {
        (Key::Up | Key::Char('k'), false) => menu.step(Step::By(-1)),
        (Key::Down | Key::Char('j') | Key::Tab, false) => menu.step(Step::By(1)),
        (Key::Home, _) => menu.step(Step::First),
        (Key::End, _) => menu.step(Step::Last),
        (Key::Enter, _) => {
            return menu
                .chosen()
                .map_or(MenuKey::Closed, |choice| MenuKey::Chosen(choice.clone()));
        }
        (Key::Esc | Key::Char('q'), false) | (Key::Char('c' | 'g'), true) => return MenuKey::Closed,
        _ => {}
    }
    MenuKey::Moved
}

fn choose(state: &mut State, choice: Choice) -> Effects {
    match choice {
        Choice::Nothing => Effects::redraw(),
        Choice::Leave => {
            if matches!(state.levels.last(), Some(Level::Run { .. })) {
                state.levels.pop();
                state.rebuild();
            }
            state.say("the run goes on; 9 lists it", Tone::Muted);
            Effects::redraw()
        }
        Choice::Interrupt { run, then } => {
            if let Some(watched) = state.runs.watched.get_mut(&run) {
                watched.stopping = watched.is_ours().then_some(then);
            }
            state.rebuild_detail();
            Effects::runs(RunsEffect::Interrupt { run, then })
        }
        Choice::TakeUp { run, to } => take_up(state, run, to),
        Choice::Answer {
            run,
            ticket,
            answer,
            word,
        } => {
            let identity = identity(state, &run);
            let what = What::Answer { run, ticket, answer };
            let confirm = Confirm::new(what, word, format!("type {word} to answer"));
            put(state, confirm, identity.as_ref())
        }
        Choice::HandOver => {
            state.say(
                "stopping between two calls, to be taken up at once …",
                Tone::Plain,
            );
            let runs: BTreeSet<RunId> = state.runs.own().map(|watched| watched.id.clone()).collect();
            if runs.is_empty() {
                // They have ended while the menu was read.
                return Effects::of(Effect::Quit);
            }
            state.runs.leaving = Some(runs.clone());
            for run in &runs {
                if let Some(watched) = state.runs.watched.get_mut(run) {
                    watched.stopping = Some(Then::Stop);
                }
            }
            runs.into_iter()
                .map(|run| Effects::runs(RunsEffect::HandOver(run)))
                .fold(Effects::redraw(), Effects::and)
        }
    }
}

/// Where a run is, by its plan.
fn identity(state: &State, run: &RunId) -> Option<PlanIdentity> {
    let watched = state.runs.watched.get(run)?;
    Some(watched.ledger.as_ref()?.plan().identity.clone())
}

/// Asks for the word that takes a run up.
fn take_up(state: &mut State, run: RunId, to: Resume) -> Effects {
    if to != Resume::Abandon
        && let Some(why) = read_only(state)
    {
        state.say(why, Tone::Warn);
        return Effects::redraw();
    }
    let (word, does) = match to {
        Resume::Forward => ("resume", "read how far it came and go on from there"),
        Resume::RollBack => ("rollback", "take back what it began"),
        Resume::Abandon => ("abandon", "give it up, leaving everything as it is"),
    };
    let about = format!("type {word} to {does}: {}", name_of(state, &run));
    let identity = identity(state, &run);
    let confirm = Confirm {
        reason: Some(Line::default()),
        needs_reason: to == Resume::Abandon,
        ..Confirm::new(What::TakeUp { run, to }, word, about)
    };
    put(state, confirm, identity.as_ref())
}

/// The word was typed.
fn given(state: &mut State) -> Effects {
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else {
        return Effects::none();
    };
    let reason = confirm.reason_given();
    match confirm.what.clone() {
        What::Apply => {
            let typed = confirm.typed.text.clone();
            apply(state, typed, reason)
        }
        What::TakeUp { run, to } => {
            confirm.is_sent = true;
            Effects::runs(RunsEffect::TakeUp { run, to, reason })
        }
        What::Answer { run, ticket, answer } => {
            state.overlay = None;
            if let Some(watched) = state.runs.watched.get_mut(&run)
                && watched.asked.as_ref().is_some_and(|(asked, _)| *asked == ticket)
            {
                watched.asked = None;
            }
            state.rebuild_detail();
            Effects::runs(RunsEffect::Answer { run, ticket, answer })
        }
    }
}

/// Carries out the plan in front, if it still may be.
fn apply(state: &mut State, typed: String, reason: Option<String>) -> Effects {
    let ready = state.runs.flow.as_ref().and_then(Flow::planning);
    let ready = ready.and_then(|planning| Some((planning.ticket, planning.plan()?.clone())));
    let Some((ticket, plan)) = ready else {
        state.overlay = None;
        return Effects::redraw();
    };
    // It may have run out, or the permission to change anything, while the word was typed.
    if let Some(why) = refused(state, &plan) {
        state.overlay = None;
        state.say(why, Tone::Warn);
        return Effects::redraw();
    }
    if let Some(Overlay::Confirm(confirm)) = &mut state.overlay {
        confirm.is_sent = true;
    }
    if let Some(planning) = state.runs.flow.as_mut().and_then(Flow::planning_mut) {
        planning.is_starting = true;
    }
    let answer = match plan.confirm.level {
        ConfirmLevel::None | ConfirmLevel::Ack => Answer::Yes,
        ConfirmLevel::TypeName => Answer::Name(typed),
    };
    Effects::runs(RunsEffect::Start {
        ticket,
        plan,
        answer,
        reason,
    })
}

/// Text was pasted while something of runs is in front; `None` if it is for somebody else.
pub(in crate::app::update) fn paste(state: &mut State, text: &str) -> Option<Effects> {
    let typing = preparing::is_typing(state);
    match &mut state.overlay {
        Some(Overlay::Confirm(confirm)) => {
            // What was wrong with it is said in the box, which covers the last line.
            confirm.paste(text);
            Some(Effects::redraw())
        }
        Some(Overlay::Menu(_)) => Some(Effects::none()),
        None if typing => {
            let form = state.runs.flow.as_mut().and_then(Flow::form)?;
            let outcome = form.paste(text);
            Some(preparing::after(state, outcome))
        }
        Some(Overlay::Help(_) | Overlay::Prompt(_) | Overlay::Card(_)) | None => None,
    }
}

/// A frame was drawn: what it showed can be confirmed, if it showed anything.
pub(in crate::app::update) fn painted(state: &mut State, geometry: Geometry) {
    if geometry.body == 0 {
        unpainted(state);
        return;
    }
    if let Some(Overlay::Confirm(confirm)) = &mut state.overlay {
        confirm.is_painted = true;
    }
    if let Some(planning) = state.runs.flow.as_mut().and_then(Flow::planning_mut)
        && planning.ready().is_some()
    {
        planning.is_painted = true;
    }
}

/// What was on screen is not there any more.
pub(in crate::app::update) fn unpainted(state: &mut State) {
    if let Some(Overlay::Confirm(confirm)) = &mut state.overlay {
        confirm.is_painted = false;
    }
    if let Some(planning) = state.runs.flow.as_mut().and_then(Flow::planning_mut) {
        planning.is_painted = false;
    }
}

//! From `x`, or a runbook's name, to a plan.

use crate::app::command::Command;
use crate::app::effect::Effects;
use crate::app::pane::Pane;
use crate::app::runs::flow::{Flow, PlanState, Planning, Stage};
use crate::app::runs::form::{Form, Outcome};
use crate::app::runs::offers::{self, Offer, called, offers};
use crate::app::runs::subject::Subject;
use crate::app::runs::{RunsEffect, Wanted};
use crate::app::state::{Level, State};
use crate::app::table::{RowKey, Tone};
use crate::app::tables::Step;
use crate::app::update::command::{page, push};
use crate::app::update::runs::{act, confirming, name_of};
use crate::config::keys::{Chord, Key};
use crate::domain::diagnostic::nearest;
use crate::domain::scope::ScopeName;
use crate::domain::text;
use crate::runbook::params::Resolved;
use crate::runbook::record::RunId;

/// `x`: the runbooks for what is marked or selected.
pub(in crate::app::update) fn offer(state: &mut State) -> Effects {
    match (state.levels.last(), state.view().selected().cloned()) {
        (Some(Level::Prepare { .. }), _) => return Effects::none(),
        (None, Some(RowKey::Run(run))) if state.pane == Pane::Runs => return act(state, &run),
        (None, Some(RowKey::Runbook(name, _))) if state.pane == Pane::Runs => return call(state, &name),
        _ => {}
    }
    if state.runs.books.is_none() {
        state.runs.wanted = Some(Wanted::For(state.subject().cloned()));
        state.say("the runbooks are still being read", Tone::Muted);
        return Effects::redraw();
    }
    let subject = match Subject::of(state) {
        Ok(subject) => subject,
        Err(why) => {
            state.say(why, Tone::Muted);
            return Effects::redraw();
        }
    };
    let offers = offers(state, &subject);
    let title = subject.title();
    let scope = subject.scope;
    match offers.len() {
        0 => {
            let words = match subject.resources.len() {
                1 => "no runbook is made for this; 9 lists all of them".to_owned(),
                many => format!("no runbook takes these {many} together; 9 lists all of them"),
            };
            state.say(words, Tone::Muted);
            Effects::redraw()
        }
        1 => offers.into_iter().next().map_or_else(Effects::none, |only| {
            begin(state, title, Vec::new());
            fill_in(state, only, scope)
        }),
        _ => begin(state, title, vec![Stage::Choose { scope, offers, at: 0 }]),
    }
}

/// A runbook by its name, or an unambiguous beginning of it.
pub(in crate::app::update) fn call(state: &mut State, name: &str) -> Effects {
    let Some(books) = &state.runs.books else {
        state.runs.wanted = Some(Wanted::Name(name.to_owned()));
        state.say("the runbooks are still being read", Tone::Muted);
        return Effects::redraw();
    };
    let shown = books.iter().filter(|book| !book.is_hidden);
    let mut starting = shown.clone().filter(|book| book.name.starts_with(name));
    let book = match (state.runs.book(name), starting.next(), starting.next()) {
        (Some(exact), ..) => Some(exact),
        (None, Some(only), None) => Some(only),
        (None, ..) => None,
    };
    let Some(book) = book else {
        let guess = nearest(name, shown.map(|book| book.name.as_str()));
        let words = match guess {
            Some(guess) => format!("no runbook {name}; did you mean {guess}?"),
            None => format!("no runbook {name}: 9 lists them"),
        };
        state.say(words, Tone::Warn);
        return Effects::redraw();
    };
    let runbook = match &book.contents {
        Ok(runbook) => runbook,
        Err(why) => {
            let words = format!("{} cannot be used: {why}", book.name);
            state.say(words, Tone::Warn);
            return Effects::redraw();
        }
    };
    let (book, runbook) = (book.clone(), runbook.clone());
    // What is marked or selected fills it in as `x` would; where it does not fit, a person chooses.
    if state.pane != Pane::Runs
        && let Ok(subject) = Subject::of(state)
    {
        let mut fitting = offers(state, &subject);
        fitting.retain(|offer| offer.book.name == book.name && !offer.set.is_empty());
        let (title, scope) = (subject.title(), subject.scope);
        match fitting.len() {
            0 => {}
            1 => {
                return fitting.pop().map_or_else(Effects::none, |only| {
                    begin(state, title, Vec::new());
                    fill_in(state, only, scope)
                });
            }
            _ => {
                let offers = fitting;
                return begin(state, title, vec![Stage::Choose { scope, offers, at: 0 }]);
            }
        }
    }
    let offer = called(state, &book, &runbook);
    let scopes: Vec<(ScopeName, String)> = state
        .picture
        .inventory
        .shown()
        .filter(|scope| {
            scope
                .account()
                .is_none_or(|account| offer.runbook.target.allows(account, &scope.scope.region))
        })
        .map(|scope| {
            let account = scope.account().unwrap_or("account …");
            (scope.name().clone(), format!("{account}  {}", scope.scope.region))
        })
        .collect();
    match scopes.as_slice() {
        [] => {
            let words = format!("{} may be used in none of these accounts", offer.book.name);
            state.say(words, Tone::Warn);
            Effects::redraw()
        }
        [(scope, _)] => {
            let scope = scope.clone();
            begin(state, String::new(), Vec::new());
            fill_in(state, offer, scope)
        }
        _ => begin(state, String::new(), vec![Stage::Where { offer, scopes, at: 0 }]),
    }
}

/// What a run offers now that it has succeeded: the form, or a list where there are several.
pub(super) fn afterwards(state: &mut State, run: &RunId) -> Effects {
    let Some(watched) = state.runs.watched.get(run) else {
        return Effects::none();
    };
    if state.runs.books.is_none() {
        state.say("the runbooks are still being read", Tone::Muted);
        return Effects::redraw();
    }
    let found = offers::afterwards(state, watched.afterwards());
    let scope = watched
        .ledger
        .as_ref()
        .map(|ledger| ledger.plan().identity.scope.clone());
    let title = format!("what comes after {}", name_of(state, run));
    match (found.as_slice(), scope) {
        ([], _) | (_, None) => {
            let names: Vec<&str> = watched
                .afterwards()
                .iter()
                .map(|next| next.runbook.as_str())
                .collect();
            let names = text::clean(&names.join(", ")).into_owned();
            state.say(format!("this console has no runbook {names}"), Tone::Warn);
            Effects::redraw()
        }
        ([only], Some(scope)) => {
            let only = only.clone();
            begin(state, title, Vec::new());
            fill_in(state, only, scope)
        }
        (_, Some(scope)) => begin(
            state,
            title,
            vec![Stage::Choose {
                scope,
                offers: found,
                at: 0,
            }],
        ),
    }
}

fn begin(state: &mut State, title: String, stages: Vec<Stage>) -> Effects {
    state
        .levels
        .retain(|level| !matches!(level, Level::Prepare { .. }));
    state.runs.flow = Some(Flow { title, stages });
    push(state, Level::Prepare { scroll: 0 })
}

/// Opens the form of an offer, and looks its parameters up. Once all of them have a value that nobody
/// has to decide on, the plan follows by itself.
fn fill_in(state: &mut State, offer: Offer, scope: ScopeName) -> Effects {
    if let Some(flow) = &mut state.runs.flow {
        flow.stages.push(Stage::Form(Box::new(Form::new(offer, scope))));
    }
    resolve(state)
}

/// Looks the parameters of the form in front up.
pub(super) fn resolve(state: &mut State) -> Effects {
    let ticket = state.runs.next_ticket();
    let Some(form) = state.runs.flow.as_mut().and_then(Flow::form) else {
        return Effects::redraw();
    };
    let (given, secrets) = (form.given(), form.secrets());
    form.asking = Some(ticket);
    form.resolved = None;
    Effects::runs(RunsEffect::Resolve {
        ticket,
        scope: form.scope.clone(),
        book: form.offer.book.clone(),
        given,
        secrets,
    })
}

/// Makes the plan of the form in front.
pub(super) fn plan(state: &mut State) -> Effects {
    let ticket = state.runs.next_ticket();
    let Some(flow) = &mut state.runs.flow else {
        return Effects::none();
    };
    let Some(form) = flow.form() else {
        return Effects::none();
    };
    let Some(resolved) = form.resolved.clone() else {
        return Effects::none();
    };
    let planning = Planning {
        ticket,
        book: form.offer.book.clone(),
        scope: form.scope.clone(),
        resolved,
        state: PlanState::Making,
        is_painted: false,
        is_starting: false,
    };
    let effect = ask_for(&planning);
    flow.stages.push(Stage::Plan(Box::new(planning)));
    scroll_up(state);
    Effects::runs(effect)
}

fn ask_for(planning: &Planning) -> RunsEffect {
    let resolved: Resolved = planning.resolved.clone();
    RunsEffect::Plan {
        ticket: planning.ticket,
        scope: planning.scope.clone(),
        book: planning.book.clone(),
        resolved,
    }
}

/// Makes the plan in front again.
fn again(state: &mut State) -> Effects {
    let ticket = state.runs.next_ticket();
    let Some(planning) = state.runs.flow.as_mut().and_then(Flow::planning_mut) else {
        return Effects::none();
    };
    planning.ticket = ticket;
    planning.state = PlanState::Making;
    planning.is_painted = false;
    let effect = ask_for(planning);
    scroll_up(state);
    Effects::runs(effect)
}

fn scroll_up(state: &mut State) {
    if let Some(scroll) = state.levels.last_mut().and_then(Level::scroll_mut) {
        *scroll = 0;
    }
    state.rebuild_detail();
}

/// A command while a run is being prepared; `None` if it means there what it means elsewhere.
pub(super) fn command(state: &mut State, command: Command) -> Option<Effects> {
    let rows = page(state);
    let step = match command {
        Command::Up => Some(Step::By(-1)),
        Command::Down => Some(Step::By(1)),
        Command::PageUp => Some(Step::By(-rows)),
        Command::PageDown => Some(Step::By(rows)),
        Command::First => Some(Step::First),
        Command::Last => Some(Step::Last),
        _ => None,
    };
    let flow = state.runs.flow.as_mut()?;
    match flow.stages.last_mut()? {
        Stage::Where { scopes, at, .. } => {
            if let Some(step) = step {
                *at = moved(*at, step, scopes.len());
                return Some(Effects::redraw());
            }
        }
        Stage::Choose { offers, at, .. } => {
            if let Some(step) = step {
                *at = moved(*at, step, offers.len());
                return Some(Effects::redraw());
            }
        }
        // What is typed before the plan is on screen is for nothing that is on it.
        Stage::Plan(planning)
            if !planning.is_painted
                && !matches!(
                    command,
                    Command::Back | Command::Close | Command::Interrupt | Command::Refresh
                )
                && !matches!(planning.state, PlanState::Refused(_)) =>
        {
            return Some(Effects::none());
        }
        Stage::Form(_) | Stage::Plan(_) => {}
    }
    match command {
        Command::Back | Command::Close => Some(back(state)),
        Command::Interrupt => Some(leave(state)),
        Command::Open => Some(enter(state)),
        Command::Refresh => match state.runs.flow.as_ref()?.front()? {
            Stage::Plan(_) => Some(again(state)),
            Stage::Where { .. } | Stage::Choose { .. } | Stage::Form(_) => None,
        },
        // What is selected below is not what is looked at.
        Command::Runbooks
        | Command::Changes
        | Command::LogsOf
        | Command::Link
        | Command::Accept
        | Command::CopyId
        | Command::Mark
        | Command::Filter
        | Command::Sort
        | Command::SortReverse => Some(Effects::none()),
        _ => None,
    }
}

fn moved(at: usize, step: Step, count: usize) -> usize {
    let last = count.saturating_sub(1);
    match step {
        Step::First => 0,
        Step::Last => last,
        Step::By(by) => at.saturating_add_signed(by).min(last),
    }
}

fn enter(state: &mut State) -> Effects {
    let chosen = match state.runs.flow.as_ref().and_then(Flow::front) {
        Some(Stage::Where { offer, scopes, at }) => {
            scopes.get(*at).map(|(scope, _)| (offer.clone(), scope.clone()))
        }
        Some(Stage::Choose { scope, offers, at }) => {
            offers.get(*at).map(|offer| (offer.clone(), scope.clone()))
        }
        Some(Stage::Plan(_)) => return confirming::open(state),
        Some(Stage::Form(_)) | None => None,
    };
    chosen.map_or_else(Effects::none, |(offer, scope)| fill_in(state, offer, scope))
}

/// One stage back; out of it from the first one.
pub(super) fn back(state: &mut State) -> Effects {
    let Some(flow) = &mut state.runs.flow else {
        return leave(state);
    };
    flow.stages.pop();
    if flow.stages.is_empty() {
        return leave(state);
    }
    scroll_up(state);
    Effects::redraw()
}

/// Gives up what is being prepared.
pub(super) fn leave(state: &mut State) -> Effects {
    state.runs.flow = None;
    if matches!(state.levels.last(), Some(Level::Prepare { .. })) {
        state.levels.pop();
    }
    state.rebuild();
    Effects::redraw()
}

/// Whether keys are typed into a form.
pub(in crate::app::update) fn is_typing(state: &State) -> bool {
    matches!(state.levels.last(), Some(Level::Prepare { .. }))
        && matches!(
            state.runs.flow.as_ref().and_then(Flow::front),
            Some(Stage::Form(_))
        )
}

/// A key in a form.
pub(in crate::app::update) fn key(state: &mut State, chord: Chord) -> Effects {
    let held = chord.modifiers();
    match (chord.key(), held.ctrl) {
        (Key::Esc, _) => return back(state),
        (Key::Char('c' | 'g'), true) => return leave(state),
        _ => {}
    }
    let rows = usize::from(state.geometry.body) / 2;
    let Some(form) = state.runs.flow.as_mut().and_then(Flow::form) else {
        return Effects::none();
    };
    let outcome = form.key(chord, rows);
    after(state, outcome)
}

/// What follows from a key in a form.
pub(super) fn after(state: &mut State, outcome: Outcome) -> Effects {
    match outcome {
        Outcome::Not => Effects::none(),
        Outcome::Redraw => Effects::redraw(),
        Outcome::Resolve => resolve(state),
        Outcome::Plan => plan(state),
    }
}

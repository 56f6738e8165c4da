//! `:incident` and what goes into a record by itself.

use crate::app::effect::{Effect, Effects};
use crate::app::incident::{IncidentEffect, IncidentMsg, Known, cut};
use crate::app::pane::Pane;
use crate::app::state::State;
use crate::app::table::Tone;
use crate::app::update::command::go;
use crate::domain::incident::{Entry, Event, Places};
use crate::domain::picture::Picture;

const HOW: &str = ":incident start TITLE begins a record";

/// A line after `:incident`.
pub(super) fn line(state: &mut State, argument: &str) -> Effects {
    let (verb, rest) = argument
        .split_once(' ')
        .map_or((argument, ""), |(verb, rest)| (verb, rest.trim()));
    match verb {
        "" => go(state, Pane::Incident),
        "start" => start(state, rest),
        "note" if rest.is_empty() => said(state, "write it behind: :incident note TEXT"),
        "note" => {
            let text = cut(rest);
            note(state, Event::Note { text }, "written down")
        }
        "close" => {
            let effects = note(
                state,
                Event::Closed,
                "the record is closed; :incident export FILE writes it",
            );
            effects.and(go(state, Pane::Incident))
        }
        "export" => export(state, rest),
        _ => said(state, "start TITLE, note TEXT, close or export FILE"),
    }
}

fn said(state: &mut State, text: impl AsRef<str>) -> Effects {
    state.say(text, Tone::Warn);
    Effects::redraw()
}

fn start(state: &mut State, title: &str) -> Effects {
    if let Some(known) = state.incident.as_ref().filter(|known| known.incident.is_open()) {
        let title = known.incident.title.clone();
        return said(state, format!("\"{title}\" is open: close it first"));
    }
    if title.is_empty() {
        return said(state, HOW);
    }
    let scopes = state.picture.inventory.shown();
    let event = Event::Started {
        title: cut(title),
        estate: state.setup.estate.clone(),
        scopes: scopes.map(|scope| scope.name().to_string()).collect(),
    };
    let first = Entry::new(event, &state.setup.who, (state.picture.at, state.now));
    state.say("the record begins", Tone::Plain);
    go(state, Pane::Incident).and(Effects::of(Effect::Incident(Box::new(IncidentEffect::Begin(
        Box::new(first),
    )))))
}

/// Writes something down, if a record is open.
fn note(state: &mut State, event: Event, done: &str) -> Effects {
    match write(state, vec![event]) {
        Some(effect) => {
            state.say(done, Tone::Plain);
            state.rebuild();
            Effects::of(effect)
        }
        None => said(state, format!("no incident is open: {HOW}")),
    }
}

/// Takes events into the open record; what is to be done about them. None is open: nothing.
fn write(state: &mut State, events: Vec<Event>) -> Option<Effect> {
    let (now, by) = ((state.picture.at, state.now), state.setup.who.clone());
    let known = state.incident.as_mut().filter(|known| known.incident.is_open())?;
    let entries: Vec<_> = events
        .into_iter()
        .map(|event| Entry::new(event, &by, now))
        .collect();
    for entry in &entries {
        known.incident.apply(entry.clone());
    }
    Some(Effect::Incident(Box::new(IncidentEffect::Append {
        id: known.incident.id.clone(),
        entries,
    })))
}

/// What a picture adds, whether it is shown or the view is paused.
pub(super) fn gather(state: &mut State, picture: &Picture) -> Effects {
    let Some(known) = &state.incident else {
        return Effects::none();
    };
    let events = known.incident.gather(picture);
    if events.is_empty() {
        return Effects::none();
    }
    let effect = write(state, events);
    if state.pane == Pane::Incident && effect.is_some() {
        state.rebuild();
    }
    Effects {
        redraw: true,
        list: effect.into_iter().collect(),
    }
}

/// Pins a line of a log.
pub(super) fn pin(state: &mut State) -> Effects {
    let line = state.logs.tail.as_ref().and_then(|tail| {
        let key = tail.cursor?;
        let line = tail.buffer.line(key)?;
        let target = tail.targets.get(usize::from(line.group))?;
        Some(Event::Pinned {
            group: target.group.clone(),
            logged_at: jiff::Timestamp::from_millisecond(key.at_ms).ok()?,
            text: cut(line.text),
        })
    });
    match line {
        Some(event) => note(state, event, "pinned to the incident"),
        None => said(state, "no line is selected"),
    }
}

fn export(state: &mut State, path: &str) -> Effects {
    if path.is_empty() {
        return said(state, "name a new file: :incident export FILE");
    }
    let zone = state.zone();
    let places = Places {
        zone: zone.zone.clone(),
        label: zone.label.clone(),
    };
    let Some(known) = &state.incident else {
        return said(
            state,
            "no incident is known here; `qd incident list` has all of them",
        );
    };
    Effects::of(Effect::Incident(Box::new(IncidentEffect::Export {
        id: known.incident.id.clone(),
        path: path.to_owned(),
        places,
        now: state.picture.at,
    })))
}

/// What came of it.
pub(super) fn message(state: &mut State, msg: IncidentMsg) -> Effects {
    match msg {
        IncidentMsg::Known(known) => {
            let is_other = state
                .incident
                .as_ref()
                .is_none_or(|before| before.incident.id != known.incident.id);
            if is_other && !known.incident.is_open() {
                return Effects::none();
            }
            if is_other
                && !known
                    .incident
                    .people
                    .starts_with(std::slice::from_ref(&state.setup.who))
            {
                state.say(
                    format!("an incident is being recorded: {}", known.incident.title),
                    Tone::Warn,
                );
            }
            take(state, *known);
            state.rebuild();
            let picture = state.picture.clone();
            Effects::redraw().and(gather(state, &picture))
        }
        IncidentMsg::Failed(why) => {
            state.say(format!("the record was not written: {why}"), Tone::Crit);
            Effects::redraw()
        }
        IncidentMsg::Exported(path) => {
            state.say(format!("written to {path}"), Tone::Plain);
            Effects::redraw()
        }
    }
}

/// What is on the disk, and what this console has written since and is still on its way there.
fn take(state: &mut State, mut known: Known) {
    if let Some(before) = state.incident.take()
        && before.incident.id == known.incident.id
    {
        let mine = before.incident.entries.into_iter();
        for entry in mine.filter(|entry| entry.by == state.setup.who) {
            if !known.incident.entries.contains(&entry) {
                known.incident.apply(entry);
            }
        }
    }
    state.incident = Some(known);
}

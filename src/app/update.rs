//! `update`: one message in, a changed state and effects out. It does no I/O and reads no clock.

mod command;
mod logs;
mod prompt;

pub(super) use command::go;

use crate::app::effect::{Effect, Effects};
use crate::app::msg::Msg;
use crate::app::overlay::Overlay;
use crate::app::state::{State, WriteState};
use crate::app::table::Tone;
use crate::app::{open, places};
use crate::config::keys::{Chord, Key};

/// Takes a message in.
pub fn update(state: &mut State, msg: Msg) -> Effects {
    let mut effects = match msg {
        Msg::Key(chord) => key(state, chord),
        Msg::Paste(text) => prompt::paste(state, &text),
        Msg::Picture(picture) => {
            if state.paused {
                state.held = Some(picture);
                Effects::none()
            } else {
                state.picture = picture;
                state.rebuild();
                places::look(state);
                open::look(state);
                Effects::redraw()
            }
        }
        Msg::Drawn(geometry) => {
            if state.geometry == geometry {
                Effects::none()
            } else {
                state.geometry = geometry;
                state.keep_selection_in_view();
                Effects::redraw()
            }
        }
        Msg::Tick(now) => tick(state, now),
        Msg::WritesAllowed(until) => {
            state.setup.write = until.map_or(WriteState::ReadOnly, WriteState::ReadWriteUntil);
            Effects::redraw()
        }
        Msg::Logs(msg) => logs::message(state, msg),
        Msg::Said(text, tone) => {
            state.say(text, tone);
            Effects::redraw()
        }
    };
    if let Some(focus) = state.changed_focus() {
        effects.list.push(focus);
    }
    effects.list.extend(logs::changed_look(state));
    if effects.redraw {
        logs::arrange(state);
    }
    effects
}

fn tick(state: &mut State, now: jiff::Timestamp) -> Effects {
    state.now = now;
    let gave_up = open::tick(state);
    let before = state.notices.len();
    state.notices.retain(|notice| notice.until > now);
    let redraw = gave_up || state.notices.len() != before;
    if let WriteState::ReadWriteUntil(until) = state.setup.write
        && until <= now
    {
        state.setup.write = WriteState::ReadOnly;
        state.say("changes are refused again", Tone::Warn);
        return Effects::of(Effect::RefuseWrites);
    }
    Effects {
        redraw,
        list: Vec::new(),
    }
}

fn key(state: &mut State, chord: Chord) -> Effects {
    match &mut state.overlay {
        Some(Overlay::Prompt(_)) => prompt::key(state, chord),
        Some(Overlay::Help(scroll)) => {
            match chord.key() {
                Key::Down | Key::Char('j') => *scroll = scroll.saturating_add(1),
                Key::Up | Key::Char('k') => *scroll = scroll.saturating_sub(1),
                Key::PageDown | Key::Char(' ') => *scroll = scroll.saturating_add(10),
                Key::PageUp => *scroll = scroll.saturating_sub(10),
                _ => state.overlay = None,
            }
            Effects::redraw()
        }
        Some(Overlay::Card(_)) => {
            state.overlay = None;
            Effects::redraw()
        }
        None => match state.command_of(chord) {
            Some(command) => {
                open::leave(state);
                command::run(state, command)
            }
            None => Effects::none(),
        },
    }
}

/// Leaves the console.
fn quit() -> Effects {
    Effects::of(Effect::Quit)
}

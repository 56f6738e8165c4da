//! `update`: one message in, a changed state and effects out. It does no I/O and reads no clock.

mod command;
mod incident;
mod logs;
pub mod mfa;
mod prompt;
pub mod runs;

pub(super) use command::go;

use crate::app::effect::Effects;
use crate::app::help;
use crate::app::msg::Msg;
use crate::app::overlay::Overlay;
use crate::app::state::{State, WriteState};
use crate::app::table::Tone;
use crate::app::{open, places};
use crate::config::keys::{Chord, Key, Modifiers};

/// Takes a message in: the one way in which the console's state changes.
///
/// What has to happen outside of the state (asking AWS, the clipboard, runs) is in the [`Effects`] that come
/// back; the console carries them out, and what comes of them arrives as further messages.
pub fn update(state: &mut State, msg: Msg) -> Effects {
    let mut effects = match msg {
        Msg::Key(chord) => key(state, chord),
        Msg::Paste(text) => runs::paste(state, &text).unwrap_or_else(|| prompt::paste(state, &text)),
        Msg::Picture(picture) if state.paused => {
            state.held = Some(picture.clone());
            incident::gather(state, &picture)
        }
        Msg::Picture(picture) => {
            state.picture = picture.clone();
            state.rebuild();
            places::look(state);
            open::look(state);
            mfa::look(state);
            Effects::redraw().and(incident::gather(state, &picture))
        }
        Msg::Resized => {
            runs::unpainted(state);
            Effects::redraw()
        }
        Msg::Drawn(geometry) => {
            runs::painted(state, geometry);
            if state.geometry == geometry {
                Effects::none()
            } else {
                state.geometry = geometry;
                state.rebuild_detail();
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
        Msg::Runs(msg) => runs::message(state, msg),
        Msg::Incident(msg) => incident::message(state, msg),
        Msg::Said(text, tone) => {
            state.say(text, tone);
            Effects::redraw()
        }
    };
    if let Some(focus) = state.changed_focus() {
        effects.list.push(focus);
    }
    effects.list.extend(logs::changed_look(state));
    effects.list.extend(runs::changed_look(state));
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
        return Effects::redraw().and(runs::refuse_writes(state));
    }
    Effects {
        redraw,
        list: Vec::new(),
    }
}

/// A slow line delivers Esc and the key after it in one piece, which reads as that key with Alt.
/// Where that means nothing by itself and there is something to leave, both keys are meant.
fn key(state: &mut State, chord: Chord) -> Effects {
    let held = chord.modifiers();
    let leaves = state.overlay.is_some() || !state.levels.is_empty();
    if held.alt && !held.ctrl && leaves && state.command_of(chord).is_none() {
        let after = Chord::new(chord.key(), Modifiers { alt: false, ..held });
        return one_key(state, Chord::plain(Key::Esc)).and(one_key(state, after));
    }
    one_key(state, chord)
}

fn one_key(state: &mut State, chord: Chord) -> Effects {
    // Who goes on has read what was said. What nobody saw yet, behind the newest, only goes early if
    // it is no warning.
    let before = state.notices.len();
    if state.overlay.is_some() || runs::is_typing(state) || state.command_of(chord).is_some() {
        state.notices.pop_back();
        state
            .notices
            .retain(|notice| !matches!(notice.tone, Tone::Plain | Tone::Muted));
    }
    let mut effects = of_key(state, chord);
    effects.redraw |= state.notices.len() != before;
    effects
}

fn of_key(state: &mut State, chord: Chord) -> Effects {
    let typing = runs::is_typing(state);
    match &mut state.overlay {
        Some(Overlay::Prompt(_)) => prompt::key(state, chord),
        Some(Overlay::Help(scroll)) => {
            let most = help::most_scroll(state.geometry);
            match chord.key() {
                Key::Down | Key::Char('j') => *scroll = scroll.saturating_add(1).min(most),
                Key::Up | Key::Char('k') => *scroll = scroll.saturating_sub(1),
                Key::PageDown | Key::Char(' ') => *scroll = scroll.saturating_add(10).min(most),
                Key::PageUp => *scroll = scroll.saturating_sub(10),
                Key::Home | Key::Char('g') => *scroll = 0,
                Key::End | Key::Char('G') => *scroll = most,
                _ => state.overlay = None,
            }
            Effects::redraw()
        }
        Some(Overlay::Card(_)) => {
            state.overlay = None;
            Effects::redraw()
        }
        Some(Overlay::Menu(_) | Overlay::Confirm(_)) => runs::key_over(state, chord),
        None if typing => runs::key(state, chord),
        None => match state.command_of(chord) {
            Some(command) => {
                open::leave(state);
                command::run(state, command)
            }
            None => Effects::none(),
        },
    }
}

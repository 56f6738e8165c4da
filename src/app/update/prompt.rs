//! Text being typed: the command line, filters, codes, names.

use crate::app::command::{Command, REGISTRY};
use crate::app::effect::{Effect, Effects};
use crate::app::line::Typed;
use crate::app::open;
use crate::app::overlay::{Overlay, Prompt, Purpose, completions};
use crate::app::state::State;
use crate::app::table::Tone;
use crate::app::update::{command, incident, logs, mfa, runs};
use crate::config::keys::{Chord, Key};

/// A key while a prompt is open.
pub(super) fn key(state: &mut State, chord: Chord) -> Effects {
    let Some(Overlay::Prompt(prompt)) = &mut state.overlay else {
        return Effects::none();
    };
    match (chord.key(), chord.modifiers().ctrl, chord.modifiers().alt) {
        (Key::Esc, ..) | (Key::Char('c' | 'g'), true, false) => return cancel(state),
        (Key::Enter, ..) => return accept(state),
        (Key::Tab, ..) if prompt.purpose == Purpose::Command => {
            let stem = prompt.stem().to_owned();
            let candidates = completions(state, &stem);
            if let Some(Overlay::Prompt(prompt)) = &mut state.overlay {
                prompt.complete(&candidates);
            }
        }
        (Key::Tab, ..) => {}
        _ if prompt.key(chord) == Typed::Not => return Effects::none(),
        _ => {}
    }
    edited(state)
}

/// Text pasted while a prompt is open: only its first line, and nowhere that confirms a change.
pub(super) fn paste(state: &mut State, text: &str) -> Effects {
    let Some(Overlay::Prompt(prompt)) = &mut state.overlay else {
        return Effects::none();
    };
    if prompt.purpose == Purpose::AllowWrites {
        state.say("a confirmation is typed, not pasted", Tone::Warn);
        return Effects::redraw();
    }
    for character in text
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|character| !character.is_control())
    {
        prompt.insert(character);
    }
    edited(state)
}

/// A filter holds while it is typed.
fn edited(state: &mut State) -> Effects {
    if let Some(Overlay::Prompt(prompt)) = &state.overlay
        && matches!(prompt.purpose, Purpose::Filter(_))
    {
        let text = prompt.line.text.clone();
        set_filter(state, text);
    }
    Effects::redraw()
}

fn set_filter(state: &mut State, text: String) {
    let view = state.views.entry(state.pane).or_default();
    view.set_filter(&state.tables, text);
    state.rebuild();
}

fn cancel(state: &mut State) -> Effects {
    if let Some(Overlay::Prompt(prompt)) = state.overlay.take()
        && let Purpose::Filter(before) = prompt.purpose
    {
        set_filter(state, before);
    }
    Effects::redraw()
}

fn accept(state: &mut State) -> Effects {
    let Some(Overlay::Prompt(prompt)) = state.overlay.take() else {
        return Effects::none();
    };
    let text = prompt.line.text.trim().to_owned();
    match prompt.purpose {
        Purpose::Filter(_) => Effects::redraw(),
        Purpose::Command => line(state, &text),
        Purpose::MfaCode(scope) => {
            if text.is_empty() {
                return Effects::redraw();
            }
            mfa::given(state, &scope);
            Effects::of(Effect::MfaCode { scope, code: text })
        }
        Purpose::AllowWrites => {
            if Some(&text) == state.setup.estate.as_ref() {
                Effects::of(Effect::AllowWrites)
            } else {
                state.say("that is not the estate's name: changes stay refused", Tone::Warn);
                Effects::redraw()
            }
        }
        Purpose::Argument(command) => logs::argument(state, command, &text),
    }
}

/// A line after `:`, a command's name and perhaps an argument.
fn line(state: &mut State, text: &str) -> Effects {
    let (name, argument) = text
        .split_once(' ')
        .map_or((text, ""), |(name, rest)| (name, rest.trim()));
    match name {
        "" => Effects::redraw(),
        "q" | "quit" | "exit" => runs::quit(state),
        "runbook" if !argument.is_empty() => runs::call(state, argument),
        "incident" => incident::line(state, argument),
        "theme" if !argument.is_empty() => {
            if state.setup.themes.iter().any(|theme| theme == argument) {
                state.say(format!("theme {argument}"), Tone::Muted);
                Effects::of(Effect::Theme(argument.to_owned()))
            } else {
                state.say(
                    format!("no theme {argument}: there are {}", state.setup.themes.join(", ")),
                    Tone::Warn,
                );
                Effects::redraw()
            }
        }
        "open" if !argument.is_empty() => {
            open::leave(state);
            open::begin(state, argument);
            open::look(state);
            Effects::redraw()
        }
        _ => named(state, name, argument),
    }
}

/// A command by name; an argument filters what it opens.
fn named(state: &mut State, name: &str, argument: &str) -> Effects {
    let Some(command) = by_name(name) else {
        state.say(
            format!("no command {name}: Tab completes, ? lists them"),
            Tone::Warn,
        );
        return Effects::redraw();
    };
    let effects = command::run(state, command);
    if let Some(Overlay::Prompt(Prompt {
        purpose: Purpose::Argument(command),
        ..
    })) = state.overlay
        && !argument.is_empty()
    {
        state.overlay = None;
        return logs::argument(state, command, argument);
    }
    if !argument.is_empty() && state.overlay.is_none() {
        set_filter(state, argument.to_owned());
    }
    effects
}

/// A command by its name or an unambiguous beginning of it.
fn by_name(name: &str) -> Option<Command> {
    Command::of_id(name).or_else(|| {
        let mut starting = REGISTRY.iter().filter(|entry| entry.id.starts_with(name));
        match (starting.next(), starting.next()) {
            (Some(entry), None) => Some(entry.command),
            _ => None,
        }
    })
}

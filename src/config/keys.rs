//! Keys and key bindings, in words of our own.

use std::collections::BTreeMap;
use std::str::FromStr;

/// A key without modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A character, as typed.
    Char(char),
    /// A function key.
    F(u8),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Up.
    Up,
    /// Down.
    Down,
    /// Left.
    Left,
    /// Right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
}

/// A key with modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    /// The key.
    pub key: Key,
    /// With Control.
    pub ctrl: bool,
    /// With Alt.
    pub alt: bool,
}

impl Chord {
    /// A key alone.
    pub const fn plain(key: Key) -> Self {
        Self {
            key,
            ctrl: false,
            alt: false,
        }
    }
}

impl FromStr for Chord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut chord = Self::plain(Key::Esc);
        let mut rest = text;
        while let Some((modifier, tail)) = rest.split_once('-').filter(|(_, tail)| !tail.is_empty()) {
            match modifier {
                "ctrl" => chord.ctrl = true,
                "alt" => chord.alt = true,
                _ => break,
            }
            rest = tail;
        }
        let mut characters = rest.chars();
        chord.key = match (characters.next(), characters.next()) {
            (Some(character), None) => Key::Char(character),
            _ => match rest {
                "enter" => Key::Enter,
                "esc" => Key::Esc,
                "tab" => Key::Tab,
                "space" => Key::Char(' '),
                "up" => Key::Up,
                "down" => Key::Down,
                "left" => Key::Left,
                "right" => Key::Right,
                "home" => Key::Home,
                "end" => Key::End,
                "pageup" => Key::PageUp,
                "pagedown" => Key::PageDown,
                _ => return Err(format!("no such key: {text}")),
            },
        };
        Ok(chord)
    }
}

/// Bindings of chords to command ids, by context.
#[derive(Debug, Clone, Default)]
pub struct Keymap(BTreeMap<(String, Chord), String>);

impl Keymap {
    /// A keymap of defaults.
    pub fn build(defaults: &[(&str, &str, &str)]) -> Self {
        let mut map = BTreeMap::new();
        for (context, chord, command) in defaults {
            if let Ok(chord) = chord.parse() {
                map.insert(((*context).to_owned(), chord), (*command).to_owned());
            }
        }
        Self(map)
    }

    /// The command of a chord.
    pub fn command(&self, context: &str, chord: &Chord) -> Option<&str> {
        self.0.get(&(context.to_owned(), *chord)).map(String::as_str)
    }
}

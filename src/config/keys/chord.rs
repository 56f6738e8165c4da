//! One key press and its spelling: `g`, `G`, `ctrl-c`, `alt-x`, `shift-tab`, `space`, `f1`.

use std::fmt;
use std::str::FromStr;

use crate::domain::diagnostic::{nearest, quoted};

/// A key without its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A key that types a character; a capital letter already includes shift.
    Char(char),
    /// A function key, 1 to 24.
    F(u8),
    /// Enter or return.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
}

/// Spelling of the keys that have a name; the first spelling of a key is the one that is shown.
const NAMED: [(&str, Key); 24] = [
    ("space", Key::Char(' ')),
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("insert", Key::Insert),
    ("home", Key::Home),
    ("end", Key::End),
    ("pageup", Key::PageUp),
    ("pagedown", Key::PageDown),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("return", Key::Enter),
    ("escape", Key::Esc),
    ("del", Key::Delete),
    ("ins", Key::Insert),
    ("pgup", Key::PageUp),
    ("pgdn", Key::PageDown),
    ("page-up", Key::PageUp),
    ("page-down", Key::PageDown),
    ("minus", Key::Char('-')),
];

/// The greatest function key that terminals report.
const LAST_F: u8 = 24;

/// Keys held down with another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Modifiers {
    /// Control.
    pub ctrl: bool,
    /// Alt, option or meta.
    pub alt: bool,
    /// Shift; never set together with a [`Key::Char`], which has it included.
    pub shift: bool,
}

impl Modifiers {
    /// No key held down.
    pub const NONE: Self = Self {
        ctrl: false,
        alt: false,
        shift: false,
    };
}

/// One key press in the only form that a terminal can report it in, so that equal presses are equal
/// values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    key: Key,
    modifiers: Modifiers,
}

/// Why a text is not the spelling of a key press.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChordError {
    /// There is nothing.
    #[error("a key is missing")]
    Empty,
    /// No key is called that.
    #[error("no key is called {}", quoted(.found))]
    UnknownKey {
        /// The name as it was given.
        found: String,
        /// The name that was probably meant.
        nearest: Option<&'static str>,
    },
    /// No modifier is called that.
    #[error("{} is no modifier key", quoted(.found))]
    UnknownModifier {
        /// The name as it was given.
        found: String,
        /// The name that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A modifier is named twice.
    #[error("`{0}` is named twice")]
    Repeated(&'static str),
    /// Shift with a key whose shifted character depends on the keyboard.
    #[error("write the character that shift makes of `{0}`")]
    Shifted(char),
    /// A terminal reports this press as another.
    #[error("terminals report {written} as `{reported}`")]
    Ambiguous {
        /// The press as it was written.
        written: String,
        /// What arrives instead.
        reported: &'static str,
    },
}

impl ChordError {
    /// What was probably meant, where that can be said.
    pub fn nearest(&self) -> Option<&'static str> {
        match self {
            Self::UnknownKey { nearest, .. } | Self::UnknownModifier { nearest, .. } => *nearest,
            Self::Ambiguous { reported, .. } => Some(reported),
            Self::Empty | Self::Repeated(_) | Self::Shifted(_) => None,
        }
    }
}

impl Chord {
    /// A press as a terminal library reports it, brought into its one form: a character includes
    /// its shift, and control makes no difference between small and capital letters.
    pub fn new(key: Key, modifiers: Modifiers) -> Self {
        let Key::Char(mut c) = key else {
            return Self { key, modifiers };
        };
        if modifiers.ctrl {
            c = c.to_ascii_lowercase();
        } else if modifiers.shift {
            c = c.to_ascii_uppercase();
        }
        Self {
            key: Key::Char(c),
            modifiers: Modifiers {
                shift: false,
                ..modifiers
            },
        }
    }

    /// A key alone.
    pub fn plain(key: Key) -> Self {
        Self::new(key, Modifiers::NONE)
    }

    /// The key.
    pub fn key(self) -> Key {
        self.key
    }

    /// What is held down with it.
    pub fn modifiers(self) -> Modifiers {
        self.modifiers
    }
}

impl FromStr for Chord {
    type Err = ChordError;

    fn from_str(text: &str) -> Result<Self, ChordError> {
        let mut modifiers = Modifiers::NONE;
        let mut rest = text;
        let key = loop {
            if let Some(key) = key_named(rest) {
                break key;
            }
            // A lone `-`, also behind a modifier, is a key and separates nothing.
            let split = rest
                .split_once('-')
                .filter(|(head, tail)| !head.is_empty() && !tail.is_empty());
            let Some((head, tail)) = split else {
                return Err(unknown_key(rest));
            };
            let (name, flag) = match head.to_ascii_lowercase().as_str() {
                "ctrl" | "control" => ("ctrl", &mut modifiers.ctrl),
                "alt" | "meta" | "option" => ("alt", &mut modifiers.alt),
                "shift" => ("shift", &mut modifiers.shift),
                _ => {
                    return Err(ChordError::UnknownModifier {
                        found: head.to_owned(),
                        nearest: nearest(head, ["ctrl", "alt", "shift"]),
                    });
                }
            };
            if std::mem::replace(flag, true) {
                return Err(ChordError::Repeated(name));
            }
            rest = tail;
        };
        check(text, key, modifiers)?;
        Ok(Self::new(key, modifiers))
    }
}

/// Refuses what could be written but would never arrive.
fn check(text: &str, key: Key, modifiers: Modifiers) -> Result<(), ChordError> {
    let Key::Char(c) = key else {
        return Ok(());
    };
    let ambiguous = |reported| ChordError::Ambiguous {
        written: quoted(text),
        reported,
    };
    if modifiers.shift {
        if modifiers.ctrl {
            return Err(match c {
                c if c.is_ascii_alphabetic() => ambiguous(ctrl_name(c)),
                c => ChordError::Shifted(c),
            });
        }
        if !c.is_ascii_alphabetic() {
            return Err(ChordError::Shifted(c));
        }
    }
    if modifiers.ctrl {
        return match c.to_ascii_lowercase() {
            'i' => Err(ambiguous("tab")),
            'm' => Err(ambiguous("enter")),
            '[' => Err(ambiguous("esc")),
            _ => Ok(()),
        };
    }
    Ok(())
}

/// `ctrl-a` to `ctrl-z` as text that outlives the error.
fn ctrl_name(letter: char) -> &'static str {
    const NAMES: [&str; 26] = [
        "ctrl-a", "ctrl-b", "ctrl-c", "ctrl-d", "ctrl-e", "ctrl-f", "ctrl-g", "ctrl-h", "tab", "ctrl-j",
        "ctrl-k", "ctrl-l", "enter", "ctrl-n", "ctrl-o", "ctrl-p", "ctrl-q", "ctrl-r", "ctrl-s", "ctrl-t",
        "ctrl-u", "ctrl-v", "ctrl-w", "ctrl-x", "ctrl-y", "ctrl-z",
    ];
    let index = (letter.to_ascii_lowercase() as usize).wrapping_sub('a' as usize);
    NAMES.get(index).copied().unwrap_or("another key")
}

fn key_named(text: &str) -> Option<Key> {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return (!c.is_control() && !c.is_whitespace()).then_some(Key::Char(c));
    }
    let lower = text.to_ascii_lowercase();
    if let Some((_, key)) = NAMED.iter().find(|(name, _)| *name == lower) {
        return Some(*key);
    }
    let number = lower.strip_prefix('f')?;
    if number.starts_with(['0', '+']) {
        return None;
    }
    let number: u8 = number.parse().ok()?;
    (1..=LAST_F).contains(&number).then_some(Key::F(number))
}

fn unknown_key(text: &str) -> ChordError {
    if text.trim().is_empty() {
        return ChordError::Empty;
    }
    ChordError::UnknownKey {
        found: text.to_owned(),
        nearest: nearest(text, NAMED.iter().map(|(name, _)| *name)),
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::F(number) => write!(f, "f{number}"),
            Self::Char(c) if c != ' ' => write!(f, "{c}"),
            key => f.write_str(
                NAMED
                    .iter()
                    .find(|(_, named)| *named == key)
                    .map_or("?", |(name, _)| name),
            ),
        }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Modifiers { ctrl, alt, shift } = self.modifiers;
        for (held, name) in [(ctrl, "ctrl-"), (alt, "alt-"), (shift, "shift-")] {
            if held {
                f.write_str(name)?;
            }
        }
        self.key.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    fn held(ctrl: bool, alt: bool, shift: bool) -> Modifiers {
        Modifiers { ctrl, alt, shift }
    }

    #[test]
    fn spellings() {
        for (text, key, modifiers) in [
            ("g", Key::Char('g'), Modifiers::NONE),
            ("G", Key::Char('G'), Modifiers::NONE),
            ("shift-g", Key::Char('G'), Modifiers::NONE),
            ("ctrl-c", Key::Char('c'), held(true, false, false)),
            ("Ctrl-C", Key::Char('c'), held(true, false, false)),
            ("control-c", Key::Char('c'), held(true, false, false)),
            ("alt-x", Key::Char('x'), held(false, true, false)),
            ("alt-X", Key::Char('X'), held(false, true, false)),
            ("ctrl-alt-x", Key::Char('x'), held(true, true, false)),
            ("alt-ctrl-x", Key::Char('x'), held(true, true, false)),
            ("space", Key::Char(' '), Modifiers::NONE),
            ("ctrl-space", Key::Char(' '), held(true, false, false)),
            ("enter", Key::Enter, Modifiers::NONE),
            ("Escape", Key::Esc, Modifiers::NONE),
            ("shift-tab", Key::Tab, held(false, false, true)),
            ("ctrl-shift-up", Key::Up, held(true, false, true)),
            ("f1", Key::F(1), Modifiers::NONE),
            ("F24", Key::F(24), Modifiers::NONE),
            ("f", Key::Char('f'), Modifiers::NONE),
            ("-", Key::Char('-'), Modifiers::NONE),
            ("ctrl--", Key::Char('-'), held(true, false, false)),
            ("minus", Key::Char('-'), Modifiers::NONE),
            ("page-up", Key::PageUp, Modifiers::NONE),
            ("ctrl-page-up", Key::PageUp, held(true, false, false)),
            ("?", Key::Char('?'), Modifiers::NONE),
            ("가", Key::Char('가'), Modifiers::NONE),
        ] {
            assert_eq!(text.parse(), Ok(Chord { key, modifiers }), "{text}");
        }
    }

    #[test]
    fn what_never_arrives_is_refused_with_a_reason() {
        for (text, message, guess) in [
            ("", "a key is missing", None),
            (" ", "a key is missing", None),
            ("ctrl-", "no key is called `ctrl-`", None),
            ("ctlr-c", "`ctlr` is no modifier key", Some("ctrl")),
            ("super-c", "`super` is no modifier key", None),
            ("entr", "no key is called `entr`", Some("enter")),
            ("ctrl-entr", "no key is called `entr`", Some("enter")),
            ("f25", "no key is called `f25`", None),
            ("f01", "no key is called `f01`", None),
            ("gg", "no key is called `gg`", None),
            ("ctrl-ctrl-c", "`ctrl` is named twice", None),
            ("shift-1", "write the character that shift makes of `1`", None),
            ("ctrl-i", "terminals report `ctrl-i` as `tab`", Some("tab")),
            ("ctrl-M", "terminals report `ctrl-M` as `enter`", Some("enter")),
            ("ctrl-[", "terminals report `ctrl-[` as `esc`", Some("esc")),
            (
                "ctrl-shift-c",
                "terminals report `ctrl-shift-c` as `ctrl-c`",
                Some("ctrl-c"),
            ),
            ("\u{7}", "no key is called `\u{fffd}`", None),
        ] {
            let error = text.parse::<Chord>().expect_err(text);
            assert_eq!(error.to_string(), message, "{text}");
            assert_eq!(error.nearest(), guess, "{text}");
        }
    }

    #[test]
    fn presses_as_they_arrive_equal_those_that_are_written() {
        // Terminal libraries report a capital letter with shift, and some control with a capital.
        let capital = Chord::new(Key::Char('G'), held(false, false, true));
        assert_eq!("G".parse(), Ok(capital));
        let control = Chord::new(Key::Char('C'), held(true, false, true));
        assert_eq!("ctrl-c".parse(), Ok(control));
        let question = Chord::new(Key::Char('?'), held(false, false, true));
        assert_eq!("?".parse(), Ok(question));
    }

    fn any_key() -> impl Strategy<Value = Key> {
        prop_oneof![
            any::<char>()
                .prop_filter("typed", |c| !c.is_control() && !c.is_whitespace())
                .prop_map(Key::Char),
            (1..=LAST_F).prop_map(Key::F),
            proptest::sample::select(NAMED.map(|(_, key)| key).to_vec()),
        ]
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_read_again(
            key in any_key(), ctrl in any::<bool>(), alt in any::<bool>(), shift in any::<bool>(),
        ) {
            let chord = Chord::new(key, held(ctrl, alt, shift));
            match chord.to_string().parse::<Chord>() {
                Ok(read) => prop_assert_eq!(read, chord),
                Err(ChordError::Ambiguous { .. }) => {
                    prop_assert!(ctrl && matches!(chord.key(), Key::Char('i' | 'm' | '[')));
                }
                Err(error) => prop_assert!(false, "{chord}: {error}"),
            }
        }

        #[test]
        fn what_is_read_is_shown_as_itself(text in "((ctrl|alt|shift|Ctrl)-){0,2}([a-zA-Z?/-]|space|f[0-9]{1,2}|up)") {
            if let Ok(chord) = text.parse::<Chord>() {
                let shown = chord.to_string();
                prop_assert_eq!(shown.parse::<Chord>(), Ok(chord));
            }
        }
    }
}

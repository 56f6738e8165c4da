//! Keys: what can be pressed, how it is written down, and which command it means where.
//!
//! A [`Chord`] is one key press. A [`Keymap`] gives each chord a command in each context; the
//! application declares the defaults, and a user's settings override them. No terminal library is
//! named here: the console translates what it reads into a `Chord`.

mod chord;
mod keymap;

pub use chord::{Chord, ChordError, Key, Modifiers};
pub use keymap::{GLOBAL, Keymap, KeymapError, Override};

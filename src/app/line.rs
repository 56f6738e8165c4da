//! A line of text being typed, and the keys that edit it.

use crate::config::keys::{Chord, Key};
use crate::domain::text::clean;

/// A line and where its cursor is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// What is typed.
    pub text: String,
    /// Where the cursor is, in characters.
    pub cursor: usize,
}

/// What a key meant to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// The text is another one.
    Edited,
    /// The cursor may have moved.
    Moved,
    /// Nothing.
    Not,
}

impl Line {
    /// A line with text to edit, the cursor at its end.
    pub fn new(text: &str) -> Self {
        Self {
            cursor: text.chars().count(),
            text: text.to_owned(),
        }
    }

    /// Takes a key in.
    pub fn key(&mut self, chord: Chord) -> Typed {
        let held = chord.modifiers();
        match (chord.key(), held.ctrl, held.alt) {
            (Key::Backspace, ..) | (Key::Char('h'), true, false) => self.backspace(),
            (Key::Delete, ..) => self.delete(),
            (Key::Char('u'), true, false) => self.clear(),
            (Key::Char('w'), true, false) => self.delete_word(),
            (Key::Char(character), false, false) => self.insert(character),
            (Key::Left, ..) => return self.move_by(-1),
            (Key::Right, ..) => return self.move_by(1),
            (Key::Home, ..) | (Key::Char('a'), true, false) => return self.move_by(isize::MIN),
            (Key::End, ..) | (Key::Char('e'), true, false) => return self.move_by(isize::MAX),
            _ => return Typed::Not,
        }
        Typed::Edited
    }

    /// Puts a character in.
    pub fn insert(&mut self, character: char) {
        // What turns text round or cannot be seen is shown nowhere, so not here either.
        if clean(character.encode_utf8(&mut [0; 4])).is_empty() {
            return;
        }
        let at = self.byte(self.cursor);
        self.text.insert(at, character);
        self.cursor += 1;
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.text.clear();
        self.cursor = 0;
    }

    /// Replaces the text.
    pub fn set(&mut self, text: &str) {
        *self = Self::new(text);
    }

    fn backspace(&mut self) {
        if self.cursor > 0 {
            self.cursor -= 1;
            let at = self.byte(self.cursor);
            self.text.remove(at);
        }
    }

    fn delete(&mut self) {
        let at = self.byte(self.cursor);
        if at < self.text.len() {
            self.text.remove(at);
        }
    }

    /// Takes the word before the cursor out.
    fn delete_word(&mut self) {
        let blank = |line: &Self| {
            line.text[..line.byte(line.cursor)]
                .chars()
                .next_back()
                .is_some_and(char::is_whitespace)
        };
        while self.cursor > 0 && blank(self) {
            self.backspace();
        }
        while self.cursor > 0 && !blank(self) {
            self.backspace();
        }
    }

    fn move_by(&mut self, by: isize) -> Typed {
        self.cursor = self
            .cursor
            .saturating_add_signed(by)
            .min(self.text.chars().count());
        Typed::Moved
    }

    fn byte(&self, character: usize) -> usize {
        self.text
            .char_indices()
            .nth(character)
            .map_or(self.text.len(), |(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[&str]) -> Line {
        let mut line = Line::new("프로덕션 db");
        for key in keys {
            line.key(key.parse().expect("a key"));
        }
        line
    }

    #[test]
    fn what_turns_text_round_is_not_taken() {
        let mut line = Line::default();
        "서울\u{202e}api\u{200b}"
            .chars()
            .for_each(|character| line.insert(character));
        assert_eq!((line.text.as_str(), line.cursor), ("서울api", 5));
    }

    #[test]
    fn keys_edit_characters_not_bytes() {
        assert_eq!(typed(&["backspace"]).text, "프로덕션 d");
        assert_eq!(typed(&["home", "delete"]).text, "로덕션 db");
        assert_eq!(typed(&["ctrl-w"]).text, "프로덕션 ");
        assert_eq!(typed(&["ctrl-w", "ctrl-w"]).text, "");
        assert_eq!(typed(&["ctrl-a", "right", "x"]).text, "프x로덕션 db");
        assert_eq!(typed(&["left", "left", "left", "end", "!"]).text, "프로덕션 db!");
        assert_eq!(typed(&["ctrl-u", "a"]).text, "a");
    }
}

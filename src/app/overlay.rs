//! What lies over a pane: help, the command line, the filter line, questions.

use crate::app::command::Command;
use crate::domain::scope::ScopeName;

/// A layer over the pane; at most one at a time.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    /// Keys and commands, scrolled by so many lines.
    Help(u16),
    /// A line of text with a purpose.
    Prompt(Prompt),
    /// A few lines to read, such as a console address.
    Card(Vec<String>),
}

/// A line of text being typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// What for.
    pub purpose: Purpose,
    /// What is typed.
    pub text: String,
    /// Where the cursor is, in characters.
    pub cursor: usize,
}

/// What a prompt is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Purpose {
    /// A command.
    Command,
    /// A filter of rows; it holds while it is typed, and this was it before.
    Filter(String),
    /// The code of an MFA device.
    MfaCode(ScopeName),
    /// The estate's name, to allow changes.
    AllowWrites,
    /// An argument of a command of the logs.
    Argument(Command),
}

impl Prompt {
    /// An empty line, or one with text to edit.
    pub fn new(purpose: Purpose, text: &str) -> Self {
        Self {
            purpose,
            cursor: text.chars().count(),
            text: text.to_owned(),
        }
    }

    /// Puts a character in.
    pub fn insert(&mut self, character: char) {
        let at = self.byte(self.cursor);
        self.text.insert(at, character);
        self.cursor += 1;
    }

    /// Takes the character before the cursor out.
    pub fn backspace(&mut self) {
        if self.cursor > 0 {
            self.cursor -= 1;
            let at = self.byte(self.cursor);
            self.text.remove(at);
        }
    }

    /// Takes the character at the cursor out.
    pub fn delete(&mut self) {
        let at = self.byte(self.cursor);
        if at < self.text.len() {
            self.text.remove(at);
        }
    }

    /// Takes the word before the cursor out.
    pub fn delete_word(&mut self) {
        let blank = |prompt: &Self| {
            prompt.text[..prompt.byte(prompt.cursor)]
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

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.text.clear();
        self.cursor = 0;
    }

    /// Moves the cursor.
    pub fn move_by(&mut self, by: isize) {
        self.cursor = self
            .cursor
            .saturating_add_signed(by)
            .min(self.text.chars().count());
    }

    /// Replaces the text.
    pub fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.cursor = text.chars().count();
    }

    fn byte(&self, character: usize) -> usize {
        self.text
            .char_indices()
            .nth(character)
            .map_or(self.text.len(), |(at, _)| at)
    }
}

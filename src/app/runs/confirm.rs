//! The box in which a change is confirmed by typing a word: what Enter alone, pasted text and keys
//! typed before the box was on screen never do.

use crate::app::line::{Line, Typed};
use crate::config::keys::{Chord, Key};
use crate::runbook::machine::{Answer, Ticket};
use crate::runbook::record::{Resume, RunId};

/// A confirmation being typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// What it is for.
    pub what: What,
    /// The word that must be typed, exactly.
    pub word: String,
    /// Where the change is made: estate, account, region; safe for a terminal.
    pub place: String,
    /// Whether that is production.
    pub is_prod: bool,
    /// What happens, in a line; safe for a terminal.
    pub about: String,
    /// What is typed of the word.
    pub typed: Line,
    /// Why it is done, in the operator's words; `None` where nobody asks.
    pub reason: Option<Line>,
    /// Whether there must be a reason.
    pub needs_reason: bool,
    /// What is being typed.
    pub at: Place,
    /// Whether it was drawn as it is: until then, keys are discarded.
    pub is_painted: bool,
    /// What was wrong with what was typed.
    pub wrong: Option<String>,
    /// Whether it was given and is being acted on.
    pub is_sent: bool,
}

/// What a confirmation is for.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The plan that is shown is carried out.
    Apply,
    /// A run is taken up.
    TakeUp {
        /// Which.
        run: RunId,
        /// What for.
        to: Resume,
    },
    /// A question of a run is answered.
    Answer {
        /// Which run.
        run: RunId,
        /// Which question.
        ticket: Ticket,
        /// The answer that the word stands for.
        answer: Answer,
    },
}

/// What is typed in the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The word.
    Word,
    /// The reason.
    Reason,
}

/// What a key in the box leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It means nothing here.
    Not,
    /// Something on screen changed.
    Redraw,
    /// It is taken back.
    Cancel,
    /// The word was typed.
    Given,
}

impl Confirm {
    /// An empty box.
    pub fn new(what: What, word: &str, about: String) -> Self {
        Self {
            what,
            word: word.to_owned(),
            place: String::new(),
            is_prod: false,
            about,
            typed: Line::default(),
            reason: None,
            needs_reason: false,
            at: Place::Word,
            is_painted: false,
            wrong: None,
            is_sent: false,
        }
    }

    /// Takes a key in.
    pub fn key(&mut self, chord: Chord) -> Outcome {
        let held = chord.modifiers();
        match (chord.key(), held.ctrl) {
            (Key::Esc, _) | (Key::Char('c' | 'g'), true) => return Outcome::Cancel,
            _ if !self.is_painted || self.is_sent => return Outcome::Not,
            (Key::Tab, _) => {
                self.at = match (self.at, &self.reason) {
                    (Place::Word, Some(_)) => Place::Reason,
                    (Place::Word | Place::Reason, _) => Place::Word,
                };
                return Outcome::Redraw;
            }
            (Key::Enter, _) => return self.enter(),
            _ => {}
        }
        let line = match (self.at, &mut self.reason) {
            (Place::Reason, Some(reason)) => reason,
            (Place::Word | Place::Reason, _) => &mut self.typed,
        };
        match line.key(chord) {
            Typed::Not => Outcome::Not,
            Typed::Moved => Outcome::Redraw,
            Typed::Edited => {
                self.wrong = None;
                Outcome::Redraw
            }
        }
    }

    fn enter(&mut self) -> Outcome {
        if self.at == Place::Reason {
            self.at = Place::Word;
            if self.typed.text == self.word {
                self.wrong = Some("Enter once more, at the word, carries it out".to_owned());
            }
            return Outcome::Redraw;
        }
        if self.typed.text.is_empty() {
            self.wrong = Some("Enter alone does nothing: the word is typed".to_owned());
        } else if self.typed.text != self.word {
            self.wrong = Some("that is not the word: nothing was done".to_owned());
            self.typed.clear();
        } else if self.needs_reason && self.reason_given().is_none() {
            self.wrong = Some("a reason is needed, for whoever reads the journal".to_owned());
            self.at = Place::Reason;
        } else {
            return Outcome::Given;
        }
        Outcome::Redraw
    }

    /// Text was pasted: it confirms nothing, a reason may come from anywhere.
    pub fn paste(&mut self, text: &str) -> bool {
        match (self.at, &mut self.reason) {
            (Place::Reason, Some(reason)) if self.is_painted && !self.is_sent => {
                let line = text.lines().next().unwrap_or_default();
                for character in line.chars().filter(|character| !character.is_control()) {
                    reason.insert(character);
                }
                true
            }
            (Place::Word | Place::Reason, _) => {
                // What came just before may have been a part of it.
                self.typed.clear();
                self.wrong = Some("a confirmation is typed, not pasted".to_owned());
                false
            }
        }
    }

    /// The reason, if one was typed.
    pub fn reason_given(&self) -> Option<String> {
        let reason = self.reason.as_ref()?.text.trim();
        (!reason.is_empty()).then(|| reason.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(word: &str) -> Confirm {
        Confirm {
            reason: Some(Line::default()),
            is_painted: true,
            ..Confirm::new(What::Apply, word, String::new())
        }
    }

    fn keys(confirm: &mut Confirm, keys: &[&str]) -> Vec<Outcome> {
        keys.iter()
            .map(|key| confirm.key(key.parse().expect("a key")))
            .collect()
    }

    #[test]
    fn only_the_very_word_confirms() {
        for (typed, given) in [
            ("apply", true),
            ("", false),
            ("applx", false),
            ("Apply", false),
            ("apply ", false),
            (" apply", false),
        ] {
            let mut confirm = opened("apply");
            for character in typed.chars() {
                confirm.key(Chord::plain(Key::Char(character)));
            }
            let outcome = keys(&mut confirm, &["enter"])[0];
            assert_eq!(outcome == Outcome::Given, given, "{typed:?}");
            assert_eq!(confirm.wrong.is_some(), !given, "{typed:?}");
        }
    }

    #[test]
    fn nothing_counts_before_the_box_was_drawn() {
        let mut confirm = opened("ok");
        confirm.is_painted = false;
        assert_eq!(
            keys(&mut confirm, &["o", "k", "enter"]),
            [Outcome::Not, Outcome::Not, Outcome::Not]
        );
        assert_eq!(confirm.typed.text, "");
        assert_eq!(
            keys(&mut confirm, &["esc"]),
            [Outcome::Cancel],
            "what is safe counts at once"
        );
    }

    #[test]
    fn pasting_fills_a_reason_and_nothing_else() {
        let mut confirm = opened("apply");
        assert!(!confirm.paste("apply"));
        assert_eq!(confirm.typed.text, "");
        keys(&mut confirm, &["tab"]);
        assert!(confirm.paste("INC-7 rollback\nsecond line"));
        assert_eq!(confirm.reason_given().as_deref(), Some("INC-7 rollback"));
        assert_eq!(
            keys(&mut confirm, &["enter"]),
            [Outcome::Redraw],
            "Enter in the reason only leaves it"
        );
        assert_eq!(confirm.at, Place::Word);
    }

    #[test]
    fn a_reason_that_is_needed_is_asked_for() {
        let mut confirm = opened("a");
        confirm.needs_reason = true;
        assert_eq!(keys(&mut confirm, &["a", "enter"])[1], Outcome::Redraw);
        assert_eq!(confirm.at, Place::Reason);
        assert_eq!(
            keys(&mut confirm, &["w", "h", "y", "enter", "enter"])[4],
            Outcome::Given
        );
    }
}

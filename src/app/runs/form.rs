//! The form of a runbook's parameters: fields to type in, candidates to choose from, what is wrong
//! beside each.

mod field;

pub use field::{Candidate, Field};

use crate::app::line::Typed;
use crate::app::runs::offers::Offer;
use crate::app::tables::Step;
use crate::config::keys::{Chord, Key};
use crate::domain::scope::ScopeName;
use crate::domain::sensitive::Sensitive;
use crate::runbook::model::Presence;
use crate::runbook::params::{Given, Layer, Problem, Resolved, Unresolved};
use crate::runbook::value::Value;

/// What looking parameters up came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// Each parameter, in any order.
    pub fields: Vec<FieldAnswer>,
    /// All values, or what is missing and wrong.
    pub result: Result<Resolved, Unresolved>,
}

/// What looking one parameter up came to.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldAnswer {
    /// Its name.
    pub param: String,
    /// What it can be chosen from; `None` if that is not listed anywhere.
    pub candidates: Option<Vec<Value>>,
    /// Its value, if it has one.
    pub value: Option<Value>,
    /// Where the value came from.
    pub layer: Option<Layer>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// A form.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// What is filled in, and for what.
    pub offer: Offer,
    /// Where it is to run.
    pub scope: ScopeName,
    /// The parameters, in the order of the runbook.
    pub fields: Vec<Field>,
    /// The field that is typed in.
    pub at: usize,
    /// The ticket of the question that is under way.
    pub asking: Option<u64>,
    /// All values, once nothing is missing or wrong; gone as soon as something is typed.
    pub resolved: Option<Resolved>,
    /// What happens once everything has a value.
    pub then: Then,
    /// What is wrong and belongs to no field.
    pub problems: Vec<String>,
}

/// What happens once every parameter has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The plan is made.
    Plan,
    /// The form waits for Enter.
    Wait,
}

/// What a key in a form leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It means nothing here.
    Not,
    /// Something on screen changed.
    Redraw,
    /// Values are to be looked up.
    Resolve,
    /// Everything has a value, and the operator wants the plan.
    Plan,
}

impl Form {
    /// The form of an offer.
    pub fn new(offer: Offer, scope: ScopeName) -> Self {
        let fields: Vec<Field> = offer
            .runbook
            .params
            .iter()
            .map(|param| Field::new(param, offer.set.get(&*param.name.value)))
            .collect();
        // A value that only a person can decide on is shown before anything is planned with it.
        let decision = fields.iter().position(|field| field.is_decision);
        let missing = fields.iter().position(|field| field.is_missing);
        Self {
            scope,
            at: missing.or(decision).unwrap_or(0),
            then: if decision.is_some() {
                Then::Wait
            } else {
                Then::Plan
            },
            offer,
            fields,
            asking: None,
            resolved: None,
            problems: Vec::new(),
        }
    }

    /// What was given so far, read as the parameters' types want it; a field whose text cannot be read
    /// says so itself.
    pub fn given(&mut self) -> Given {
        let mut given = Given::default();
        for field in &mut self.fields {
            let Some(text) = &field.given else { continue };
            let Some(param) = self.offer.runbook.param(&field.name) else {
                continue;
            };
            if let Err(Problem { message, .. }) = given.asked(param, text) {
                field.problem = Some(message);
                field.is_unreadable = true;
            }
        }
        given
    }

    /// Secrets that were typed, by parameter.
    pub fn secrets(&self) -> Vec<(String, Sensitive)> {
        self.fields
            .iter()
            .filter(|field| field.is_secret)
            .filter_map(|field| Some((field.name.clone(), Sensitive::new(field.given.as_ref()?))))
            .collect()
    }

    /// Takes in what looking up came to; whether the plan is to be made now.
    pub fn answered(&mut self, answered: Answered) -> bool {
        self.asking = None;
        for answer in answered.fields {
            if let Some(field) = self.fields.iter_mut().find(|field| field.name == answer.param) {
                field.answered(answer);
            }
        }
        self.problems.clear();
        match answered.result {
            Ok(resolved) if !self.fields.iter().any(|field| field.is_unreadable) => {
                self.resolved = Some(resolved);
                return std::mem::replace(&mut self.then, Then::Wait) == Then::Plan;
            }
            Ok(_) => {}
            Err(unresolved) => {
                let unlisted = unresolved.unlisted.into_iter();
                let unlisted = unlisted.map(|unlisted| (unlisted.param, unlisted.message));
                let wrong = unresolved.problems.into_iter();
                let wrong = wrong.map(|problem| (problem.param, problem.message));
                for (param, message) in wrong.chain(unlisted) {
                    match self.fields.iter_mut().find(|field| field.name == param) {
                        Some(field) if !field.is_unreadable => field.problem = Some(message),
                        Some(_) => {}
                        None => self.problems.push(message),
                    }
                }
                for name in &unresolved.missing {
                    if let Some(field) = self.fields.iter_mut().find(|field| field.name == *name) {
                        field.is_missing = true;
                    }
                }
            }
        }
        self.then = Then::Wait;
        self.go_to_trouble();
        false
    }

    /// To the first field that is missing or wrong, unless the operator is in one already.
    fn go_to_trouble(&mut self) {
        if self.fields.get(self.at).is_some_and(Field::is_in_trouble) {
            return;
        }
        if let Some(at) = self.fields.iter().position(Field::is_in_trouble) {
            self.at = at;
        }
    }

    /// The field that is typed in.
    pub fn current(&self) -> Option<&Field> {
        self.fields.get(self.at)
    }

    /// Whether the plan follows by itself unless something is wrong: until that is known, what is typed
    /// is not for the form.
    pub fn is_passing(&self) -> bool {
        self.then == Then::Plan && self.asking.is_some()
    }

    /// Takes a key in. Esc and the like are for whoever shows the form.
    pub fn key(&mut self, chord: Chord, page: usize) -> Outcome {
        if self.is_passing() {
            return Outcome::Not;
        }
        let last = self.fields.len().saturating_sub(1);
        let at = self.at;
        let Some(field) = self.fields.get_mut(at) else {
            return match chord.key() {
                Key::Enter if self.resolved.is_some() => Outcome::Plan,
                Key::Enter => {
                    self.then = Then::Plan;
                    Outcome::Resolve
                }
                _ => Outcome::Not,
            };
        };
        let held = chord.modifiers();
        let rows = isize::try_from(page.max(1)).unwrap_or(1);
        match chord.key() {
            Key::Tab | Key::Down | Key::Up | Key::PageDown | Key::PageUp
                if field.has_choice() && !matches!(chord.key(), Key::Tab) =>
            {
                field.step(match chord.key() {
                    Key::Up => Step::By(-1),
                    Key::PageUp => Step::By(-rows),
                    Key::PageDown => Step::By(rows),
                    _ => Step::By(1),
                });
                Outcome::Redraw
            }
            Key::Tab if held.shift => self.leave(at.checked_sub(1).unwrap_or(last)),
            Key::Up => self.leave(at.saturating_sub(1)),
            Key::Tab => self.leave(if at == last { 0 } else { at + 1 }),
            Key::Down => self.leave((at + 1).min(last)),
            Key::Enter => self.enter(),
            Key::Char(' ') if field.is_list() && !held.ctrl && !held.alt => {
                field.mark();
                self.changed();
                Outcome::Redraw
            }
            _ => match field.key(chord) {
                Typed::Not => Outcome::Not,
                Typed::Moved => Outcome::Redraw,
                Typed::Edited => {
                    self.changed();
                    self.then = Then::Wait;
                    Outcome::Redraw
                }
            },
        }
    }

    /// Text that was pasted: its first line, as if typed.
    pub fn paste(&mut self, text: &str) -> Outcome {
        if self.is_passing() {
            return Outcome::Not;
        }
        let Some(field) = self.fields.get_mut(self.at) else {
            return Outcome::Not;
        };
        for character in text.lines().next().unwrap_or_default().chars() {
            if !character.is_control() {
                field.insert(character);
            }
        }
        self.changed();
        Outcome::Redraw
    }

    /// Something was changed in this field: values that may follow from it are those of before.
    fn changed(&mut self) {
        self.resolved = None;
        let at = self.at;
        let others = self
            .fields
            .iter_mut()
            .enumerate()
            .filter(|(other, _)| *other != at);
        for (_, field) in others {
            field.is_behind = true;
        }
    }

    /// Enter: takes what is typed or chosen. Then the plan, if nothing is missing; else the next field.
    fn enter(&mut self) -> Outcome {
        let Some(field) = self.fields.get_mut(self.at) else {
            return Outcome::Not;
        };
        let changed = field.accept();
        let trouble = self
            .fields
            .iter()
            .enumerate()
            .filter(|(at, field)| *at != self.at && field.is_in_trouble())
            .map(|(at, _)| at);
        let next = trouble.min_by_key(|at| (*at < self.at, *at));
        if let Some(next) = next {
            self.at = next;
            return if changed {
                Outcome::Resolve
            } else {
                Outcome::Redraw
            };
        }
        if !changed && self.resolved.is_some() {
            return Outcome::Plan;
        }
        self.then = Then::Plan;
        Outcome::Resolve
    }

    /// To another field; what was typed in this one is taken.
    fn leave(&mut self, to: usize) -> Outcome {
        let changed = self.fields.get_mut(self.at).is_some_and(Field::leave);
        self.at = to;
        if changed {
            Outcome::Resolve
        } else {
            Outcome::Redraw
        }
    }
}

/// What holds for a parameter that is left empty, in a few words.
pub(super) const fn presence_words(presence: &Presence) -> &'static str {
    match presence {
        Presence::Required => "required",
        Presence::Optional => "may be empty",
        Presence::Default(_) => "has a default",
        Presence::Stored => "from its store",
        Presence::All => "all of them if empty",
    }
}

//! One field of a form.

use crate::app::line::{Line, Typed};
use crate::app::runs::form::{FieldAnswer, presence_words};
use crate::app::tables::Step;
use crate::config::keys::Chord;
use crate::domain::ids::Kind;
use crate::domain::text;
use crate::runbook::model::{Origin, Param, Presence};
use crate::runbook::params::Layer;
use crate::runbook::types::Type;
use crate::runbook::value::Value;

/// A parameter in a form.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it means.
    pub about: String,
    /// What can be typed, in a few words.
    pub hint: String,
    /// The text that is being typed: a value, or what narrows the candidates.
    pub line: Line,
    /// Whether the line was touched since the field was entered.
    is_edited: bool,
    /// What was given; `None` leaves it to the runbook.
    pub given: Option<String>,
    /// What can be chosen, all of it; empty if it has to be typed.
    pub candidates: Vec<Candidate>,
    /// Whether live resources are its candidates, which have to be looked up.
    pub is_live: bool,
    /// Places of the candidates that pass what is typed.
    pub passing: Vec<usize>,
    /// The highlighted one, by its place among those that pass.
    pub choice: usize,
    /// Its value as it will be used, safe for a terminal.
    pub value: Option<String>,
    /// Where the value came from.
    pub layer: Option<Layer>,
    /// What is wrong, safe for a terminal.
    pub problem: Option<String>,
    /// Whether another field was changed since its value was worked out, which may follow from that one.
    pub is_behind: bool,
    /// Whether what was given cannot even be read as a value of its type.
    pub is_unreadable: bool,
    /// Whether it must be given and was not.
    pub is_missing: bool,
    /// Whether only a person can decide on it: required, and nothing that can be found.
    pub is_decision: bool,
    /// Whether it is never shown.
    pub is_secret: bool,
    many: bool,
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// What is shown, safe for a terminal.
    pub label: String,
    /// What tells it from others of the same name, safe for a terminal; mostly empty.
    pub note: String,
    /// What is given for it.
    pub text: String,
    /// Whether it is marked; for lists.
    pub is_marked: bool,
    /// Whether the runbook itself names it; its note is then what it means.
    pub is_own: bool,
}

impl Field {
    /// The field of a parameter, with what an offer fills in.
    pub(super) fn new(param: &Param, set: Option<&String>) -> Self {
        let many = matches!(param.ty.value, Type::List(_));
        let is_live = matches!(param.from, Some(Origin::Live(_)));
        let mut field = Self {
            name: param.name.value.clone(),
            about: text::clean(&param.about).into_owned(),
            hint: hint(param),
            line: Line::default(),
            is_edited: false,
            given: set.cloned(),
            candidates: choices(param),
            is_live,
            passing: Vec::new(),
            choice: 0,
            value: None,
            layer: None,
            problem: None,
            is_unreadable: false,
            is_behind: false,
            is_missing: set.is_none() && param.presence == Presence::Required,
            is_decision: param.presence == Presence::Required && param.from.is_none(),
            is_secret: param.ty.value == Type::Secret,
            many,
        };
        if !field.has_choice()
            && !is_live
            && let Some(set) = set
        {
            field.line.set(set);
        }
        field.narrow();
        field
    }

    /// Whether there is something to choose from.
    pub fn has_choice(&self) -> bool {
        !self.candidates.is_empty()
    }

    /// Whether several can be chosen.
    pub fn is_list(&self) -> bool {
        self.many && self.has_choice()
    }

    /// Whether it is missing or wrong.
    pub fn is_in_trouble(&self) -> bool {
        self.problem.is_some() || self.is_missing
    }

    /// The candidates that pass, in order.
    pub fn shown(&self) -> impl Iterator<Item = &Candidate> {
        self.passing.iter().filter_map(|at| self.candidates.get(*at))
    }

    /// Where its value came from, if not from whoever fills the form in.
    pub const fn origin(&self) -> &'static str {
        match self.layer {
            Some(Layer::Found) => "all that was found",
            Some(Layer::Default) if self.given.is_none() && self.is_behind => "default before this change",
            Some(Layer::Default) if self.given.is_none() => "default",
            Some(Layer::Environment) => "environment",
            Some(Layer::File | Layer::Set | Layer::Asked | Layer::Default) | None => "",
        }
    }

    /// How many are marked.
    pub fn marked(&self) -> usize {
        self.candidates
            .iter()
            .filter(|candidate| candidate.is_marked)
            .count()
    }

    pub(super) fn key(&mut self, chord: Chord) -> Typed {
        let typed = self.line.key(chord);
        if typed == Typed::Edited {
            self.edited();
        }
        typed
    }

    pub(super) fn insert(&mut self, character: char) {
        self.line.insert(character);
        self.edited();
    }

    fn edited(&mut self) {
        self.is_edited = true;
        self.narrow();
    }

    pub(super) fn step(&mut self, step: Step) {
        let last = self.passing.len().saturating_sub(1);
        self.choice = match step {
            Step::First => 0,
            Step::Last => last,
            Step::By(by) => self.choice.saturating_add_signed(by).min(last),
        };
        if !self.many {
            self.is_edited = true;
        }
    }

    /// Marks the highlighted candidate, or takes its mark away.
    pub(super) fn mark(&mut self) {
        let at = self.passing.get(self.choice).copied();
        if let Some(candidate) = at.and_then(|at| self.candidates.get_mut(at)) {
            candidate.is_marked = !candidate.is_marked;
            self.is_edited = true;
            self.is_missing = false;
            self.problem = None;
        }
        self.step(Step::By(1));
    }

    /// Takes what is typed or chosen; whether that is another value than before.
    pub(super) fn accept(&mut self) -> bool {
        // Only moving into a field and out of it decides nothing.
        if !self.is_edited && (self.given.is_some() || !self.has_choice() || !self.is_missing) {
            return false;
        }
        let given = if self.many && self.has_choice() {
            let marked = self.candidates.iter().filter(|candidate| candidate.is_marked);
            let marked: Vec<&str> = marked.map(|candidate| candidate.text.as_str()).collect();
            match (marked.is_empty(), self.chosen()) {
                (false, _) => Some(marked.join(",")),
                // What was typed narrows the list to what is meant.
                (true, Some(chosen)) if !self.line.text.is_empty() => Some(chosen),
                (true, _) => None,
            }
        } else if self.has_choice() {
            // What is no candidate is given as it was typed: looking it up says what is wrong.
            let typed = (!self.line.text.trim().is_empty()).then(|| self.line.text.trim().to_owned());
            self.chosen().or(typed)
        } else {
            let typed = self.line.text.trim();
            (!typed.is_empty()).then(|| typed.to_owned())
        };
        self.take(given)
    }

    /// Goes elsewhere: what was typed is taken, what was only highlighted is not.
    pub(super) fn leave(&mut self) -> bool {
        if !self.is_edited {
            return false;
        }
        if self.has_choice() && !self.many && self.line.text.is_empty() {
            self.is_edited = false;
            return false;
        }
        self.accept()
    }

    fn take(&mut self, given: Option<String>) -> bool {
        self.is_edited = false;
        if self.has_choice() || self.is_live {
            self.line.clear();
            self.choice = 0;
            self.narrow();
        }
        if given == self.given {
            self.highlight_value();
            return false;
        }
        self.given = given;
        self.highlight_value();
        self.problem = None;
        self.is_unreadable = false;
        self.is_missing = false;
        self.value = None;
        true
    }

    fn chosen(&self) -> Option<String> {
        let at = self.passing.get(self.choice)?;
        Some(self.candidates.get(*at)?.text.clone())
    }

    /// Takes in what looking up came to.
    pub(super) fn answered(&mut self, answer: FieldAnswer) {
        if let Some(candidates) = answer.candidates {
            let given: Vec<String> = self
                .given
                .iter()
                .flat_map(|given| given.split(','))
                .map(str::to_owned)
                .collect();
            let marked: Vec<String> = self
                .candidates
                .iter()
                .filter(|candidate| candidate.is_marked)
                .map(|candidate| candidate.text.clone())
                .collect();
            let own = self.candidates.iter().filter(|candidate| candidate.is_own);
            let own: Vec<Candidate> = own.cloned().collect();
            self.candidates = own;
            self.candidates.extend(candidates.iter().map(candidate));
            tell_apart(&mut self.candidates);
            if self.many {
                for candidate in &mut self.candidates {
                    let is_meant = |text: &String| *text == candidate.text || *text == candidate.label;
                    candidate.is_marked =
                        marked.iter().any(is_meant) || (!self.is_edited && given.iter().any(is_meant));
                }
            }
            self.narrow();
        }
        if !self.is_unreadable {
            self.is_behind = false;
            self.value = answer
                .value
                .as_ref()
                .map(|value| text::clean(&shown(value)).into_owned());
            self.layer = answer.layer;
            self.problem = answer.problem.map(|problem| text::clean(&problem).into_owned());
        }
        self.is_missing = false;
        if !self.is_edited && !self.many {
            self.highlight_value();
        }
    }

    /// Highlights the candidate that is the field's value, so that what is marked is what holds.
    fn highlight_value(&mut self) {
        let meant = self.given.as_ref().or(self.value.as_ref());
        let place = meant.and_then(|meant| {
            self.passing.iter().position(|at| {
                let candidate = &self.candidates[*at];
                candidate.text == *meant || candidate.label == *meant
            })
        });
        self.choice = place.unwrap_or(0);
    }

    /// Which candidates pass what is typed, those first that begin with it. What was highlighted by hand
    /// stays so while it passes.
    fn narrow(&mut self) {
        let held = self.passing.get(self.choice).copied().filter(|_| self.choice > 0);
        let typed = self.line.text.trim().to_lowercase();
        let passes = |candidate: &Candidate| {
            typed.is_empty()
                || candidate.label.to_lowercase().contains(&typed)
                || (!candidate.is_own && candidate.note.to_lowercase().contains(&typed))
        };
        self.passing = (0..self.candidates.len())
            .filter(|at| passes(&self.candidates[*at]))
            .collect();
        if !typed.is_empty() {
            let candidates = &self.candidates;
            self.passing
                .sort_by_key(|at| !candidates[*at].label.to_lowercase().starts_with(&typed));
        }
        let place = held.and_then(|held| self.passing.iter().position(|at| *at == held));
        self.choice = place.unwrap_or(0);
    }
}

/// Values that the runbook itself names, each with what it means and whether it is the default.
fn choices(param: &Param) -> Vec<Candidate> {
    let default = param.default_value();
    let own = |value: &Value| {
        let meaning = match value {
            Value::Bool(true) => Some("yes"),
            Value::Bool(false) => Some("no"),
            other => param.meanings.get(&other.to_string()).map(String::as_str),
        };
        let is_default = default.as_ref() == Some(value);
        let said: Vec<&str> = meaning
            .into_iter()
            .chain(is_default.then_some("the default"))
            .collect();
        Candidate {
            note: text::clean(&said.join("; ")).into_owned(),
            is_own: true,
            ..candidate(value)
        }
    };
    let named: Vec<Candidate> = param.one_of.iter().map(|choice| own(&choice.value)).collect();
    if named.is_empty() && param.ty.value == Type::Bool {
        return [true, false].map(|value| own(&Value::Bool(value))).into();
    }
    named
}

fn candidate(value: &Value) -> Candidate {
    let (label, note, given) = match value {
        Value::Resource(resource) if resource.kind == Kind::Ec2Instance => {
            (resource.name.clone(), resource.id.clone(), resource.id.clone())
        }
        Value::Resource(resource) => (resource.name.clone(), String::new(), resource.id.clone()),
        other => (other.to_string(), String::new(), other.to_string()),
    };
    Candidate {
        label: text::clean(&label).into_owned(),
        note: text::clean(&note).into_owned(),
        text: given,
        is_marked: false,
        is_own: false,
    }
}

/// Candidates of one name have their ids beside it.
fn tell_apart(candidates: &mut [Candidate]) {
    let mut labels: Vec<String> = candidates.iter().map(|one| one.label.clone()).collect();
    labels.sort();
    for candidate in candidates.iter_mut().filter(|one| one.note.is_empty()) {
        let first = labels.partition_point(|label| *label < candidate.label);
        if labels.get(first + 1) == Some(&candidate.label) {
            candidate.note = text::clean(&candidate.text).into_owned();
        }
    }
}

/// A value as the form shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::List(items) if items.is_empty() => "none".to_owned(),
        Value::List(items) if items.len() > 1 => format!("{}: {value}", items.len()),
        other => other.to_string(),
    }
}

/// What can be typed, in a few words.
fn hint(param: &Param) -> String {
    // What is chosen needs no words on how it is written.
    let mut parts = if matches!(param.from, Some(Origin::Live(_))) {
        Vec::new()
    } else {
        vec![param.ty.value.words()]
    };
    let bound = |value: &Option<crate::runbook::model::Spanned<Value>>| {
        value.as_ref().map(|value| value.value.to_string())
    };
    match (bound(&param.min), bound(&param.max)) {
        (Some(min), Some(max)) => parts.push(format!("{min} to {max}")),
        (Some(min), None) => parts.push(format!("{min} or more")),
        (None, Some(max)) => parts.push(format!("{max} or less")),
        (None, None) => {}
    }
    parts.push(match param.default_value() {
        Some(Value::Null) | None => presence_words(&param.presence).to_owned(),
        Some(Value::Text(text)) if text.is_empty() => "may be empty".to_owned(),
        Some(default) => format!("default {}", shown(&default)),
    });
    text::clean(&parts.join(", ")).into_owned()
}

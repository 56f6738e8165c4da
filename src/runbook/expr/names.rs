//! What an evaluation can see, and how it fails.

use crate::domain::diagnostic::Span;
use crate::runbook::value::Value;

/// The values that an expression can see, by name. A child sees all of its parent and may hide
/// names of it.
#[derive(Clone, Debug, Default)]
pub struct Names<'a> {
    parent: Option<&'a Names<'a>>,
    own: Vec<(String, Value)>,
}

impl<'a> Names<'a> {
    /// No names.
    pub const fn new() -> Self {
        Self {
            parent: None,
            own: Vec::new(),
        }
    }

    /// Everything that `parent` has.
    pub const fn within(parent: &'a Names<'a>) -> Self {
        Self {
            parent: Some(parent),
            own: Vec::new(),
        }
    }

    /// The same with one more name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a name, hiding what it was.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        let name = name.into();
        self.own.retain(|(other, _)| *other != name);
        self.own.push((name, value.into()));
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.own
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value)
            .or_else(|| self.parent?.get(name))
    }

    /// All names, innermost first.
    pub(super) fn all(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.own.iter().map(|(name, _)| name.as_str()).collect();
        if let Some(parent) = self.parent {
            all.extend(parent.all());
        }
        all
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    /// What is wrong, in one line without a full stop.
    pub message: String,
    /// The part at fault, in the runbook's file.
    pub span: Option<Span>,
}

impl EvalError {
    /// An error without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            span: None,
        }
    }

    /// The same at a place, if it has none yet.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

//! The one language of runbooks: of `when`, `for_each`, `until`, `that`, and of `${…}`.
//!
//! It is small, total and strict. There is no loop, no recursion, no input and no clock; every
//! evaluation ends after a bounded number of steps with a bounded result. A name that does not exist
//! is an error wherever it stands, also in `a == params.typo`; so is reading a part of nothing
//! without `?.`, and comparing values of different types. A value that was computed is never parsed
//! again, whatever text is in it.

mod ast;
mod check;
mod eval;
mod functions;
mod lex;
mod names;
mod parse;
mod place;
mod template;
#[cfg(test)]
mod tests;

pub use check::Known;
pub use functions::{FUNCTIONS, Function};
pub use names::{EvalError, Names};
pub use place::Place;
pub use template::{Template, Text};

use crate::domain::diagnostic::{Diagnostic, Span};
use crate::runbook::types::Type;
use crate::runbook::value::Value;

/// Characters of the longest expression.
pub const MOST_CHARS: usize = 4_000;
/// Parts of an expression inside each other.
pub const MOST_LEVELS: usize = 48;
/// Steps of one evaluation; a list of ten thousand resources needs about a tenth of that.
pub const MOST_STEPS: usize = 1_000_000;
/// Bytes of a text that an expression makes.
pub const MOST_TEXT: usize = 64 * 1024;
/// Values of a list that an expression makes.
pub const MOST_ITEMS: usize = 50_000;

/// An expression that has been parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    source: String,
    place: Place,
    root: ast::Node,
}

impl Expr {
    /// Reads an expression; `place` says where it stands.
    pub fn parse(source: &str, place: Place) -> Result<Self, Diagnostic> {
        Ok(Self {
            root: parse::parse(source, place)?,
            source: source.to_owned(),
            place,
        })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where it stands in its file.
    pub fn span(&self) -> Span {
        self.place.whole(&self.source)
    }

    /// Its value.
    pub fn evaluate(&self, names: &Names<'_>) -> Result<Value, EvalError> {
        eval::evaluate(&self.root, names, self.place).map_err(|error| error.at(self.span()))
    }

    /// Whether it holds; anything but `true` and `false` is an error.
    pub fn holds(&self, names: &Names<'_>) -> Result<bool, EvalError> {
        match self.evaluate(names)? {
            Value::Bool(value) => Ok(value),
            other => {
                let message = format!(
                    "`{}` must be true or false, it is {}",
                    self.source,
                    other.kind_name()
                );
                Err(EvalError::new(message).at(self.span()))
            }
        }
    }

    /// The list that it is; anything else is an error.
    pub fn items(&self, names: &Names<'_>) -> Result<Vec<Value>, EvalError> {
        match self.evaluate(names)? {
            Value::List(items) => Ok(items),
            other => {
                let message = format!("`{}` must be a list, it is {}", self.source, other.kind_name());
                Err(EvalError::new(message).at(self.span()))
            }
        }
    }

    /// Its type, as far as it can be known before the run, and everything that is wrong with it.
    pub fn check(&self, known: &Known, found: &mut Vec<Diagnostic>) -> Type {
        check::check(&self.root, known, self.place, found)
    }

    /// The names it refers to from outside, such as `params.fleet`: as far as they are plain.
    pub fn references(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        self.root.references(&mut Vec::new(), &mut paths);
        paths
    }
}

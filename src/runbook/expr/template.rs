//! Text with `${…}` in it.

use super::eval::holds_secret;
use super::names::{EvalError, Names};
use super::{Expr, Known, MOST_TEXT, Place};
use crate::domain::diagnostic::Diagnostic;
use crate::runbook::types::Type;
use crate::runbook::value::Value;

/// Text with expressions in it; its value is always text.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Plain(String),
    Expr(Expr),
}

/// What a text is once its `${…}` are found.
#[derive(Clone, Debug, PartialEq)]
pub enum Text {
    /// It has none. `$${` has become `${`.
    Plain(String),
    /// It is one, with nothing around it.
    Expr(Expr),
    /// Text with some in it.
    Template(Template),
}

impl Text {
    /// Finds every `${…}` of a text, and everything that is wrong with them.
    pub fn parse(text: &str, place: Place) -> Result<Self, Vec<Diagnostic>> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(offset) = text[at..].find("${") {
            let start = at + offset;
            if text[at..start].ends_with('$') {
                plain.push_str(&text[at..start - 1]);
                plain.push_str("${");
                at = start + 2;
                continue;
            }
            plain.push_str(&text[at..start]);
            let Some(length) = closing(&text[start + 2..]) else {
                let span = place.span(start, text.len());
                found.push(
                    Diagnostic::error(span, "this `${` is never closed")
                        .label("a `}` is missing; write `$${` for the two characters themselves"),
                );
                at = text.len();
                break;
            };
            let inner = &text[start + 2..start + 2 + length];
            if !plain.is_empty() {
                parts.push(Part::Plain(std::mem::take(&mut plain)));
            }
            match Expr::parse(inner, place.from(start + 2)) {
                Ok(expr) => parts.push(Part::Expr(expr)),
                Err(diagnostic) => found.push(diagnostic),
            }
            at = start + 2 + length + 1;
        }
        plain.push_str(&text[at..]);
        if !found.is_empty() {
            return Err(found);
        }
        if parts.is_empty() {
            return Ok(Self::Plain(plain));
        }
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        match parts.as_mut_slice() {
            [Part::Expr(only)] => Ok(Self::Expr(only.clone())),
            _ => Ok(Self::Template(Template { parts })),
        }
    }
}

/// The length of an expression up to its `}`, which may also stand in quoted text.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (None, '}') => return Some(at),
            (None, '\'' | '"') => quote = Some(c),
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

impl Template {
    /// A text without any expression.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            parts: vec![Part::Plain(text.into())],
        }
    }

    /// A text that is one expression.
    pub fn of(expr: Expr) -> Self {
        Self {
            parts: vec![Part::Expr(expr)],
        }
    }

    /// The text. A secret in it is an error.
    pub fn evaluate(&self, names: &Names<'_>) -> Result<String, EvalError> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Plain(text) => out.push_str(text),
                Part::Expr(expr) => {
                    let value = expr.evaluate(names)?;
                    let refused = match &value {
                        Value::Null => Some(format!(
                            "`{}` is nothing; write `?? \"…\"` behind it",
                            expr.source()
                        )),
                        value if holds_secret(value) => Some("a secret cannot be part of a text".to_owned()),
                        _ => None,
                    };
                    if let Some(message) = refused {
                        return Err(EvalError::new(message).at(expr.span()));
                    }
                    out.push_str(&value.to_string());
                }
            }
            if out.len() > MOST_TEXT {
                return Err(EvalError::new(format!(
                    "the text is longer than {MOST_TEXT} bytes"
                )));
            }
        }
        Ok(out)
    }

    /// As it could have been written: [`Text::parse`] reads it back.
    pub fn source(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Plain(text) => text.replace("${", "$${"),
                Part::Expr(expr) => format!("${{{}}}", expr.source()),
            })
            .collect()
    }

    /// The expressions in it.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.parts.iter().filter_map(|part| match part {
            Part::Expr(expr) => Some(expr),
            Part::Plain(_) => None,
        })
    }

    /// Everything that is wrong with its expressions.
    pub fn check(&self, known: &Known, found: &mut Vec<Diagnostic>) {
        for expr in self.exprs() {
            let before = found.len();
            let ty = expr.check(known, found);
            if found.len() > before {
                continue;
            }
            match ty {
                Type::Secret => found.push(
                    Diagnostic::error(expr.span(), "a secret cannot be part of a text")
                        .label("give it whole, as `\"${…}\"` with nothing around it"),
                ),
                Type::Null | Type::Optional(_) => found.push(
                    Diagnostic::error(expr.span(), "this may be nothing")
                        .label("say what stands here then: `?? \"…\"`"),
                ),
                _ => {}
            }
        }
    }
}

//! A parsed text before it has a meaning: a tree whose every node knows its place.
//!
//! A format's parser (YAML, TOML) makes the [`Node`]s. A [`Schema`] then checks the tree's shape and
//! reports *all* that does not fit, and [`decode()`] turns what fits into a typed value. What the
//! value means is checked by its owner, who finds the place of each part with [`Node::at`].

mod check;
mod decode;
mod shape;
pub mod text;
pub mod yaml;

pub use check::Checked;
pub use decode::decode;
pub use shape::{Field, Schema, Shape};

use super::diagnostic::{Diagnostic, Source, Span};

/// A text after its parser: the tree as far as it could be read, and what was wrong.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The text itself.
    pub source: Source,
    /// The tree; missing if nothing of it could be read.
    pub root: Option<Node>,
    /// Whether the tree holds what was written. If not, it is a guess, good only for a look at
    /// something that must not be missed.
    pub is_reliable: bool,
    /// Mistakes in the notation, such as an open quote or a key given twice.
    pub diagnostics: Vec<Diagnostic>,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The bytes of the source that hold the value.
    pub span: Span,
    /// The value.
    pub value: Value,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, written or left out.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order of the source, each key once.
    Map(Vec<Entry>),
}

/// One key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// What it maps to.
    pub value: Node,
}

/// A key and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The bytes of the source that hold the key.
    pub span: Span,
    /// The key without quotes.
    pub text: String,
}

/// One step from a node to a node inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Into a mapping.
    Key(&'a str),
    /// Into a list, from 0.
    Index(usize),
}

impl<'a> From<&'a str> for Step<'a> {
    fn from(key: &'a str) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl Node {
    /// The value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key, if this is a mapping that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key.text == key),
            _ => None,
        }
    }

    /// The place that the steps lead to; where they lead nowhere, the last place that exists.
    ///
    /// A check of meaning uses this to point at what it complains about.
    pub fn at(&self, steps: &[Step<'_>]) -> Span {
        let mut node = self;
        for step in steps {
            let next = match (step, &node.value) {
                (Step::Key(key), Value::Map(_)) => node.get(key),
                (Step::Index(index), Value::List(items)) => items.get(*index),
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node.span
    }

    /// The words for what this is: `text`, `a list`, `the number 3` …
    pub(super) fn described(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Integer(number) => format!("the number {number}"),
            Value::Float(number) => format!("the number {number}"),
            Value::Text(text) => format!("the text {}", super::diagnostic::quoted(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(at: usize, text: &str) -> Node {
        Node {
            span: Span::new(at, at + text.len()),
            value: Value::Text(text.to_owned()),
        }
    }

    #[test]
    fn steps_lead_to_the_deepest_place_that_exists() {
        let list = Node {
            span: Span::new(3, 9),
            value: Value::List(vec![text(4, "x"), text(6, "y")]),
        };
        let root = Node {
            span: Span::new(0, 9),
            value: Value::Map(vec![Entry {
                key: Key {
                    span: Span::new(0, 1),
                    text: "a".to_owned(),
                },
                value: list,
            }]),
        };
        assert_eq!(root.at(&["a".into(), 1.into()]), Span::new(6, 7));
        assert_eq!(root.at(&["a".into(), 5.into()]), Span::new(3, 9));
        assert_eq!(root.at(&["b".into()]), Span::new(0, 9));
    }
}

//! What a tree must look like.

use std::collections::BTreeMap;

/// The shape that a value must have.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Whatever it is.
    Anything,
    /// `true` or `false`.
    Switch,
    /// A whole number, both ends included.
    Whole {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A finite number, both ends included.
    Number {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
    },
    /// Text that is not empty.
    Text,
    /// One of these words.
    Choice(Vec<String>),
    /// A list.
    List {
        /// What each item looks like.
        of: Box<Shape>,
        /// The least number of items.
        at_least: usize,
    },
    /// A mapping with keys of the author's choice.
    Table(Box<Shape>),
    /// A mapping with these keys and no others.
    Record(Vec<Field>),
    /// The shape, or nothing.
    Optional(Box<Shape>),
    /// The first of these that is of the value's kind.
    Either(Vec<Shape>),
    /// The shape of this name in the [`Schema`].
    Named(String),
}

/// A key of a [`Shape::Record`].
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The key.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it means; the first sentence is shown with mistakes.
    pub about: String,
    /// What its value looks like.
    pub shape: Shape,
}

/// A shape and the named shapes it refers to.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// The whole tree.
    pub root: Shape,
    /// Shapes used in several places, or inside themselves.
    pub named: BTreeMap<String, Shape>,
}

impl Schema {
    /// The shape itself, with names looked up.
    pub fn resolve<'a>(&'a self, mut shape: &'a Shape) -> &'a Shape {
        // A name that leads to itself would go round for ever; no schema has more names than this.
        for _ in 0..=self.named.len() {
            match shape {
                Shape::Named(name) => match self.named.get(name) {
                    Some(named) => shape = named,
                    None => return &Shape::Anything,
                },
                other => return other,
            }
        }
        &Shape::Anything
    }
}

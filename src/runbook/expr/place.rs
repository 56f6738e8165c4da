//! Where a part of an expression stands in its file.

use crate::domain::diagnostic::{Source, Span};
use crate::domain::document::Node;

/// Where the text of an expression stands. In most scalars each character has its own place; where
/// YAML has folded or unescaped it, the scalar as a whole is all that can be pointed at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    scalar: Span,
    /// Offset of the expression's first byte in the file.
    start: Option<usize>,
}

impl Place {
    /// The place of a scalar's text.
    pub fn of(source: &Source, node: &Node, text: &str) -> Self {
        let written = source.slice(node.span);
        Self {
            scalar: node.span,
            start: written.find(text).map(|at| node.span.start + at),
        }
    }

    /// A place of its own, for text that stands in no file: the text's own offsets.
    pub const fn own() -> Self {
        Self {
            scalar: Span { start: 0, end: 0 },
            start: Some(0),
        }
    }

    /// The place of the text from `offset` bytes on.
    #[must_use]
    pub fn from(self, offset: usize) -> Self {
        Self {
            scalar: self.scalar,
            start: self.start.map(|start| start + offset),
        }
    }

    /// The place in the file of bytes `start..end` of the expression.
    pub fn span(self, start: usize, end: usize) -> Span {
        match self.start {
            Some(base) => Span::new(base + start, base + end),
            None => self.scalar,
        }
    }

    /// The place of a whole text.
    pub fn whole(self, text: &str) -> Span {
        self.span(0, text.len())
    }
}

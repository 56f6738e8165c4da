//! A text with a name, and places in it.

/// Bytes `start..end` of a [`Source`]; empty spans point between two characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte, never before `start`.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to, not including, `end`; an end before the start is moved to it.
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }

    /// From the start of this span to the end of the other.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self::new(self.start, other.end)
    }
}

/// A place as editors count it: both from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
}

/// A text and the name under which its author knows it, usually a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    name: String,
    text: String,
}

impl Source {
    /// Names a text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }

    /// The name, as messages show it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of a span; empty if the span does not lie on character boundaries of this text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Line and column of a byte offset; one beyond the text counts as its end.
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.boundary(offset);
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// The line around an offset without its line break, and the offset at which it starts.
    pub(super) fn line_at(&self, offset: usize) -> (usize, &str) {
        let offset = self.boundary(offset);
        let start = self.text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let rest = &self.text[start..];
        let line = rest.find('\n').map_or(rest, |end| &rest[..end]);
        (start, line.strip_suffix('\r').unwrap_or(line))
    }

    /// The nearest character boundary at or before an offset.
    pub(super) fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_not_bytes() {
        let source = Source::new("x", "한글: 1\r\nb: 2");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(6), Position { line: 1, column: 3 });
        assert_eq!(source.position(11), Position { line: 2, column: 1 });
        assert_eq!(source.line_at(11), (11, "b: 2"));
        assert_eq!(source.line_at(0), (0, "한글: 1"));
    }

    #[test]
    fn offsets_outside_the_text_are_moved_into_it() {
        let source = Source::new("x", "한");
        assert_eq!(source.position(1), Position { line: 1, column: 1 });
        assert_eq!(source.position(99), Position { line: 1, column: 2 });
        assert_eq!(source.slice(Span::new(1, 3)), "");
        assert_eq!(source.slice(Span::new(0, 3)), "한");
    }
}

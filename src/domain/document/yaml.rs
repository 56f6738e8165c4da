//! YAML text to a tree that knows its places, strictly and in bounded memory.
//!
//! The subset is what a configuration needs: one document, text keys, each once, the core schema's
//! plain scalars with `true` and `false` as the only booleans. Merge keys, tags and directives are
//! refused by name. Anchors and aliases work within a limit on the size of what they expand to.

mod scalar;

use std::collections::HashMap;

use serde_yaml::granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError};

use self::scalar::plain;
use super::{Entry, Key, Node, Parsed, Value, text};
use crate::domain::diagnostic::{Diagnostic, Source, Span, quoted};

/// Values in one file, aliases expanded. The largest shipped file has a few hundred.
pub const MOST_NODES: usize = 20_000;
/// Lists and mappings inside each other, aliases expanded.
pub const MOST_LEVELS: usize = 32;

/// Reads the bytes of a file; `name` is what messages call it.
pub fn parse(name: &str, bytes: &[u8]) -> Parsed {
    match text::read(name, bytes) {
        Ok(source) => {
            let mut builder = Builder::new(&source);
            let stopped = builder.run().err();
            builder.diagnostics.extend(stopped);
            let (root, diagnostics) = (builder.root, builder.diagnostics);
            Parsed {
                source,
                root,
                is_reliable: true,
                diagnostics,
            }
        }
        Err((source, diagnostics)) => Parsed {
            source,
            root: None,
            is_reliable: false,
            diagnostics,
        },
    }
}

/// What makes it pointless to read on.
type Stop = Diagnostic;

/// A list or mapping whose end has not been seen.
enum Open {
    List {
        span: Span,
        anchor: usize,
        items: Vec<Node>,
    },
    Map {
        span: Span,
        anchor: usize,
        entries: Vec<Entry>,
        seen: HashMap<String, Span>,
        next: Next,
    },
}

/// What a mapping waits for.
enum Next {
    Key,
    Value(Key),
    /// The value of a key that was refused.
    Refused,
}

struct Builder<'a> {
    source: &'a Source,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Source) -> Self {
        Self {
            source,
            open: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            root: None,
            diagnostics: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<(), Stop> {
        let mut options = Options::default();
        options.emit_comments = false;
        options.disallow_directives = true;
        // One more than allowed, so that our own message about depth is the one that is seen.
        options.flow_nesting_limit = MOST_LEVELS + 1;
        options.block_nesting_limit = MOST_LEVELS + 1;
        let mut documents = 0;
        for event in Parser::new_from_str_with_options(self.source.text(), options) {
            let (event, place) = event.map_err(|error| self.scan_error(&error))?;
            let span = place
                .byte_range()
                .map_or_else(Span::default, |range| Span::new(range.start, range.end));
            if let Some(tag) = event.tag() {
                let at = place
                    .tag_span()
                    .and_then(|tag| tag.byte_range())
                    .map_or(span, |range| Span::new(range.start, range.end));
                let message = format!("the tag {} is not used here", quoted(&tag.original()));
                self.diagnostics
                    .push(Diagnostic::error(at, message).label("remove it, or quote the text"));
            }
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(Diagnostic::error(span, "a second document begins here")
                            .label("one file holds one document"));
                    }
                }
                Event::Scalar(text, style, anchor, _) => self.scalar(&text, style, anchor, span)?,
                Event::SequenceStart(_, anchor, _) => {
                    self.push(Open::List {
                        span,
                        anchor,
                        items: Vec::new(),
                    })?;
                }
                Event::MappingStart(_, anchor, _) => {
                    self.push(Open::Map {
                        span,
                        anchor,
                        entries: Vec::new(),
                        seen: HashMap::new(),
                        next: Next::Key,
                    })?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
                Event::Alias(anchor) => self.alias(anchor, span)?,
                // The parser's events may grow; those that carry no data can be passed over.
                _ => {}
            }
        }
        self.root.take_if(|root| root.value == Value::Null);
        if self.root.is_none() && self.diagnostics.is_empty() {
            return Err(Diagnostic::error(Span::default(), "the file is empty"));
        }
        Ok(())
    }

    fn push(&mut self, open: Open) -> Result<(), Stop> {
        if self.open.len() >= MOST_LEVELS {
            let (Open::List { span, .. } | Open::Map { span, .. }) = open;
            return Err(too_deep(span));
        }
        self.open.push(open);
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, span: Span) -> Result<(), Stop> {
        let waits_for_key = matches!(self.open.last(), Some(Open::Map { next: Next::Key, .. }));
        if waits_for_key {
            self.key(text, style, span);
            return Ok(());
        }
        let value = match style {
            ScalarStyle::Plain => plain(text),
            ScalarStyle::SingleQuoted
            | ScalarStyle::DoubleQuoted
            | ScalarStyle::Literal
            | ScalarStyle::Folded => Value::Text(text.to_owned()),
        };
        // An empty value has no characters of its own; it stands right behind its key.
        let span = match (&value, self.open.last()) {
            (
                Value::Null,
                Some(Open::Map {
                    next: Next::Value(key),
                    ..
                }),
            ) if span.start == span.end => key.span,
            _ => span,
        };
        self.finished(Node { span, value }, anchor)
    }

    fn key(&mut self, text: &str, style: ScalarStyle, span: Span) {
        let refusal = if style == ScalarStyle::Plain && text == "<<" {
            Some(Diagnostic::error(span, "merge keys are not supported").label("write the keys out"))
        } else if text.is_empty() || (style == ScalarStyle::Plain && plain(text) == Value::Null) {
            Some(Diagnostic::error(span, "this key is empty"))
        } else {
            None
        };
        let Some(Open::Map { seen, next, .. }) = self.open.last_mut() else {
            return;
        };
        let refusal = refusal.or_else(|| {
            seen.get(text).map(|first| {
                Diagnostic::error(span, format!("the key {} is given twice", quoted(text)))
                    .label("remove one of the two")
                    .related(*first, "first given here")
            })
        });
        *next = if let Some(refusal) = refusal {
            self.diagnostics.push(refusal);
            Next::Refused
        } else {
            seen.insert(text.to_owned(), span);
            Next::Value(Key {
                span,
                text: text.to_owned(),
            })
        };
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Stop> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(Diagnostic::error(
                span,
                "this alias stands inside the value that it refers to",
            ));
        };
        let (nodes, levels) = size(&node);
        if self.open.len() + levels > MOST_LEVELS {
            return Err(too_deep(span));
        }
        // The node itself is counted when it is put in its place.
        self.count(nodes - 1, span)?;
        self.finished(node, 0)
    }

    fn close(&mut self, end: Span) -> Result<(), Stop> {
        let (span, anchor, value) = match self.open.pop() {
            Some(Open::List { span, anchor, items }) => (span, anchor, Value::List(items)),
            Some(Open::Map {
                span,
                anchor,
                entries,
                ..
            }) => (span, anchor, Value::Map(entries)),
            None => return Ok(()),
        };
        let span = self.trimmed(span.to(end));
        self.finished(Node { span, value }, anchor)
    }

    /// The parser ends a block where the next one begins; we end it at its last character.
    fn trimmed(&self, span: Span) -> Span {
        let text = self.source.slice(span);
        Span::new(span.start, span.start + text.trim_end().len())
    }

    /// Puts a complete value into what is open around it.
    fn finished(&mut self, node: Node, anchor: usize) -> Result<(), Stop> {
        self.count(1, node.span)?;
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, next, .. }) => match std::mem::replace(next, Next::Key) {
                Next::Value(key) => entries.push(Entry { key, value: node }),
                Next::Refused => {}
                Next::Key => {
                    self.diagnostics.push(
                        Diagnostic::error(node.span, "a key must be text")
                            .label("quote it, or write a list with `-`"),
                    );
                    *next = Next::Refused;
                }
            },
        }
        Ok(())
    }

    fn count(&mut self, more: usize, span: Span) -> Result<(), Stop> {
        self.nodes += more;
        if self.nodes > MOST_NODES {
            return Err(Diagnostic::error(
                span,
                format!("the file holds more than {MOST_NODES} values"),
            ));
        }
        Ok(())
    }

    fn scan_error(&self, error: &ScanError) -> Stop {
        let at = error.marker().byte_offset().unwrap_or(self.source.text().len());
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            return too_deep(Span::new(at, at));
        }
        let message = match error.kind() {
            ErrorKind::UnknownAnchor => "this alias refers to nothing above it".to_owned(),
            ErrorKind::DirectiveDisallowed => "directives are not used here".to_owned(),
            ErrorKind::ExpectedBlockMappingKey => "a key was expected here".to_owned(),
            ErrorKind::MappingValueNotAllowed => "this `:` is out of place".to_owned(),
            ErrorKind::InvalidQuotedScalarIndent => {
                "this line belongs to a quoted text that began above".to_owned()
            }
            _ => error.info(),
        };
        Diagnostic::error(Span::new(at, at), message).label(advice(error.kind()))
    }
}

fn too_deep(span: Span) -> Stop {
    Diagnostic::error(span, format!("this is nested deeper than {MOST_LEVELS} levels"))
}

/// What to do about the mistakes that people make most.
fn advice(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::TabInIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => "YAML is indented with spaces",
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            "quote text that contains `: `"
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry => "does it line up with the lines around it?",
        ErrorKind::InvalidQuotedScalarIndent => "is a quote left open?",
        ErrorKind::UnclosedQuotedScalar => "the quote that begins this text is never closed",
        ErrorKind::UnexpectedCharacter { .. } => "quote text that begins with this character",
        ErrorKind::SimpleKeyExpected => "is a colon missing?",
        _ => "",
    }
}

/// Number of values in a tree, and lists and mappings inside each other.
fn size(node: &Node) -> (usize, usize) {
    let children: Vec<(usize, usize)> = match &node.value {
        Value::List(items) => items.iter().map(size).collect(),
        Value::Map(entries) => entries.iter().map(|entry| size(&entry.value)).collect(),
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_) => {
            return (1, 0);
        }
    };
    children.iter().fold((1, 1), |(nodes, levels), child| {
        (nodes + child.0, levels.max(child.1 + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    fn clean(text: &str) -> Node {
        let parsed = parse("x.yaml", text.as_bytes());
        assert_eq!(parsed.diagnostics, [], "{text}");
        parsed.root.expect("a tree")
    }

    fn first_message(text: &str) -> String {
        let parsed = parse("x.yaml", text.as_bytes());
        parsed
            .diagnostics
            .first()
            .map_or_else(String::new, |first| first.message.clone())
    }

    #[test]
    fn quoted_scalars_are_text() {
        let root = clean("a: \"true\"\nb: '12'\nc: |\n  two\n  lines\n");
        assert_eq!(
            root.get("a").map(|node| &node.value),
            Some(&Value::Text("true".to_owned()))
        );
        assert_eq!(
            root.get("b").map(|node| &node.value),
            Some(&Value::Text("12".to_owned()))
        );
        assert_eq!(
            root.get("c").map(|node| &node.value),
            Some(&Value::Text("two\nlines\n".to_owned()))
        );
    }

    #[test]
    fn every_node_knows_its_place() {
        let text = "이름: 값\nscopes:\n  - region: us-east-1\n    profile:\n\nlast: {a: [1]}\n";
        let parsed = parse("x.yaml", text.as_bytes());
        let root = parsed.root.expect("a tree");
        let slice = |steps: &[crate::domain::document::Step<'_>]| parsed.source.slice(root.at(steps));
        assert_eq!(slice(&["이름".into()]), "값");
        assert_eq!(slice(&["scopes".into()]), "- region: us-east-1\n    profile:");
        assert_eq!(slice(&["scopes".into(), 0.into(), "region".into()]), "us-east-1");
        assert_eq!(slice(&["scopes".into(), 0.into(), "profile".into()]), "profile");
        assert_eq!(slice(&["last".into()]), "{a: [1]}");
        assert_eq!(slice(&["last".into(), "a".into(), 0.into()]), "1");
    }

    #[test]
    fn byte_order_mark_and_windows_line_ends_change_nothing() {
        let unix = clean("a: 1\nb:\n  - x\n  - y\n");
        let windows = clean("\u{feff}a: 1\r\nb:\r\n  - x\r\n  - y\r\n");
        let texts = |node: &Node| format!("{:?}", without_places(node));
        assert_eq!(texts(&unix), texts(&windows));
    }

    fn without_places(node: &Node) -> Node {
        let span = Span::default();
        let value = match &node.value {
            Value::List(items) => Value::List(items.iter().map(without_places).collect()),
            Value::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|entry| Entry {
                        key: Key {
                            span,
                            text: entry.key.text.clone(),
                        },
                        value: without_places(&entry.value),
                    })
                    .collect(),
            ),
            other => other.clone(),
        };
        Node { span, value }
    }

    #[test]
    fn what_is_refused_is_named() {
        for (text, message) in [
            ("", "the file is empty"),
            ("# only a comment\n", "the file is empty"),
            ("a: 1\n---\nb: 2\n", "a second document begins here"),
            ("a: &x {b: 1}\nc:\n  <<: *x\n", "merge keys are not supported"),
            ("a: 1\na: 2\n", "the key `a` is given twice"),
            ("\"a\": 1\na: 2\n", "the key `a` is given twice"),
            ("a: !!str 1\n", "the tag `!!str` is not used here"),
            ("%YAML 1.1\n---\na: 1\n", "directives are not used here"),
            ("? [a, b]\n: 1\n", "a key must be text"),
            (": 1\n", "this key is empty"),
            ("~: 1\n", "this key is empty"),
            ("a: *nothing\n", "this alias refers to nothing above it"),
            (
                "a: &x [1, *x]\n",
                "this alias stands inside the value that it refers to",
            ),
        ] {
            assert_eq!(first_message(text), message, "{text:?}");
        }
    }

    #[test]
    fn all_refusals_of_one_text_are_reported() {
        let parsed = parse("x", b"a: 1\na: 2\nb: !x 3\nb: 4\n<<: 5\n");
        assert_eq!(parsed.diagnostics.len(), 4);
        let root = parsed.root.expect("the rest is read");
        assert_eq!(root.get("a").map(|n| &n.value), Some(&Value::Integer(1)));
    }

    #[test]
    fn tabs_are_explained() {
        let parsed = parse("x", b"a:\n\tb: 1\n");
        let first = parsed.diagnostics.first().expect("a complaint");
        assert_eq!(first.label, "YAML is indented with spaces", "{first:?}");
    }

    #[test]
    fn depth_is_limited_with_and_without_aliases() {
        let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
        assert!(first_message(&deep).contains("deeper than 32"));
        let just = format!("{}1{}", "[".repeat(32), "]".repeat(32));
        clean(&just);
        let half = format!("{}1{}", "[".repeat(20), "]".repeat(20));
        let doubled = format!("a: &a {half}\nb: {}*a{}\n", "[".repeat(20), "]".repeat(20));
        assert!(first_message(&doubled).contains("deeper than 32"));
    }

    #[test]
    fn a_bomb_of_aliases_does_not_go_off() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let last = level - 1;
            text.push_str(&format!("a{level}: &a{level} ["));
            text.push_str(&vec![format!("*a{last}"); 10].join(", "));
            text.push_str("]\n");
        }
        assert!(first_message(&text).contains("more than 20000 values"));
    }

    #[test]
    fn an_alias_stands_for_its_value() {
        let root = clean("a: &x [1, 2]\nb: *x\n");
        assert_eq!(root.get("a"), root.get("b"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        /// Whatever the text, there is a tree or a complaint, and every place lies in the text.
        #[test]
        fn any_text_is_read_or_refused(text in "[-a:\\[\\]{}\"'#&*!|>%@` \t\r\n,?<0é가\u{7}]{0,60}") {
            let parsed = parse("x", text.as_bytes());
            prop_assert!(parsed.root.is_some() || !parsed.diagnostics.is_empty());
            let report = crate::domain::diagnostic::Report::new(
                parsed.source,
                parsed.diagnostics,
            );
            let shown = report.to_string();
            prop_assert!(!shown.contains(char::from(7)));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let parsed = parse("x", &bytes);
            prop_assert!(parsed.root.is_some() || !parsed.diagnostics.is_empty());
        }
    }
}

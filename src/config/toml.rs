//! TOML text to the same tree that YAML becomes.

use ::toml::de::{DeTable, DeValue};

use crate::domain::diagnostic::{Diagnostic, Span};
use crate::domain::document::text;
use crate::domain::document::{Entry, Key, Node, Parsed, Value};

/// Reads the bytes of a file; `name` is what messages call it.
///
/// After a mistake in the notation the tree still holds what could be understood.
pub fn parse(name: &str, bytes: &[u8]) -> Parsed {
    match text::read(name, bytes) {
        Ok(source) => {
            let (table, errors) = DeTable::parse_recoverable(source.text());
            let diagnostics: Vec<Diagnostic> = errors
                .into_iter()
                .map(|error| {
                    let at = error
                        .span()
                        .map_or_else(Span::default, |span| Span::new(span.start, span.end));
                    Diagnostic::error(at, error.message().replace('\n', ", "))
                })
                .collect();
            let whole = Span::new(0, source.text().len());
            let root = Some(table_node(table.get_ref(), whole));
            Parsed {
                source,
                root,
                is_reliable: diagnostics.is_empty(),
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

fn table_node(table: &DeTable<'_>, span: Span) -> Node {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: Key {
                span: place(&key.span()),
                text: key.get_ref().to_string(),
            },
            value: value_node(value.get_ref(), place(&value.span())),
        })
        .collect();
    // The parser sorts by name; mistakes are easier to follow in the order of the file.
    entries.sort_by_key(|entry| entry.key.span);
    Node {
        span,
        value: Value::Map(entries),
    }
}

fn value_node(value: &DeValue<'_>, span: Span) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Integer(number),
                // TOML allows no more than 64 bits, but its parser leaves that to us.
                Err(_) => Value::Float(f64::INFINITY),
            }
        }
        // What the parser takes for a number is one; what is too great for it becomes infinite.
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(moment) => Value::Text(moment.to_string()),
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| value_node(item.get_ref(), place(&item.span())))
                .collect(),
        ),
        DeValue::Table(table) => return table_node(table, span),
    };
    Node { span, value }
}

fn place(range: &std::ops::Range<usize>) -> Span {
    Span::new(range.start, range.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn every_kind_of_value_keeps_its_place() {
        let text =
            "b = 1\na = 'x'\nf = 1.5\nn = 0x1f\nok = true\nd = 2026-12-31\nl = [1, 2]\n\n[t.u]\nv = \"y\"\n";
        let parsed = parse("x.toml", text.as_bytes());
        assert_eq!(parsed.diagnostics, []);
        let root = parsed.root.expect("a tree");
        let value = |key: &str| root.get(key).map(|node| node.value.clone());
        assert_eq!(value("b"), Some(Value::Integer(1)));
        assert_eq!(value("f"), Some(Value::Float(1.5)));
        assert_eq!(value("n"), Some(Value::Integer(31)));
        assert_eq!(value("ok"), Some(Value::Bool(true)));
        assert_eq!(value("d"), Some(Value::Text("2026-12-31".to_owned())));
        let slice = |steps: &[crate::domain::document::Step<'_>]| parsed.source.slice(root.at(steps));
        assert_eq!(slice(&["a".into()]), "'x'");
        assert_eq!(slice(&["l".into(), 1.into()]), "2");
        assert_eq!(slice(&["t".into(), "u".into(), "v".into()]), "\"y\"");
        let Value::Map(entries) = &root.value else {
            panic!("a table is a mapping");
        };
        assert_eq!(entries[0].key.text, "b", "the order of the file is kept");
    }

    #[test]
    fn all_mistakes_are_reported_and_the_rest_is_kept() {
        let parsed = parse("x.toml", b"a = \nread_only = true\nb = 'open\nc = 3\nc = 4\n");
        assert!(parsed.diagnostics.len() >= 3, "{:?}", parsed.diagnostics);
        let root = parsed.root.expect("a tree");
        let kept = root.get("read_only").map(|node| &node.value);
        assert_eq!(kept, Some(&Value::Bool(true)));
    }

    #[test]
    fn numbers_that_fit_nowhere_are_infinite() {
        let parsed = parse("x.toml", b"a = 99999999999999999999\n");
        let root = parsed.root.expect("a tree");
        let value = root.get("a").map(|node| &node.value);
        assert_eq!(value, Some(&Value::Float(f64::INFINITY)));
    }
}

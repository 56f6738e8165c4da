//! In which form a result is printed, and how documents are written in each.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};

use crate::domain::text;

/// The forms of `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Columns fitted to the terminal.
    Table,
    /// All columns, whatever the width.
    Wide,
    /// One JSON document.
    Json,
    /// One JSON document a line.
    Jsonl,
    /// YAML.
    Yaml,
}

/// A document as JSON over several lines, with a line break at its end.
pub fn json(document: &impl Serialize) -> serde_json::Result<String> {
    written(document, PrettyFormatter::new())
}

/// A document as JSON on one line, with a line break at its end.
pub fn json_line(document: &impl Serialize) -> serde_json::Result<String> {
    written(document, serde_json::ser::CompactFormatter)
}

/// A document as YAML. YAML has no way to write every character that a terminal must not see, so
/// these are taken out.
pub fn yaml(document: &impl Serialize) -> anyhow::Result<String> {
    let mut value = serde_json::to_value(document)?;
    clean(&mut value);
    let mut yaml = serde_yaml::to_string(&value)?;
    if !yaml.ends_with('\n') {
        yaml.push('\n');
    }
    Ok(yaml)
}

fn clean(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(string) => {
            if let std::borrow::Cow::Owned(cleaned) = text::clean_multiline(string) {
                *string = cleaned;
            }
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(clean),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(clean),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

fn written(document: &impl Serialize, formatter: impl Formatter) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Escaping(formatter));
    document.serialize(&mut serializer)?;
    bytes.push(b'\n');
    // serde_json writes UTF-8, and escapes are ASCII.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes characters that a terminal would obey, or that hide what a text says, as `\u` escapes: the
/// document stays the same for who parses it.
struct Escaping<F>(F);

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if matches!(text::clean(fragment), std::borrow::Cow::Borrowed(_)) {
            return self.0.write_string_fragment(writer, fragment);
        }
        for character in fragment.chars() {
            let mut buffer = [0; 4];
            let alone = character.encode_utf8(&mut buffer);
            if text::clean(alone) == *alone {
                self.0.write_string_fragment(writer, alone)?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn write_char_escape<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.0.write_char_escape(writer, escape)
    }

    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Escape sequences in both spellings, an override, a zero-width joiner, an emoji, Korean.
    const HOSTILE: &str = "\u{1b}[31mred\u{9b}2J \u{202e}gnp\u{202c} 👩\u{200d}💻 서비스\n";

    #[test]
    fn json_keeps_every_character_and_shows_none_that_a_terminal_obeys() {
        for written in [
            json(&json!({ "name": HOSTILE })),
            json_line(&json!({ "name": HOSTILE })),
        ] {
            let written = written.unwrap();
            assert!(
                written.chars().all(|character| character == '\n'
                    || text::clean(&character.to_string()) == character.to_string()),
                "{written:?}"
            );
            assert!(written.contains("서비스"));
            let read: serde_json::Value = serde_json::from_str(&written).unwrap();
            assert_eq!(read["name"], HOSTILE);
        }
    }

    #[test]
    fn a_line_of_json_is_one_line() {
        let line = json_line(&json!({"a": ["b\nc", 1, {"d": null}]})).unwrap();
        assert_eq!(line, "{\"a\":[\"b\\nc\",1,{\"d\":null}]}\n");
    }

    #[test]
    fn yaml_reads_back_as_the_document() {
        let document = json!({
            "schema": "quarterdeck.status/1",
            "yes": "yes", "null": "null", "number": "0123", "empty": "", "korean": "결제 서비스",
            "colon": "a: b # c", "lines": "one\ntwo\n", "list": [], "map": {}, "nothing": null,
            "share": 0.1, "count": 12, "flag": true, "dash": "- x", "quote": "it's \"so\"",
        });
        let read: serde_json::Value = serde_yaml::from_str(&yaml(&document).unwrap()).unwrap();
        pretty_assertions::assert_eq!(read, document);
    }

    #[test]
    fn yaml_has_nothing_that_a_terminal_obeys() {
        let written = yaml(&json!({ "name": HOSTILE })).unwrap();
        assert_eq!(text::clean_multiline(&written), written);
        assert!(written.contains("red") && written.contains("서비스"));
    }
}

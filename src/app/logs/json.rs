//! JSON laid out over several lines. It checks the form and keeps every number and string as it is
//! written: what an operator reads must be what the program wrote.

/// Depth beyond which text is not taken for JSON.
const MOST_DEPTH: usize = 64;

/// The lines of a JSON object or array; `None` for anything else.
pub(super) fn pretty(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut layout = Layout {
        rest: text,
        lines: vec![String::new()],
        depth: 0,
    };
    layout.value()?;
    layout.blank();
    layout.rest.is_empty().then_some(layout.lines)
}

struct Layout<'a> {
    rest: &'a str,
    lines: Vec<String>,
    depth: usize,
}

impl Layout<'_> {
    fn value(&mut self) -> Option<()> {
        self.blank();
        match self.rest.chars().next()? {
            '{' => self.list(('{', '}'), |layout| {
                layout.string()?;
                layout.blank();
                layout.sign(':')?;
                layout.write(" ");
                layout.value()
            }),
            '[' => self.list(('[', ']'), Self::value),
            '"' => self.string(),
            _ => self.word(),
        }
    }

    fn list(&mut self, (open, close): (char, char), item: fn(&mut Self) -> Option<()>) -> Option<()> {
        if self.depth == MOST_DEPTH {
            return None;
        }
        self.sign(open)?;
        self.blank();
        if self.rest.starts_with(close) {
            return self.sign(close);
        }
        self.depth += 1;
        loop {
            self.line();
            self.blank();
            item(self)?;
            self.blank();
            if !self.rest.starts_with(',') {
                break;
            }
            self.sign(',')?;
        }
        self.depth -= 1;
        self.line();
        self.sign(close)
    }

    fn string(&mut self) -> Option<()> {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find_map(|(at, character)| {
            let ends = !escaped && character == '"';
            escaped = !escaped && character == '\\';
            ends.then_some(at + 1)
        })?;
        if !self.rest.starts_with('"') {
            return None;
        }
        self.take(end);
        Some(())
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Option<()> {
        let end = self
            .rest
            .find(|character: char| !(character.is_ascii_alphanumeric() || "+-.".contains(character)))
            .unwrap_or(self.rest.len());
        let word = &self.rest[..end];
        let known = matches!(word, "true" | "false" | "null")
            || word.starts_with(|first: char| first == '-' || first.is_ascii_digit())
                && word.parse::<f64>().is_ok();
        if !known {
            return None;
        }
        self.take(end);
        Some(())
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        if !self.rest.starts_with(sign) {
            return None;
        }
        self.take(sign.len_utf8());
        Some(())
    }

    fn take(&mut self, end: usize) {
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.write(taken);
    }

    fn write(&mut self, text: &str) {
        if let Some(line) = self.lines.last_mut() {
            line.push_str(text);
        }
    }

    fn line(&mut self) {
        self.lines.push("  ".repeat(self.depth));
    }

    fn blank(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn objects_are_laid_out_and_kept_as_written() {
        assert_eq!(
            pretty(r#"{"a":1.50,"b":[true,{"c":"한\"글"}],"d":{},"e":null}"#).unwrap(),
            [
                "{",
                "  \"a\": 1.50,",
                "  \"b\": [",
                "    true,",
                "    {",
                "      \"c\": \"한\\\"글\"",
                "    }",
                "  ],",
                "  \"d\": {},",
                "  \"e\": null",
                "}",
            ]
        );
    }

    #[test]
    fn what_is_no_json_is_left_alone() {
        for text in [
            "",
            "plain",
            "{",
            "{\"a\":}",
            "[1,]",
            "{\"a\":1} tail",
            "[INFO] x",
            "{a:1}",
        ] {
            assert_eq!(pretty(text), None, "{text}");
        }
        assert_eq!(pretty(&"[".repeat(10_000)), None);
    }
}

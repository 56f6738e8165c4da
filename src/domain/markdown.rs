//! Markdown that can be pasted into Slack, Notion and GitHub: foreign text is data in it, not markup.

use crate::domain::redact::redact;
use crate::domain::text;

/// Foreign text on one line, in a sentence or a table's cell: cleaned, without secrets, and with every
/// character that would mean something escaped. Line breaks are marked.
pub fn inline(value: &str) -> String {
    let cleaned = text::clean(value);
    let redacted = redact(&cleaned);
    let mut out = String::with_capacity(redacted.len());
    let mut characters = redacted.chars().peekable();
    let mut before: Option<char> = None;
    while let Some(character) = characters.next() {
        let marks = match character {
            '\\' | '|' | '`' | '*' | '<' | '>' | '[' | ']' | '~' => true,
            // Within a word it is one: `codemate_redis`.
            '_' => {
                let is_word = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
                !(is_word(before) && is_word(characters.peek().copied()))
            }
            // At the beginning it makes a heading, a list or a quotation.
            '#' | '-' | '+' | '=' => before.is_none(),
            _ => false,
        };
        if marks {
            out.push('\\');
        }
        out.push(character);
        before = Some(character);
    }
    out
}

/// Backticks, one more than stand together in a text, and at least so many.
fn fence(text: &str, least: usize) -> String {
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    "`".repeat((longest + 1).max(least))
}

/// Foreign text as code on one line: as it is, but for secrets. Cells of tables end at a `|` even in
/// code, which is why it is escaped there too.
pub fn code(value: &str) -> String {
    let cleaned = text::clean(value);
    let redacted = redact(&cleaned);
    let fence = fence(&redacted, 1);
    let pad = if redacted.starts_with('`') || redacted.ends_with('`') || redacted.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{}{pad}{fence}", redacted.replace('|', "\\|"))
}

/// Foreign text of several lines as a block of code, without secrets.
pub fn block(value: &str) -> String {
    let cleaned = text::clean_multiline(value);
    let redacted = redact(&cleaned);
    let fence = fence(&redacted, 3);
    format!("{fence}text\n{}\n{fence}\n", redacted.trim_end_matches('\n'))
}

/// A table: titles, and rows of cells that are Markdown already. Nothing without rows.
pub fn table(titles: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<&str> = cells.collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut out = line(&mut titles.iter().copied());
    out.push_str(&line(&mut titles.iter().map(|_| "---")));
    for row in rows {
        out.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markup_in_foreign_text_is_text() {
        for (value, expected) in [
            ("a|b", r"a\|b"),
            ("first\nsecond", "first⏎second"),
            ("`rm -rf`", r"\`rm -rf\`"),
            ("codemate_redis", "codemate_redis"),
            ("_all_", r"\_all\_"),
            ("# title", r"\# title"),
            ("<script>", r"\<script\>"),
            ("[x](http://evil)", r"\[x\](http://evil)"),
            ("\u{1b}[31mred", "red"),
            ("password=hunter2", r"password=\*\*\*"),
            ("주문 서비스", "주문 서비스"),
        ] {
            assert_eq!(inline(value), expected, "{value}");
        }
    }

    #[test]
    fn code_ends_where_it_should() {
        assert_eq!(code("qd status"), "`qd status`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a|b"), r"`a\|b`");
        assert_eq!(block("one\n```\ntwo"), "````text\none\n```\ntwo\n````\n");
    }

    #[test]
    fn tables_have_a_row_a_line() {
        let rows = vec![vec!["a".to_owned(), "1".to_owned()]];
        assert_eq!(
            table(&["NAME", "N"], &rows),
            "| NAME | N |\n| --- | --- |\n| a | 1 |\n"
        );
        assert_eq!(table(&["NAME"], &[]), "");
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_cell(value in any::<String>()) {
            let cell = inline(&value);
            prop_assert!(!cell.contains(['\n', '\r', '\u{1b}']), "{cell:?}");
            let mut escaped = false;
            for character in cell.chars() {
                prop_assert!(escaped || !matches!(character, '|' | '`'), "{cell:?}");
                escaped = character == '\\' && !escaped;
            }
        }
    }
}

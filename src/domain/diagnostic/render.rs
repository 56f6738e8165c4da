//! A report as text: location, line, caret, advice.
//!
//! The quoted line comes from a file, so everything that could move a cursor or reorder text is
//! replaced, and wide characters are measured, so that the caret stands where it should.

use std::fmt::{self, Write as _};

use super::{Diagnostic, Report, Severity, Source, Span};

/// More findings than this help nobody; the rest is counted.
const MOST_SHOWN: usize = 50;
/// Columns of a quoted line; a longer one is cut around the caret.
const LINE_COLUMNS: usize = 100;
/// Columns kept in front of the caret of a line that is cut.
const COLUMNS_BEFORE: usize = 40;
const TAB_COLUMNS: usize = 4;

pub(super) fn headline(source: &Source, diagnostic: &Diagnostic) -> String {
    let at = source.position(diagnostic.span.start);
    format!(
        "{}:{}:{}: {}: {}",
        visible(source.name()),
        at.line,
        at.column,
        diagnostic.severity,
        visible(&diagnostic.message)
    )
}

pub(super) fn report(report: &Report, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let source = report.source();
    for diagnostic in report.diagnostics().iter().take(MOST_SHOWN) {
        one(source, diagnostic, f)?;
        writeln!(f)?;
    }
    if let Some(hidden) = report.diagnostics().len().checked_sub(MOST_SHOWN)
        && hidden > 0
    {
        writeln!(f, "… and {hidden} more")?;
    }
    let counts: Vec<String> = [Severity::Error, Severity::Warning]
        .into_iter()
        .filter_map(|severity| match report.count(severity) {
            0 => None,
            1 => Some(format!("1 {severity}")),
            many => Some(format!("{many} {severity}s")),
        })
        .collect();
    if counts.is_empty() {
        write!(f, "nothing wrong in {}", visible(source.name()))
    } else {
        write!(f, "{} in {}", counts.join(", "), visible(source.name()))
    }
}

fn one(source: &Source, diagnostic: &Diagnostic, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "{}", headline(source, diagnostic))?;
    let places: Vec<(Span, &str)> = std::iter::once((diagnostic.span, diagnostic.label.as_str()))
        .chain(
            diagnostic
                .related
                .iter()
                .map(|related| (related.0, related.1.as_str())),
        )
        .collect();
    let digits = places
        .iter()
        .map(|(span, _)| source.position(span.start).line.to_string().len())
        .max()
        .unwrap_or(1);
    writeln!(f, "{:digits$} |", "")?;
    for (nth, (span, words)) in places.into_iter().enumerate() {
        if nth > 0 {
            writeln!(f, "{:digits$} …", "")?;
        }
        let snippet = Snippet::of(source, span);
        let quoted = format!("{:>digits$} | {}", snippet.number, snippet.line);
        writeln!(f, "{}", quoted.trim_end())?;
        let pointer = format!(
            "{:digits$} | {}{} {}",
            "",
            " ".repeat(snippet.indent),
            "^".repeat(snippet.width),
            visible(words)
        );
        writeln!(f, "{}", pointer.trim_end())?;
    }
    for note in &diagnostic.notes {
        writeln!(f, "{:digits$} = {}", "", visible(note))?;
    }
    Ok(())
}

/// One line of the source as it is shown, and where the caret goes below it.
struct Snippet {
    number: usize,
    line: String,
    indent: usize,
    width: usize,
}

impl Snippet {
    fn of(source: &Source, span: Span) -> Self {
        let (line_start, line) = source.line_at(span.start);
        let from = (source.boundary(span.start) - line_start).min(line.len());
        // A span over several lines is marked on its first.
        let to = source
            .boundary(span.end)
            .saturating_sub(line_start)
            .clamp(from, line.len());
        let (before, marked, after) = (&line[..from], &line[from..to], &line[to..]);
        let mut shown = visible(before);
        let mut indent = columns(before);
        if indent + columns(marked) + columns(after) > LINE_COLUMNS && indent > COLUMNS_BEFORE {
            shown = format!("…{}", keep_last(&visible(before), COLUMNS_BEFORE - 1));
            indent = columns(&shown);
        }
        let room = LINE_COLUMNS.saturating_sub(indent);
        let rest = format!("{}{}", visible(marked), visible(after));
        if columns(&rest) > room {
            shown.push_str(&keep_first(&rest, room.saturating_sub(1)));
            shown.push('…');
        } else {
            shown.push_str(&rest);
        }
        Self {
            number: source.position(span.start).line,
            line: shown,
            indent,
            width: columns(marked).clamp(1, room.max(1)),
        }
    }
}

fn keep_first(text: &str, most: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|&c| {
            used += char_columns(c);
            used <= most
        })
        .collect()
}

fn keep_last(text: &str, most: usize) -> String {
    let mut used = 0;
    let kept: Vec<char> = text
        .chars()
        .rev()
        .take_while(|&c| {
            used += char_columns(c);
            used <= most
        })
        .collect();
    kept.into_iter().rev().collect()
}

/// The text with tabs widened and everything that is not plainly visible replaced.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => {
                for _ in 0..TAB_COLUMNS {
                    out.push(' ');
                }
            }
            c if is_hostile(c) => out.push(char::REPLACEMENT_CHARACTER),
            c => {
                // Writing to a String cannot fail.
                let _ = out.write_char(c);
            }
        }
    }
    out
}

/// Control characters, and the invisible ones that reorder, join or hide what is around them.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{FEFF}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

fn columns(text: &str) -> usize {
    text.chars().map(char_columns).sum()
}

/// Columns of a terminal that a character takes, near enough for a caret: East Asian wide blocks
/// and emoji two, combining marks none.
fn char_columns(c: char) -> usize {
    match c {
        '\t' => TAB_COLUMNS,
        '\u{0300}'..='\u{036F}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' => 0,
        '\u{1100}'..='\u{115F}'
        | '\u{2E80}'..='\u{303E}'
        | '\u{3041}'..='\u{33FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{A000}'..='\u{A4CF}'
        | '\u{A960}'..='\u{A97F}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE6F}'
        | '\u{FF00}'..='\u{FF60}'
        | '\u{FFE0}'..='\u{FFE6}'
        | '\u{1F300}'..='\u{1F64F}'
        | '\u{1F680}'..='\u{1F6FF}'
        | '\u{1F900}'..='\u{1F9FF}'
        | '\u{20000}'..='\u{3FFFD}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn shown(text: &str, diagnostic: Diagnostic) -> String {
        Report::new(Source::new("x.yaml", text), vec![diagnostic]).to_string()
    }

    #[test]
    fn line_caret_label_notes_and_related_place() {
        let text = "name: a\nscopes: []\nname: b\n";
        let diagnostic = Diagnostic::error(Span::new(19, 23), "key `name` is given twice")
            .label("remove one")
            .related(Span::new(0, 4), "first here")
            .note("each key once");
        assert_eq!(
            shown(text, diagnostic),
            "\
x.yaml:3:1: error: key `name` is given twice
  |
3 | name: b
  | ^^^^ remove one
  …
1 | name: a
  | ^^^^ first here
  = each key once

1 error in x.yaml"
        );
    }

    #[test]
    fn the_caret_stands_under_wide_characters_and_behind_tabs() {
        let text = "이름:\t틀림 # 끝";
        let start = text.find("틀림").expect("it is there");
        let diagnostic = Diagnostic::warning(Span::new(start, start + 6), "wrong");
        assert_eq!(
            shown(text, diagnostic),
            "x.yaml:1:5: warning: wrong\n  |\n1 | 이름:    틀림 # 끝\n  |          ^^^^\n\n1 warning in x.yaml"
        );
    }

    #[test]
    fn nothing_that_moves_a_cursor_gets_through() {
        let text = "a: \u{1b}[31mred\u{202e}\u{9b}2J\u{7}";
        let diagnostic = Diagnostic::error(Span::new(3, 4), "\u{1b}]0;title\u{7}")
            .label("\u{2066}x")
            .note("\u{200b}y");
        let out = shown(text, diagnostic);
        assert!(
            out.chars().all(|c| c == '\n' || !is_hostile(c)),
            "{out:?} still holds a control character"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let text = format!("{}WRONG{}", "a".repeat(200), "b".repeat(200));
        let out = shown(&text, Diagnostic::error(Span::new(200, 205), "here"));
        let lines: Vec<&str> = out.lines().collect();
        let line = lines[2].strip_prefix("1 | ").expect("the quoted line");
        assert!(columns(line) <= LINE_COLUMNS, "{line}");
        assert!(line.starts_with("…aaa") && line.ends_with("b…"));
        let caret = lines[3].find('^').expect("a caret") - "  | ".len();
        assert_eq!(line.chars().nth(caret), Some('W'));
    }

    #[test]
    fn a_span_at_the_end_of_the_text_still_has_a_caret() {
        let out = shown("a:\n", Diagnostic::error(Span::new(3, 3), "nothing here"));
        assert!(out.contains("2 |\n  | ^\n"), "{out}");
    }

    #[test]
    fn findings_beyond_fifty_are_counted() {
        let text = "x".repeat(60);
        let many = (0..60)
            .map(|at| Diagnostic::error(Span::new(at, at + 1), "no"))
            .collect();
        let out = Report::new(Source::new("x", text), many).to_string();
        assert!(out.contains("… and 10 more\n60 errors in x"), "{out}");
    }
}

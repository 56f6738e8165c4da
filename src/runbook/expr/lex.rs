//! Text to tokens.

use jiff::SignedDuration;

use super::MOST_CHARS;
use crate::domain::diagnostic::quoted;
use crate::domain::units::Bytes;
use crate::runbook::value::{parse_duration, parse_size};

/// A token and its bytes in the expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    Name(String),
    Int(i64),
    Number(f64),
    Text(String),
    Duration(SignedDuration),
    Size(Bytes),
    /// An operator or a bracket.
    Mark(&'static str),
    End,
}

/// A mistake at some bytes of the expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mistake {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) message: String,
    pub(super) label: String,
}

impl Mistake {
    pub(super) fn new(
        start: usize,
        end: usize,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self {
            start,
            end,
            message: message.into(),
            label: label.into(),
        }
    }
}

/// Operators and brackets, longer ones first.
const MARKS: [&str; 22] = [
    "==", "!=", "<=", ">=", "->", "?.", "??", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",",
    ".", "?", ":",
];

/// What people write from other languages, and what it is here.
const FOREIGN: [(&str, &str); 8] = [
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("!", "write `not`"),
    ("=", "write `==` to compare"),
    (
        "${",
        "this field is an expression already: leave out `${` and `}`",
    ),
    ("{{", "write the name alone"),
    ("|", "there are no filters; functions are called, as in `len(x)`"),
    ("~", "write `+` to join text"),
];

pub(super) fn tokens(source: &str) -> Result<Vec<Token>, Mistake> {
    if source.chars().count() > MOST_CHARS {
        let message = format!("the expression is longer than {MOST_CHARS} characters");
        return Err(Mistake::new(0, source.len(), message, ""));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (length, kind) = token(source, at, first)?;
        tokens.push(Token {
            start: at,
            end: at + length,
            kind,
        });
        at += length;
    }
    tokens.push(Token {
        start: source.len(),
        end: source.len(),
        kind: TokenKind::End,
    });
    Ok(tokens)
}

fn token(source: &str, at: usize, first: char) -> Result<(usize, TokenKind), Mistake> {
    let rest = &source[at..];
    if first.is_ascii_digit() {
        return number(rest, at);
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let length = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        return Ok((length, TokenKind::Name(rest[..length].to_owned())));
    }
    if first == '\'' || first == '"' {
        return text(rest, at, first);
    }
    if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
        return Ok((mark.len(), TokenKind::Mark(mark)));
    }
    if let Some((mark, advice)) = FOREIGN.iter().find(|(mark, _)| rest.starts_with(mark)) {
        return Err(Mistake::new(
            at,
            at + mark.len(),
            format!("`{mark}` is not used in expressions"),
            *advice,
        ));
    }
    let message = format!("{} is out of place in an expression", quoted(&first.to_string()));
    Err(Mistake::new(at, at + first.len_utf8(), message, ""))
}

/// A number, or with a unit right behind it a duration or a size.
fn number(rest: &str, at: usize) -> Result<(usize, TokenKind), Mistake> {
    let mut length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let mut is_whole = true;
    let behind = &rest[length..];
    // A dot that is followed by a letter reads a part, which numbers do not have.
    if behind.starts_with('.') && behind[1..].starts_with(|c: char| c.is_ascii_digit()) {
        is_whole = false;
        length += 1 + behind[1..].bytes().take_while(u8::is_ascii_digit).count();
    }
    let word = rest[length..]
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(rest.len() - length);
    let whole = &rest[..length + word];
    let wrong = |message: String, label: &str| Mistake::new(at, at + whole.len(), message, label);
    if word > 0 {
        if is_whole && let Ok(duration) = parse_duration(whole) {
            return Ok((whole.len(), TokenKind::Duration(duration)));
        }
        if is_whole && let Some(size) = parse_size(whole) {
            return Ok((whole.len(), TokenKind::Size(size)));
        }
        return Err(wrong(
            format!("{} is no number, duration or size", quoted(whole)),
            "such as 5, 2.5, 90s, 2h30m or 512MiB",
        ));
    }
    if is_whole {
        if length > 1 && rest.starts_with('0') {
            return Err(wrong(format!("{whole} begins with 0"), "leave the 0 out"));
        }
        return whole
            .parse()
            .map(|number| (length, TokenKind::Int(number)))
            .map_err(|_| wrong(format!("{whole} is too great"), ""));
    }
    match whole.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((length, TokenKind::Number(number))),
        _ => Err(wrong(format!("{whole} is too great"), "")),
    }
}

/// Quoted text. A backslash stands for the next character, `\n` and `\t` for what they always do.
fn text(rest: &str, at: usize, quote: char) -> Result<(usize, TokenKind), Mistake> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((offset, c)) = chars.next() {
        match c {
            c if c == quote => return Ok((offset + 1, TokenKind::Text(out))),
            '\\' => match chars.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 't')) => out.push('\t'),
                Some((_, c @ ('\\' | '\'' | '"'))) => out.push(c),
                Some((next, c)) => {
                    let message = format!("a backslash and {} mean nothing", quoted(&c.to_string()));
                    return Err(Mistake::new(
                        at + offset,
                        at + next + c.len_utf8(),
                        message,
                        "write `\\\\` for a backslash",
                    ));
                }
                None => break,
            },
            c => out.push(c),
        }
    }
    Err(Mistake::new(
        at,
        at + 1,
        "this text is never closed",
        "a quote is missing",
    ))
}

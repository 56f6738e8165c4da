//! Secrets in text that leaves the machine: reports, records of incidents, whatever is pasted to others.
//!
//! A log line may hold anything. What has the form of a secret, or stands behind a word that announces
//! one, is replaced by [`MASK`]. That is a net, not a promise: who shares a line still has to read it.

use std::borrow::Cow;

/// What stands for a secret.
pub const MASK: &str = "***";

/// Words that announce a secret: what stands behind `=` or `:` after them goes. A word counts if it ends
/// a name, as in `DB_PASSWORD` or `"apiKey"`.
const WORDS: [&str; 13] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "privatekey",
    "private_key",
];

/// Beginnings of secrets that are known by their form, and how many characters of a secret follow at
/// least.
const FORMS: [(&str, usize); 9] = [
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 30),
    ("github_pat_", 30),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("sk-", 20),
    ("glpat-", 15),
    ("eyJ", 30),
];

/// The text without what looks like a secret. Borrowed where nothing does.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut spans = Vec::new();
    forms(text, &mut spans);
    announced(text, &mut spans);
    schemes(text, &mut spans);
    in_addresses(text, &mut spans);
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    spans.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (from, to) in spans {
        if to <= at {
            continue;
        }
        if from >= at {
            out.push_str(&text[at..from]);
            out.push_str(MASK);
        }
        at = to;
    }
    out.push_str(&text[at..]);
    Cow::Owned(out)
}

/// A span of bytes.
type Span = (usize, usize);

const fn is_secret_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~')
}

fn forms(text: &str, spans: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    for (start, least) in FORMS {
        for (at, _) in text.match_indices(start) {
            let is_inside = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
            let rest = &bytes[at + start.len()..];
            let length = rest.iter().take_while(|byte| is_secret_byte(**byte)).count();
            if !is_inside && length >= least {
                spans.push((at, at + start.len() + length));
            }
        }
    }
}

/// `password=…`, `"token": "…"`, `secret: …`.
fn announced(text: &str, spans: &mut Vec<Span>) {
    let lower = text.to_ascii_lowercase();
    let bytes = text.as_bytes();
    for word in WORDS {
        for (at, _) in lower.match_indices(word) {
            let mut end = at + word.len();
            // `tokens` and `passwordless` announce nothing.
            if matches!(bytes.get(end), Some(byte) if byte.is_ascii_alphanumeric()) {
                continue;
            }
            end += bytes[end..]
                .iter()
                .take_while(|byte| matches!(byte, b'"' | b'\'' | b'\\' | b' '))
                .count();
            if !matches!(bytes.get(end), Some(b'=' | b':')) {
                continue;
            }
            end += 1;
            end += bytes[end..]
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'>' | b'\\'))
                .count();
            spans.extend(value(text, end).filter(|span| !is_prose(text, *span)));
        }
    }
}

/// Whether what stands there is a word of a sentence and no secret: after a space, four lower-case letters
/// or a digit or two at the most, as in `secret: last read 1h ago`.
fn is_prose(text: &str, (from, to): Span) -> bool {
    let value = &text[from..to];
    let is_word = value.len() <= 4 && value.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_count = value.len() <= 2 && value.bytes().all(|byte| byte.is_ascii_digit());
    text[..from].ends_with(": ") && (is_word || is_count)
}

/// The value that begins there: up to the closing quotation mark, or to the end of the word.
fn value(text: &str, from: usize) -> Option<Span> {
    let rest = text.get(from..)?;
    let (from, length) = match rest.bytes().next()? {
        quote @ (b'"' | b'\'') => {
            let inside = &rest[1..];
            let length = inside.find(char::from(quote)).unwrap_or(inside.len());
            (from + 1, length)
        }
        _ => {
            let end = |c: char| {
                c.is_whitespace() || matches!(c, ',' | ';' | '&' | '}' | ')' | ']' | '"' | '\'' | '\\')
            };
            (from, rest.find(end).unwrap_or(rest.len()))
        }
    };
    (length > 0).then_some((from, from + length))
}

/// `Authorization: Bearer …` and `Basic …`.
fn schemes(text: &str, spans: &mut Vec<Span>) {
    let lower = text.to_ascii_lowercase();
    for scheme in ["bearer ", "basic "] {
        for (at, _) in lower.match_indices(scheme) {
            let from = at + scheme.len();
            let rest = &text.as_bytes()[from..];
            let length = rest.iter().take_while(|byte| is_secret_byte(**byte)).count();
            // A sentence may have the word; what follows it there is no longer than a word.
            if length >= 12 {
                spans.push((from, from + length));
            }
        }
    }
}

/// `https://user:password@host`.
fn in_addresses(text: &str, spans: &mut Vec<Span>) {
    for (at, mark) in text.match_indices("://") {
        let from = at + mark.len();
        let rest = &text[from..];
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '?' | '#' | '<' | '>'))
            .unwrap_or(rest.len());
        let Some(host) = rest[..end].rfind('@') else {
            continue;
        };
        if let Some(colon) = rest[..host].find(':')
            && colon + 1 < host
        {
            spans.push((from + colon + 1, from + host));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_looks_like_a_secret_goes() {
        for (text, expected) in [
            ("key AKIAIOSFODNN7EXAMPLE used", "key *** used"),
            ("DB_PASSWORD=hunter2 host=db", "DB_PASSWORD=*** host=db"),
            (
                r#"{"apiKey": "abc def", "user": "kim"}"#,
                r#"{"apiKey": "***", "user": "kim"}"#,
            ),
            ("token: 한글비밀, retry", "token: ***, retry"),
            (
                "Authorization: Bearer abcdefgh12345678.x",
                "Authorization: Bearer ***",
            ),
            (
                "postgres://app:s3cr3t@db:5432/shop",
                "postgres://app:***@db:5432/shop",
            ),
            ("redis://:s3cr3t@cache:6379", "redis://:***@cache:6379"),
            ("secret_access_key='x y z' end", "secret_access_key='***' end"),
        ] {
            assert_eq!(redact(text), expected, "{text}");
        }
    }

    #[test]
    fn what_does_not_stays() {
        for text in [
            "",
            "GET /health 200 in 3ms",
            "3 tokens left, passwordless login",
            "the secret of success is here",
            "https://example.com/a:b@c?x=1",
            "bearer of bad news",
            "WARN secret: last read 1h01m ago",
            "WARN secret: not read, AccessDenied",
            "WARN secret: 1 part not read",
            "ERROR 결제 실패: timeout=3000 retry=2",
        ] {
            assert_eq!(redact(text), text);
            assert!(matches!(redact(text), Cow::Borrowed(_)));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "\\PC{0,200}") {
            let once = redact(&text).into_owned();
            prop_assert!(once.len() <= text.len() + 4 * MASK.len() * (text.len() + 1));
        }

        #[test]
        fn a_password_never_comes_through(value in "[a-zA-Z0-9!%*]{4,30}") {
            let text = format!("login failed password={value} for kim");
            prop_assert_eq!(redact(&text), "login failed password=*** for kim");
        }
    }
}

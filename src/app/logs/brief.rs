//! A line in brief, for where there is one row for it: what says most comes first, and what stands
//! beside the line anyway is left out. Wrapped lines and details are whole.

use std::borrow::Cow;

use crate::app::logs::json;

/// Longer lines are not looked into, bytes.
const MOST: usize = 16 * 1024;
/// Keys of a message in the logs of programs, the usual one first.
const MESSAGE: [&str; 4] = ["msg", "message", "log", "event"];
/// Keys of what the row says already.
const KNOWN: [&str; 10] = [
    "level",
    "lvl",
    "severity",
    "time",
    "timestamp",
    "@timestamp",
    "ts",
    "pid",
    "hostname",
    "v",
];

/// The line in brief, or as it is.
pub(in crate::app) fn brief(text: &str) -> Cow<'_, str> {
    if text.len() > MOST {
        return Cow::Borrowed(text);
    }
    match of_json(text) {
        Some(brief) => Cow::Owned(brief),
        None => Cow::Borrowed(without_time(text)),
    }
}

/// The message of a JSON object, then its other members as `key=value`; `None` without a message.
fn of_json(text: &str) -> Option<String> {
    if !text.starts_with('{') {
        return None;
    }
    let mut message = None;
    let mut others = Vec::new();
    for (key, value) in members(&json::pretty(text)?)? {
        if MESSAGE.contains(&key.as_str()) && message.is_none() {
            message = Some(value);
        } else if !KNOWN.contains(&key.as_str()) {
            others.push(format!("{key}={value}"));
        }
    }
    let mut brief = message?;
    for other in others {
        brief.push_str("  ");
        brief.push_str(&other);
    }
    Some(brief)
}

/// The members of an object that is laid out, values in one line.
fn members(lines: &[String]) -> Option<Vec<(String, String)>> {
    let inside = lines.get(1..lines.len().checked_sub(1)?)?;
    let mut members: Vec<(String, String)> = Vec::new();
    for line in inside {
        let own = line.strip_prefix("  ")?;
        let begins = own.starts_with('"');
        match (begins, members.last_mut()) {
            (true, _) => {
                let (key, value) = own.split_once("\": ")?;
                members.push((key.trim_start_matches('"').to_owned(), value.to_owned()));
            }
            (false, Some((_, value))) => value.push_str(own.trim_start()),
            (false, None) => return None,
        }
    }
    for (_, value) in &mut members {
        let bare = value.strip_suffix(',').unwrap_or(value);
        let bare = bare
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(bare);
        *value = bare.to_owned();
    }
    Some(members)
}

/// A line without the time at its beginning, `2026-11-21T02:00:00.123Z` or much alike.
fn without_time(text: &str) -> &str {
    let bytes = text.as_bytes();
    let looks = |at: usize, form: &str| {
        form.bytes().enumerate().all(|(nth, sign)| {
            bytes.get(at + nth).is_some_and(|byte| match sign {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b' '),
                _ => *byte == sign,
            })
        })
    };
    let bracket = usize::from(bytes.first() == Some(&b'['));
    if !looks(bracket, "0000-00-00T00:00:00") {
        return text;
    }
    let mut at = bracket + 19;
    if matches!(bytes.get(at), Some(b'.' | b',')) {
        at += 1;
        at += bytes[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
    }
    if bytes.get(at) == Some(&b'Z') {
        at += 1;
    } else if looks(at, "+00:00") || looks(at, "-00:00") {
        at += 6;
    } else if looks(at, "+0000") || looks(at, "-0000") {
        at += 5;
    }
    if bracket == 1 {
        match bytes.get(at) {
            Some(b']') => at += 1,
            _ => return text,
        }
    }
    match text[at..].strip_prefix(' ') {
        Some(rest) if !rest.trim().is_empty() => rest.trim_start(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_message_of_json_comes_first() {
        assert_eq!(
            brief(
                r#"{"level":"info","time":1795267804249,"pid":1,"route":"/api","status":200,"user":{"id":7,"tags":["a","b"]},"msg":"로그인 성공"}"#
            ),
            r#"로그인 성공  route=/api  status=200  user={"id": 7,"tags": ["a","b"]}"#
        );
        for whole in [
            r#"{"status":200}"#,
            r#"{"msg":"cut"#,
            "[1,2]",
            "{}",
            "plain text",
            "",
        ] {
            assert_eq!(brief(whole), whole);
        }
    }

    #[test]
    fn a_time_at_the_beginning_is_left_out() {
        for (line, shown) in [
            (
                "2026-11-21T13:29:13.553Z  INFO 1 --- [nio] done",
                "INFO 1 --- [nio] done",
            ),
            ("2026-11-21 13:29:13,553 WARN slow", "WARN slow"),
            (
                "[2026-11-21 13:29:13 +0000] [1] [INFO] boot",
                "[2026-11-21 13:29:13 +0000] [1] [INFO] boot",
            ),
            ("[2026-11-21T13:29:13+09:00] 주문", "주문"),
            ("2026-11-21T13:29:13Z", "2026-11-21T13:29:13Z"),
            ("2026-11-21 was a Saturday", "2026-11-21 was a Saturday"),
        ] {
            assert_eq!(brief(line), shown);
        }
    }
}

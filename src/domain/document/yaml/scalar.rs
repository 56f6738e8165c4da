//! What an unquoted scalar means.

use crate::domain::document::Value;

/// The meaning of an unquoted scalar in the YAML 1.2 core schema, with two strictnesses: of the
/// spellings of a boolean only `true` and `false`, and no number with a leading zero, since nobody
/// agrees on what `010` is.
pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        _ => number(text).unwrap_or_else(|| Value::Text(text.to_owned())),
    }
}

fn number(text: &str) -> Option<Value> {
    if let Some(hex) = text.strip_prefix("0x") {
        return i64::from_str_radix(digits(hex)?, 16).ok().map(Value::Integer);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return i64::from_str_radix(digits(octal)?, 8).ok().map(Value::Integer);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = unsigned
        .find(|c: char| !c.is_ascii_digit())
        .map_or(unsigned, |end| &unsigned[..end]);
    if whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    if whole.len() == unsigned.len() {
        return text
            .parse()
            .map(Value::Integer)
            .or_else(|_| text.parse().map(Value::Float))
            .ok();
    }
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    let has_digit = unsigned.starts_with(|c: char| c.is_ascii_digit())
        || unsigned
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if has_digit && unsigned.chars().all(allowed) {
        text.parse().map(Value::Float).ok()
    } else {
        None
    }
}

/// The text if it has no sign, which `from_str_radix` would accept behind the prefix.
fn digits(text: &str) -> Option<&str> {
    (!text.starts_with(['-', '+'])).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn plain_scalars_have_the_meaning_of_the_core_schema() {
        for (text, expected) in [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("True", Value::Text("True".to_owned())),
            ("yes", Value::Text("yes".to_owned())),
            ("no", Value::Text("no".to_owned())),
            ("on", Value::Text("on".to_owned())),
            ("~", Value::Null),
            ("null", Value::Null),
            ("12", Value::Integer(12)),
            ("-12", Value::Integer(-12)),
            ("+3", Value::Integer(3)),
            ("0", Value::Integer(0)),
            ("0x1f", Value::Integer(31)),
            ("0o17", Value::Integer(15)),
            ("0x-1", Value::Text("0x-1".to_owned())),
            ("010", Value::Text("010".to_owned())),
            ("1.5", Value::Float(1.5)),
            ("-1e3", Value::Float(-1000.0)),
            (".5", Value::Float(0.5)),
            ("1.", Value::Float(1.0)),
            ("09:00", Value::Text("09:00".to_owned())),
            ("2026-12-31", Value::Text("2026-12-31".to_owned())),
            ("1_000", Value::Text("1_000".to_owned())),
            ("e3", Value::Text("e3".to_owned())),
            (".", Value::Text(".".to_owned())),
            ("infinity", Value::Text("infinity".to_owned())),
            ("99999999999999999999", Value::Float(1e20)),
            (".inf", Value::Float(f64::INFINITY)),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}

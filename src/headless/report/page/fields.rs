//! Fields of a resource as a table shows them.

use serde_json::{Number, Value};

use crate::domain::units::Bytes;

/// What is at a path of names and places, such as `images/0/scan`; without a place each item of a list is
/// looked into.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    path.split('/').fold(vec![value], |values, step| {
        values.into_iter().flat_map(|value| into(value, step)).collect()
    })
}

fn into<'a>(value: &'a Value, step: &str) -> Vec<&'a Value> {
    match value {
        Value::Array(items) => match step.parse::<usize>() {
            Ok(place) => items.get(place).into_iter().collect(),
            Err(_) => items.iter().filter_map(|item| item.get(step)).collect(),
        },
        other => other.get(step).into_iter().collect(),
    }
}

/// A column's title: the last name of its path, with what it is of where that is a list.
pub(super) fn title(path: &str) -> String {
    let words = match path {
        "variants/name" => "variants",
        "variants/current" => "instances",
        "images/0/tags" => "newest image",
        "images/0/scan" => "its scan",
        "event_sources/behind_s" => "behind s",
        "policies/metric" => "kept by",
        "policies/target" => "at",
        path => path.rsplit('/').next().unwrap_or(path),
    };
    // A cell has its own unit.
    let words = words.strip_suffix("_bytes").unwrap_or(words);
    words.replace('_', " ").to_uppercase()
}

/// A number of bytes as people read it, if the field is one.
pub(super) fn bytes(path: &str, value: &Value) -> Option<String> {
    let is_bytes = path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.split('_').any(|word| word == "bytes"));
    let amount = value.as_f64().filter(|amount| is_bytes && *amount >= 0.0)?;
    Some(Bytes(amount.round() as u64).to_string())
}

/// A number with no more decimals than anybody reads.
pub(super) fn number(number: &Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() && value.abs() >= 0.01 => {
            let rounded = (value * 100.0).round() / 100.0;
            rounded.to_string()
        }
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_into_lists_and_to_places() {
        let endpoint =
            json!({"variants": [{"current": 1}, {"current": null}], "images": [{"scan": {"HIGH": 2}}]});
        assert_eq!(at(&endpoint, "variants/current"), [&json!(1), &Value::Null]);
        assert_eq!(at(&endpoint, "images/0/scan"), [&json!({"HIGH": 2})]);
        assert_eq!(at(&endpoint, "images/1/scan"), Vec::<&Value>::new());
        assert_eq!(title("variants/errors_5xx_per_minute"), "ERRORS 5XX PER MINUTE");
    }

    #[test]
    fn bytes_are_told_by_the_name_of_the_field() {
        let gib = Bytes(212 << 30).to_string();
        assert_eq!(bytes("bytes", &json!(227_633_266_688_u64)), Some(gib));
        assert_eq!(
            bytes("growth_bytes_per_day", &json!(1536.0)),
            Some(Bytes(1536).to_string())
        );
        assert_eq!(bytes("objects", &json!(7)), None);
        assert_eq!(bytes("bytes", &Value::Null), None);
    }
}

//! Values and amounts as people read them.

use serde_json::Value as Json;

use crate::domain::units::{Usd, UsdPerHour};

/// Stands for what is not there or not known.
pub(super) const NOTHING: &str = "–";

/// A value in one line: text bare, nothing as a dash, what only a step will bring as such.
pub fn value(value: &Json) -> String {
    match value {
        Json::Null => NOTHING.to_owned(),
        Json::String(text) if text.is_empty() => "\"\"".to_owned(),
        Json::String(text) => text.clone(),
        Json::Bool(_) | Json::Number(_) => value.to_string(),
        Json::Array(items) if items.is_empty() => "none".to_owned(),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            items.join(", ")
        }
        Json::Object(fields) => match (fields.len(), fields.get("known_after"), fields.get("name")) {
            (1, Some(step), _) => format!("(known after {})", self::value(step)),
            // A resource is called by its name.
            (_, _, Some(Json::String(name))) if fields.contains_key("id") => name.clone(),
            _ => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, field)| format!("{name}={}", self::value(field)))
                    .collect();
                format!("{{{}}}", fields.join(", "))
            }
        },
    }
}

/// An amount by the hour with its sign.
pub fn money_per_hour(amount: UsdPerHour) -> String {
    signed(amount.per_hour().is_negative(), amount.to_string())
}

/// An amount by the month of 730 hours with its sign.
pub fn money_per_month(amount: Usd) -> String {
    signed(amount.is_negative(), format!("{amount:.2}/month"))
}

fn signed(negative: bool, text: String) -> String {
    if negative { text } else { format!("+{text}") }
}

//! What a plan is confirmed by: a digest over everything in it, and the file that holds it.

use std::fmt::Write as _;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::{Plan, SCHEMA};

/// Why a plan file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It is not a plan.
    #[error("this is not a plan: {0}")]
    Unreadable(String),
    /// Another version wrote it.
    #[error("this plan has the schema {0}; this version reads {SCHEMA}")]
    Schema(String),
    /// It is not what was written.
    #[error("the plan was changed after it was made: plan again")]
    Changed,
}

/// JSON in one form only: keys sorted, no spaces. Two values are the same exactly if these texts are.
pub fn canonical(value: &Json) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Json, out: &mut String) {
    match value {
        Json::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            out.push('{');
            for (index, key) in keys.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Json::String(key.clone()).to_string());
                out.push(':');
                write(&map[key], out);
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        scalar => {
            // Infallible: the target is a string.
            let _ = write!(out, "{scalar}");
        }
    }
}

fn digest_of(mut value: Json) -> String {
    if let Json::Object(map) = &mut value {
        map.remove("digest");
    }
    let mut out = String::from("sha256:");
    for byte in Sha256::digest(canonical(&value).as_bytes()) {
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

impl Plan {
    /// The plan as it will be read back, with its digest. Amounts of money are rounded to what JSON
    /// keeps of them, so that what is confirmed is what a file holds.
    ///
    /// # Errors
    /// If it cannot be written as JSON and read back, which would be a mistake of ours.
    pub fn sealed(&self) -> Result<Self, PlanError> {
        let unreadable = |error: serde_json::Error| PlanError::Unreadable(error.to_string());
        let text = serde_json::to_string(self).map_err(unreadable)?;
        let mut plan: Self = serde_json::from_str(&text).map_err(unreadable)?;
        plan.digest = digest_of(serde_json::to_value(&plan).map_err(unreadable)?);
        Ok(plan)
    }

    /// The text of a plan file.
    pub fn to_text(&self) -> String {
        let value = serde_json::to_value(self).expect("a plan has no map with keys that are not text");
        let mut text = serde_json::to_string_pretty(&value).expect("a JSON value can be printed");
        text.push('\n');
        text
    }

    /// Reads a plan file. The text must be exactly what [`Plan::to_text`] wrote.
    ///
    /// # Errors
    /// If it is no plan, has another version's schema, or any byte of it was changed.
    pub fn from_text(text: &str) -> Result<Self, PlanError> {
        let value: Json =
            serde_json::from_str(text).map_err(|error| PlanError::Unreadable(error.to_string()))?;
        let schema = value.get("schema").and_then(Json::as_str).unwrap_or_default();
        if schema != SCHEMA {
            return Err(PlanError::Schema(schema.to_owned()));
        }
        let plan: Self =
            serde_json::from_value(value).map_err(|error| PlanError::Unreadable(error.to_string()))?;
        if plan.is_sealed() && plan.to_text() == text {
            Ok(plan)
        } else {
            Err(PlanError::Changed)
        }
    }

    /// Whether the digest is the plan's own.
    pub fn is_sealed(&self) -> bool {
        serde_json::to_value(self).is_ok_and(|value| digest_of(value) == self.digest)
    }
}

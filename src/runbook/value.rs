//! Values that parameters, expressions and action inputs have: typed, and free of secrets.
//!
//! A secret is never in a value. [`Value::Secret`] says where the secret is; the driver looks it up
//! at the moment of the write that needs it, so that no plan, journal or message can hold it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value as Json, json};

use crate::domain::ids::Kind;
use crate::domain::units::{Bytes, HumanDuration};

/// A value. Two values are equal if they are of one type and mean the same; whole and other numbers
/// count as one type.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// Nothing: an optional parameter that was not given, the result of a skipped step.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number; always finite.
    #[serde(with = "exact_number")]
    Number(f64),
    /// Text. May come from outside: whoever shows it makes it safe.
    Text(String),
    /// A length of time, never negative.
    Duration(SignedDuration),
    /// A size of memory or storage.
    Size(Bytes),
    /// A moment.
    Time(Timestamp),
    /// Where a secret is.
    Secret(SecretRef),
    /// A resource with what was read of it.
    Resource(Arc<Resource>),
    /// Several values.
    List(Vec<Value>),
    /// Values by name.
    Map(BTreeMap<String, Value>),
}

/// Numbers in journals, as text: what reads JSON may be off by the last bit, and a digest over a value
/// that was written and read must be the same.
mod exact_number {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
    pub(super) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(D::Error::custom("a finite number is wanted")),
        }
    }
}

/// A resource as expressions see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// What it is.
    pub kind: Kind,
    /// The ARN where the describe call returns one, else AWS's own id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What was read of it, by the names in [`crate::runbook::facts`]. A fact that is unknown is
    /// [`Value::Null`].
    pub facts: BTreeMap<String, Value>,
}

impl Resource {
    /// What calls of AWS name it by: an instance by its id, since its name is a tag that several may
    /// have; everything else by its name.
    pub fn handle(&self) -> &str {
        match self.kind {
            Kind::Ec2Instance => &self.id,
            _ => &self.name,
        }
    }
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretRef {
    /// A parameter of the Systems Manager parameter store, by name.
    Ssm(String),
    /// A secret of Secrets Manager, by name or ARN.
    SecretsManager(String),
    /// An environment variable of the process.
    Environment(String),
    /// Asked for at the terminal, for the parameter of this name.
    Asked(String),
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ssm(name) => write!(f, "secret(ssm {name})"),
            Self::SecretsManager(name) => write!(f, "secret(secretsmanager {name})"),
            Self::Environment(name) => write!(f, "secret(env {name})"),
            Self::Asked(name) => write!(f, "secret(asked for {name})"),
        }
    }
}

impl Value {
    /// Text as a value.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub const fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// `true` or `false`, if it is one of them.
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The length of time, if it is one.
    pub const fn as_duration(&self) -> Option<SignedDuration> {
        match self {
            Self::Duration(duration) => Some(*duration),
            _ => None,
        }
    }

    /// The resource, if it is one.
    pub fn as_resource(&self) -> Option<&Resource> {
        match self {
            Self::Resource(resource) => Some(resource),
            _ => None,
        }
    }

    /// What it is, in a word or two for messages.
    pub const fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Int(_) => "a whole number",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Duration(_) => "a duration",
            Self::Size(_) => "a size",
            Self::Time(_) => "a time",
            Self::Secret(_) => "a secret",
            Self::Resource(_) => "a resource",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }

    /// How many values it holds, itself included.
    pub fn size(&self) -> usize {
        match self {
            Self::List(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Self::Map(entries) => 1 + entries.values().map(Self::size).sum::<usize>(),
            _ => 1,
        }
    }

    /// The value as JSON that people and scripts read: durations, sizes and times as they are
    /// written in a runbook, a resource as its
    /// [`Resource::handle`], a secret as where it is.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => json!(value),
            Self::Int(number) => json!(number),
            Self::Number(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
            Self::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(entries) => Json::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), value.to_json()))
                    .collect(),
            ),
            Self::Text(_) | Self::Duration(_) | Self::Size(_) | Self::Time(_) | Self::Secret(_) => {
                Json::String(self.to_string())
            }
            Self::Resource(resource) => Json::String(resource.handle().to_owned()),
        }
    }
}

/// The exact form of a length of time, as it is written in a runbook: `1d12h`, `90s` is `1m30s`.
pub fn exact_duration(duration: SignedDuration) -> String {
    let mut seconds = duration.as_secs().unsigned_abs();
    if seconds == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    for (letter, length) in [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)] {
        if seconds >= length {
            out.push_str(&format!("{}{letter}", seconds / length));
            seconds %= length;
        }
    }
    out
}

/// The exact form of a size, in the largest unit that divides it: `512MiB`, `3GiB`, `1000B`.
pub fn exact_size(size: Bytes) -> String {
    for (unit, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        let length = 1_u64 << shift;
        if size.0 > 0 && size.0.is_multiple_of(length) {
            return format!("{}{unit}", size.0 / length);
        }
    }
    format!("{}B", size.0)
}

/// Reads a size: a whole number and `B`, `KiB`, `MiB`, `GiB` or `TiB`.
pub fn parse_size(text: &str) -> Option<Bytes> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim_start() {
        "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        "TiB" => 40,
        _ => return None,
    };
    let number: u64 = number.parse().ok()?;
    number.checked_mul(1 << shift).map(Bytes)
}

/// Reads a length of time as [`HumanDuration`] does.
pub fn parse_duration(text: &str) -> Result<SignedDuration, crate::domain::units::DurationError> {
    text.parse::<HumanDuration>().map(|duration| duration.0)
}

impl fmt::Display for Value {
    /// As it stands inside a longer text. A list is its items with commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Duration(duration) => f.write_str(&exact_duration(*duration)),
            Self::Size(size) => f.write_str(&exact_size(*size)),
            Self::Time(time) => write!(f, "{time}"),
            Self::Secret(secret) => write!(f, "{secret}"),
            Self::Resource(resource) => f.write_str(&resource.name),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                Ok(())
            }
            Self::Map(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{key}: {value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Int(a), Self::Number(b)) | (Self::Number(b), Self::Int(a)) => *a as f64 == *b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Size(a), Self::Size(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::Secret(a), Self::Secret(b)) => a == b,
            // The same thing at two moments is the same thing.
            (Self::Resource(a), Self::Resource(b)) => a.kind == b.kind && a.id == b.id,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            _ => false,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::List(items)
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

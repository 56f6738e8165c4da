//! Types of parameters, of action fields and of what expressions can see.

use std::fmt;
use std::str::FromStr;

use super::value::{Value, parse_duration, parse_size};
use crate::domain::diagnostic::quoted;
use crate::domain::ids::Kind;

/// What a value may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Anything; known only when the runbook runs.
    Any,
    /// Nothing else than nothing.
    Null,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Number,
    /// Text.
    Text,
    /// A length of time, `90s`, `2h30m`.
    Duration,
    /// A size, `512MiB`.
    Size,
    /// A moment, `2026-11-21T02:00:00Z`.
    Time,
    /// Where a secret is.
    Secret,
    /// A resource of one of these kinds, never none of them.
    Resource(Vec<Kind>),
    /// Several of one type.
    List(Box<Type>),
    /// Values of one type by names of the author's choice.
    Map(Box<Type>),
    /// Values by known names.
    Record(Vec<(String, Type)>),
    /// A value or nothing.
    Optional(Box<Type>),
}

impl Type {
    /// A list of these.
    pub fn list(of: Self) -> Self {
        Self::List(Box::new(of))
    }

    /// This or nothing; never optional twice.
    pub fn optional(of: Self) -> Self {
        match of {
            Self::Optional(_) | Self::Any | Self::Null => of,
            other => Self::Optional(Box::new(other)),
        }
    }

    /// A record.
    pub fn record(fields: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        Self::Record(
            fields
                .into_iter()
                .map(|(name, ty)| (name.to_owned(), ty))
                .collect(),
        )
    }

    /// The type without the possibility of nothing.
    pub fn present(&self) -> &Self {
        match self {
            Self::Optional(of) => of,
            other => other,
        }
    }

    /// Whether nothing is possible.
    pub const fn may_be_null(&self) -> bool {
        matches!(self, Self::Any | Self::Null | Self::Optional(_))
    }

    /// Whether a value of type `other` can stand where one of this type is wanted. What is known
    /// only at run time is let through, to be checked then.
    pub fn accepts(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Optional(_) | Self::Null, Self::Null) => true,
            (Self::Optional(want), Self::Optional(have)) => want.accepts(have),
            (Self::Optional(want), have) => want.accepts(have),
            (_, Self::Optional(_) | Self::Null) => false,
            (Self::Number, Self::Int) => true,
            // A resource and its name stand for each other.
            (Self::Text, Self::Resource(_)) | (Self::Resource(_), Self::Text) => true,
            (Self::Resource(want), Self::Resource(have)) => have.iter().all(|kind| want.contains(kind)),
            (Self::List(want), Self::List(have)) => want.accepts(have),
            (Self::Map(want), Self::Map(have)) => want.accepts(have),
            (Self::Map(want), Self::Record(fields)) => fields.iter().all(|(_, have)| want.accepts(have)),
            (Self::Record(want), Self::Record(have)) => want.iter().all(|(name, ty)| {
                have.iter()
                    .find(|(other, _)| other == name)
                    .map_or(ty.may_be_null(), |(_, have)| ty.accepts(have))
            }),
            (want, have) => want == have,
        }
    }

    /// The narrowest type that holds values of both.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Null, ty) | (ty, Self::Null) => Self::optional(ty.clone()),
            (Self::Optional(a), b) | (b, Self::Optional(a)) => Self::optional(a.join(b.present())),
            (a, b) if a == b => a.clone(),
            (Self::Int, Self::Number) | (Self::Number, Self::Int) => Self::Number,
            (Self::Resource(a), Self::Resource(b)) => {
                let mut kinds = a.clone();
                kinds.extend(b.iter().filter(|kind| !a.contains(kind)));
                Self::Resource(kinds)
            }
            (Self::List(a), Self::List(b)) => Self::list(a.join(b)),
            _ => Self::Any,
        }
    }

    /// Whether a value is of this type. Whole numbers are numbers; text is not a resource.
    pub fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Any, _)
            | (Self::Null | Self::Optional(_), Value::Null)
            | (Self::Bool, Value::Bool(_))
            | (Self::Int | Self::Number, Value::Int(_))
            | (Self::Number, Value::Number(_))
            | (Self::Text, Value::Text(_))
            | (Self::Duration, Value::Duration(_))
            | (Self::Size, Value::Size(_))
            | (Self::Time, Value::Time(_))
            | (Self::Secret, Value::Secret(_)) => true,
            (Self::Optional(of), value) => of.holds(value),
            (Self::Resource(kinds), Value::Resource(resource)) => kinds.contains(&resource.kind),
            (Self::List(of), Value::List(items)) => items.iter().all(|item| of.holds(item)),
            (Self::Map(of), Value::Map(entries)) => entries.values().all(|value| of.holds(value)),
            (Self::Record(fields), Value::Map(entries)) => {
                fields
                    .iter()
                    .all(|(name, ty)| ty.holds(entries.get(name).unwrap_or(&Value::Null)))
                    && entries
                        .keys()
                        .all(|key| fields.iter().any(|(name, _)| name == key))
            }
            _ => false,
        }
    }

    /// The type of a value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Int(_) => Self::Int,
            Value::Number(_) => Self::Number,
            Value::Text(_) => Self::Text,
            Value::Duration(_) => Self::Duration,
            Value::Size(_) => Self::Size,
            Value::Time(_) => Self::Time,
            Value::Secret(_) => Self::Secret,
            Value::Resource(resource) => Self::Resource(vec![resource.kind]),
            Value::List(items) => Self::list(
                items
                    .iter()
                    .map(Self::of)
                    .reduce(|a, b| a.join(&b))
                    .unwrap_or(Self::Any),
            ),
            Value::Map(entries) => Self::Record(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), Self::of(value)))
                    .collect(),
            ),
        }
    }

    /// The words for messages: `a whole number`, `a list of text`.
    pub fn words(&self) -> String {
        match self {
            Self::Any => "anything".to_owned(),
            Self::Null => "nothing".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Int => "a whole number".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Duration => "a duration such as `90s` or `2h30m`".to_owned(),
            Self::Size => "a size such as `512MiB`".to_owned(),
            Self::Time => "a time such as `2026-11-21T02:00:00Z`".to_owned(),
            Self::Secret => "a secret".to_owned(),
            Self::Resource(kinds) => {
                let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
                format!("a resource of kind {}", names.join(" or "))
            }
            Self::List(of) => match of.as_ref() {
                Self::Any => "a list".to_owned(),
                of => format!("a list, each item {}", of.words()),
            },
            Self::Map(_) | Self::Record(_) => "a mapping".to_owned(),
            Self::Optional(of) => of.words(),
        }
    }
}

impl fmt::Display for Type {
    /// As it is written in a runbook: `list<aws/asg|ec2-instance>`, with `?` behind what may be
    /// nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Number => f.write_str("number"),
            Self::Text => f.write_str("string"),
            Self::Duration => f.write_str("duration"),
            Self::Size => f.write_str("size"),
            Self::Time => f.write_str("timestamp"),
            Self::Secret => f.write_str("secret"),
            Self::Resource(kinds) => {
                let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
                write!(f, "aws/{}", names.join("|"))
            }
            Self::List(of) => write!(f, "list<{of}>"),
            Self::Map(of) => write!(f, "map<{of}>"),
            Self::Record(fields) => {
                f.write_str("{")?;
                for (index, (name, ty)) in fields.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{name}: {ty}")?;
                }
                f.write_str("}")
            }
            Self::Optional(of) => write!(f, "{of}?"),
        }
    }
}

/// Kinds of resources that a parameter may name.
pub const NAMEABLE: &[Kind] = &[
    Kind::EcsService,
    Kind::Asg,
    Kind::Ec2Instance,
    Kind::RdsInstance,
    Kind::RdsCluster,
    Kind::Redis,
    Kind::TargetGroup,
    Kind::Alarm,
    Kind::Queue,
    Kind::LogGroup,
    Kind::SagemakerEndpoint,
    Kind::NotebookInstance,
    Kind::Distribution,
    Kind::EcrRepository,
    Kind::Certificate,
    Kind::Pipeline,
    Kind::Lambda,
    Kind::Nodegroup,
];

/// The simple types by the names that authors write.
const SIMPLE: [(&str, Type); 8] = [
    ("string", Type::Text),
    ("int", Type::Int),
    ("number", Type::Number),
    ("bool", Type::Bool),
    ("duration", Type::Duration),
    ("size", Type::Size),
    ("timestamp", Type::Time),
    ("secret", Type::Secret),
];

/// Lists and mappings in a type may be inside each other this deep.
const MOST_LEVELS: usize = 4;

/// A text that is not the name of a type that a parameter may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a type")]
pub struct UnknownType {
    /// The part that is not understood.
    pub found: String,
}

/// All names of simple types and of resource types, for messages and editors.
pub fn type_names() -> Vec<String> {
    let simple = SIMPLE.iter().map(|(name, _)| (*name).to_owned());
    simple
        .chain(NAMEABLE.iter().map(|kind| format!("aws/{kind}")))
        .collect()
}

impl FromStr for Type {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text.trim(), 0)
    }
}

fn parse(text: &str, level: usize) -> Result<Type, UnknownType> {
    let unknown = || UnknownType {
        found: text.to_owned(),
    };
    if level > MOST_LEVELS {
        return Err(unknown());
    }
    if let Some((_, ty)) = SIMPLE.iter().find(|(name, _)| *name == text) {
        return Ok(ty.clone());
    }
    for (prefix, wrap) in [
        ("list<", Type::List as fn(Box<Type>) -> Type),
        ("map<", Type::Map),
    ] {
        if let Some(rest) = text.strip_prefix(prefix) {
            let inner = rest.strip_suffix('>').ok_or_else(unknown)?;
            return Ok(wrap(Box::new(parse(inner.trim(), level + 1)?)));
        }
    }
    let kinds = text.strip_prefix("aws/").ok_or_else(unknown)?;
    let mut named = Vec::new();
    for word in kinds.split('|') {
        let kind: Kind = word.trim().parse().map_err(|_| unknown())?;
        if !NAMEABLE.contains(&kind) || named.contains(&kind) {
            return Err(unknown());
        }
        named.push(kind);
    }
    Ok(Type::Resource(named))
}

/// Why a value that was written down is not one of the type that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotOfType {
    /// In one line without a full stop.
    pub message: String,
}

/// Reads a value that an author or operator wrote, as the type wants it: text is a duration where a
/// duration is wanted. Nothing is guessed: a number is not text, and text is not a number.
pub fn read_literal(value: &Value, want: &Type) -> Result<Value, NotOfType> {
    let refused = |message: String| Err(NotOfType { message });
    match (want, value) {
        (Type::Optional(_), Value::Null) => Ok(Value::Null),
        (Type::Optional(of), value) => read_literal(value, of),
        (Type::Duration, Value::Text(text)) => match parse_duration(text) {
            Ok(duration) => Ok(Value::Duration(duration)),
            Err(error) => refused(error.to_string()),
        },
        (Type::Size, Value::Text(text)) => match parse_size(text) {
            Some(size) => Ok(Value::Size(size)),
            None => refused(format!("{} is not a size such as `512MiB`", quoted(text))),
        },
        (Type::Time, Value::Text(text)) => match text.parse() {
            Ok(time) => Ok(Value::Time(time)),
            Err(_) => refused(format!(
                "{} is not a time such as `2026-11-21T02:00:00Z`",
                quoted(text)
            )),
        },
        (Type::List(of), Value::List(items)) => {
            let items = items.iter().map(|item| read_literal(item, of));
            items.collect::<Result<_, _>>().map(Value::List)
        }
        (Type::Map(of), Value::Map(entries)) => {
            let entries = entries
                .iter()
                .map(|(key, value)| Ok((key.clone(), read_literal(value, of)?)));
            entries.collect::<Result<_, _>>().map(Value::Map)
        }
        // A resource is written down by its name.
        (Type::Resource(_), Value::Text(_)) => Ok(value.clone()),
        (want, value) if want.holds(value) => Ok(value.clone()),
        (want, value) => {
            let found = match value {
                Value::Text(text) if matches!(want, Type::Int | Type::Number) && is_zero_led(text) => {
                    format!("{}: leave the 0 in front out", quoted(text))
                }
                Value::Text(text) => format!("the text {}", quoted(text)),
                Value::Int(_) | Value::Number(_) | Value::Bool(_) => format!("`{value}`"),
                other => other.kind_name().to_owned(),
            };
            refused(format!("{} is wanted, found {found}", want.words()))
        }
    }
}

/// Digits with a zero in front, which YAML takes for text here.
fn is_zero_led(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn types_are_read_as_they_are_shown() {
        for text in [
            "string",
            "int",
            "list<string>",
            "map<list<int>>",
            "aws/asg",
            "list<aws/asg|ec2-instance>",
            "secret",
            "duration",
        ] {
            assert_eq!(text.parse::<Type>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "str",
            "list",
            "list<>",
            "list<string",
            "aws/",
            "aws/gpu",
            "aws/asg|asg",
            "string?",
            "list<list<list<list<list<int>>>>>",
        ] {
            assert!(text.parse::<Type>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_fits_where() {
        let fits = |want: &str, have: &str| {
            let read = |text: &str| match text.strip_suffix('?') {
                Some(inner) => Type::optional(inner.parse().unwrap()),
                None => text.parse().unwrap(),
            };
            read(want).accepts(&read(have))
        };
        for (want, have, expected) in [
            ("number", "int", true),
            ("int", "number", false),
            ("string", "aws/asg", true),
            ("aws/asg", "string", true),
            ("aws/asg|ec2-instance", "aws/asg", true),
            ("aws/asg", "aws/asg|ec2-instance", false),
            ("list<number>", "list<int>", true),
            ("string?", "string", true),
            ("string", "string?", false),
            ("string", "secret", false),
            ("duration", "int", false),
        ] {
            assert_eq!(fits(want, have), expected, "{want} <- {have}");
        }
        assert!(Type::optional(Type::Text).accepts(&Type::Null));
        assert!(!Type::Text.accepts(&Type::Null));
    }

    proptest! {
        #[test]
        fn any_text_is_a_type_or_refused(text in "[a-z<>|/ ]{0,40}") {
            if let Ok(ty) = text.parse::<Type>() {
                prop_assert_eq!(ty.to_string().parse::<Type>().unwrap(), ty);
            }
        }
    }
}

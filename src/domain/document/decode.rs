//! A tree as a serde data source, so that any type with `Deserialize` can be read from it.
//!
//! Serde stops at the first mistake; that is why a [`super::Schema`] goes first and finds them all.
//! What gets past it and still fails is reported with its place.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, Deserialize, DeserializeSeed, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::{Entry, Node, Value};
use crate::domain::diagnostic::{Diagnostic, Span};

/// Reads a typed value from a tree. A key without a value counts as left out, so that it takes its
/// default.
pub fn decode<'de, T: Deserialize<'de>>(root: &'de Node) -> Result<T, Diagnostic> {
    T::deserialize(Cursor(root))
        .map_err(|error| Diagnostic::error(error.span.unwrap_or(root.span), error.message))
}

/// A node as serde's source of data.
#[derive(Clone, Copy)]
struct Cursor<'de>(&'de Node);

/// Why a value does not fit its type.
#[derive(Debug)]
struct DecodeError {
    span: Option<Span>,
    message: String,
}

impl DecodeError {
    /// Keeps the innermost place.
    fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            span: None,
            message: message.to_string(),
        }
    }
}

impl<'de> IntoDeserializer<'de, DecodeError> for Cursor<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Cursor<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.0.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter().map(Cursor))),
            Value::Map(entries) => visitor.visit_map(MapDeserializer::new(
                entries
                    .iter()
                    .filter(|entry| entry.value.value != Value::Null)
                    .map(|Entry { key, value }| (key.text.as_str(), Cursor(value))),
            )),
        }
        .map_err(|error| error.at(self.0.span))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match &self.0.value {
            Value::Text(variant) => visitor.visit_enum(StrDeserializer::new(variant)),
            Value::Map(entries) => match entries.as_slice() {
                [entry] => visitor.visit_enum(Tagged(entry)),
                _ => Err(de::Error::custom("one key was expected here, the kind")),
            },
            _ => Err(de::Error::custom("the name of a kind was expected here")),
        }
        .map_err(|error| error.at(self.0.span))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

/// `kind: {…}`, the notation of an enum whose variants carry something.
struct Tagged<'de>(&'de Entry);

impl<'de> de::EnumAccess<'de> for Tagged<'de> {
    type Error = DecodeError;
    type Variant = Cursor<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Cursor<'de>), DecodeError> {
        let variant = seed
            .deserialize(StrDeserializer::<DecodeError>::new(&self.0.key.text))
            .map_err(|error| error.at(self.0.key.span))?;
        Ok((variant, Cursor(&self.0.value)))
    }
}

impl<'de> de::VariantAccess<'de> for Cursor<'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        match self.0.value {
            Value::Null => Ok(()),
            _ => Err(<DecodeError as de::Error>::custom("this kind takes no value").at(self.0.span)),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, DecodeError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, DecodeError> {
        de::Deserializer::deserialize_any(self, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        de::Deserializer::deserialize_any(self, visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::super::Key;
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "kebab-case")]
    enum Action {
        Stop,
        Scale { desired: u32 },
        Say(String),
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct All {
        flag: bool,
        ratio: f64,
        nothing: Option<u8>,
        some: Option<u8>,
        actions: Vec<Action>,
        rest: BTreeMap<String, i64>,
    }

    fn node(value: Value) -> Node {
        Node {
            span: Span::new(7, 9),
            value,
        }
    }

    fn text(text: &str) -> Node {
        node(Value::Text(text.to_owned()))
    }

    fn map<const N: usize>(entries: [(&str, Node); N]) -> Node {
        node(Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| Entry {
                    key: Key {
                        span: Span::new(1, 2),
                        text: key.to_owned(),
                    },
                    value,
                })
                .collect(),
        ))
    }

    #[test]
    fn every_kind_of_value_is_decoded() {
        let root = map([
            ("flag", node(Value::Bool(true))),
            ("ratio", node(Value::Integer(2))),
            ("nothing", node(Value::Null)),
            ("some", node(Value::Integer(3))),
            (
                "actions",
                node(Value::List(vec![
                    text("stop"),
                    map([("scale", map([("desired", node(Value::Integer(4)))]))]),
                    map([("say", text("hi"))]),
                ])),
            ),
            ("rest", map([("a", node(Value::Integer(-1)))])),
        ]);
        assert_eq!(
            decode::<All>(&root),
            Ok(All {
                flag: true,
                ratio: 2.0,
                nothing: None,
                some: Some(3),
                actions: vec![
                    Action::Stop,
                    Action::Scale { desired: 4 },
                    Action::Say("hi".to_owned()),
                ],
                rest: BTreeMap::from([("a".to_owned(), -1)]),
            })
        );
    }

    #[test]
    fn what_does_not_fit_is_reported_at_the_innermost_place() {
        let mut inner = text("many");
        inner.span = Span::new(30, 34);
        let root = map([("scale", map([("desired", inner)]))]);
        let diagnostic = decode::<Action>(&root).expect_err("it is no number");
        assert_eq!(diagnostic.span, Span::new(30, 34));
        assert!(diagnostic.message.contains("invalid type"));

        let diagnostic = decode::<Action>(&map([("sclae", node(Value::Null))])).expect_err("typo");
        assert_eq!(diagnostic.span, Span::new(1, 2));
    }
}

//! From a Rust type to everything that its file format needs: the JSON schema for editors, the shape
//! for our own check, and the reading of a file with all its mistakes. The doc comments of the type
//! are the descriptions in all of them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::domain::diagnostic::{Diagnostic, Source};
use crate::domain::document::{Field, Node, Parsed, Schema, Shape, decode};

/// A file as far as it could be read.
pub(super) struct Reading<T> {
    pub(super) source: Source,
    /// What is wrong with its notation and shape.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The value and its tree, for checks of meaning. If something was wrong, that is left out of
    /// both, so the value is good for nothing but finding more mistakes.
    pub(super) value: Option<(T, Node)>,
}

/// Reads a parsed file as a `T`, and finds everything in which it differs from one.
pub(super) fn read<T: DeserializeOwned>(parsed: Parsed, schema: &Schema) -> Reading<T> {
    let Parsed {
        source,
        root,
        is_reliable,
        mut diagnostics,
    } = parsed;
    let Some(root) = root.filter(|_| is_reliable) else {
        return Reading {
            source,
            diagnostics,
            value: None,
        };
    };
    let checked = schema.check(&source, root);
    let fits = checked.diagnostics.is_empty();
    diagnostics.extend(checked.diagnostics);
    let value = checked.usable.and_then(|root| match decode(&root) {
        Ok(value) => Some((value, root)),
        Err(diagnostic) => {
            // After other mistakes this is their consequence, such as a key that is missing now.
            diagnostics.extend(Some(diagnostic).filter(|_| fits));
            None
        }
    });
    Reading {
        source,
        diagnostics,
        value,
    }
}

/// The JSON schema of a type as a file: draft 7, which every editor understands.
pub(super) fn json_schema<T: JsonSchema>() -> String {
    let mut schema = SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    polish(&mut schema);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// Unfolds descriptions, and lets an editor accept what the reader accepts: an optional key without
/// a value.
fn polish(json: &mut Json) {
    match json {
        Json::Object(schema) => {
            if let Some(Json::String(description)) = schema.get_mut("description") {
                *description = description.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            let required = schema.get("required").cloned().unwrap_or_default();
            let is_required = |key: &str| {
                required
                    .as_array()
                    .is_some_and(|keys| keys.iter().any(|k| k == key))
            };
            if let Some(Json::Object(properties)) = schema.get_mut("properties") {
                for (key, property) in properties.iter_mut() {
                    if let Some(kind @ Json::String(_)) = property.get_mut("type")
                        && !is_required(key)
                    {
                        *kind = Json::Array(vec![kind.take(), "null".into()]);
                    }
                }
            }
            schema.values_mut().for_each(polish);
        }
        Json::Array(items) => items.iter_mut().for_each(polish),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// The shape of a type.
pub(super) fn shape<T: JsonSchema>() -> Schema {
    let schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>();
    let json = schema.to_value();
    let named = json
        .get("$defs")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
        .map(|(name, definition)| (name.clone(), shape_of(definition)))
        .collect::<BTreeMap<_, _>>();
    Schema {
        root: shape_of(&json),
        named,
    }
}

/// The shape that a JSON schema describes, as far as the schemas made from our types go.
fn shape_of(json: &Json) -> Shape {
    if let Some(target) = json.get("$ref").and_then(Json::as_str) {
        return Shape::Named(target.rsplit('/').next().unwrap_or(target).to_owned());
    }
    if let Some(only) = json.get("const") {
        return choice(std::slice::from_ref(only));
    }
    if let Some(words) = json.get("enum").and_then(Json::as_array) {
        return choice(words);
    }
    for keyword in ["oneOf", "anyOf"] {
        if let Some(schemas) = json.get(keyword).and_then(Json::as_array) {
            return alternatives(schemas);
        }
    }
    match json.get("type") {
        Some(Json::String(kind)) => of_kind(kind, json),
        Some(Json::Array(kinds)) => {
            let shapes: Vec<Shape> = kinds
                .iter()
                .filter_map(Json::as_str)
                .filter(|kind| *kind != "null")
                .map(|kind| of_kind(kind, json))
                .collect();
            let nullable = kinds.iter().any(|kind| kind == "null");
            optional(one_of(shapes), nullable)
        }
        _ => Shape::Anything,
    }
}

fn choice(words: &[Json]) -> Shape {
    let nullable = words.iter().any(Json::is_null);
    let words = words.iter().filter_map(Json::as_str).map(str::to_owned);
    optional(Shape::Choice(words.collect()), nullable)
}

fn alternatives(schemas: &[Json]) -> Shape {
    let is_null = |json: &&Json| json.get("type").and_then(Json::as_str) == Some("null");
    let nullable = schemas.iter().any(|json| is_null(&json));
    let mut words = Vec::new();
    let mut shapes = Vec::new();
    for schema in schemas.iter().filter(|json| !is_null(json)) {
        match shape_of(schema) {
            Shape::Choice(more) => words.extend(more),
            other => shapes.push(other),
        }
    }
    if !words.is_empty() {
        shapes.push(Shape::Choice(words));
    }
    optional(one_of(shapes), nullable)
}

fn one_of(mut shapes: Vec<Shape>) -> Shape {
    match (shapes.pop(), shapes.is_empty()) {
        (None, _) => Shape::Anything,
        (Some(only), true) => only,
        (Some(last), false) => {
            shapes.push(last);
            Shape::Either(shapes)
        }
    }
}

fn optional(shape: Shape, nullable: bool) -> Shape {
    if nullable {
        Shape::Optional(Box::new(shape))
    } else {
        shape
    }
}

fn of_kind(kind: &str, json: &Json) -> Shape {
    match kind {
        "boolean" => Shape::Switch,
        "string" => Shape::Text,
        "integer" => {
            let unsigned = json
                .get("format")
                .and_then(Json::as_str)
                .is_some_and(|format| format.starts_with("uint"));
            Shape::Whole {
                min: bound(json, "minimum").map_or(if unsigned { 0 } else { i64::MIN }, |n| n as i64),
                max: bound(json, "maximum")
                    .map_or(if unsigned { i64::from(u32::MAX) } else { i64::MAX }, |n| {
                        n as i64
                    }),
            }
        }
        "number" => Shape::Number {
            min: bound(json, "minimum").unwrap_or(f64::MIN),
            max: bound(json, "maximum").unwrap_or(f64::MAX),
        },
        "array" => Shape::List {
            of: Box::new(json.get("items").map_or(Shape::Anything, shape_of)),
            at_least: json
                .get("minItems")
                .and_then(Json::as_u64)
                .and_then(|least| usize::try_from(least).ok())
                .unwrap_or(0),
        },
        "object" => match (json.get("properties"), json.get("additionalProperties")) {
            (Some(Json::Object(properties)), _) => Shape::Record(
                properties
                    .iter()
                    .map(|(name, property)| field(name, property, json))
                    .collect(),
            ),
            (_, Some(of @ Json::Object(_))) => Shape::Table(Box::new(shape_of(of))),
            _ => Shape::Anything,
        },
        _ => Shape::Anything,
    }
}

fn field(name: &str, property: &Json, record: &Json) -> Field {
    let required = record
        .get("required")
        .and_then(Json::as_array)
        .is_some_and(|required| required.iter().any(|key| key == name));
    let about = property
        .get("description")
        .and_then(Json::as_str)
        .unwrap_or_default();
    Field {
        name: name.to_owned(),
        required,
        about: about.to_owned(),
        shape: shape_of(property),
    }
}

fn bound(json: &Json, keyword: &str) -> Option<f64> {
    json.get(keyword).and_then(Json::as_f64)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::config::yaml;
    use crate::domain::diagnostic::Report;
    use pretty_assertions::assert_eq;

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        /// As blood.
        Red,
        /// As the sky.
        Blue,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(untagged)]
    enum Size {
        Number(u32),
        Name(String),
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Part {
        /// Name of the part. It is shown.
        name: String,
        colour: Option<Colour>,
        #[schemars(range(min = 0.0, max = 1.0))]
        share: Option<f64>,
        size: Option<Size>,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Whole {
        #[schemars(length(min = 1))]
        parts: Vec<Part>,
        #[serde(default)]
        limits: BTreeMap<String, i64>,
        #[serde(default)]
        strict: bool,
    }

    fn read_yaml(text: &str) -> Result<Whole, String> {
        let reading = read(yaml::parse("x.yaml", text.as_bytes()), &shape::<Whole>());
        match reading.value {
            Some((value, _)) if reading.diagnostics.is_empty() => Ok(value),
            _ => Err(Report::new(reading.source, reading.diagnostics).to_string()),
        }
    }

    fn holds_anything(schema: &Schema, shape: &Shape) -> bool {
        match shape {
            Shape::Anything => true,
            Shape::Named(name) => !schema.named.contains_key(name),
            Shape::List { of, .. } | Shape::Table(of) | Shape::Optional(of) => holds_anything(schema, of),
            Shape::Either(shapes) => shapes.iter().any(|shape| holds_anything(schema, shape)),
            Shape::Record(fields) => fields.iter().any(|field| holds_anything(schema, &field.shape)),
            Shape::Switch | Shape::Whole { .. } | Shape::Number { .. } | Shape::Text | Shape::Choice(_) => {
                false
            }
        }
    }

    #[test]
    fn nothing_of_a_type_is_left_unchecked() {
        let settings = crate::config::settings::shape();
        for schema in [&shape::<Whole>(), crate::config::estate::shape(), &settings] {
            assert!(!holds_anything(schema, &schema.root));
            for (name, shape) in &schema.named {
                assert!(!holds_anything(schema, shape), "{name}");
            }
        }
    }

    #[test]
    fn a_right_file_is_read() {
        let text = "\
parts:
  - name: door
    colour: red
    share: 1
    size: 3
  - {name: wall, size: big, colour: }
limits: {a: -1}
";
        assert_eq!(
            read_yaml(text),
            Ok(Whole {
                parts: vec![
                    Part {
                        name: "door".to_owned(),
                        colour: Some(Colour::Red),
                        share: Some(1.0),
                        size: Some(Size::Number(3)),
                    },
                    Part {
                        name: "wall".to_owned(),
                        colour: None,
                        share: None,
                        size: Some(Size::Name("big".to_owned())),
                    },
                ],
                limits: BTreeMap::from([("a".to_owned(), -1)]),
                strict: false,
            })
        );
    }

    #[test]
    fn every_mistake_of_a_wrong_file_is_reported_at_once() {
        let text = "\
parts:
  - nmae: door
    colour: rde
    share: 1.5
  - name: 7
    size: [1]
  - colour: blue
limits: {a: x}
strict: yes
more: 1
";
        let report = read_yaml(text).expect_err("it is full of mistakes");
        assert_eq!(
            report,
            "\
x.yaml:2:5: error: unknown key `nmae` in `parts[0]`
  |
2 |   - nmae: door
  |     ^^^^ did you mean `name`?
  = keys here: colour, name, share, size

x.yaml:3:13: error: `parts[0].colour` cannot be `rde`
  |
3 |     colour: rde
  |             ^^^ did you mean `red`?
  = expected `red` or `blue`

x.yaml:4:12: error: `parts[0].share` must be a number from 0 to 1, found the number 1.5
  |
4 |     share: 1.5
  |            ^^^

x.yaml:5:11: error: `parts[1].name` must be text, found the number 7
  |
5 |   - name: 7
  |           ^ write \"7\"
  = name: Name of the part

x.yaml:6:11: error: `parts[1].size` must be a whole number of at least 0 or text, found a list
  |
6 |     size: [1]
  |           ^^^

x.yaml:7:5: error: `parts[2]` has no key `name`
  |
7 |   - colour: blue
  |     ^^^^^^
  = name: Name of the part

x.yaml:8:13: error: `limits.a` must be a whole number, found the text `x`
  |
8 | limits: {a: x}
  |             ^

x.yaml:9:9: error: `strict` must be true or false, found the text `yes`
  |
9 | strict: yes
  |         ^^^ write true

x.yaml:10:1: error: unknown key `more`
   |
10 | more: 1
   | ^^^^ not a key of this place
   = keys here: limits, parts, strict

9 errors in x.yaml"
        );
    }

    #[test]
    fn an_empty_list_can_be_too_short() {
        let report = read_yaml("parts: []\n").expect_err("one is needed");
        assert!(report.contains("`parts` needs at least 1 item"), "{report}");
    }
}

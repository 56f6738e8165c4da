//! The JSON schema of runbooks, for editors: made from the same table that checks a file, and from
//! the schemas of the actions.

use serde_json::{Map, Value as Json, json};

use super::file;
use super::schema::{ActionSchema, Catalogue, FieldSchema, Presence, Role};
use super::types::Type;
use crate::domain::document::{Field, Shape};

/// The schema, draft 7, which every editor understands.
pub fn json_schema(catalogue: &Catalogue) -> String {
    let schema = file::shape();
    let mut root = object(match &schema.root {
        Shape::Record(fields) => fields,
        _ => &[],
    });
    let mut definitions = Map::new();
    for (name, shape) in &schema.named {
        definitions.insert(name.clone(), of_shape(shape));
    }
    choose(&mut definitions, "Step", "action", catalogue, Role::Action);
    choose(&mut definitions, "Check", "check", catalogue, Role::Check);
    choose(&mut definitions, "Guard", "check", catalogue, Role::Check);
    if let Json::Object(root) = &mut root {
        root.insert(
            "$schema".to_owned(),
            json!("http://json-schema.org/draft-07/schema#"),
        );
        root.insert("title".to_owned(), json!("quarterdeck runbook"));
        root.insert("definitions".to_owned(), Json::Object(definitions));
    }
    let mut text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text.push('\n');
    text
}

fn object(fields: &[Field]) -> Json {
    let mut properties = Map::new();
    for field in fields {
        let mut property = of_shape(&field.shape);
        // The reader takes a key without a value for one that was left out.
        if !field.required {
            property = json!({"anyOf": [property, {"type": "null"}]});
        }
        if let Json::Object(property) = &mut property {
            property.insert("description".to_owned(), json!(field.about));
        }
        properties.insert(field.name.clone(), property);
    }
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name.as_str())
        .collect();
    let mut object = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if let (Json::Object(object), false) = (&mut object, required.is_empty()) {
        object.insert("required".to_owned(), json!(required));
    }
    object
}

fn of_shape(shape: &Shape) -> Json {
    match shape {
        Shape::Anything => json!({}),
        Shape::Switch => json!({"type": "boolean"}),
        Shape::Whole { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Shape::Number { min, max } => json!({"type": "number", "minimum": min, "maximum": max}),
        Shape::Text => json!({"type": "string", "minLength": 1}),
        Shape::Choice(words) => json!({"enum": words}),
        Shape::List { of, at_least } => json!({"type": "array", "items": of_shape(of), "minItems": at_least}),
        Shape::Table(of) => json!({"type": "object", "additionalProperties": of_shape(of)}),
        Shape::Record(fields) => object(fields),
        Shape::Optional(of) => json!({"anyOf": [of_shape(of), {"type": "null"}]}),
        Shape::Either(shapes) => json!({"anyOf": shapes.iter().map(of_shape).collect::<Vec<_>>()}),
        Shape::Named(name) => json!({"$ref": format!("#/definitions/{name}")}),
    }
}

/// Ties `with` to what was chosen under `key`, and offers the names there are.
fn choose(definitions: &mut Map<String, Json>, shape: &str, key: &str, catalogue: &Catalogue, role: Role) {
    let Some(Json::Object(definition)) = definitions.get_mut(shape) else {
        return;
    };
    let mut names: Vec<&str> = catalogue.of_role(role).map(|schema| schema.name).collect();
    if role == Role::Check {
        names.push("expr");
    }
    let described: Vec<Json> = names
        .iter()
        .map(|name| match catalogue.get(name) {
            Some(schema) => json!({"const": name, "description": schema.summary()}),
            None => json!({"const": name, "description": "An expression, under `that`, must be true"}),
        })
        .collect();
    if let Some(Json::Object(property)) = definition
        .get_mut("properties")
        .and_then(|properties| properties.get_mut(key))
    {
        property.remove("type");
        property.remove("minLength");
        property.remove("anyOf");
        property.insert("oneOf".to_owned(), Json::Array(described));
    }
    let cases: Vec<Json> = catalogue
        .of_role(role)
        .map(|schema| {
            let mut then = json!({"properties": {"with": with(schema)}});
            let needs_with = schema
                .fields
                .iter()
                .any(|field| field.presence == Presence::Required);
            if let (Json::Object(then), true) = (&mut then, needs_with) {
                then.insert("required".to_owned(), json!(["with"]));
            }
            json!({
                "if": {"properties": {key: {"const": schema.name}}, "required": [key]},
                "then": then,
            })
        })
        .collect();
    if !cases.is_empty() {
        definition.insert("allOf".to_owned(), Json::Array(cases));
    }
}

fn with(schema: &ActionSchema) -> Json {
    let mut properties = Map::new();
    for field in &schema.fields {
        properties.insert(field.name.to_owned(), of_field(field));
    }
    let required: Vec<&str> = schema
        .fields
        .iter()
        .filter(|field| field.presence == Presence::Required)
        .map(|field| field.name)
        .collect();
    let mut object = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if let (Json::Object(object), false) = (&mut object, required.is_empty()) {
        object.insert("required".to_owned(), json!(required));
    }
    object
}

fn of_field(field: &FieldSchema) -> Json {
    let expression = json!({"type": "string", "pattern": "\\$\\{"});
    let literal = if field.one_of.is_empty() {
        of_type(&field.ty)
    } else {
        json!({"enum": field.one_of})
    };
    let mut schemas = vec![literal, expression];
    let about = match field.presence {
        Presence::Required => field.about.to_owned(),
        Presence::Otherwise(otherwise) => {
            schemas.push(json!({"type": "null"}));
            format!("{} Left out: {otherwise}.", field.about)
        }
    };
    json!({"anyOf": schemas, "description": about})
}

/// What may be written for a value of a type, beside an expression.
fn of_type(ty: &Type) -> Json {
    match ty {
        Type::Any | Type::Record(_) => json!({}),
        Type::Null => json!({"type": "null"}),
        Type::Bool => json!({"type": "boolean"}),
        Type::Int => json!({"type": "integer"}),
        Type::Number => json!({"type": "number"}),
        Type::Text | Type::Resource(_) | Type::Secret => json!({"type": "string"}),
        Type::Duration => json!({"type": "string", "pattern": "^(\\d+w)?(\\d+d)?(\\d+h)?(\\d+m)?(\\d+s)?$"}),
        Type::Size => json!({"type": "string", "pattern": "^\\d+ *([KMGT]iB|B)$"}),
        Type::Time => json!({"type": "string", "format": "date-time"}),
        Type::List(of) => {
            let item = json!({"anyOf": [of_type(of), {"type": "string", "pattern": "\\$\\{"}]});
            json!({"type": "array", "items": item})
        }
        Type::Map(of) => json!({"type": "object", "additionalProperties": of_type(of)}),
        Type::Optional(of) => json!({"anyOf": [of_type(of), {"type": "null"}]}),
    }
}

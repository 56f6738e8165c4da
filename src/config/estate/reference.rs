//! The reference tables of `docs/estate-file.md`, made from the format itself.

use std::fmt::Write as _;

use super::shape;
use crate::domain::document::{Field, Schema, Shape};
use crate::domain::policy::{Setting, Side, Thresholds};

/// Every key of an estate file, as Markdown.
pub fn reference() -> String {
    let schema = shape();
    let mut out = String::new();
    if let Shape::Record(fields) = schema.resolve(&schema.root) {
        section(&mut out, schema, "", fields);
    }
    thresholds(&mut out);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// One table for a mapping, then those of the mappings inside it.
fn section(out: &mut String, schema: &Schema, path: &str, fields: &[Field]) {
    let title = if path.is_empty() {
        "The file".to_owned()
    } else {
        format!("`{path}`")
    };
    line(out, &format!("### {title}\n"));
    line(out, "| key | value | meaning |\n|---|---|---|");
    for field in fields {
        let required = if field.required { ", required" } else { "" };
        let about = field.about.split_whitespace().collect::<Vec<_>>().join(" ");
        let value = value(schema, &field.shape);
        line(
            out,
            &format!("| `{}` | {value}{required} | {about} |", field.name),
        );
    }
    line(out, "");
    for field in fields {
        let key = if path.is_empty() {
            field.name.clone()
        } else {
            format!("{path}.{}", field.name)
        };
        // Their own table has units and defaults.
        if key != "thresholds" {
            nested(out, schema, &key, &field.shape);
        }
    }
}

fn nested(out: &mut String, schema: &Schema, path: &str, shape: &Shape) {
    match schema.resolve(shape) {
        Shape::Record(fields) => section(out, schema, path, fields),
        Shape::Optional(inner) => nested(out, schema, path, inner),
        Shape::List { of, .. } => nested(out, schema, &format!("{path}[]"), of),
        Shape::Table(of) => nested(out, schema, &format!("{path}.NAME"), of),
        Shape::Anything
        | Shape::Switch
        | Shape::Whole { .. }
        | Shape::Number { .. }
        | Shape::Text
        | Shape::Choice(_)
        | Shape::Either(_)
        | Shape::Named(_) => {}
    }
}

fn value(schema: &Schema, shape: &Shape) -> String {
    match schema.resolve(shape) {
        Shape::Anything | Shape::Named(_) => "anything".to_owned(),
        Shape::Switch => "`true` or `false`".to_owned(),
        Shape::Whole { .. } => "whole number".to_owned(),
        Shape::Number { .. } => "number".to_owned(),
        Shape::Text => "text".to_owned(),
        Shape::Choice(words) => words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", "),
        Shape::List { of, .. } => match schema.resolve(of) {
            Shape::Record(_) => "list of mappings".to_owned(),
            _ => format!("list of {}", value(schema, of)),
        },
        Shape::Table(of) => match schema.resolve(of) {
            Shape::Record(_) => "mapping of names to mappings".to_owned(),
            _ => format!("mapping of names to {}", value(schema, of)),
        },
        Shape::Record(_) => "mapping".to_owned(),
        Shape::Optional(inner) => value(schema, inner),
        Shape::Either(shapes) => shapes
            .iter()
            .map(|shape| value(schema, shape))
            .collect::<Vec<_>>()
            .join(" or "),
    }
}

fn thresholds(out: &mut String) {
    line(
        out,
        "### `thresholds`\n\n\
         Most have two levels, `{warn: …, crit: …}`, and a level that is left out keeps its default; \
         those with one default are plain numbers.\n\n\
         | key | measure | unit | range | warn | crit |\n|---|---|---|---|---|---|",
    );
    for threshold in Thresholds::ALL {
        let about = threshold.about.trim().trim_end_matches('.');
        let levels = match threshold.default {
            Setting::Value(number) => format!("{number} |"),
            Setting::Limit(limit) => {
                let sign = match limit.side {
                    Side::Above => '≥',
                    Side::Below => '≤',
                };
                format!("{sign} {} | {sign} {}", limit.warn, limit.crit)
            }
        };
        line(
            out,
            &format!(
                "| `{}` | {about} | {} | {} to {} | {levels} |",
                threshold.name, threshold.unit, threshold.min, threshold.max
            ),
        );
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

//! The reference part of the documentation, made from the code that reads and checks runbooks, so
//! that it says what is true.

use super::expr::FUNCTIONS;
use super::facts::{self, FactType};
use super::file;
use super::model::Source;
use super::schema::{ActionSchema, Catalogue, Completion, Presence, Risk, Role};
use super::types::NAMEABLE;
use crate::domain::document::{Field, Shape};
use crate::domain::policy::ConfirmLevel;

/// The reference of the format, of the expressions and of what they see, as Markdown.
pub fn format_reference() -> String {
    let mut out = String::new();
    let schema = file::shape();
    out.push_str("### The file\n\n");
    if let Shape::Record(fields) = &schema.root {
        out.push_str(&table(fields));
    }
    for name in file::NAMED {
        if let Some(Shape::Record(fields)) = schema.named.get(name) {
            out.push_str(&format!("\n### {}\n\n", heading(name)));
            out.push_str(&table(fields));
        }
    }
    out.push_str("\n### Functions of expressions\n\n| Call | Gives |\n|---|---|\n");
    for function in &FUNCTIONS {
        out.push_str(&format!("| `{}` | {} |\n", function.usage, cell(function.about)));
    }
    out.push_str("\n### What can be listed under `from:`\n\n| `list` | Type | `where` |\n|---|---|---|\n");
    for &source in Source::ALL {
        let filters: Vec<String> = source
            .filters()
            .iter()
            .map(|filter| format!("`{filter}`"))
            .collect();
        let ty = cell(&source.ty().to_string());
        out.push_str(&format!("| `{source}` | `{ty}` | {} |\n", filters.join(", ")));
    }
    out.push_str("\n### Facts of resources\n\nEvery resource has `name`, `id` and `kind`.\n\n| Kind | Fact | Type | What it is |\n|---|---|---|---|\n");
    for &kind in NAMEABLE {
        for fact in facts::of_kind(kind) {
            let ty = fact.ty.ty().present().to_string();
            let unknown = if fact.ty == FactType::Tags { "" } else { "?" };
            out.push_str(&format!(
                "| `{kind}` | `{}` | `{ty}{unknown}` | {} |\n",
                fact.name,
                cell(fact.about)
            ));
        }
    }
    out
}

/// The reference of all actions and checks, as Markdown.
pub fn action_reference(catalogue: &Catalogue) -> String {
    let mut out = String::new();
    for (role, title) in [(Role::Action, "Actions"), (Role::Check, "Checks")] {
        out.push_str(&format!("## {title}\n"));
        for schema in catalogue.of_role(role) {
            out.push('\n');
            out.push_str(&one(schema));
        }
        if role == Role::Action {
            out.push('\n');
        }
    }
    out
}

/// One action or check, as Markdown.
pub fn one(schema: &ActionSchema) -> String {
    let mut out = format!("### {}\n\n{}\n", schema.name, schema.about.trim());
    if schema.role == Role::Action {
        let risk = match schema.risk {
            Risk::Read => "changes nothing",
            Risk::Reversible => "reversible",
            Risk::Disruptive => "disruptive: it can be put back, but users or work may notice",
            Risk::Irreversible => "irreversible",
        };
        let floor = match schema.floor {
            ConfirmLevel::None => "none",
            ConfirmLevel::Ack => "`ack`",
            ConfirmLevel::TypeName => "`type_name`",
        };
        out.push_str(&format!("\nRisk: {risk}. Confirmation at least: {floor}."));
        if schema.completion == Completion::Awaited {
            out.push_str(" Needs `wait: {timeout: …}`.");
        }
        out.push('\n');
    }
    if !schema.fields.is_empty() {
        out.push_str("\n| `with` | Type | Left out | What it is |\n|---|---|---|---|\n");
        for field in &schema.fields {
            let ty = if field.one_of.is_empty() {
                format!("`{}`", cell(&field.ty.to_string()))
            } else {
                let words: Vec<String> = field.one_of.iter().map(|word| format!("`{word}`")).collect();
                words.join(", ")
            };
            let otherwise = match field.presence {
                Presence::Required => "must be given",
                Presence::Otherwise(otherwise) => otherwise,
            };
            out.push_str(&format!(
                "| `{}` | {ty} | {} | {} |\n",
                field.name,
                cell(otherwise),
                cell(field.about)
            ));
        }
    }
    for (outputs, title) in [(&schema.outputs, "`results`"), (&schema.live, "`live`")] {
        if outputs.is_empty() {
            continue;
        }
        out.push_str(&format!("\n| {title} | Type | What it is |\n|---|---|---|\n"));
        for output in outputs {
            out.push_str(&format!(
                "| `{}` | `{}` | {} |\n",
                output.name,
                cell(&output.ty.to_string()),
                cell(output.about)
            ));
        }
    }
    out
}

fn heading(name: &str) -> String {
    match name {
        "Param" => "A parameter (`params.NAME`)".to_owned(),
        "From" => "Where values come from (`from`)".to_owned(),
        "Target" => "Where it may run (`target`)".to_owned(),
        "Limits" => "Limits (`limits`)".to_owned(),
        "Offer" => "An offer (`offers`)".to_owned(),
        "Check" => "A check (`preconditions`, `verify`)".to_owned(),
        "Guard" => "A guard (`guards`)".to_owned(),
        "Confirm" => "Confirmation (`confirm`)".to_owned(),
        "Step" => "A step (`steps`, `block`, `rescue`, `always`)".to_owned(),
        "Concurrency" => "Items at once (`concurrency`)".to_owned(),
        "Retry" => "Trying again (`retry`)".to_owned(),
        "Backoff" => "Time between attempts (`backoff`)".to_owned(),
        "Wait" => "Waiting (`wait`)".to_owned(),
        "Afterwards" => "What is offered next (`afterwards`)".to_owned(),
        other => other.to_owned(),
    }
}

fn table(fields: &[Field]) -> String {
    let mut out = String::from("| Key | Value | What it means |\n|---|---|---|\n");
    for field in fields {
        let needed = if field.required { " **Must be given.**" } else { "" };
        out.push_str(&format!(
            "| `{}` | {} | {}{needed} |\n",
            field.name,
            words(&field.shape),
            cell(&field.about)
        ));
    }
    out
}

fn words(shape: &Shape) -> String {
    match shape {
        Shape::Anything => "a value".to_owned(),
        Shape::Switch => "`true` or `false`".to_owned(),
        Shape::Whole { min, .. } => format!("a whole number from {min}"),
        Shape::Number { min, max } => format!("a number from {min} to {max}"),
        Shape::Text => "text".to_owned(),
        Shape::Choice(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            words.join(", ")
        }
        Shape::List { of, .. } => format!("list: {}", words(of)),
        Shape::Table(of) => format!("by name: {}", words(of)),
        Shape::Record(_) => "mapping".to_owned(),
        Shape::Optional(of) => words(of),
        Shape::Either(shapes) => shapes.iter().map(words).collect::<Vec<_>>().join(" or "),
        Shape::Named(name) => heading(name)
            .split(" (")
            .next()
            .unwrap_or_default()
            .to_lowercase(),
    }
}

/// Text inside a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

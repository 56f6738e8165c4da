//! The check that finds everything in a tree that is not of its shape.
//!
//! So that the check of meaning, which comes next, can go on in the same pass, the tree is also put
//! right as far as that goes: what is wrong is left out, and a misspelt key is taken for the one
//! that was meant.

use std::collections::{HashMap, HashSet};

use super::shape::{Field, Schema, Shape};
use super::{Entry, Key, Node, Value};
use crate::domain::diagnostic::{Diagnostic, Source, Span, nearest, quoted};

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// Everything that does not fit.
    pub diagnostics: Vec<Diagnostic>,
    /// The tree without what does not fit; missing if nothing is left. If nothing was found, it is
    /// the tree itself.
    pub usable: Option<Node>,
}

impl Schema {
    /// Finds everything in a tree that is not of this shape.
    pub fn check(&self, source: &Source, root: Node) -> Checked {
        let mut check = Check {
            schema: self,
            source,
            found: Vec::new(),
            refused: HashSet::new(),
            renamed: HashMap::new(),
        };
        check.node(&self.root, &root, &Place::root());
        let usable = if check.found.is_empty() {
            Some(root)
        } else {
            check.repaired(&root)
        };
        Checked {
            diagnostics: check.found,
            usable,
        }
    }
}

/// Where the check is, in the words of the author: `scopes[0].region`.
struct Place<'a> {
    path: String,
    about: &'a str,
}

impl Place<'_> {
    fn root() -> Self {
        Self {
            path: String::new(),
            about: "",
        }
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// The path in backquotes, or words for the whole.
    fn named(&self) -> String {
        if self.path.is_empty() {
            "this file".to_owned()
        } else {
            quoted(&self.path)
        }
    }
}

struct Check<'a> {
    schema: &'a Schema,
    source: &'a Source,
    found: Vec<Diagnostic>,
    /// Places of keys and values that must not be used.
    refused: HashSet<Span>,
    /// Places of misspelt keys, and what they are taken for.
    renamed: HashMap<Span, String>,
}

impl Check<'_> {
    /// Reports a value that cannot be used.
    fn refuse(&mut self, node: &Node, diagnostic: Diagnostic) {
        self.refused.insert(node.span);
        self.found.push(diagnostic);
    }

    /// The tree with misspelt keys put right and without what was refused.
    fn repaired(&self, node: &Node) -> Option<Node> {
        if self.refused.contains(&node.span) {
            return None;
        }
        let value = match &node.value {
            Value::Map(entries) => Value::Map(
                entries
                    .iter()
                    .filter(|entry| !self.refused.contains(&entry.key.span))
                    .filter_map(|entry| {
                        let Key { span, text } = &entry.key;
                        let text = self.renamed.get(span).unwrap_or(text).clone();
                        Some(Entry {
                            key: Key { span: *span, text },
                            value: self.repaired(&entry.value)?,
                        })
                    })
                    .collect(),
            ),
            Value::List(items) => Value::List(items.iter().filter_map(|item| self.repaired(item)).collect()),
            Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_) => {
                node.value.clone()
            }
        };
        Some(Node {
            span: node.span,
            value,
        })
    }

    fn node(&mut self, shape: &Shape, node: &Node, place: &Place<'_>) {
        let schema = self.schema;
        match (schema.resolve(shape), &node.value) {
            (Shape::Anything, _) | (Shape::Switch, Value::Bool(_)) | (Shape::Optional(_), Value::Null) => {}
            (Shape::Optional(inner), _) => self.node(inner, node, place),
            (Shape::Either(shapes), _) => match shapes.iter().find(|shape| self.is_kind(shape, node)) {
                Some(shape) => self.node(shape, node, place),
                None => self.wrong(shape, node, place),
            },
            (Shape::Whole { min, max }, Value::Integer(number)) if (min..=max).contains(&number) => {}
            (Shape::Number { min, max }, Value::Integer(number))
                if (*min..=*max).contains(&(*number as f64)) => {}
            (Shape::Number { min, max }, Value::Float(number))
                if number.is_finite() && (*min..=*max).contains(number) => {}
            (Shape::Text, Value::Text(text)) => {
                if text.trim().is_empty() {
                    let message = format!("{} is empty", place.named());
                    self.refuse(node, with_about(Diagnostic::error(node.span, message), place));
                }
            }
            (Shape::Choice(words), Value::Text(text)) => self.choice(words, text, node, place),
            (Shape::List { of, at_least }, Value::List(items)) => {
                if items.len() < *at_least {
                    let items = if *at_least == 1 { "item" } else { "items" };
                    let message = format!("{} needs at least {at_least} {items}", place.named());
                    self.refuse(node, with_about(Diagnostic::error(node.span, message), place));
                }
                for (index, item) in items.iter().enumerate() {
                    let place = Place {
                        path: format!("{}[{index}]", place.path),
                        about: place.about,
                    };
                    self.node(of, item, &place);
                }
                // Without one item the places of the others would be wrong.
                if items.iter().any(|item| self.refused.contains(&item.span)) {
                    self.refused.insert(node.span);
                }
            }
            (Shape::Table(of), Value::Map(entries)) => {
                for entry in entries {
                    let place = Place {
                        path: place.key(&entry.key.text),
                        about: place.about,
                    };
                    self.node(of, &entry.value, &place);
                }
            }
            (Shape::Record(fields), Value::Map(_)) => self.record(fields, node, place),
            _ => self.wrong(shape, node, place),
        }
    }

    fn record(&mut self, fields: &[Field], node: &Node, place: &Place<'_>) {
        let Value::Map(entries) = &node.value else {
            return;
        };
        let mut meant = Vec::new();
        for entry in entries {
            let key = &entry.key.text;
            if let Some(field) = fields.iter().find(|field| field.name == *key) {
                self.value(field, entry, place);
                continue;
            }
            let absent = || fields.iter().filter(|field| node.get(&field.name).is_none());
            let meant_here = nearest(key, absent().map(|field| field.name.as_str()))
                .filter(|guess| !meant.contains(guess))
                .and_then(|guess| absent().find(|field| field.name == guess));
            let guess = meant_here
                .map(|field| field.name.as_str())
                .or_else(|| nearest(key, fields.iter().map(|field| field.name.as_str())));
            let within = if place.path.is_empty() {
                String::new()
            } else {
                format!(" in {}", place.named())
            };
            let message = format!("unknown key {}{within}", quoted(key));
            self.found.push(
                Diagnostic::error(entry.key.span, message)
                    .label(guess.map_or_else(
                        || "not a key of this place".to_owned(),
                        |guess| format!("did you mean `{guess}`?"),
                    ))
                    .note(keys_here(fields, key)),
            );
            if let Some(field) = meant_here {
                meant.push(field.name.as_str());
                self.renamed.insert(entry.key.span, field.name.clone());
                self.value(field, entry, place);
            } else {
                self.refused.insert(entry.key.span);
            }
        }
        let mut is_usable = true;
        for field in fields.iter().filter(|field| field.required) {
            let name = field.name.as_str();
            let given = entries.iter().find(|entry| {
                let key = &entry.key;
                let meant = self.renamed.get(&key.span).unwrap_or(&key.text);
                meant == name
            });
            if let Some(entry) = given {
                is_usable &= !self.refused.contains(&entry.value.span);
                continue;
            }
            is_usable = false;
            let span = entries.first().map_or(node.span, |first| first.key.span);
            let message = format!("{} has no key `{name}`", place.named());
            let place = Place {
                path: field.name.clone(),
                about: &field.about,
            };
            self.found
                .push(with_about(Diagnostic::error(span, message), &place));
        }
        if !is_usable {
            self.refused.insert(node.span);
        }
    }

    fn value(&mut self, field: &Field, entry: &Entry, place: &Place<'_>) {
        // A key whose value is left out counts as left out itself.
        if field.required || entry.value.value != Value::Null {
            let place = Place {
                path: place.key(&field.name),
                about: &field.about,
            };
            self.node(&field.shape, &entry.value, &place);
        }
    }

    fn choice(&mut self, words: &[String], text: &str, node: &Node, place: &Place<'_>) {
        if words.iter().any(|word| word == text) {
            return;
        }
        let guess = nearest(text, words.iter().map(String::as_str));
        let message = format!("{} cannot be {}", place.named(), quoted(text));
        let diagnostic = Diagnostic::error(node.span, message)
            .label(guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?")))
            .note(format!("expected {}", alternatives(words)));
        self.refuse(node, with_about(diagnostic, place));
    }

    fn wrong(&mut self, shape: &Shape, node: &Node, place: &Place<'_>) {
        let message = format!(
            "{} must be {}, found {}",
            place.named(),
            self.expected(shape),
            node.described()
        );
        let diagnostic = Diagnostic::error(node.span, message).label(self.remedy(shape, node));
        self.refuse(node, with_about(diagnostic, place));
    }

    /// What to write instead, where that can be said.
    fn remedy(&self, shape: &Shape, node: &Node) -> String {
        let written = self.source.slice(node.span);
        let one_line = !written.is_empty() && written.len() <= 60 && !written.contains('\n');
        match (self.schema.resolve(shape), &node.value) {
            (Shape::Optional(inner), _) => self.remedy(inner, node),
            (Shape::Choice(words), _) if !words.iter().any(|word| word == written) => String::new(),
            (Shape::Text | Shape::Choice(_), Value::Integer(_) | Value::Float(_) | Value::Bool(_))
                if one_line =>
            {
                format!("write \"{written}\"")
            }
            (Shape::Switch, Value::Text(text)) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => "write true".to_owned(),
                "false" | "no" | "off" | "n" => "write false".to_owned(),
                _ => String::new(),
            },
            (Shape::Whole { .. } | Shape::Number { .. }, Value::Text(text))
                if text.parse::<f64>().is_ok_and(f64::is_finite) =>
            {
                format!("write {text} without quotes")
            }
            (Shape::List { of, .. }, Value::Text(_) | Value::Integer(_) | Value::Float(_))
                if one_line && self.is_kind(of, node) =>
            {
                format!("write [{written}]")
            }
            (Shape::List { .. }, Value::Map(_)) => "begin each item with `-`".to_owned(),
            _ => String::new(),
        }
    }

    fn expected(&self, shape: &Shape) -> String {
        match self.schema.resolve(shape) {
            Shape::Anything | Shape::Named(_) => "anything".to_owned(),
            Shape::Switch => "true or false".to_owned(),
            Shape::Whole { min, max } => format!(
                "a whole number{}",
                range(
                    (*min > i64::MIN).then_some(*min),
                    (*max < i64::from(u32::MAX)).then_some(*max)
                )
            ),
            Shape::Number { min, max } => format!(
                "a number{}",
                range(
                    (*min > f64::MIN).then_some(*min),
                    (*max < f64::MAX).then_some(*max)
                )
            ),
            Shape::Text => "text".to_owned(),
            Shape::Choice(words) => alternatives(words),
            Shape::List { .. } => "a list".to_owned(),
            Shape::Table(_) => "a mapping".to_owned(),
            Shape::Record(fields) if fields.len() > 3 => "a mapping".to_owned(),
            Shape::Record(fields) => {
                let keys: Vec<String> = fields.iter().map(|field| format!("`{}`", field.name)).collect();
                format!("a mapping with {}", keys.join(", "))
            }
            Shape::Optional(inner) => self.expected(inner),
            Shape::Either(shapes) => {
                let all: Vec<String> = shapes.iter().map(|shape| self.expected(shape)).collect();
                all.join(" or ")
            }
        }
    }

    /// Whether the value is of the shape's kind, whatever else is wrong with it.
    fn is_kind(&self, shape: &Shape, node: &Node) -> bool {
        match self.schema.resolve(shape) {
            Shape::Anything | Shape::Named(_) => true,
            Shape::Switch => matches!(node.value, Value::Bool(_)),
            Shape::Whole { .. } => matches!(node.value, Value::Integer(_)),
            Shape::Number { .. } => matches!(node.value, Value::Integer(_) | Value::Float(_)),
            Shape::Text | Shape::Choice(_) => matches!(node.value, Value::Text(_)),
            Shape::List { .. } => matches!(node.value, Value::List(_)),
            Shape::Table(_) | Shape::Record(_) => matches!(node.value, Value::Map(_)),
            Shape::Optional(inner) => matches!(node.value, Value::Null) || self.is_kind(inner, node),
            Shape::Either(shapes) => shapes.iter().any(|shape| self.is_kind(shape, node)),
        }
    }
}

/// The keys of a place; of a great many only those that share their first word with the one found.
fn keys_here(fields: &[Field], found: &str) -> String {
    const READABLE: usize = 20;
    let all: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    if all.len() <= READABLE {
        return format!("keys here: {}", all.join(", "));
    }
    let word = found.split(['_', '-']).next().unwrap_or_default();
    let alike: Vec<&str> = all
        .iter()
        .filter(|name| name.split('_').next() == Some(word))
        .copied()
        .collect();
    if alike.is_empty() {
        format!(
            "{} keys are valid here, such as {}",
            all.len(),
            all[..3].join(", ")
        )
    } else {
        format!("keys here that begin with {word}: {}", alike.join(", "))
    }
}

fn with_about(diagnostic: Diagnostic, place: &Place<'_>) -> Diagnostic {
    let first = first_sentence(place.about);
    if first.is_empty() {
        diagnostic
    } else {
        let key = place.path.rsplit('.').next().unwrap_or_default();
        let key = key.split('[').next().unwrap_or_default();
        diagnostic.note(format!("{key}: {first}"))
    }
}

/// The first sentence of a description, on one line and without its full stop.
fn first_sentence(about: &str) -> String {
    let line = about.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = line.find(". ").unwrap_or(line.len());
    line[..end].trim_end_matches('.').to_owned()
}

fn range<T: std::fmt::Display>(min: Option<T>, max: Option<T>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!(" from {min} to {max}"),
        (Some(min), None) => format!(" of at least {min}"),
        (None, Some(max)) => format!(" of at most {max}"),
        (None, None) => String::new(),
    }
}

fn alternatives(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

//! Functions on values.

use super::Evaluation;
use super::compute::{binary, finite, order};
use crate::domain::glob::Glob;
use crate::runbook::expr::ast::{Argument, Node, Op};
use crate::runbook::expr::functions::Id;
use crate::runbook::expr::names::{EvalError, Names};
use crate::runbook::expr::{MOST_ITEMS, MOST_TEXT};
use crate::runbook::value::Value;

impl Evaluation {
    pub(super) fn call(
        &mut self,
        node: &Node,
        function: Id,
        arguments: &[Argument],
        names: &Names<'_>,
    ) -> Result<Value, EvalError> {
        let mut plain = Vec::new();
        let mut lambda = None;
        for argument in arguments {
            match argument {
                Argument::Value(value) => plain.push((value, self.node(value, names)?)),
                Argument::Lambda { item, body } => lambda = Some((item.as_str(), body)),
            }
        }
        // The parser has counted the arguments.
        let Some(((first_node, first), rest)) = plain.split_first() else {
            return Err(self.error(node, "an argument is missing"));
        };
        self.spend(first.size(), node)?;
        match function {
            Id::All | Id::Any | Id::Count | Id::Filter | Id::Map | Id::Sum | Id::Min | Id::Max => {
                let Value::List(items) = first else {
                    let message = format!("a list is wanted here, this is {}", first.kind_name());
                    return Err(self.error(first_node, message));
                };
                self.over_items(node, function, items, lambda, names)
            }
            _ => {
                let rest: Vec<&Value> = rest.iter().map(|(_, value)| value).collect();
                let value = if function == Id::Unique {
                    self.unique(node, first)?
                } else {
                    plainly(function, first, &rest).map_err(|message| self.error(node, message))?
                };
                self.bounded(node, value)
            }
        }
    }

    fn over_items(
        &mut self,
        node: &Node,
        function: Id,
        items: &[Value],
        lambda: Option<(&str, &Node)>,
        names: &Names<'_>,
    ) -> Result<Value, EvalError> {
        if matches!(function, Id::All | Id::Any | Id::Count | Id::Filter) {
            let Some((item, body)) = lambda else {
                return Err(self.error(node, "a condition is missing"));
            };
            let mut kept = Vec::new();
            for value in items {
                let inner = Names::within(names).with(item, value.clone());
                let holds = self.condition(body, &inner)?;
                match (function, holds) {
                    (Id::All, false) => return Ok(Value::Bool(false)),
                    (Id::Any, true) => return Ok(Value::Bool(true)),
                    (Id::Count | Id::Filter, true) => kept.push(value.clone()),
                    _ => {}
                }
            }
            return Ok(match function {
                Id::All => Value::Bool(true),
                Id::Any => Value::Bool(false),
                Id::Count => Value::Int(kept.len() as i64),
                _ => Value::List(kept),
            });
        }
        let mut values = Vec::with_capacity(items.len());
        let mut held = 1;
        for value in items {
            let value = match lambda {
                Some((item, body)) => {
                    let inner = Names::within(names).with(item, value.clone());
                    self.node(body, &inner)?
                }
                None => value.clone(),
            };
            held += value.size();
            if held > MOST_ITEMS {
                return Err(self.error(node, format!("the list holds more than {MOST_ITEMS} values")));
            }
            values.push(value);
        }
        let fail = |message: String| self.error(node, message);
        match function {
            Id::Map => Ok(Value::List(values)),
            Id::Sum => {
                let mut values = values.into_iter();
                let Some(first) = values.next() else {
                    return Ok(Value::Int(0));
                };
                if !matches!(
                    first,
                    Value::Int(_) | Value::Number(_) | Value::Duration(_) | Value::Size(_)
                ) {
                    return Err(fail(format!("{} cannot be summed", first.kind_name())));
                }
                values
                    .try_fold(first, |sum, value| binary(Op::Add, &sum, &value))
                    .map_err(fail)
            }
            _ => {
                let wanted = if function == Id::Min {
                    std::cmp::Ordering::Less
                } else {
                    std::cmp::Ordering::Greater
                };
                let mut best: Option<Value> = None;
                for value in values {
                    let better = match &best {
                        // So that a list of one thing without an order is an error too.
                        None => order(&value, &value).map(|_| true),
                        Some(best) => order(&value, best).map(|order| order == wanted),
                    };
                    if better.map_err(fail)? {
                        best = Some(value);
                    }
                }
                Ok(best.unwrap_or(Value::Null))
            }
        }
    }

    fn unique(&mut self, node: &Node, list: &Value) -> Result<Value, EvalError> {
        let Value::List(items) = list else {
            return Err(self.error(node, format!("a list is wanted, this is {}", list.kind_name())));
        };
        let mut kept: Vec<Value> = Vec::new();
        for item in items {
            if !self.contains(node, &kept, item)? {
                kept.push(item.clone());
            }
        }
        Ok(Value::List(kept))
    }
}

/// The functions that look at values alone.
fn plainly(function: Id, first: &Value, rest: &[&Value]) -> Result<Value, String> {
    match (function, first, rest) {
        (Id::Len, Value::List(items), _) => Ok(Value::Int(items.len() as i64)),
        (Id::Len, Value::Map(entries), _) => Ok(Value::Int(entries.len() as i64)),
        (Id::Len, Value::Text(text), _) => Ok(Value::Int(text.chars().count() as i64)),
        (Id::First, Value::List(items), _) => Ok(items.first().cloned().unwrap_or(Value::Null)),
        (Id::Last, Value::List(items), _) => Ok(items.last().cloned().unwrap_or(Value::Null)),
        (Id::Sort, Value::List(items), _) => sorted(items),
        (Id::Join, Value::List(items), []) => joined(items, ", "),
        (Id::Join, Value::List(items), [Value::Text(separator)]) => joined(items, separator),
        (Id::Split, Value::Text(text), [Value::Text(separator)]) => {
            if separator.is_empty() {
                return Err("the separator is empty".to_owned());
            }
            Ok(Value::List(
                text.split(separator.as_str()).map(Value::from).collect(),
            ))
        }
        (Id::Lower, Value::Text(text), _) => Ok(Value::Text(text.to_lowercase())),
        (Id::Upper, Value::Text(text), _) => Ok(Value::Text(text.to_uppercase())),
        (Id::Trim, Value::Text(text), _) => Ok(Value::text(text.trim())),
        (Id::StartsWith, Value::Text(text), [Value::Text(part)]) => {
            Ok(Value::Bool(text.starts_with(part.as_str())))
        }
        (Id::EndsWith, Value::Text(text), [Value::Text(part)]) => {
            Ok(Value::Bool(text.ends_with(part.as_str())))
        }
        (Id::Replace, Value::Text(text), [Value::Text(old), Value::Text(new)]) => replaced(text, old, new),
        (Id::Matches, Value::Text(text), [Value::Text(pattern)]) => {
            // The match takes the product of both lengths.
            if text.len() > 1_000 || pattern.len() > 1_000 {
                return Err("this is too long to be matched".to_owned());
            }
            Ok(Value::Bool(Glob::new(pattern.as_str()).matches(text)))
        }
        (Id::Text, Value::Secret(_), _) => Err("a secret cannot be made text".to_owned()),
        (Id::Text, value, _) => {
            if holds_secret(value) {
                return Err("a secret cannot be made text".to_owned());
            }
            Ok(Value::Text(value.to_string()))
        }
        (Id::Int, Value::Text(text), _) => text.parse().map(Value::Int).map_err(|_| {
            format!(
                "{} is not a whole number",
                crate::domain::diagnostic::quoted(text)
            )
        }),
        (Id::Int | Id::Round | Id::Floor | Id::Ceil, Value::Int(number), _) => Ok(Value::Int(*number)),
        (Id::Round, Value::Number(number), _) => whole(number.round()),
        (Id::Floor, Value::Number(number), _) => whole(number.floor()),
        (Id::Ceil, Value::Number(number), _) => whole(number.ceil()),
        (Id::Abs, Value::Int(number), _) => number
            .checked_abs()
            .map(Value::Int)
            .ok_or_else(|| "the result is too great".to_owned()),
        (Id::Abs, Value::Number(number), _) => finite(number.abs()),
        (Id::Seconds, Value::Duration(duration), _) => Ok(Value::Int(duration.as_secs())),
        (Id::Bytes, Value::Size(size), _) => i64::try_from(size.0)
            .map(Value::Int)
            .map_err(|_| "the result is too great".to_owned()),
        (Id::Get, Value::Map(entries), [Value::Text(key)]) => {
            Ok(entries.get(key).cloned().unwrap_or(Value::Null))
        }
        (Id::Keys, Value::Map(entries), _) => Ok(Value::List(
            entries.keys().map(|key| Value::text(key.as_str())).collect(),
        )),
        (_, first, rest) => {
            let given: Vec<&str> = std::iter::once(first)
                .chain(rest.iter().copied())
                .map(Value::kind_name)
                .collect();
            Err(format!("this function does not take {}", given.join(" and ")))
        }
    }
}

fn whole(number: f64) -> Result<Value, String> {
    // Up to here every whole number is exact.
    if number.abs() < 9_007_199_254_740_992.0 {
        Ok(Value::Int(number as i64))
    } else {
        Err("the result is too great".to_owned())
    }
}

fn sorted(items: &[Value]) -> Result<Value, String> {
    let mut items = items.to_vec();
    for pair in items.windows(2) {
        order(&pair[0], &pair[1])?;
    }
    // All neighbours have an order, so all are of one type, or are numbers.
    items.sort_by(|a, b| order(a, b).unwrap_or(std::cmp::Ordering::Equal));
    Ok(Value::List(items))
}

fn joined(items: &[Value], separator: &str) -> Result<Value, String> {
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        if holds_secret(item) {
            return Err("a secret cannot be made text".to_owned());
        }
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(&item.to_string());
        if out.len() > MOST_TEXT {
            return Err(format!("the text is longer than {MOST_TEXT} bytes"));
        }
    }
    Ok(Value::Text(out))
}

fn replaced(text: &str, old: &str, new: &str) -> Result<Value, String> {
    if old.is_empty() {
        return Err("the text to be replaced is empty".to_owned());
    }
    let times = text.matches(old).count();
    if text.len() + times * new.len() > MOST_TEXT * 2 {
        return Err(format!("the text is longer than {MOST_TEXT} bytes"));
    }
    Ok(Value::Text(text.replace(old, new)))
}

/// Whether a secret's place would be shown in text.
pub(in crate::runbook::expr) fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Secret(_) => true,
        Value::List(items) => items.iter().any(holds_secret),
        Value::Map(entries) => entries.values().any(holds_secret),
        _ => false,
    }
}

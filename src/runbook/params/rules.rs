//! What a parameter allows, and which parameter needs which.

use std::cmp::Ordering;

use crate::domain::diagnostic::{nearest, quoted};
use crate::runbook::model::{Origin, Param, Presence};
use crate::runbook::value::{Value, exact_duration, exact_size};

/// Everything in which a value is not what a parameter allows, in words; its type is taken to be
/// right.
pub fn violations(param: &Param, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match value {
        Value::Null => {}
        Value::List(items) => {
            let count = items.len();
            let (least, most) = (param.min_items.unwrap_or(0), param.max_items.unwrap_or(u32::MAX));
            if count < least as usize {
                found.push(format!("at least {} needed, found {count}", counted(least)));
            }
            if count > most as usize {
                found.push(format!("at most {} allowed, found {count}", counted(most)));
            }
            for item in items {
                one(param, item, &mut found);
            }
        }
        value => one(param, value, &mut found),
    }
    found
}

fn counted(number: u32) -> String {
    if number == 1 {
        "1 item is".to_owned()
    } else {
        format!("{number} items are")
    }
}

fn one(param: &Param, value: &Value, found: &mut Vec<String>) {
    if let Value::Secret(_) = value {
        return;
    }
    // What is chosen from the estate is looked up there; the choices are only what else is valid.
    let is_live = matches!(param.from, Some(Origin::Live(_)));
    let is_choice = param.one_of.iter().any(|choice| choice.value == *value);
    if is_choice {
        return;
    }
    if !param.one_of.is_empty() && !is_live {
        let words: Vec<String> = param
            .one_of
            .iter()
            .map(|choice| choice.value.to_string())
            .collect();
        let guess = nearest(&value.to_string(), words.iter().map(String::as_str));
        let guess = guess.map_or_else(String::new, |guess| format!("; did you mean `{guess}`?"));
        found.push(format!(
            "{} is not one of {}{guess}",
            quoted(&value.to_string()),
            words.join(", ")
        ));
    }
    if let (Some(pattern), Value::Text(text)) = (&param.pattern, value)
        && !pattern.matches(text)
    {
        found.push(format!(
            "{} does not match {}",
            quoted(text),
            quoted(pattern.as_str())
        ));
    }
    let bounds = [
        (&param.min, Ordering::Less, "least"),
        (&param.max, Ordering::Greater, "most"),
    ];
    for (bound, wrong, word) in bounds {
        let Some(bound) = bound else {
            continue;
        };
        if let Value::Text(text) = value {
            let length = text.chars().count() as i64;
            if bound.as_int().is_some_and(|bound| length.cmp(&bound) == wrong) {
                found.push(format!(
                    "{} has {length} characters, at {word} {} are allowed",
                    quoted(text),
                    bound.value
                ));
            }
        } else if compare(value, &bound.value) == Some(wrong) {
            found.push(format!(
                "{} is not allowed, at {word} {}",
                exact(value),
                exact(&bound.value)
            ));
        }
    }
}

fn exact(value: &Value) -> String {
    match value {
        Value::Duration(duration) => exact_duration(*duration),
        Value::Size(size) => exact_size(*size),
        other => other.to_string(),
    }
}

fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Number(b)) => (*a as f64).partial_cmp(b),
        (Value::Number(a), Value::Int(b)) => a.partial_cmp(&(*b as f64)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Size(a), Value::Size(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// Parameters in an order in which each comes after those that its default and its `from` refer to;
/// or some that need each other in a circle.
pub fn order(params: &[Param]) -> Result<Vec<&Param>, Vec<&Param>> {
    let needs: Vec<Vec<usize>> = params.iter().map(|param| needed(param, params)).collect();
    let mut order = Vec::new();
    let mut done = vec![false; params.len()];
    // Each round settles at least one, in the order of the file, unless there is a circle.
    while order.len() < params.len() {
        let before = order.len();
        for (index, param) in params.iter().enumerate() {
            if !done[index] && needs[index].iter().all(|need| done[*need]) {
                done[index] = true;
                order.push(param);
            }
        }
        if order.len() == before {
            return Err(circle(params, &needs, &done));
        }
    }
    Ok(order)
}

fn needed(param: &Param, params: &[Param]) -> Vec<usize> {
    let mut args = Vec::new();
    if let Presence::Default(default) = &param.presence {
        args.push(&default.value);
    }
    if let Some(Origin::Live(discovery)) = &param.from {
        args.extend(discovery.filters.iter().map(|(_, arg)| &arg.value));
    }
    let mut needed: Vec<usize> = args
        .into_iter()
        .flat_map(|arg| arg.exprs())
        .flat_map(crate::runbook::expr::Expr::references)
        .filter(|path| path.first().is_some_and(|root| root == "params"))
        .filter_map(|path| {
            params
                .iter()
                .position(|other| Some(&other.name.value) == path.get(1))
        })
        .collect();
    needed.sort_unstable();
    needed.dedup();
    needed
}

/// Follows needs from some parameter that cannot be settled until one comes round again.
fn circle<'a>(params: &'a [Param], needs: &[Vec<usize>], done: &[bool]) -> Vec<&'a Param> {
    let Some(mut at) = done.iter().position(|done| !done) else {
        return Vec::new();
    };
    let mut path: Vec<usize> = Vec::new();
    loop {
        if let Some(first) = path.iter().position(|seen| *seen == at) {
            return path[first..].iter().map(|index| &params[*index]).collect();
        }
        path.push(at);
        match needs[at].iter().find(|need| !done[**need]) {
            Some(next) => at = *next,
            None => return Vec::new(),
        }
    }
}

//! Operators on values.

use std::cmp::Ordering;

use jiff::SignedDuration;

use crate::domain::units::Bytes;
use crate::runbook::expr::ast::Op;
use crate::runbook::expr::{MOST_ITEMS, MOST_TEXT};
use crate::runbook::value::Value;

/// Whether two values are equal. Values of different types are not comparable, unless one of them
/// is nothing.
pub(super) fn same(a: &Value, b: &Value) -> Result<bool, String> {
    let comparable = match (a, b) {
        (Value::Null, _) | (_, Value::Null) => true,
        (Value::Int(_) | Value::Number(_), Value::Int(_) | Value::Number(_)) => true,
        (Value::Secret(_), _) | (_, Value::Secret(_)) => {
            return Err("a secret cannot be compared".to_owned());
        }
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    };
    if comparable {
        Ok(a == b)
    } else {
        Err(format!("{} and {} cannot be equal", a.kind_name(), b.kind_name()))
    }
}

/// Which of two values is greater.
pub(super) fn order(a: &Value, b: &Value) -> Result<Ordering, String> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Ok(a.cmp(b)),
        (Value::Int(_) | Value::Number(_), Value::Int(_) | Value::Number(_)) => {
            Ok(number(a).total_cmp(&number(b)))
        }
        (Value::Text(a), Value::Text(b)) => Ok(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Ok(a.cmp(b)),
        (Value::Size(a), Value::Size(b)) => Ok(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Ok(a.cmp(b)),
        (a, b) => Err(format!("{} and {} have no order", a.kind_name(), b.kind_name())),
    }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Int(number) => *number as f64,
        Value::Number(number) => *number,
        _ => f64::NAN,
    }
}

/// All operators but those that do not always look at both sides.
pub(super) fn binary(op: Op, a: &Value, b: &Value) -> Result<Value, String> {
    match op {
        Op::Equal => same(a, b).map(Value::Bool),
        Op::Unequal => same(a, b).map(|same| Value::Bool(!same)),
        Op::Less => order(a, b).map(|order| Value::Bool(order.is_lt())),
        Op::LessOrEqual => order(a, b).map(|order| Value::Bool(order.is_le())),
        Op::Greater => order(a, b).map(|order| Value::Bool(order.is_gt())),
        Op::GreaterOrEqual => order(a, b).map(|order| Value::Bool(order.is_ge())),
        Op::In => within(a, b).map(Value::Bool),
        Op::NotIn => within(a, b).map(|within| Value::Bool(!within)),
        Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Remainder => arithmetic(op, a, b),
        // These three never come here: they do not always look at both sides.
        Op::And | Op::Or | Op::Else => Err(format!("`{}` is out of place", op.symbol())),
    }
}

fn within(a: &Value, b: &Value) -> Result<bool, String> {
    match (a, b) {
        (a, Value::List(items)) => {
            for item in items {
                if same(a, item)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (Value::Text(part), Value::Text(whole)) => Ok(whole.contains(part.as_str())),
        (Value::Text(key), Value::Map(entries)) => Ok(entries.contains_key(key)),
        (a, b) => Err(format!("{} cannot be in {}", a.kind_name(), b.kind_name())),
    }
}

const TOO_GREAT: &str = "the result is too great";

fn arithmetic(op: Op, a: &Value, b: &Value) -> Result<Value, String> {
    let too_great = || TOO_GREAT.to_owned();
    match (op, a, b) {
        (Op::Divide | Op::Remainder, _, Value::Int(0)) => Err("division by 0".to_owned()),
        (Op::Divide | Op::Remainder, _, Value::Number(zero)) if *zero == 0.0 => {
            Err("division by 0".to_owned())
        }
        (Op::Add, Value::Int(a), Value::Int(b)) => a.checked_add(*b).map(Value::Int).ok_or_else(too_great),
        (Op::Subtract, Value::Int(a), Value::Int(b)) => {
            a.checked_sub(*b).map(Value::Int).ok_or_else(too_great)
        }
        (Op::Multiply, Value::Int(a), Value::Int(b)) => {
            a.checked_mul(*b).map(Value::Int).ok_or_else(too_great)
        }
        (Op::Remainder, Value::Int(a), Value::Int(b)) => {
            a.checked_rem_euclid(*b).map(Value::Int).ok_or_else(too_great)
        }
        (_, Value::Int(_) | Value::Number(_), Value::Int(_) | Value::Number(_)) => {
            let (a, b) = (number(a), number(b));
            finite(match op {
                Op::Add => a + b,
                Op::Subtract => a - b,
                Op::Multiply => a * b,
                Op::Divide => a / b,
                _ => a.rem_euclid(b),
            })
        }
        (Op::Add, Value::Text(a), Value::Text(b)) => {
            if a.len() + b.len() > MOST_TEXT {
                return Err(format!("the text is longer than {MOST_TEXT} bytes"));
            }
            Ok(Value::Text(format!("{a}{b}")))
        }
        (Op::Add, Value::List(a), Value::List(b)) => Ok(Value::List(a.iter().chain(b).cloned().collect())),
        (Op::Add, Value::Duration(a), Value::Duration(b)) => {
            a.checked_add(*b).map(Value::Duration).ok_or_else(too_great)
        }
        (Op::Subtract, Value::Duration(a), Value::Duration(b)) => a
            .checked_sub(*b)
            .filter(|rest| !rest.is_negative())
            .map(Value::Duration)
            .ok_or_else(|| "a duration cannot be negative".to_owned()),
        (Op::Multiply, Value::Duration(length), Value::Int(times))
        | (Op::Multiply, Value::Int(times), Value::Duration(length)) => i32::try_from(*times)
            .ok()
            .filter(|times| *times >= 0)
            .and_then(|times| length.checked_mul(times))
            .map(Value::Duration)
            .ok_or_else(too_great),
        (Op::Divide, Value::Duration(a), Value::Duration(b)) => finite(a.as_secs_f64() / b.as_secs_f64()),
        (Op::Divide, Value::Duration(length), Value::Int(parts)) => u32::try_from(*parts)
            .ok()
            .and_then(|parts| i32::try_from(parts).ok())
            .and_then(|parts| length.checked_div(parts))
            .map(Value::Duration)
            .ok_or_else(too_great),
        (Op::Add, Value::Size(a), Value::Size(b)) => {
            a.0.checked_add(b.0)
                .map(|sum| Value::Size(Bytes(sum)))
                .ok_or_else(too_great)
        }
        (Op::Subtract, Value::Size(a), Value::Size(b)) => {
            a.0.checked_sub(b.0)
                .map(|rest| Value::Size(Bytes(rest)))
                .ok_or_else(|| "a size cannot be negative".to_owned())
        }
        (Op::Multiply, Value::Size(size), Value::Int(times))
        | (Op::Multiply, Value::Int(times), Value::Size(size)) => u64::try_from(*times)
            .ok()
            .and_then(|times| size.0.checked_mul(times))
            .map(|product| Value::Size(Bytes(product)))
            .ok_or_else(too_great),
        (Op::Divide, Value::Size(a), Value::Size(b)) => finite(a.0 as f64 / b.0 as f64),
        (Op::Subtract, Value::Time(later), Value::Time(earlier)) => {
            let between = later.duration_since(*earlier);
            if between.is_negative() {
                return Err("the first time is before the second".to_owned());
            }
            Ok(Value::Duration(between))
        }
        (Op::Add, Value::Time(time), Value::Duration(length)) => moved(*time, *length).ok_or_else(too_great),
        (Op::Subtract, Value::Time(time), Value::Duration(length)) => {
            moved(*time, -*length).ok_or_else(too_great)
        }
        (op, a, b) => Err(format!(
            "{} `{}` {} cannot be computed",
            a.kind_name(),
            op.symbol(),
            b.kind_name()
        )),
    }
}

fn moved(time: jiff::Timestamp, by: SignedDuration) -> Option<Value> {
    time.checked_add(by).ok().map(Value::Time)
}

/// A number, if it is one.
pub(super) fn finite(number: f64) -> Result<Value, String> {
    if number.is_finite() {
        Ok(Value::Number(number))
    } else {
        Err(TOO_GREAT.to_owned())
    }
}

/// The value, if it is not larger than any value may be.
pub(super) fn bounded(value: Value) -> Result<Value, String> {
    match &value {
        Value::Text(text) if text.len() > MOST_TEXT => {
            Err(format!("the text is longer than {MOST_TEXT} bytes"))
        }
        Value::List(_) | Value::Map(_) if value.size() > MOST_ITEMS => {
            Err(format!("the list holds more than {MOST_ITEMS} values"))
        }
        _ => Ok(value),
    }
}

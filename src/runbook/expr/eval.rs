//! The value of an expression, in a bounded number of steps.

mod call;
mod compute;

pub(super) use self::call::holds_secret;
use self::compute::{binary, same};
use super::ast::{Access, Kind, Node, Op};
use super::names::{EvalError, Names};
use super::{MOST_STEPS, Place};
use crate::domain::diagnostic::{nearest, quoted};
use crate::runbook::facts;
use crate::runbook::value::{Resource, Value};

pub(super) fn evaluate(node: &Node, names: &Names<'_>, place: Place) -> Result<Value, EvalError> {
    Evaluation {
        place,
        left: MOST_STEPS,
    }
    .node(node, names)
}

struct Evaluation {
    place: Place,
    /// Steps that may still be taken.
    left: usize,
}

impl Evaluation {
    fn error(&self, node: &Node, message: impl Into<String>) -> EvalError {
        EvalError::new(message).at(self.place.span(node.start, node.end))
    }

    /// Counts work.
    fn spend(&mut self, steps: usize, node: &Node) -> Result<(), EvalError> {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.error(node, format!("this takes more than {MOST_STEPS} steps"))),
        }
    }

    fn node(&mut self, node: &Node, names: &Names<'_>) -> Result<Value, EvalError> {
        self.spend(1, node)?;
        match &node.kind {
            Kind::Literal(value) => Ok(value.clone()),
            Kind::Name(name) => match names.get(name) {
                Some(value) => {
                    // What is copied is counted.
                    self.spend(value.size(), node)?;
                    Ok(value.clone())
                }
                None => {
                    let guess = nearest(name, names.all());
                    Err(self.error(node, unknown("there is no", name, guess)))
                }
            },
            Kind::Part { .. } => {
                // Paths are followed by reference, so that reading one fact copies one fact.
                let value = self.part(node, names)?;
                self.spend(value.size(), node)?;
                Ok(value)
            }
            Kind::Item { of, index } => {
                let list = self.node(of, names)?;
                let index = self.node(index, names)?;
                self.item(node, &list, &index)
            }
            Kind::List(items) => {
                let items = items.iter().map(|item| self.node(item, names));
                items.collect::<Result<Vec<_>, _>>().map(Value::List)
            }
            Kind::Not(of) => match self.node(of, names)? {
                Value::Bool(value) => Ok(Value::Bool(!value)),
                other => {
                    let message = format!("`not` wants true or false, this is {}", other.kind_name());
                    Err(self.error(of, message))
                }
            },
            Kind::Negative(of) => match self.node(of, names)? {
                Value::Int(number) => number
                    .checked_neg()
                    .map(Value::Int)
                    .ok_or_else(|| self.error(node, "the result is too great")),
                Value::Number(number) => Ok(Value::Number(-number)),
                other => {
                    let message = format!("`-` wants a number, this is {}", other.kind_name());
                    Err(self.error(of, message))
                }
            },
            Kind::Choice { condition, yes, no } => {
                if self.condition(condition, names)? {
                    self.node(yes, names)
                } else {
                    self.node(no, names)
                }
            }
            Kind::Binary { op, left, right } => self.binary(node, *op, (left, right), names),
            Kind::Call { function, arguments } => self.call(node, function.id, arguments, names),
        }
    }

    /// A value that must be true or false.
    fn condition(&mut self, node: &Node, names: &Names<'_>) -> Result<bool, EvalError> {
        match self.node(node, names)? {
            Value::Bool(value) => Ok(value),
            other => {
                let message = format!("true or false is wanted here, this is {}", other.kind_name());
                Err(self.error(node, message))
            }
        }
    }

    fn binary(
        &mut self,
        node: &Node,
        op: Op,
        (left, right): (&Node, &Node),
        names: &Names<'_>,
    ) -> Result<Value, EvalError> {
        match op {
            Op::And => Ok(Value::Bool(
                self.condition(left, names)? && self.condition(right, names)?,
            )),
            Op::Or => Ok(Value::Bool(
                self.condition(left, names)? || self.condition(right, names)?,
            )),
            Op::Else => match self.node(left, names)? {
                Value::Null => self.node(right, names),
                value => Ok(value),
            },
            _ => {
                let (a, b) = (self.node(left, names)?, self.node(right, names)?);
                self.spend(a.size() + b.size(), node)?;
                let value = binary(op, &a, &b).map_err(|message| self.error(node, message))?;
                self.bounded(node, value)
            }
        }
    }

    /// Follows a path. The first name's value is borrowed for as long as possible.
    fn part(&mut self, node: &Node, names: &Names<'_>) -> Result<Value, EvalError> {
        let mut parts = Vec::new();
        let mut root = node;
        while let Kind::Part { of, name, access } = &root.kind {
            parts.push((root, of.as_ref(), name, *access));
            root = of;
        }
        self.spend(parts.len(), node)?;
        let computed;
        let mut at = match &root.kind {
            Kind::Name(name) => match names.get(name) {
                Some(value) => value,
                None => return self.node(root, names),
            },
            _ => {
                computed = self.node(root, names)?;
                &computed
            }
        };
        let mut owned: Value;
        for (place, of, name, access) in parts.into_iter().rev() {
            at = match at {
                Value::Null if access == Access::Lenient => return Ok(Value::Null),
                Value::Null => {
                    let message = format!(
                        "{} of nothing: write `?.{name}`, or give another value with `??`",
                        quoted(name)
                    );
                    return Err(self.error(of, message));
                }
                Value::Map(entries) => match entries.get(name) {
                    Some(value) => value,
                    None => {
                        let guess = nearest(name, entries.keys().map(String::as_str));
                        return Err(self.error(place, unknown("this has no", name, guess)));
                    }
                },
                Value::Resource(resource) => match self.fact(place, resource, name)? {
                    Some(value) => {
                        owned = value;
                        &owned
                    }
                    None => match resource.facts.get(name) {
                        Some(value) => value,
                        None => &Value::Null,
                    },
                },
                other => {
                    let message = format!(
                        "{} is read of {}, which has no parts",
                        quoted(name),
                        other.kind_name()
                    );
                    return Err(self.error(place, message));
                }
            };
        }
        Ok(at.clone())
    }

    /// A fact that every resource has; `None` if it is among those that were read.
    fn fact(&self, node: &Node, resource: &Resource, name: &str) -> Result<Option<Value>, EvalError> {
        match name {
            "name" => Ok(Some(Value::Text(resource.name.clone()))),
            "id" => Ok(Some(Value::Text(resource.id.clone()))),
            "kind" => Ok(Some(Value::text(resource.kind.name()))),
            _ if facts::of(resource.kind, name).is_some() => Ok(None),
            _ => {
                let guess = nearest(name, facts::names(resource.kind));
                let what = format!("{} has no", resource.kind);
                Err(self.error(node, unknown(&what, name, guess)))
            }
        }
    }

    fn item(&self, node: &Node, of: &Value, index: &Value) -> Result<Value, EvalError> {
        match (of, index) {
            (Value::List(items), Value::Int(index)) => {
                let at = if *index < 0 {
                    usize::try_from(index.unsigned_abs())
                        .ok()
                        .and_then(|back| items.len().checked_sub(back))
                } else {
                    usize::try_from(*index).ok()
                };
                at.and_then(|at| items.get(at)).cloned().ok_or_else(|| {
                    let message = format!("there is no item {index} in a list of {}", items.len());
                    self.error(node, message)
                })
            }
            (Value::Map(entries), Value::Text(key)) => entries.get(key).cloned().ok_or_else(|| {
                let guess = nearest(key, entries.keys().map(String::as_str));
                self.error(node, unknown("this has no", key, guess))
            }),
            (of, index) => {
                let message = format!("{} cannot be an index of {}", index.kind_name(), of.kind_name());
                Err(self.error(node, message))
            }
        }
    }

    fn bounded(&self, node: &Node, value: Value) -> Result<Value, EvalError> {
        compute::bounded(value).map_err(|message| self.error(node, message))
    }

    fn contains(&mut self, node: &Node, items: &[Value], wanted: &Value) -> Result<bool, EvalError> {
        self.spend(items.len(), node)?;
        for item in items {
            if same(item, wanted).map_err(|message| self.error(node, message))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// `there is no` and a name, with what was probably meant.
pub(super) fn unknown(what: &str, name: &str, guess: Option<&str>) -> String {
    let guess = guess.map_or_else(String::new, |guess| format!("; did you mean `{guess}`?"));
    format!("{what} {}{guess}", quoted(name))
}

//! Inputs of a step: literal values, expressions, and lists and mappings of both.

use std::collections::BTreeMap;

use super::Spanned;
use crate::runbook::expr::{EvalError, Expr, Names, Template};
use crate::runbook::schema::ActionSchema;
use crate::runbook::types::Type;
use crate::runbook::value::Value;

/// One key of `with:`.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The key.
    pub name: Spanned<String>,
    /// What it is set to.
    pub arg: Spanned<Arg>,
}

/// What an author wrote where a value is wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// A value as it stands there: nothing, a switch, a number or text.
    Literal(Value),
    /// `"${…}"` and nothing around it: the expression's value with its type.
    Expr(Expr),
    /// Text with `${…}` in it: always text.
    Template(Template),
    /// A list.
    List(Vec<Spanned<Arg>>),
    /// A mapping.
    Map(Vec<Input>),
}

impl Arg {
    /// The value, if there is no expression anywhere in it.
    pub fn as_literal(&self) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value.clone()),
            Self::List(items) => items
                .iter()
                .map(|item| item.as_literal())
                .collect::<Option<_>>()
                .map(Value::List),
            Self::Map(inputs) => inputs
                .iter()
                .map(|input| Some((input.name.value.clone(), input.arg.as_literal()?)))
                .collect::<Option<_>>()
                .map(Value::Map),
            Self::Expr(_) | Self::Template(_) => None,
        }
    }

    /// Every expression in it.
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Expr(expr) => vec![expr],
            Self::Template(template) => template.exprs().collect(),
            Self::List(items) => items.iter().flat_map(|item| item.exprs()).collect(),
            Self::Map(inputs) => inputs.iter().flat_map(|input| input.arg.exprs()).collect(),
        }
    }

    /// The value, as one of type `want`.
    ///
    /// A literal is read as the type wants it: `"20m"` is a duration where a duration is wanted. The
    /// value of an expression is what it is, and is never read again.
    pub fn evaluate(&self, want: &Type, names: &Names<'_>) -> Result<Value, EvalError> {
        match self {
            Self::Literal(value) => crate::runbook::types::read_literal(value, want)
                .map_err(|error| EvalError::new(error.to_string())),
            Self::Expr(expr) => {
                let value = expr.evaluate(names)?;
                fitting(value, want).map_err(|error| error.at(expr.span()))
            }
            Self::Template(template) => {
                let text = template.evaluate(names)?;
                fitting(Value::Text(text), want)
            }
            Self::List(items) => {
                let of = match want.present() {
                    Type::List(of) => of.as_ref(),
                    Type::Any => &Type::Any,
                    other => {
                        return Err(EvalError::new(format!(
                            "{} is wanted here, not a list",
                            other.words()
                        )));
                    }
                };
                let items = items
                    .iter()
                    .map(|item| item.evaluate(of, names).map_err(|error| error.at(item.span)));
                items.collect::<Result<_, _>>().map(Value::List)
            }
            Self::Map(inputs) => {
                let mut entries = BTreeMap::new();
                for input in inputs {
                    let of = match want.present() {
                        Type::Map(of) => of.as_ref(),
                        Type::Record(fields) => fields
                            .iter()
                            .find(|(name, _)| *name == *input.name.value)
                            .map_or(&Type::Any, |(_, ty)| ty),
                        _ => &Type::Any,
                    };
                    let value = input
                        .arg
                        .evaluate(of, names)
                        .map_err(|error| error.at(input.arg.span))?;
                    entries.insert(input.name.value.clone(), value);
                }
                fitting(Value::Map(entries), want)
            }
        }
    }
}

/// The value if it is of the type, a resource taken as what calls name it by where text is wanted.
fn fitting(value: Value, want: &Type) -> Result<Value, EvalError> {
    let value = match (value, want.present()) {
        (Value::Resource(resource), Type::Text) => Value::text(resource.handle()),
        (Value::List(items), Type::List(of)) => {
            let items = items.into_iter().map(|item| fitting(item, of));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        (value, _) => value,
    };
    let is_named = match (want.present(), &value) {
        (Type::Resource(_), Value::Text(_)) => true,
        // Each item has been looked at.
        (Type::List(_), Value::List(_)) => true,
        _ => false,
    };
    if is_named || want.holds(&value) {
        Ok(value)
    } else {
        Err(EvalError::new(format!(
            "{} is wanted, this is {}",
            want.words(),
            value.kind_name()
        )))
    }
}

/// All inputs of an action, evaluated. A field that is not given, or is given as nothing, is not in
/// the map.
pub fn inputs(
    with: &[Input],
    schema: &ActionSchema,
    names: &Names<'_>,
) -> Result<BTreeMap<&'static str, Value>, EvalError> {
    let mut values = BTreeMap::new();
    for input in with {
        // Lint has refused every key that the schema does not have.
        let Some(field) = schema.field(&input.name) else {
            return Err(EvalError::new(format!(
                "{} has no field `{}`",
                schema.name, *input.name
            )));
        };
        let value = input
            .arg
            .evaluate(&Type::optional(field.ty.clone()), names)
            .map_err(|error| error.at(input.arg.span))?;
        if let Value::Text(word) = &value
            && !field.one_of.is_empty()
            && !field.one_of.contains(&word.as_str())
        {
            let words = field.one_of.join(", ");
            let message = format!("`{}` takes one of {words}", field.name);
            return Err(EvalError::new(message).at(input.arg.span));
        }
        if value != Value::Null {
            values.insert(field.name, value);
        }
    }
    let missing = schema.fields.iter().find(|field| {
        field.presence == crate::runbook::schema::Presence::Required && !values.contains_key(field.name)
    });
    match missing {
        Some(field) => Err(EvalError::new(format!(
            "`{}` of {} has no value",
            field.name, schema.name
        ))),
        None => Ok(values),
    }
}

//! Types of function calls.

use super::{Checker, Known, comparable, described};
use crate::runbook::expr::ast::{Argument, Node};
use crate::runbook::expr::functions::{Function, Id};
use crate::runbook::types::Type;

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        function: &'static Function,
        arguments: &[Argument],
        known: &Known,
    ) -> Type {
        let mut types = Vec::new();
        let mut lambda = None;
        for argument in arguments {
            match argument {
                Argument::Value(value) => types.push((value, self.node(value, known))),
                Argument::Lambda { item, body } => {
                    let of = match types.first().map(|(_, ty)| ty) {
                        Some(Type::List(of)) => of.as_ref().clone(),
                        _ => Type::Any,
                    };
                    let inner = known.clone().with(item.clone(), of);
                    lambda = Some((body, self.node(body, &inner)));
                }
            }
        }
        let Some((first_node, first)) = types.first().cloned() else {
            return Type::Any;
        };
        let mut wants = |checker: &mut Self, index: usize, fits: bool, words: &str| {
            if let (false, Some((node, ty))) = (fits, types.get(index)) {
                let label = if matches!(ty, Type::Optional(_) | Type::Null) {
                    "it may be nothing: give another value with `??`"
                } else {
                    function.usage
                };
                let message = format!(
                    "`{}` wants {words} here, this is {}",
                    function.name,
                    described(ty)
                );
                checker.wrong(node, message, label);
            }
        };
        let texts = |checker: &mut Self, wants: &mut dyn FnMut(&mut Self, usize, bool, &str)| {
            for (index, (_, ty)) in types.iter().enumerate() {
                wants(checker, index, matches!(ty, Type::Text | Type::Any), "text");
            }
        };
        match function.id {
            Id::All | Id::Any | Id::Count | Id::Filter => {
                let of = self.list(first_node, &first);
                if let Some((body, ty)) = lambda
                    && !matches!(ty, Type::Bool | Type::Any)
                {
                    let label = if matches!(ty, Type::Optional(_)) {
                        "say what counts then: `?? false`"
                    } else {
                        ""
                    };
                    let message = format!("the condition must be true or false, this is {}", described(&ty));
                    self.wrong(body, message, label);
                }
                match function.id {
                    Id::Filter => Type::list(of),
                    Id::Count => Type::Int,
                    _ => Type::Bool,
                }
            }
            Id::Map => {
                self.list(first_node, &first);
                Type::list(lambda.map_or(Type::Any, |(_, ty)| ty))
            }
            Id::Sum | Id::Min | Id::Max => {
                let of = self.list(first_node, &first);
                let (at, ty) = lambda.unwrap_or((first_node, of));
                let fits = match ty {
                    Type::Int | Type::Number | Type::Duration | Type::Size | Type::Any => true,
                    Type::Text | Type::Time => function.id != Id::Sum,
                    _ => false,
                };
                if !fits {
                    let words = if function.id == Id::Sum {
                        "be summed"
                    } else {
                        "be compared"
                    };
                    let label = if ty.may_be_null() {
                        "give another value with `??`"
                    } else {
                        ""
                    };
                    return self.wrong(at, format!("{} cannot {words}", described(&ty)), label);
                }
                if function.id == Id::Sum {
                    ty
                } else {
                    Type::optional(ty)
                }
            }
            Id::First | Id::Last => Type::optional(self.list(first_node, &first)),
            Id::Unique | Id::Sort => Type::list(self.list(first_node, &first)),
            Id::Join => {
                if self.list(first_node, &first) == Type::Secret {
                    self.wrong(first_node, "a secret cannot be made text", "");
                }
                let fits = types
                    .get(1)
                    .is_none_or(|(_, ty)| matches!(ty, Type::Text | Type::Any));
                wants(self, 1, fits, "text");
                Type::Text
            }
            Id::Len => {
                let fits = matches!(
                    first,
                    Type::List(_) | Type::Map(_) | Type::Record(_) | Type::Text | Type::Any
                );
                wants(self, 0, fits, "a list, a mapping or text");
                Type::Int
            }
            Id::Split => {
                texts(self, &mut wants);
                Type::list(Type::Text)
            }
            Id::Lower | Id::Upper | Id::Trim | Id::Replace => {
                texts(self, &mut wants);
                Type::Text
            }
            Id::StartsWith | Id::EndsWith | Id::Matches => {
                texts(self, &mut wants);
                Type::Bool
            }
            Id::Text => {
                if first == Type::Secret {
                    self.wrong(first_node, "a secret cannot be made text", "");
                }
                Type::Text
            }
            Id::Int => {
                wants(
                    self,
                    0,
                    comparable(&first, &Type::Text) || first == Type::Int,
                    "text",
                );
                Type::Int
            }
            Id::Round | Id::Floor | Id::Ceil => {
                wants(
                    self,
                    0,
                    matches!(first, Type::Int | Type::Number | Type::Any),
                    "a number",
                );
                Type::Int
            }
            Id::Abs => {
                wants(
                    self,
                    0,
                    matches!(first, Type::Int | Type::Number | Type::Any),
                    "a number",
                );
                first
            }
            Id::Seconds => {
                wants(self, 0, matches!(first, Type::Duration | Type::Any), "a duration");
                Type::Int
            }
            Id::Bytes => {
                wants(self, 0, matches!(first, Type::Size | Type::Any), "a size");
                Type::Int
            }
            Id::Get => {
                let value = match &first {
                    Type::Map(of) => Type::optional(of.as_ref().clone()),
                    Type::Record(_) | Type::Any => Type::Any,
                    _ => {
                        wants(self, 0, false, "a mapping");
                        Type::Any
                    }
                };
                let fits = types
                    .get(1)
                    .is_none_or(|(_, ty)| matches!(ty, Type::Text | Type::Any));
                wants(self, 1, fits, "text");
                value
            }
            Id::Keys => {
                let fits = matches!(first, Type::Map(_) | Type::Record(_) | Type::Any);
                wants(self, 0, fits, "a mapping");
                Type::list(Type::Text)
            }
        }
    }

    /// The type of a list's items.
    fn list(&mut self, node: &Node, ty: &Type) -> Type {
        match ty {
            Type::List(of) => of.as_ref().clone(),
            Type::Any => Type::Any,
            Type::Optional(of) if matches!(of.as_ref(), Type::List(_) | Type::Any) => {
                self.wrong(node, "this list may be nothing", "write `?? []` behind it")
            }
            other => {
                let message = format!("a list is wanted here, this is {}", described(other));
                self.wrong(node, message, "")
            }
        }
    }
}

//! Inputs against the types of what they are given to.

use super::Lint;
use crate::domain::diagnostic::{Diagnostic, quoted};
use crate::runbook::expr::Known;
use crate::runbook::model::{Arg, Spanned};
use crate::runbook::types::{Type, read_literal};

/// A type in a message about a value of it.
pub(super) fn described(ty: &Type) -> String {
    let words = ty.present().words();
    let words = words.split(" such as ").next().unwrap_or_default();
    if matches!(ty, Type::Optional(_)) {
        format!("{words}, or nothing")
    } else {
        words.to_owned()
    }
}

impl Lint<'_> {
    /// Reports where a value cannot be what is wanted; `what` is what messages call it. Whether
    /// nothing was reported.
    pub(super) fn arg(&mut self, arg: &Spanned<Arg>, want: &Type, known: &Known, what: &str) -> bool {
        let before = self.found.len();
        if self.lost.broken.contains(&arg.span) {
            return false;
        }
        match &arg.value {
            Arg::Literal(value) => {
                if let Err(error) = read_literal(value, want) {
                    let mut diagnostic = Diagnostic::error(arg.span, format!("{what}: {}", error.message));
                    if *want.present() == Type::Secret {
                        diagnostic = diagnostic
                            .label("a secret is never written down: give a parameter with `type: secret`");
                    }
                    self.found.push(diagnostic);
                }
            }
            Arg::Expr(expr) => {
                let errors = self.found.len();
                let ty = self.expr(expr, known);
                if self.found.len() == errors && !want.accepts(&ty) {
                    let message = format!("{what}: {} is wanted, this is {}", want.words(), described(&ty));
                    let label = match (want, &ty) {
                        (want, Type::Optional(of)) if want.accepts(of) => {
                            "say what stands here without it: `?? …`"
                        }
                        (_, Type::Resource(_)) => "give one of its facts, such as `.name`",
                        _ => "",
                    };
                    self.error(expr.span(), message, label);
                }
            }
            Arg::Template(template) => {
                self.template(template, known);
                if !want.accepts(&Type::Text) {
                    let message = format!("{what}: {} is wanted, this is text", want.words());
                    let label = "`\"${…}\"` with nothing around it keeps its type";
                    self.error(arg.span, message, label);
                }
            }
            Arg::List(items) => match want.present() {
                Type::List(of) => {
                    for item in items {
                        self.arg(item, of, known, what);
                    }
                }
                Type::Any => {
                    for item in items {
                        self.arg(item, &Type::Any, known, what);
                    }
                }
                other => {
                    let message = format!("{what}: {} is wanted, this is a list", other.words());
                    self.error(arg.span, message, "");
                }
            },
            Arg::Map(inputs) => {
                for input in inputs {
                    let of = match want.present() {
                        Type::Map(of) => of.as_ref().clone(),
                        Type::Record(fields) => {
                            match fields.iter().find(|(name, _)| *name == input.name.value) {
                                Some((_, ty)) => ty.clone(),
                                None => {
                                    let message = format!("{what} has no key {}", quoted(&input.name));
                                    self.error(input.name.span, message, "");
                                    continue;
                                }
                            }
                        }
                        Type::Any => Type::Any,
                        other => {
                            let message = format!("{what}: {} is wanted, this is a mapping", other.words());
                            self.error(arg.span, message, "");
                            break;
                        }
                    };
                    self.arg(&input.arg, &of, known, what);
                }
            }
        }
        self.found.len() == before
    }
}

//! Parameters: defaults that fit, no circles, and offers that fill them in.

use super::args::described;
use super::{Lint, global_names};
use crate::domain::diagnostic::{Diagnostic, nearest, quoted};
use crate::runbook::model::{Arg, Origin, Param, Presence, Spanned};
use crate::runbook::params::{order, violations};
use crate::runbook::types::{Type, read_literal};

impl Lint<'_> {
    pub(super) fn params(&mut self) {
        let runbook = self.runbook;
        let mut known = self.base.clone();
        known.remove("run", "there is no run yet when parameters are worked out");
        for param in &runbook.params {
            if let Presence::Default(default) = &param.presence {
                let what = format!("the default of `{}`", *param.name);
                if self.arg(default, &param.written_type(), &known, &what) {
                    self.literal_fits(param, default);
                }
            }
            if let Some(Origin::Live(discovery)) = &param.from {
                for (name, filter) in &discovery.filters {
                    let want = match name.as_str() {
                        "tag" => Type::Map(Box::new(Type::Text)),
                        "gpu" => Type::Bool,
                        _ => Type::Text,
                    };
                    self.arg(filter, &want, &known, &format!("`{}`", **name));
                }
            }
        }
        if let Err(circle) = order(&runbook.params) {
            let words: Vec<String> = circle.iter().map(|param| format!("`{}`", *param.name)).collect();
            if let Some(first) = circle.first() {
                self.error(
                    first.name.span,
                    "parameters that need each other",
                    format!("{} → `{}`", words.join(" → "), *first.name),
                );
            }
        }
    }

    /// Whether a literal is within what the parameter allows.
    pub(super) fn literal_fits(&mut self, param: &Param, arg: &Spanned<Arg>) {
        let Some(literal) = arg.as_literal() else {
            return;
        };
        let Ok(value) = read_literal(&literal, &Type::optional(param.written_type())) else {
            return;
        };
        for message in violations(param, &value) {
            self.error(arg.span, format!("`{}`: {message}", *param.name), "");
        }
    }

    pub(super) fn offers(&mut self) {
        let runbook = self.runbook;
        for offer in &runbook.offers {
            let mut known = global_names().with("resource", Type::Resource(vec![offer.kind.value]));
            known.remove("run", "there is no run yet when a runbook is offered");
            for (name, expr) in &offer.set {
                let ty = self.expr(expr, &known);
                let Some(param) = runbook.param(name) else {
                    if self.lost.params.contains(&name.value) {
                        continue;
                    }
                    let names = runbook.params.iter().map(|param| param.name.as_str());
                    let guess = nearest(name, names);
                    self.found.push(
                        Diagnostic::error(name.span, format!("there is no parameter {}", quoted(name)))
                            .label(
                                guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?")),
                            ),
                    );
                    continue;
                };
                // A form may stay empty where the resource does not say.
                let want = Type::optional(param.written_type());
                if !want.accepts(&ty) && !want.accepts(&Type::list(ty.clone())) {
                    let message = format!(
                        "`{}`: {} is wanted, this is {}",
                        **name,
                        want.words(),
                        described(&ty)
                    );
                    self.error(expr.span(), message, "");
                }
            }
        }
    }

    pub(super) fn afterwards(&mut self) {
        let runbook = self.runbook;
        for next in &runbook.afterwards {
            let mut known = self.known();
            if let Some(kind) = &next.kind {
                known.set("resource", Type::Resource(vec![kind.value]));
            }
            if let Some(when) = &next.when {
                self.condition(when, &self.known());
            }
            for (_, expr) in &next.set {
                self.expr(expr, &known);
            }
        }
    }
}

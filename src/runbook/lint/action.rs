//! Actions and checks against the catalogue.

use super::{Floor, Lint};
use crate::domain::diagnostic::{Diagnostic, nearest, quoted};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::expr::Known;
use crate::runbook::model::{Arg, Input, Spanned};
use crate::runbook::schema::{ActionSchema, Planning, Presence, Role};
use crate::runbook::types::Type;
use crate::runbook::value::Value;

impl Lint<'_> {
    /// The schema of a name, if there is one of this role.
    pub(super) fn schema(&mut self, name: &Spanned<String>, role: Role) -> Option<ActionSchema> {
        match self.catalogue.get(name) {
            Some(schema) if schema.role == role => Some(schema.clone()),
            Some(_) => {
                let (message, label) = match role {
                    Role::Action => (
                        format!("{} is a check, not an action", quoted(name)),
                        "put it under `preconditions`, `guards` or `verify`, as `check`",
                    ),
                    Role::Check => (
                        format!("{} is an action, not a check", quoted(name)),
                        "put it under `steps`, as `action`",
                    ),
                };
                self.error(name.span, message, label);
                None
            }
            None => {
                let what = match role {
                    Role::Action => "action",
                    Role::Check => "check",
                };
                let guess = self.catalogue.nearest(role, name);
                let service = name.split('.').next().unwrap_or_default();
                let mut alike: Vec<&str> = self
                    .catalogue
                    .of_role(role)
                    .map(|schema| schema.name)
                    .filter(|other| other.split('.').next() == Some(service))
                    .collect();
                if role == Role::Check && alike.is_empty() {
                    alike.push("expr");
                }
                let mut diagnostic =
                    Diagnostic::error(name.span, format!("there is no {what} {}", quoted(name)))
                        .label(guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?")));
                if !alike.is_empty() {
                    diagnostic = diagnostic.note(format!("{what}s here: {}", alike.join(", ")));
                }
                self.found.push(diagnostic);
                None
            }
        }
    }

    /// Whether what an action or a check is given is what it takes.
    pub(super) fn inputs(
        &mut self,
        name: &Spanned<String>,
        with: &[Input],
        schema: &ActionSchema,
        known: &Known,
    ) {
        for input in with {
            let Some(field) = schema.field(&input.name) else {
                let guess = nearest(&input.name, schema.fields.iter().map(|field| field.name));
                let mut diagnostic = Diagnostic::error(
                    input.name.span,
                    format!("{} takes no {}", quoted(schema.name), quoted(&input.name)),
                )
                .label(guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?")));
                let names: Vec<&str> = schema.fields.iter().map(|field| field.name).collect();
                if !names.is_empty() {
                    diagnostic = diagnostic.note(format!("it takes {}", names.join(", ")));
                }
                self.found.push(diagnostic);
                // What is in it is looked at all the same.
                self.arg(&input.arg, &Type::Any, known, "this");
                continue;
            };
            let want = match field.presence {
                Presence::Required => field.ty.clone(),
                Presence::Otherwise(_) => Type::optional(field.ty.clone()),
            };
            let what = format!("`{}`", field.name);
            if self.arg(&input.arg, &want, known, &what)
                && let Arg::Literal(Value::Text(word)) = &input.arg.value
                && !field.one_of.is_empty()
                && !field.one_of.contains(&word.as_str())
            {
                let guess = nearest(word, field.one_of.iter().copied());
                self.found.push(
                    Diagnostic::error(input.arg.span, format!("{what} cannot be {}", quoted(word)))
                        .label(guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?")))
                        .note(format!("it is one of {}", field.one_of.join(", "))),
                );
            }
        }
        for field in schema
            .fields
            .iter()
            .filter(|field| field.presence == Presence::Required)
        {
            let is_given = with.iter().any(|input| {
                // A slip in the name of a key has been reported as one.
                *input.name.value == *field.name
                    || nearest(&input.name, [field.name]).is_some() && schema.field(&input.name).is_none()
            });
            if !is_given {
                let message = format!("{} needs `{}`", quoted(schema.name), field.name);
                self.found.push(
                    Diagnostic::error(name.span, message).note(format!("{}: {}", field.name, field.about)),
                );
            }
        }
    }

    /// Refuses what cannot be planned, and remembers the level that the action demands.
    pub(super) fn demands(&mut self, name: &Spanned<String>, schema: &ActionSchema) {
        if schema.planning == Planning::Impossible {
            let message = format!("{} cannot be planned", quoted(schema.name));
            self.error(name.span, message, "nothing is run that no plan has shown");
        }
        self.demand(schema.floor, schema.name, name);
    }

    pub(super) fn demand(&mut self, level: ConfirmLevel, action: &str, at: &Spanned<String>) {
        if self.floor.as_ref().is_none_or(|floor| floor.level < level) {
            self.floor = Some(Floor {
                level,
                action: action.to_owned(),
                span: at.span,
            });
        }
    }
}

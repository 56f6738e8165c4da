//! `lambda.routed`: whether all calls of an alias go to one version.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Check, Verdict};
use crate::domain::function::ONLY;
use crate::domain::ids::Kind;
use crate::domain::ops::{Query, lambda};
use crate::runbook::action::{Arguments, BadArguments, View, parse};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;

/// `lambda.routed`.
pub struct Routed;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    function: String,
    alias: Option<String>,
    version: Option<String>,
}

impl Check for Routed {
    fn name(&self) -> &'static str {
        "lambda.routed"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether all calls of a function's alias go to one version.",
            vec![
                FieldSchema::required("function", Type::Text, "The function's name."),
                FieldSchema::optional(
                    "alias",
                    Type::Text,
                    "only",
                    "The alias; `only` is the one that there is.",
                ),
                FieldSchema::optional(
                    "version",
                    Type::Text,
                    "any",
                    "The version that must take them; `last-good`, which a step gives that had nothing to do, is any.",
                ),
            ],
            Some(Kind::Lambda),
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(with)?;
        Ok(vec![Query::Lambda(lambda::Read::Function {
            name: with.function,
        })])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let with: With = parse(with)?;
        let function = match view.function(&with.function) {
            Err(unread) => return Ok(unread.into()),
            Ok(None) => return Ok(Verdict::Fail(format!("there is no function {}", with.function))),
            Ok(Some(function)) => function,
        };
        let name = with.alias.as_deref().unwrap_or(ONLY);
        let Some(alias) = function.alias(name) else {
            return Ok(Verdict::Fail(format!("{} has no alias {name}", function.name)));
        };
        let words = format!("{} leads to {}", alias.name, alias.routing.words());
        let wanted = with.version.as_deref().filter(|wanted| *wanted != "last-good");
        let is_alone = alias.routing.shares().len() == 1;
        Ok(
            if is_alone && wanted.is_none_or(|wanted| wanted == alias.routing.version) {
                Verdict::Pass(words)
            } else {
                Verdict::Fail(words)
            },
        )
    }
}

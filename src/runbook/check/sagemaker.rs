//! Whether SageMaker is as it should be.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Check, Verdict};
use crate::domain::ids::Kind;
use crate::domain::ops::{Query, sagemaker};
use crate::runbook::action::{Arguments, BadArguments, View, parse};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;

/// `sagemaker.serves`.
pub struct Serves;

/// `sagemaker.notebooks_off`.
pub struct NotebooksOff;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServesWith {
    endpoint: String,
    #[serde(default)]
    config: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OffWith {
    notebooks: Vec<String>,
    #[serde(default)]
    on_hours: u32,
}

impl Check for Serves {
    fn name(&self) -> &'static str {
        "sagemaker.serves"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether a SageMaker endpoint is in service, with no update under way, and with the configuration that is \
             wanted. `last-good` stands for whichever serves.",
            vec![
                FieldSchema::required("endpoint", Type::Text, "The endpoint."),
                FieldSchema::optional("config", Type::Text, "any", "The configuration that must serve."),
            ],
            Some(Kind::SagemakerEndpoint),
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse::<ServesWith>(with)?;
        Ok(vec![Query::Sagemaker(sagemaker::Read::Endpoints)])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let with: ServesWith = parse(with)?;
        let endpoint = match view.endpoint(&with.endpoint) {
            Ok(Some(endpoint)) => endpoint,
            Ok(None) => return Ok(Verdict::Fail(format!("there is no endpoint {}", with.endpoint))),
            Err(unread) => return Ok(unread.into()),
        };
        let seen = format!(
            "{} is {} with {}",
            endpoint.name, endpoint.status, endpoint.config
        );
        let wanted = with.config.filter(|config| config != "last-good");
        let as_wanted = wanted.is_none_or(|config| config == endpoint.config);
        Ok(
            if endpoint.status == "InService" && endpoint.pending.is_none() && as_wanted {
                Verdict::Pass(seen)
            } else {
                Verdict::Fail(seen)
            },
        )
    }
}

impl Check for NotebooksOff {
    fn name(&self) -> &'static str {
        "sagemaker.notebooks_off"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether none of these notebooks is on, apart from those that have been on for less than `on_hours`.",
            vec![
                FieldSchema::required("notebooks", Type::list(Type::Text), "The notebooks."),
                FieldSchema::optional(
                    "on_hours",
                    Type::Int,
                    "`0`",
                    "Those on for less than so many hours do not count.",
                ),
            ],
            Some(Kind::NotebookInstance),
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse::<OffWith>(with)?;
        Ok(vec![Query::Sagemaker(sagemaker::Read::Notebooks)])
    }

    fn judge(&self, with: &Arguments, view: &View, now: Timestamp) -> Result<Verdict, BadArguments> {
        let with: OffWith = parse(with)?;
        let least = SignedDuration::from_hours(i64::from(with.on_hours));
        let mut on = Vec::new();
        for name in &with.notebooks {
            match view.notebook(name) {
                Err(unread) => return Ok(unread.into()),
                // Applications that are off are not listed.
                Ok(None) => {}
                Ok(Some(one)) => {
                    let young = one
                        .running_since
                        .is_some_and(|since| now.duration_since(since) < least);
                    let off = matches!(one.status.as_str(), "Stopped" | "Deleted" | "Failed");
                    if !off && !young {
                        on.push(format!("{} is {}", one.name, one.status));
                    }
                }
            }
        }
        Ok(if on.is_empty() {
            Verdict::Pass("none of them is on".to_owned())
        } else {
            Verdict::Fail(on.join(", "))
        })
    }
}

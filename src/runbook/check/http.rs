//! Whether a web service answers as it should.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Check, Verdict};
use crate::domain::ops::{Query, http};
use crate::domain::text::clean;
use crate::domain::web::Address;
use crate::runbook::action::{Arguments, BadArguments, View};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;
use crate::runbook::value::parse_duration;

/// Seconds that an answer may take unless the runbook says otherwise.
const TIMEOUT_S: u32 = 5;

/// `http.health`.
pub struct Health;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    url: String,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    timeout: Option<String>,
}

fn parse(with: &Arguments) -> Result<(With, http::Read), BadArguments> {
    let with: With = serde_json::from_value(Value::Object(with.clone()))?;
    let address = Address::parse(&with.url).map_err(|error| BadArguments(error.to_string()))?;
    let timeout_s = match &with.timeout {
        None => TIMEOUT_S,
        Some(text) => {
            let span = parse_duration(text).map_err(|error| BadArguments(error.to_string()))?;
            match u32::try_from(span.as_secs()) {
                Ok(seconds @ 1..=30) => seconds,
                _ => {
                    return Err(BadArguments(format!(
                        "`timeout` is between 1s and 30s, not {text}"
                    )));
                }
            }
        }
    };
    let read = http::Read::Get {
        url: address.as_str().to_owned(),
        timeout_s,
    };
    Ok((with, read))
}

impl Check for Health {
    fn name(&self) -> &'static str {
        "http.health"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether a web address answers with success. It is asked with GET from the machine on which the runbook is run, without credentials; no redirect is followed.",
            vec![
                FieldSchema::required("url", Type::Text, "The address, `https://` or `http://`."),
                FieldSchema::optional(
                    "status",
                    Type::Int,
                    "any from 200 to 299",
                    "The status code that it must answer with.",
                ),
                FieldSchema::optional(
                    "timeout",
                    Type::Duration,
                    "`5s`",
                    "How long the answer may take, at most 30s.",
                ),
            ],
            None,
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        Ok(vec![Query::Http(parse(with)?.1)])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let (with, read) = parse(with)?;
        let answer = match view.http(&read) {
            Ok(answer) => answer,
            // That it does not answer is what the check is about.
            Err(unread) => return Ok(Verdict::Fail(unread.to_string())),
        };
        let status = answer.status;
        let is_wanted = match with.status {
            Some(wanted) => status == wanted,
            None => (200..=299).contains(&status),
        };
        Ok(if is_wanted {
            Verdict::Pass(format!("{status} in {} ms", answer.elapsed_ms))
        } else {
            let leads = answer
                .location
                .as_deref()
                .map(|to| format!(", which leads to {} and is not followed", clean(to)))
                .unwrap_or_default();
            Verdict::Fail(format!("it answers {status}{leads}"))
        })
    }
}

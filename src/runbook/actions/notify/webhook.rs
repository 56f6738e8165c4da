//! `notify.webhook`: JSON to a web address.

use serde::Deserialize;
use serde_json::json;

use super::{PACE, UNDO, progress, schema, sight};
use crate::domain::ids::Kind;
use crate::domain::ops::http::{self, Destination};
use crate::domain::ops::{Mutation, Query};
use crate::domain::text::{clean, clean_multiline};
use crate::domain::web::Address;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, View, parse,
};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;
use crate::runbook::value::SecretRef;

/// `notify.webhook`.
pub struct Webhook;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    url: Url,
    title: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Url {
    Plain(String),
    Secret(SecretRef),
}

impl Url {
    fn destination(&self) -> Result<Destination, BadArguments> {
        Ok(match self {
            Self::Plain(url) => {
                let address = Address::parse(url).map_err(|error| BadArguments(error.to_string()))?;
                if !address.may_be_told() {
                    return Err(BadArguments(format!(
                        "a webhook is told over https: http://{} is not this machine",
                        address.host()
                    )));
                }
                Destination::Url(url.clone())
            }
            Self::Secret(SecretRef::Ssm(name)) => Destination::Ssm(name.clone()),
            Self::Secret(SecretRef::SecretsManager(name)) => Destination::SecretsManager(name.clone()),
            Self::Secret(SecretRef::Environment(name)) => Destination::Environment(name.clone()),
            // The driver puts what was typed there when it is sent.
            Self::Secret(place @ SecretRef::Asked(_)) => Destination::Url(place.to_string()),
        })
    }
}

/// The destination in words that give no secret away; of a plain address the host alone, whose path
/// often is the key.
fn shown(to: &Destination) -> String {
    match to {
        Destination::Url(url) => {
            // Else it is the place of what was typed, or will be.
            Address::parse(url).map_or_else(|_| "webhook".to_owned(), |address| address.host().to_owned())
        }
        Destination::Ssm(name) => format!("webhook of parameter {name}"),
        Destination::SecretsManager(name) => format!("webhook of secret {name}"),
        Destination::Environment(name) => format!("webhook of variable {name}"),
    }
}

impl Action for Webhook {
    fn name(&self) -> &'static str {
        "notify.webhook"
    }

    fn schema(&self) -> ActionSchema {
        schema(
            self.name(),
            "Posts JSON to a webhook: `{\"run\", \"status\", \"title\", \"text\"}`.\n\
             The address is https, or of this machine itself; nothing of AWS goes with it, and no redirect is \
             followed. It is sent at most once. Its failure changes no verdict unless the step says \
             `allow_failure: false`.",
            FieldSchema::required(
                "url",
                Type::Any,
                "The address, or a parameter of type `secret` that holds it.",
            ),
        )
    }

    fn pace(&self) -> Pace {
        PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?.url.destination()?;
        Ok(Vec::new())
    }

    fn plan(&self, with: &Arguments, _view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let message: With = parse(with)?;
        let name = shown(&message.url.destination()?);
        Ok(Proposal::one(Change {
            summary: format!("tell {name}: {}", clean(&message.title)),
            ..Change::draft(self, site.target(Kind::Scope, &name, &name), with)
        }))
    }

    fn sight(&self, _change: &Change, _view: &View) -> Sight {
        sight()
    }

    fn apply(&self, change: &Change, stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        let body = json!({
            "run": stamp.run,
            "status": with.status.as_deref().unwrap_or(stamp.status),
            "title": clean(&with.title),
            "text": with.text.as_deref().map(clean_multiline),
        });
        Ok(Mutation::Http(http::Write::Post {
            to: with.url.destination()?,
            body: body.to_string(),
        }))
    }

    fn progress(&self, _change: &Change, applied: &Applied, _view: &View) -> Progress {
        progress(applied)
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded(UNDO)
    }

    fn leaves_trace(&self) -> bool {
        false
    }

    fn is_message(&self) -> bool {
        true
    }

    fn project(&self, _change: &Change, _view: &mut View) {}
}

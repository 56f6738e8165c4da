//! `sagemaker.update_endpoint`: has an endpoint serve what another configuration says.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{busy, endpoint, endpoints, prices, sight, target};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, sagemaker};
use crate::domain::policy::ConfirmLevel;
use crate::domain::sagemaker::{Endpoint, EndpointConfig, Variant};
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Impact, Pace, Progress, Proposal, Refusal,
    Sight, Site, Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `sagemaker.update_endpoint`.
pub struct UpdateEndpoint;

/// The configuration that was made before the one that serves.
const LAST_GOOD: &str = "last-good";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    endpoint: String,
    #[serde(default = "last_good")]
    config: String,
}

fn last_good() -> String {
    LAST_GOOD.to_owned()
}

fn configs(wanted: &str) -> Query {
    Query::Sagemaker(sagemaker::Read::EndpointConfigs {
        name: (wanted != LAST_GOOD).then(|| wanted.to_owned()),
    })
}

/// The configuration that an endpoint serves, or is on its way to.
fn heading(endpoint: &Endpoint) -> &str {
    endpoint
        .pending
        .as_ref()
        .map_or(&endpoint.config, |pending| &pending.config)
}

fn summary(from: &str, to: &str) -> String {
    format!("configuration {from} → {to}")
}

/// The newest configuration that was made for the endpoint before the one that serves. AWS keeps no history of
/// an endpoint, so names and times of creation are all there is.
fn before<'v>(endpoint: &Endpoint, known: &'v [EndpointConfig]) -> Result<&'v EndpointConfig, Refusal> {
    let name = &endpoint.name;
    let serving = known
        .iter()
        .find(|config| config.name == endpoint.config)
        .and_then(|config| config.created_at)
        .ok_or_else(|| {
            Refusal::state(format!(
                "when {} was made is not known, so nobody can say what {name} served before it: name the \
                 configuration",
                endpoint.config
            ))
        })?;
    known
        .iter()
        .filter(|config| config.name != endpoint.config && config.belongs_to(endpoint))
        .filter(|config| config.created_at.is_some_and(|made| made < serving))
        .max_by_key(|config| config.created_at)
        .ok_or_else(|| {
            Refusal::state(format!(
                "no configuration is older than {} and like it in variants and in the names of models: name the \
                 configuration",
                endpoint.config
            ))
        })
}

/// How long after a change an endpoint that serves an older configuration counts as led back.
const LED_BACK: SignedDuration = SignedDuration::from_hours(1);

/// Why `last-good` cannot be told: an endpoint that was changed just now and serves an older configuration than
/// there is was led back already, and what is found wrong lags by minutes.
fn led_back(endpoint: &Endpoint, known: &[EndpointConfig], now: Timestamp) -> Option<Refusal> {
    let changed = endpoint
        .changed_at
        .filter(|at| now.duration_since(*at) < LED_BACK)?;
    let serving = known.iter().find(|config| config.name == endpoint.config)?;
    let newer = known
        .iter()
        .filter(|config| config.belongs_to(endpoint) && config.created_at > serving.created_at)
        .max_by_key(|config| config.created_at)?;
    Some(Refusal::state(format!(
        "{} was changed {} minutes ago and serves {}, though {} is newer: it was led back already, and what is found \
         wrong lags by minutes; if it is bad too, name the configuration to go to",
        endpoint.name,
        now.duration_since(changed).as_mins(),
        endpoint.config,
        newer.name
    )))
}

/// What another configuration costs, at the counts that are kept.
fn cost(endpoint: &Endpoint, to: &EndpointConfig, site: &Site<'_>) -> CostDelta {
    let of = |variant: &Variant| -> CostDelta {
        let next = to
            .variant(&variant.name)
            .and_then(|own| own.instance_type.as_deref());
        let now = variant.instance_type();
        if now == next {
            return CostDelta::None;
        }
        let Some((_, count)) = variant.counts() else {
            return CostDelta::Unknown(format!("the count of {} is not known", variant.name));
        };
        let priced = |kind: Option<&str>, times: i64| match kind {
            None => CostDelta::None,
            Some(kind) => CostDelta::of(prices(site).instance(Some(kind)), times, kind),
        };
        priced(now, -i64::from(count)).plus(priced(next, i64::from(count)))
    };
    endpoint
        .variants
        .iter()
        .map(of)
        .fold(CostDelta::None, CostDelta::plus)
}

fn models(config: &EndpointConfig) -> String {
    let models: Vec<&str> = config
        .variants
        .iter()
        .filter_map(|variant| variant.model.as_deref())
        .collect();
    match models.as_slice() {
        [] => "no model that it names".to_owned(),
        some => some.join(", "),
    }
}

fn wanted(change: &Change) -> Option<&str> {
    change.after.get("config").and_then(Value::as_str)
}

impl Action for UpdateEndpoint {
    fn name(&self) -> &'static str {
        "sagemaker.update_endpoint"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Has a SageMaker endpoint serve what another configuration says.\n\
                `last-good` is the newest configuration that is older than the one that serves and like it: the \
                same variants, and its name or its models' names are versions of the present ones. AWS keeps no \
                history of an endpoint, so whether it was ever well nobody knows, and the plan says so. For an hour after a change an endpoint that \
                serves an older configuration than there is was led back already: `last-good` is refused then. \
                Counts and \
                weights stay as they are. An endpoint that changes just now is refused, and so is a configuration \
                with other variants. It has succeeded once the endpoint is in service with that configuration; an \
                update that AWS takes back is a failure. Undo goes back to the configuration before.",
            fields: vec![
                FieldSchema::required("endpoint", Type::Text, "The endpoint."),
                FieldSchema::optional(
                    "config",
                    Type::Text,
                    "`last-good`",
                    "The configuration's name, or `last-good`.",
                ),
            ],
            outputs: vec![OutputSchema::new(
                "config",
                Type::Text,
                "The configuration that serves afterwards; `last-good` if there was nothing to do.",
            )],
            live: vec![OutputSchema::new(
                "config",
                Type::Text,
                "The configuration that serves, or that an update under way brings.",
            )],
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::SagemakerEndpoint),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 20,
            timeout_s: 45 * 60,
            settle_s: 30,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(with)?;
        Ok(vec![endpoints(), configs(&with.config)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let with: With = parse(with)?;
        let endpoint = endpoint(view, &with.endpoint)?;
        let name = &endpoint.name;
        let mut warnings = Vec::new();
        let to = if with.config == LAST_GOOD {
            if endpoint.was_rolled_back() {
                return Ok(Proposal::nothing().warn(format!(
                    "{name}: AWS has taken the last update back already, and {} serves; name a configuration to go \
                     further back",
                    endpoint.config
                )));
            }
            let known = view.endpoint_configs(None)?;
            if let Some(refusal) = led_back(endpoint, known, site.now) {
                return Err(refusal);
            }
            let to = before(endpoint, known)?;
            warnings.push(format!(
                "{name}: AWS keeps no history of an endpoint: {} is the newest configuration before {}, made {}; \
                 whether it was ever well nobody knows",
                to.name,
                endpoint.config,
                to.created_at
                    .map_or_else(|| "at an unknown time".to_owned(), |made| made.to_string())
            ));
            to
        } else {
            if with.config == endpoint.config {
                return Ok(Proposal::nothing().warn(format!("{name} serves {} already", with.config)));
            }
            view.endpoint_configs(Some(&with.config))?
                .iter()
                .find(|config| config.name == with.config)
                .ok_or_else(|| {
                    Refusal::absent(format!("there is no endpoint configuration {}", with.config))
                })?
        };
        if !to.fits(endpoint) {
            let of = |names: Vec<&str>| names.join(", ");
            return Err(Refusal::state(format!(
                "{} has the variants {}, and {name} has {}: scaling and callers that name a variant would be lost",
                to.name,
                of(to.variants.iter().map(|variant| variant.name.as_str()).collect()),
                of(endpoint
                    .variants
                    .iter()
                    .map(|variant| variant.name.as_str())
                    .collect())
            )));
        }
        warnings.push(format!(
            "{name}: instances with {} are started beside the present ones, so for some minutes there are twice as \
             many",
            models(to)
        ));
        let mut resolved = Arguments::new();
        resolved.insert("endpoint".to_owned(), json!(name));
        resolved.insert("config".to_owned(), json!(to.name));
        Ok(Proposal {
            changes: vec![Change {
                summary: summary(&endpoint.config, &to.name),
                before: fields([("config", json!(endpoint.config))]),
                after: fields([("config", json!(to.name))]),
                cost: cost(endpoint, to, site),
                impact: Impact {
                    dependents: endpoint
                        .variants
                        .iter()
                        .map(|variant| format!("variant {}", variant.name))
                        .collect(),
                    ..Impact::default()
                },
                ..Change::draft(self, target(site, endpoint), &resolved)
            }],
            warnings,
            ..Proposal::default()
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        sight(view, &change.target.name, |endpoint| {
            Some(fields([("config", json!(heading(endpoint)))]))
        })
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        busy(view, &change.target.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let config =
            wanted(change).ok_or_else(|| BadArguments("the change names no configuration".to_owned()))?;
        Ok(Mutation::Sagemaker(sagemaker::Write::UpdateEndpoint {
            endpoint: change.target.name.clone(),
            config: config.to_owned(),
        }))
    }

    fn watch(&self, _change: &Change, _applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        Ok(vec![endpoints()])
    }

    fn progress(&self, change: &Change, applied: &Applied, view: &View) -> Progress {
        let Some(wanted) = wanted(change) else {
            return Progress::Failed("the change names no configuration".to_owned());
        };
        Progress::of(view.endpoint(&change.target.name), "the endpoint", |endpoint| {
            let why = endpoint
                .failure_reason
                .as_deref()
                .unwrap_or("AWS gives no reason");
            match endpoint.status.as_str() {
                "InService" if endpoint.config == wanted => Progress::Done,
                // The reason of an update before this one is still there until this one begins.
                "InService"
                    if endpoint.failure_reason.is_some()
                        && endpoint.changed_at.is_some_and(|changed| changed > applied.at) =>
                {
                    Progress::Failed(format!("AWS took the update back: {why}"))
                }
                "Failed" | "UpdateRollbackFailed" | "OutOfService" => {
                    Progress::Failed(format!("the endpoint is {}: {why}", endpoint.status))
                }
                status => Progress::Waiting(format!("the endpoint is {status} with {}", endpoint.config)),
            }
        })
    }

    fn invert(&self, change: &Change) -> Undo {
        let of = |fields: &crate::runbook::action::Fields| {
            fields.get("config").and_then(Value::as_str).map(str::to_owned)
        };
        match (of(&change.before), of(&change.after)) {
            (Some(before), Some(after)) => {
                let mut back = change.swapped(summary(&after, &before));
                back.with.insert("config".to_owned(), json!(before));
                Undo::By(vec![back])
            }
            _ => Undo::Impossible("the configuration before is not known".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Some(config) = wanted(change).map(str::to_owned) else {
            return;
        };
        for endpoint in view.endpoints_mut().into_iter().flatten() {
            if endpoint.name == change.target.name {
                endpoint.config.clone_from(&config);
                "InService".clone_into(&mut endpoint.status);
                endpoint.pending = None;
                endpoint.failure_reason = None;
            }
        }
    }
}

//! `sagemaker.delete_endpoint` and `sagemaker.create_endpoint`.
//!
//! AWS cannot stop an endpoint. What is deleted here is what its configuration can make again: the
//! configuration and its models stay, and so undo is to create it from them.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{endpoints, prices, target, targets};
use crate::domain::ids::{Kind, Tag};
use crate::domain::metric::MetricSpec;
use crate::domain::metric_catalog::endpoint as metric;
use crate::domain::ops::{Mutation, Query, cloudwatch, sagemaker};
use crate::domain::policy::ConfirmLevel;
use crate::domain::sagemaker::{Capacity, Endpoint, Variant};
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Fields, Impact, Pace, Progress, Proposal,
    Refusal, Sight, Site, Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// Deletes an endpoint or creates it.
pub struct Lifecycle {
    to: To,
}

/// `sagemaker.delete_endpoint`.
pub const DELETE: Lifecycle = Lifecycle { to: To::Gone };

/// `sagemaker.create_endpoint`.
pub const CREATE: Lifecycle = Lifecycle { to: To::There };

#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    Gone,
    There,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    endpoint: String,
    #[serde(default)]
    config: Option<String>,
}

/// The part of an endpoint that its configuration does not hold.
fn there(config: &str, tags: &[Tag]) -> Fields {
    let tags: Map<String, Value> = tags
        .iter()
        // AWS sets these itself.
        .filter(|tag| !tag.key.starts_with("aws:"))
        .map(|tag| (tag.key.clone(), Value::from(tag.value.as_str())))
        .collect();
    fields([
        ("exists", json!(true)),
        ("config", json!(config)),
        ("tags", Value::Object(tags)),
    ])
}

fn gone() -> Fields {
    fields([("exists", json!(false))])
}

fn config(fields: &Fields) -> Option<&str> {
    fields.get("config").and_then(Value::as_str)
}

fn config_query(name: &str) -> Query {
    Query::Sagemaker(sagemaker::Read::EndpointConfigs {
        name: Some(name.to_owned()),
    })
}

/// The requests of all variants.
fn requests(endpoint: &Endpoint) -> Vec<MetricSpec> {
    endpoint
        .variants
        .iter()
        .map(|variant| metric::INVOCATIONS.of_both(&endpoint.name, &variant.name).spec())
        .collect()
}

/// Whether nobody has asked it for anything for the time that the estate calls idle.
fn is_idle(endpoint: &Endpoint, view: &View, site: &Site<'_>) -> Result<(), Refusal> {
    let hours = site.decisions.policy.thresholds.sagemaker_idle_h;
    let span = jiff::SignedDuration::from_secs_f64(hours * 3600.0);
    let asked = view
        .metrics(&requests(endpoint))?
        .iter()
        .flat_map(|(_, series)| &series.points)
        .filter(|(at, count)| *count > 0.0 && site.now.duration_since(*at) < span)
        .map(|(at, _)| *at)
        .max();
    match asked {
        Some(at) => Err(Refusal::state(format!(
            "{} had a request at {}: it is not idle",
            endpoint.name,
            site.time(at)
        ))),
        None => Ok(()),
    }
}

impl Lifecycle {
    fn delete(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let name = &wanted.endpoint;
        let known = view
            .endpoint(name)?
            .ok_or_else(|| Refusal::absent(format!("there is no endpoint {name}")))?;
        if known.is_busy() {
            return Err(Refusal::state(format!("{name} is {}", known.status)));
        }
        is_idle(known, view, site)?;
        for variant in &known.variants {
            if view.endpoint_target(&known.name, &variant.name)?.is_some() {
                return Err(Refusal::state(format!(
                    "{name}: Application Auto Scaling scales the variant {}, and nothing would bring that back: \
                     deregister it first",
                    variant.name
                )));
            }
        }
        let kept = view
            .endpoint_configs(Some(&known.config))?
            .iter()
            .any(|config| config.name == known.config);
        if !kept {
            return Err(Refusal::state(format!(
                "{name} serves the configuration {}, which does not exist any more: nothing could make it again",
                known.config
            )));
        }
        let saving = known
            .variants
            .iter()
            .map(|variant| match &variant.capacity {
                Capacity::Serverless(_) => CostDelta::None,
                Capacity::Instances {
                    instance_type,
                    current,
                    ..
                } => CostDelta::of(
                    prices(site).instance(instance_type.as_deref()),
                    -i64::from(current.unwrap_or(1)),
                    instance_type.as_deref().unwrap_or("an unknown instance type"),
                ),
            })
            .fold(CostDelta::None, CostDelta::plus);
        let instances = known
            .variants
            .iter()
            .filter_map(Variant::counts)
            .map(|(current, _)| current)
            .sum();
        let mut resolved = with.clone();
        resolved.insert("config".to_owned(), json!(known.config));
        Ok(Proposal::one(Change {
            summary: format!("delete; {} stays", known.config),
            before: there(&known.config, &known.tags),
            after: gone(),
            undo: format!("create it from {} again", known.config),
            cost: saving,
            impact: Impact {
                instances_removed: instances,
                outage: Some("nobody can call it until it is created again, which takes minutes".to_owned()),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, known), &resolved)
        })
        .warn(format!(
            "{name}: AWS cannot stop an endpoint, only delete it; its configuration {} and its models stay, and it is \
             made again from them, with the counts that they say",
            known.config
        )))
    }

    fn create(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let name = &wanted.endpoint;
        if let Some(known) = view.endpoint(name)? {
            return Ok(Proposal::nothing().warn(format!("{name} is there, and {}", known.status)));
        }
        let config = wanted
            .config
            .as_deref()
            .ok_or_else(|| Refusal::from(BadArguments("`config` is missing".to_owned())))?;
        view.endpoint_configs(Some(config))?
            .iter()
            .find(|known| known.name == config)
            .ok_or_else(|| Refusal::absent(format!("there is no endpoint configuration {config}")))?;
        let arn = format!(
            "arn:aws:sagemaker:{}:{}:endpoint/{name}",
            site.region, site.account
        );
        Ok(Proposal::one(Change {
            summary: format!("create from {config}"),
            before: gone(),
            after: there(config, &[]),
            undo: "delete it".to_owned(),
            cost: CostDelta::Unknown("the counts are the configuration's".to_owned()),
            ..Change::draft(self, site.target(Kind::SagemakerEndpoint, &arn, name), with)
        }))
    }
}

impl Action for Lifecycle {
    fn name(&self) -> &'static str {
        match self.to {
            To::Gone => "sagemaker.delete_endpoint",
            To::There => "sagemaker.create_endpoint",
        }
    }

    fn schema(&self) -> ActionSchema {
        let name = FieldSchema::required("endpoint", Type::Text, "The endpoint.");
        let (about, fields) = match self.to {
            To::Gone => (
                "Deletes a SageMaker endpoint that nobody uses.\n\
                 AWS cannot stop an endpoint. Its configuration, its models and its logs stay. One that had a request \
                 within the time that the estate calls idle, that is scaled by itself, that changes just now, or whose \
                 configuration is gone, is refused. Undo creates it from its configuration, with its tags.",
                vec![
                    name,
                    FieldSchema::optional(
                        "config",
                        Type::Text,
                        "the one that serves",
                        "The configuration that must serve; for undo.",
                    ),
                ],
            ),
            To::There => (
                "Creates a SageMaker endpoint from a configuration that exists.\n\
                 One that is there already is left as it is. Undo deletes it.",
                vec![
                    name,
                    FieldSchema::required("config", Type::Text, "The configuration's name."),
                ],
            ),
        };
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about,
            fields,
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            // What is deleted is idle, and its configuration stays.
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::SagemakerEndpoint),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 20,
            timeout_s: 30 * 60,
            settle_s: 30,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(with)?;
        Ok(match (self.to, &with.config) {
            (To::Gone, _) => vec![endpoints(), targets()],
            (To::There, Some(config)) => vec![endpoints(), config_query(config)],
            (To::There, None) => return Err(BadArguments("`config` is missing".to_owned())),
        })
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let (To::Gone, Ok(with)) = (self.to, parse::<With>(with)) else {
            return Vec::new();
        };
        match view.endpoint(&with.endpoint) {
            Ok(Some(known)) => vec![
                config_query(&known.config),
                Query::CloudWatch(cloudwatch::Read::Metrics {
                    specs: requests(known),
                }),
            ],
            Ok(None) | Err(_) => Vec::new(),
        }
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        match self.to {
            To::Gone => self.delete(with, view, site),
            To::There => self.create(with, view, site),
        }
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        match view.endpoint(&change.target.name) {
            Err(unread) => Sight::Unreadable(unread),
            Ok(None) => Sight::Here(gone()),
            // On its way out it is as good as gone.
            Ok(Some(known)) if known.status == "Deleting" => Sight::Here(gone()),
            Ok(Some(known)) => Sight::Here(there(&known.config, &known.tags)),
        }
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        super::busy(view, &change.target.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let endpoint = change.target.name.clone();
        Ok(Mutation::Sagemaker(match self.to {
            To::Gone => sagemaker::Write::DeleteEndpoint { endpoint },
            To::There => sagemaker::Write::CreateEndpoint {
                endpoint,
                config: config(&change.after)
                    .ok_or_else(|| BadArguments("the change names no configuration".to_owned()))?
                    .to_owned(),
                tags: tags(&change.after),
            },
        }))
    }

    fn watch(&self, _change: &Change, _applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        Ok(vec![endpoints()])
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        match (self.to, view.endpoint(&change.target.name)) {
            (_, Err(unread)) => Progress::Waiting(unread.to_string()),
            (To::Gone, Ok(None)) => Progress::Done,
            (To::Gone, Ok(Some(known))) => Progress::Waiting(format!("it is {}", known.status)),
            (To::There, Ok(None)) => Progress::Waiting("it is not there yet".to_owned()),
            (To::There, Ok(Some(known))) => match known.status.as_str() {
                "InService" => Progress::Done,
                "Failed" => Progress::Failed(format!(
                    "it failed: {}",
                    known.failure_reason.as_deref().unwrap_or("AWS gives no reason")
                )),
                status => Progress::Waiting(format!("it is {status}")),
            },
        }
    }

    fn invert(&self, change: &Change) -> Undo {
        let (other, known) = match self.to {
            To::Gone => (&CREATE, &change.before),
            To::There => (&DELETE, &change.after),
        };
        let Some(config) = config(known) else {
            return Undo::Impossible("its configuration is not known".to_owned());
        };
        let summary = match self.to {
            To::Gone => format!("create from {config}"),
            To::There => format!("delete; {config} stays"),
        };
        let mut back = change.swapped(summary);
        other.name().clone_into(&mut back.action);
        back.with.insert("config".to_owned(), json!(config));
        back.impact.outage = None;
        Undo::By(vec![back])
    }

    fn project(&self, change: &Change, view: &mut View) {
        let name = &change.target.name;
        let Some(all) = view.endpoints_mut() else { return };
        match self.to {
            To::Gone => all.retain(|known| known.name != *name),
            To::There => all.push(Endpoint {
                arn: change.target.id.clone(),
                name: name.clone(),
                status: "InService".to_owned(),
                failure_reason: None,
                config: config(&change.after).unwrap_or_default().to_owned(),
                created_at: None,
                changed_at: None,
                variants: Vec::new(),
                pending: None,
                tags: tags(&change.after),
            }),
        }
    }
}

/// The tags of a change's fields.
fn tags(fields: &Fields) -> Vec<Tag> {
    fields
        .get("tags")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| {
            Some(Tag {
                key: key.clone(),
                value: value.as_str()?.to_owned(),
            })
        })
        .collect()
}

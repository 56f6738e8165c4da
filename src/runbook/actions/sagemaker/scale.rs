//! `sagemaker.scale`: how many instances a variant has.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{bounds, busy, endpoint, endpoints, prices, sight, target, targets};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, sagemaker};
use crate::domain::policy::ConfirmLevel;
use crate::domain::sagemaker::{Capacity, Variant};
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Fields, Impact, Pace, Progress, Proposal,
    Refusal, Sight, Site, Stamp, Undo, View, fields, parse,
};
use crate::runbook::actions::bounds::Bounds;
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;
use crate::runbook::value::Value as LiveValue;

/// `sagemaker.scale`.
pub struct Scale;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    endpoint: String,
    #[serde(default)]
    variant: Option<String>,
    count: u32,
}

fn count(fields: &Fields) -> Option<u32> {
    u32::try_from(fields.get("count").and_then(Value::as_u64)?).ok()
}

fn summary(variant: &str, from: u32, to: u32) -> String {
    format!("{variant}: instances {from} → {to}")
}

fn named(change: &Change) -> Option<&str> {
    change.with.get("variant").and_then(Value::as_str)
}

/// Instances of a variant that serve and are wanted.
fn counts(change: &Change, view: &View) -> Option<(u32, u32)> {
    let endpoint = view.endpoint(&change.target.name).ok().flatten()?;
    endpoint.variant(named(change)?)?.counts()
}

impl Action for Scale {
    fn name(&self) -> &'static str {
        "sagemaker.scale"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Sets how many instances a variant of a SageMaker endpoint has.\n\
                AWS accepts a count outside the bounds of Application Auto Scaling, which then sets it back: where \
                the count lies outside, the bounds are moved first. Serverless variants have no instances and are \
                refused, and so is an endpoint that changes just now. Undo brings both back.",
            fields: vec![
                FieldSchema::required("endpoint", Type::Text, "The endpoint."),
                FieldSchema::optional("variant", Type::Text, "the only one", "The variant's name."),
                FieldSchema::required("count", Type::Int, "Instances wanted, at least 1."),
            ],
            outputs: vec![OutputSchema::new("count", Type::Int, "Instances wanted.")],
            live: vec![
                OutputSchema::new("count", Type::Int, "Instances wanted."),
                OutputSchema::new("in_service", Type::Int, "Instances that serve."),
            ],
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
            timeout_s: 30 * 60,
            settle_s: 30,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(with)?;
        if with.count == 0 {
            return Err(BadArguments(
                "a variant has at least one instance; an endpoint that nobody needs can only be deleted"
                    .to_owned(),
            ));
        }
        Ok(vec![endpoints(), targets()])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        self.reads(with)?;
        let wanted: With = parse(with)?;
        let endpoint = endpoint(view, &wanted.endpoint)?;
        let variant = match (&wanted.variant, endpoint.variants.as_slice()) {
            (Some(name), _) => endpoint
                .variant(name)
                .ok_or_else(|| Refusal::absent(format!("{} has no variant {name}", endpoint.name)))?,
            (None, [only]) => only,
            (None, all) => {
                let names: Vec<&str> = all.iter().map(|variant| variant.name.as_str()).collect();
                return Err(Refusal::state(format!(
                    "{} has the variants {}: name one",
                    endpoint.name,
                    names.join(", ")
                )));
            }
        };
        let desired = match variant.capacity {
            Capacity::Serverless(_) => {
                return Err(Refusal::state(format!(
                    "the variant {} is serverless and has no instances",
                    variant.name
                )));
            }
            Capacity::Instances { desired, .. } => desired.ok_or_else(|| {
                Refusal::state(format!(
                    "how many instances the variant {} has is not known",
                    variant.name
                ))
            })?,
        };
        if desired == wanted.count {
            return Ok(Proposal::nothing());
        }
        let more = i64::from(wanted.count) - i64::from(desired);
        let mut resolved = with.clone();
        resolved.insert("endpoint".to_owned(), json!(endpoint.name));
        resolved.insert("variant".to_owned(), json!(variant.name));
        let change = Change {
            summary: summary(&variant.name, desired, wanted.count),
            before: fields([("count", json!(desired))]),
            after: fields([("count", json!(wanted.count))]),
            risk: if more < 0 {
                Risk::Disruptive
            } else {
                Risk::Reversible
            },
            cost: cost(variant, more, site),
            impact: Impact {
                instances_removed: desired.saturating_sub(wanted.count),
                instances_added: wanted.count.saturating_sub(desired),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, endpoint), &resolved)
        };
        let mut proposal = Proposal::nothing();
        if let Some(target) = view.endpoint_target(&endpoint.name, &variant.name)? {
            let to = Bounds::of(target).holding(wanted.count);
            if to == Bounds::of(target) {
                proposal = proposal.warn(format!(
                    "{}: Application Auto Scaling may move the count again, between {} and {}",
                    endpoint.name, target.min, target.max
                ));
            } else {
                proposal
                    .changes
                    .push(bounds::change((endpoint, &variant.name), target, to, site));
            }
        }
        proposal.changes.push(change);
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Some(name) = named(change) else {
            return Sight::Gone;
        };
        sight(view, &change.target.name, |endpoint| {
            let (_, desired) = endpoint.variant(name)?.counts()?;
            Some(fields([("count", json!(desired))]))
        })
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        busy(view, &change.target.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        match (named(change), count(&change.after)) {
            (Some(variant), Some(count)) => Ok(Mutation::Sagemaker(sagemaker::Write::ScaleVariant {
                endpoint: change.target.name.clone(),
                variant: variant.to_owned(),
                count,
            })),
            _ => Err(BadArguments(
                "the change names no variant, or no count".to_owned(),
            )),
        }
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let Some(wanted) = count(&change.after) else {
            return Progress::Failed("the change has no count".to_owned());
        };
        Progress::of(view.endpoint(&change.target.name), "the endpoint", |endpoint| {
            if matches!(endpoint.status.as_str(), "Failed" | "OutOfService") {
                return Progress::Failed(format!("the endpoint is {}", endpoint.status));
            }
            match counts(change, view) {
                None => Progress::gone("the variant"),
                Some((_, desired)) if desired != wanted => Progress::Waiting(format!("{desired} are wanted")),
                Some((current, _)) if current == wanted && !endpoint.is_busy() => Progress::Done,
                Some((current, _)) => Progress::Waiting(format!("{current} of {wanted} serve")),
            }
        })
    }

    fn live(&self, change: &Change, view: &View) -> BTreeMap<String, LiveValue> {
        let known = counts(change, view);
        let of = |count: Option<u32>| count.map(i64::from).into();
        BTreeMap::from([
            ("count".to_owned(), of(known.map(|(_, desired)| desired))),
            ("in_service".to_owned(), of(known.map(|(current, _)| current))),
        ])
    }

    fn invert(&self, change: &Change) -> Undo {
        match (count(&change.before), count(&change.after), named(change)) {
            (Some(before), Some(after), Some(variant)) => {
                let mut back = change.swapped(summary(variant, after, before));
                back.with.insert("count".to_owned(), json!(before));
                Undo::By(vec![back])
            }
            _ => Undo::Impossible("the count before is not known".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        let (Some(name), Some(count)) = (named(change).map(str::to_owned), count(&change.after)) else {
            return;
        };
        for endpoint in view.endpoints_mut().into_iter().flatten() {
            if endpoint.name != change.target.name {
                continue;
            }
            for variant in endpoint
                .variants
                .iter_mut()
                .filter(|variant| variant.name == name)
            {
                if let Capacity::Instances { current, desired, .. } = &mut variant.capacity {
                    *current = Some(count);
                    *desired = Some(count);
                }
            }
        }
    }
}

fn cost(variant: &Variant, more: i64, site: &Site<'_>) -> CostDelta {
    let kind = variant.instance_type();
    CostDelta::of(
        prices(site).instance(kind),
        more,
        kind.unwrap_or("an unknown instance type"),
    )
}

//! `sagemaker.scaling_bounds`: between which counts a variant is scaled by itself.

use serde::Deserialize;
use serde_json::Value;

use super::{endpoint, endpoints, target, targets};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query};
use crate::domain::policy::ConfirmLevel;
use crate::domain::sagemaker::{Endpoint, scalable_resource};
use crate::domain::scalable::ScalableTarget;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, View, parse,
};
use crate::runbook::actions::bounds::{self, Bounds, PACE, field_schemas, output_schemas};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `sagemaker.scaling_bounds`.
pub struct ScalingBounds;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    endpoint: String,
    variant: String,
    min: u32,
    max: u32,
}

fn read(with: &Arguments) -> Result<(With, Bounds), BadArguments> {
    let with: With = parse(with)?;
    let bounds = Bounds::checked(with.min, with.max)?;
    Ok((with, bounds))
}

fn summary(variant: &str, from: Bounds, to: Bounds) -> String {
    format!("{variant} {}", from.summary(to))
}

/// The change of a variant's bounds.
pub(super) fn change(
    (endpoint, variant): (&Endpoint, &str),
    target_now: &ScalableTarget,
    to: Bounds,
    site: &Site<'_>,
) -> Change {
    let from = Bounds::of(target_now);
    let mut with = Arguments::new();
    for (name, value) in [
        ("endpoint", Value::from(endpoint.name.as_str())),
        ("variant", Value::from(variant)),
    ] {
        with.insert(name.to_owned(), value);
    }
    to.add_to(&mut with);
    Change {
        summary: summary(variant, from, to),
        before: from.fields(),
        after: to.fields(),
        ..Change::draft(&ScalingBounds, target(site, endpoint), &with)
    }
}

impl Action for ScalingBounds {
    fn name(&self) -> &'static str {
        "sagemaker.scaling_bounds"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Sets between which counts Application Auto Scaling keeps a variant of a SageMaker endpoint.\n\
                A variant outside its bounds is moved into them. Nothing is registered for a variant that is not \
                scaled by itself, and what is suspended stays so. Undo brings the bounds back.",
            fields: [
                FieldSchema::required("endpoint", Type::Text, "The endpoint."),
                FieldSchema::required("variant", Type::Text, "The variant's name."),
            ]
            .into_iter()
            .chain(field_schemas())
            .collect(),
            outputs: output_schemas(),
            live: output_schemas(),
            risk: Risk::Reversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Immediate,
            planning: Planning::Planned,
            target: Some(Kind::SagemakerEndpoint),
        }
    }

    fn pace(&self) -> Pace {
        PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        read(with)?;
        Ok(vec![endpoints(), targets()])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let (wanted, to) = read(with)?;
        let endpoint = endpoint(view, &wanted.endpoint)?;
        let target = view
            .endpoint_target(&endpoint.name, &wanted.variant)?
            .ok_or_else(|| {
                Refusal::state(format!(
                    "{}: the variant {} is not scaled by itself",
                    endpoint.name, wanted.variant
                ))
            })?;
        if Bounds::of(target) == to {
            return Ok(Proposal::nothing());
        }
        Ok(Proposal::one(change(
            (endpoint, &wanted.variant),
            target,
            to,
            site,
        )))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        match read(&change.with) {
            Ok((with, _)) => bounds::sight(view.endpoint_target(&with.endpoint, &with.variant)),
            Err(_) => Sight::Gone,
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let (with, _) = read(&change.with)?;
        bounds::apply(change, scalable_resource(&with.endpoint, &with.variant))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        bounds::progress(change, self.sight(change, view))
    }

    fn invert(&self, change: &Change) -> Undo {
        match read(&change.with) {
            Ok((with, _)) => bounds::invert(change, |from, to| summary(&with.variant, from, to)),
            Err(_) => Undo::Impossible("the change names no variant".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        if let Ok((with, _)) = read(&change.with) {
            bounds::project(change, view.endpoint_target_mut(&with.endpoint, &with.variant));
        }
    }
}

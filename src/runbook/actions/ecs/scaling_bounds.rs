//! `ecs.scaling_bounds`: between which counts a service is scaled by itself.

use serde::Deserialize;
use serde_json::Value;

use super::{service, target};
use crate::domain::ecs::Service;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, application_auto_scaling, ecs};
use crate::domain::policy::ConfirmLevel;
use crate::domain::scalable::{ScalableTarget, resource_of};
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, View, parse,
};
use crate::runbook::actions::bounds::{self, Bounds, PACE, field_schemas, output_schemas};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `ecs.scaling_bounds`.
pub struct ScalingBounds;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    service: String,
    min: u32,
    max: u32,
}

/// What must be read.
pub(super) fn targets() -> Query {
    Query::ApplicationAutoScaling(application_auto_scaling::Read::EcsTargets)
}

fn read(with: &Arguments) -> Result<(With, Bounds), BadArguments> {
    let with: With = parse(with)?;
    let bounds = Bounds::checked(with.min, with.max)?;
    Ok((with, bounds))
}

/// The change of a service's bounds.
pub(super) fn change(service: &Service, target_now: &ScalableTarget, to: Bounds, site: &Site<'_>) -> Change {
    let from = Bounds::of(target_now);
    let mut with = Arguments::new();
    for (name, value) in [
        ("cluster", Value::from(service.cluster.as_str())),
        ("service", Value::from(service.name.as_str())),
    ] {
        with.insert(name.to_owned(), value);
    }
    to.add_to(&mut with);
    Change {
        summary: from.summary(to),
        before: from.fields(),
        after: to.fields(),
        ..Change::draft(&ScalingBounds, target(site, service), &with)
    }
}

impl Action for ScalingBounds {
    fn name(&self) -> &'static str {
        "ecs.scaling_bounds"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Sets between which counts Application Auto Scaling keeps an ECS service.\n\
                A service outside its bounds is moved into them. Nothing is registered for a service that is not \
                scaled by itself, and what is suspended stays so. Undo brings the bounds back.",
            fields: [
                FieldSchema::required("cluster", Type::Text, "The cluster's name."),
                FieldSchema::required("service", Type::Text, "The service."),
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
            target: Some(Kind::EcsService),
        }
    }

    fn pace(&self) -> Pace {
        PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        read(with)?;
        Ok(vec![Query::Ecs(ecs::Read::Fleet), targets()])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let (wanted, to) = read(with)?;
        let service = service(view, &wanted.cluster, &wanted.service)?;
        let target = view
            .scalable_target(&wanted.cluster, &wanted.service)?
            .ok_or_else(|| Refusal::state(format!("{} is not scaled by itself", service.name)))?;
        if Bounds::of(target) == to {
            return Ok(Proposal::nothing());
        }
        let proposal = Proposal::one(change(service, target, to, site));
        let kept = service.desired.clamp(to.min, to.max);
        Ok(if kept == service.desired {
            proposal
        } else {
            proposal.warn(format!(
                "{}: {} tasks are wanted, and Application Auto Scaling will make that {kept}",
                service.name, service.desired
            ))
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        match read(&change.with) {
            Ok((with, _)) => bounds::sight(view.scalable_target(&with.cluster, &with.service)),
            Err(_) => Sight::Gone,
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let (with, _) = read(&change.with)?;
        bounds::apply(change, resource_of(&with.cluster, &with.service))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        bounds::progress(change, self.sight(change, view))
    }

    fn invert(&self, change: &Change) -> Undo {
        bounds::invert(change, Bounds::summary)
    }

    fn project(&self, change: &Change, view: &mut View) {
        if let Ok((with, _)) = read(&change.with) {
            bounds::project(change, view.scalable_target_mut(&with.cluster, &with.service));
        }
    }
}

//! `ecs.scaling_bounds`: between which counts a service is scaled by itself.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{service, target};
use crate::domain::ecs::Service;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, application_auto_scaling, ecs};
use crate::domain::policy::ConfirmLevel;
use crate::domain::scalable::{ScalableTarget, resource_of};
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
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

fn read(with: &Arguments) -> Result<With, BadArguments> {
    let with: With = parse(with)?;
    if with.min > with.max {
        return Err(BadArguments(format!(
            "min {} is more than max {}",
            with.min, with.max
        )));
    }
    Ok(with)
}

fn bounds((min, max): (u32, u32)) -> Fields {
    fields([("min", json!(min)), ("max", json!(max))])
}

fn known(fields: &Fields) -> Option<(u32, u32)> {
    let of = |name: &str| u32::try_from(fields.get(name).and_then(Value::as_u64)?).ok();
    Some((of("min")?, of("max")?))
}

fn summary(from: (u32, u32), to: (u32, u32)) -> String {
    format!(
        "scaled by itself between {} and {} → {} and {}",
        from.0, from.1, to.0, to.1
    )
}

/// The change of a service's bounds.
pub(super) fn change(
    service: &Service,
    target_now: &ScalableTarget,
    to: (u32, u32),
    site: &Site<'_>,
) -> Change {
    let from = (target_now.min, target_now.max);
    let mut with = Arguments::new();
    for (name, value) in [
        ("cluster", Value::from(service.cluster.as_str())),
        ("service", Value::from(service.name.as_str())),
        ("min", Value::from(to.0)),
        ("max", Value::from(to.1)),
    ] {
        with.insert(name.to_owned(), value);
    }
    Change {
        summary: summary(from, to),
        before: bounds(from),
        after: bounds(to),
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
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The cluster's name."),
                FieldSchema::required("service", Type::Text, "The service."),
                FieldSchema::required("min", Type::Int, "The least count."),
                FieldSchema::required("max", Type::Int, "The greatest count."),
            ],
            outputs: vec![
                OutputSchema::new("min", Type::Int, "The least count."),
                OutputSchema::new("max", Type::Int, "The greatest count."),
            ],
            live: vec![
                OutputSchema::new("min", Type::Int, "The least count."),
                OutputSchema::new("max", Type::Int, "The greatest count."),
            ],
            risk: Risk::Reversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Immediate,
            planning: Planning::Planned,
            target: Some(Kind::EcsService),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 5,
            timeout_s: 2 * 60,
            settle_s: 15,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        read(with)?;
        Ok(vec![Query::Ecs(ecs::Read::Fleet), targets()])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted = read(with)?;
        let service = service(view, &wanted.cluster, &wanted.service)?;
        let target = view
            .scalable_target(&wanted.cluster, &wanted.service)?
            .ok_or_else(|| Refusal::state(format!("{} is not scaled by itself", service.name)))?;
        if (target.min, target.max) == (wanted.min, wanted.max) {
            return Ok(Proposal::nothing());
        }
        let proposal = Proposal::one(change(service, target, (wanted.min, wanted.max), site));
        let kept = service.desired.clamp(wanted.min, wanted.max);
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
        let Ok(with) = read(&change.with) else {
            return Sight::Gone;
        };
        Sight::of(view.scalable_target(&with.cluster, &with.service), |target| {
            bounds((target.min, target.max))
        })
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with = read(&change.with)?;
        let (min, max) =
            known(&change.after).ok_or_else(|| BadArguments("the change has no bounds".to_owned()))?;
        Ok(Mutation::ApplicationAutoScaling(
            application_auto_scaling::Write::SetBounds {
                resource: resource_of(&with.cluster, &with.service),
                min,
                max,
            },
        ))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        self.sight(change, view).progress(
            change,
            "the bounds do not show yet",
            Progress::Failed("it is not scaled by itself any more".to_owned()),
        )
    }

    fn invert(&self, change: &Change) -> Undo {
        match (known(&change.before), known(&change.after)) {
            (Some(before), Some(after)) => {
                let mut back = change.swapped(summary(after, before));
                back.with.insert("min".to_owned(), json!(before.0));
                back.with.insert("max".to_owned(), json!(before.1));
                Undo::By(vec![back])
            }
            _ => Undo::Impossible("the bounds before are not known".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        let (Ok(with), Some((min, max))) = (read(&change.with), known(&change.after)) else {
            return;
        };
        if let Some(target) = view.scalable_target_mut(&with.cluster, &with.service) {
            target.min = min;
            target.max = max;
        }
    }
}

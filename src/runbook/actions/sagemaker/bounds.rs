//! `sagemaker.scaling_bounds`: between which counts a variant is scaled by itself.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{endpoint, endpoints, target, targets};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, application_auto_scaling};
use crate::domain::policy::ConfirmLevel;
use crate::domain::sagemaker::{Endpoint, scalable_resource};
use crate::domain::scalable::ScalableTarget;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
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

fn summary(variant: &str, from: (u32, u32), to: (u32, u32)) -> String {
    format!(
        "{variant} scaled by itself between {} and {} → {} and {}",
        from.0, from.1, to.0, to.1
    )
}

/// The change of a variant's bounds.
pub(super) fn change(
    (endpoint, variant): (&Endpoint, &str),
    target_now: &ScalableTarget,
    to: (u32, u32),
    site: &Site<'_>,
) -> Change {
    let from = (target_now.min, target_now.max);
    let mut with = Arguments::new();
    for (name, value) in [
        ("endpoint", Value::from(endpoint.name.as_str())),
        ("variant", Value::from(variant)),
        ("min", Value::from(to.0)),
        ("max", Value::from(to.1)),
    ] {
        with.insert(name.to_owned(), value);
    }
    Change {
        summary: summary(variant, from, to),
        before: bounds(from),
        after: bounds(to),
        ..Change::draft(&ScalingBounds, target(site, endpoint), &with)
    }
}

impl Action for ScalingBounds {
    fn name(&self) -> &'static str {
        "sagemaker.scaling_bounds"
    }

    fn schema(&self) -> ActionSchema {
        let least = || OutputSchema::new("min", Type::Int, "The least count.");
        let most = || OutputSchema::new("max", Type::Int, "The greatest count.");
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Sets between which counts Application Auto Scaling keeps a variant of a SageMaker endpoint.\n\
                A variant outside its bounds is moved into them. Nothing is registered for a variant that is not \
                scaled by itself, and what is suspended stays so. Undo brings the bounds back.",
            fields: vec![
                FieldSchema::required("endpoint", Type::Text, "The endpoint."),
                FieldSchema::required("variant", Type::Text, "The variant's name."),
                FieldSchema::required("min", Type::Int, "The least count."),
                FieldSchema::required("max", Type::Int, "The greatest count."),
            ],
            outputs: vec![least(), most()],
            live: vec![least(), most()],
            risk: Risk::Reversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Immediate,
            planning: Planning::Planned,
            target: Some(Kind::SagemakerEndpoint),
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
        Ok(vec![endpoints(), targets()])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted = read(with)?;
        let endpoint = endpoint(view, &wanted.endpoint)?;
        let target = view
            .endpoint_target(&endpoint.name, &wanted.variant)?
            .ok_or_else(|| {
                Refusal::state(format!(
                    "{}: the variant {} is not scaled by itself",
                    endpoint.name, wanted.variant
                ))
            })?;
        if (target.min, target.max) == (wanted.min, wanted.max) {
            return Ok(Proposal::nothing());
        }
        Ok(Proposal::one(change(
            (endpoint, &wanted.variant),
            target,
            (wanted.min, wanted.max),
            site,
        )))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = read(&change.with) else {
            return Sight::Gone;
        };
        match view.endpoint_target(&with.endpoint, &with.variant) {
            Err(unread) => Sight::Unreadable(unread),
            Ok(None) => Sight::Gone,
            Ok(Some(target)) => Sight::Here(bounds((target.min, target.max))),
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with = read(&change.with)?;
        let (min, max) =
            known(&change.after).ok_or_else(|| BadArguments("the change has no bounds".to_owned()))?;
        Ok(Mutation::ApplicationAutoScaling(
            application_auto_scaling::Write::SetBounds {
                resource: scalable_resource(&with.endpoint, &with.variant),
                min,
                max,
            },
        ))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        match self.sight(change, view) {
            Sight::Here(live) if live == change.after => Progress::Done,
            Sight::Here(_) => Progress::Waiting("the bounds do not show yet".to_owned()),
            Sight::Gone => Progress::Failed("it is not scaled by itself any more".to_owned()),
            Sight::Unreadable(unread) => Progress::Waiting(unread.to_string()),
        }
    }

    fn invert(&self, change: &Change) -> Undo {
        let variant = change.with.get("variant").and_then(Value::as_str);
        match (known(&change.before), known(&change.after), variant) {
            (Some(before), Some(after), Some(variant)) => {
                let mut back = change.swapped(summary(variant, after, before));
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
        if let Some(target) = view.endpoint_target_mut(&with.endpoint, &with.variant) {
            target.min = min;
            target.max = max;
        }
    }
}

//! What actions have in common that set between which counts Application Auto Scaling keeps something.

use serde_json::{Value, json};

use crate::domain::ops::{Mutation, application_auto_scaling};
use crate::domain::scalable::ScalableTarget;
use crate::runbook::action::{
    Arguments, BadArguments, Change, Fields, Pace, Progress, Sight, Undo, Unread, fields,
};
use crate::runbook::schema::{FieldSchema, OutputSchema};
use crate::runbook::types::Type;

/// They show as soon as they are set.
pub(super) const PACE: Pace = Pace {
    every_s: 5,
    timeout_s: 2 * 60,
    settle_s: 15,
};

/// Between which counts something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// The least count.
    pub min: u32,
    /// The greatest count.
    pub max: u32,
}

impl Bounds {
    /// Those of a target.
    pub(super) const fn of(target: &ScalableTarget) -> Self {
        Self {
            min: target.min,
            max: target.max,
        }
    }

    /// Those that are asked for, if they can be.
    pub(super) fn checked(min: u32, max: u32) -> Result<Self, BadArguments> {
        if min > max {
            return Err(BadArguments(format!("min {min} is more than max {max}")));
        }
        Ok(Self { min, max })
    }

    /// The same, as far as it takes to hold a count.
    pub(super) fn holding(self, count: u32) -> Self {
        Self {
            min: self.min.min(count),
            max: self.max.max(count),
        }
    }

    /// As fields of a change.
    pub(super) fn fields(self) -> Fields {
        fields([("min", json!(self.min)), ("max", json!(self.max))])
    }

    /// From fields of a change.
    fn read(fields: &Fields) -> Option<Self> {
        let of = |name: &str| u32::try_from(fields.get(name).and_then(Value::as_u64)?).ok();
        Some(Self {
            min: of("min")?,
            max: of("max")?,
        })
    }

    /// The change to others, in words.
    pub(super) fn summary(self, to: Self) -> String {
        format!(
            "scaled by itself between {} and {} → {} and {}",
            self.min, self.max, to.min, to.max
        )
    }

    /// As arguments of an action.
    pub(super) fn add_to(self, with: &mut Arguments) {
        with.insert("min".to_owned(), json!(self.min));
        with.insert("max".to_owned(), json!(self.max));
    }
}

/// The two fields of a runbook's step.
pub(super) fn field_schemas() -> [FieldSchema; 2] {
    [
        FieldSchema::required("min", Type::Int, "The least count."),
        FieldSchema::required("max", Type::Int, "The greatest count."),
    ]
}

/// What such a step gives, and what its waits see.
pub(super) fn output_schemas() -> Vec<OutputSchema> {
    vec![
        OutputSchema::new("min", Type::Int, "The least count."),
        OutputSchema::new("max", Type::Int, "The greatest count."),
    ]
}

/// What the target looks like.
pub(super) fn sight(found: Result<Option<&ScalableTarget>, Unread>) -> Sight {
    Sight::of(found, |target| Bounds::of(target).fields())
}

/// The call that moves the bounds of a resource.
pub(super) fn apply(change: &Change, resource: String) -> Result<Mutation, BadArguments> {
    let Bounds { min, max } =
        Bounds::read(&change.after).ok_or_else(|| BadArguments("the change has no bounds".to_owned()))?;
    Ok(Mutation::ApplicationAutoScaling(
        application_auto_scaling::Write::SetBounds { resource, min, max },
    ))
}

/// How far it is, by what the target looks like.
pub(super) fn progress(change: &Change, sight: Sight) -> Progress {
    sight.progress(
        change,
        "the bounds do not show yet",
        Progress::Failed("it is not scaled by itself any more".to_owned()),
    )
}

/// The way back; `summary` says it in words, from the first to the second.
pub(super) fn invert(change: &Change, summary: impl FnOnce(Bounds, Bounds) -> String) -> Undo {
    match (Bounds::read(&change.before), Bounds::read(&change.after)) {
        (Some(before), Some(after)) => {
            let mut back = change.swapped(summary(after, before));
            before.add_to(&mut back.with);
            Undo::By(vec![back])
        }
        _ => Undo::Impossible("the bounds before are not known".to_owned()),
    }
}

/// Writes the change into the target.
pub(super) fn project(change: &Change, target: Option<&mut ScalableTarget>) {
    if let (Some(Bounds { min, max }), Some(target)) = (Bounds::read(&change.after), target) {
        target.min = min;
        target.max = max;
    }
}

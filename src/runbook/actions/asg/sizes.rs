//! The three sizes of a group: as a change has them, as a tag keeps them, and in words.

use std::fmt;

use serde_json::{Value, json};

use crate::domain::asg::Group;
use crate::runbook::action::{BadArguments, Fields, fields};

/// The three sizes of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The least capacity.
    pub min: u32,
    /// The most capacity.
    pub max: u32,
    /// The capacity wanted.
    pub desired: u32,
}

impl Sizes {
    /// Of a group as it is.
    pub const fn of(group: &Group) -> Self {
        Self {
            min: group.min,
            max: group.max,
            desired: group.desired,
        }
    }

    /// As a change has them.
    pub fn fields(self) -> Fields {
        fields([
            ("min", json!(self.min)),
            ("max", json!(self.max)),
            ("desired", json!(self.desired)),
        ])
    }

    /// Those of a change.
    ///
    /// # Errors
    /// If one of them is missing.
    pub fn read(fields: &Fields) -> Result<Self, BadArguments> {
        let size = |name: &str| {
            fields
                .get(name)
                .and_then(Value::as_u64)
                .and_then(|size| u32::try_from(size).ok())
                .ok_or_else(|| BadArguments(format!("the change has no {name}")))
        };
        Ok(Self {
            min: size("min")?,
            max: size("max")?,
            desired: size("desired")?,
        })
    }

    /// Those that a tag keeps, as they were displayed; `None` if it was something else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/').map(str::parse);
        let mut next = || parts.next()?.ok();
        Some(Self {
            min: next()?,
            max: next()?,
            desired: next()?,
        })
    }

    /// What becomes of them, in words.
    pub fn summary(self, to: Self) -> String {
        let part = |name: &str, from: u32, to: u32| {
            if from == to {
                format!("{name} {from}")
            } else {
                format!("{name} {from} → {to}")
            }
        };
        [
            part("desired", self.desired, to.desired),
            part("min", self.min, to.min),
            part("max", self.max, to.max),
        ]
        .join(", ")
    }
}

/// `min/max/desired`.
impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.min, self.max, self.desired)
    }
}

//! What changed lately: deployments, versions and aliases of functions, scaling, database and cache events,
//! alarm transitions, instances that started or stopped. Only what was read anyway; CloudTrail is asked on request.

mod activity;
mod deployment;
mod events;
mod execution;
mod functions;
mod models;
mod push;
mod related;

pub use related::{beneath, for_resource, nodegroups_behind, paid_hosts};

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{Inventory, ScopeState};

/// Something that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// The resource, where it is known.
    pub resource: Option<ResourceKey>,
    /// What sort of change.
    pub word: Word,
    /// What changed, short enough for a row; holds foreign text, cleaned for a terminal.
    pub what: String,
    /// Who or what did it, where AWS tells.
    pub who: Option<String>,
    /// What it is called in every picture, where `what` says more as more is read of it.
    pub id: Option<String>,
}

/// The sorts of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// A deployment of a service, an endpoint or a function.
    Deploy,
    /// The capacity of a group.
    Scaling,
    /// An event of a database.
    Rds,
    /// An event of a cache.
    Redis,
    /// An alarm's new state.
    Alarm,
    /// An instance of no group that started or stopped.
    Instance,
    /// A training job that ended.
    Training,
    /// An execution of a pipeline.
    Pipeline,
    /// An image that took a tag which moves.
    Image,
}

impl Word {
    /// How far apart the beginnings of one change may lie in two pictures, since AWS tells of it in two
    /// places.
    pub const fn tolerance(self) -> SignedDuration {
        match self {
            Self::Deploy => deployment::SAME,
            Self::Scaling => activity::SAME,
            Self::Rds
            | Self::Redis
            | Self::Alarm
            | Self::Instance
            | Self::Training
            | Self::Pipeline
            | Self::Image => SignedDuration::ZERO,
        }
    }

    /// Every sort.
    pub const ALL: [Self; 9] = [
        Self::Deploy,
        Self::Scaling,
        Self::Rds,
        Self::Redis,
        Self::Alarm,
        Self::Instance,
        Self::Training,
        Self::Pipeline,
        Self::Image,
    ];

    /// The word as it is shown, at most eight columns.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Scaling => "scaling",
            Self::Rds => "rds",
            Self::Redis => "redis",
            Self::Alarm => "alarm",
            Self::Instance => "instance",
            Self::Training => "training",
            Self::Pipeline => "pipeline",
            Self::Image => "image",
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Everything that changed within `window` before `now`, in all scopes that are shown, newest first.
pub fn recent(inventory: &Inventory, now: Timestamp, window: SignedDuration) -> Vec<Change> {
    let mut changes = Vec::new();
    for state in inventory.shown() {
        let span = Span {
            from: now - window,
            to: now,
        };
        deployment::collect(state, span, &mut changes);
        activity::collect(state, span, &mut changes);
        events::collect(state, span, &mut changes);
        models::collect(state, span, &mut changes);
        execution::collect(state, span, &mut changes);
        push::collect(state, span, &mut changes);
        functions::collect(state, span, &mut changes);
    }
    changes.sort_by(|a, b| {
        b.at.cmp(&a.at)
            .then_with(|| a.word.cmp(&b.word))
            .then_with(|| a.what.cmp(&b.what))
            .then_with(|| a.resource.cmp(&b.resource))
    });
    changes.dedup();
    changes
}

/// The span of time that is asked for.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Timestamp,
    to: Timestamp,
}

impl Span {
    /// Whether the moment lies in it. A clock of AWS may be a little ahead of ours.
    fn has(self, at: Timestamp) -> bool {
        self.from <= at && at <= self.to + SignedDuration::from_mins(5)
    }
}

/// The key of a resource of the scope.
fn key(state: &ScopeState, kind: Kind, id: &str) -> ResourceKey {
    ResourceKey::new(state.name(), kind, id)
}

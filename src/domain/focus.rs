//! What somebody looks at: decides what is collected, and how often.

use std::collections::BTreeSet;

use crate::domain::ids::Kind;
use crate::domain::inventory::SourceKey;

/// What is looked at now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Focus {
    /// Kinds of the pane in front: these are read at the quick cadence.
    pub front: BTreeSet<Kind>,
    /// Details that somebody opened: tasks of a service, CloudTrail of a resource.
    pub details: BTreeSet<SourceKey>,
    /// Whether GPUs are looked at, so that nvidia-smi is worth running.
    pub gpu: Probing,
    /// Whether anything is to be collected at all.
    pub pace: Pace,
}

/// Whether nvidia-smi is run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Probing {
    /// Nobody looks at GPUs.
    #[default]
    No,
    /// Somebody does.
    Yes,
}

/// Whether collection goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pace {
    /// At the cadences of what is in front.
    #[default]
    Live,
    /// Nothing is asked until somebody resumes or refreshes.
    Paused,
    /// Everything is asked once, for a command that prints and ends.
    Once,
}

impl Focus {
    /// Everything, once: what `qd status` wants.
    pub fn once(kinds: impl IntoIterator<Item = Kind>, gpu: Probing) -> Self {
        Self {
            front: kinds.into_iter().collect(),
            details: BTreeSet::new(),
            gpu,
            pace: Pace::Once,
        }
    }
}

//! Questions to CloudTrail.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// Writes that touched a resource since then → `Trail`, newest first. Two calls a second.
    Lookup {
        /// The resource's name as CloudTrail has it.
        resource: String,
        /// The oldest that is wanted.
        since: Timestamp,
        /// The region whose history is asked; that of the scope if none is named.
        region: Option<String>,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Lookup { .. } => const { &[Operation::new("cloudtrail", "LookupEvents")] },
        }
    }
}

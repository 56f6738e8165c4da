//! Questions to the Security Token Service.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// Who the credentials are → `Identity`.
    CallerIdentity,
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::CallerIdentity => const { &[Operation::allowed_by("sts", "GetCallerIdentity", "")] },
        }
    }
}

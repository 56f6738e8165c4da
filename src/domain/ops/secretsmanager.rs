//! Questions to AWS Secrets Manager: names and ages, never values.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All secrets, those scheduled for deletion included → `Secrets`.
    Secrets,
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Secrets => const { &[Operation::new("secretsmanager", "ListSecrets")] },
        }
    }
}

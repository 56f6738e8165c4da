//! Questions to AWS CloudFormation.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// One stack; none if it does not exist → `Stacks`.
    Stack {
        /// Its name.
        name: String,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Stack { .. } => const { &[Operation::new("cloudformation", "DescribeStacks")] },
        }
    }
}

//! Questions to AWS CodeBuild.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All projects with their newest builds → `BuildProjects`.
    Projects,
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Projects => {
                const {
                    &[
                        Operation::new("codebuild", "ListProjects"),
                        Operation::new("codebuild", "BatchGetProjects"),
                        Operation::new("codebuild", "ListBuildsForProject"),
                        Operation::new("codebuild", "BatchGetBuilds"),
                    ]
                }
            }
        }
    }
}

//! Questions to and changes of Amazon ECR.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All images of a repository, tagged or not → `Images`.
    Images {
        /// The registry's account where it is another one's.
        registry: Option<String>,
        /// The repository's name.
        repository: String,
    },
    /// All repositories with their lifecycle policies and images → `Repositories`.
    Repositories,
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Points a tag to an image that the repository has; the tag leaves the image that had it.
    PutTag {
        /// The repository's name.
        repository: String,
        /// The image's digest.
        digest: String,
        /// The tag.
        tag: String,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Images { .. } => const { &[Operation::new("ecr", "DescribeImages")] },
            Self::Repositories => {
                const {
                    &[
                        Operation::new("ecr", "DescribeRepositories"),
                        Operation::new("ecr", "GetLifecyclePolicy"),
                        Operation::new("ecr", "DescribeImages"),
                    ]
                }
            }
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::PutTag { .. } => Operation::new("ecr", "PutImage"),
        }
    }

    /// What is read right before: the manifest, which is sent back as it is.
    pub const fn prerequisites(&self) -> &'static [Operation] {
        match self {
            Self::PutTag { .. } => const { &[Operation::new("ecr", "BatchGetImage")] },
        }
    }
}

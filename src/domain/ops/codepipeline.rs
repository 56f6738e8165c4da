//! Questions to and changes of AWS CodePipeline.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All pipelines with what they deploy and where their executions are → `Pipelines`.
    Pipelines,
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Lets no execution enter a stage.
    DisableTransition {
        /// The pipeline's name.
        pipeline: String,
        /// The stage's name.
        stage: String,
        /// Why, at most 300 characters: everybody sees it on the pipeline's page.
        reason: String,
    },
    /// Lets executions enter a stage.
    EnableTransition {
        /// The pipeline's name.
        pipeline: String,
        /// The stage's name.
        stage: String,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Pipelines => {
                const {
                    &[
                        Operation::new("codepipeline", "ListPipelines"),
                        Operation::new("codepipeline", "GetPipeline"),
                        Operation::new("codepipeline", "GetPipelineState"),
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
            Self::DisableTransition { .. } => Operation::new("codepipeline", "DisableStageTransition"),
            Self::EnableTransition { .. } => Operation::new("codepipeline", "EnableStageTransition"),
        }
    }
}

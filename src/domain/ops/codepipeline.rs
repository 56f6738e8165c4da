//! Questions to and changes of AWS CodePipeline.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All pipelines with what they deploy and where their executions are → `Pipelines`.
    Pipelines,
    /// The newest executions of pipelines → `PipelineExecutions`.
    Executions {
        /// The pipelines' names.
        pipelines: Vec<String>,
    },
    /// The executions of a pipeline that succeeded in a stage, newest first → `PipelineExecutions`.
    SucceededIn {
        /// The pipeline's name.
        pipeline: String,
        /// The stage's name.
        stage: String,
    },
    /// The newest executions of a pipeline; of the one with this id also who wrote the change →
    /// `PipelineExecutions`.
    ChangeIn {
        /// The pipeline's name.
        pipeline: String,
        /// The execution's id.
        execution: String,
    },
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
    /// Runs a stage again that failed.
    RetryStage {
        /// The pipeline's name.
        pipeline: String,
        /// The stage's name.
        stage: String,
        /// The execution that failed in it: another one is not retried by mistake.
        execution: String,
        /// Which of its actions.
        mode: RetryMode,
    },
    /// Answers a manual approval. Its token is read right before and never written down.
    Answer {
        /// The pipeline's name.
        pipeline: String,
        /// The stage's name.
        stage: String,
        /// The approval action's name.
        action: String,
        /// The execution that waits: another one that came meanwhile is not answered.
        execution: String,
        /// What is said.
        answer: Approval,
        /// Why, at most 512 characters: everybody sees it on the pipeline's page.
        summary: String,
    },
    /// Brings a stage back to an earlier execution that succeeded in it.
    RollbackStage {
        /// The pipeline's name.
        pipeline: String,
        /// The stage's name.
        stage: String,
        /// The execution to go back to.
        target: String,
    },
}

/// Which actions of a stage run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryMode {
    /// Those that failed.
    Failed,
    /// All.
    All,
}

/// The answer to a manual approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approval {
    /// The change goes on.
    Approve,
    /// The change stops here, and the stage fails.
    Reject,
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
            Self::Executions { .. } | Self::SucceededIn { .. } => {
                const { &[Operation::new("codepipeline", "ListPipelineExecutions")] }
            }
            Self::ChangeIn { .. } => {
                const {
                    &[
                        Operation::new("codepipeline", "ListPipelineExecutions"),
                        Operation::new("codepipeline", "ListActionExecutions"),
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
            Self::RetryStage { .. } => Operation::new("codepipeline", "RetryStageExecution"),
            Self::Answer { .. } => Operation::new("codepipeline", "PutApprovalResult"),
            Self::RollbackStage { .. } => Operation::new("codepipeline", "RollbackStage"),
        }
    }

    /// What is read right before: the token of the approval.
    pub const fn prerequisites(&self) -> &'static [Operation] {
        match self {
            Self::Answer { .. } => const { &[Operation::new("codepipeline", "GetPipelineState")] },
            Self::DisableTransition { .. }
            | Self::EnableTransition { .. }
            | Self::RetryStage { .. }
            | Self::RollbackStage { .. } => &[],
        }
    }
}

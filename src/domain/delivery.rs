//! What delivers to a service beside people: pipelines of AWS CodePipeline and stacks of CloudFormation.

use serde::{Deserialize, Serialize};

/// A pipeline.
/// <https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_GetPipelineState.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// The pipeline's name.
    pub name: String,
    /// Its stages, in order.
    pub stages: Vec<Stage>,
}

/// A stage of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// The stage's name.
    pub name: String,
    /// Cluster and service of every ECS deploy action in it; blue/green ones by CodeDeploy are not
    /// among them, since they name neither.
    pub deploys: Vec<(String, String)>,
    /// `InProgress`, `Succeeded`, `Failed`, …; `None` if it never ran.
    pub status: Option<String>,
    /// Whether executions may enter.
    pub enabled: bool,
    /// Why they may not: what somebody wrote; foreign text.
    pub disabled_reason: Option<String>,
    /// Whether an execution waits before it.
    pub waiting: bool,
}

impl Pipeline {
    /// The stages that deploy a service.
    pub fn stages_of<'a>(&'a self, cluster: &'a str, service: &'a str) -> impl Iterator<Item = &'a Stage> {
        self.stages.iter().filter(move |stage| {
            stage
                .deploys
                .iter()
                .any(|(of, name)| of == cluster && name == service)
        })
    }

    /// The first stage in which an execution is.
    pub fn busy(&self) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.is_busy())
    }
}

impl Stage {
    /// Whether an execution is in it.
    pub fn is_busy(&self) -> bool {
        matches!(self.status.as_deref(), Some("InProgress" | "Stopping"))
    }
}

/// A stack.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    /// The stack's name.
    pub name: String,
    /// `UPDATE_COMPLETE`, `UPDATE_IN_PROGRESS`, …
    pub status: String,
    /// What AWS says of the status; foreign text.
    pub reason: Option<String>,
}

impl Stack {
    /// Whether it is being changed, cleaned up or rolled back.
    pub fn is_busy(&self) -> bool {
        self.status.contains("IN_PROGRESS")
    }
}

//! What delivers to a service beside people: pipelines of AWS CodePipeline and stacks of CloudFormation.

mod execution;

pub use execution::{Execution, Revision, Trigger};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A pipeline.
/// <https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_GetPipelineState.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// The pipeline's name.
    pub name: String,
    /// Its ARN, where AWS tells it.
    pub arn: Option<String>,
    /// `V1` or `V2`: only the latter can roll stages back.
    pub version: Option<String>,
    /// Its stages, in order.
    pub stages: Vec<Stage>,
}

/// A stage of a pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// The stage's name.
    pub name: String,
    /// Cluster and service of every ECS deploy action in it; blue/green ones by CodeDeploy are not
    /// among them, since they name neither.
    pub deploys: Vec<(String, String)>,
    /// `InProgress`, `Succeeded`, `Failed`, …; `None` if it never ran.
    pub status: Option<String>,
    /// The execution that is or was last in it.
    pub execution: Option<String>,
    /// Whether executions may enter.
    pub enabled: bool,
    /// Why they may not: what somebody wrote; foreign text.
    pub disabled_reason: Option<String>,
    /// Who disabled the transition into it: an ARN.
    pub disabled_by: Option<String>,
    /// When it was disabled.
    pub disabled_at: Option<Timestamp>,
    /// Whether an execution waits before it.
    pub waiting: bool,
    /// Its actions with what they did last.
    pub actions: Vec<StageAction>,
}

/// An action of a stage.
/// <https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionExecution.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageAction {
    /// The action's name.
    pub name: String,
    /// `Source`, `Build`, `Deploy`, `Approval`, …
    pub category: String,
    /// `CodeBuild`, `ECS`, `Manual`, …
    pub provider: String,
    /// The project of CodeBuild that it runs.
    pub project: Option<String>,
    /// `InProgress`, `Succeeded`, `Failed`, `Abandoned`; `None` if it never ran.
    pub status: Option<String>,
    /// What it says of its state; foreign text.
    pub summary: Option<String>,
    /// When its status changed last.
    pub changed_at: Option<Timestamp>,
    /// Who changed it: an ARN.
    pub changed_by: Option<String>,
    /// Why it failed.
    pub error: Option<ActionError>,
    /// What it started elsewhere: the id of a build.
    pub external_id: Option<String>,
}

/// Why an action failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionError {
    /// `JobFailed`, `ConfigurationError`, …
    pub code: Option<String>,
    /// What went wrong; foreign text.
    pub message: String,
}

impl Pipeline {
    /// The ARN, else the name.
    pub fn id(&self) -> &str {
        self.arn.as_deref().unwrap_or(&self.name)
    }

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

    /// The first stage that failed, and the actions of it that did.
    pub fn failed(&self) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.has_failed())
    }

    /// The first stage that is kept from being entered.
    pub fn held(&self) -> Option<&Stage> {
        self.stages.iter().find(|stage| !stage.enabled)
    }

    /// The approval that somebody has to give: its stage and action.
    pub fn approval(&self) -> Option<(&Stage, &StageAction)> {
        self.stages.iter().find_map(|stage| {
            let action = stage.actions.iter().find(|action| action.awaits_approval())?;
            Some((stage, action))
        })
    }

    /// The stages after the one of that name.
    pub fn after<'a>(&'a self, stage: &'a str) -> impl Iterator<Item = &'a Stage> {
        self.stages
            .iter()
            .skip_while(move |one| one.name != stage)
            .skip(1)
    }

    /// A stage by its name.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }
}

impl Stage {
    /// Whether an execution is in it.
    pub fn is_busy(&self) -> bool {
        matches!(self.status.as_deref(), Some("InProgress" | "Stopping"))
    }

    /// Whether its newest execution failed.
    pub fn has_failed(&self) -> bool {
        self.status.as_deref() == Some("Failed")
    }

    /// The actions that failed.
    pub fn failures(&self) -> impl Iterator<Item = &StageAction> {
        self.actions
            .iter()
            .filter(|action| action.status.as_deref() == Some("Failed"))
    }

    /// When something of it changed last.
    pub fn changed_at(&self) -> Option<Timestamp> {
        self.actions.iter().filter_map(|action| action.changed_at).max()
    }
}

impl StageAction {
    /// Whether it waits until somebody approves or rejects.
    pub fn awaits_approval(&self) -> bool {
        self.category == "Approval" && self.status.as_deref() == Some("InProgress")
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

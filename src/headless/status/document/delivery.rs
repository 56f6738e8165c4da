//! Pipelines, build projects and image repositories in the document.

use std::collections::BTreeMap;

use crate::headless::moment;
use jiff::Timestamp;
use serde::Serialize;

/// A pipeline.
#[derive(Debug, Clone, Serialize)]
pub struct Pipeline {
    /// `V1` or `V2`.
    pub version: Option<String>,
    /// Its stages, in order.
    pub stages: Vec<StageEntry>,
    /// Its newest executions, newest first; `None` if they could not be read.
    pub executions: Option<Vec<ExecutionEntry>>,
}

/// A stage.
#[derive(Debug, Clone, Serialize)]
pub struct StageEntry {
    /// The stage's name.
    pub name: String,
    /// `InProgress`, `Succeeded`, `Failed`, …; `None` if it never ran.
    pub status: Option<String>,
    /// The execution that is or was last in it.
    pub execution_id: Option<String>,
    /// Whether executions may enter.
    pub enabled: bool,
    /// Who disabled the transition into it.
    pub disabled_by: Option<String>,
    /// When.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub disabled_at: Option<Timestamp>,
    /// Why.
    pub disabled_reason: Option<String>,
    /// Whether an execution waits before it.
    pub waiting: bool,
    /// Its actions.
    pub actions: Vec<ActionEntry>,
}

/// An action of a stage.
#[derive(Debug, Clone, Serialize)]
pub struct ActionEntry {
    /// The action's name.
    pub name: String,
    /// `Source`, `Build`, `Deploy`, `Approval`, …
    pub category: String,
    /// `CodeBuild`, `ECS`, `Manual`, …
    pub provider: String,
    /// `InProgress`, `Succeeded`, `Failed`, …
    pub status: Option<String>,
    /// When its status changed last.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub changed_at: Option<Timestamp>,
    /// The error's code.
    pub error_code: Option<String>,
    /// The error's message.
    pub error_message: Option<String>,
    /// What it started elsewhere: the id of a build.
    pub external_id: Option<String>,
}

/// An execution of a pipeline.
#[derive(Debug, Clone, Serialize)]
pub struct ExecutionEntry {
    /// Its id.
    pub id: String,
    /// `InProgress`, `Succeeded`, `Failed`, …
    pub status: String,
    /// When it began.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub started_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub updated_at: Option<Timestamp>,
    /// The commit of its first source.
    pub commit: Option<String>,
    /// The commit's message.
    pub message: Option<String>,
    /// `WebhookV2`, `StartPipelineExecution`, …
    pub trigger: Option<String>,
    /// Who or what began it: an ARN.
    pub triggered_by: Option<String>,
    /// The execution that it goes back to, if it is a rollback.
    pub rollback_of: Option<String>,
}

/// A build project.
#[derive(Debug, Clone, Serialize)]
pub struct CodebuildProject {
    /// `BUILD_GENERAL1_SMALL`, …
    pub compute: Option<String>,
    /// The log group that builds write to.
    pub log_group: Option<String>,
    /// Images that its build specification pushes.
    pub pushes: Vec<String>,
    /// How many of the newest builds failed in a row; `None` if they could not be read.
    pub failed_in_a_row: Option<usize>,
    /// The newest builds, newest first; `None` if they could not be read.
    pub builds: Option<Vec<BuildEntry>>,
}

/// A build.
#[derive(Debug, Clone, Serialize)]
pub struct BuildEntry {
    /// Its id.
    pub id: String,
    /// Its number in the project.
    pub number: Option<u64>,
    /// `SUCCEEDED`, `FAILED`, …
    pub status: String,
    /// When it began.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub ended_at: Option<Timestamp>,
    /// The commit that was built.
    pub source: Option<String>,
    /// Who began it.
    pub initiator: Option<String>,
    /// The phase that failed.
    pub failed_phase: Option<String>,
    /// The code of what went wrong in it.
    pub failure_code: Option<String>,
    /// What went wrong in it.
    pub failure_message: Option<String>,
    /// The log group of its log.
    pub log_group: Option<String>,
    /// The stream of its log.
    pub log_stream: Option<String>,
}

/// A repository of images.
#[derive(Debug, Clone, Serialize)]
pub struct EcrRepository {
    /// What images are named with.
    pub uri: String,
    /// Whether a tag stays with its image.
    pub immutable: bool,
    /// Tags for which the other holds.
    pub excluded_tags: Vec<String>,
    /// Whether images are scanned when they are pushed.
    pub scans_on_push: bool,
    /// Rules of the lifecycle policy in words, none if there is no policy; `None` if it could not be read.
    pub lifecycle_policy: Option<Vec<String>>,
    /// How many images there are; `None` if they could not be read.
    pub image_count: Option<usize>,
    /// What all images take, bytes.
    pub size_bytes: Option<u64>,
    /// The newest images, newest first; `None` if they could not be read.
    pub images: Option<Vec<ImageEntry>>,
}

/// An image.
#[derive(Debug, Clone, Serialize)]
pub struct ImageEntry {
    /// Its digest.
    pub digest: String,
    /// The tags that point to it.
    pub tags: Vec<String>,
    /// When it was pushed.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub pushed_at: Option<Timestamp>,
    /// Compressed size, bytes.
    pub size_bytes: Option<u64>,
    /// Vulnerabilities by severity; `None` if it was never scanned.
    pub scan: Option<BTreeMap<String, u32>>,
}

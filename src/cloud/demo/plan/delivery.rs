//! Pipelines, stacks and repositories as an estate's file has them.

use serde::Deserialize;

/// A pipeline of CodePipeline.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// The pipeline's name.
    pub name: String,
    /// Its stages, in order.
    pub stages: Vec<Stage>,
}

/// A stage.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// The stage's name.
    pub name: String,
    /// Cluster and service of each ECS deploy action.
    #[serde(default)]
    pub deploys: Vec<(String, String)>,
}

/// A stack of CloudFormation; it is never being changed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// The stack's name.
    pub name: String,
}

/// A repository of ECR of which no ECS service runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// The repository's name.
    pub name: String,
    /// Tags of its images, oldest first.
    pub images: Vec<String>,
    /// The tag that is moved to each newer image.
    pub mutable_tag: Option<String>,
}

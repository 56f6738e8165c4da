//! Pipelines, stacks and repositories as an estate's file has them.

use serde::Deserialize;

use crate::domain::ecr::lifecycle::Rule;

/// A pipeline of CodePipeline.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// The pipeline's name.
    pub name: String,
    /// The branch that it follows: `owner/repository@branch`.
    pub source: String,
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
    /// Projects of CodeBuild that it runs: of each service the one that builds its image.
    #[serde(default)]
    pub builds: Vec<String>,
    /// The manual approval that it asks for.
    pub approval: Option<String>,
}

/// A build project.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// The project's name.
    pub name: String,
    /// What somebody wrote about it.
    pub description: Option<String>,
    /// The repository of the image that it builds.
    pub repository: String,
    /// The log group that it writes to.
    pub log_group: String,
    /// Tags that it pushes.
    #[serde(default)]
    pub pushes: Vec<String>,
}

/// How a repository is set up.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keeping {
    /// The repository's name.
    pub name: String,
    /// Whether a tag stays with its image.
    #[serde(default)]
    pub immutable: bool,
    /// Whether images are scanned when they are pushed.
    #[serde(default)]
    pub scans: bool,
    /// Its lifecycle policy; none if there are no rules.
    #[serde(default)]
    pub policy: Vec<Rule>,
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

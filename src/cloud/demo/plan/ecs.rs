//! ECS services as an estate's file has them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Load, Tags};

/// A service with its task definition family.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The service's name.
    pub name: String,
    /// Its cluster's name.
    pub cluster: String,
    /// The task definition's family.
    pub family: String,
    /// The container's name.
    pub container: String,
    /// The ECR repository's name.
    pub repository: String,
    /// Image tags, oldest first: each is a revision, the first is revision 1, the last is running.
    pub images: Vec<String>,
    /// The tag that every revision names, moved to each newer image; absent where each revision names
    /// its own.
    pub mutable_tag: Option<String>,
    /// Between which counts Application Auto Scaling keeps the service.
    pub scaling: Option<Scaling>,
    /// Revisions that were deregistered.
    #[serde(default)]
    pub deregistered: Vec<u32>,
    /// Revisions that never ran well, and why.
    #[serde(default)]
    pub failures: BTreeMap<u32, Failure>,
    /// CPU units of a task.
    pub cpu: u32,
    /// Memory of a task, MiB.
    pub memory: u32,
    /// The port that the container listens on.
    pub port: u16,
    /// Tasks wanted.
    pub desired: u32,
    /// `minimumHealthyPercent`.
    #[serde(default = "hundred")]
    pub minimum_healthy_percent: u32,
    /// `maximumPercent`.
    #[serde(default = "two_hundred")]
    pub maximum_percent: u32,
    /// The circuit breaker; off if absent.
    #[serde(default)]
    pub circuit_breaker: Breaker,
    /// The target group that tasks register with.
    pub target_group: Option<String>,
    /// Where the container logs to.
    pub log_group: String,
    /// Environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Secrets: variable and the name of the secret.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// The service's tags.
    #[serde(default)]
    pub tags: Tags,
    /// What it does under its traffic.
    pub load: Load,
    /// Hours between routine deployments; absent is never.
    pub deploys_every_h: Option<u32>,
}

/// Bounds of Application Auto Scaling.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// The least count.
    pub min: u32,
    /// The greatest count.
    pub max: u32,
    /// The CPU that it is kept at, percent; 60 by default.
    #[serde(default = "usual_cpu")]
    pub cpu: f64,
    /// The memory that it is kept at, percent, where it is scaled by that too.
    pub memory: Option<f64>,
}

const fn usual_cpu() -> f64 {
    60.0
}

/// How a revision fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The container ends soon after it started.
    Exits,
    /// The container takes requests, answers most of them with 5xx and fails its health checks.
    Unhealthy,
    /// The image is not in the registry.
    NoImage,
    /// The image is for another processor.
    WrongPlatform,
}

/// The deployment circuit breaker as a file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Breaker {
    /// Off: a failing deployment goes on for ever.
    #[default]
    Off,
    /// Stops a failing deployment and leaves it there.
    Stop,
    /// Stops a failing deployment and goes back to the last completed one.
    Rollback,
}

fn hundred() -> u32 {
    100
}

fn two_hundred() -> u32 {
    200
}

//! Amazon ECS: clusters, services, deployments, tasks and task definitions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::Tag;
use crate::domain::sensitive::Sensitive;

/// All clusters and services of a scope.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Fleet {
    /// Clusters, by name.
    pub clusters: Vec<Cluster>,
    /// Services of all clusters, by cluster and name.
    pub services: Vec<Service>,
}

/// An ECS cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// The cluster's ARN.
    pub arn: String,
    /// The cluster's name.
    pub name: String,
}

/// An ECS service with its deployments and newest events.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html>
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// The service's ARN.
    pub arn: String,
    /// The service's name.
    pub name: String,
    /// The name of its cluster.
    pub cluster: String,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks running.
    pub running: u32,
    /// Tasks being started.
    pub pending: u32,
    /// The task definition as `family:revision`.
    pub task_definition: String,
    /// Who moves deployments along.
    pub controller: Controller,
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR` or `CANARY`; only of the ECS controller.
    pub strategy: Option<String>,
    /// What the tasks run on: a launch type, or the capacity providers by name.
    pub capacity: Vec<String>,
    /// Deployments, the primary one first.
    pub deployments: Vec<Deployment>,
    /// The newest events, newest first; AWS keeps the last hundred.
    pub events: Vec<ServiceEvent>,
    /// The deployment circuit breaker; `None` where the service cannot have one.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// ARNs of the target groups behind which the tasks stand.
    pub target_groups: Vec<String>,
    /// When the service was created.
    pub created_at: Option<Timestamp>,
    /// The service's tags.
    pub tags: Vec<Tag>,
}

/// Who moves a service's deployments along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Controller {
    /// ECS itself.
    Ecs,
    /// AWS CodeDeploy, blue/green.
    CodeDeploy,
    /// A third party, through task sets.
    External,
}

/// The deployment circuit breaker's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitBreaker {
    /// Whether it stops failing deployments.
    pub enabled: bool,
    /// Whether it then goes back to the last completed one.
    pub rollback: bool,
}

/// One deployment of a service, as `DescribeServices` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The deployment's id, `ecs-svc/…`.
    pub id: String,
    /// Whether it is the wanted one.
    pub role: DeploymentRole,
    /// The task definition as `family:revision`.
    pub task_definition: String,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks running.
    pub running: u32,
    /// Tasks being started.
    pub pending: u32,
    /// Tasks that failed in a row; zero again once one runs.
    pub failed: u32,
    /// How far it is; `None` behind a Classic Load Balancer and for other controllers.
    pub rollout: Option<RolloutState>,
    /// What AWS says of the state.
    pub rollout_reason: Option<String>,
    /// When it began.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
}

/// Whether a deployment is the wanted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentRole {
    /// The newest, which should win.
    Primary,
    /// An older one that still has tasks.
    Active,
    /// One on its way out.
    Inactive,
}

/// How far a rolling deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RolloutState {
    /// The wanted tasks run.
    Completed,
    /// The circuit breaker gave up.
    Failed,
    /// Under way.
    InProgress,
}

impl RolloutState {
    /// AWS's own word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::InProgress => "IN_PROGRESS",
        }
    }
}

/// One line of a service's event list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceEvent {
    /// The event's id.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// What happened; foreign text.
    pub message: String,
}

impl Service {
    /// The deployment that should win.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.role == DeploymentRole::Primary)
    }

    /// Whether a deployment is under way.
    pub fn is_deploying(&self) -> bool {
        self.deployments.len() > 1
            || self
                .primary()
                .is_some_and(|deployment| deployment.rollout == Some(RolloutState::InProgress))
    }
}

/// A task, running or stopped in the last hour or so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The task's ARN.
    pub arn: String,
    /// The task definition as `family:revision`.
    pub task_definition: String,
    /// `PROVISIONING` … `STOPPED`.
    pub last_status: String,
    /// `RUNNING` or `STOPPED`.
    pub desired_status: String,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health: Option<String>,
    /// The Availability Zone.
    pub zone: Option<String>,
    /// When it started to run.
    pub started_at: Option<Timestamp>,
    /// When it stopped.
    pub stopped_at: Option<Timestamp>,
    /// `TaskFailedToStart`, `EssentialContainerExited`, …
    pub stop_code: Option<String>,
    /// Why it stopped; foreign text, and the most telling line ECS has.
    pub stopped_reason: Option<String>,
    /// Its containers.
    pub containers: Vec<Container>,
}

/// A container of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// The container's name.
    pub name: String,
    /// The image as asked for.
    pub image: Option<String>,
    /// The image's digest as pulled.
    pub image_digest: Option<String>,
    /// `PENDING`, `RUNNING`, `STOPPED`.
    pub last_status: Option<String>,
    /// The exit code, once stopped.
    pub exit_code: Option<i32>,
    /// Why it stopped.
    pub reason: Option<String>,
}

/// A revision of a task definition; revisions never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// The revision's ARN.
    pub arn: String,
    /// The family's name.
    pub family: String,
    /// The revision's number.
    pub revision: u32,
    /// `ACTIVE`, `INACTIVE` or `DELETE_IN_PROGRESS`.
    pub status: String,
    /// CPU units of the task, 1,024 to a vCPU.
    pub cpu_units: Option<u32>,
    /// Memory of the task, MiB.
    pub memory_mib: Option<u32>,
    /// `X86_64` or `ARM64`.
    pub architecture: Option<String>,
    /// When it was registered.
    pub registered_at: Option<Timestamp>,
    /// Who registered it.
    pub registered_by: Option<String>,
    /// Its containers.
    pub containers: Vec<ContainerDefinition>,
}

/// A revision of a family, by name alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionName {
    /// The family's name.
    pub family: String,
    /// The revision's number.
    pub revision: u32,
    /// Whether it can be deployed: not deregistered.
    pub active: bool,
}

/// A container of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerDefinition {
    /// The container's name.
    pub name: String,
    /// The image, with tag or digest.
    pub image: String,
    /// Whether the task stops with it.
    pub essential: bool,
    /// Environment variables; values are masked wherever they are printed.
    pub environment: Vec<(String, Sensitive)>,
    /// Secrets by name and where they come from; never a value.
    pub secrets: Vec<(String, String)>,
    /// The log group of the `awslogs` driver.
    pub log_group: Option<String>,
}

/// One entry of a service's deployment history.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceDeployment {
    /// The service deployment's ARN.
    pub arn: String,
    /// `PENDING`, `IN_PROGRESS`, `SUCCESSFUL`, `ROLLBACK_SUCCESSFUL`, …
    pub status: String,
    /// What AWS says of the status.
    pub status_reason: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The service revision that it brings.
    pub target: Option<ServiceRevision>,
    /// The service revision that a rollback went back to.
    pub rolled_back_to: Option<String>,
}

/// What a deployment brought: the only record of what a mutable tag really was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRevision {
    /// The service revision's ARN.
    pub arn: String,
    /// The task definition as `family:revision`; `None` for revisions too old to describe.
    pub task_definition: Option<String>,
    /// Container name, image and digest.
    pub images: Vec<(String, String, Option<String>)>,
}

/// `family:revision` of a task definition's ARN, or the text itself if it is that already.
pub fn short_task_definition(arn: &str) -> &str {
    arn.rsplit_once("task-definition/")
        .map_or(arn, |(_, short)| short)
}

//! Questions to and changes of Amazon ECS.

use serde::{Deserialize, Serialize};

use crate::domain::ids::Tag;
use crate::domain::ops::Operation;
use crate::domain::policy::Selection;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All clusters and services → `EcsFleet`.
    Fleet,
    /// The same without clusters and services that cannot belong to the selection → `EcsFleet`. What
    /// only the tags of a described service could tell may be among them.
    FleetOf(Selection),
    /// Tasks of a service, running and lately stopped → `EcsTasks`.
    Tasks {
        /// The cluster's name.
        cluster: String,
        /// The service's name.
        service: String,
    },
    /// These revisions, as `family:revision` → `TaskDefinitions`.
    TaskDefinitions {
        /// The revisions.
        revisions: Vec<String>,
    },
    /// The revisions of a family, active and not, newest first → `Revisions`.
    Revisions {
        /// The family's whole name.
        family: String,
    },
    /// A service's deployment history with what each brought → `ServiceDeployments`.
    Deployments {
        /// The cluster's name.
        cluster: String,
        /// The service's name.
        service: String,
    },
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Moves a service to another revision, another count, or the same revision anew.
    UpdateService {
        /// The cluster's name.
        cluster: String,
        /// The service's name.
        service: String,
        /// The revision as `family:revision`; a bare family would mean its latest one.
        task_definition: Option<String>,
        /// Tasks wanted; left alone if absent.
        desired: Option<u32>,
        /// Whether to start a deployment though nothing else changes.
        force_new_deployment: bool,
    },
    /// Stops a deployment under way and goes back to the last good one.
    StopServiceDeployment {
        /// The service deployment's ARN.
        arn: String,
    },
    /// Registers a revision that is a copy of another one but for some images. What else is in it,
    /// environment and secrets included, goes from AWS to AWS and is written down nowhere.
    RegisterCopy {
        /// `family:revision`, active or not.
        source: String,
        /// Container and image, where it is not to be the source's.
        images: Vec<(String, String)>,
    },
    /// Stops a task.
    StopTask {
        /// The cluster's name.
        cluster: String,
        /// The task's ARN.
        task: String,
        /// What to record as the reason.
        reason: String,
    },
    /// Writes tags on a service.
    PutTags {
        /// The service's ARN.
        service: String,
        /// The tags.
        tags: Vec<Tag>,
    },
    /// Removes tags of a service.
    DeleteTags {
        /// The service's ARN.
        service: String,
        /// The keys.
        keys: Vec<String>,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Fleet | Self::FleetOf(_) => {
                const {
                    &[
                        Operation::new("ecs", "ListClusters"),
                        Operation::new("ecs", "ListServices"),
                        Operation::new("ecs", "DescribeServices"),
                    ]
                }
            }
            Self::Tasks { .. } => {
                const {
                    &[
                        Operation::new("ecs", "ListTasks"),
                        Operation::new("ecs", "DescribeTasks"),
                    ]
                }
            }
            Self::TaskDefinitions { .. } => const { &[Operation::new("ecs", "DescribeTaskDefinition")] },
            Self::Revisions { .. } => const { &[Operation::new("ecs", "ListTaskDefinitions")] },
            Self::Deployments { .. } => {
                const {
                    &[
                        Operation::new("ecs", "ListServiceDeployments"),
                        Operation::new("ecs", "DescribeServiceDeployments"),
                        Operation::new("ecs", "DescribeServiceRevisions"),
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
            Self::UpdateService { .. } => Operation::new("ecs", "UpdateService"),
            Self::StopServiceDeployment { .. } => Operation::new("ecs", "StopServiceDeployment"),
            Self::RegisterCopy { .. } => Operation::new("ecs", "RegisterTaskDefinition"),
            Self::StopTask { .. } => Operation::new("ecs", "StopTask"),
            Self::PutTags { .. } => Operation::new("ecs", "TagResource"),
            Self::DeleteTags { .. } => Operation::new("ecs", "UntagResource"),
        }
    }

    /// What is read right before.
    pub const fn prerequisites(&self) -> &'static [Operation] {
        match self {
            Self::RegisterCopy { .. } => const { &[Operation::new("ecs", "DescribeTaskDefinition")] },
            Self::UpdateService { .. }
            | Self::StopServiceDeployment { .. }
            | Self::StopTask { .. }
            | Self::PutTags { .. }
            | Self::DeleteTags { .. } => &[],
        }
    }
}

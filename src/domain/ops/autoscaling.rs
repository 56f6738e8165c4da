//! Questions to and changes of EC2 Auto Scaling.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::asg::{RefreshSettings, ScheduledAction};
use crate::domain::ids::Tag;
use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All groups with instances, schedules and warm pools → `Groups`.
    Groups,
    /// Activities of all groups since then → `Activities`, newest first.
    Activities {
        /// The oldest start that is wanted.
        since: Timestamp,
    },
    /// Scaling policies of all groups → `GroupPolicies`, by group and name.
    Policies,
    /// Instance refreshes of a group that AWS still knows → `InstanceRefreshes`, newest first.
    InstanceRefreshes {
        /// The group's name.
        group: String,
    },
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Sets capacity, all in one call.
    UpdateGroup {
        /// The group's name.
        group: String,
        /// The least capacity.
        min: Option<u32>,
        /// The most capacity.
        max: Option<u32>,
        /// The capacity wanted.
        desired: Option<u32>,
    },
    /// Sets how many instances a warm pool keeps prepared.
    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutWarmPool.html>
    PutWarmPool {
        /// The group's name.
        group: String,
        /// The least size of the pool.
        min: u32,
        /// The most instances of group and pool together; `None` is the group's maximum.
        max_prepared: Option<u32>,
        /// `Stopped`, `Running` or `Hibernated`: as it is.
        state: String,
        /// Whether scaled-in instances go back into the pool: as it is.
        reuse_on_scale_in: bool,
    },
    /// Suspends the processes named; never an empty list, which would mean all.
    SuspendProcesses {
        /// The group's name.
        group: String,
        /// Process names.
        processes: Vec<String>,
    },
    /// Resumes the processes named.
    ResumeProcesses {
        /// The group's name.
        group: String,
        /// Process names.
        processes: Vec<String>,
    },
    /// Protects instances from scale-in, or no longer.
    SetInstanceProtection {
        /// The group's name.
        group: String,
        /// Instances, at most fifty.
        instances: Vec<String>,
        /// Whether they are to be protected.
        protected: bool,
    },
    /// Terminates an instance and lowers the capacity wanted with it.
    TerminateInstance {
        /// `i-…`.
        instance: String,
    },
    /// Writes tags on a group, not propagated to its instances.
    PutTags {
        /// The group's name.
        group: String,
        /// The tags.
        tags: Vec<Tag>,
    },
    /// Removes tags of a group.
    DeleteTags {
        /// The group's name.
        group: String,
        /// The keys.
        keys: Vec<String>,
    },
    /// Creates or replaces a scheduled action.
    PutScheduledAction {
        /// The group's name.
        group: String,
        /// The action.
        action: ScheduledAction,
    },
    /// Removes a scheduled action.
    DeleteScheduledAction {
        /// The group's name.
        group: String,
        /// The action's name.
        name: String,
    },
    /// Begins to replace the instances of a group; the receipt names the refresh.
    StartInstanceRefresh {
        /// The group's name.
        group: String,
        /// How.
        settings: RefreshSettings,
    },
    /// Ends a refresh where it is: what is replaced stays replaced.
    CancelInstanceRefresh {
        /// The group's name.
        group: String,
    },
    /// Has a refresh replace again what it has replaced, with the configuration of before.
    RollbackInstanceRefresh {
        /// The group's name.
        group: String,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Groups => {
                const {
                    &[
                        Operation::new("autoscaling", "DescribeAutoScalingGroups"),
                        Operation::new("autoscaling", "DescribeScheduledActions"),
                        Operation::new("autoscaling", "DescribeWarmPool"),
                        Operation::new("ec2", "DescribeLaunchTemplateVersions"),
                    ]
                }
            }
            Self::Activities { .. } => {
                const { &[Operation::new("autoscaling", "DescribeScalingActivities")] }
            }
            Self::Policies => const { &[Operation::new("autoscaling", "DescribePolicies")] },
            Self::InstanceRefreshes { .. } => {
                const { &[Operation::new("autoscaling", "DescribeInstanceRefreshes")] }
            }
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::UpdateGroup { .. } => Operation::new("autoscaling", "UpdateAutoScalingGroup"),
            Self::PutWarmPool { .. } => Operation::new("autoscaling", "PutWarmPool"),
            Self::SuspendProcesses { .. } => Operation::new("autoscaling", "SuspendProcesses"),
            Self::ResumeProcesses { .. } => Operation::new("autoscaling", "ResumeProcesses"),
            Self::SetInstanceProtection { .. } => Operation::new("autoscaling", "SetInstanceProtection"),
            Self::TerminateInstance { .. } => {
                Operation::new("autoscaling", "TerminateInstanceInAutoScalingGroup")
            }
            Self::PutTags { .. } => Operation::new("autoscaling", "CreateOrUpdateTags"),
            Self::DeleteTags { .. } => Operation::new("autoscaling", "DeleteTags"),
            Self::PutScheduledAction { .. } => Operation::new("autoscaling", "PutScheduledUpdateGroupAction"),
            Self::DeleteScheduledAction { .. } => Operation::new("autoscaling", "DeleteScheduledAction"),
            Self::StartInstanceRefresh { .. } => Operation::new("autoscaling", "StartInstanceRefresh"),
            Self::CancelInstanceRefresh { .. } => Operation::new("autoscaling", "CancelInstanceRefresh"),
            Self::RollbackInstanceRefresh { .. } => Operation::new("autoscaling", "RollbackInstanceRefresh"),
        }
    }
}

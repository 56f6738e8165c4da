//! EC2 Auto Scaling: groups, their instances, schedules and activities.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::Tag;

/// An Auto Scaling group.
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingGroup.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The group's ARN.
    pub arn: String,
    /// The group's name.
    pub name: String,
    /// The least capacity.
    pub min: u32,
    /// The most capacity.
    pub max: u32,
    /// The capacity wanted, in capacity units, which with weights are not instances.
    pub desired: u32,
    /// Whether capacity units are not instances (weights, or a desired type of vCPU or memory).
    pub weighted: bool,
    /// Its instances, by id.
    pub instances: Vec<GroupInstance>,
    /// Suspended processes with the reason AWS recorded.
    pub suspended: Vec<SuspendedProcess>,
    /// Scheduled actions, by name.
    pub scheduled_actions: Vec<ScheduledAction>,
    /// The warm pool, if the group has one.
    pub warm_pool: Option<WarmPool>,
    /// Instance types that the group may launch: of the launch template and the overrides.
    pub instance_types: Vec<String>,
    /// Target groups that the instances register with.
    pub target_groups: Vec<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// The group's tags.
    pub tags: Vec<Tag>,
}

/// An instance as its group sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupInstance {
    /// `i-…`.
    pub id: String,
    /// The instance type.
    pub instance_type: Option<String>,
    /// The Availability Zone.
    pub zone: String,
    /// `InService`, `Pending`, `Terminating:Wait`, …; new states appear often.
    pub lifecycle: String,
    /// Whether the group holds it to be healthy.
    pub healthy: bool,
    /// Whether scale-in spares it.
    pub protected: bool,
}

/// A process that somebody suspended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspendedProcess {
    /// `Launch`, `Terminate`, `AlarmNotification`, …
    pub name: String,
    /// Who or what, when, as AWS says it.
    pub reason: String,
}

/// A scheduled action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledAction {
    /// The action's name.
    pub name: String,
    /// Five-field cron expression; `None` for a single time.
    pub recurrence: Option<String>,
    /// IANA zone of the expression; `None` is UTC.
    pub time_zone: Option<String>,
    /// The next or only start.
    pub start: Option<Timestamp>,
    /// The least capacity it sets.
    pub min: Option<u32>,
    /// The most capacity it sets.
    pub max: Option<u32>,
    /// The capacity it sets.
    pub desired: Option<u32>,
}

/// A warm pool of pre-initialised instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarmPool {
    /// `Stopped`, `Running` or `Hibernated`.
    pub state: String,
    /// The least size.
    pub min: u32,
    /// The most prepared capacity; `None` lets AWS fill up to the group's maximum.
    pub max_prepared: Option<u32>,
    /// Whether scaled-in instances go back into the pool.
    pub reuse_on_scale_in: bool,
    /// Its instances; they are not among those of the group.
    pub instances: Vec<GroupInstance>,
}

/// Something a group did, or tried to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The activity's id.
    pub id: String,
    /// The group's name.
    pub group: String,
    /// `Successful`, `Failed`, `InProgress`, `Cancelled`, …
    pub status: String,
    /// What it does.
    pub description: String,
    /// Why: the policy, schedule or request behind it.
    pub cause: String,
    /// What AWS says of the status, such as `InsufficientInstanceCapacity`.
    pub message: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Group {
    /// How many instances are in service.
    pub fn in_service(&self) -> usize {
        self.instances
            .iter()
            .filter(|instance| instance.lifecycle == "InService")
            .count()
    }
}

impl Activity {
    /// Whether it is a launch that failed.
    pub fn is_failed_launch(&self) -> bool {
        self.status == "Failed" && self.description.starts_with("Launching")
    }
}

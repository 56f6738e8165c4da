//! EC2 Auto Scaling: groups, their instances, schedules and activities.

mod policy;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::Tag;

pub use policy::{GroupPolicy, PolicyForm, PolicyStep};

/// The tag in which `gpu.night_down` notes what a group or an instance was like before the night.
pub const NIGHT_TAG: &str = "quarterdeck:night";

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
    /// What it launches from, as it names it; `None` for the older launch configurations, and where
    /// the group does not say.
    #[serde(default)]
    pub launch_template: Option<LaunchTemplate>,
    /// How it pays for its instances, if it has a policy of mixed instances.
    #[serde(default)]
    pub mix: Option<Mix>,
    /// Target groups that the instances register with.
    pub target_groups: Vec<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// The group's tags.
    pub tags: Vec<Tag>,
}

/// How a policy of mixed instances pays for them.
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mix {
    /// How many are on demand before anything else.
    pub on_demand_base: u32,
    /// How many of those above are, percent; `None` where it is not told as one number.
    pub on_demand_percent: Option<u32>,
}

impl Mix {
    /// How many of so many instances are on demand; AWS rounds up. `None` where the share is not known.
    pub fn on_demand_of(self, instances: u32) -> Option<u32> {
        let above = instances.saturating_sub(self.on_demand_base);
        let share = match (above, self.on_demand_percent) {
            (0, _) => 0,
            (above, Some(percent)) => (above * percent.min(100)).div_ceil(100),
            (_, None) => return None,
        };
        Some(instances.min(self.on_demand_base) + share)
    }

    /// Whether some may be Spot.
    pub fn has_spot(self) -> bool {
        self.on_demand_percent.is_none_or(|percent| percent < 100)
    }
}

/// A version of a launch template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchTemplate {
    /// `lt-…`, or the name where only that is known.
    pub id: String,
    /// The version: a number, `$Latest` or `$Default`.
    pub version: String,
}

impl LaunchTemplate {
    /// Whether the version is one that stays the same: a number.
    pub fn is_pinned(&self) -> bool {
        !self.version.is_empty() && self.version.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// The replacement of a group's instances, one part after the other.
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceRefresh {
    /// Its id.
    pub id: String,
    /// The group's name.
    pub group: String,
    /// `Pending`, `InProgress`, `Successful`, `Failed`, `Cancelling`, `Cancelled`,
    /// `RollbackInProgress`, `RollbackFailed`, `RollbackSuccessful`, `Baking`; new ones appear.
    pub status: String,
    /// Why, as AWS says it.
    pub reason: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How much of it is done, percent.
    pub percent: Option<u32>,
    /// Instances that are still to be replaced.
    pub left: Option<u32>,
    /// What it brings; `None` replaces instances by others of the group's own configuration.
    pub desired: Option<Desired>,
}

/// What an instance refresh brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Desired {
    /// A version of a launch template.
    Template(LaunchTemplate),
    /// A policy of mixed instances, with the version of its launch template if it names one.
    Mixed(Option<LaunchTemplate>),
}

impl Desired {
    /// The launch template's version in it.
    pub const fn template(&self) -> Option<&LaunchTemplate> {
        match self {
            Self::Template(template) | Self::Mixed(Some(template)) => Some(template),
            Self::Mixed(None) => None,
        }
    }
}

impl InstanceRefresh {
    /// Whether it is still under way in any direction.
    pub fn is_active(&self) -> bool {
        matches!(
            self.status.as_str(),
            "Pending" | "InProgress" | "Baking" | "Cancelling" | "RollbackInProgress"
        )
    }

    /// Whether it still goes forward, so that it can be cancelled or rolled back.
    pub fn is_forward(&self) -> bool {
        matches!(self.status.as_str(), "Pending" | "InProgress" | "Baking")
    }
}

/// How an instance refresh goes about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshSettings {
    /// The least share of the capacity that stays healthy, percent.
    pub min_healthy_percent: u32,
    /// How far beyond the capacity it may go, percent of it; at least 100.
    pub max_healthy_percent: Option<u32>,
    /// Seconds that a new instance is given to warm up; `None` is the group's own.
    pub warmup_s: Option<u32>,
    /// Whether instances that are as wanted already are left alone.
    pub skip_matching: bool,
    /// What becomes of instances that are protected from scale-in, or in standby.
    pub spared: Spared,
    /// The launch template's version to bring; `None` keeps the group's configuration.
    pub template: Option<LaunchTemplate>,
}

/// What becomes of instances that an instance refresh finds protected or in standby.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spared {
    /// They stay as they are.
    Ignore,
    /// They are replaced too.
    Replace,
    /// It waits an hour for somebody to release them, and fails then.
    Wait,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_has_its_base_first_and_rounds_up() {
        let mix = |on_demand_base, on_demand_percent| Mix {
            on_demand_base,
            on_demand_percent,
        };
        for (mix, instances, expected) in [
            (mix(1, Some(0)), 0, Some(0)),
            (mix(1, Some(0)), 1, Some(1)),
            (mix(1, Some(0)), 6, Some(1)),
            (mix(2, Some(25)), 7, Some(4)),
            (mix(0, Some(100)), 3, Some(3)),
            (mix(4, None), 3, Some(3)),
            (mix(4, None), 5, None),
        ] {
            assert_eq!(mix.on_demand_of(instances), expected, "{mix:?} of {instances}");
        }
        assert!(mix(1, None).has_spot() && !mix(1, Some(100)).has_spot());
    }
}

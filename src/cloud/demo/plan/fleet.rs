//! Auto Scaling groups and instances as an estate's file has them.

use serde::Deserialize;

use super::{Load, Tags};

/// An Auto Scaling group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The group's name.
    pub name: String,
    /// The least capacity.
    pub min: u32,
    /// The capacity wanted at first.
    pub desired: u32,
    /// The most capacity.
    pub max: u32,
    /// Instance types it may launch, the preferred one first.
    pub types: Vec<String>,
    /// How its instances are paid for.
    #[serde(default)]
    pub purchase: Purchase,
    /// The instance profile.
    pub profile: String,
    /// The `Name` of its instances.
    pub instance_name: String,
    /// The group's tags.
    #[serde(default)]
    pub tags: Tags,
    /// Further tags of its instances.
    #[serde(default)]
    pub instance_tags: Tags,
    /// The target group that instances register with.
    #[serde(rename = "target_group")]
    pub behind: Option<String>,
    /// What it does under its traffic, if it serves requests.
    pub load: Option<Load>,
    /// The target tracking policy.
    pub policy: Option<Policy>,
    /// Scheduled actions.
    #[serde(default)]
    pub schedule: Vec<Schedule>,
    /// The warm pool.
    pub warm_pool: Option<WarmPool>,
    /// How the first instances behave, in order; the rest and all later ones are normal.
    #[serde(default)]
    pub hosts: Vec<Host>,
    /// Which of the first instances are protected from scale-in.
    #[serde(default)]
    pub protected: Vec<usize>,
    /// Whose wishes its cards serve, where no queue does.
    pub gpu_traffic: Option<String>,
    /// Whether its instances publish GPU metrics with the CloudWatch agent.
    #[serde(default)]
    pub cloudwatch_agent: bool,
}

/// How the instances of a group are paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Purchase {
    /// At list price.
    #[default]
    OnDemand,
    /// Spot, but for the first instances.
    Spot {
        /// How many are at list price.
        on_demand_base: u32,
    },
}

/// A target tracking policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Policy {
    /// Keeps the group's mean CPU at a value.
    Cpu {
        /// The policy's name.
        name: String,
        /// Percent.
        target: f64,
    },
    /// Keeps the number of waiting messages at a value.
    Queue {
        /// The policy's name.
        name: String,
        /// The queue's name.
        queue: String,
        /// Messages.
        target: f64,
        /// Whether it only ever adds instances (`DisableScaleIn`).
        #[serde(default)]
        only_out: bool,
    },
}

/// A scheduled action.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The action's name.
    pub name: String,
    /// Five-field cron expression.
    pub cron: String,
    /// IANA zone; absent is UTC.
    pub zone: Option<String>,
    /// The least capacity it sets.
    pub min: Option<u32>,
    /// The capacity it sets.
    pub desired: Option<u32>,
    /// The most capacity it sets.
    pub max: Option<u32>,
}

/// A warm pool.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmPool {
    /// `Stopped`, `Running` or `Hibernated`.
    pub state: String,
    /// The least size.
    pub min: u32,
    /// `MaxGroupPreparedCapacity`; absent lets AWS fill up to the group's maximum.
    pub max_prepared: Option<u32>,
    /// Whether scaled-in instances return to the pool.
    #[serde(default)]
    pub reuse_on_scale_in: bool,
}

/// An instance that belongs to no group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// The value of the tag `Name`.
    pub name: String,
    /// The instance type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The instance profile; without one there is no Systems Manager.
    pub profile: Option<String>,
    /// Further tags.
    #[serde(default)]
    pub tags: Tags,
    /// How it behaves.
    #[serde(default)]
    pub host: Host,
    /// Whose wishes its GPU serves.
    pub traffic: Option<String>,
    /// Whether it is stopped at first.
    #[serde(default)]
    pub stopped: bool,
    /// Whether it has a public address.
    #[serde(default)]
    pub public: bool,
}

/// How an instance behaves when somebody looks into it. Anything but `normal` is an everyday
/// warning, and normal in the quiet scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Host {
    /// It works when there is work.
    #[default]
    Normal,
    /// Its worker takes no jobs: the card idles for ever.
    Idle,
    /// Its SSM agent has stopped answering.
    AgentOffline,
    /// It has no SSM agent.
    NoAgent,
    /// It has no nvidia-smi.
    NoNvidiaSmi,
    /// nvidia-smi cannot reach the driver.
    DriverError,
    /// nvidia-smi hangs.
    Hangs,
    /// The card is too hot and slows itself down.
    Hot,
    /// The card has counted uncorrected memory errors.
    Ecc,
}

//! Questions to and changes of Amazon RDS.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::Tag;
use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All DB instances → `DbInstances`.
    Instances,
    /// All DB clusters → `DbClusters`.
    Clusters,
    /// All snapshots of instances and clusters → `DbSnapshots`, newest first.
    Snapshots,
    /// Maintenance that AWS will do → `Maintenance`.
    PendingMaintenance,
    /// Events since then → `StoreEvents`.
    Events {
        /// The oldest that is wanted.
        since: Timestamp,
    },
    /// `max_connections` of these parameter groups → `ConnectionLimits`.
    ConnectionLimits {
        /// DB parameter groups.
        parameter_groups: Vec<String>,
    },
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Takes a snapshot.
    CreateSnapshot {
        /// The instance's name.
        instance: String,
        /// The snapshot's name.
        snapshot: String,
    },
    /// Restores a snapshot into a new instance.
    RestoreFromSnapshot {
        /// The snapshot's name.
        snapshot: String,
        /// The new instance's name.
        instance: String,
        /// Settings that AWS would otherwise drop.
        settings: RestoreSettings,
    },
    /// Restores a point in time into a new instance.
    RestoreToPointInTime {
        /// The source instance's name.
        source: String,
        /// The new instance's name.
        instance: String,
        /// The time; `None` is the latest restorable one.
        at: Option<Timestamp>,
        /// Settings that AWS would otherwise drop.
        settings: RestoreSettings,
    },
    /// Renames an instance at once, which reboots it.
    Rename {
        /// The name it has.
        instance: String,
        /// The name it gets.
        to: String,
    },
    /// Stops an instance; AWS starts it again after seven days.
    Stop {
        /// The instance's name.
        instance: String,
    },
    /// Starts an instance.
    Start {
        /// The instance's name.
        instance: String,
    },
    /// Reboots an instance.
    Reboot {
        /// The instance's name.
        instance: String,
        /// Whether the standby takes over.
        failover: bool,
    },
    /// Writes tags on an instance or a cluster.
    PutTags {
        /// Its ARN.
        arn: String,
        /// The tags.
        tags: Vec<Tag>,
    },
    /// Removes tags of an instance or a cluster.
    DeleteTags {
        /// Its ARN.
        arn: String,
        /// The keys.
        keys: Vec<String>,
    },
}

/// Settings that a restore takes over only if they are passed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreSettings {
    /// The class.
    pub class: Option<String>,
    /// Whether a standby runs in another zone.
    pub multi_az: Option<bool>,
    /// The subnet group.
    pub subnet_group: Option<String>,
    /// Security groups.
    pub security_groups: Vec<String>,
    /// The DB parameter group.
    pub parameter_group: Option<String>,
    /// The option group.
    pub option_group: Option<String>,
    /// The storage type.
    pub storage_type: Option<String>,
    /// Whether deletion is refused.
    pub deletion_protection: Option<bool>,
    /// Whether anybody on the internet can reach it.
    pub publicly_accessible: Option<bool>,
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Instances => const { &[Operation::new("rds", "DescribeDBInstances")] },
            Self::Clusters => const { &[Operation::new("rds", "DescribeDBClusters")] },
            Self::Snapshots => {
                const {
                    &[
                        Operation::new("rds", "DescribeDBSnapshots"),
                        Operation::new("rds", "DescribeDBClusterSnapshots"),
                    ]
                }
            }
            Self::PendingMaintenance => {
                const { &[Operation::new("rds", "DescribePendingMaintenanceActions")] }
            }
            Self::Events { .. } => const { &[Operation::new("rds", "DescribeEvents")] },
            Self::ConnectionLimits { .. } => const { &[Operation::new("rds", "DescribeDBParameters")] },
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::CreateSnapshot { .. } => Operation::new("rds", "CreateDBSnapshot"),
            Self::RestoreFromSnapshot { .. } => Operation::new("rds", "RestoreDBInstanceFromDBSnapshot"),
            Self::RestoreToPointInTime { .. } => Operation::new("rds", "RestoreDBInstanceToPointInTime"),
            Self::Rename { .. } => Operation::new("rds", "ModifyDBInstance"),
            Self::Stop { .. } => Operation::new("rds", "StopDBInstance"),
            Self::Start { .. } => Operation::new("rds", "StartDBInstance"),
            Self::Reboot { .. } => Operation::new("rds", "RebootDBInstance"),
            Self::PutTags { .. } => Operation::new("rds", "AddTagsToResource"),
            Self::DeleteTags { .. } => Operation::new("rds", "RemoveTagsFromResource"),
        }
    }
}

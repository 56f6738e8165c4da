//! Questions to and changes of Amazon RDS.

mod settings;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::Tag;
use crate::domain::ops::Operation;

pub use settings::{
    ClusterModification, ClusterOrigin, ClusterRestoreSettings, DbModification, LogExports, MemberSettings,
    RestoreSettings,
};

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
    /// Proxies with what they pass connections to → `DbProxies`.
    Proxies,
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
        settings: Box<RestoreSettings>,
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
        settings: Box<RestoreSettings>,
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
    /// Changes settings of an instance at once.
    Modify {
        /// The instance's name.
        instance: String,
        /// What is changed.
        change: Box<DbModification>,
    },
    /// Takes a snapshot of a cluster.
    CreateClusterSnapshot {
        /// The cluster's name.
        cluster: String,
        /// The snapshot's name.
        snapshot: String,
    },
    /// Restores into a new cluster, which has no instances yet.
    RestoreCluster {
        /// What it starts from.
        from: ClusterOrigin,
        /// The new cluster's name.
        cluster: String,
        /// Settings that AWS would otherwise drop.
        settings: Box<ClusterRestoreSettings>,
    },
    /// Makes an instance in a cluster.
    CreateMember {
        /// The cluster's name.
        cluster: String,
        /// The new instance's name.
        instance: String,
        /// How it is configured.
        settings: Box<MemberSettings>,
    },
    /// Changes settings of a cluster at once.
    ModifyCluster {
        /// The cluster's name.
        cluster: String,
        /// What is changed.
        change: Box<ClusterModification>,
    },
    /// Renames a cluster at once; its instances keep their names.
    RenameCluster {
        /// The name it has.
        cluster: String,
        /// The name it gets.
        to: String,
    },
    /// Stops a cluster with its instances; AWS starts it again after seven days.
    StopCluster {
        /// The cluster's name.
        cluster: String,
    },
    /// Starts a cluster with its instances.
    StartCluster {
        /// The cluster's name.
        cluster: String,
    },
    /// Makes a reader of a cluster its writer.
    FailoverCluster {
        /// The cluster's name.
        cluster: String,
        /// The reader; `None` leaves the choice to AWS.
        to: Option<String>,
    },
    /// Switches the protection against deletion off of a copy that a run made.
    UnprotectCopy {
        /// Which.
        copy: OwnCopy,
    },
    /// Deletes a copy that a run made, with its automated backups and without a final snapshot.
    DeleteCopy {
        /// Which.
        copy: OwnCopy,
    },
}

/// A DB instance that a run made. Whoever changes it reads it right before, and refuses if any of this
/// is not so: AWS takes the name alone, which may be another instance's by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnCopy {
    /// The instance's name.
    pub instance: String,
    /// `DbiResourceId`, as AWS answered when it was made; never changes and is never given again.
    pub resource_id: String,
    /// The run, as the tag [`OwnCopy::TAG`] has it.
    pub run: String,
}

impl OwnCopy {
    /// The tag that names the run that made an instance.
    pub const TAG: &'static str = "quarterdeck:run";

    /// Why an instance of that name is not this copy; nothing if it is.
    pub fn mismatch(
        &self,
        resource_id: Option<&str>,
        run: Option<&str>,
        cluster: Option<&str>,
    ) -> Option<String> {
        let name = &self.instance;
        if self.resource_id.is_empty() || resource_id != Some(self.resource_id.as_str()) {
            return Some(format!(
                "{name} is {}, not {}: it is another instance and is left alone",
                resource_id.unwrap_or("without a resource id"),
                if self.resource_id.is_empty() {
                    "a copy that is known"
                } else {
                    &self.resource_id
                }
            ));
        }
        if self.run.is_empty() || run != Some(self.run.as_str()) || !name.contains(&self.run) {
            return Some(format!(
                "{name} was not made by the run {}: it is left alone",
                self.run
            ));
        }
        cluster.map(|cluster| format!("{name} is a member of the cluster {cluster}: it is left alone"))
    }
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
            Self::Proxies => {
                const {
                    &[
                        Operation::new("rds", "DescribeDBProxies"),
                        Operation::new("rds", "DescribeDBProxyTargets"),
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
            Self::CreateSnapshot { .. } => Operation::new("rds", "CreateDBSnapshot"),
            Self::RestoreFromSnapshot { .. } => Operation::new("rds", "RestoreDBInstanceFromDBSnapshot"),
            Self::RestoreToPointInTime { .. } => Operation::new("rds", "RestoreDBInstanceToPointInTime"),
            Self::Rename { .. } => Operation::new("rds", "ModifyDBInstance"),
            Self::Stop { .. } => Operation::new("rds", "StopDBInstance"),
            Self::Start { .. } => Operation::new("rds", "StartDBInstance"),
            Self::Reboot { .. } => Operation::new("rds", "RebootDBInstance"),
            Self::PutTags { .. } => Operation::new("rds", "AddTagsToResource"),
            Self::DeleteTags { .. } => Operation::new("rds", "RemoveTagsFromResource"),
            Self::Modify { .. } => Operation::new("rds", "ModifyDBInstance"),
            Self::CreateClusterSnapshot { .. } => Operation::new("rds", "CreateDBClusterSnapshot"),
            Self::RestoreCluster {
                from: ClusterOrigin::Snapshot { .. },
                ..
            } => Operation::new("rds", "RestoreDBClusterFromSnapshot"),
            Self::RestoreCluster {
                from: ClusterOrigin::Time { .. },
                ..
            } => Operation::new("rds", "RestoreDBClusterToPointInTime"),
            Self::CreateMember { .. } => Operation::new("rds", "CreateDBInstance"),
            Self::ModifyCluster { .. } | Self::RenameCluster { .. } => {
                Operation::new("rds", "ModifyDBCluster")
            }
            Self::StopCluster { .. } => Operation::new("rds", "StopDBCluster"),
            Self::StartCluster { .. } => Operation::new("rds", "StartDBCluster"),
            Self::FailoverCluster { .. } => Operation::new("rds", "FailoverDBCluster"),
            Self::UnprotectCopy { .. } => Operation::new("rds", "ModifyDBInstance"),
            Self::DeleteCopy { .. } => Operation::new("rds", "DeleteDBInstance"),
        }
    }

    /// What making the change reads right before.
    pub const fn prerequisites(&self) -> &'static [Operation] {
        match self {
            Self::UnprotectCopy { .. } | Self::DeleteCopy { .. } => {
                const { &[Operation::new("rds", "DescribeDBInstances")] }
            }
            Self::CreateSnapshot { .. }
            | Self::RestoreFromSnapshot { .. }
            | Self::RestoreToPointInTime { .. }
            | Self::Rename { .. }
            | Self::Stop { .. }
            | Self::Start { .. }
            | Self::Reboot { .. }
            | Self::PutTags { .. }
            | Self::DeleteTags { .. }
            | Self::Modify { .. }
            | Self::CreateClusterSnapshot { .. }
            | Self::RestoreCluster { .. }
            | Self::CreateMember { .. }
            | Self::ModifyCluster { .. }
            | Self::RenameCluster { .. }
            | Self::StopCluster { .. }
            | Self::StartCluster { .. }
            | Self::FailoverCluster { .. } => &[],
        }
    }
}

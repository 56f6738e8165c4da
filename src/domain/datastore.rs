//! Data stores: RDS instances, Aurora clusters, snapshots; ElastiCache in its three forms.

pub mod engine_version;
pub mod node_type;
mod settings;
pub mod support;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::Tag;

pub use settings::{DbClusterSettings, DbSettings, Monitoring, PerformanceInsights};

/// An RDS DB instance.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html>
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DbInstance {
    /// The instance's ARN.
    pub arn: String,
    /// `DBInstanceIdentifier`; changes on rename.
    pub name: String,
    /// `DbiResourceId`; never changes.
    pub resource_id: Option<String>,
    /// `postgres`, `mysql`, `aurora-postgresql`, …
    pub engine: String,
    /// The engine's version.
    pub engine_version: String,
    /// The class, such as `db.t4g.medium`.
    pub class: String,
    /// `available`, `modifying`, `storage-full`, …
    pub status: String,
    /// Whether a standby runs in another zone.
    pub multi_az: bool,
    /// Storage, GiB.
    pub storage_gib: Option<u32>,
    /// The most storage that autoscaling may reach, GiB; `None` if it is off.
    pub max_storage_gib: Option<u32>,
    /// `gp2`, `gp3`, `io1`, `io2`, `aurora`.
    pub storage_type: Option<String>,
    /// The cluster it is a member of.
    pub cluster: Option<String>,
    /// Where it can be reached: host and port.
    pub endpoint: Option<(String, u16)>,
    /// The Availability Zone.
    pub zone: Option<String>,
    /// The newest point in time that it can be restored to.
    pub latest_restorable_at: Option<Timestamp>,
    /// Days that automated backups are kept; 0 is none.
    pub backup_retention_days: u32,
    /// The daily backup window, UTC, `hh24:mi-hh24:mi`.
    pub backup_window: Option<String>,
    /// The weekly maintenance window, UTC, `ddd:hh24:mi-ddd:hh24:mi`.
    pub maintenance_window: Option<String>,
    /// The DB parameter group and whether it is `in-sync`.
    pub parameter_group: Option<(String, String)>,
    /// Whether deletion is refused.
    pub deletion_protection: bool,
    /// Whether anybody on the internet can reach it.
    pub publicly_accessible: bool,
    /// The instance of which this is a read replica.
    pub replica_of: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Modifications that wait, as `name=value`.
    pub pending_modifications: Vec<String>,
    /// The instance's tags.
    pub tags: Vec<Tag>,
    /// How it is configured beside that.
    #[serde(default)]
    pub settings: DbSettings,
}

/// An Aurora or Multi-AZ DB cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DbCluster {
    /// The cluster's ARN.
    pub arn: String,
    /// `DBClusterIdentifier`.
    pub name: String,
    /// `aurora-postgresql`, `aurora-mysql`, …
    pub engine: String,
    /// The engine's version.
    pub engine_version: String,
    /// `available`, …
    pub status: String,
    /// Members: instance name, and whether it is the writer.
    pub members: Vec<(String, bool)>,
    /// Whether it spans zones.
    pub multi_az: bool,
    /// The newest point in time that it can be restored to.
    pub latest_restorable_at: Option<Timestamp>,
    /// Days that backups are kept.
    pub backup_retention_days: u32,
    /// The daily backup window, UTC.
    pub backup_window: Option<String>,
    /// Serverless v2 capacity, ACUs: least and most.
    pub serverless_acu: Option<(f64, f64)>,
    /// The writer's endpoint.
    pub endpoint: Option<String>,
    /// Whether deletion is refused.
    pub deletion_protection: bool,
    /// Modifications that wait, as `name=value`.
    #[serde(default)]
    pub pending_modifications: Vec<String>,
    /// The cluster's tags.
    pub tags: Vec<Tag>,
    /// How it is configured beside that.
    #[serde(default)]
    pub settings: DbClusterSettings,
}

/// A snapshot of an instance or a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbSnapshot {
    /// `DBSnapshotIdentifier`.
    pub id: String,
    /// The snapshot's ARN.
    pub arn: String,
    /// The instance or cluster it is of.
    pub source: String,
    /// Whether the source is a cluster.
    pub of_cluster: bool,
    /// `automated`, `manual`, `awsbackup`, …
    pub snapshot_type: String,
    /// `available`, `creating`, …
    pub status: String,
    /// How far its creation is, percent.
    pub percent_progress: Option<u8>,
    /// When the data in it was true; AWS's `SnapshotDatabaseTime`, else its creation.
    pub created_at: Option<Timestamp>,
    /// Size of the storage it was taken of, GiB.
    pub storage_gib: Option<u32>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The key of the encryption.
    #[serde(default)]
    pub kms_key: Option<String>,
}

/// A proxy in front of databases.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBProxy.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbProxy {
    /// `DBProxyName`.
    pub name: String,
    /// The instances and clusters that it passes connections to, by name.
    pub targets: Vec<String>,
}

/// A backup of a cache that somebody or ElastiCache made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheSnapshot {
    /// `SnapshotName`.
    pub name: String,
    /// The replication group or cluster it is of.
    pub source: String,
    /// `available`, `creating`, …
    pub status: String,
    /// When the data in it was true: the oldest of its shards.
    pub created_at: Option<Timestamp>,
}

/// Maintenance that AWS will do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingMaintenance {
    /// The resource's ARN.
    pub resource: String,
    /// `system-update`, `db-upgrade`, …
    pub action: String,
    /// What it is.
    pub description: Option<String>,
    /// After this it is done in the next window.
    pub auto_applied_after: Option<Timestamp>,
    /// At this it is done, window or not.
    pub forced_at: Option<Timestamp>,
}

/// An event of RDS or ElastiCache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreEvent {
    /// The name of the instance, cluster or group.
    pub source: String,
    /// What happened; foreign text.
    pub message: String,
    /// When it happened.
    pub at: Timestamp,
}

/// Connections that a parameter group allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionLimit {
    /// The parameter group's name.
    pub parameter_group: String,
    /// `max_connections` as written: a number, or a formula such as
    /// `LEAST({DBInstanceClassMemory/9531392},5000)`; `None` is the engine's default.
    pub max_connections: Option<String>,
}

/// An ElastiCache cluster, replication group or serverless cache.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cache {
    /// The ARN.
    pub arn: String,
    /// The name.
    pub name: String,
    /// Which of the three it is.
    pub form: CacheForm,
    /// `available`, `creating`, `modifying`, …
    pub status: String,
    /// `redis`, `valkey` or `memcached`.
    pub engine: String,
    /// The engine's version.
    pub engine_version: Option<String>,
    /// The node type; serverless has none.
    pub node_type: Option<String>,
    /// The node type that it is being changed to.
    #[serde(default)]
    pub pending_node_type: Option<String>,
    /// Shards with their nodes; a cluster on its own has one.
    pub shards: Vec<CacheShard>,
    /// Whether data is partitioned over shards.
    pub cluster_mode: bool,
    /// Whether a replica takes over by itself.
    pub automatic_failover: bool,
    /// Whether nodes are spread over zones.
    pub multi_az: bool,
    /// Days that snapshots are kept; 0 is none.
    pub snapshot_retention_days: u32,
    /// Where it can be reached.
    pub endpoint: Option<String>,
}

/// The three forms of ElastiCache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CacheForm {
    /// Nodes of their own.
    Cluster,
    /// A primary with replicas, or shards of them.
    ReplicationGroup,
    /// No nodes to see.
    Serverless,
}

impl CacheForm {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::ReplicationGroup => "replication-group",
            Self::Serverless => "serverless",
        }
    }
}

/// A shard (node group) of a cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheShard {
    /// `0001`, …
    pub id: String,
    /// `available`, …
    pub status: String,
    /// Slots, where data is partitioned.
    pub slots: Option<String>,
    /// Its nodes.
    pub nodes: Vec<CacheNode>,
}

/// A node of a cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheNode {
    /// The member cluster's id: the dimension `CacheClusterId` of its metrics.
    pub cluster_id: String,
    /// `0001`, …
    pub node_id: String,
    /// `primary` or `replica`; `None` where AWS does not say (cluster mode).
    pub role: Option<String>,
    /// The Availability Zone.
    pub zone: Option<String>,
    /// `available`, …
    pub status: Option<String>,
}

impl Cache {
    /// How many nodes it has.
    pub fn node_count(&self) -> usize {
        self.shards.iter().map(|shard| shard.nodes.len()).sum()
    }
}

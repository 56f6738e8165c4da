//! Databases and caches as an estate's file has them.

use serde::Deserialize;

use super::Tags;
use crate::domain::datastore::{DbClusterSettings, DbSettings};

/// A DB instance.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `DBInstanceIdentifier`.
    pub name: String,
    /// The engine.
    pub engine: String,
    /// The engine's version.
    pub version: String,
    /// The class.
    pub class: String,
    /// Storage, GiB; absent in Aurora.
    pub storage_gib: Option<u32>,
    /// The most storage that autoscaling may reach, GiB.
    pub max_storage_gib: Option<u32>,
    /// Whether a standby runs.
    #[serde(default)]
    pub multi_az: bool,
    /// Days that automated backups are kept.
    pub backup_days: u32,
    /// The backup window, UTC.
    pub backup_window: String,
    /// The maintenance window, UTC.
    pub maintenance_window: String,
    /// The DB parameter group.
    pub parameter_group: String,
    /// Whether deletion is refused.
    #[serde(default)]
    pub deletion_protection: bool,
    /// The Aurora cluster it is a member of.
    pub cluster: Option<String>,
    /// Whether it is its cluster's writer.
    #[serde(default)]
    pub writer: bool,
    /// The instance that it replicates.
    pub replica_of: Option<String>,
    /// Manual snapshots.
    #[serde(default)]
    pub snapshots: Vec<Snapshot>,
    /// Maintenance that waits: action and what it is.
    #[serde(default)]
    pub maintenance: Vec<(String, String)>,
    /// Modifications that wait for the window, as `name=value`.
    #[serde(default)]
    pub pending: Vec<String>,
    /// Tags.
    #[serde(default)]
    pub tags: Tags,
    /// How it is configured beside that; what is left out is what a console's wizard proposes.
    #[serde(default)]
    pub settings: DbSettings,
    /// What it does under its traffic.
    pub load: DatabaseLoad,
}

/// A manual snapshot.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// `DBSnapshotIdentifier`.
    pub id: String,
    /// How old it is when the demo opens, hours.
    pub age_h: u32,
    /// Whether it is still being taken.
    #[serde(default)]
    pub creating: bool,
    /// Whether somebody has disabled the key that it is encrypted with.
    #[serde(default)]
    pub key_disabled: bool,
}

/// What a database does under its traffic.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseLoad {
    /// Whose wishes it serves.
    pub traffic: String,
    /// CPU without queries, percent.
    pub cpu_idle: f64,
    /// CPU at the peak, percent.
    pub cpu_peak: f64,
    /// Connections without traffic.
    pub connections_idle: f64,
    /// Connections at the peak.
    pub connections_peak: f64,
    /// Memory of the class, MiB.
    pub memory_mib: f64,
    /// Storage that is free when the demo opens, GiB.
    pub free_gib: f64,
    /// Storage used up per day, GiB.
    pub growth_gib_per_day: f64,
}

/// An Aurora cluster.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseCluster {
    /// `DBClusterIdentifier`.
    pub name: String,
    /// The engine.
    pub engine: String,
    /// The engine's version.
    pub version: String,
    /// Days that backups are kept.
    pub backup_days: u32,
    /// The backup window, UTC.
    pub backup_window: String,
    /// Serverless v2 capacity: least and most.
    pub serverless_acu: Option<(f64, f64)>,
    /// Whether deletion is refused.
    #[serde(default)]
    pub deletion_protection: bool,
    /// Tags.
    #[serde(default)]
    pub tags: Tags,
    /// How it is configured beside that.
    #[serde(default)]
    pub settings: DbClusterSettings,
}

/// A proxy in front of databases.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseProxy {
    /// Its name.
    pub name: String,
    /// The instances and clusters behind it.
    pub targets: Vec<String>,
}

/// An ElastiCache cluster, replication group or serverless cache.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// The name.
    pub name: String,
    /// Which of the three it is.
    pub form: Form,
    /// `redis` or `valkey`.
    pub engine: String,
    /// The engine's version.
    pub version: String,
    /// The node type; serverless has none.
    pub node_type: Option<String>,
    /// Shards.
    #[serde(default = "one")]
    pub shards: u32,
    /// Replicas of each shard.
    #[serde(default)]
    pub replicas: u32,
    /// Whether data is partitioned.
    #[serde(default)]
    pub cluster_mode: bool,
    /// Whether a replica takes over by itself.
    #[serde(default)]
    pub automatic_failover: bool,
    /// Whether nodes are spread over zones.
    #[serde(default)]
    pub multi_az: bool,
    /// Days that snapshots are kept.
    #[serde(default)]
    pub snapshot_days: u32,
    /// What it does under its traffic.
    pub load: CacheLoad,
}

/// The three forms of ElastiCache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Nodes of their own.
    Cluster,
    /// A primary with replicas, or shards of them.
    ReplicationGroup,
    /// No nodes to see.
    Serverless,
}

/// What a cache does under its traffic.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheLoad {
    /// Whose wishes it serves.
    pub traffic: String,
    /// Memory used, percent.
    pub memory: f64,
    /// CPU of the engine at the peak, percent.
    pub cpu_peak: f64,
    /// Connections at the peak.
    pub connections_peak: f64,
    /// Lookups per minute at the peak.
    pub lookups_peak: f64,
    /// Share of lookups that find a key.
    pub hit_rate: f64,
    /// What the scenario of full Redis does to it.
    #[serde(default)]
    pub fills_up: bool,
}

fn one() -> u32 {
    1
}

//! How a database is configured beside what the console shows: what a restore drops unless it is told.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a DB instance is configured. `None` is not known, or the engine does not have it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DbSettings {
    /// The port that it listens on.
    pub port: Option<u16>,
    /// The DB subnet group, which also says the VPC.
    pub subnet_group: Option<String>,
    /// VPC security groups, sorted.
    pub security_groups: Vec<String>,
    /// The option group.
    pub option_group: Option<String>,
    /// `license-included`, `postgresql-license`, …
    pub license: Option<String>,
    /// Provisioned operations per second.
    pub iops: Option<u32>,
    /// Provisioned throughput, MiB per second.
    pub storage_throughput: Option<u32>,
    /// Whether IAM identities may log in.
    pub iam_authentication: Option<bool>,
    /// The CA of its certificate, such as `rds-ca-rsa2048-g1`.
    pub ca_certificate: Option<String>,
    /// Logs that it writes to CloudWatch Logs, sorted.
    pub log_exports: Vec<String>,
    /// Performance Insights; `None` if it is off.
    pub performance_insights: Option<PerformanceInsights>,
    /// `standard` or `advanced`.
    pub insights_mode: Option<String>,
    /// Enhanced Monitoring; `None` if it is off.
    pub monitoring: Option<Monitoring>,
    /// Whether snapshots get the instance's tags.
    pub copy_tags_to_snapshots: Option<bool>,
    /// Whether AWS upgrades minor versions by itself.
    pub minor_upgrades: Option<bool>,
    /// `IPV4` or `DUAL`.
    pub network_type: Option<String>,
    /// Whether AWS bills extended support for old versions.
    pub lifecycle_support: Option<String>,
    /// In a cluster: how early it becomes the writer, 0 first.
    pub promotion_tier: Option<u32>,
    /// Whether the log has a volume of its own.
    pub dedicated_log_volume: Option<bool>,
    /// Where backups are kept: `region`, `outposts` or `local`.
    pub backup_target: Option<String>,
    /// Whether it has an address of an Outpost's network.
    pub customer_owned_ip: Option<bool>,
    /// `coreCount`, `threadsPerCore`.
    pub processor_features: BTreeMap<String, String>,
    /// Whether storage is encrypted.
    pub encrypted: Option<bool>,
    /// The key of the encryption.
    pub kms_key: Option<String>,
    /// The secret in which RDS keeps the master password; `None` if it does not.
    pub managed_secret: Option<String>,
    /// IAM roles that it may use, with what for.
    pub roles: Vec<String>,
    /// Directories that it is joined to.
    pub domains: Vec<String>,
    /// Whether what happens in it is streamed to Kinesis.
    pub activity_stream: bool,
    /// Whether backups are copied to another region.
    pub backup_replication: bool,
    /// Volumes beside the first.
    pub additional_volumes: Vec<String>,
    /// The instance profile of RDS Custom.
    pub custom_profile: Option<String>,
}

/// Performance Insights, switched on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerformanceInsights {
    /// The key that its data is encrypted with; `None` is AWS's own.
    pub kms_key: Option<String>,
    /// Days that its data is kept.
    pub retention_days: Option<u32>,
}

/// Enhanced Monitoring, switched on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitoring {
    /// Seconds between two readings: 1, 5, 10, 15, 30 or 60.
    pub interval_s: u32,
    /// The role with which readings are sent.
    pub role: Option<String>,
}

/// How a DB cluster is configured beside what the console shows.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterFromSnapshot.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DbClusterSettings {
    /// `DbClusterResourceId`; never changes.
    pub resource_id: Option<String>,
    /// The port that it listens on.
    pub port: Option<u16>,
    /// The cluster's parameter group.
    pub parameter_group: Option<String>,
    /// The DB subnet group.
    pub subnet_group: Option<String>,
    /// VPC security groups, sorted.
    pub security_groups: Vec<String>,
    /// `aurora`, `aurora-iopt1`, or a type of EBS.
    pub storage_type: Option<String>,
    /// Provisioned operations per second.
    pub iops: Option<u32>,
    /// The class of a Multi-AZ DB cluster, whose instances AWS makes itself; Aurora has none.
    pub class: Option<String>,
    /// Whether IAM identities may log in.
    pub iam_authentication: Option<bool>,
    /// Logs that it writes to CloudWatch Logs, sorted.
    pub log_exports: Vec<String>,
    /// How far it can be wound back in place, seconds; `None` if it cannot.
    pub backtrack_s: Option<u64>,
    /// Whether snapshots get the cluster's tags.
    pub copy_tags_to_snapshots: Option<bool>,
    /// Whether the Data API answers.
    pub http_endpoint: Option<bool>,
    /// The weekly maintenance window, UTC.
    pub maintenance_window: Option<String>,
    /// `IPV4` or `DUAL`.
    pub network_type: Option<String>,
    /// Whether AWS bills extended support for old versions.
    pub lifecycle_support: Option<String>,
    /// `provisioned`, `serverless`, …
    pub engine_mode: Option<String>,
    /// Whether storage is encrypted.
    pub encrypted: Option<bool>,
    /// The key of the encryption.
    pub kms_key: Option<String>,
    /// The secret in which RDS keeps the master password; `None` if it does not.
    pub managed_secret: Option<String>,
    /// IAM roles that it may use, with what for.
    pub roles: Vec<String>,
    /// Directories that it is joined to.
    pub domains: Vec<String>,
    /// Whether what happens in it is streamed to Kinesis.
    pub activity_stream: bool,
    /// Endpoints that somebody made beside AWS's own.
    pub custom_endpoints: Vec<String>,
    /// The global database that it is part of.
    pub global: Option<String>,
    /// Whether readers pass writes on.
    pub write_forwarding: bool,
    /// What it replicates from elsewhere.
    pub replica_of: Option<String>,
}

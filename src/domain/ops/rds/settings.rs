//! What RDS is told about a database beside its name. What is not passed is AWS's default in a restore,
//! and left alone in a modification.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::datastore::{Monitoring, PerformanceInsights};
use crate::domain::ids::Tag;

/// Settings that a restore takes over only if they are passed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
    /// Provisioned operations per second.
    pub iops: Option<u32>,
    /// Provisioned throughput, MiB per second.
    pub storage_throughput: Option<u32>,
    /// The most storage that autoscaling may reach, GiB. AWS takes it only with a point in time.
    pub max_storage_gib: Option<u32>,
    /// Whether deletion is refused.
    pub deletion_protection: Option<bool>,
    /// Whether anybody on the internet can reach it.
    pub publicly_accessible: Option<bool>,
    /// The port.
    pub port: Option<u16>,
    /// The license model.
    pub license: Option<String>,
    /// Whether IAM identities may log in.
    pub iam_authentication: Option<bool>,
    /// The CA of its certificate.
    pub ca_certificate: Option<String>,
    /// Logs that it writes to CloudWatch Logs.
    pub log_exports: Vec<String>,
    /// Whether snapshots get its tags.
    pub copy_tags_to_snapshots: Option<bool>,
    /// Whether AWS upgrades minor versions by itself.
    pub minor_upgrades: Option<bool>,
    /// `IPV4` or `DUAL`.
    pub network_type: Option<String>,
    /// Whether AWS bills extended support for old versions.
    pub lifecycle_support: Option<String>,
    /// Whether the log has a volume of its own.
    pub dedicated_log_volume: Option<bool>,
    /// Where backups are kept.
    pub backup_target: Option<String>,
    /// Whether it has an address of an Outpost's network.
    pub customer_owned_ip: Option<bool>,
    /// `coreCount`, `threadsPerCore`.
    pub processor_features: BTreeMap<String, String>,
    /// Days that automated backups are kept.
    pub backup_retention_days: Option<u32>,
    /// The daily backup window, UTC.
    pub backup_window: Option<String>,
    /// Tags; none given means those of the source.
    pub tags: Vec<Tag>,
}

/// What is changed of an instance, at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DbModification {
    /// The class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Whether a standby runs in another zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multi_az: Option<bool>,
    /// Storage, GiB; it can only grow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_gib: Option<u32>,
    /// The most storage that autoscaling may reach, GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_storage_gib: Option<u32>,
    /// The DB parameter group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_group: Option<String>,
    /// Days that automated backups are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_retention_days: Option<u32>,
    /// The daily backup window, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_window: Option<String>,
    /// The weekly maintenance window, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance_window: Option<String>,
    /// Whether deletion is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_protection: Option<bool>,
    /// Whether anybody on the internet can reach it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publicly_accessible: Option<bool>,
    /// Performance Insights, to be switched on so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_insights: Option<PerformanceInsights>,
    /// `standard` or `advanced`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insights_mode: Option<String>,
    /// Enhanced Monitoring, to be switched on so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<Monitoring>,
    /// In a cluster: how early it becomes the writer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion_tier: Option<u32>,
}

/// What a restored cluster starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterOrigin {
    /// A snapshot of a cluster.
    Snapshot {
        /// The snapshot's name.
        snapshot: String,
    },
    /// A cluster as it was.
    Time {
        /// The source cluster's name.
        source: String,
        /// The time; `None` is the latest restorable one.
        at: Option<Timestamp>,
    },
}

/// Settings that the restore of a cluster takes over only if they are passed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterRestoreSettings {
    /// The engine; a snapshot is restored only with it.
    pub engine: String,
    /// The engine's version; the snapshot's if it is not passed.
    pub engine_version: Option<String>,
    /// The engine's mode.
    pub engine_mode: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// The cluster's parameter group.
    pub parameter_group: Option<String>,
    /// The subnet group.
    pub subnet_group: Option<String>,
    /// Security groups.
    pub security_groups: Vec<String>,
    /// The storage type.
    pub storage_type: Option<String>,
    /// Provisioned operations per second.
    pub iops: Option<u32>,
    /// The class of a Multi-AZ DB cluster.
    pub class: Option<String>,
    /// Serverless v2 capacity, ACUs: least and most.
    pub serverless_acu: Option<(f64, f64)>,
    /// The key of the encryption.
    pub kms_key: Option<String>,
    /// Whether IAM identities may log in.
    pub iam_authentication: Option<bool>,
    /// Logs that it writes to CloudWatch Logs.
    pub log_exports: Vec<String>,
    /// How far it can be wound back in place, seconds.
    pub backtrack_s: Option<u64>,
    /// Whether snapshots get its tags.
    pub copy_tags_to_snapshots: Option<bool>,
    /// Whether deletion is refused.
    pub deletion_protection: Option<bool>,
    /// `IPV4` or `DUAL`.
    pub network_type: Option<String>,
    /// Whether AWS bills extended support for old versions.
    pub lifecycle_support: Option<String>,
    /// Days that backups are kept.
    pub backup_retention_days: Option<u32>,
    /// The daily backup window, UTC.
    pub backup_window: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// What is changed of a cluster, at once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterModification {
    /// Days that backups are kept, 1 to 35.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_retention_days: Option<u32>,
    /// The daily backup window, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_window: Option<String>,
    /// The weekly maintenance window, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance_window: Option<String>,
    /// Whether deletion is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_protection: Option<bool>,
    /// Whether snapshots get its tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_tags_to_snapshots: Option<bool>,
    /// The engine's version; AWS only goes up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_version: Option<String>,
    /// Whether the engine's version may be another major one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_major_upgrade: Option<bool>,
    /// Serverless v2 capacity, ACUs: least and most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serverless_acu: Option<(f64, f64)>,
    /// The cluster's parameter group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_group: Option<String>,
    /// Whether IAM identities may log in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iam_authentication: Option<bool>,
    /// Logs whose export to CloudWatch Logs begins or ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_exports: Option<LogExports>,
    /// `aurora` or `aurora-iopt1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_type: Option<String>,
    /// Whether the Data API answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_endpoint: Option<bool>,
}

/// Logs whose export to CloudWatch Logs begins or ends; AWS leaves all others as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogExports {
    /// Those that begin.
    pub enable: Vec<String>,
    /// Those that end.
    pub disable: Vec<String>,
}

impl LogExports {
    /// What makes `after` of `before`.
    pub fn between(before: &[String], after: &[String]) -> Self {
        let only = |these: &[String], others: &[String]| {
            these
                .iter()
                .filter(|one| !others.contains(one))
                .cloned()
                .collect()
        };
        Self {
            enable: only(after, before),
            disable: only(before, after),
        }
    }

    /// What `before` becomes, sorted.
    pub fn applied_to(&self, before: &[String]) -> Vec<String> {
        let mut after: Vec<String> = before
            .iter()
            .filter(|one| !self.disable.contains(one))
            .chain(&self.enable)
            .cloned()
            .collect();
        after.sort();
        after.dedup();
        after
    }
}

/// An instance that is made in a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberSettings {
    /// The cluster's engine.
    pub engine: String,
    /// The class.
    pub class: String,
    /// How early it becomes the writer, 0 first.
    pub promotion_tier: Option<u32>,
    /// The DB parameter group.
    pub parameter_group: Option<String>,
    /// Whether anybody on the internet can reach it.
    pub publicly_accessible: Option<bool>,
    /// Whether AWS upgrades minor versions by itself.
    pub minor_upgrades: Option<bool>,
    /// The weekly maintenance window, UTC.
    pub maintenance_window: Option<String>,
    /// The CA of its certificate.
    pub ca_certificate: Option<String>,
    /// Performance Insights; `None` is off.
    pub performance_insights: Option<PerformanceInsights>,
    /// Enhanced Monitoring; `None` is off.
    pub monitoring: Option<Monitoring>,
    /// Whether snapshots get its tags.
    pub copy_tags_to_snapshots: Option<bool>,
    /// Tags.
    pub tags: Vec<Tag>,
}

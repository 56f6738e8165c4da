//! How databases are configured, in the console's words.

use aws_sdk_rds::types;

use super::unsigned;
use crate::domain::datastore::{DbClusterSettings, DbSettings, Monitoring, PerformanceInsights};

fn text(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn sorted<'t>(items: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut items: Vec<String> = items.map(str::to_owned).collect();
    items.sort();
    items
}

fn positive(number: Option<i32>) -> Option<u32> {
    number.and_then(unsigned).filter(|number| *number > 0)
}

fn insights(
    enabled: Option<bool>,
    kms_key: Option<&str>,
    retention_days: Option<i32>,
) -> Option<PerformanceInsights> {
    (enabled == Some(true)).then(|| PerformanceInsights {
        kms_key: text(kms_key),
        retention_days: positive(retention_days),
    })
}

/// A role with what it is for.
fn role(arn: Option<&str>, feature: Option<&str>) -> String {
    let arn = arn.unwrap_or_default();
    match feature.filter(|feature| !feature.is_empty()) {
        Some(feature) => format!("{arn} ({feature})"),
        None => arn.to_owned(),
    }
}

fn domains(memberships: &[types::DomainMembership]) -> Vec<String> {
    memberships
        .iter()
        .filter_map(|membership| text(membership.domain().or(membership.fqdn())))
        .collect()
}

fn security_groups(memberships: &[types::VpcSecurityGroupMembership]) -> Vec<String> {
    sorted(
        memberships
            .iter()
            .filter(|membership| membership.status() != Some("removing"))
            .filter_map(types::VpcSecurityGroupMembership::vpc_security_group_id),
    )
}

fn streams(status: Option<&types::ActivityStreamStatus>) -> bool {
    matches!(
        status,
        Some(types::ActivityStreamStatus::Started | types::ActivityStreamStatus::Starting)
    )
}

/// How an instance is configured.
pub(super) fn of_instance(instance: &types::DbInstance) -> DbSettings {
    let monitoring = positive(instance.monitoring_interval).map(|interval_s| Monitoring {
        interval_s,
        role: text(instance.monitoring_role_arn()),
    });
    DbSettings {
        port: instance
            .endpoint()
            .and_then(|endpoint| endpoint.port)
            .and_then(|port| u16::try_from(port).ok()),
        subnet_group: instance
            .db_subnet_group()
            .and_then(|group| text(group.db_subnet_group_name())),
        security_groups: security_groups(instance.vpc_security_groups()),
        option_group: instance
            .option_group_memberships()
            .first()
            .and_then(|group| text(group.option_group_name())),
        license: text(instance.license_model()),
        iops: positive(instance.iops),
        storage_throughput: positive(instance.storage_throughput),
        iam_authentication: instance.iam_database_authentication_enabled,
        ca_certificate: text(instance.ca_certificate_identifier()),
        log_exports: sorted(
            instance
                .enabled_cloudwatch_logs_exports()
                .iter()
                .map(String::as_str),
        ),
        performance_insights: insights(
            instance.performance_insights_enabled,
            instance.performance_insights_kms_key_id(),
            instance.performance_insights_retention_period,
        ),
        insights_mode: instance
            .database_insights_mode()
            .map(|mode| mode.as_str().to_owned()),
        monitoring,
        copy_tags_to_snapshots: instance.copy_tags_to_snapshot,
        minor_upgrades: instance.auto_minor_version_upgrade,
        network_type: text(instance.network_type()),
        lifecycle_support: text(instance.engine_lifecycle_support()),
        promotion_tier: instance.promotion_tier.and_then(unsigned),
        dedicated_log_volume: instance.dedicated_log_volume,
        backup_target: text(instance.backup_target()),
        customer_owned_ip: instance.customer_owned_ip_enabled,
        processor_features: instance
            .processor_features()
            .iter()
            .filter_map(|feature| Some((feature.name()?.to_owned(), feature.value()?.to_owned())))
            .collect(),
        encrypted: instance.storage_encrypted,
        kms_key: text(instance.kms_key_id()),
        managed_secret: instance
            .master_user_secret()
            .and_then(|secret| text(secret.secret_arn())),
        roles: instance
            .associated_roles()
            .iter()
            .map(|each| role(each.role_arn(), each.feature_name()))
            .collect(),
        domains: domains(instance.domain_memberships()),
        activity_stream: streams(instance.activity_stream_status()),
        backup_replication: !instance.db_instance_automated_backups_replications().is_empty(),
        additional_volumes: instance
            .additional_storage_volumes()
            .iter()
            .filter_map(|volume| text(volume.volume_name()))
            .collect(),
        custom_profile: text(instance.custom_iam_instance_profile()),
    }
}

/// How a cluster is configured.
pub(super) fn of_cluster(cluster: &types::DbCluster) -> DbClusterSettings {
    DbClusterSettings {
        resource_id: text(cluster.db_cluster_resource_id()),
        port: cluster.port.and_then(|port| u16::try_from(port).ok()),
        parameter_group: text(cluster.db_cluster_parameter_group()),
        subnet_group: text(cluster.db_subnet_group()),
        security_groups: security_groups(cluster.vpc_security_groups()),
        storage_type: text(cluster.storage_type()),
        iops: positive(cluster.iops),
        class: text(cluster.db_cluster_instance_class()),
        iam_authentication: cluster.iam_database_authentication_enabled,
        log_exports: sorted(
            cluster
                .enabled_cloudwatch_logs_exports()
                .iter()
                .map(String::as_str),
        ),
        backtrack_s: cluster
            .backtrack_window
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0),
        copy_tags_to_snapshots: cluster.copy_tags_to_snapshot,
        http_endpoint: cluster.http_endpoint_enabled,
        maintenance_window: text(cluster.preferred_maintenance_window()),
        network_type: text(cluster.network_type()),
        lifecycle_support: text(cluster.engine_lifecycle_support()),
        engine_mode: text(cluster.engine_mode()),
        encrypted: cluster.storage_encrypted,
        kms_key: text(cluster.kms_key_id()),
        managed_secret: cluster
            .master_user_secret()
            .and_then(|secret| text(secret.secret_arn())),
        roles: cluster
            .associated_roles()
            .iter()
            .map(|each| role(each.role_arn(), each.feature_name()))
            .collect(),
        domains: domains(cluster.domain_memberships()),
        activity_stream: streams(cluster.activity_stream_status()),
        custom_endpoints: cluster.custom_endpoints().to_vec(),
        global: text(cluster.global_cluster_identifier()),
        write_forwarding: cluster.global_write_forwarding_requested == Some(true)
            || matches!(
                cluster.local_write_forwarding_status(),
                Some(
                    types::LocalWriteForwardingStatus::Enabled | types::LocalWriteForwardingStatus::Enabling
                )
            ),
        replica_of: text(cluster.replication_source_identifier()),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_a_restore_would_drop_is_read() {
        let sdk = types::DbInstance::builder()
            .db_subnet_group(
                types::DbSubnetGroup::builder()
                    .db_subnet_group_name("private")
                    .build(),
            )
            .vpc_security_groups(
                types::VpcSecurityGroupMembership::builder()
                    .vpc_security_group_id("sg-2")
                    .status("active")
                    .build(),
            )
            .vpc_security_groups(
                types::VpcSecurityGroupMembership::builder()
                    .vpc_security_group_id("sg-1")
                    .status("active")
                    .build(),
            )
            .performance_insights_enabled(true)
            .performance_insights_retention_period(31)
            .monitoring_interval(0)
            .iops(0)
            .associated_roles(
                types::DbInstanceRole::builder()
                    .role_arn("arn:role")
                    .feature_name("s3Import")
                    .build(),
            )
            .build();
        let found = of_instance(&sdk);
        assert_eq!(found.subnet_group.as_deref(), Some("private"));
        assert_eq!(found.security_groups, ["sg-1", "sg-2"]);
        assert_eq!(
            found.performance_insights,
            Some(PerformanceInsights {
                kms_key: None,
                retention_days: Some(31)
            })
        );
        // 0 is AWS's word for off.
        assert_eq!((found.monitoring, found.iops), (None, None));
        assert_eq!(found.roles, ["arn:role (s3Import)"]);
    }
}

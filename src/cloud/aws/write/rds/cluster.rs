//! Changes of DB clusters and their instances.

use aws_sdk_rds::operation::modify_db_cluster::builders::ModifyDBClusterFluentBuilder;
use aws_sdk_rds::types::{
    CloudwatchLogsExportConfiguration, DbCluster, DbClusterSnapshot, ServerlessV2ScalingConfiguration,
};

use super::{arn, receipt, signed, some, tags};
use crate::cloud::aws::caller::Caller;
use crate::cloud::aws::convert::date_time;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::Receipt;
use crate::domain::ops::rds::{ClusterModification, ClusterOrigin, MemberSettings, Write};

/// A restore with its settings. The two restores have requests of different types with the same fields.
macro_rules! with_settings {
    ($call:expr, $settings:expr) => {
        $call
            .set_engine_mode($settings.engine_mode.clone())
            .set_port($settings.port.map(i32::from))
            .set_db_cluster_parameter_group_name($settings.parameter_group.clone())
            .set_db_subnet_group_name($settings.subnet_group.clone())
            .set_vpc_security_group_ids(some(&$settings.security_groups))
            .set_storage_type($settings.storage_type.clone())
            .set_iops(signed($settings.iops))
            .set_db_cluster_instance_class($settings.class.clone())
            .set_serverless_v2_scaling_configuration(capacity($settings.serverless_acu))
            .set_kms_key_id($settings.kms_key.clone())
            .set_enable_iam_database_authentication($settings.iam_authentication)
            .set_enable_cloudwatch_logs_exports(some(&$settings.log_exports))
            .set_backtrack_window(
                $settings
                    .backtrack_s
                    .and_then(|seconds| i64::try_from(seconds).ok()),
            )
            .set_copy_tags_to_snapshot($settings.copy_tags_to_snapshots)
            .set_deletion_protection($settings.deletion_protection)
            .set_network_type($settings.network_type.clone())
            .set_engine_lifecycle_support($settings.lifecycle_support.clone())
            .set_backup_retention_period(signed($settings.backup_retention_days))
            .set_preferred_backup_window($settings.backup_window.clone())
            .set_tags(tags(&$settings.tags))
    };
}

/// Makes a change of a cluster, once.
pub(super) async fn write(caller: &Caller<'_>, change: &Write) -> Result<Receipt, Fault> {
    let client = caller.rds();
    let operation = change.operation();
    match change {
        Write::CreateClusterSnapshot { cluster, snapshot } => {
            let call = client
                .create_db_cluster_snapshot()
                .db_cluster_identifier(cluster)
                .db_cluster_snapshot_identifier(snapshot);
            let answer = caller.call(operation, call.send()).await?;
            let created = answer
                .db_cluster_snapshot()
                .and_then(DbClusterSnapshot::db_cluster_snapshot_arn);
            Ok(receipt(&answer, created))
        }
        Write::RestoreCluster {
            from: ClusterOrigin::Snapshot { snapshot },
            cluster,
            settings,
        } => {
            let call = client
                .restore_db_cluster_from_snapshot()
                .snapshot_identifier(snapshot)
                .db_cluster_identifier(cluster)
                .engine(&settings.engine)
                .set_engine_version(settings.engine_version.clone());
            let call = with_settings!(call, settings);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, cluster_arn(answer.db_cluster())))
        }
        Write::RestoreCluster {
            from: ClusterOrigin::Time { source, at },
            cluster,
            settings,
        } => {
            let call = client
                .restore_db_cluster_to_point_in_time()
                .source_db_cluster_identifier(source)
                .db_cluster_identifier(cluster);
            let call = match at {
                Some(at) => call.restore_to_time(date_time(*at)),
                None => call.use_latest_restorable_time(true),
            };
            let call = with_settings!(call, settings);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, cluster_arn(answer.db_cluster())))
        }
        Write::CreateMember {
            cluster,
            instance,
            settings,
        } => create_member(caller, change, (cluster, instance, settings)).await,
        Write::ModifyCluster { cluster, change } => {
            let call = modification(client.modify_db_cluster().db_cluster_identifier(cluster), change);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::RenameCluster { cluster, to } => {
            // Otherwise the name would wait for the maintenance window.
            let call = client
                .modify_db_cluster()
                .db_cluster_identifier(cluster)
                .new_db_cluster_identifier(to)
                .apply_immediately(true);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::StopCluster { cluster } => {
            let call = client.stop_db_cluster().db_cluster_identifier(cluster);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::StartCluster { cluster } => {
            let call = client.start_db_cluster().db_cluster_identifier(cluster);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::FailoverCluster { cluster, to } => {
            let call = client
                .failover_db_cluster()
                .db_cluster_identifier(cluster)
                .set_target_db_instance_identifier(to.clone());
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::CreateSnapshot { .. }
        | Write::RestoreFromSnapshot { .. }
        | Write::RestoreToPointInTime { .. }
        | Write::Rename { .. }
        | Write::Stop { .. }
        | Write::Start { .. }
        | Write::Reboot { .. }
        | Write::Modify { .. }
        | Write::PutTags { .. }
        | Write::DeleteTags { .. }
        | Write::UnprotectCopy { .. }
        | Write::DeleteCopy { .. } => Err(Fault::new(
            FaultKind::Unsupported,
            operation.service,
            operation.name,
            "it is no change of a cluster",
        )),
    }
}

async fn create_member(
    caller: &Caller<'_>,
    change: &Write,
    (cluster, instance, settings): (&str, &str, &MemberSettings),
) -> Result<Receipt, Fault> {
    let insights = settings.performance_insights.as_ref();
    let monitoring = settings.monitoring.as_ref();
    let call = caller
        .rds()
        .create_db_instance()
        .db_cluster_identifier(cluster)
        .db_instance_identifier(instance)
        .engine(&settings.engine)
        .db_instance_class(&settings.class)
        .set_promotion_tier(signed(settings.promotion_tier))
        .set_db_parameter_group_name(settings.parameter_group.clone())
        .set_publicly_accessible(settings.publicly_accessible)
        .set_auto_minor_version_upgrade(settings.minor_upgrades)
        .set_preferred_maintenance_window(settings.maintenance_window.clone())
        .set_ca_certificate_identifier(settings.ca_certificate.clone())
        .set_enable_performance_insights(insights.map(|_| true))
        .set_performance_insights_kms_key_id(insights.and_then(|insights| insights.kms_key.clone()))
        .set_performance_insights_retention_period(signed(
            insights.and_then(|insights| insights.retention_days),
        ))
        .set_monitoring_interval(signed(monitoring.map(|monitoring| monitoring.interval_s)))
        .set_monitoring_role_arn(monitoring.and_then(|monitoring| monitoring.role.clone()))
        .set_tags(tags(&settings.tags));
    let answer = caller.call(change.operation(), call.send()).await?;
    Ok(receipt(&answer, arn(answer.db_instance())))
}

fn cluster_arn(cluster: Option<&DbCluster>) -> Option<&str> {
    cluster.and_then(DbCluster::db_cluster_arn)
}

fn capacity(acu: Option<(f64, f64)>) -> Option<ServerlessV2ScalingConfiguration> {
    acu.map(|(least, most)| {
        ServerlessV2ScalingConfiguration::builder()
            .min_capacity(least)
            .max_capacity(most)
            .build()
    })
}

/// A modification with what it changes; what it does not name is left alone. Without `ApplyImmediately`
/// half of it would wait for the maintenance window.
fn modification(
    call: ModifyDBClusterFluentBuilder,
    change: &ClusterModification,
) -> ModifyDBClusterFluentBuilder {
    let exports = change.log_exports.as_ref().map(|exports| {
        CloudwatchLogsExportConfiguration::builder()
            .set_enable_log_types(some(&exports.enable))
            .set_disable_log_types(some(&exports.disable))
            .build()
    });
    call.set_backup_retention_period(signed(change.backup_retention_days))
        .set_preferred_backup_window(change.backup_window.clone())
        .set_preferred_maintenance_window(change.maintenance_window.clone())
        .set_deletion_protection(change.deletion_protection)
        .set_copy_tags_to_snapshot(change.copy_tags_to_snapshots)
        .set_engine_version(change.engine_version.clone())
        .set_allow_major_version_upgrade(change.allow_major_upgrade)
        .set_serverless_v2_scaling_configuration(capacity(change.serverless_acu))
        .set_db_cluster_parameter_group_name(change.parameter_group.clone())
        .set_enable_iam_database_authentication(change.iam_authentication)
        .set_cloudwatch_logs_export_configuration(exports)
        .set_storage_type(change.storage_type.clone())
        .set_enable_http_endpoint(change.http_endpoint)
        .apply_immediately(true)
}

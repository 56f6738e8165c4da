//! Changes of Amazon RDS.

mod cluster;

use std::collections::BTreeMap;

use aws_sdk_rds::operation::RequestId;
use aws_sdk_rds::operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder;
use aws_sdk_rds::types::{DatabaseInsightsMode, DbInstance, DbSnapshot, ProcessorFeature, Tag};

use crate::cloud::aws::caller::Caller;
use crate::cloud::aws::convert::date_time;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ids::Tag as OwnTag;
use crate::domain::ops::rds::{DbModification, OwnCopy, Write};
use crate::domain::ops::{Operation, Receipt, Token};

/// A restore with its settings: one that is not passed falls back to AWS's default, not to the
/// source's value. The two restores have requests of different types with the same fields.
macro_rules! with_settings {
    ($call:expr, $settings:expr) => {
        $call
            .set_db_instance_class($settings.class.clone())
            .set_multi_az($settings.multi_az)
            .set_db_subnet_group_name($settings.subnet_group.clone())
            .set_vpc_security_group_ids(some(&$settings.security_groups))
            .set_db_parameter_group_name($settings.parameter_group.clone())
            .set_option_group_name($settings.option_group.clone())
            .set_storage_type($settings.storage_type.clone())
            .set_deletion_protection($settings.deletion_protection)
            .set_publicly_accessible($settings.publicly_accessible)
            .set_iops(signed($settings.iops))
            .set_storage_throughput(signed($settings.storage_throughput))
            .set_port($settings.port.map(i32::from))
            .set_license_model($settings.license.clone())
            .set_enable_iam_database_authentication($settings.iam_authentication)
            .set_ca_certificate_identifier($settings.ca_certificate.clone())
            .set_enable_cloudwatch_logs_exports(some(&$settings.log_exports))
            .set_copy_tags_to_snapshot($settings.copy_tags_to_snapshots)
            .set_auto_minor_version_upgrade($settings.minor_upgrades)
            .set_network_type($settings.network_type.clone())
            .set_engine_lifecycle_support($settings.lifecycle_support.clone())
            .set_dedicated_log_volume($settings.dedicated_log_volume)
            .set_backup_target($settings.backup_target.clone())
            .set_enable_customer_owned_ip($settings.customer_owned_ip)
            .set_processor_features(features(&$settings.processor_features))
            .set_backup_retention_period(signed($settings.backup_retention_days))
            .set_preferred_backup_window($settings.backup_window.clone())
            .set_tags(tags(&$settings.tags))
    };
}

/// Makes a change, once. RDS takes no token: that a snapshot or an instance of that name exists
/// is what tells of a change whose answer was lost.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let client = caller.rds();
    let operation = change.operation();
    match change {
        Write::CreateSnapshot { instance, snapshot } => {
            let call = client
                .create_db_snapshot()
                .db_instance_identifier(instance)
                .db_snapshot_identifier(snapshot);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(
                &answer,
                answer.db_snapshot().and_then(DbSnapshot::db_snapshot_arn),
            ))
        }
        Write::RestoreFromSnapshot {
            snapshot,
            instance,
            settings,
        } => {
            let call = client
                .restore_db_instance_from_db_snapshot()
                .db_snapshot_identifier(snapshot)
                .db_instance_identifier(instance);
            let call = with_settings!(call, settings);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, resource_id(answer.db_instance())))
        }
        Write::RestoreToPointInTime {
            source,
            instance,
            at,
            settings,
        } => {
            let call = client
                .restore_db_instance_to_point_in_time()
                .source_db_instance_identifier(source)
                .target_db_instance_identifier(instance);
            let call = match at {
                Some(at) => call.restore_time(date_time(*at)),
                None => call.use_latest_restorable_time(true),
            };
            // Only here: the restore of a snapshot has no such parameter.
            let call =
                with_settings!(call, settings).set_max_allocated_storage(signed(settings.max_storage_gib));
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, resource_id(answer.db_instance())))
        }
        Write::Rename { instance, to } => {
            // Otherwise the name would wait for the maintenance window.
            let call = client
                .modify_db_instance()
                .db_instance_identifier(instance)
                .new_db_instance_identifier(to)
                .apply_immediately(true);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::Stop { instance } => {
            let call = client.stop_db_instance().db_instance_identifier(instance);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::Start { instance } => {
            let call = client.start_db_instance().db_instance_identifier(instance);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::Reboot { instance, failover } => {
            let call = client
                .reboot_db_instance()
                .db_instance_identifier(instance)
                .force_failover(*failover);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::PutTags { arn, tags } => {
            let tags = tags
                .iter()
                .map(|tag| Tag::builder().key(&tag.key).value(&tag.value).build());
            let call = client
                .add_tags_to_resource()
                .resource_name(arn)
                .set_tags(Some(tags.collect()));
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::DeleteTags { arn, keys } => {
            let call = client
                .remove_tags_from_resource()
                .resource_name(arn)
                .set_tag_keys(Some(keys.clone()));
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::Modify { instance, change } => {
            let call = modification(client.modify_db_instance(), change)
                .db_instance_identifier(instance)
                .apply_immediately(true);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::UnprotectCopy { copy } => {
            still_own(caller, copy).await?;
            let call = client
                .modify_db_instance()
                .db_instance_identifier(&copy.instance)
                .deletion_protection(false)
                .apply_immediately(true);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::DeleteCopy { copy } => {
            still_own(caller, copy).await?;
            let call = client
                .delete_db_instance()
                .db_instance_identifier(&copy.instance)
                .skip_final_snapshot(true)
                .delete_automated_backups(true);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::CreateClusterSnapshot { .. }
        | Write::RestoreCluster { .. }
        | Write::CreateMember { .. }
        | Write::ModifyCluster { .. }
        | Write::RenameCluster { .. }
        | Write::StopCluster { .. }
        | Write::StartCluster { .. }
        | Write::FailoverCluster { .. } => cluster::write(caller, change).await,
    }
}

const INSTANCES: Operation = Operation::new("rds", "DescribeDBInstances");

/// Refuses unless the instance of that name is the copy still. AWS's calls take a name alone; between
/// this read and the call the name cannot come to mean another instance, since a rename takes minutes.
async fn still_own(caller: &Caller<'_>, copy: &OwnCopy) -> Result<(), Fault> {
    let call = caller
        .rds()
        .describe_db_instances()
        .db_instance_identifier(&copy.instance);
    let answer = caller.call(INSTANCES, call.send()).await?;
    let refused = |why: String| Fault::new(FaultKind::Invalid, INSTANCES.service, INSTANCES.name, why);
    let [db] = answer.db_instances() else {
        return Err(refused(format!(
            "{} is not one instance: nothing is deleted",
            copy.instance
        )));
    };
    match (mismatch(copy, db), db.db_instance_status()) {
        (None, Some("available")) => Ok(()),
        // Somebody may be renaming it: it is looked at again.
        (None, status) => Err(Fault::new(
            FaultKind::Conflict,
            INSTANCES.service,
            INSTANCES.name,
            format!("{} is {}", copy.instance, status.unwrap_or("in an unknown state")),
        )
        .with_code("InvalidDBInstanceState")),
        (Some(why), _) => Err(refused(why)),
    }
}

/// Why an instance is not the copy.
fn mismatch(copy: &OwnCopy, db: &DbInstance) -> Option<String> {
    if db.db_instance_identifier() != Some(copy.instance.as_str()) {
        return Some(format!("{} has another name: it is left alone", copy.instance));
    }
    let run = db
        .tag_list()
        .iter()
        .find(|tag| tag.key() == Some(OwnCopy::TAG))
        .and_then(Tag::value);
    copy.mismatch(db.dbi_resource_id(), run, db.db_cluster_identifier())
}

/// A modification with what it changes; what it does not name is left alone.
fn modification(
    call: ModifyDBInstanceFluentBuilder,
    change: &DbModification,
) -> ModifyDBInstanceFluentBuilder {
    let insights = change.performance_insights.as_ref();
    let monitoring = change.monitoring.as_ref();
    call.set_db_instance_class(change.class.clone())
        .set_multi_az(change.multi_az)
        .set_allocated_storage(signed(change.storage_gib))
        .set_max_allocated_storage(signed(change.max_storage_gib))
        .set_db_parameter_group_name(change.parameter_group.clone())
        .set_backup_retention_period(signed(change.backup_retention_days))
        .set_preferred_backup_window(change.backup_window.clone())
        .set_preferred_maintenance_window(change.maintenance_window.clone())
        .set_deletion_protection(change.deletion_protection)
        .set_publicly_accessible(change.publicly_accessible)
        .set_enable_performance_insights(insights.map(|_| true))
        .set_performance_insights_kms_key_id(insights.and_then(|insights| insights.kms_key.clone()))
        .set_performance_insights_retention_period(signed(
            insights.and_then(|insights| insights.retention_days),
        ))
        .set_database_insights_mode(change.insights_mode.as_deref().map(DatabaseInsightsMode::from))
        .set_monitoring_interval(signed(monitoring.map(|monitoring| monitoring.interval_s)))
        .set_monitoring_role_arn(monitoring.and_then(|monitoring| monitoring.role.clone()))
        .set_promotion_tier(signed(change.promotion_tier))
}

/// A number as AWS takes it. None of ours comes near the limit.
fn signed(number: Option<u32>) -> Option<i32> {
    number.and_then(|number| i32::try_from(number).ok())
}

fn tags(tags: &[OwnTag]) -> Option<Vec<Tag>> {
    (!tags.is_empty()).then(|| {
        tags.iter()
            .map(|tag| Tag::builder().key(&tag.key).value(&tag.value).build())
            .collect()
    })
}

fn features(features: &BTreeMap<String, String>) -> Option<Vec<ProcessorFeature>> {
    (!features.is_empty()).then(|| {
        features
            .iter()
            .map(|(name, value)| ProcessorFeature::builder().name(name).value(value).build())
            .collect()
    })
}

fn receipt(answer: &impl RequestId, created: Option<&str>) -> Receipt {
    Receipt {
        request_id: answer.request_id().map(str::to_owned),
        created: created.map(str::to_owned),
    }
}

fn resource_id(instance: Option<&DbInstance>) -> Option<&str> {
    instance.and_then(DbInstance::dbi_resource_id)
}

fn arn(instance: Option<&DbInstance>) -> Option<&str> {
    instance.and_then(DbInstance::db_instance_arn)
}

/// An empty list is not sent: it would mean none, not the default.
fn some(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::ops::rds::RestoreSettings;

    fn settings() -> RestoreSettings {
        RestoreSettings {
            class: Some("db.t4g.medium".to_owned()),
            multi_az: Some(true),
            subnet_group: Some("private".to_owned()),
            security_groups: vec!["sg-1".to_owned(), "sg-2".to_owned()],
            parameter_group: Some("pg16".to_owned()),
            option_group: Some("default:postgres-16".to_owned()),
            storage_type: Some("gp3".to_owned()),
            iops: Some(12_000),
            storage_throughput: Some(500),
            // Only one of the two takes it.
            max_storage_gib: None,
            deletion_protection: Some(true),
            publicly_accessible: Some(false),
            port: Some(5433),
            license: Some("postgresql-license".to_owned()),
            iam_authentication: Some(true),
            ca_certificate: Some("rds-ca-rsa4096-g1".to_owned()),
            log_exports: vec!["postgresql".to_owned(), "upgrade".to_owned()],
            copy_tags_to_snapshots: Some(true),
            minor_upgrades: Some(false),
            network_type: Some("DUAL".to_owned()),
            lifecycle_support: Some("open-source-rds-extended-support-disabled".to_owned()),
            dedicated_log_volume: Some(false),
            backup_target: Some("region".to_owned()),
            customer_owned_ip: Some(false),
            processor_features: [("coreCount".to_owned(), "2".to_owned())].into(),
            backup_retention_days: Some(7),
            backup_window: Some("17:00-17:30".to_owned()),
            tags: vec![OwnTag {
                key: "Project".to_owned(),
                value: "shop".to_owned(),
            }],
        }
    }

    fn client() -> aws_sdk_rds::Client {
        let config = aws_sdk_rds::Config::builder()
            .behavior_version(aws_sdk_rds::config::BehaviorVersion::v2026_01_12())
            .build();
        aws_sdk_rds::Client::from_conf(config)
    }

    fn unsigned(number: Option<i32>) -> Option<u32> {
        number.and_then(|number| u32::try_from(number).ok())
    }

    /// The settings that a request carries, read back from it.
    macro_rules! carried {
        ($call:expr) => {{
            let call = $call;
            RestoreSettings {
                class: call.get_db_instance_class().clone(),
                multi_az: *call.get_multi_az(),
                subnet_group: call.get_db_subnet_group_name().clone(),
                security_groups: call.get_vpc_security_group_ids().clone().unwrap_or_default(),
                parameter_group: call.get_db_parameter_group_name().clone(),
                option_group: call.get_option_group_name().clone(),
                storage_type: call.get_storage_type().clone(),
                iops: unsigned(*call.get_iops()),
                storage_throughput: unsigned(*call.get_storage_throughput()),
                max_storage_gib: None,
                deletion_protection: *call.get_deletion_protection(),
                publicly_accessible: *call.get_publicly_accessible(),
                port: call.get_port().and_then(|port| u16::try_from(port).ok()),
                license: call.get_license_model().clone(),
                iam_authentication: *call.get_enable_iam_database_authentication(),
                ca_certificate: call.get_ca_certificate_identifier().clone(),
                log_exports: call
                    .get_enable_cloudwatch_logs_exports()
                    .clone()
                    .unwrap_or_default(),
                copy_tags_to_snapshots: *call.get_copy_tags_to_snapshot(),
                minor_upgrades: *call.get_auto_minor_version_upgrade(),
                network_type: call.get_network_type().clone(),
                lifecycle_support: call.get_engine_lifecycle_support().clone(),
                dedicated_log_volume: *call.get_dedicated_log_volume(),
                backup_target: call.get_backup_target().clone(),
                customer_owned_ip: *call.get_enable_customer_owned_ip(),
                processor_features: call
                    .get_processor_features()
                    .iter()
                    .flatten()
                    .filter_map(|feature| Some((feature.name.clone()?, feature.value.clone()?)))
                    .collect(),
                backup_retention_days: unsigned(*call.get_backup_retention_period()),
                backup_window: call.get_preferred_backup_window().clone(),
                tags: call
                    .get_tags()
                    .iter()
                    .flatten()
                    .filter_map(|tag| {
                        Some(OwnTag {
                            key: tag.key.clone()?,
                            value: tag.value.clone()?,
                        })
                    })
                    .collect(),
            }
        }};
    }

    #[test]
    fn both_restores_carry_every_setting() {
        let (client, settings) = (client(), settings());
        let from_snapshot = with_settings!(client.restore_db_instance_from_db_snapshot(), settings);
        let to_point_in_time = with_settings!(client.restore_db_instance_to_point_in_time(), settings);
        assert_eq!(carried!(from_snapshot), settings);
        assert_eq!(carried!(to_point_in_time), settings);
    }

    #[test]
    fn only_the_instance_that_the_run_made_is_its_copy() {
        let run = "r-20261121-020000-kqzt";
        let copy = OwnCopy {
            instance: format!("shop-db-{run}"),
            resource_id: "db-COPY".to_owned(),
            run: run.to_owned(),
        };
        let instance = |id: &str, tag: &str| {
            DbInstance::builder()
                .db_instance_identifier(&copy.instance)
                .dbi_resource_id(id)
                .tag_list(Tag::builder().key(OwnCopy::TAG).value(tag).build())
        };
        assert_eq!(mismatch(&copy, &instance("db-COPY", run).build()), None);
        let others = [
            instance("db-OTHER", run).build(),
            instance("db-COPY", "r-20261121-020000-xxxx").build(),
            instance("db-COPY", run).db_instance_identifier("shop-db").build(),
            instance("db-COPY", run).db_cluster_identifier("aurora").build(),
            DbInstance::builder()
                .db_instance_identifier(&copy.instance)
                .build(),
        ];
        for other in others {
            assert!(mismatch(&copy, &other).is_some(), "{other:?}");
        }
    }

    #[test]
    fn what_is_read_first_is_declared() {
        let copy = OwnCopy {
            instance: String::new(),
            resource_id: String::new(),
            run: String::new(),
        };
        assert_eq!(Write::DeleteCopy { copy }.prerequisites(), [INSTANCES]);
    }

    #[test]
    fn settings_that_are_not_known_are_not_sent() {
        let (client, nothing) = (client(), RestoreSettings::default());
        let call = with_settings!(client.restore_db_instance_from_db_snapshot(), nothing);
        assert_eq!(call.get_vpc_security_group_ids(), &None);
        assert_eq!(carried!(call), nothing);
    }
}

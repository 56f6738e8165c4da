//! RDS's types in the console's words.

mod settings;

use aws_sdk_rds::types;

use crate::cloud::aws::convert::{tag, timestamp};
use crate::domain::datastore::{DbCluster, DbInstance, DbSnapshot, PendingMaintenance, StoreEvent};
use crate::domain::ids::{Tag, last_segment};

/// The parameter that limits connections, in MySQL and PostgreSQL alike.
pub(super) const MAX_CONNECTIONS: &str = "max_connections";

/// The API of RDS also lists databases of Amazon Neptune and DocumentDB. They have services,
/// metrics and consoles of their own and are not shown as RDS.
fn is_rds(engine: &str) -> bool {
    !engine.starts_with("neptune") && !engine.starts_with("docdb")
}

/// A DB instance; `None` if it is not one of RDS, or has no name.
pub(super) fn db_instance_from_sdk(instance: &types::DbInstance) -> Option<DbInstance> {
    let name = instance.db_instance_identifier()?;
    let engine = instance.engine().unwrap_or_default();
    if !is_rds(engine) {
        return None;
    }
    // Aurora's storage belongs to the cluster and grows by itself; the 1 that AWS gives for each
    // member is a filler.
    let own_storage = !engine.starts_with("aurora");
    Some(DbInstance {
        arn: instance.db_instance_arn().unwrap_or(name).to_owned(),
        name: name.to_owned(),
        resource_id: instance.dbi_resource_id.clone(),
        engine: engine.to_owned(),
        engine_version: instance.engine_version.clone().unwrap_or_default(),
        class: instance.db_instance_class.clone().unwrap_or_default(),
        status: instance.db_instance_status.clone().unwrap_or_default(),
        multi_az: instance.multi_az.unwrap_or(false),
        storage_gib: instance
            .allocated_storage
            .filter(|_| own_storage)
            .and_then(unsigned),
        max_storage_gib: instance.max_allocated_storage.and_then(unsigned),
        storage_type: instance.storage_type.clone(),
        cluster: instance.db_cluster_identifier.clone(),
        endpoint: instance.endpoint().and_then(|endpoint| {
            Some((
                endpoint.address()?.to_owned(),
                u16::try_from(endpoint.port?).ok()?,
            ))
        }),
        zone: instance.availability_zone.clone(),
        latest_restorable_at: instance.latest_restorable_time().and_then(timestamp),
        backup_retention_days: instance.backup_retention_period.and_then(unsigned).unwrap_or(0),
        backup_window: instance.preferred_backup_window.clone(),
        maintenance_window: instance.preferred_maintenance_window.clone(),
        parameter_group: instance.db_parameter_groups().first().and_then(|group| {
            Some((
                group.db_parameter_group_name()?.to_owned(),
                group.parameter_apply_status().unwrap_or_default().to_owned(),
            ))
        }),
        deletion_protection: instance.deletion_protection.unwrap_or(false),
        publicly_accessible: instance.publicly_accessible.unwrap_or(false),
        replica_of: instance
            .read_replica_source_db_instance_identifier()
            .or(instance.read_replica_source_db_cluster_identifier())
            .map(str::to_owned),
        created_at: instance.instance_create_time().and_then(timestamp),
        pending_modifications: instance
            .pending_modified_values()
            .map(pending_from_sdk)
            .unwrap_or_default(),
        tags: tags_from_sdk(instance.tag_list()),
        settings: settings::of_instance(instance),
    })
}

/// Modifications that wait, as `name=value` under AWS's own names. Every field counts: an instance
/// is settled only when this list is empty.
fn pending_from_sdk(pending: &types::PendingModifiedValues) -> Vec<String> {
    let mut list = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            list.push(format!("{name}={value}"));
        }
    };
    let number = |value: Option<i32>| value.map(|value| value.to_string());
    let flag = |value: Option<bool>| value.map(|value| value.to_string());
    add("DBInstanceClass", pending.db_instance_class.clone());
    add("AllocatedStorage", number(pending.allocated_storage));
    // AWS masks the password itself; not even the mask is worth showing.
    add(
        "MasterUserPassword",
        pending
            .master_user_password
            .is_some()
            .then(|| "(hidden)".to_owned()),
    );
    add("Port", number(pending.port));
    add("BackupRetentionPeriod", number(pending.backup_retention_period));
    add("MultiAZ", flag(pending.multi_az));
    add("EngineVersion", pending.engine_version.clone());
    add("LicenseModel", pending.license_model.clone());
    add("Iops", number(pending.iops));
    add("StorageThroughput", number(pending.storage_throughput));
    add("DBInstanceIdentifier", pending.db_instance_identifier.clone());
    add("StorageType", pending.storage_type.clone());
    add(
        "CACertificateIdentifier",
        pending.ca_certificate_identifier.clone(),
    );
    add("DBSubnetGroupName", pending.db_subnet_group_name.clone());
    add(
        "CloudwatchLogsExports",
        pending
            .pending_cloudwatch_logs_exports()
            .map(log_exports_from_sdk),
    );
    add(
        "ProcessorFeatures",
        joined(pending.processor_features().iter().map(|feature| {
            format!(
                "{}:{}",
                feature.name().unwrap_or_default(),
                feature.value().unwrap_or_default()
            )
        })),
    );
    add(
        "AutomationMode",
        pending.automation_mode().map(|mode| mode.as_str().to_owned()),
    );
    add(
        "ResumeFullAutomationModeTime",
        pending
            .resume_full_automation_mode_time()
            .and_then(timestamp)
            .map(|at| at.to_string()),
    );
    add("MultiTenant", flag(pending.multi_tenant));
    add(
        "IAMDatabaseAuthenticationEnabled",
        flag(pending.iam_database_authentication_enabled),
    );
    add("DedicatedLogVolume", flag(pending.dedicated_log_volume));
    add("Engine", pending.engine.clone());
    add(
        "AdditionalStorageVolumes",
        joined(
            pending
                .additional_storage_volumes()
                .iter()
                .map(|volume| volume.volume_name().unwrap_or_default().to_owned()),
        ),
    );
    add(
        "DBCapacityReservationIdentifier",
        pending.db_capacity_reservation_identifier.clone(),
    );
    list
}

/// The same of a cluster.
fn pending_of_cluster_from_sdk(pending: &types::ClusterPendingModifiedValues) -> Vec<String> {
    let number = |value: Option<i32>| value.map(|value| value.to_string());
    let all = [
        ("DBClusterIdentifier", pending.db_cluster_identifier.clone()),
        (
            "MasterUserPassword",
            pending
                .master_user_password
                .is_some()
                .then(|| "(hidden)".to_owned()),
        ),
        ("BackupRetentionPeriod", number(pending.backup_retention_period)),
        ("EngineVersion", pending.engine_version.clone()),
        ("StorageType", pending.storage_type.clone()),
        ("AllocatedStorage", number(pending.allocated_storage)),
        ("Iops", number(pending.iops)),
        (
            "IAMDatabaseAuthenticationEnabled",
            pending
                .iam_database_authentication_enabled
                .map(|enabled| enabled.to_string()),
        ),
        (
            "CloudwatchLogsExports",
            pending
                .pending_cloudwatch_logs_exports()
                .map(log_exports_from_sdk),
        ),
        (
            "CertificateDetails",
            pending
                .certificate_details()
                .and_then(|details| details.ca_identifier.clone()),
        ),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", value?)))
        .collect()
}

fn log_exports_from_sdk(exports: &types::PendingCloudwatchLogsExports) -> String {
    let on = exports
        .log_types_to_enable()
        .iter()
        .map(|name| format!("+{name}"));
    let off = exports
        .log_types_to_disable()
        .iter()
        .map(|name| format!("-{name}"));
    on.chain(off).collect::<Vec<_>>().join(",")
}

/// Items with commas between; `None` without items.
fn joined(items: impl Iterator<Item = String>) -> Option<String> {
    let items: Vec<_> = items.collect();
    (!items.is_empty()).then(|| items.join(","))
}

/// An Aurora or Multi-AZ DB cluster; `None` if it is not one of RDS, or has no name.
pub(super) fn db_cluster_from_sdk(cluster: &types::DbCluster) -> Option<DbCluster> {
    let name = cluster.db_cluster_identifier()?;
    let engine = cluster.engine().unwrap_or_default();
    if !is_rds(engine) {
        return None;
    }
    Some(DbCluster {
        arn: cluster.db_cluster_arn().unwrap_or(name).to_owned(),
        name: name.to_owned(),
        engine: engine.to_owned(),
        engine_version: cluster.engine_version.clone().unwrap_or_default(),
        status: cluster.status.clone().unwrap_or_default(),
        members: cluster
            .db_cluster_members()
            .iter()
            .filter_map(|member| {
                Some((
                    member.db_instance_identifier()?.to_owned(),
                    member.is_cluster_writer.unwrap_or(false),
                ))
            })
            .collect(),
        multi_az: cluster.multi_az.unwrap_or(false),
        latest_restorable_at: cluster.latest_restorable_time().and_then(timestamp),
        backup_retention_days: cluster.backup_retention_period.and_then(unsigned).unwrap_or(0),
        backup_window: cluster.preferred_backup_window.clone(),
        serverless_acu: cluster
            .serverless_v2_scaling_configuration()
            .and_then(|scaling| Some((scaling.min_capacity?, scaling.max_capacity?))),
        endpoint: cluster.endpoint.clone(),
        deletion_protection: cluster.deletion_protection.unwrap_or(false),
        pending_modifications: cluster
            .pending_modified_values()
            .map(pending_of_cluster_from_sdk)
            .unwrap_or_default(),
        tags: tags_from_sdk(cluster.tag_list()),
        settings: settings::of_cluster(cluster),
    })
}

/// A snapshot of an instance; `None` if it is not one of RDS, or has no name.
pub(super) fn db_snapshot_from_sdk(snapshot: &types::DbSnapshot) -> Option<DbSnapshot> {
    let id = snapshot.db_snapshot_identifier()?;
    if !is_rds(snapshot.engine().unwrap_or_default()) {
        return None;
    }
    Some(DbSnapshot {
        id: id.to_owned(),
        arn: snapshot.db_snapshot_arn().unwrap_or(id).to_owned(),
        source: snapshot.db_instance_identifier.clone().unwrap_or_default(),
        of_cluster: false,
        snapshot_type: snapshot.snapshot_type.clone().unwrap_or_default(),
        status: snapshot.status.clone().unwrap_or_default(),
        percent_progress: snapshot.percent_progress.and_then(percent),
        // A copy is created later than the data in it was true; never is its data newer than itself.
        created_at: [
            snapshot.snapshot_database_time(),
            snapshot.original_snapshot_create_time(),
            snapshot.snapshot_create_time(),
        ]
        .into_iter()
        .flatten()
        .filter_map(timestamp)
        .min(),
        storage_gib: snapshot.allocated_storage.and_then(unsigned),
        encrypted: snapshot.encrypted.unwrap_or(false),
        kms_key: snapshot.kms_key_id.clone(),
    })
}

/// A snapshot of a cluster; `None` if it is not one of RDS, or has no name.
pub(super) fn db_cluster_snapshot_from_sdk(snapshot: &types::DbClusterSnapshot) -> Option<DbSnapshot> {
    let id = snapshot.db_cluster_snapshot_identifier()?;
    if !is_rds(snapshot.engine().unwrap_or_default()) {
        return None;
    }
    Some(DbSnapshot {
        id: id.to_owned(),
        arn: snapshot.db_cluster_snapshot_arn().unwrap_or(id).to_owned(),
        source: snapshot.db_cluster_identifier.clone().unwrap_or_default(),
        of_cluster: true,
        snapshot_type: snapshot.snapshot_type.clone().unwrap_or_default(),
        status: snapshot.status.clone().unwrap_or_default(),
        percent_progress: snapshot.percent_progress.and_then(percent),
        created_at: snapshot.snapshot_create_time().and_then(timestamp),
        // Aurora gives 0 or 1 here, as for its instances.
        storage_gib: snapshot
            .allocated_storage
            .filter(|gib| *gib > 1)
            .and_then(unsigned),
        encrypted: snapshot.storage_encrypted.unwrap_or(false),
        kms_key: snapshot.kms_key_id.clone(),
    })
}

fn percent(number: i32) -> Option<u8> {
    u8::try_from(number).ok().filter(|percent| *percent <= 100)
}

/// What a proxy passes connections to: an instance or a cluster, by name.
pub(super) fn proxy_target_from_sdk(target: &types::DbProxyTarget) -> Option<String> {
    target
        .tracked_cluster_id()
        .or(target.rds_resource_id())
        .map(str::to_owned)
}

/// The maintenance that waits for one resource.
pub(super) fn maintenance_from_sdk(
    resource: &types::ResourcePendingMaintenanceActions,
) -> Vec<PendingMaintenance> {
    let Some(arn) = resource.resource_identifier() else {
        return Vec::new();
    };
    resource
        .pending_maintenance_action_details()
        .iter()
        .map(|action| PendingMaintenance {
            resource: arn.to_owned(),
            action: action.action.clone().unwrap_or_default(),
            description: action.description.clone(),
            auto_applied_after: action.auto_applied_after_date().and_then(timestamp),
            forced_at: action.forced_apply_date().and_then(timestamp),
        })
        .collect()
}

/// An event; `None` if it does not say when it happened or to what.
pub(super) fn event_from_sdk(event: &types::Event) -> Option<StoreEvent> {
    Some(StoreEvent {
        source: event
            .source_identifier()
            .or_else(|| event.source_arn().map(last_segment))?
            .to_owned(),
        message: event.message.clone().unwrap_or_default(),
        at: event.date().and_then(timestamp)?,
    })
}

/// The limit of connections, if the parameter is that one and is set.
pub(super) fn max_connections_from_sdk(parameter: &types::Parameter) -> Option<String> {
    (parameter.parameter_name() == Some(MAX_CONNECTIONS))
        .then(|| parameter.parameter_value.clone())
        .flatten()
}

fn unsigned(number: i32) -> Option<u32> {
    u32::try_from(number).ok()
}

fn tags_from_sdk(tags: &[types::Tag]) -> Vec<Tag> {
    tags.iter().map(|each| tag(each.key(), each.value())).collect()
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;
    use jiff::Timestamp;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::datastore::DbSettings;

    fn at(seconds: i64) -> Option<Timestamp> {
        Timestamp::from_second(seconds).ok()
    }

    #[test]
    fn an_instance_keeps_what_the_console_shows() {
        let sdk = types::DbInstance::builder()
            .db_instance_arn("arn:aws:rds:us-east-1:1:db:orders")
            .db_instance_identifier("orders")
            .dbi_resource_id("db-ABC")
            .engine("postgres")
            .engine_version("16.4")
            .db_instance_class("db.t4g.medium")
            .db_instance_status("a-status-from-next-year")
            .multi_az(true)
            .allocated_storage(50)
            .max_allocated_storage(200)
            .storage_type("gp3")
            .endpoint(
                types::Endpoint::builder()
                    .address("orders.rds")
                    .port(5432)
                    .build(),
            )
            .availability_zone("us-east-1a")
            .latest_restorable_time(DateTime::from_secs(1000))
            .backup_retention_period(7)
            .preferred_backup_window("17:00-17:30")
            .preferred_maintenance_window("sun:18:00-sun:18:30")
            .db_parameter_groups(
                types::DbParameterGroupStatus::builder()
                    .db_parameter_group_name("pg16")
                    .parameter_apply_status("pending-reboot")
                    .build(),
            )
            .deletion_protection(true)
            .read_replica_source_db_instance_identifier("orders-primary")
            .instance_create_time(DateTime::from_secs(10))
            .pending_modified_values(
                types::PendingModifiedValues::builder()
                    .db_instance_class("db.t4g.large")
                    .master_user_password("secret")
                    .multi_az(false)
                    .pending_cloudwatch_logs_exports(
                        types::PendingCloudwatchLogsExports::builder()
                            .log_types_to_enable("postgresql")
                            .log_types_to_disable("upgrade")
                            .build(),
                    )
                    .build(),
            )
            .tag_list(types::Tag::builder().key("Project").value("shop").build())
            .build();
        assert_eq!(
            db_instance_from_sdk(&sdk),
            Some(DbInstance {
                arn: "arn:aws:rds:us-east-1:1:db:orders".to_owned(),
                name: "orders".to_owned(),
                resource_id: Some("db-ABC".to_owned()),
                engine: "postgres".to_owned(),
                engine_version: "16.4".to_owned(),
                class: "db.t4g.medium".to_owned(),
                status: "a-status-from-next-year".to_owned(),
                multi_az: true,
                storage_gib: Some(50),
                max_storage_gib: Some(200),
                storage_type: Some("gp3".to_owned()),
                cluster: None,
                endpoint: Some(("orders.rds".to_owned(), 5432)),
                zone: Some("us-east-1a".to_owned()),
                latest_restorable_at: at(1000),
                backup_retention_days: 7,
                backup_window: Some("17:00-17:30".to_owned()),
                maintenance_window: Some("sun:18:00-sun:18:30".to_owned()),
                parameter_group: Some(("pg16".to_owned(), "pending-reboot".to_owned())),
                deletion_protection: true,
                publicly_accessible: false,
                replica_of: Some("orders-primary".to_owned()),
                created_at: at(10),
                pending_modifications: vec![
                    "DBInstanceClass=db.t4g.large".to_owned(),
                    "MasterUserPassword=(hidden)".to_owned(),
                    "MultiAZ=false".to_owned(),
                    "CloudwatchLogsExports=+postgresql,-upgrade".to_owned(),
                ],
                tags: vec![Tag {
                    key: "Project".to_owned(),
                    value: "shop".to_owned(),
                }],
                settings: DbSettings {
                    port: Some(5432),
                    ..DbSettings::default()
                },
            })
        );
    }

    #[test]
    fn a_member_of_aurora_has_no_storage_of_its_own() {
        let sdk = types::DbInstance::builder()
            .db_instance_identifier("fashion-aurora-1")
            .engine("aurora-postgresql")
            .db_cluster_identifier("fashion-aurora")
            .allocated_storage(1)
            .build();
        let instance = db_instance_from_sdk(&sdk).unwrap();
        assert_eq!(instance.storage_gib, None);
        assert_eq!(instance.cluster.as_deref(), Some("fashion-aurora"));
    }

    #[test]
    fn databases_of_other_services_are_left_out() {
        for (engine, shown) in [
            ("docdb", false),
            ("neptune", false),
            ("aurora-mysql", true),
            ("mysql", true),
            ("custom-oracle-ee", true),
        ] {
            let instance = types::DbInstance::builder()
                .db_instance_identifier("x")
                .engine(engine)
                .build();
            let cluster = types::DbCluster::builder()
                .db_cluster_identifier("x")
                .engine(engine)
                .build();
            let snapshot = types::DbClusterSnapshot::builder()
                .db_cluster_snapshot_identifier("x")
                .engine(engine)
                .build();
            assert_eq!(db_instance_from_sdk(&instance).is_some(), shown, "{engine}");
            assert_eq!(db_cluster_from_sdk(&cluster).is_some(), shown, "{engine}");
            assert_eq!(
                db_cluster_snapshot_from_sdk(&snapshot).is_some(),
                shown,
                "{engine}"
            );
        }
    }

    #[test]
    fn a_cluster_names_its_writer_and_its_capacity() {
        let sdk = types::DbCluster::builder()
            .db_cluster_identifier("fashion-aurora")
            .db_cluster_arn("arn:aws:rds:us-east-1:1:cluster:fashion-aurora")
            .engine("aurora-postgresql")
            .status("failing-over")
            .multi_az(true)
            .db_cluster_members(
                types::DbClusterMember::builder()
                    .db_instance_identifier("one")
                    .is_cluster_writer(true)
                    .build(),
            )
            .db_cluster_members(
                types::DbClusterMember::builder()
                    .db_instance_identifier("two")
                    .build(),
            )
            .serverless_v2_scaling_configuration(
                types::ServerlessV2ScalingConfigurationInfo::builder()
                    .min_capacity(0.5)
                    .max_capacity(16.0)
                    .build(),
            )
            .pending_modified_values(
                types::ClusterPendingModifiedValues::builder()
                    .engine_version("16.6")
                    .iam_database_authentication_enabled(true)
                    .pending_cloudwatch_logs_exports(
                        types::PendingCloudwatchLogsExports::builder()
                            .log_types_to_enable("instance")
                            .log_types_to_disable("postgresql")
                            .build(),
                    )
                    .build(),
            )
            .build();
        let cluster = db_cluster_from_sdk(&sdk).unwrap();
        assert_eq!(
            cluster.pending_modifications,
            [
                "EngineVersion=16.6",
                "IAMDatabaseAuthenticationEnabled=true",
                "CloudwatchLogsExports=+instance,-postgresql"
            ]
        );
        assert_eq!(
            cluster.members,
            [("one".to_owned(), true), ("two".to_owned(), false)]
        );
        assert_eq!(cluster.serverless_acu, Some((0.5, 16.0)));
        assert_eq!(cluster.status, "failing-over");
    }

    #[test]
    fn a_snapshot_is_as_old_as_its_data() {
        let builder = types::DbSnapshot::builder()
            .db_snapshot_identifier("rds:orders-2026-11-21")
            .db_instance_identifier("orders")
            .percent_progress(40)
            .snapshot_create_time(DateTime::from_secs(300));
        let created = db_snapshot_from_sdk(&builder.clone().build()).unwrap();
        assert_eq!(created.created_at, at(300));
        assert_eq!(created.percent_progress, Some(40));
        let copied = builder
            .clone()
            .original_snapshot_create_time(DateTime::from_secs(200));
        assert_eq!(db_snapshot_from_sdk(&copied.build()).unwrap().created_at, at(200));
        let exact = builder.clone().snapshot_database_time(DateTime::from_secs(100));
        assert_eq!(db_snapshot_from_sdk(&exact.build()).unwrap().created_at, at(100));
        let later = builder.original_snapshot_create_time(DateTime::from_secs(400));
        assert_eq!(db_snapshot_from_sdk(&later.build()).unwrap().created_at, at(300));
    }

    #[test]
    fn a_cluster_snapshot_is_marked_as_such() {
        let sdk = types::DbClusterSnapshot::builder()
            .db_cluster_snapshot_identifier("s")
            .db_cluster_identifier("fashion-aurora")
            .engine("aurora-postgresql")
            .allocated_storage(1)
            .storage_encrypted(true)
            .build();
        let snapshot = db_cluster_snapshot_from_sdk(&sdk).unwrap();
        assert!(snapshot.of_cluster && snapshot.encrypted);
        assert_eq!(snapshot.source, "fashion-aurora");
        assert_eq!((snapshot.storage_gib, snapshot.created_at), (None, None));
    }

    #[test]
    fn each_action_of_a_resource_is_listed() {
        let action = |name: &str| types::PendingMaintenanceAction::builder().action(name);
        let sdk = types::ResourcePendingMaintenanceActions::builder()
            .resource_identifier("arn:aws:rds:us-east-1:1:db:orders")
            .pending_maintenance_action_details(
                action("system-update")
                    .forced_apply_date(DateTime::from_secs(7))
                    .build(),
            )
            .pending_maintenance_action_details(action("db-upgrade").build())
            .build();
        let found = maintenance_from_sdk(&sdk);
        assert_eq!(
            found
                .iter()
                .map(|each| (each.action.as_str(), each.forced_at))
                .collect::<Vec<_>>(),
            [("system-update", at(7)), ("db-upgrade", None)]
        );
    }

    #[test]
    fn an_event_without_a_time_is_no_event() {
        let builder = types::Event::builder()
            .source_arn("arn:aws:rds:us-east-1:1:db:orders")
            .message("DB instance restarted");
        assert_eq!(event_from_sdk(&builder.clone().build()), None);
        assert_eq!(
            event_from_sdk(&builder.date(DateTime::from_secs(5)).build()),
            Some(StoreEvent {
                source: "orders".to_owned(),
                message: "DB instance restarted".to_owned(),
                at: at(5).unwrap(),
            })
        );
    }

    #[test]
    fn the_limit_is_found_among_other_parameters() {
        let found = |name: &str, value: Option<&str>| {
            max_connections_from_sdk(
                &types::Parameter::builder()
                    .parameter_name(name)
                    .set_parameter_value(value.map(str::to_owned))
                    .build(),
            )
        };
        let formula = "LEAST({DBInstanceClassMemory/9531392},5000)";
        assert_eq!(found("max_connections", Some(formula)).as_deref(), Some(formula));
        assert_eq!(found("max_connections", None), None);
        assert_eq!(found("max_user_connections", Some("5")), None);
    }
}

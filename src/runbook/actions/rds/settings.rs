//! What makes a database the same as another: its settings by name, which of them a restore takes over,
//! which are set afterwards, and what stays behind.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::restoring::From;
use crate::domain::datastore::support::ExtendedSupport;
use crate::domain::datastore::{DbInstance, DbProxy};
use crate::domain::ids::Tag;
use crate::domain::ops::rds::RestoreSettings;
use crate::domain::price::{DbEngine, DbStorage, DbVolumeKind, Deployment};
use crate::domain::units::Gib;
use crate::runbook::action::{CostDelta, Fields, Site, Unread, fields};

/// The settings of an instance by name; null is not known, or off.
pub(in crate::runbook) fn facts(db: &DbInstance) -> Fields {
    let own = &db.settings;
    fields([
        ("class", json!(db.class)),
        ("multi_az", json!(db.multi_az)),
        ("max_storage_gib", json!(db.max_storage_gib)),
        ("storage_type", json!(db.storage_type)),
        ("iops", json!(own.iops)),
        ("storage_throughput", json!(own.storage_throughput)),
        (
            "parameter_group",
            json!(db.parameter_group.as_ref().map(|(name, _)| name)),
        ),
        ("option_group", json!(own.option_group)),
        ("subnet_group", json!(own.subnet_group)),
        ("security_groups", json!(own.security_groups)),
        ("port", json!(own.port)),
        ("license", json!(own.license)),
        ("backup_retention_days", json!(db.backup_retention_days)),
        ("backup_window", json!(db.backup_window)),
        ("maintenance_window", json!(db.maintenance_window)),
        ("deletion_protection", json!(db.deletion_protection)),
        ("publicly_accessible", json!(db.publicly_accessible)),
        ("iam_authentication", json!(own.iam_authentication)),
        ("ca_certificate", json!(own.ca_certificate)),
        ("log_exports", json!(own.log_exports)),
        ("performance_insights", json!(own.performance_insights)),
        ("insights_mode", json!(own.insights_mode)),
        ("monitoring", json!(own.monitoring)),
        ("copy_tags_to_snapshots", json!(own.copy_tags_to_snapshots)),
        ("minor_upgrades", json!(own.minor_upgrades)),
        ("network_type", json!(own.network_type)),
        ("lifecycle_support", json!(own.lifecycle_support)),
        ("dedicated_log_volume", json!(own.dedicated_log_volume)),
        ("backup_target", json!(own.backup_target)),
        ("customer_owned_ip", json!(own.customer_owned_ip)),
        ("processor_features", json!(own.processor_features)),
        ("kms_key", json!(own.kms_key)),
    ])
}

/// The settings that a modification can bring over.
pub(in crate::runbook) const MODIFIABLE: [&str; 12] = [
    "class",
    "multi_az",
    "max_storage_gib",
    "parameter_group",
    "backup_retention_days",
    "backup_window",
    "maintenance_window",
    "deletion_protection",
    "publicly_accessible",
    "performance_insights",
    "insights_mode",
    "monitoring",
];

/// Settings in which `other` is not as `source`, with the value of the source. What is not known of
/// the source, or is off there and cannot be switched on by a restore, is no difference.
pub(in crate::runbook) fn differences(source: &DbInstance, other: &DbInstance) -> Vec<(String, Value)> {
    let live = facts(other);
    facts(source)
        .into_iter()
        .filter(|(name, wanted)| !is_nothing(wanted) && live.get(name) != Some(wanted))
        .collect()
}

/// A setting's value as text, without quotes.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Tags that an API takes: those that begin with `aws:` are AWS's own.
pub(super) fn own_tags(tags: &[Tag]) -> Vec<Tag> {
    tags.iter()
        .filter(|tag| !tag.key.starts_with("aws:"))
        .cloned()
        .collect()
}

/// Below this size AWS refuses to be told operations and throughput of gp3, which are then the baseline.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage>
fn provisions_gp3_from(engine: &str) -> u32 {
    if engine.starts_with("oracle") {
        200
    } else if engine.starts_with("sqlserver") {
        0
    } else {
        400
    }
}

/// What AWS would drop, as far as it is known of the source. `storage_gib` is what is restored.
pub(super) fn carried(source: &DbInstance, storage_gib: Option<u32>, from: From) -> RestoreSettings {
    let own = &source.settings;
    // What is off anyway is not named: engines that do not have it refuse even to be told so.
    let on = |setting: Option<bool>| setting.filter(|on| *on);
    let provisions = source.storage_type.as_deref() != Some("gp3")
        || storage_gib.is_some_and(|gib| gib >= provisions_gp3_from(&source.engine));
    RestoreSettings {
        class: Some(source.class.clone()),
        multi_az: Some(source.multi_az),
        subnet_group: own.subnet_group.clone(),
        security_groups: own.security_groups.clone(),
        parameter_group: source.parameter_group.as_ref().map(|(name, _)| name.clone()),
        // AWS gives its own default by itself, and makes it where there is none yet.
        option_group: own
            .option_group
            .clone()
            .filter(|group| !group.starts_with("default:")),
        storage_type: source.storage_type.clone(),
        iops: own.iops.filter(|_| provisions),
        storage_throughput: own.storage_throughput.filter(|_| provisions),
        max_storage_gib: source.max_storage_gib.filter(|_| from == From::Time),
        deletion_protection: Some(source.deletion_protection),
        publicly_accessible: Some(source.publicly_accessible),
        port: own.port,
        license: own.license.clone(),
        iam_authentication: on(own.iam_authentication),
        ca_certificate: own.ca_certificate.clone(),
        log_exports: own.log_exports.clone(),
        copy_tags_to_snapshots: own.copy_tags_to_snapshots,
        minor_upgrades: own.minor_upgrades,
        network_type: own.network_type.clone(),
        lifecycle_support: own.lifecycle_support.clone(),
        dedicated_log_volume: on(own.dedicated_log_volume),
        backup_target: own.backup_target.clone().filter(|target| target != "region"),
        customer_owned_ip: on(own.customer_owned_ip),
        processor_features: own.processor_features.clone(),
        backup_retention_days: Some(source.backup_retention_days),
        backup_window: source.backup_window.clone(),
        tags: own_tags(&source.tags),
    }
}

/// What no restore brings over, and what hangs on the instance itself, in sentences about `new`.
pub(super) fn left_behind(source: &DbInstance, new: &str) -> Vec<String> {
    let own = &source.settings;
    let name = &source.name;
    let mut left = Vec::new();
    if own.subnet_group.is_none() {
        left.push(format!(
            "{new}: the subnet group of {name} is not known, AWS takes the default one"
        ));
    }
    if own.security_groups.is_empty() {
        left.push(format!(
            "{new}: the security groups of {name} are not known, AWS takes the default one"
        ));
    }
    if own.managed_secret.is_some() {
        left.push(format!(
            "{new}: RDS keeps the password of {name} in Secrets Manager; {new} has the password of that time, \
             and a secret of its own once one is switched on, under another ARN"
        ));
    } else {
        left.push(format!(
            "{new}: it has the passwords of that time, not those that were changed since"
        ));
    }
    if own.iam_authentication == Some(true) {
        let id = source.resource_id.as_deref().unwrap_or("of the old instance");
        left.push(format!(
            "{new}: IAM policies that allow to log in name the resource id {id}; {new} gets another one"
        ));
    }
    let mut list = |what: &str, items: &[String]| {
        if !items.is_empty() {
            left.push(format!("{new}: {what} not taken over: {}", items.join(", ")));
        }
    };
    list("IAM roles", &own.roles);
    list("directories", &own.domains);
    list("volumes beside the first", &own.additional_volumes);
    let reserved: Vec<String> = source
        .tags
        .iter()
        .filter(|tag| tag.key.starts_with("aws:"))
        .map(|tag| tag.key.clone())
        .collect();
    list("tags that only AWS sets", &reserved);
    if own.activity_stream {
        left.push(format!("{new}: the activity stream is not taken over"));
    }
    if own.backup_replication {
        left.push(format!(
            "{new}: the replication of backups to another region is not taken over"
        ));
    }
    left.push(format!(
        "{new}: event subscriptions, DMS tasks and backup plans that name {name} are not read here"
    ));
    left.push(format!(
        "{new}: storage is filled from S3 as it is read, so that first reads are slow for hours"
    ));
    left
}

/// The names of the proxies that lead to an instance or a cluster.
pub(super) fn proxies_of<'p>(
    proxies: Result<&'p [DbProxy], Unread>,
    source: &str,
) -> Result<Vec<&'p str>, Unread> {
    let leads = |proxy: &&DbProxy| proxy.targets.iter().any(|target| target == source);
    Ok(proxies?
        .iter()
        .filter(leads)
        .map(|proxy| proxy.name.as_str())
        .collect())
}

/// What reading dependants of `source` shows, or that it could not be read: proxies and replicas.
pub(super) fn attached(source: &str, replicas: &[&str], proxies: Result<&[DbProxy], Unread>) -> Vec<String> {
    let mut said = Vec::new();
    if !replicas.is_empty() {
        said.push(format!(
            "{source}: the read replicas {} stay with the instance, not with the name",
            replicas.join(", ")
        ));
    }
    match proxies_of(proxies, source) {
        Ok(names) => {
            if !names.is_empty() {
                said.push(format!(
                    "{source}: the proxies {} have to be pointed at the new instance",
                    names.join(", ")
                ));
            }
        }
        Err(unread) => said.push(format!("{source}: whether a proxy stands before it {unread}")),
    }
    said
}

/// What one more instance like this costs, its storage included.
pub(super) fn cost_of(db: &DbInstance, storage_gib: Option<u32>, site: &Site<'_>) -> CostDelta {
    let deployment = Deployment::of(db.multi_az);
    let price = DbEngine::from_api(&db.engine, db.storage_type.as_deref())
        .and_then(|engine| site.prices.rds(site.region, &db.class, engine, deployment));
    let instance = CostDelta::of(price, 1, &db.class).plus(extended_support(db, site));
    let (Some(gib), Some(storage_type)) = (storage_gib, db.storage_type.as_deref()) else {
        return instance;
    };
    let storage = DbVolumeKind::from_api(storage_type).and_then(|kind| {
        let paid_iops = match kind {
            DbVolumeKind::Io1 | DbVolumeKind::Io2 => u64::from(db.settings.iops?),
            DbVolumeKind::Gp2 | DbVolumeKind::Gp3 | DbVolumeKind::Magnetic => 0,
        };
        site.prices.rds_storage(
            site.region,
            DbStorage {
                kind,
                deployment,
                size: Gib(u64::from(gib)),
                paid_iops,
            },
        )
    });
    instance.plus(CostDelta::of(storage, 1, &format!("{storage_type} storage")))
}

/// What a version beyond its standard support costs on top.
fn extended_support(db: &DbInstance, site: &Site<'_>) -> CostDelta {
    let today = site.now.to_zoned(TimeZone::UTC).date();
    let Some(support) = ExtendedSupport::of(db, today) else {
        return CostDelta::None;
    };
    let what = format!("extended support of {} {}", db.engine, db.engine_version);
    let price = site.prices.rds_extended_support(site.region, support.years);
    match support.vcpus.and_then(|vcpus| i64::try_from(vcpus).ok()) {
        Some(vcpus) => CostDelta::of(price, vcpus, &what),
        None => CostDelta::Unknown(format!("the vCPUs of {} are not known", db.class)),
    }
}

/// `costs $1.20 a day`, or that it is not known.
pub(super) fn a_day(cost: &CostDelta) -> String {
    match cost {
        CostDelta::Known { usd_per_hour, .. } => format!("costs {} a day", usd_per_hour.per_day()),
        CostDelta::None | CostDelta::Unknown(_) => "costs what its class and storage cost".to_owned(),
    }
}

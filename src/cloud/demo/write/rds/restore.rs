//! Restores into new instances. What is not asked for is AWS's default, not the source's.

use std::sync::Arc;

use super::super::super::plan::store::Database as Plan;
use super::super::super::read::datastore::{latest_restorable, snapshots};
use super::super::super::signal;
use super::super::super::sim::Sim;
use super::super::super::sim::course::Course;
use super::super::super::sim::database::{Database, Effect, Free, Step};
use super::super::super::time::{DAY, MINUTE, Ms, stamp};
use super::super::Refusal;
use super::{check_free, find, wrong_state};
use crate::domain::datastore::DbSettings;
use crate::domain::fault::Fault;
use crate::domain::ids::Tag;
use crate::domain::ops::rds::RestoreSettings;

/// What a restore starts from.
pub(super) struct Found {
    plan: Arc<Plan>,
    storage: Option<u32>,
    /// The option group that a snapshot brings along.
    option_group: Option<String>,
    /// Whether it is a moment, with which AWS takes one setting more.
    moment: bool,
}

/// The key of a snapshot cannot be used.
pub(super) fn key_refused(sim: &Sim, refuse: &Refusal) -> Fault {
    refuse.invalid(
        "KMSKeyNotAccessibleFault",
        format!(
            "The specified KMS key [{}] does not exist, is not enabled or you do not have permissions to access it.",
            sim.database_key()
        ),
    )
}

/// What a snapshot holds.
pub(super) fn of_snapshot(sim: &Sim, id: &str, refuse: &Refusal) -> Result<Found, Fault> {
    let absent = || refuse.absent("DBSnapshotNotFound", format!("DBSnapshot {id} not found."));
    let snapshot = snapshots(sim)
        .into_iter()
        .find(|snapshot| snapshot.id == id && !snapshot.of_cluster)
        .ok_or_else(absent)?;
    if snapshot.status != "available" {
        return Err(refuse.conflict(
            "InvalidDBSnapshotState",
            format!(
                "Cannot restore from the snapshot {id}: it is {}.",
                snapshot.status
            ),
        ));
    }
    let manual = sim.snapshots.iter().find(|known| known.id == id);
    if manual.is_some_and(|known| !known.readable) {
        return Err(key_refused(sim, refuse));
    }
    let plan = manual
        .map(|known| Arc::clone(&known.plan))
        .or_else(|| {
            let of = sim.find_database(&snapshot.source)?;
            Some(Arc::clone(&sim.databases[of].plan))
        })
        .ok_or_else(absent)?;
    Ok(Found {
        option_group: plan.settings.option_group.clone(),
        plan,
        storage: snapshot.storage_gib,
        moment: false,
    })
}

/// What an instance held at a moment.
pub(super) fn of_time(sim: &Sim, source: &str, at: Option<Ms>, refuse: &Refusal) -> Result<Found, Fault> {
    let index = find(sim, source, refuse)?;
    let database = &sim.databases[index];
    if database.plan.cluster.is_some() {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            "The DB instance is a member of a cluster. Restore the DB cluster to a point in time instead.",
        ));
    }
    if database.backup_days == 0 {
        return Err(refuse.invalid(
            "PointInTimeRestoreNotEnabled",
            format!("Point-in-time restore is not enabled for {source}: automated backups are off."),
        ));
    }
    let Some(latest) = latest_restorable(sim, database) else {
        return Err(wrong_state(sim, index, "has no restorable time yet", refuse));
    };
    let oldest = database
        .restorable_from
        .max(sim.now - Ms::from(database.backup_days) * DAY);
    match at {
        Some(at) if at > latest || at < oldest => Err(refuse.invalid(
            "InvalidParameterValue",
            format!(
                "The specified instance cannot be restored to a time outside of its restorable window: {} to {}.",
                stamp(oldest),
                stamp(latest)
            ),
        )),
        _ => Ok(Found {
            plan: Arc::clone(&database.plan),
            storage: database.storage_gib,
            option_group: None,
            moment: true,
        }),
    }
}

/// Refuses a parameter group that is not there.
pub(super) fn check_parameter_group(sim: &Sim, group: Option<&str>, refuse: &Refusal) -> Result<(), Fault> {
    match group {
        Some(group) if !group.starts_with("default.") && !sim.plan.parameter_groups.contains_key(group) => {
            Err(refuse.absent(
                "DBParameterGroupNotFound",
                format!("DBParameterGroup not found: {group}"),
            ))
        }
        _ => Ok(()),
    }
}

fn check(sim: &Sim, found: &Found, settings: &RestoreSettings, refuse: &Refusal) -> Result<(), Fault> {
    if let Some(class) = &settings.class
        && !class.starts_with("db.")
    {
        return Err(refuse.invalid(
            "InvalidParameterValue",
            format!("Invalid DB Instance class: {class}"),
        ));
    }
    check_parameter_group(sim, settings.parameter_group.as_deref(), refuse)?;
    if settings.max_storage_gib.is_some() && !found.moment {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            "MaxAllocatedStorage is not supported when restoring from a DB snapshot.",
        ));
    }
    let provisioned = settings.iops.is_some() || settings.storage_throughput.is_some();
    let small = found.storage.is_some_and(|gib| gib < 400);
    if provisioned && small && settings.storage_type.as_deref().unwrap_or("gp3") == "gp3" {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            format!(
                "You can't specify IOPS or storage throughput for engine {} and a storage size less than 400.",
                found.plan.engine
            ),
        ));
    }
    if let Some(tag) = settings.tags.iter().find(|tag| tag.key.starts_with("aws:")) {
        return Err(refuse.invalid(
            "InvalidParameterValue",
            format!("Tag keys starting with aws: are reserved: {}", tag.key),
        ));
    }
    Ok(())
}

/// What RDS says when it begins to make an instance out of a backup.
const RESTORING: &str = "Restoring DB instance";

/// Begins to make the new instance.
pub(super) fn begin(
    sim: &mut Sim,
    found: Found,
    (name, settings): (&str, &RestoreSettings),
    refuse: &Refusal,
) -> Result<(), Fault> {
    check_free(sim, name, refuse)?;
    check(sim, &found, settings, refuse)?;
    let now = sim.now;
    let Found {
        plan,
        storage,
        option_group,
        ..
    } = found;
    // Each instance that ever has a name is another one, whenever it is made.
    let earlier = sim
        .database_events
        .iter()
        .filter(|event| event.source == name && event.message == RESTORING)
        .count();
    let key = [sim.seed, signal::name(name), 43, earlier as u64];
    let family = format!(
        "default.{}{}",
        plan.engine,
        if plan.engine == "mysql" {
            plan.version.split('.').take(2).collect::<Vec<_>>().join(".")
        } else {
            plan.version.split('.').next().unwrap_or_default().to_owned()
        }
    );
    let own = sim.proposed(&plan, asked(settings, option_group));
    // Of the week's windows AWS takes one at random.
    let hour = signal::below(&[sim.seed, signal::name(name), 41], 6);
    sim.databases.push(Database {
        resource: format!("db-{}", signal::hex(&key, 26).to_uppercase()),
        name: name.to_owned(),
        status: "creating",
        course: Course::idle(),
        class: settings.class.clone().unwrap_or_else(|| plan.class.clone()),
        multi_az: settings.multi_az.unwrap_or(false),
        storage_gib: storage,
        max_storage_gib: settings.max_storage_gib,
        storage_type: settings.storage_type.clone().unwrap_or_else(|| "gp3".to_owned()),
        parameter_group: settings.parameter_group.clone().unwrap_or(family),
        deletion_protection: settings.deletion_protection.unwrap_or(false),
        public: settings.publicly_accessible.unwrap_or(false),
        backup_days: settings.backup_retention_days.unwrap_or(plan.backup_days),
        endpoint: None,
        zone: sim.plan.zone(signal::hash(&key)),
        created: now,
        restorable_from: Ms::MAX,
        backup_window: settings
            .backup_window
            .clone()
            .unwrap_or_else(|| plan.backup_window.clone()),
        maintenance_window: format!("wed:1{hour}:08-wed:1{hour}:38"),
        parameters: "in-sync",
        pending: Vec::new(),
        settings: own,
        // Without tags of its own a restored instance gets those of the source.
        tags: if settings.tags.is_empty() {
            plan.tags.clone()
        } else {
            tags(&settings.tags)
        },
        free: vec![Free {
            since: now,
            anchor: now,
            gib: plan.load.free_gib,
            per_day: 0.0,
        }],
        plan,
    });
    let steps = vec![
        Step::to(0, "creating").telling(RESTORING),
        Step::to(8 * MINUTE, "backing-up")
            .telling("DB instance created")
            .with(Effect::Resolve),
        Step::to(4 * MINUTE, "modifying").with(Effect::Restorable),
        Step::to(3 * MINUTE, "available").telling("Restored from snapshot"),
    ];
    let index = sim.databases.len() - 1;
    sim.plan_steps(index, steps, now);
    Ok(())
}

/// What was asked for, of the settings beside those that the console shows.
fn asked(settings: &RestoreSettings, option_group: Option<String>) -> DbSettings {
    DbSettings {
        port: settings.port,
        subnet_group: settings.subnet_group.clone(),
        security_groups: settings.security_groups.clone(),
        option_group: settings.option_group.clone().or(option_group),
        license: settings.license.clone(),
        iops: settings.iops,
        storage_throughput: settings.storage_throughput,
        iam_authentication: settings.iam_authentication,
        ca_certificate: settings.ca_certificate.clone(),
        log_exports: settings.log_exports.clone(),
        copy_tags_to_snapshots: settings.copy_tags_to_snapshots,
        minor_upgrades: settings.minor_upgrades,
        network_type: settings.network_type.clone(),
        lifecycle_support: settings.lifecycle_support.clone(),
        dedicated_log_volume: settings.dedicated_log_volume,
        backup_target: settings.backup_target.clone(),
        customer_owned_ip: settings.customer_owned_ip,
        processor_features: settings.processor_features.clone(),
        ..DbSettings::default()
    }
}

/// Tags as the world keeps them.
pub(super) fn tags(tags: &[Tag]) -> super::super::super::plan::Tags {
    tags.iter()
        .map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect()
}

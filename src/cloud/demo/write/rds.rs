//! Changes of databases.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html>

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::plan::store::Database as Plan;
use super::super::read::datastore::{latest_restorable, snapshots};
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::database::{Database, Effect, Free, Snapshot, Step};
use super::super::time::{DAY, MINUTE, Ms, SECOND, ms, part, stamp};
use super::{Refusal, check_tags, record};
use crate::domain::fault::Fault;
use crate::domain::ops::rds::{RestoreSettings, Write};

pub fn apply(sim: &mut Sim, write: &Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let created = match write {
        Write::CreateSnapshot { instance, snapshot } => {
            create_snapshot(sim, instance, snapshot, refuse)?;
            record(sim, refuse, &[instance, snapshot]);
            Some(sim.plan.arn("rds", &format!("snapshot:{snapshot}")))
        }
        Write::RestoreFromSnapshot {
            snapshot,
            instance,
            settings,
        } => {
            let (plan, storage) = restorable(sim, snapshot, refuse)?;
            let found = Found { plan, storage };
            restore(sim, found, (instance, settings), refuse)?;
            record(sim, refuse, &[instance, snapshot]);
            Some(sim.plan.arn("rds", &format!("db:{instance}")))
        }
        Write::RestoreToPointInTime {
            source,
            instance,
            at,
            settings,
        } => {
            let found = restorable_at(sim, source, at.map(ms), refuse)?;
            restore(sim, found, (instance, settings), refuse)?;
            record(sim, refuse, &[instance, source]);
            Some(sim.plan.arn("rds", &format!("db:{instance}")))
        }
        Write::Rename { instance, to } => {
            rename(sim, instance, to, refuse)?;
            record(sim, refuse, &[instance, to]);
            None
        }
        Write::Stop { instance } => {
            stop(sim, instance, refuse)?;
            record(sim, refuse, &[instance]);
            None
        }
        Write::Start { instance } => {
            let index = find(sim, instance, refuse)?;
            if sim.databases[index].status != "stopped" {
                return Err(wrong_state(
                    sim,
                    index,
                    "must be in the stopped state to be started",
                    refuse,
                ));
            }
            sim.plan_steps(index, starting(), sim.now);
            record(sim, refuse, &[instance]);
            None
        }
        Write::Reboot { instance, failover } => {
            reboot(sim, instance, *failover, refuse)?;
            record(sim, refuse, &[instance]);
            None
        }
        Write::PutTags { arn, tags } => {
            check_tags(tags, refuse)?;
            let index = tagged(sim, arn, refuse)?;
            for tag in tags {
                sim.databases[index]
                    .tags
                    .insert(tag.key.clone(), tag.value.clone());
            }
            record(sim, refuse, &[arn]);
            None
        }
        Write::DeleteTags { arn, keys } => {
            let index = tagged(sim, arn, refuse)?;
            sim.databases[index].tags.retain(|key, _| !keys.contains(key));
            record(sim, refuse, &[arn]);
            None
        }
    };
    Ok(created)
}

fn find(sim: &Sim, name: &str, refuse: &Refusal) -> Result<usize, Fault> {
    sim.find_database(name)
        .ok_or_else(|| refuse.absent("DBInstanceNotFound", format!("DBInstance {name} not found.")))
}

/// The instance of an ARN, `arn:…:db:NAME`.
fn tagged(sim: &Sim, arn: &str, refuse: &Refusal) -> Result<usize, Fault> {
    find(sim, arn.rsplit(':').next().unwrap_or_default(), refuse)
}

/// An instance that is `available`.
fn find_available(sim: &Sim, name: &str, refuse: &Refusal) -> Result<usize, Fault> {
    let index = find(sim, name, refuse)?;
    if sim.databases[index].status == "available" {
        Ok(index)
    } else {
        Err(wrong_state(sim, index, "must be in the available state", refuse))
    }
}

fn wrong_state(sim: &Sim, index: usize, what: &str, refuse: &Refusal) -> Fault {
    let database = &sim.databases[index];
    refuse.conflict(
        "InvalidDBInstanceState",
        format!(
            "Instance {} {what}. Its current state is {}.",
            database.name, database.status
        ),
    )
}

/// Whether a name may be given to an instance or a snapshot.
fn check_name(name: &str, refuse: &Refusal) -> Result<(), Fault> {
    let fine = name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '-')
        && !name.ends_with('-')
        && !name.contains("--");
    if fine {
        Ok(())
    } else {
        Err(refuse.invalid(
            "InvalidParameterValue",
            format!(
                "The parameter {name} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
            ),
        ))
    }
}

fn check_free(sim: &Sim, name: &str, refuse: &Refusal) -> Result<(), Fault> {
    check_name(name, refuse)?;
    if sim.find_database(name).is_some() {
        return Err(refuse.conflict("DBInstanceAlreadyExists", "DB instance already exists"));
    }
    Ok(())
}

fn create_snapshot(sim: &mut Sim, instance: &str, id: &str, refuse: &Refusal) -> Result<(), Fault> {
    let index = find_available(sim, instance, refuse)?;
    check_name(id, refuse)?;
    if sim.snapshots.iter().any(|snapshot| snapshot.id == id) {
        return Err(refuse.conflict(
            "DBSnapshotAlreadyExists",
            format!("Cannot create the snapshot because a snapshot with the identifier {id} already exists."),
        ));
    }
    let database = &sim.databases[index];
    let gib = database.storage_gib.unwrap_or(20);
    let takes = 2 * MINUTE + Ms::from(gib) * SECOND;
    sim.snapshots.push(Snapshot {
        id: id.to_owned(),
        source: instance.to_owned(),
        plan: Arc::clone(&database.plan),
        begun: sim.now,
        ready: sim.now + takes,
        storage_gib: database.storage_gib,
    });
    let steps = vec![
        Step::to(0, "backing-up").telling("Creating user snapshot"),
        Step::to(takes, "available").telling("User snapshot created"),
    ];
    sim.plan_steps(index, steps, sim.now);
    Ok(())
}

/// What a restore starts from.
struct Found {
    plan: Arc<Plan>,
    storage: Option<u32>,
}

fn restorable(sim: &Sim, id: &str, refuse: &Refusal) -> Result<(Arc<Plan>, Option<u32>), Fault> {
    let snapshot = snapshots(sim)
        .into_iter()
        .find(|snapshot| snapshot.id == id)
        .ok_or_else(|| refuse.absent("DBSnapshotNotFound", format!("DBSnapshot {id} not found.")))?;
    if snapshot.status != "available" {
        return Err(refuse.conflict(
            "InvalidDBSnapshotState",
            format!(
                "Cannot restore from the snapshot {id}: it is {}.",
                snapshot.status
            ),
        ));
    }
    let plan = sim
        .snapshots
        .iter()
        .find(|known| known.id == id)
        .map(|known| Arc::clone(&known.plan))
        .or_else(|| {
            let of = sim.find_database(&snapshot.source)?;
            Some(Arc::clone(&sim.databases[of].plan))
        })
        .ok_or_else(|| refuse.absent("DBSnapshotNotFound", format!("DBSnapshot {id} not found.")))?;
    Ok((plan, snapshot.storage_gib))
}

fn restorable_at(sim: &Sim, source: &str, at: Option<Ms>, refuse: &Refusal) -> Result<Found, Fault> {
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
        }),
    }
}

fn restore(
    sim: &mut Sim,
    found: Found,
    (name, settings): (&str, &RestoreSettings),
    refuse: &Refusal,
) -> Result<(), Fault> {
    check_free(sim, name, refuse)?;
    if let Some(class) = &settings.class
        && !class.starts_with("db.")
    {
        return Err(refuse.invalid(
            "InvalidParameterValue",
            format!("Invalid DB Instance class: {class}"),
        ));
    }
    if let Some(group) = &settings.parameter_group
        && !group.starts_with("default.")
        && !sim.plan.parameter_groups.contains_key(group)
    {
        return Err(refuse.absent(
            "DBParameterGroupNotFound",
            format!("DBParameterGroup not found: {group}"),
        ));
    }
    let now = sim.now;
    let Found { plan, storage } = found;
    let key = [sim.seed, signal::name(name), part(now)];
    let family = format!(
        "default.{}{}",
        plan.engine,
        plan.version.split('.').next().unwrap_or_default()
    );
    // What is not asked for is the account's or the engine's default, not the source's.
    sim.databases.push(Database {
        resource: format!("db-{}", signal::hex(&key, 26).to_uppercase()),
        name: name.to_owned(),
        status: "creating",
        steps: VecDeque::new(),
        due: None,
        class: settings.class.clone().unwrap_or_else(|| plan.class.clone()),
        multi_az: settings.multi_az.unwrap_or(false),
        storage_gib: storage,
        max_storage_gib: None,
        storage_type: settings.storage_type.clone().unwrap_or_else(|| "gp3".to_owned()),
        parameter_group: settings.parameter_group.clone().unwrap_or(family),
        deletion_protection: settings.deletion_protection.unwrap_or(false),
        public: settings.publicly_accessible.unwrap_or(false),
        backup_days: plan.backup_days,
        endpoint: None,
        zone: sim.plan.zone(signal::hash(&key)),
        created: now,
        restorable_from: Ms::MAX,
        // Without tags of its own a restored instance gets those of the source.
        tags: plan.tags.clone(),
        free: vec![Free {
            since: now,
            anchor: now,
            gib: plan.load.free_gib,
            per_day: 0.0,
        }],
        plan,
    });
    let steps = vec![
        Step::to(0, "creating").telling("Restoring DB instance"),
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

fn rename(sim: &mut Sim, name: &str, to: &str, refuse: &Refusal) -> Result<(), Fault> {
    let index = find_available(sim, name, refuse)?;
    check_free(sim, to, refuse)?;
    // The old name stops to resolve at once; the new one is there in about ten minutes.
    sim.databases[index].endpoint = None;
    let steps = vec![
        Step::to(0, "renaming"),
        Step::to(75 * SECOND, "renaming")
            .telling("Renamed instance")
            .with(Effect::Rename(to.to_owned())),
        Step::to(60 * SECOND, "rebooting")
            .telling("DB instance restarted")
            .with(Effect::Restart),
        Step::to(7 * MINUTE, "available").with(Effect::Resolve),
    ];
    sim.plan_steps(index, steps, sim.now);
    sim.note_database(name, sim.now);
    Ok(())
}

fn stop(sim: &mut Sim, name: &str, refuse: &Refusal) -> Result<(), Fault> {
    let index = find(sim, name, refuse)?;
    let database = &sim.databases[index];
    if database.plan.cluster.is_some() {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            "aurora DB instances are not eligible for stopping or starting.",
        ));
    }
    if !matches!(database.status, "available" | "storage-full") {
        return Err(wrong_state(
            sim,
            index,
            "must be in the available state to be stopped",
            refuse,
        ));
    }
    let is_source = sim
        .databases
        .iter()
        .any(|other| other.plan.replica_of.as_deref() == Some(name));
    if is_source || database.plan.replica_of.is_some() {
        return Err(refuse.conflict(
            "InvalidDBInstanceState",
            "Cannot stop an instance that has a read replica or is one.",
        ));
    }
    let mut steps = vec![
        Step::to(0, "stopping"),
        Step::to(2 * MINUTE, "stopped").telling("DB instance stopped"),
    ];
    // AWS starts it again by itself after a week.
    let mut again = starting();
    if let Some(first) = again.first_mut() {
        first.after = 7 * DAY;
        first.event = Some(
            "DB instance is being started due to it exceeding the maximum allowed time being stopped."
                .to_owned(),
        );
    }
    steps.append(&mut again);
    sim.plan_steps(index, steps, sim.now);
    Ok(())
}

fn starting() -> Vec<Step> {
    vec![
        Step::to(0, "starting"),
        Step::to(4 * MINUTE, "available")
            .telling("DB instance started")
            .with(Effect::Restart),
    ]
}

fn reboot(sim: &mut Sim, name: &str, failover: bool, refuse: &Refusal) -> Result<(), Fault> {
    let index = find(sim, name, refuse)?;
    let database = &sim.databases[index];
    if !matches!(database.status, "available" | "storage-full") {
        return Err(wrong_state(
            sim,
            index,
            "must be in the available state to be rebooted",
            refuse,
        ));
    }
    let has_standby = database.multi_az || database.plan.cluster.is_some();
    if failover && !has_standby {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            "Cannot specify ForceFailover when the instance is not configured for MultiAZ.",
        ));
    }
    let steps = if failover {
        vec![
            Step::to(0, "rebooting").telling("Multi-AZ instance failover started"),
            Step::to(35 * SECOND, "rebooting")
                .telling("DB instance restarted")
                .with(Effect::Restart),
            Step::to(15 * SECOND, "rebooting")
                .telling("Multi-AZ instance failover completed")
                .with(Effect::Failover),
            Step::to(20 * SECOND, "available"),
        ]
    } else {
        vec![
            Step::to(0, "rebooting"),
            Step::to(45 * SECOND, "rebooting")
                .telling("DB instance restarted")
                .with(Effect::Restart),
            Step::to(15 * SECOND, "available"),
        ]
    };
    sim.plan_steps(index, steps, sim.now);
    Ok(())
}

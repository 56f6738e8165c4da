//! Changes of databases.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html>

mod cluster;
mod modify;
mod restore;

use std::sync::Arc;

use super::super::plan::Tags;
use super::super::sim::Sim;
use super::super::sim::database::{Effect, Snapshot, Step};
use super::super::time::{DAY, MINUTE, Ms, SECOND, ms};
use super::{Refusal, check_tags, record};
use crate::domain::fault::Fault;
use crate::domain::ops::rds::{OwnCopy, Write};

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
            let found = restore::of_snapshot(sim, snapshot, refuse)?;
            restore::begin(sim, found, (instance, settings), refuse)?;
            record(sim, refuse, &[instance, snapshot]);
            resource_of(sim, instance)
        }
        Write::RestoreToPointInTime {
            source,
            instance,
            at,
            settings,
        } => {
            let found = restore::of_time(sim, source, at.map(ms), refuse)?;
            restore::begin(sim, found, (instance, settings), refuse)?;
            record(sim, refuse, &[instance, source]);
            resource_of(sim, instance)
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
            let known = tagged(sim, arn, refuse)?;
            for tag in tags {
                known.insert(tag.key.clone(), tag.value.clone());
            }
            record(sim, refuse, &[arn]);
            None
        }
        Write::DeleteTags { arn, keys } => {
            tagged(sim, arn, refuse)?.retain(|key, _| !keys.contains(key));
            record(sim, refuse, &[arn]);
            None
        }
        Write::Modify { instance, change } => {
            modify::apply(sim, (instance, change), refuse)?;
            record(sim, refuse, &[instance]);
            None
        }
        Write::UnprotectCopy { copy } => {
            let index = still_own(sim, copy, refuse)?;
            sim.databases[index].deletion_protection = false;
            record(sim, refuse, &[&copy.instance]);
            None
        }
        Write::DeleteCopy { copy } => {
            delete(sim, copy, refuse)?;
            record(sim, refuse, &[&copy.instance]);
            None
        }
        Write::CreateClusterSnapshot { .. }
        | Write::RestoreCluster { .. }
        | Write::CreateMember { .. }
        | Write::ModifyCluster { .. }
        | Write::RenameCluster { .. }
        | Write::StopCluster { .. }
        | Write::StartCluster { .. }
        | Write::FailoverCluster { .. } => cluster::apply(sim, write, refuse)?,
    };
    Ok(created)
}

/// `DbiResourceId` of an instance.
fn resource_of(sim: &Sim, name: &str) -> Option<String> {
    let index = sim.find_database(name)?;
    Some(sim.databases[index].resource.clone())
}

/// The copy, if the instance of that name is it still.
fn still_own(sim: &Sim, copy: &OwnCopy, refuse: &Refusal) -> Result<usize, Fault> {
    let index = find(sim, &copy.instance, refuse)?;
    let database = &sim.databases[index];
    let run = database.tags.get(OwnCopy::TAG).map(String::as_str);
    let cluster = database.plan.cluster.as_deref();
    match copy.mismatch(Some(&database.resource), run, cluster) {
        None if database.status == "available" => Ok(index),
        None => Err(wrong_state(sim, index, "must be in the available state", refuse)),
        Some(why) => Err(refuse.invalid("NotTheCopy", why)),
    }
}

fn delete(sim: &mut Sim, copy: &OwnCopy, refuse: &Refusal) -> Result<(), Fault> {
    let index = still_own(sim, copy, refuse)?;
    if sim.databases[index].deletion_protection {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            "Cannot delete protected DB Instance, please disable deletion protection and try again.",
        ));
    }
    sim.databases[index].endpoint = None;
    let steps = vec![
        Step::to(0, "deleting"),
        Step::to(4 * MINUTE, "deleting")
            .telling("DB instance deleted")
            .with(Effect::Gone),
    ];
    sim.plan_steps(index, steps, sim.now);
    sim.note_database(&copy.instance, sim.now);
    Ok(())
}

fn find(sim: &Sim, name: &str, refuse: &Refusal) -> Result<usize, Fault> {
    sim.find_database(name)
        .ok_or_else(|| refuse.absent("DBInstanceNotFound", format!("DBInstance {name} not found.")))
}

/// The tags of an instance or a cluster.
fn tagged<'s>(sim: &'s mut Sim, arn: &str, refuse: &Refusal) -> Result<&'s mut Tags, Fault> {
    let name = arn.rsplit(':').next().unwrap_or_default();
    if arn.contains(":cluster:") {
        let found = sim
            .database_clusters
            .iter_mut()
            .find(|cluster| cluster.name == name);
        return found
            .map(|cluster| &mut cluster.tags)
            .ok_or_else(|| refuse.absent("DBClusterNotFoundFault", format!("DBCluster {name} not found.")));
    }
    let index = find(sim, name, refuse)?;
    Ok(&mut sim.databases[index].tags)
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
    if sim.databases[index].plan.cluster.is_some() {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            "The DB instance is a member of a cluster. Take a snapshot of the DB cluster instead.",
        ));
    }
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
        readable: true,
    });
    let steps = vec![
        Step::to(0, "backing-up").telling("Creating user snapshot"),
        Step::to(takes, "available").telling("User snapshot created"),
    ];
    sim.plan_steps(index, steps, sim.now);
    Ok(())
}

fn rename(sim: &mut Sim, name: &str, to: &str, refuse: &Refusal) -> Result<(), Fault> {
    let index = find_available(sim, name, refuse)?;
    check_free(sim, to, refuse)?;
    // The old name stops to resolve at once; the new one is there in about ten minutes.
    sim.databases[index].endpoint = None;
    sim.databases[index].pending = vec![format!("DBInstanceIdentifier={to}")];
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
    if failover && database.plan.cluster.is_some() {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            "Cannot specify ForceFailover for an instance of a DB cluster. Use FailoverDBCluster.",
        ));
    }
    if !matches!(database.status, "available" | "storage-full") {
        return Err(wrong_state(
            sim,
            index,
            "must be in the available state to be rebooted",
            refuse,
        ));
    }
    if failover && !database.multi_az {
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

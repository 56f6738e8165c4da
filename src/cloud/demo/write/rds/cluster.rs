//! Changes of DB clusters and their instances.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterFromSnapshot.html>

mod modify;

use std::sync::Arc;

use super::super::super::plan::store::{Database as MemberPlan, DatabaseCluster as Plan};
use super::super::super::read::datastore::{cluster_arn, database_arn, latest_restorable_of, snapshots};
use super::super::super::signal;
use super::super::super::sim::Sim;
use super::super::super::sim::course::Course;
use super::super::super::sim::database::{Database, Effect as MemberEffect, Free, Step as MemberStep};
use super::super::super::sim::database_cluster::{ClusterSnapshot, DatabaseCluster, Effect, Step};
use super::super::super::time::{DAY, MINUTE, Ms, SECOND, ms, part, stamp};
use super::super::{Refusal, record};
use super::restore::{check_parameter_group, tags};
use super::{check_free, check_name};
use crate::domain::datastore::{DbClusterSettings, DbSettings};
use crate::domain::fault::Fault;
use crate::domain::ops::rds::{ClusterOrigin, ClusterRestoreSettings, MemberSettings, Write};

pub(super) fn apply(sim: &mut Sim, write: &Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    match write {
        Write::CreateClusterSnapshot { cluster, snapshot } => {
            snapshot_of(sim, cluster, snapshot, refuse)?;
            record(sim, refuse, &[cluster, snapshot]);
            Ok(Some(sim.plan.arn("rds", &format!("cluster-snapshot:{snapshot}"))))
        }
        Write::RestoreCluster {
            from,
            cluster,
            settings,
        } => {
            restore(sim, from, (cluster, settings), refuse)?;
            record(sim, refuse, &[cluster]);
            Ok(Some(cluster_arn(sim, cluster)))
        }
        Write::CreateMember {
            cluster,
            instance,
            settings,
        } => {
            create_member(sim, cluster, (instance, settings), refuse)?;
            record(sim, refuse, &[cluster, instance]);
            Ok(Some(database_arn(sim, instance)))
        }
        Write::ModifyCluster { cluster, change } => {
            modify::apply(sim, (cluster, change), refuse)?;
            record(sim, refuse, &[cluster]);
            Ok(None)
        }
        Write::RenameCluster { cluster, to } => {
            rename(sim, cluster, to, refuse)?;
            record(sim, refuse, &[cluster, to]);
            Ok(None)
        }
        Write::StopCluster { cluster } => {
            stop(sim, cluster, refuse)?;
            record(sim, refuse, &[cluster]);
            Ok(None)
        }
        Write::StartCluster { cluster } => {
            start(sim, cluster, refuse)?;
            record(sim, refuse, &[cluster]);
            Ok(None)
        }
        Write::FailoverCluster { cluster, to } => {
            failover(sim, cluster, to.as_deref(), refuse)?;
            record(sim, refuse, &[cluster]);
            Ok(None)
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
        | Write::DeleteCopy { .. } => Ok(None),
    }
}

fn find(sim: &Sim, name: &str, refuse: &Refusal) -> Result<usize, Fault> {
    sim.find_database_cluster(name)
        .ok_or_else(|| refuse.absent("DBClusterNotFoundFault", format!("DBCluster {name} not found.")))
}

fn wrong_state(sim: &Sim, index: usize, wanted: &str, refuse: &Refusal) -> Fault {
    let cluster = &sim.database_clusters[index];
    refuse.conflict(
        "InvalidDBClusterStateFault",
        format!(
            "DbCluster {} is in {} state but expected it to be {wanted}.",
            cluster.name, cluster.status
        ),
    )
}

fn available(sim: &Sim, name: &str, refuse: &Refusal) -> Result<usize, Fault> {
    let index = find(sim, name, refuse)?;
    if sim.database_clusters[index].status == "available" {
        Ok(index)
    } else {
        Err(wrong_state(sim, index, "available", refuse))
    }
}

fn check_cluster_free(sim: &Sim, name: &str, refuse: &Refusal) -> Result<(), Fault> {
    check_name(name, refuse)?;
    if sim.find_database_cluster(name).is_some() {
        return Err(refuse.conflict("DBClusterAlreadyExistsFault", "DB Cluster already exists"));
    }
    Ok(())
}

fn snapshot_of(sim: &mut Sim, name: &str, id: &str, refuse: &Refusal) -> Result<(), Fault> {
    let index = available(sim, name, refuse)?;
    check_name(id, refuse)?;
    if sim.cluster_snapshots.iter().any(|known| known.id == id) {
        return Err(refuse.conflict(
            "DBClusterSnapshotAlreadyExistsFault",
            format!("Cannot create the snapshot because one with the identifier {id} already exists."),
        ));
    }
    let cluster = &sim.database_clusters[index];
    sim.cluster_snapshots.push(ClusterSnapshot {
        id: id.to_owned(),
        source: name.to_owned(),
        plan: Arc::clone(&cluster.plan),
        member: cluster.member.clone(),
        begun: sim.now,
        ready: sim.now + 3 * MINUTE,
    });
    Ok(())
}

type Origin = (Arc<Plan>, Option<Arc<MemberPlan>>);

fn origin(sim: &Sim, from: &ClusterOrigin, refuse: &Refusal) -> Result<Origin, Fault> {
    let of = |index: usize| {
        let cluster = &sim.database_clusters[index];
        (Arc::clone(&cluster.plan), cluster.member.clone())
    };
    match from {
        ClusterOrigin::Snapshot { snapshot: id } => {
            let absent = || {
                refuse.absent(
                    "DBClusterSnapshotNotFoundFault",
                    format!("DBClusterSnapshot {id} not found."),
                )
            };
            let snapshot = snapshots(sim)
                .into_iter()
                .find(|snapshot| snapshot.of_cluster && snapshot.id == *id)
                .ok_or_else(absent)?;
            if snapshot.status != "available" {
                return Err(refuse.conflict(
                    "InvalidDBClusterSnapshotStateFault",
                    format!("The snapshot {id} is {}.", snapshot.status),
                ));
            }
            sim.cluster_snapshots
                .iter()
                .find(|known| known.id == *id)
                .map(|known| (Arc::clone(&known.plan), known.member.clone()))
                .or_else(|| sim.find_database_cluster(&snapshot.source).map(of))
                .ok_or_else(absent)
        }
        ClusterOrigin::Time { source, at } => {
            let index = find(sim, source, refuse)?;
            let cluster = &sim.database_clusters[index];
            let latest = latest_restorable_of(sim, cluster)
                .ok_or_else(|| wrong_state(sim, index, "available", refuse))?;
            let oldest = cluster
                .restorable_from
                .max(sim.now - Ms::from(cluster.backup_days) * DAY);
            if at.map(ms).is_some_and(|at| at > latest || at < oldest) {
                return Err(refuse.invalid(
                    "InvalidParameterValue",
                    format!(
                        "The restore time is outside of the restorable window: {} to {}.",
                        stamp(oldest),
                        stamp(latest)
                    ),
                ));
            }
            Ok(of(index))
        }
    }
}

fn restore(
    sim: &mut Sim,
    from: &ClusterOrigin,
    (name, settings): (&str, &ClusterRestoreSettings),
    refuse: &Refusal,
) -> Result<(), Fault> {
    check_cluster_free(sim, name, refuse)?;
    let (plan, member) = origin(sim, from, refuse)?;
    if settings.engine != plan.engine {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            format!("The engine of the snapshot is {}.", plan.engine),
        ));
    }
    let now = sim.now;
    let own = DbClusterSettings {
        port: settings.port,
        parameter_group: settings.parameter_group.clone(),
        subnet_group: settings.subnet_group.clone(),
        security_groups: settings.security_groups.clone(),
        storage_type: settings.storage_type.clone(),
        iops: settings.iops,
        class: settings.class.clone(),
        iam_authentication: settings.iam_authentication,
        log_exports: settings.log_exports.clone(),
        backtrack_s: settings.backtrack_s,
        copy_tags_to_snapshots: settings.copy_tags_to_snapshots,
        network_type: settings.network_type.clone(),
        lifecycle_support: settings.lifecycle_support.clone(),
        engine_mode: settings.engine_mode.clone(),
        kms_key: settings.kms_key.clone(),
        ..DbClusterSettings::default()
    };
    let own = sim.proposed_cluster(&plan, own);
    sim.database_clusters.push(DatabaseCluster {
        resource: sim.cluster_resource(name, now),
        name: name.to_owned(),
        status: "creating",
        course: Course::idle(),
        endpoint: None,
        backup_days: settings.backup_retention_days.unwrap_or(plan.backup_days),
        backup_window: settings
            .backup_window
            .clone()
            .unwrap_or_else(|| plan.backup_window.clone()),
        deletion_protection: settings.deletion_protection.unwrap_or(false),
        serverless_acu: settings.serverless_acu,
        pending: Vec::new(),
        created: now,
        restorable_from: Ms::MAX,
        tags: if settings.tags.is_empty() {
            plan.tags.clone()
        } else {
            tags(&settings.tags)
        },
        settings: own,
        plan,
        member,
    });
    let steps = vec![
        Step::to(0, "creating"),
        Step::to(6 * MINUTE, "available")
            .telling("Restored from snapshot")
            .with(Effect::Resolve),
    ];
    let index = sim.database_clusters.len() - 1;
    sim.plan_cluster_steps(index, steps, now);
    Ok(())
}

fn create_member(
    sim: &mut Sim,
    cluster: &str,
    (name, settings): (&str, &MemberSettings),
    refuse: &Refusal,
) -> Result<(), Fault> {
    let index = available(sim, cluster, refuse)?;
    check_free(sim, name, refuse)?;
    check_parameter_group(sim, settings.parameter_group.as_deref(), refuse)?;
    let of = sim.database_clusters[index].clone();
    let Some(plan) = of.member.filter(|plan| plan.engine == settings.engine) else {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            format!("The engine of {cluster} is {}.", of.plan.engine),
        ));
    };
    let writer = !sim
        .database_members(cluster)
        .into_iter()
        .any(|member| sim.databases[member].plan.writer);
    let now = sim.now;
    let key = [sim.seed, signal::name(name), part(now)];
    let family = plan.version.split('.').next().unwrap_or_default();
    let own = DbSettings {
        port: of.settings.port,
        subnet_group: of.settings.subnet_group.clone(),
        security_groups: of.settings.security_groups.clone(),
        promotion_tier: settings.promotion_tier,
        minor_upgrades: settings.minor_upgrades,
        ca_certificate: settings.ca_certificate.clone(),
        performance_insights: settings.performance_insights.clone(),
        monitoring: settings.monitoring.clone(),
        copy_tags_to_snapshots: settings.copy_tags_to_snapshots,
        iam_authentication: of.settings.iam_authentication,
        ..DbSettings::default()
    };
    let hour = signal::below(&[sim.seed, signal::name(name), 41], 6);
    let mut member = MemberPlan::clone(&plan);
    member.cluster = Some(cluster.to_owned());
    member.writer = writer;
    let own = sim.proposed(&member, own);
    sim.databases.push(Database {
        resource: format!("db-{}", signal::hex(&key, 26).to_uppercase()),
        name: name.to_owned(),
        status: "creating",
        course: Course::idle(),
        class: settings.class.clone(),
        multi_az: false,
        storage_gib: None,
        max_storage_gib: None,
        storage_type: "aurora".to_owned(),
        parameter_group: settings
            .parameter_group
            .clone()
            .unwrap_or_else(|| format!("default.{}{family}", plan.engine)),
        deletion_protection: false,
        public: settings.publicly_accessible.unwrap_or(false),
        backup_days: of.backup_days,
        endpoint: None,
        zone: sim.plan.zone(signal::hash(&key)),
        created: now,
        restorable_from: Ms::MAX,
        backup_window: of.backup_window.clone(),
        maintenance_window: settings
            .maintenance_window
            .clone()
            .unwrap_or_else(|| format!("wed:1{hour}:08-wed:1{hour}:38")),
        parameters: "in-sync",
        pending: Vec::new(),
        settings: own,
        tags: tags(&settings.tags),
        free: vec![Free {
            since: now,
            anchor: now,
            gib: 0.0,
            per_day: 0.0,
        }],
        plan: Arc::new(member),
    });
    let steps = vec![
        MemberStep::to(0, "creating"),
        MemberStep::to(7 * MINUTE, "available")
            .telling("DB instance created")
            .with(MemberEffect::Resolve),
    ];
    let index = sim.databases.len() - 1;
    sim.plan_steps(index, steps, now);
    Ok(())
}

fn rename(sim: &mut Sim, name: &str, to: &str, refuse: &Refusal) -> Result<(), Fault> {
    let index = available(sim, name, refuse)?;
    check_cluster_free(sim, to, refuse)?;
    sim.database_clusters[index].endpoint = None;
    let steps = vec![
        Step::to(0, "renaming"),
        Step::to(50 * SECOND, "renaming")
            .telling(format!("Renamed cluster from {name} to {to}"))
            .with(Effect::Rename(to.to_owned())),
        Step::to(3 * MINUTE, "available").with(Effect::Resolve),
    ];
    sim.plan_cluster_steps(index, steps, sim.now);
    Ok(())
}

fn stop(sim: &mut Sim, name: &str, refuse: &Refusal) -> Result<(), Fault> {
    let index = available(sim, name, refuse)?;
    for member in sim.database_members(name) {
        let steps = vec![
            MemberStep::to(0, "stopping"),
            MemberStep::to(2 * MINUTE, "stopped").telling("DB instance stopped"),
        ];
        sim.plan_steps(member, steps, sim.now);
    }
    // AWS starts it again by itself after a week.
    let steps = vec![
        Step::to(0, "stopping"),
        Step::to(3 * MINUTE, "stopped").telling("DB cluster stopped"),
        Step::to(7 * DAY, "starting")
            .telling(
                "DB cluster is being started due to it exceeding the maximum allowed time being stopped.",
            )
            .with(Effect::Wake),
        Step::to(5 * MINUTE, "available").telling("DB cluster started"),
    ];
    sim.plan_cluster_steps(index, steps, sim.now);
    Ok(())
}

fn start(sim: &mut Sim, name: &str, refuse: &Refusal) -> Result<(), Fault> {
    let index = find(sim, name, refuse)?;
    if sim.database_clusters[index].status != "stopped" {
        return Err(wrong_state(sim, index, "stopped", refuse));
    }
    let steps = vec![
        Step::to(0, "starting").with(Effect::Wake),
        Step::to(5 * MINUTE, "available").telling("DB cluster started"),
    ];
    sim.plan_cluster_steps(index, steps, sim.now);
    Ok(())
}

fn failover(sim: &mut Sim, name: &str, to: Option<&str>, refuse: &Refusal) -> Result<(), Fault> {
    let index = available(sim, name, refuse)?;
    let members = sim.database_members(name);
    let reader = members
        .iter()
        .map(|member| &sim.databases[*member])
        .find(|database| {
            !database.plan.writer
                && database.status == "available"
                && to.is_none_or(|wanted| wanted == database.name)
        });
    let Some(reader) = reader.map(|database| database.name.clone()) else {
        return Err(refuse.conflict(
            "InvalidDBClusterStateFault",
            format!("DB cluster {name} has no instance to fail over to."),
        ));
    };
    let steps = vec![
        Step::to(0, "failing-over").telling(format!("Started cross AZ failover to DB instance: {reader}")),
        Step::to(25 * SECOND, "failing-over")
            .telling(format!("Completed failover to DB instance: {reader}"))
            .with(Effect::Writer(reader)),
        Step::to(20 * SECOND, "available"),
    ];
    sim.plan_cluster_steps(index, steps, sim.now);
    Ok(())
}

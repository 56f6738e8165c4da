//! Changes of a cluster's settings, at once.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html>

use super::super::super::super::sim::Sim;
use super::super::super::super::sim::database::{Effect as MemberEffect, Step as MemberStep};
use super::super::super::super::sim::database_cluster::{DatabaseCluster, Effect, Step};
use super::super::super::super::time::{MINUTE, SECOND};
use super::super::super::Refusal;
use super::available;
use crate::domain::datastore::engine_version;
use crate::domain::fault::Fault;
use crate::domain::ops::rds::ClusterModification;

/// Logs that Aurora can export.
const LOGS: [(&str, &[&str]); 2] = [
    (
        "mysql",
        &[
            "audit",
            "error",
            "general",
            "iam-db-auth-error",
            "instance",
            "slowquery",
        ],
    ),
    ("postgresql", &["iam-db-auth-error", "instance", "postgresql"]),
];

pub(super) fn apply(
    sim: &mut Sim,
    (name, change): (&str, &ClusterModification),
    refuse: &Refusal,
) -> Result<(), Fault> {
    let index = available(sim, name, refuse)?;
    check(sim, &sim.database_clusters[index], change, refuse)?;
    let upgrades = change.engine_version.is_some();
    sim.database_clusters[index].pending = pending(change);
    let modified = Effect::Modified(Box::new(change.clone()));
    let steps = if upgrades {
        for member in sim.database_members(name) {
            let steps = vec![
                MemberStep::to(0, "upgrading"),
                MemberStep::to(8 * MINUTE, "upgrading")
                    .telling("DB instance restarted")
                    .with(MemberEffect::Restart),
                MemberStep::to(MINUTE, "available"),
            ];
            sim.plan_steps(member, steps, sim.now);
        }
        vec![
            Step::to(0, "upgrading").telling("Database cluster engine version upgrade started."),
            Step::to(10 * MINUTE, "available")
                .telling("Database cluster engine version upgraded.")
                .with(modified),
        ]
    } else {
        vec![
            Step::to(0, "modifying"),
            Step::to(40 * SECOND, "available").with(modified),
        ]
    };
    sim.plan_cluster_steps(index, steps, sim.now);
    Ok(())
}

/// What AWS shows as waiting until it is done.
fn pending(change: &ClusterModification) -> Vec<String> {
    let all = [
        (
            "BackupRetentionPeriod",
            change.backup_retention_days.map(|days| days.to_string()),
        ),
        ("EngineVersion", change.engine_version.clone()),
        ("StorageType", change.storage_type.clone()),
        (
            "IAMDatabaseAuthenticationEnabled",
            change.iam_authentication.map(|enabled| enabled.to_string()),
        ),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", value?)))
        .collect()
}

fn check(
    sim: &Sim,
    cluster: &DatabaseCluster,
    change: &ClusterModification,
    refuse: &Refusal,
) -> Result<(), Fault> {
    let engine = &cluster.plan.engine;
    let wrong = |text: String| Err(refuse.invalid("InvalidParameterCombination", text));
    if let Some(group) = change.parameter_group.as_deref()
        && !group.starts_with("default.")
        && !sim.plan.parameter_groups.contains_key(group)
    {
        return Err(refuse.absent(
            "DBClusterParameterGroupNotFound",
            format!("DBClusterParameterGroup not found: {group}"),
        ));
    }
    if let Some(wanted) = &change.engine_version {
        let live = &cluster.plan.version;
        if !engine_version::is_older(live, wanted) {
            return wrong(format!("Cannot upgrade {engine} from {live} to {wanted}"));
        }
        let major = |version| engine_version::major(engine, version);
        if major(live) != major(wanted) && change.allow_major_upgrade != Some(true) {
            return wrong(
                "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
                    .to_owned(),
            );
        }
    }
    if let Some((least, most)) = change.serverless_acu
        && (least > most || !(0.0..=256.0).contains(&least) || !(1.0..=256.0).contains(&most))
    {
        return Err(refuse.invalid(
            "InvalidParameterValue",
            "Serverless v2 capacity 0 to 256 ACUs, the least no more than the most.",
        ));
    }
    if let Some(kind) = &change.storage_type
        && !matches!(kind.as_str(), "aurora" | "aurora-iopt1")
    {
        return wrong(format!("{engine} does not support storage type {kind}"));
    }
    let known = LOGS
        .iter()
        .find(|(of, _)| engine.ends_with(of))
        .map_or(&[][..], |(_, logs)| logs);
    let unknown = change
        .log_exports
        .iter()
        .flat_map(|exports| &exports.enable)
        .find(|log| !known.contains(&log.as_str()));
    match unknown {
        Some(log) => wrong(format!(
            "You cannot use the log types \'{log}\' with engine version {engine} {}.",
            cluster.plan.version
        )),
        None => Ok(()),
    }
}

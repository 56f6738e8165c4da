//! Changes of settings, at once.

use super::super::super::sim::Sim;
use super::super::super::sim::database::{Effect, Step};
use super::super::super::time::{MINUTE, SECOND};
use super::super::Refusal;
use super::restore::check_parameter_group;
use super::{find, wrong_state};
use crate::domain::fault::Fault;
use crate::domain::ops::rds::DbModification;

pub(super) fn apply(
    sim: &mut Sim,
    (name, change): (&str, &DbModification),
    refuse: &Refusal,
) -> Result<(), Fault> {
    let index = find(sim, name, refuse)?;
    let database = &sim.databases[index];
    if !matches!(database.status, "available" | "storage-full") {
        return Err(wrong_state(
            sim,
            index,
            "must be in the available state to be modified",
            refuse,
        ));
    }
    check_parameter_group(sim, change.parameter_group.as_deref(), refuse)?;
    if let (Some(new), Some(old)) = (change.storage_gib, database.storage_gib)
        && new < old + old.div_ceil(10)
    {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            format!(
                "Invalid storage size for engine name {} and storage type {}: {new}: it must be at least 10% more than {old}.",
                database.plan.engine, database.storage_type
            ),
        ));
    }
    if change.promotion_tier.is_some() && database.plan.cluster.is_none() {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            "A promotion tier is only for DB instances of a cluster.",
        ));
    }
    let mut pending = Vec::new();
    if let Some(class) = &change.class {
        pending.push(format!("DBInstanceClass={class}"));
    }
    if let Some(multi_az) = change.multi_az {
        pending.push(format!("MultiAZ={multi_az}"));
    }
    if let Some(gib) = change.storage_gib {
        pending.push(format!("AllocatedStorage={gib}"));
    }
    // What moves the server or its storage takes longer than what is only written down.
    let moves = !pending.is_empty();
    let restarts = change.class.is_some();
    sim.databases[index].pending = pending;
    let modified = Effect::Modified(Box::new(change.clone()));
    let mut steps = vec![Step::to(0, "modifying")];
    if change.monitoring.is_some() {
        steps.push(Step::to(30 * SECOND, "configuring-enhanced-monitoring"));
    }
    let takes = if moves { 9 * MINUTE } else { MINUTE };
    if restarts {
        steps.push(
            Step::to(takes, "modifying")
                .telling("DB instance restarted")
                .with(Effect::Restart),
        );
        steps.push(Step::to(MINUTE, "available").with(modified));
    } else {
        steps.push(Step::to(takes, "available").with(modified));
    }
    sim.plan_steps(index, steps, sim.now);
    Ok(())
}

//! Changes of caches.
//! <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_TestFailover.html>

use super::super::plan::store::Form;
use super::super::sim::Sim;
use super::super::sim::cache::FAILOVERS_A_DAY;
use super::super::time::DAY;
use super::{Refusal, record};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::elasticache::Write;

pub fn apply(sim: &mut Sim, write: &Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let Write::TestFailover { group, shard } = write;
    let index = sim
        .plan
        .caches
        .iter()
        .position(|plan| &plan.name == group && plan.form == Form::ReplicationGroup)
        .ok_or_else(|| {
            refuse.absent(
                "ReplicationGroupNotFoundFault",
                format!("ReplicationGroup {group} not found."),
            )
        })?;
    let plan = &sim.plan.caches[index];
    let Some(nth) = shard
        .parse::<usize>()
        .ok()
        .filter(|nth| shard.len() == 4 && (1..=plan.shards as usize).contains(nth))
    else {
        return Err(refuse.absent(
            "NodeGroupNotFoundFault",
            format!("NodeGroup {shard} not found in {group}."),
        ));
    };
    if !plan.automatic_failover || plan.replicas == 0 {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            format!("Automatic failover must be enabled for {group}."),
        ));
    }
    let state = &sim.caches[index];
    if state.failover.is_some() {
        return Err(refuse.conflict(
            "InvalidReplicationGroupState",
            format!("Replication group {group} must be in the available state."),
        ));
    }
    let today = state
        .failovers
        .iter()
        .filter(|asked| **asked > sim.now - DAY)
        .count();
    if today >= FAILOVERS_A_DAY {
        return Err(refuse.make(
            FaultKind::Throttled,
            "APICallRateForCustomerExceeded",
            format!("At most {FAILOVERS_A_DAY} shards can be failed over in 24 hours."),
        ));
    }
    let now = sim.now;
    sim.begin_failover(index, nth - 1, now);
    record(sim, refuse, &[group]);
    Ok(None)
}

//! Changes of caches.
//! <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_TestFailover.html>

use super::super::plan::store::Form;
use super::super::sim::Sim;
use super::super::sim::cache::{Backup, FAILOVERS_A_DAY, FITS_PERCENT};
use super::super::time::{DAY, MINUTE};
use super::{Refusal, record};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::elasticache::{Nodes, Write};

pub fn apply(sim: &mut Sim, write: &Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let named = match write {
        Write::TestFailover { group, shard } => {
            let index = find(sim, &Nodes::Group(group.clone()), refuse)?;
            fail_over(sim, index, shard, refuse)?;
            group
        }
        Write::Promote { group, node } => {
            let index = find(sim, &Nodes::Group(group.clone()), refuse)?;
            promote(sim, index, node, refuse)?;
            group
        }
        Write::CreateSnapshot { group, snapshot } => {
            let index = find(sim, &Nodes::Group(group.clone()), refuse)?;
            back_up(sim, index, snapshot, refuse)?;
            group
        }
        Write::Resize { nodes, node_type } => {
            let index = find(sim, nodes, refuse)?;
            resize(sim, index, node_type, refuse)?;
            nodes.name()
        }
    };
    record(sim, refuse, &[named]);
    Ok(None)
}

fn find(sim: &Sim, nodes: &Nodes, refuse: &Refusal) -> Result<usize, Fault> {
    sim.find_cache(nodes).ok_or_else(|| match nodes {
        Nodes::Cluster(name) => {
            refuse.absent("CacheClusterNotFound", format!("CacheCluster not found: {name}"))
        }
        Nodes::Group(group) => refuse.absent(
            "ReplicationGroupNotFoundFault",
            format!("ReplicationGroup {group} not found."),
        ),
    })
}

/// A group takes changes one at a time.
fn at_rest(sim: &Sim, index: usize, refuse: &Refusal) -> Result<(), Fault> {
    let state = &sim.caches[index];
    let snapshotting = state.snapshots.iter().any(|backup| backup.ready > sim.now);
    if state.failover.is_some() || state.resize.is_some() || snapshotting {
        let plan = &sim.plan.caches[index];
        let (code, what) = match plan.form {
            Form::Cluster => ("InvalidCacheClusterState", "Cache cluster"),
            Form::ReplicationGroup | Form::Serverless => {
                ("InvalidReplicationGroupState", "Replication group")
            }
        };
        return Err(refuse.conflict(
            code,
            format!("{what} {} must be in the available state.", plan.name),
        ));
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheCluster.html>
fn resize(sim: &mut Sim, index: usize, node_type: &str, refuse: &Refusal) -> Result<(), Fault> {
    at_rest(sim, index, refuse)?;
    let name = &sim.plan.caches[index].name;
    if !sim.cache_node_types(index).allows(node_type) {
        return Err(refuse.invalid(
            "InvalidParameterValue",
            format!("The cache node type {node_type} is not valid for {name}."),
        ));
    }
    let now = sim.now;
    if sim.cache_holds(index, now) / sim.cache_room(index, node_type) > FITS_PERCENT {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            format!("The data of {name} do not fit on nodes of the type {node_type}."),
        ));
    }
    sim.begin_resize(index, node_type, now);
    Ok(())
}

fn back_up(sim: &mut Sim, index: usize, name: &str, refuse: &Refusal) -> Result<(), Fault> {
    at_rest(sim, index, refuse)?;
    if sim.caches[index].snapshots.iter().any(|known| known.name == name) {
        return Err(refuse.conflict(
            "SnapshotAlreadyExistsFault",
            format!("Snapshot with the name {name} already exists."),
        ));
    }
    let (begun, ready) = (sim.now, sim.now + 4 * MINUTE);
    sim.caches[index].snapshots.push(Backup {
        name: name.to_owned(),
        begun,
        ready,
    });
    Ok(())
}

fn promote(sim: &mut Sim, index: usize, node: &str, refuse: &Refusal) -> Result<(), Fault> {
    let plan = &sim.plan.caches[index];
    let group = &plan.name;
    if plan.cluster_mode || plan.automatic_failover || plan.multi_az {
        return Err(refuse.invalid(
            "InvalidParameterCombination",
            format!(
                "Cannot promote a replica of {group}: cluster mode, automatic failover and Multi-AZ must be disabled."
            ),
        ));
    }
    let Some(nth) = sim.cache_nodes(index, 0).iter().position(|known| known == node) else {
        return Err(refuse.absent(
            "CacheClusterNotFound",
            format!("CacheCluster {node} is not in {group}."),
        ));
    };
    at_rest(sim, index, refuse)?;
    let now = sim.now;
    sim.begin_promotion(index, nth, now);
    Ok(())
}

fn fail_over(sim: &mut Sim, index: usize, shard: &str, refuse: &Refusal) -> Result<(), Fault> {
    let plan = &sim.plan.caches[index];
    let group = &plan.name;
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
    at_rest(sim, index, refuse)?;
    let state = &sim.caches[index];
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
    Ok(())
}

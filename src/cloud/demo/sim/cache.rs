//! Caches: who is primary, and failovers.

use std::sync::Arc;

use super::super::plan::store::Form;
use super::super::time::{DAY, MINUTE, Ms, SECOND};
use super::super::track::Track;
use super::database::Event;
use super::{Sim, Timer};

/// A cache.
#[derive(Debug, Clone)]
pub struct Cache {
    /// Which node of each shard is primary.
    pub primaries: Vec<u32>,
    /// A failover under way.
    pub failover: Option<Failover>,
    /// When failovers of the last day were asked for.
    pub failovers: Vec<Ms>,
    /// 1 while all shards take writes.
    pub up: Track,
    /// Backups that somebody made.
    pub snapshots: Vec<Backup>,
    /// How much fuller than usual it is, `0.0..=1.0`; at 1 it evicts.
    pub pressure: Track,
}

/// A backup that somebody made.
#[derive(Debug, Clone)]
pub struct Backup {
    /// Its name.
    pub name: String,
    /// When it was begun.
    pub begun: Ms,
    /// When it is there.
    pub ready: Ms,
}

/// A failover under way.
#[derive(Debug, Clone, Copy)]
pub struct Failover {
    /// The shard's index.
    pub shard: usize,
    /// The node that takes over, by its place in the shard.
    pub to: usize,
    /// Whether a replica has taken over already.
    pub taken_over: bool,
    /// When it goes on.
    pub due: Ms,
}

/// How many failovers ElastiCache allows in a day.
pub const FAILOVERS_A_DAY: usize = 15;

impl Sim {
    /// Starts every cache.
    pub fn found_caches(&mut self) {
        self.caches = self
            .plan
            .caches
            .iter()
            .map(|plan| Cache {
                primaries: vec![0; plan.shards as usize],
                failover: None,
                failovers: Vec::new(),
                snapshots: Vec::new(),
                up: Track::new(1.0),
                pressure: Track::new(0.0),
            })
            .collect();
    }

    /// The nodes of a shard, as cluster ids: the dimension of their metrics.
    pub fn cache_nodes(&self, index: usize, shard: usize) -> Vec<String> {
        let plan = &self.plan.caches[index];
        match plan.form {
            Form::Cluster => vec![plan.name.clone()],
            Form::Serverless => Vec::new(),
            Form::ReplicationGroup if plan.cluster_mode => (1..=plan.replicas + 1)
                .map(|node| format!("{}-{:04}-{node:03}", plan.name, shard + 1))
                .collect(),
            Form::ReplicationGroup => (1..=plan.replicas + 1)
                .map(|node| format!("{}-{node:03}", plan.name))
                .collect(),
        }
    }

    /// Begins a failover of a shard.
    pub fn begin_failover(&mut self, index: usize, shard: usize, at: Ms) {
        let plan = Arc::clone(&self.plan);
        let name = &plan.caches[index].name;
        let due = at + 25 * SECOND;
        let nodes = self.cache_nodes(index, shard).len().max(1);
        let cache = &mut self.caches[index];
        cache.failovers.retain(|asked| *asked > at - DAY);
        cache.failovers.push(at);
        cache.failover = Some(Failover {
            shard,
            to: (cache.primaries[shard] as usize + 1) % nodes,
            taken_over: false,
            due,
        });
        cache.up.set(at, 0.0);
        self.tell_cache(
            name,
            format!("Test Failover API called for node group {:04}", shard + 1),
            at,
        );
        self.set_timer(due, Timer::Cache { cache: index });
    }

    /// Begins to make a node of the only shard its primary.
    pub fn begin_promotion(&mut self, index: usize, to: usize, at: Ms) {
        let due = at + 40 * SECOND;
        let cache = &mut self.caches[index];
        if cache.primaries[0] as usize == to {
            return;
        }
        cache.failover = Some(Failover {
            shard: 0,
            to,
            taken_over: false,
            due,
        });
        cache.up.set(at, 0.0);
        self.set_timer(due, Timer::Cache { cache: index });
    }

    /// Moves a failover on.
    pub fn step_cache(&mut self, index: usize, at: Ms) {
        let Some(failover) = self.caches[index].failover.filter(|failover| failover.due == at) else {
            return;
        };
        let plan = Arc::clone(&self.plan);
        let name = &plan.caches[index].name;
        let nodes = self.cache_nodes(index, failover.shard);
        let cache = &mut self.caches[index];
        let old = cache.primaries[failover.shard] as usize;
        if failover.taken_over {
            cache.failover = None;
            self.tell_cache(
                name,
                format!("Finished recovery for cache nodes {:04}", failover.shard + 1),
                at,
            );
            return;
        }
        let new = failover.to;
        cache.primaries[failover.shard] = new as u32;
        cache.up.set(at, 1.0);
        let due = at + 4 * MINUTE;
        cache.failover = Some(Failover {
            taken_over: true,
            due,
            ..failover
        });
        let message = format!(
            "Failover from primary node {} to replica node {} completed",
            nodes.get(old).map_or("", String::as_str),
            nodes.get(new).map_or("", String::as_str)
        );
        self.tell_cache(name, message, at);
        self.set_timer(due, Timer::Cache { cache: index });
    }

    fn tell_cache(&mut self, name: &str, message: String, at: Ms) {
        self.cache_events.push(Event {
            source: name.to_owned(),
            message,
            at,
        });
    }
}

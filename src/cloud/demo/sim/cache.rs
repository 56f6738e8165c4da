//! Caches: who is primary, failovers, and nodes of another type.

use std::sync::Arc;

use super::super::plan::store::Form;
use super::super::time::{DAY, MINUTE, Ms, SECOND};
use super::super::track::Track;
use super::database::Event;
use super::{Sim, Timer};
use crate::domain::datastore::node_type::{MEMORY_GIB, NodeTypes, memory_gib};
use crate::domain::ops::elasticache::Nodes;

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
    /// How much fuller than usual it is, `0.0..=1.0`; at 1 it evicts, with the nodes of the plan.
    pub pressure: Track,
    /// The type of its nodes.
    pub node_type: Option<String>,
    /// A change of that type under way.
    pub resize: Option<Resize>,
    /// Its memory, as a multiple of that of the plan's nodes.
    pub room: Track,
}

impl Cache {
    /// How much it lacks room at a moment, `0.0..=1.0`: what makes it evict and miss.
    pub fn lack(&self, at: Ms) -> f64 {
        (self.pressure.at(at) - (self.room.at(at) - 1.0)).clamp(0.0, 1.0)
    }
}

/// A change of the nodes' type under way.
#[derive(Debug, Clone)]
pub struct Resize {
    /// The other type.
    pub to: String,
    /// How far it is.
    pub stage: ResizeStage,
    /// When it goes on.
    pub due: Ms,
}

/// How far a change of the nodes' type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResizeStage {
    /// New nodes are made, and the data copied to them.
    Copying,
    /// The addresses move: nobody is answered.
    Switching,
    /// The old nodes are removed.
    Removing,
}

impl Resize {
    /// The type that it does not have yet.
    pub fn pending(&self) -> Option<&str> {
        (self.stage != ResizeStage::Removing).then_some(self.to.as_str())
    }
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

/// Memory used by a cache that is full, percent.
pub const FULL_PERCENT: f64 = 99.7;

/// The most of a new node's memory that may be filled by what is copied to it, percent: the rest is reserved.
pub const FITS_PERCENT: f64 = 90.0;

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
                node_type: plan.node_type.clone(),
                resize: None,
                room: Track::new(1.0),
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

    /// A cache with nodes, by its place in the plan.
    pub fn find_cache(&self, nodes: &Nodes) -> Option<usize> {
        let (name, form) = match nodes {
            Nodes::Cluster(name) => (name, Form::Cluster),
            Nodes::Group(name) => (name, Form::ReplicationGroup),
        };
        let mut plans = self.plan.caches.iter();
        plans.position(|plan| plan.name == *name && plan.form == form)
    }

    /// The node types that a cache may be changed to.
    pub fn cache_node_types(&self, index: usize) -> NodeTypes {
        let current = self.caches[index].node_type.as_deref().unwrap_or_default();
        let here = memory_gib(current).unwrap_or_default();
        let (larger, smaller): (Vec<_>, Vec<_>) = MEMORY_GIB
            .iter()
            // What is no longer sold to anybody new.
            .filter(|(known, _)| *known != current && !known.starts_with("cache.t2."))
            .partition(|(_, gib)| *gib >= here);
        let names =
            |some: Vec<&(&str, f64)>| some.into_iter().map(|(known, _)| (*known).to_owned()).collect();
        NodeTypes {
            larger: names(larger),
            smaller: names(smaller),
        }
    }

    /// The memory of a node type, as a multiple of that of the plan's nodes.
    pub fn cache_room(&self, index: usize, node_type: &str) -> f64 {
        let planned = self.plan.caches[index].node_type.as_deref();
        match (planned.and_then(memory_gib), memory_gib(node_type)) {
            (Some(planned), Some(gib)) => gib / planned,
            _ => 1.0,
        }
    }

    /// What a cache holds at a moment, percent of the memory of the plan's nodes.
    pub fn cache_holds(&self, index: usize, at: Ms) -> f64 {
        let usual = self.plan.caches[index].load.memory;
        (FULL_PERCENT - usual).mul_add(self.caches[index].pressure.at(at), usual)
    }

    /// Begins to replace the nodes by those of another type.
    pub fn begin_resize(&mut self, index: usize, to: &str, at: Ms) {
        let shards = self.plan.caches[index].shards as usize;
        let nodes: usize = (0..shards)
            .map(|shard| self.cache_nodes(index, shard).len())
            .sum();
        let due = at + 8 * MINUTE + 3 * MINUTE * Ms::try_from(nodes).unwrap_or(1);
        self.caches[index].resize = Some(Resize {
            to: to.to_owned(),
            stage: ResizeStage::Copying,
            due,
        });
        self.set_timer(due, Timer::Cache { cache: index });
    }

    fn step_resize(&mut self, index: usize, at: Ms) {
        let Some(mut resize) = self.caches[index]
            .resize
            .clone()
            .filter(|resize| resize.due == at)
        else {
            return;
        };
        let room = self.cache_room(index, &resize.to);
        let cache = &mut self.caches[index];
        match resize.stage {
            ResizeStage::Copying => {
                cache.up.set(at, 0.0);
                (resize.stage, resize.due) = (ResizeStage::Switching, at + 6 * SECOND);
            }
            ResizeStage::Switching => {
                cache.up.set(at, 1.0);
                cache.room.set(at, room);
                cache.node_type = Some(resize.to.clone());
                (resize.stage, resize.due) = (ResizeStage::Removing, at + 90 * SECOND);
            }
            ResizeStage::Removing => {
                cache.resize = None;
                return;
            }
        }
        let due = resize.due;
        cache.resize = Some(resize);
        self.set_timer(due, Timer::Cache { cache: index });
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

    /// Moves a failover, or a change of nodes, on.
    pub fn step_cache(&mut self, index: usize, at: Ms) {
        self.step_resize(index, at);
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

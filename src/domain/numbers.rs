//! Single numbers of a resource that come from several metrics: of a cache's nodes, of a load
//! balancer's targets. What cannot be known is `None`.

use jiff::Timestamp;

use crate::domain::datastore::{Cache, CacheForm};
use crate::domain::function::{EventSource, Function, SourceKind};
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog::{MetricRef, cache as node, lambda, queue, serverless_cache};

/// A cache as a whole: the busiest node's CPU and memory, the sum of what nodes count.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CacheNumbers {
    /// CPU of the engine, else of the node, percent, of the busiest node.
    pub cpu_percent: Option<f64>,
    /// Memory used, percent of `maxmemory`, of the fullest node.
    pub memory_percent: Option<f64>,
    /// Keys dropped in the newest minute.
    pub evictions_per_minute: Option<f64>,
    /// Lookups of the newest minute that found a key.
    pub hits_per_minute: Option<f64>,
    /// Lookups of the newest minute that found none.
    pub misses_per_minute: Option<f64>,
}

impl CacheNumbers {
    /// The share of lookups that found a key, percent; `None` without lookups.
    pub fn hit_percent(&self) -> Option<f64> {
        let (hits, misses) = (self.hits_per_minute?, self.misses_per_minute?);
        (hits + misses > 0.0).then(|| 100.0 * hits / (hits + misses))
    }
}

/// The numbers of a cache.
pub fn of_cache(scope: &ScopeState, cache: &Cache, now: Timestamp) -> CacheNumbers {
    let value = |metric: MetricRef<'_>| scope.latest(&metric.id(), now);
    if cache.form == CacheForm::Serverless {
        return CacheNumbers {
            cpu_percent: None,
            memory_percent: None,
            evictions_per_minute: value(serverless_cache::EVICTIONS.of(&cache.name)),
            hits_per_minute: value(serverless_cache::HITS.of(&cache.name)),
            misses_per_minute: value(serverless_cache::MISSES.of(&cache.name)),
        };
    }
    let nodes: Vec<&str> = cache
        .shards
        .iter()
        .flat_map(|shard| &shard.nodes)
        .map(|node| node.cluster_id.as_str())
        .collect();
    let each = |metric: &dyn Fn(&str) -> Option<f64>| -> Vec<f64> {
        nodes.iter().filter_map(|id| metric(id)).collect()
    };
    let most = |values: Vec<f64>| values.into_iter().reduce(f64::max);
    let sum = |values: Vec<f64>| (!values.is_empty()).then(|| values.into_iter().sum());
    CacheNumbers {
        cpu_percent: most(each(&|id| {
            value(node::ENGINE_CPU.of(id)).or_else(|| value(node::CPU.of(id)))
        })),
        memory_percent: most(each(&|id| value(node::MEMORY.of(id)))),
        evictions_per_minute: sum(each(&|id| value(node::EVICTIONS.of(id)))),
        hits_per_minute: sum(each(&|id| {
            value(node::HITS.of(id)).or_else(|| value(node::GET_HITS.of(id)))
        })),
        misses_per_minute: sum(each(&|id| {
            value(node::MISSES.of(id)).or_else(|| value(node::GET_MISSES.of(id)))
        })),
    }
}
/// How far a source of a function is behind, seconds: the oldest message of a queue, the last record that was
/// read of a stream; `None` if it is not known.
pub fn behind_s(
    state: &ScopeState,
    function: &Function,
    source: &EventSource,
    now: Timestamp,
) -> Option<f64> {
    match source.kind() {
        SourceKind::Queue => state.latest(&queue::AGE.of(source.name()).id(), now),
        SourceKind::Stream => state
            .latest(&lambda::ITERATOR_AGE.of(&function.name).id(), now)
            .map(|ms| ms / 1000.0),
        SourceKind::Other => None,
    }
}

//! ElastiCache: nodes that are full, throw keys out, miss, or work too hard.

pub mod availability;
pub mod hit_rate;
pub mod load;

use crate::domain::datastore::Cache;
use crate::domain::metric_catalog;
use crate::domain::rules::Context;

/// All caches.
fn caches<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Cache> {
    context.state.caches.get().into_iter().flatten()
}

/// The ids by which the metrics of a cache's nodes go, each once.
fn nodes(cache: &Cache) -> Vec<&str> {
    let mut ids: Vec<&str> = metric_catalog::nodes(cache)
        .map(|node| node.cluster_id.as_str())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

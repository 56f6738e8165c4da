//! Databases and caches.

use std::cmp::Reverse;

use super::{Writing, rounded};
use crate::domain::datastore::{Cache, CacheForm, DbSnapshot};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::{self, MetricRef, cache, rds, serverless_cache};
use crate::domain::units::BYTES_PER_GIB;
use crate::headless::status::document::{ClusterMember, RdsCluster, RdsInstance, Redis, Resource, Snapshot};

pub(super) fn db_instances(writing: &Writing<'_>) -> Option<Vec<Resource<RdsInstance>>> {
    let instances = writing.state.db_instances.get()?.iter().map(|db| {
        let facts = RdsInstance {
            engine: db.engine.clone(),
            engine_version: db.engine_version.clone(),
            class: db.class.clone(),
            status: db.status.clone(),
            multi_az: db.multi_az,
            storage_gib: db.storage_gib.filter(|_| !metric_catalog::is_aurora(db)),
            cluster: db.cluster.clone(),
            cpu_percent: writing.latest(rds::CPU.of(&db.name)).map(rounded),
            connections: writing.latest(rds::CONNECTIONS.of(&db.name)).map(whole),
            free_storage_gib: writing
                .latest(rds::FREE_STORAGE.of(&db.name))
                .map(|bytes| rounded(bytes / BYTES_PER_GIB)),
            latest_restorable_at: db.latest_restorable_at,
            snapshots: snapshots(writing, |snapshot| {
                !snapshot.of_cluster && snapshot.source == db.name
            }),
        };
        writing.resource(Kind::RdsInstance, &db.arn, &db.name, facts)
    });
    Some(instances.collect())
}

pub(super) fn db_clusters(writing: &Writing<'_>) -> Option<Vec<Resource<RdsCluster>>> {
    let clusters = writing.state.db_clusters.get()?.iter().map(|cluster| {
        let facts = RdsCluster {
            engine: cluster.engine.clone(),
            engine_version: cluster.engine_version.clone(),
            status: cluster.status.clone(),
            multi_az: cluster.multi_az,
            members: cluster
                .members
                .iter()
                .map(|(name, writer)| ClusterMember {
                    name: name.clone(),
                    writer: *writer,
                })
                .collect(),
            serverless_min_acu: cluster.serverless_acu.map(|(least, _)| least),
            serverless_max_acu: cluster.serverless_acu.map(|(_, most)| most),
            latest_restorable_at: cluster.latest_restorable_at,
            snapshots: snapshots(writing, |snapshot| {
                snapshot.of_cluster && snapshot.source == cluster.name
            }),
        };
        writing.resource(Kind::RdsCluster, &cluster.arn, &cluster.name, facts)
    });
    Some(clusters.collect())
}

fn snapshots(writing: &Writing<'_>, of: impl Fn(&DbSnapshot) -> bool) -> Option<Vec<Snapshot>> {
    let mut found: Vec<&DbSnapshot> = writing
        .state
        .db_snapshots
        .get()?
        .iter()
        .filter(|snapshot| of(snapshot))
        .collect();
    found.sort_by(|a, b| {
        Reverse(a.created_at)
            .cmp(&Reverse(b.created_at))
            .then_with(|| a.id.cmp(&b.id))
    });
    let snapshot = |snapshot: &DbSnapshot| Snapshot {
        id: snapshot.id.clone(),
        snapshot_type: snapshot.snapshot_type.clone(),
        created_at: snapshot.created_at,
        status: snapshot.status.clone(),
    };
    Some(found.into_iter().map(snapshot).collect())
}

pub(super) fn caches(writing: &Writing<'_>) -> Option<Vec<Resource<Redis>>> {
    let caches = writing.state.caches.get()?.iter().map(|cache| {
        let facts = match cache.form {
            CacheForm::Serverless => serverless(writing, cache),
            CacheForm::Cluster | CacheForm::ReplicationGroup => with_nodes(writing, cache),
        };
        writing.resource(Kind::Redis, &cache.arn, &cache.name, facts)
    });
    Some(caches.collect())
}

fn with_nodes(writing: &Writing<'_>, found: &Cache) -> Redis {
    let values = |metric: &metric_catalog::Metric| -> Vec<f64> {
        metric_catalog::nodes(found)
            .filter_map(|node| writing.latest(metric.of(&node.cluster_id)))
            .collect()
    };
    let most = |values: Vec<f64>| values.into_iter().reduce(f64::max).map(rounded);
    let sum = |values: Vec<f64>| (!values.is_empty()).then(|| whole(values.into_iter().sum()));
    let (hits, misses) = if found.engine == "memcached" {
        (&cache::GET_HITS, &cache::GET_MISSES)
    } else {
        (&cache::HITS, &cache::MISSES)
    };
    Redis {
        cpu_percent: most(values(&cache::ENGINE_CPU)).or_else(|| most(values(&cache::CPU))),
        memory_percent: most(values(&cache::MEMORY)),
        evictions: sum(values(&cache::EVICTIONS)),
        hits: sum(values(hits)),
        misses: sum(values(misses)),
        nodes: Some(found.node_count()),
        ..bare(found)
    }
}

fn serverless(writing: &Writing<'_>, found: &Cache) -> Redis {
    let latest = |metric: MetricRef<'_>| writing.latest(metric).map(whole);
    Redis {
        evictions: latest(serverless_cache::EVICTIONS.of(&found.name)),
        hits: latest(serverless_cache::HITS.of(&found.name)),
        misses: latest(serverless_cache::MISSES.of(&found.name)),
        ..bare(found)
    }
}

/// A count: CloudWatch's averages over a minute are no whole numbers.
fn whole(value: f64) -> u64 {
    value.round().max(0.0) as u64
}

/// A cache without anything that was measured.
fn bare(cache: &Cache) -> Redis {
    Redis {
        kind: cache.form.name(),
        status: cache.status.clone(),
        engine: cache.engine.clone(),
        engine_version: cache.engine_version.clone(),
        node_type: cache.node_type.clone(),
        nodes: None,
        cpu_percent: None,
        memory_percent: None,
        evictions: None,
        hits: None,
        misses: None,
    }
}

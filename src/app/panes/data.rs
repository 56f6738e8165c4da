//! Data stores: RDS instances, clusters, caches.

use jiff::SignedDuration;

use crate::app::format;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::datastore::{Cache, DbCluster, DbInstance};
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::metric::{MetricGroup, Series};
use crate::domain::metric_catalog::{MetricRef, rds};
use crate::domain::numbers;
use crate::domain::rules::{MostConnections, most_connections};
use crate::domain::units::BYTES_PER_GIB;

/// Instances, clusters, caches.
pub(super) fn sections(state: &State) -> Vec<Section> {
    vec![instances(state), clusters(state), caches(state)]
}

fn instances(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("DATABASE", 14, 36, 0),
        Column::words("STATUS", 9, 16, 0),
        Column::words("ENGINE", 8, 26, 4),
        Column::words("CLASS", 12, 16, 5),
        Column::words("AZ", 6, 6, 6),
        Column::numbers("CPU", 5, 0),
        Column::words("", 8, 16, 7),
        Column::numbers("CONNS", 7, 1),
        Column::numbers("FREE GiB", 9, 0),
        Column::numbers("RESTORABLE", 10, 3),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::RdsInstance, columns, "no RDS instances here");
    for scope in state.picture.inventory.shown() {
        for instance in scope.db_instances.get().into_iter().flatten() {
            sketch.push(scope, &instance.arn, || instance_cells(state, scope, instance));
        }
    }
    sketch.finish(
        "RDS instances",
        Told::of(state, &[Source::DbInstances, Source::Metrics(MetricGroup::Rds)]),
    )
}

fn instance_cells(state: &State, scope: &ScopeState, instance: &DbInstance) -> Vec<Cell> {
    let now = state.picture.at;
    let value = |metric: MetricRef<'_>| scope.latest(&metric.id(), now);
    let name = instance.name.as_str();
    let free = value(rds::FREE_STORAGE.of(name)).map(|bytes| bytes / BYTES_PER_GIB);
    let storage = match (free, instance.storage_gib) {
        (Some(free), Some(total)) => format!("{}/{total}", format::number(free)),
        (None, Some(total)) => format!("{}/{total}", format::UNKNOWN),
        (Some(free), None) => format::number(free),
        (None, None) => format::UNKNOWN.to_owned(),
    };
    let restorable = instance
        .latest_restorable_at
        .map(|at| now.duration_since(at).max(SignedDuration::ZERO));
    vec![
        Cell::new(name).tone(Tone::Strong),
        status(&instance.status),
        Cell::new(format!("{} {}", instance.engine, instance.engine_version)),
        Cell::new(&instance.class),
        Cell::new(if instance.multi_az { "multi" } else { "single" }),
        Cell::number(value(rds::CPU.of(name)), |value| {
            format!("{}%", format::number(value))
        }),
        graph(scope.metric(&rds::CPU.of(name).id())),
        connections(
            value(rds::CONNECTIONS.of(name)),
            most_connections(scope, instance).as_ref(),
        ),
        Cell {
            text: storage,
            rank: free,
            ..Cell::default()
        },
        Cell::number(restorable.map(|span| span.as_secs_f64()), |seconds| {
            format!("{} ago", format::span(SignedDuration::from_secs_f64(seconds)))
        }),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

/// Connections beside the most that there can be: `71/~225` where that is an estimate.
fn connections(now: Option<f64>, most: Option<&MostConnections>) -> Cell {
    let Some(most) = most else {
        return Cell::number(now, format::number);
    };
    let now_words = now.map_or_else(|| format::UNKNOWN.to_owned(), format::number);
    let about = if most.is_exact { "" } else { "~" };
    Cell {
        text: format!("{now_words}/{about}{}", format::number(most.connections.floor())),
        rank: now.map(|now| now / most.connections),
        ..Cell::default()
    }
}

fn clusters(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("CLUSTER", 14, 36, 0),
        Column::words("STATUS", 9, 16, 0),
        Column::words("ENGINE", 14, 30, 3),
        Column::words("MEMBERS", 12, 40, 1),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::RdsCluster, columns, "no DB clusters here");
    for scope in state.picture.inventory.shown() {
        for cluster in scope.db_clusters.get().into_iter().flatten() {
            sketch.push(scope, &cluster.arn, || cluster_cells(state, scope, cluster));
        }
    }
    sketch.finish("DB clusters", Told::of(state, &[Source::DbClusters]))
}

fn cluster_cells(state: &State, scope: &ScopeState, cluster: &DbCluster) -> Vec<Cell> {
    let members: Vec<String> = cluster
        .members
        .iter()
        .map(|(name, writer)| format!("{name}{}", if *writer { " (writer)" } else { "" }))
        .collect();
    vec![
        Cell::new(&cluster.name).tone(Tone::Strong),
        status(&cluster.status),
        Cell::new(format!("{} {}", cluster.engine, cluster.engine_version)),
        Cell::new(members.join(", ")),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

fn caches(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("CACHE", 14, 36, 0),
        Column::words("STATUS", 9, 16, 0),
        Column::words("FORM", 10, 17, 4),
        Column::words("NODE TYPE", 12, 18, 5),
        Column::numbers("NODES", 5, 3),
        Column::numbers("CPU", 5, 0),
        Column::numbers("MEMORY", 6, 0),
        Column::numbers("EVICT/min", 9, 1),
        Column::numbers("HIT", 5, 0),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::Redis, columns, "no caches here");
    for scope in state.picture.inventory.shown() {
        for cache in scope.caches.get().into_iter().flatten() {
            sketch.push(scope, &cache.arn, || cache_cells(state, scope, cache));
        }
    }
    sketch.finish(
        "ElastiCache",
        Told::of(state, &[Source::Caches, Source::Metrics(MetricGroup::Redis)]),
    )
}

fn cache_cells(state: &State, scope: &ScopeState, cache: &Cache) -> Vec<Cell> {
    let now = state.picture.at;
    let numbers = numbers::of_cache(scope, cache, now);
    let percent = |value: f64| format!("{}%", format::number(value));
    vec![
        Cell::new(&cache.name).tone(Tone::Strong),
        status(&cache.status),
        Cell::new(cache.form.name()),
        Cell::new(cache.node_type.as_deref().unwrap_or("serverless")),
        Cell::number(
            Some(cache.node_count() as f64).filter(|count| *count > 0.0),
            format::number,
        ),
        Cell::number(numbers.cpu_percent, percent),
        Cell::number(numbers.memory_percent, percent),
        Cell::number(numbers.evictions_per_minute, format::number),
        Cell::number(numbers.hit_percent(), percent),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

/// A status in AWS's words; anything but `available` stands out.
fn status(word: &str) -> Cell {
    let tone = match word {
        "available" => Tone::Plain,
        "stopped" => Tone::Muted,
        _ => Tone::Warn,
    };
    Cell::new(word).tone(tone)
}

/// The last half hour of a metric.
pub(super) fn graph(series: Option<&Series>) -> Cell {
    let points = series.map(|series| series.points.as_slice()).unwrap_or_default();
    let values: Vec<f64> = points[points.len().saturating_sub(30)..]
        .iter()
        .map(|(_, value)| *value)
        .collect();
    Cell::spark(values).tone(Tone::Accent)
}

//! Details of data stores.

use crate::app::detail::Block;
use crate::app::detail::blocks::{chart, fact, maybe, percent, tags, when};
use crate::app::format;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::counted::counted;
use crate::domain::datastore::{CacheForm, DbSnapshot, StoreEvent};
use crate::domain::health::Health;
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog::{cache as node, rds, serverless_cache};
use crate::domain::rules::most_connections;

/// Snapshots shown.
const MOST_SNAPSHOTS: usize = 10;

/// A window of RDS in the clock that is shown.
fn in_zone(state: &State, window: &str) -> String {
    let zone = state.zone();
    format::window(window, state.picture.at, &zone.zone, &zone.label)
}

/// The blocks of a DB instance.
pub(super) fn instance(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let instance = scope
        .db_instances
        .get()?
        .iter()
        .find(|instance| instance.arn == arn)?;
    let name = instance.name.as_str();
    let connections = scope.latest(&rds::CONNECTIONS.of(name).id(), state.picture.at);
    let limit = most_connections(scope, instance).map(|most| {
        let share = connections.map_or_else(String::new, |now| {
            format!(", {:.0}% taken", 100.0 * now / most.connections)
        });
        format!("{}{share}; {}", most.words(), most.source)
    });
    let backup = match (instance.backup_retention_days, &instance.backup_window) {
        (0, _) => "none: nothing can be restored".to_owned(),
        (days, window) => format!(
            "{}, daily {}",
            counted(days, "day"),
            window
                .as_deref()
                .map_or_else(|| format::UNKNOWN.to_owned(), |window| in_zone(state, window))
        ),
    };
    let mut facts = vec![
        fact("arn", &instance.arn),
        maybe("resource id", instance.resource_id.as_ref()),
        fact(
            "engine",
            format!("{} {}", instance.engine, instance.engine_version),
        ),
        fact(
            "class",
            format!(
                "{}, {}",
                instance.class,
                if instance.multi_az {
                    "Multi-AZ"
                } else {
                    "Single-AZ"
                }
            ),
        ),
        maybe(
            "endpoint",
            instance
                .endpoint
                .as_ref()
                .map(|(host, port)| format!("{host}:{port}")),
        ),
        maybe(
            "storage",
            instance.storage_gib.map(|gib| {
                let kind = instance.storage_type.as_deref().unwrap_or("");
                let most = instance
                    .max_storage_gib
                    .map_or_else(String::new, |most| format!(", grows to {most} GiB"));
                format!("{gib} GiB {kind}{most}")
            }),
        ),
        fact("backups", backup),
        maybe(
            "restorable to",
            instance.latest_restorable_at.map(|at| when(state, at)),
        ),
        maybe(
            "maintenance",
            instance
                .maintenance_window
                .as_ref()
                .map(|window| in_zone(state, window)),
        ),
        maybe(
            "parameter group",
            instance
                .parameter_group
                .as_ref()
                .map(|(name, sync)| format!("{name} ({sync})")),
        ),
        maybe("max_connections", limit),
        fact(
            "deletion protection",
            if instance.deletion_protection { "on" } else { "off" },
        ),
        fact(
            "publicly accessible",
            if instance.publicly_accessible { "yes" } else { "no" },
        ),
    ];
    if !instance.pending_modifications.is_empty() {
        facts.push(fact("pending", instance.pending_modifications.join(", ")));
    }
    let gib = |value: f64| format::bytes(value);
    let mut blocks = vec![
        Block::Facts(facts),
        Block::Charts(vec![
            chart(state, scope, "CPU, %", rds::CPU.of(name), percent),
            chart(
                state,
                scope,
                "connections",
                rds::CONNECTIONS.of(name),
                format::number,
            ),
            chart(state, scope, "free storage", rds::FREE_STORAGE.of(name), gib),
            chart(
                state,
                scope,
                "freeable memory",
                rds::FREEABLE_MEMORY.of(name),
                gib,
            ),
        ]),
    ];
    blocks.push(snapshots(state, scope, name, false));
    let maintenance: Vec<Vec<Cell>> = scope
        .maintenance
        .get()
        .into_iter()
        .flatten()
        .filter(|action| action.resource == instance.arn)
        .map(|action| {
            let by = action.forced_at.or(action.auto_applied_after);
            let by = by.map_or_else(String::new, |at| format!(" by {}", when(state, at)));
            vec![Cell::new(format!(
                "{}: {}{by}",
                action.action,
                action.description.as_deref().unwrap_or_default()
            ))]
        })
        .collect();
    if !maintenance.is_empty() {
        blocks.push(Block::Heading("pending maintenance".to_owned()));
        blocks.push(Block::Lines(maintenance));
    }
    blocks.extend(events(state, scope.db_events.get(), &[name]));
    blocks.extend(tags(&instance.tags));
    Some(blocks)
}

/// The blocks of a DB cluster.
pub(super) fn cluster(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let cluster = scope
        .db_clusters
        .get()?
        .iter()
        .find(|cluster| cluster.arn == arn)?;
    let acu = cluster
        .serverless_acu
        .map(|(least, most)| format!("{least} to {most} ACU"));
    let mut facts = vec![
        fact("arn", &cluster.arn),
        fact("status", &cluster.status),
        fact("engine", format!("{} {}", cluster.engine, cluster.engine_version)),
        maybe("endpoint", cluster.endpoint.as_ref()),
        fact("backups", counted(cluster.backup_retention_days, "day")),
        maybe(
            "restorable to",
            cluster.latest_restorable_at.map(|at| when(state, at)),
        ),
        fact(
            "deletion protection",
            if cluster.deletion_protection { "on" } else { "off" },
        ),
    ];
    facts.extend(acu.map(|acu| fact("serverless", acu)));
    for (member, writer) in &cluster.members {
        facts.push(fact(if *writer { "writer" } else { "reader" }, member));
    }
    let mut blocks = vec![Block::Facts(facts), snapshots(state, scope, &cluster.name, true)];
    blocks.extend(tags(&cluster.tags));
    Some(blocks)
}

fn snapshots(state: &State, scope: &ScopeState, source: &str, of_cluster: bool) -> Block {
    let columns = vec![
        Column::words("SNAPSHOT", 20, 60, 0),
        Column::words("TYPE", 9, 10, 1),
        Column::words("STATUS", 9, 18, 0),
        Column::numbers("AGE", 8, 0),
        Column::numbers("GiB", 6, 1),
    ];
    let all: Vec<&DbSnapshot> = scope
        .db_snapshots
        .get()
        .into_iter()
        .flatten()
        .filter(|snapshot| snapshot.source == source && snapshot.of_cluster == of_cluster)
        .collect();
    let rows = all
        .iter()
        .take(MOST_SNAPSHOTS)
        .map(|snapshot| {
            let done = snapshot.status == "available";
            let progress = snapshot
                .percent_progress
                .filter(|_| !done)
                .map_or_else(String::new, |done| format!(" {done}%"));
            Row {
                key: RowKey::Line(snapshot.arn.clone()),
                cells: vec![
                    Cell::new(&snapshot.id),
                    Cell::new(&snapshot.snapshot_type).tone(Tone::Muted),
                    Cell::new(format!("{}{progress}", snapshot.status)).tone(if done {
                        Tone::Plain
                    } else {
                        Tone::Warn
                    }),
                    Cell::new(
                        snapshot
                            .created_at
                            .map_or_else(String::new, |at| format::age(state.picture.at, at)),
                    ),
                    Cell::new(format::or_unknown(snapshot.storage_gib)),
                ],
                health: Health::Ok,
            }
        })
        .collect();
    Block::Table(Section {
        title: format!("snapshots {}", all.len()),
        columns,
        rows,
        empty: "no snapshots".to_owned(),
        ..Section::default()
    })
}

/// The blocks of a cache.
pub(super) fn cache(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let cache = scope.caches.get()?.iter().find(|cache| cache.arn == arn)?;
    let on = |value: bool| if value { "on" } else { "off" };
    let facts = vec![
        fact("arn", &cache.arn),
        fact("form", format!("{}, {}", cache.form.name(), cache.status)),
        fact(
            "engine",
            format!(
                "{} {}",
                cache.engine,
                cache.engine_version.as_deref().unwrap_or_default()
            ),
        ),
        maybe("node type", cache.node_type.as_ref()),
        fact("cluster mode", on(cache.cluster_mode)),
        fact("automatic failover", on(cache.automatic_failover)),
        fact("Multi-AZ", on(cache.multi_az)),
        fact("snapshots kept", counted(cache.snapshot_retention_days, "day")),
        maybe("endpoint", cache.endpoint.as_ref()),
    ];
    let mut blocks = vec![Block::Facts(facts)];
    if cache.form == CacheForm::Serverless {
        blocks.push(Block::Charts(vec![
            chart(
                state,
                scope,
                "data",
                serverless_cache::BYTES.of(&cache.name),
                format::bytes,
            ),
            chart(
                state,
                scope,
                "evictions/min",
                serverless_cache::EVICTIONS.of(&cache.name),
                format::number,
            ),
        ]));
    }
    for shard in &cache.shards {
        let slots = shard
            .slots
            .as_deref()
            .map_or_else(String::new, |slots| format!(", slots {slots}"));
        blocks.push(Block::Heading(format!(
            "shard {} {}{slots}",
            shard.id, shard.status
        )));
        for one in &shard.nodes {
            let role = one.role.as_deref().unwrap_or("node");
            let zone = one.zone.as_deref().unwrap_or(format::UNKNOWN);
            blocks.push(Block::Facts(vec![fact(
                role,
                format!("{} in {zone}", one.cluster_id),
            )]));
            blocks.push(Block::Charts(vec![
                chart(
                    state,
                    scope,
                    "engine CPU, %",
                    node::ENGINE_CPU.of(&one.cluster_id),
                    percent,
                ),
                chart(
                    state,
                    scope,
                    "memory, % of maxmemory",
                    node::MEMORY.of(&one.cluster_id),
                    percent,
                ),
                chart(
                    state,
                    scope,
                    "evictions/min",
                    node::EVICTIONS.of(&one.cluster_id),
                    format::number,
                ),
                chart(
                    state,
                    scope,
                    "connections",
                    node::CONNECTIONS.of(&one.cluster_id),
                    format::number,
                ),
            ]));
        }
    }
    let mut names = vec![cache.name.as_str()];
    names.extend(
        cache
            .shards
            .iter()
            .flat_map(|shard| &shard.nodes)
            .map(|one| one.cluster_id.as_str()),
    );
    blocks.extend(events(state, scope.cache_events.get(), &names));
    Some(blocks)
}

fn events(state: &State, all: Option<&Vec<StoreEvent>>, names: &[&str]) -> Vec<Block> {
    let lines: Vec<Vec<Cell>> = all
        .into_iter()
        .flatten()
        .filter(|event| names.contains(&event.source.as_str()))
        .map(|event| {
            vec![
                Cell::new(format::clock(event.at, state.picture.at, &state.zone().zone)).tone(Tone::Muted),
                Cell::new(format!(" {}", event.message)),
            ]
        })
        .collect();
    if lines.is_empty() {
        Vec::new()
    } else {
        vec![
            Block::Heading(format!("events, times in {}", state.zone().label)),
            Block::Lines(lines),
        ]
    }
}

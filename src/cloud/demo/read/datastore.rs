//! RDS and `ElastiCache`: instances, clusters, snapshots, maintenance, events, caches.

use super::super::plan::store::{Cache as CachePlan, Form};
use super::super::plan::tags;
use super::super::selection::Scenario;
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::cache::Resize;
use super::super::sim::database::{Database, Event, Snapshot};
use super::super::sim::database_cluster::{ClusterSnapshot, DatabaseCluster};
use super::super::time::{DAY, HOUR, MINUTE, Ms, part, stamp};
use crate::domain::datastore::node_type::NodeTypes;
use crate::domain::datastore::{
    Cache, CacheForm, CacheNode, CacheShard, CacheSnapshot, ConnectionLimit, DbCluster, DbClusterSettings,
    DbInstance, DbProxy, DbSnapshot, PendingMaintenance, StoreEvent,
};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::elasticache::Nodes;

/// How far behind the present a database can be restored to, at the least.
const RESTORE_LAG: Ms = 3 * MINUTE;

/// All DB instances.
pub fn databases(sim: &Sim) -> Vec<DbInstance> {
    let mut all: Vec<DbInstance> = sim
        .databases
        .iter()
        .map(|database| DbInstance {
            arn: database_arn(sim, &database.name),
            name: database.name.clone(),
            resource_id: Some(database.resource.clone()),
            engine: database.plan.engine.clone(),
            engine_version: database.plan.version.clone(),
            class: database.class.clone(),
            status: database.status.to_owned(),
            multi_az: database.multi_az,
            storage_gib: database.storage_gib,
            max_storage_gib: database.max_storage_gib,
            storage_type: Some(database.storage_type.clone()),
            cluster: database.plan.cluster.clone(),
            endpoint: database
                .endpoint
                .as_ref()
                .map(|name| (host(sim, name), port(database))),
            zone: Some(database.zone.clone()),
            latest_restorable_at: latest_restorable(sim, database).map(stamp),
            backup_retention_days: database.backup_days,
            backup_window: Some(database.backup_window.clone()),
            maintenance_window: Some(database.maintenance_window.clone()),
            parameter_group: Some((database.parameter_group.clone(), database.parameters.to_owned())),
            deletion_protection: database.deletion_protection,
            publicly_accessible: database.public,
            replica_of: database.plan.replica_of.clone(),
            created_at: Some(stamp(database.created)),
            pending_modifications: database.pending.clone(),
            tags: tags(&database.tags),
            settings: database.settings.clone(),
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The newest moment that a database can be restored to; logs are kept each five minutes.
pub fn latest_restorable(sim: &Sim, database: &Database) -> Option<Ms> {
    let newest = sim.now - RESTORE_LAG;
    let newest = newest - newest.rem_euclid(5 * MINUTE);
    let kept = database.backup_days > 0 && database.plan.cluster.is_none() && database.status != "creating";
    (kept && newest >= database.restorable_from).then_some(newest)
}

/// The ARN of a DB instance.
pub fn database_arn(sim: &Sim, name: &str) -> String {
    sim.plan.arn("rds", &format!("db:{name}"))
}

fn host(sim: &Sim, name: &str) -> String {
    let account = signal::hex(&[sim.seed, 77], 12);
    format!("{name}.{account}.{}.rds.amazonaws.com", sim.plan.region)
}

fn port(database: &Database) -> u16 {
    database.settings.port.unwrap_or(5432)
}

/// All DB clusters.
pub fn clusters(sim: &Sim) -> Vec<DbCluster> {
    let mut all: Vec<DbCluster> = sim
        .database_clusters
        .iter()
        .map(|cluster| {
            let members: Vec<&Database> = sim
                .database_members(&cluster.name)
                .into_iter()
                .map(|index| &sim.databases[index])
                .collect();
            DbCluster {
                arn: cluster_arn(sim, &cluster.name),
                name: cluster.name.clone(),
                engine: cluster.plan.engine.clone(),
                engine_version: cluster.plan.version.clone(),
                status: cluster.status.to_owned(),
                members: members
                    .iter()
                    .map(|database| (database.name.clone(), database.plan.writer))
                    .collect(),
                multi_az: members.len() > 1,
                latest_restorable_at: latest_restorable_of(sim, cluster).map(stamp),
                backup_retention_days: cluster.backup_days,
                backup_window: Some(cluster.backup_window.clone()),
                serverless_acu: cluster.serverless_acu,
                endpoint: cluster
                    .endpoint
                    .as_ref()
                    .map(|name| host(sim, &format!("{name}.cluster"))),
                deletion_protection: cluster.deletion_protection,
                pending_modifications: cluster.pending.clone(),
                tags: tags(&cluster.tags),
                settings: DbClusterSettings {
                    resource_id: Some(cluster.resource.clone()),
                    ..cluster.settings.clone()
                },
            }
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The ARN of a DB cluster.
pub fn cluster_arn(sim: &Sim, name: &str) -> String {
    sim.plan.arn("rds", &format!("cluster:{name}"))
}

/// The newest moment that a cluster can be restored to.
pub fn latest_restorable_of(sim: &Sim, cluster: &DatabaseCluster) -> Option<Ms> {
    let newest = sim.now - RESTORE_LAG;
    let newest = newest - newest.rem_euclid(5 * MINUTE);
    (cluster.status != "creating" && newest >= cluster.restorable_from).then_some(newest)
}

/// Proxies in front of databases.
pub fn proxies(sim: &Sim) -> Vec<DbProxy> {
    sim.plan
        .database_proxies
        .iter()
        .map(|plan| DbProxy {
            name: plan.name.clone(),
            targets: plan.targets.clone(),
        })
        .collect()
}

/// Backups of a replication group, newest first: those of each day, and those that somebody made.
pub fn cache_snapshots(sim: &Sim, group: &str) -> Vec<CacheSnapshot> {
    let Some(index) = sim
        .plan
        .caches
        .iter()
        .position(|plan| plan.name == group && plan.form == Form::ReplicationGroup)
    else {
        return Vec::new();
    };
    let today = sim.now - sim.now.rem_euclid(DAY);
    let window = 19 * HOUR;
    let daily = (0..=i64::from(sim.plan.caches[index].snapshot_days)).filter_map(|back| {
        let at = today - back * DAY + window;
        let age = sim.now - at;
        let kept = age >= 0 && age <= Ms::from(sim.plan.caches[index].snapshot_days) * DAY;
        let day = stamp(at).to_string();
        kept.then(|| CacheSnapshot {
            name: format!("automatic.{group}-{}-19-00", day.get(..10).unwrap_or_default()),
            source: group.to_owned(),
            status: if age > 5 * MINUTE { "available" } else { "creating" }.to_owned(),
            created_at: Some(stamp(at)),
        })
    });
    let manual = sim.caches[index].snapshots.iter().map(|backup| CacheSnapshot {
        name: backup.name.clone(),
        source: group.to_owned(),
        status: if sim.now >= backup.ready {
            "available"
        } else {
            "creating"
        }
        .to_owned(),
        created_at: Some(stamp(backup.begun)),
    });
    let mut all: Vec<CacheSnapshot> = daily.chain(manual).collect();
    all.sort_by(|a, b| (b.created_at, &b.name).cmp(&(a.created_at, &a.name)));
    all
}

/// All snapshots, newest first: manual ones, and those that the backup windows of the days since
/// have left.
pub fn snapshots(sim: &Sim) -> Vec<DbSnapshot> {
    let mut all: Vec<DbSnapshot> = sim
        .snapshots
        .iter()
        .map(|snapshot| manual(sim, snapshot))
        .collect();
    for database in &sim.databases {
        if database.plan.cluster.is_none() {
            all.extend(automated(sim, database));
        }
    }
    all.extend(
        sim.cluster_snapshots
            .iter()
            .map(|snapshot| manual_of_cluster(sim, snapshot)),
    );
    for cluster in &sim.database_clusters {
        all.extend(automated_of_cluster(sim, cluster));
    }
    all.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
    all
}

fn manual(sim: &Sim, snapshot: &Snapshot) -> DbSnapshot {
    let ready = sim.now >= snapshot.ready;
    let progress = if ready {
        100
    } else if snapshot.ready == Ms::MAX {
        37
    } else {
        let whole = (snapshot.ready - snapshot.begun).max(1);
        u8::try_from((sim.now - snapshot.begun) * 100 / whole).unwrap_or(99)
    };
    DbSnapshot {
        id: snapshot.id.clone(),
        arn: sim.plan.arn("rds", &format!("snapshot:{}", snapshot.id)),
        source: snapshot.source.clone(),
        of_cluster: false,
        snapshot_type: "manual".to_owned(),
        status: if ready { "available" } else { "creating" }.to_owned(),
        percent_progress: Some(progress),
        created_at: Some(stamp(snapshot.begun)),
        storage_gib: snapshot.storage_gib,
        encrypted: true,
        kms_key: Some(sim.database_key()),
    }
}

fn manual_of_cluster(sim: &Sim, snapshot: &ClusterSnapshot) -> DbSnapshot {
    let ready = sim.now >= snapshot.ready;
    DbSnapshot {
        id: snapshot.id.clone(),
        arn: sim.plan.arn("rds", &format!("cluster-snapshot:{}", snapshot.id)),
        source: snapshot.source.clone(),
        of_cluster: true,
        snapshot_type: "manual".to_owned(),
        status: if ready { "available" } else { "creating" }.to_owned(),
        percent_progress: Some(if ready { 100 } else { 10 }),
        created_at: Some(stamp(snapshot.begun)),
        storage_gib: None,
        encrypted: true,
        kms_key: Some(sim.database_key()),
    }
}

fn automated(sim: &Sim, database: &Database) -> Vec<DbSnapshot> {
    daily(
        sim,
        (&database.name, &database.backup_window),
        // What was made before they were switched off, AWS deleted then.
        (
            database.backup_days,
            database.created.max(database.restorable_from),
        ),
        |at, id, ready| DbSnapshot {
            arn: sim.plan.arn("rds", &format!("snapshot:{id}")),
            id,
            source: database.name.clone(),
            of_cluster: false,
            snapshot_type: "automated".to_owned(),
            status: if ready { "available" } else { "creating" }.to_owned(),
            percent_progress: Some(if ready { 100 } else { 60 }),
            created_at: Some(stamp(at)),
            storage_gib: database.storage_gib,
            encrypted: true,
            kms_key: Some(sim.database_key()),
        },
    )
}

fn automated_of_cluster(sim: &Sim, cluster: &DatabaseCluster) -> Vec<DbSnapshot> {
    daily(
        sim,
        (&cluster.name, &cluster.backup_window),
        (cluster.backup_days, cluster.created.max(cluster.restorable_from)),
        |at, id, ready| DbSnapshot {
            arn: sim.plan.arn("rds", &format!("cluster-snapshot:{id}")),
            id,
            source: cluster.name.clone(),
            of_cluster: true,
            snapshot_type: "automated".to_owned(),
            status: if ready { "available" } else { "creating" }.to_owned(),
            percent_progress: Some(if ready { 100 } else { 60 }),
            created_at: Some(stamp(at)),
            storage_gib: None,
            encrypted: true,
            kms_key: Some(sim.database_key()),
        },
    )
}

/// A snapshot for each day that backups are kept, from its time, its id and whether it is there.
fn daily(
    sim: &Sim,
    (name, window): (&str, &str),
    (days, created): (u32, Ms),
    snapshot: impl Fn(Ms, String, bool) -> DbSnapshot,
) -> Vec<DbSnapshot> {
    let Some(window) = window_start(window) else {
        return Vec::new();
    };
    let today = sim.now - sim.now.rem_euclid(DAY);
    (0..=i64::from(days))
        .filter_map(|back| {
            let day = today - back * DAY;
            let at = day + window + signal::below(&sim.key(name, part(day)), 12) * MINUTE;
            let age = sim.now - at;
            if age < 0 || age > Ms::from(days) * DAY || at < created {
                return None;
            }
            let time = stamp(at).to_string();
            let id = format!(
                "rds:{name}-{}-{}-{}",
                time.get(..10)?,
                time.get(11..13)?,
                time.get(14..16)?
            );
            Some(snapshot(at, id, age > 4 * MINUTE))
        })
        .collect()
}

/// When in the day a window `hh24:mi-hh24:mi` begins.
fn window_start(window: &str) -> Option<Ms> {
    let (hours, minutes) = window.split('-').next()?.split_once(':')?;
    Some(hours.parse::<Ms>().ok()? * HOUR + minutes.parse::<Ms>().ok()? * MINUTE)
}

/// Maintenance that AWS will do.
pub fn maintenance(sim: &Sim) -> Vec<PendingMaintenance> {
    sim.databases
        .iter()
        .filter(|_| sim.scenario != Scenario::Quiet)
        .flat_map(|database| {
            database
                .plan
                .maintenance
                .iter()
                .map(|(action, description)| PendingMaintenance {
                    resource: database_arn(sim, &database.name),
                    action: action.clone(),
                    description: Some(description.clone()),
                    auto_applied_after: Some(stamp(sim.epoch + 6 * DAY)),
                    forced_at: None,
                })
        })
        .collect()
}

/// What RDS says happened since then, newest first: what was simulated, and the daily backups.
pub fn database_events(sim: &Sim, since: Ms) -> Vec<StoreEvent> {
    let mut events: Vec<StoreEvent> = sim
        .database_events
        .iter()
        .filter(|event| event.at >= since)
        .map(event)
        .collect();
    for database in sim
        .databases
        .iter()
        .filter(|database| database.plan.cluster.is_none())
    {
        for snapshot in automated(sim, database) {
            let Some(at) = snapshot.created_at else { continue };
            let told = [(0, "Backing up DB instance"), (4, "Finished DB Instance backup")];
            for (after, message) in told {
                let at = at.as_millisecond() + after * MINUTE;
                if at >= since && at <= sim.now {
                    events.push(StoreEvent {
                        source: database.name.clone(),
                        message: message.to_owned(),
                        at: stamp(at),
                    });
                }
            }
        }
    }
    events.sort_by(|a, b| (b.at, &b.source).cmp(&(a.at, &a.source)));
    events
}

/// What `ElastiCache` says happened since then, newest first.
pub fn cache_events(sim: &Sim, since: Ms) -> Vec<StoreEvent> {
    sim.cache_events
        .iter()
        .rev()
        .filter(|event| event.at >= since)
        .map(event)
        .collect()
}

fn event(event: &Event) -> StoreEvent {
    StoreEvent {
        source: event.source.clone(),
        message: event.message.clone(),
        at: stamp(event.at),
    }
}

/// `max_connections` of these parameter groups; groups that are not there are left out.
pub fn connection_limits(sim: &Sim, wanted: &[String]) -> Vec<ConnectionLimit> {
    wanted
        .iter()
        .filter_map(|name| {
            let known = sim.plan.parameter_groups.get(name);
            // The groups of AWS itself always exist, and leave it to the engine.
            let max_connections = match (known, name.starts_with("default.")) {
                (Some(limit), _) => limit.clone(),
                (None, true) => None,
                (None, false) => return None,
            };
            Some(ConnectionLimit {
                parameter_group: name.clone(),
                max_connections,
            })
        })
        .collect()
}

/// The node types that a cache may be changed to.
pub fn cache_node_types(sim: &Sim, nodes: &Nodes) -> Result<NodeTypes, Fault> {
    let index = sim.find_cache(nodes).ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            "elasticache",
            "ListAllowedNodeTypeModifications",
            format!("{} not found.", nodes.name()),
        )
        .with_code(match nodes {
            Nodes::Cluster(_) => "CacheClusterNotFound",
            Nodes::Group(_) => "ReplicationGroupNotFoundFault",
        })
    })?;
    Ok(sim.cache_node_types(index))
}

/// All caches.
pub fn caches(sim: &Sim) -> Vec<Cache> {
    let mut caches: Vec<Cache> = sim
        .plan
        .caches
        .iter()
        .enumerate()
        .map(|(index, plan)| cache(sim, index, plan))
        .collect();
    caches.sort_by(|a, b| a.name.cmp(&b.name));
    caches
}

fn cache(sim: &Sim, index: usize, plan: &CachePlan) -> Cache {
    let state = &sim.caches[index];
    let (form, resource) = match plan.form {
        Form::Cluster => (CacheForm::Cluster, "cluster"),
        Form::ReplicationGroup => (CacheForm::ReplicationGroup, "replicationgroup"),
        Form::Serverless => (CacheForm::Serverless, "serverlesscache"),
    };
    let snapshotting = state.snapshots.iter().any(|backup| backup.ready > sim.now);
    let status = if state.failover.is_some() || state.resize.is_some() {
        "modifying"
    } else if snapshotting {
        "snapshotting"
    } else {
        "available"
    };
    let suffix = match plan.form {
        Form::Cluster => "0001",
        Form::ReplicationGroup if plan.cluster_mode => "clustercfg",
        Form::ReplicationGroup => "ng.0001",
        Form::Serverless => "serverless",
    };
    let short = match sim.plan.region.as_str() {
        "ap-northeast-2" => "apn2",
        _ => "use1",
    };
    let id = signal::hex(&sim.key(&plan.name, 1), 6);
    Cache {
        arn: sim.plan.arn("elasticache", &format!("{resource}:{}", plan.name)),
        name: plan.name.clone(),
        form,
        status: status.to_owned(),
        engine: plan.engine.clone(),
        engine_version: Some(plan.version.clone()),
        node_type: state.node_type.clone(),
        pending_node_type: state.resize.as_ref().and_then(Resize::pending).map(str::to_owned),
        shards: (0..plan.shards as usize)
            .filter(|_| plan.form != Form::Serverless)
            .map(|shard| shard_of(sim, index, shard, status))
            .collect(),
        cluster_mode: plan.cluster_mode,
        automatic_failover: plan.automatic_failover,
        multi_az: plan.multi_az,
        snapshot_retention_days: plan.snapshot_days,
        endpoint: Some(format!("{}.{id}.{suffix}.{short}.cache.amazonaws.com", plan.name)),
    }
}

fn shard_of(sim: &Sim, index: usize, shard: usize, status: &str) -> CacheShard {
    let plan = &sim.plan.caches[index];
    let state = &sim.caches[index];
    let width = 16_384 / plan.shards.max(1) as usize;
    CacheShard {
        id: format!("{:04}", shard + 1),
        status: status.to_owned(),
        slots: plan
            .cluster_mode
            .then(|| format!("{}-{}", shard * width, (shard + 1) * width - 1)),
        nodes: sim
            .cache_nodes(index, shard)
            .into_iter()
            .enumerate()
            .map(|(nth, cluster_id)| CacheNode {
                cluster_id,
                node_id: "0001".to_owned(),
                // With cluster mode AWS does not say.
                role: (plan.form == Form::ReplicationGroup && !plan.cluster_mode).then(|| {
                    if state.primaries.get(shard).copied() == Some(nth as u32) {
                        "primary"
                    } else {
                        "replica"
                    }
                    .to_owned()
                }),
                zone: Some(sim.plan.zone(nth as u64)),
                status: Some("available".to_owned()),
            })
            .collect(),
    }
}

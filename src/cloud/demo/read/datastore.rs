//! RDS and `ElastiCache`: instances, clusters, snapshots, maintenance, events, caches.

use super::super::plan::store::{Cache as CachePlan, Form};
use super::super::plan::tags;
use super::super::selection::Scenario;
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::database::{Database, Event, Snapshot};
use super::super::time::{DAY, HOUR, MINUTE, Ms, part, stamp};
use crate::domain::datastore::{
    Cache, CacheForm, CacheNode, CacheShard, ConnectionLimit, DbCluster, DbInstance, DbSnapshot,
    PendingMaintenance, StoreEvent,
};

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
            backup_window: Some(database.plan.backup_window.clone()),
            maintenance_window: Some(database.plan.maintenance_window.clone()),
            parameter_group: Some((database.parameter_group.clone(), "in-sync".to_owned())),
            deletion_protection: database.deletion_protection,
            publicly_accessible: database.public,
            replica_of: database.plan.replica_of.clone(),
            created_at: Some(stamp(database.created)),
            pending_modifications: database.plan.pending.clone(),
            tags: tags(&database.tags),
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
    if database.plan.engine.contains("mysql") {
        3306
    } else {
        5432
    }
}

/// All DB clusters.
pub fn clusters(sim: &Sim) -> Vec<DbCluster> {
    sim.plan
        .database_clusters
        .iter()
        .map(|plan| {
            let members: Vec<&Database> = sim
                .databases
                .iter()
                .filter(|database| database.plan.cluster.as_deref() == Some(&plan.name))
                .collect();
            let newest = sim.now - RESTORE_LAG;
            DbCluster {
                arn: sim.plan.arn("rds", &format!("cluster:{}", plan.name)),
                name: plan.name.clone(),
                engine: plan.engine.clone(),
                engine_version: plan.version.clone(),
                status: "available".to_owned(),
                members: members
                    .iter()
                    .map(|database| (database.name.clone(), database.plan.writer))
                    .collect(),
                multi_az: members.len() > 1,
                latest_restorable_at: Some(stamp(newest - newest.rem_euclid(5 * MINUTE))),
                backup_retention_days: plan.backup_days,
                backup_window: Some(plan.backup_window.clone()),
                serverless_acu: plan.serverless_acu,
                endpoint: Some(host(sim, &format!("{}.cluster", plan.name))),
                deletion_protection: plan.deletion_protection,
                tags: tags(&plan.tags),
            }
        })
        .collect()
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
    }
}

fn automated(sim: &Sim, database: &Database) -> Vec<DbSnapshot> {
    let Some(window) = window_start(&database.plan.backup_window) else {
        return Vec::new();
    };
    let today = sim.now - sim.now.rem_euclid(DAY);
    (0..=i64::from(database.backup_days))
        .filter_map(|back| {
            let day = today - back * DAY;
            let at = day + window + signal::below(&sim.key(&database.name, part(day)), 12) * MINUTE;
            let age = sim.now - at;
            if age < 0 || age > Ms::from(database.backup_days) * DAY || at < database.created {
                return None;
            }
            let time = stamp(at).to_string();
            let id = format!(
                "rds:{}-{}-{}-{}",
                database.name,
                time.get(..10)?,
                time.get(11..13)?,
                time.get(14..16)?
            );
            let ready = age > 4 * MINUTE;
            Some(DbSnapshot {
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
            })
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
    let status = if state.failover.is_some() {
        "modifying"
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
        node_type: plan.node_type.clone(),
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

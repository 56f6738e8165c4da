//! Metrics of databases, caches and queues.

use super::super::plan::store::Form;
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::cache::FULL_PERCENT;
use super::super::sim::database::Database;
use super::super::time::{MINUTE, Ms, part};
use super::{Gauge, Sample, dimension};
use crate::domain::metric::MetricId;

/// What CloudWatch has of a DB instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseMetric {
    /// Percent.
    Cpu,
    /// Clients.
    Connections,
    /// Bytes.
    FreeableMemory,
    /// Bytes.
    Swap,
    /// Bytes.
    FreeStorage,
    /// Seconds.
    ReplicaLag,
    /// Milliseconds.
    AuroraReplicaLag,
    /// I/Os.
    QueueDepth,
    /// CPU credits.
    Credits,
    /// Seconds.
    ReadLatency,
    /// Seconds.
    WriteLatency,
    /// Per second.
    ReadIops,
    /// Per second.
    WriteIops,
}

/// What CloudWatch has of a node of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheMetric {
    /// Percent of one thread.
    EngineCpu,
    /// Percent.
    Cpu,
    /// Percent of `maxmemory`.
    Memory,
    /// Keys.
    Evictions,
    /// Lookups.
    Hits,
    /// Lookups.
    Misses,
    /// Clients.
    Connections,
    /// Seconds.
    ReplicationLag,
    /// Bytes.
    Bytes,
    /// `ElastiCache` processing units.
    ProcessingUnits,
    /// Commands.
    Throttled,
}

/// What CloudWatch has of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueMetric {
    /// Seconds.
    Age,
    /// Messages.
    Visible,
    /// Messages.
    InFlight,
}

impl DatabaseMetric {
    pub(super) fn named(name: &str, database: &Database) -> Option<Self> {
        let aurora = database.plan.cluster.is_some();
        match name {
            "CPUUtilization" => Some(Self::Cpu),
            "DatabaseConnections" => Some(Self::Connections),
            "FreeableMemory" => Some(Self::FreeableMemory),
            "SwapUsage" => Some(Self::Swap),
            "FreeStorageSpace" if !aurora => Some(Self::FreeStorage),
            "ReplicaLag" if database.plan.replica_of.is_some() => Some(Self::ReplicaLag),
            "AuroraReplicaLag" if aurora && !database.plan.writer => Some(Self::AuroraReplicaLag),
            "DiskQueueDepth" => Some(Self::QueueDepth),
            "CPUCreditBalance" if database.class.starts_with("db.t") => Some(Self::Credits),
            "ReadLatency" => Some(Self::ReadLatency),
            "WriteLatency" => Some(Self::WriteLatency),
            "ReadIOPS" => Some(Self::ReadIops),
            "WriteIOPS" => Some(Self::WriteIops),
            _ => None,
        }
    }
}

impl QueueMetric {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "ApproximateAgeOfOldestMessage" => Some(Self::Age),
            "ApproximateNumberOfMessagesVisible" => Some(Self::Visible),
            "ApproximateNumberOfMessagesNotVisible" => Some(Self::InFlight),
            _ => None,
        }
    }
}

impl Sim {
    pub(super) fn database_sample(&self, name: &str, metric: DatabaseMetric, minute: Ms) -> Option<Sample> {
        let database = &self.databases[self.find_database(name)?];
        let up = self.database_share(Some(name), minute, minute + MINUTE);
        // Nothing is measured before it is there, nor while it is stopped or restarted.
        if minute < database.created || up < 0.2 {
            return None;
        }
        let load = database.load();
        let key = [self.seed, signal::name(name), part(minute)];
        let noise = signal::noise(&key);
        // A copy under another name has no clients.
        let clients = if self.plan.databases.iter().any(|plan| plan.name == name) {
            1.0
        } else {
            0.0
        };
        let demand = self.demand(&load.traffic, minute) * clients;
        let misses = self.cache_pressure(&load.traffic, minute).mul_add(0.55, 1.0);
        let busy = (load.cpu_peak - load.cpu_idle) * demand * misses;
        let cpu = (load.cpu_idle + busy + noise * 1.5).clamp(0.5, 100.0);
        let connections = (load.connections_peak - load.connections_idle)
            .mul_add(demand * misses, load.connections_idle * clients)
            .mul_add(noise.mul_add(0.03, 1.0), 0.0);
        let wait = (cpu / 100.0).powi(3);
        let mib = 1024.0 * 1024.0;
        Some(match metric {
            DatabaseMetric::Cpu => Sample::level(cpu, 0.12),
            DatabaseMetric::Connections => Sample::level((connections * up).round(), 0.0),
            DatabaseMetric::FreeableMemory => {
                let free = load.memory_mib * demand.mul_add(-0.12, 0.34);
                Sample::level((free + noise * 6.0) * mib, 0.01)
            }
            DatabaseMetric::Swap => Sample::level((noise + 2.0) * mib, 0.0),
            DatabaseMetric::FreeStorage => {
                let gib = database.free_gib(minute);
                Sample::level((gib + noise * 0.004).max(0.0) * mib * 1024.0, 0.0005)
            }
            DatabaseMetric::ReplicaLag => Sample::level(noise.abs() * 0.9, 0.5),
            DatabaseMetric::AuroraReplicaLag => Sample::level(noise.abs().mul_add(9.0, 12.0), 0.3),
            DatabaseMetric::QueueDepth => Sample::level(wait * 9.0 + noise.abs() * 0.05, 0.5),
            DatabaseMetric::Credits => {
                let busy = self.lasting_demand(&load.traffic, minute) * clients * misses;
                let over = ((load.cpu_peak - load.cpu_idle).mul_add(busy, load.cpu_idle) - 20.0).max(0.0);
                Sample::level((576.0 - over * 5.5).clamp(20.0, 576.0), 0.0)
            }
            DatabaseMetric::ReadLatency => Sample::level(wait.mul_add(0.02, 0.0007), 0.3),
            DatabaseMetric::WriteLatency => Sample::level(wait.mul_add(0.04, 0.0019), 0.3),
            DatabaseMetric::ReadIops => Sample::level(demand * 210.0 * misses + 3.0, 0.2),
            DatabaseMetric::WriteIops => Sample::level(demand * 160.0 + 5.0, 0.2),
        })
    }

    pub(super) fn resolve_cache(&self, id: &MetricId) -> Option<Gauge> {
        let metric = match id.name.as_str() {
            "EngineCPUUtilization" => CacheMetric::EngineCpu,
            "CPUUtilization" => CacheMetric::Cpu,
            "DatabaseMemoryUsagePercentage" => CacheMetric::Memory,
            "Evictions" => CacheMetric::Evictions,
            "CacheHits" => CacheMetric::Hits,
            "CacheMisses" => CacheMetric::Misses,
            "CurrConnections" => CacheMetric::Connections,
            "ReplicationLag" => CacheMetric::ReplicationLag,
            "BytesUsedForCache" => CacheMetric::Bytes,
            "ElastiCacheProcessingUnits" => CacheMetric::ProcessingUnits,
            "ThrottledCmds" => CacheMetric::Throttled,
            _ => return None,
        };
        for (index, plan) in self.plan.caches.iter().enumerate() {
            if plan.form == Form::Serverless {
                if dimension(id, "clusterId") == Some(&plan.name) {
                    return Some(Gauge::Cache(index, 0, 0, metric));
                }
                continue;
            }
            let serverless_only = matches!(metric, CacheMetric::ProcessingUnits | CacheMetric::Throttled);
            for shard in 0..plan.shards as usize {
                let wanted = dimension(id, "CacheClusterId");
                let nodes = self.cache_nodes(index, shard);
                if let Some(node) = nodes.iter().position(|node| Some(node.as_str()) == wanted)
                    && !serverless_only
                {
                    return Some(Gauge::Cache(index, shard, node, metric));
                }
            }
        }
        None
    }

    pub(super) fn cache_sample(
        &self,
        node: (usize, usize, usize),
        metric: CacheMetric,
        minute: Ms,
    ) -> Option<Sample> {
        let (index, shard, nth) = node;
        let plan = &self.plan.caches[index];
        let cache = &self.caches[index];
        let load = &plan.load;
        let name = signal::name(&plan.name);
        let key = [self.seed, name, part(minute), (shard * 16 + nth) as u64];
        let noise = signal::noise(&key);
        let primary = cache.primaries.get(shard).copied() == Some(nth as u32);
        let share = if primary || plan.form == Form::Serverless {
            1.0
        } else {
            0.35
        };
        let up = cache.up.mean(minute, minute + MINUTE);
        let demand = self.demand(&load.traffic, minute) * up;
        let full = cache.lack(minute);
        let room = cache.room.at(minute);
        let lookups = load.lookups_peak * demand * share * noise.mul_add(0.04, 1.0);
        let hit_rate = load.hit_rate * full.mul_add(-0.42, 1.0);
        let memory = (self.cache_holds(index, minute) / room).min(FULL_PERCENT) + noise * 0.25;
        let cpu = load.cpu_peak * demand * share * full.mul_add(1.1, 1.0) + 1.5 + noise * 0.4;
        Some(match metric {
            CacheMetric::EngineCpu => Sample::level(cpu.clamp(0.2, 100.0), 0.2),
            CacheMetric::Cpu => Sample::level((cpu * 0.7 + 1.0).clamp(0.2, 100.0), 0.2),
            CacheMetric::Memory => Sample::level(memory.clamp(0.0, 100.0), 0.002),
            CacheMetric::Evictions => {
                // Eviction begins when there is no room left.
                let over = ((full - 0.9) * 10.0).clamp(0.0, 1.0);
                Sample::count((over * (2_600.0 * demand + 300.0) * noise.mul_add(0.15, 1.0)).round())
            }
            CacheMetric::Hits => Sample::count((lookups * hit_rate).round()),
            CacheMetric::Misses => Sample::count((lookups * (1.0 - hit_rate)).round()),
            CacheMetric::Connections => {
                Sample::level((load.connections_peak * demand.mul_add(0.5, 0.5)).round(), 0.0)
            }
            CacheMetric::ReplicationLag if primary => return None,
            CacheMetric::ReplicationLag => Sample::level(noise.abs() * 0.4, 0.5),
            CacheMetric::Bytes => Sample::level(memory.max(0.0) / 100.0 * 1.37e9 * room, 0.0),
            CacheMetric::ProcessingUnits => Sample::count((lookups * 1.2).round()),
            CacheMetric::Throttled => Sample::count(0.0),
        })
    }

    /// How much the cache that serves a traffic lacks room: `0.0..=1.0`.
    pub fn cache_pressure(&self, traffic: &str, minute: Ms) -> f64 {
        self.plan
            .caches
            .iter()
            .zip(&self.caches)
            .filter(|(plan, _)| plan.load.traffic == traffic)
            .map(|(_, cache)| cache.lack(minute))
            .fold(0.0, f64::max)
    }

    pub(super) fn queue_sample(&self, index: usize, metric: QueueMetric, minute: Ms) -> Option<Sample> {
        let minute = self.queues[index].minute(minute)?;
        Some(match metric {
            QueueMetric::Age => Sample::level(minute.oldest_s, 0.0),
            QueueMetric::Visible => Sample::level(minute.visible, 0.0),
            QueueMetric::InFlight => Sample::level(minute.in_flight, 0.0),
        })
    }
}

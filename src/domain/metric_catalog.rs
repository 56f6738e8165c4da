//! Which CloudWatch metrics quarterdeck asks for, and of which resources. Rules and panes name a
//! metric here, so that what is drawn and judged is what was asked for. Every metric costs 0.01 USD
//! per thousand requests, however many values come back: what is not judged or drawn is not here.

mod sagemaker;

pub use sagemaker::{endpoint, endpoint_metrics, training, training_metrics};

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::domain::datastore::{Cache, CacheForm, CacheNode, DbInstance};
use crate::domain::distribution::{Distribution, METRIC_REGION};
use crate::domain::ec2::{Instance, NatGateway};
use crate::domain::ecs::Service;
use crate::domain::elb::{self, LoadBalancer, TargetGroup};
use crate::domain::function::Function;
use crate::domain::inventory::ScopeState;
use crate::domain::metric::{MetricGroup, MetricId, MetricSpec, Stat};
use crate::domain::queue::Queue;

/// How densely a metric is asked for, and how far back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// By the minute, three hours.
    Minute,
    /// By five minutes, 26 hours.
    FiveMinutes,
    /// By the hour, a week.
    Hour,
}

/// A metric of a resource family: all of its name but the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    namespace: &'static str,
    name: &'static str,
    stat: Stat,
    resolution: Resolution,
    /// Dimension names; families have one or two.
    dimensions: &'static [&'static str],
}

/// A metric of one resource, by borrowed names: what a rule looks up without copying anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricRef<'a> {
    metric: Metric,
    first: &'a str,
    second: Option<&'a str>,
}

impl Metric {
    const fn new(
        family: (&'static str, &'static [&'static str]),
        name: &'static str,
        stat: Stat,
        resolution: Resolution,
    ) -> Self {
        Self {
            namespace: family.0,
            name,
            stat,
            resolution,
            dimensions: family.1,
        }
    }

    /// CloudWatch's name of the metric.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The metric of the resource whose one dimension has this value.
    pub const fn of<'a>(&self, value: &'a str) -> MetricRef<'a> {
        MetricRef {
            metric: *self,
            first: value,
            second: None,
        }
    }

    /// The metric of the resource whose two dimensions have these values.
    pub const fn of_both<'a>(&self, first: &'a str, second: &'a str) -> MetricRef<'a> {
        MetricRef {
            metric: *self,
            first,
            second: Some(second),
        }
    }
}

impl<'a> MetricRef<'a> {
    /// The same with names of its own.
    pub fn id(&self) -> MetricId {
        MetricId {
            namespace: self.metric.namespace.to_owned(),
            name: self.metric.name.to_owned(),
            dimensions: self
                .dimensions()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            stat: self.metric.stat,
        }
    }

    /// The request for it.
    pub fn spec(&self) -> MetricSpec {
        match self.metric.resolution {
            Resolution::Minute => self.id().by_minute(),
            Resolution::FiveMinutes => self.id().by_five_minutes(),
            Resolution::Hour => self.id().by_hour(),
        }
    }

    /// Whether this is the metric of that name.
    pub fn is(&self, id: &MetricId) -> bool {
        self.metric.stat == id.stat
            && self.metric.name == id.name
            && self.metric.namespace == id.namespace
            && self.dimensions().eq(id
                .dimensions
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// The same for a reference and for the name it refers to, in every process.
    pub fn fingerprint(&self) -> u64 {
        fingerprint(
            self.metric.namespace,
            self.metric.name,
            self.metric.stat,
            self.dimensions(),
        )
    }

    fn dimensions(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let values = std::iter::once(self.first).chain(self.second);
        self.metric.dimensions.iter().copied().zip(values)
    }
}

/// The fingerprint of a full name, equal to that of a [`MetricRef`] to it.
pub fn fingerprint_of(id: &MetricId) -> u64 {
    fingerprint(
        &id.namespace,
        &id.name,
        id.stat,
        id.dimensions
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    )
}

fn fingerprint<'a>(
    namespace: &str,
    name: &str,
    stat: Stat,
    dimensions: impl Iterator<Item = (&'a str, &'a str)>,
) -> u64 {
    let mut hasher = DefaultHasher::new();
    (namespace, name, stat).hash(&mut hasher);
    for dimension in dimensions {
        dimension.hash(&mut hasher);
    }
    hasher.finish()
}

/// ECS services. <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-metrics.html>
pub mod ecs {
    use super::{Metric, Resolution, Stat};

    const FAMILY: (&str, &[&str]) = ("AWS/ECS", &["ClusterName", "ServiceName"]);
    /// CPU used, percent of what the tasks reserve.
    pub const CPU: Metric = Metric::new(FAMILY, "CPUUtilization", Stat::Average, Resolution::Minute);
    /// Memory used, percent of what the tasks reserve.
    pub const MEMORY: Metric = Metric::new(FAMILY, "MemoryUtilization", Stat::Average, Resolution::Minute);
}

/// EC2 instances. <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html>
pub mod ec2 {
    use super::{Metric, Resolution, Stat};

    const FAMILY: (&str, &[&str]) = ("AWS/EC2", &["InstanceId"]);
    /// CPU used, percent.
    pub const CPU: Metric = Metric::new(FAMILY, "CPUUtilization", Stat::Average, Resolution::FiveMinutes);
    /// 1 while the instance's or the host's status check fails.
    pub const STATUS_CHECK: Metric =
        Metric::new(FAMILY, "StatusCheckFailed", Stat::Maximum, Resolution::Minute);
    /// Credits left; a credit is a minute of one vCPU.
    pub const CREDITS: Metric =
        Metric::new(FAMILY, "CPUCreditBalance", Stat::Average, Resolution::FiveMinutes);
    /// I/O credits left of the EBS burst bucket, percent.
    pub const EBS_IO_BALANCE: Metric =
        Metric::new(FAMILY, "EBSIOBalance%", Stat::Minimum, Resolution::FiveMinutes);
    /// Throughput credits left of the EBS burst bucket, percent.
    pub const EBS_BYTE_BALANCE: Metric =
        Metric::new(FAMILY, "EBSByteBalance%", Stat::Minimum, Resolution::FiveMinutes);
}

/// DB instances. <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html>
pub mod rds {
    use super::{Metric, Resolution, Stat};

    const FAMILY: (&str, &[&str]) = ("AWS/RDS", &["DBInstanceIdentifier"]);
    /// CPU used, percent.
    pub const CPU: Metric = Metric::new(FAMILY, "CPUUtilization", Stat::Average, Resolution::Minute);
    /// Client connections.
    pub const CONNECTIONS: Metric =
        Metric::new(FAMILY, "DatabaseConnections", Stat::Maximum, Resolution::Minute);
    /// Memory that is free, bytes.
    pub const FREEABLE_MEMORY: Metric =
        Metric::new(FAMILY, "FreeableMemory", Stat::Average, Resolution::Minute);
    /// Swap used, bytes.
    pub const SWAP: Metric = Metric::new(FAMILY, "SwapUsage", Stat::Average, Resolution::Minute);
    /// Storage that is free, bytes.
    pub const FREE_STORAGE: Metric =
        Metric::new(FAMILY, "FreeStorageSpace", Stat::Average, Resolution::Minute);
    /// Storage that is free, bytes, the least of each hour of the week: its slope.
    pub const FREE_STORAGE_BY_HOUR: Metric =
        Metric::new(FAMILY, "FreeStorageSpace", Stat::Minimum, Resolution::Hour);
    /// How far a read replica is behind, seconds.
    pub const REPLICA_LAG: Metric = Metric::new(FAMILY, "ReplicaLag", Stat::Maximum, Resolution::Minute);
    /// How far an Aurora reader is behind, milliseconds.
    pub const AURORA_REPLICA_LAG: Metric =
        Metric::new(FAMILY, "AuroraReplicaLag", Stat::Maximum, Resolution::Minute);
    /// I/Os that wait.
    pub const QUEUE_DEPTH: Metric = Metric::new(FAMILY, "DiskQueueDepth", Stat::Average, Resolution::Minute);
    /// I/O credits left of a gp2 volume, percent.
    pub const BURST_BALANCE: Metric =
        Metric::new(FAMILY, "BurstBalance", Stat::Minimum, Resolution::FiveMinutes);
    /// CPU credits left of a burstable class.
    pub const CREDITS: Metric =
        Metric::new(FAMILY, "CPUCreditBalance", Stat::Average, Resolution::FiveMinutes);
    /// How long a read takes, seconds.
    pub const READ_LATENCY: Metric = Metric::new(FAMILY, "ReadLatency", Stat::Average, Resolution::Minute);
    /// How long a write takes, seconds.
    pub const WRITE_LATENCY: Metric = Metric::new(FAMILY, "WriteLatency", Stat::Average, Resolution::Minute);
    /// Capacity of an instance of Serverless v2, Aurora capacity units: what it is billed by.
    pub const SERVERLESS_CAPACITY: Metric = Metric::new(
        FAMILY,
        "ServerlessDatabaseCapacity",
        Stat::Average,
        Resolution::Minute,
    );
}

/// Nodes of ElastiCache. <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.html>
pub mod cache {
    use super::{Metric, Resolution, Stat};

    const FAMILY: (&str, &[&str]) = ("AWS/ElastiCache", &["CacheClusterId"]);
    /// CPU used by the engine's one thread, percent.
    pub const ENGINE_CPU: Metric =
        Metric::new(FAMILY, "EngineCPUUtilization", Stat::Average, Resolution::Minute);
    /// CPU used by the node, percent.
    pub const CPU: Metric = Metric::new(FAMILY, "CPUUtilization", Stat::Average, Resolution::Minute);
    /// Memory used of `maxmemory`, percent.
    pub const MEMORY: Metric = Metric::new(
        FAMILY,
        "DatabaseMemoryUsagePercentage",
        Stat::Average,
        Resolution::Minute,
    );
    /// Keys dropped for want of memory, per minute.
    pub const EVICTIONS: Metric = Metric::new(FAMILY, "Evictions", Stat::Sum, Resolution::Minute);
    /// Lookups that found a key, per minute.
    pub const HITS: Metric = Metric::new(FAMILY, "CacheHits", Stat::Sum, Resolution::Minute);
    /// Lookups that found none, per minute.
    pub const MISSES: Metric = Metric::new(FAMILY, "CacheMisses", Stat::Sum, Resolution::Minute);
    /// The same two of Memcached.
    pub const GET_HITS: Metric = Metric::new(FAMILY, "GetHits", Stat::Sum, Resolution::Minute);
    /// Lookups of Memcached that found no key, per minute.
    pub const GET_MISSES: Metric = Metric::new(FAMILY, "GetMisses", Stat::Sum, Resolution::Minute);
    /// Client connections.
    pub const CONNECTIONS: Metric = Metric::new(FAMILY, "CurrConnections", Stat::Maximum, Resolution::Minute);
    /// How far a replica is behind, seconds.
    pub const REPLICATION_LAG: Metric =
        Metric::new(FAMILY, "ReplicationLag", Stat::Maximum, Resolution::Minute);
}

/// Serverless caches. <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/serverless-metrics-events-redis.html>
pub mod serverless_cache {
    use super::{Metric, Resolution, Stat};

    const FAMILY: (&str, &[&str]) = ("AWS/ElastiCache", &["clusterId"]);
    /// Data stored, bytes: what storage is billed by.
    pub const BYTES: Metric = Metric::new(
        FAMILY,
        "BytesUsedForCache",
        Stat::Maximum,
        Resolution::FiveMinutes,
    );
    /// Processing units consumed: what requests are billed by.
    pub const PROCESSING_UNITS: Metric = Metric::new(
        FAMILY,
        "ElastiCacheProcessingUnits",
        Stat::Sum,
        Resolution::FiveMinutes,
    );
    /// Keys dropped for want of memory, per minute.
    pub const EVICTIONS: Metric = Metric::new(FAMILY, "Evictions", Stat::Sum, Resolution::Minute);
    /// Lookups that found a key, per minute.
    pub const HITS: Metric = Metric::new(FAMILY, "CacheHits", Stat::Sum, Resolution::Minute);
    /// Lookups that found none, per minute.
    pub const MISSES: Metric = Metric::new(FAMILY, "CacheMisses", Stat::Sum, Resolution::Minute);
    /// Requests turned away for want of capacity, per minute.
    pub const THROTTLED: Metric = Metric::new(FAMILY, "ThrottledCmds", Stat::Sum, Resolution::Minute);
}

/// Application Load Balancers as a whole.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>
pub mod load_balancer {
    use super::{Metric, Resolution, Stat};

    const FAMILY: (&str, &[&str]) = ("AWS/ApplicationELB", &["LoadBalancer"]);
    /// Requests, per five minutes: also those of yesterday.
    pub const REQUESTS: Metric = Metric::new(FAMILY, "RequestCount", Stat::Sum, Resolution::FiveMinutes);
    /// Answers 5xx that the load balancer gave by itself, per minute; a minute without one has no value.
    pub const OWN_5XX: Metric = Metric::new(FAMILY, "HTTPCode_ELB_5XX_Count", Stat::Sum, Resolution::Minute);
    /// Answers 5xx of the targets, per minute; a minute without one has no value.
    pub const TARGET_5XX: Metric =
        Metric::new(FAMILY, "HTTPCode_Target_5XX_Count", Stat::Sum, Resolution::Minute);
    /// How long targets take to answer, seconds, 95th percentile.
    pub const LATENCY_P95: Metric = Metric::new(FAMILY, "TargetResponseTime", Stat::P95, Resolution::Minute);
    /// Capacity units consumed in an hour: what is billed beside the hour itself.
    pub const CAPACITY_UNITS: Metric = Metric::new(FAMILY, "ConsumedLCUs", Stat::Sum, Resolution::Hour);
}

/// Target groups behind an Application Load Balancer.
pub mod target_group {
    use super::{Metric, Resolution, Stat};

    const FAMILY: (&str, &[&str]) = ("AWS/ApplicationELB", &["TargetGroup", "LoadBalancer"]);
    /// Requests, per minute, as the errors are that are compared with them.
    pub const REQUESTS: Metric = Metric::new(FAMILY, "RequestCount", Stat::Sum, Resolution::Minute);
    /// Answers 5xx, per minute; a minute without one has no value.
    pub const TARGET_5XX: Metric =
        Metric::new(FAMILY, "HTTPCode_Target_5XX_Count", Stat::Sum, Resolution::Minute);
    /// How long targets take to answer, seconds, 95th percentile.
    pub const LATENCY_P95: Metric = Metric::new(FAMILY, "TargetResponseTime", Stat::P95, Resolution::Minute);
    /// Healthy targets, the least of each minute.
    pub const HEALTHY: Metric = Metric::new(FAMILY, "HealthyHostCount", Stat::Minimum, Resolution::Minute);
    /// Unhealthy targets, the most of each minute: since when.
    pub const UNHEALTHY: Metric =
        Metric::new(FAMILY, "UnHealthyHostCount", Stat::Maximum, Resolution::Minute);

    const NETWORK: (&str, &[&str]) = ("AWS/NetworkELB", &["TargetGroup", "LoadBalancer"]);
    /// Healthy targets behind a Network Load Balancer.
    pub const NETWORK_HEALTHY: Metric =
        Metric::new(NETWORK, "HealthyHostCount", Stat::Minimum, Resolution::Minute);
    /// Unhealthy targets behind a Network Load Balancer.
    pub const NETWORK_UNHEALTHY: Metric =
        Metric::new(NETWORK, "UnHealthyHostCount", Stat::Maximum, Resolution::Minute);
}

/// SQS queues. <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>
pub mod queue {
    use super::{Metric, Resolution, Stat};

    const FAMILY: (&str, &[&str]) = ("AWS/SQS", &["QueueName"]);
    /// The age of the oldest message that nobody has deleted, seconds.
    pub const AGE: Metric = Metric::new(
        FAMILY,
        "ApproximateAgeOfOldestMessage",
        Stat::Maximum,
        Resolution::Minute,
    );
    /// Messages waiting.
    pub const VISIBLE: Metric = Metric::new(
        FAMILY,
        "ApproximateNumberOfMessagesVisible",
        Stat::Maximum,
        Resolution::Minute,
    );
}

/// NAT gateways. <https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html>
pub mod nat {
    use super::{Metric, Resolution, Stat};

    const FAMILY: (&str, &[&str]) = ("AWS/NATGateway", &["NatGatewayId"]);
    /// Bytes sent out, per five minutes; billed per gigabyte processed.
    pub const BYTES_OUT: Metric = Metric::new(
        FAMILY,
        "BytesOutToDestination",
        Stat::Sum,
        Resolution::FiveMinutes,
    );
    /// Bytes that came back, per five minutes; billed per gigabyte processed.
    pub const BYTES_IN: Metric = Metric::new(
        FAMILY,
        "BytesInFromDestination",
        Stat::Sum,
        Resolution::FiveMinutes,
    );
    /// Connections that got no port, per five minutes: a gateway has 55,000 for each address and
    /// destination.
    pub const PORT_ERRORS: Metric =
        Metric::new(FAMILY, "ErrorPortAllocation", Stat::Sum, Resolution::FiveMinutes);
}

/// CloudFront, by distribution and the region `Global`, in us-east-1.
pub mod distribution;
pub mod lambda;
pub mod logs;

/// GPU metrics of the CloudWatch agent that panes and rules can use instead of the probe.
pub const AGENT_GPU_METRICS: [&str; 5] = [
    "nvidia_smi_utilization_gpu",
    "nvidia_smi_memory_used",
    "nvidia_smi_memory_total",
    "nvidia_smi_temperature_gpu",
    "nvidia_smi_power_draw",
];

impl MetricGroup {
    /// Whether a health rule reads the group. The others are only drawn, and are asked for only
    /// while somebody looks.
    pub const fn feeds_rules(self) -> bool {
        match self {
            Self::Ec2
            | Self::Rds
            | Self::Redis
            | Self::Elb
            | Self::Queue
            | Self::Nat
            | Self::Distribution
            | Self::Lambda
            | Self::Sagemaker => true,
            Self::Ecs | Self::Gpu | Self::Logs => false,
        }
    }
}

/// Everything to ask for in a group, of the resources that are known now.
pub fn specs(group: MetricGroup, state: &ScopeState) -> Vec<MetricSpec> {
    match group {
        MetricGroup::Ecs => state
            .ecs
            .get()
            .into_iter()
            .flat_map(|fleet| &fleet.services)
            .flat_map(ecs_metrics)
            .collect(),
        MetricGroup::Ec2 => each(state.instances.get(), ec2_metrics),
        MetricGroup::Rds => each(state.db_instances.get(), rds_metrics),
        MetricGroup::Redis => each(state.caches.get(), cache_metrics),
        MetricGroup::Elb => {
            let Some(balancing) = state.balancing.get() else {
                return Vec::new();
            };
            let of_balancers = balancing.load_balancers.iter().flat_map(load_balancer_metrics);
            let of_groups = balancing.target_groups.iter().flat_map(target_group_metrics);
            of_balancers.chain(of_groups).collect()
        }
        MetricGroup::Queue => each(state.queues.get(), queue_metrics),
        MetricGroup::Gpu => agent_gpu_metrics(state),
        MetricGroup::Nat => each(state.nat_gateways.get(), nat_metrics),
        MetricGroup::Sagemaker => {
            let mut specs = each(state.endpoints.get(), endpoint_metrics);
            specs.extend(each(state.training_jobs.get(), training_metrics));
            specs
        }
        MetricGroup::Lambda => state
            .functions
            .get()
            .into_iter()
            .flat_map(|known| &known.functions)
            .flat_map(lambda_metrics)
            .collect(),
        MetricGroup::Distribution => each(state.distributions.get(), distribution_metrics),
        MetricGroup::Logs => log_metrics(state),
    }
}

fn each<T>(resources: Option<&Vec<T>>, metrics: impl Fn(&T) -> Vec<MetricSpec>) -> Vec<MetricSpec> {
    resources.into_iter().flatten().flat_map(metrics).collect()
}

fn specs_of(metrics: &[Metric], value: &str) -> Vec<MetricSpec> {
    metrics.iter().map(|metric| metric.of(value).spec()).collect()
}

/// CPU and memory of a service that has tasks.
pub fn ecs_metrics(service: &Service) -> Vec<MetricSpec> {
    if service.desired == 0 && service.running == 0 {
        return Vec::new();
    }
    [ecs::CPU, ecs::MEMORY]
        .iter()
        .map(|metric| metric.of_both(&service.cluster, &service.name).spec())
        .collect()
}

/// Status check, CPU, and what runs out, of an instance that runs.
pub fn ec2_metrics(instance: &Instance) -> Vec<MetricSpec> {
    if !instance.is_running() {
        return Vec::new();
    }
    let mut metrics = vec![ec2::STATUS_CHECK, ec2::CPU];
    if is_burstable(&instance.instance_type) {
        metrics.push(ec2::CREDITS);
    }
    if has_ebs_burst(&instance.instance_type) {
        metrics.extend([ec2::EBS_IO_BALANCE, ec2::EBS_BYTE_BALANCE]);
    }
    specs_of(&metrics, &instance.id)
}

/// What the engine and the storage of a DB instance publish.
pub fn rds_metrics(db: &DbInstance) -> Vec<MetricSpec> {
    if db.status == "stopped" {
        return Vec::new();
    }
    let mut metrics = vec![
        rds::CPU,
        rds::CONNECTIONS,
        rds::FREEABLE_MEMORY,
        rds::SWAP,
        rds::READ_LATENCY,
        rds::WRITE_LATENCY,
        rds::QUEUE_DEPTH,
    ];
    if is_aurora(db) {
        metrics.push(rds::AURORA_REPLICA_LAG);
    } else {
        metrics.extend([rds::FREE_STORAGE, rds::FREE_STORAGE_BY_HOUR]);
    }
    if db.replica_of.is_some() {
        metrics.push(rds::REPLICA_LAG);
    }
    if db.storage_type.as_deref() == Some("gp2") {
        metrics.push(rds::BURST_BALANCE);
    }
    if is_burstable(&db.class) {
        metrics.push(rds::CREDITS);
    }
    if db.class == SERVERLESS {
        metrics.push(rds::SERVERLESS_CAPACITY);
    }
    specs_of(&metrics, &db.name)
}

/// What each node of a cache publishes, or a serverless cache as a whole.
pub fn cache_metrics(cache: &Cache) -> Vec<MetricSpec> {
    match cache.form {
        CacheForm::Serverless => specs_of(
            &[
                serverless_cache::BYTES,
                serverless_cache::PROCESSING_UNITS,
                serverless_cache::EVICTIONS,
                serverless_cache::HITS,
                serverless_cache::MISSES,
                serverless_cache::THROTTLED,
            ],
            &cache.name,
        ),
        CacheForm::Cluster | CacheForm::ReplicationGroup => {
            let nodes: BTreeSet<&str> = nodes(cache).map(|node| node.cluster_id.as_str()).collect();
            let replicas: BTreeSet<&str> = nodes_that_may_lag(cache).collect();
            nodes
                .into_iter()
                .flat_map(|cluster| {
                    let mut metrics = node_metrics(cache).to_vec();
                    if replicas.contains(cluster) {
                        metrics.push(cache::REPLICATION_LAG);
                    }
                    specs_of(&metrics, cluster)
                })
                .collect()
        }
    }
}

/// All nodes of a cache.
pub fn nodes(cache: &Cache) -> impl Iterator<Item = &CacheNode> {
    cache.shards.iter().flat_map(|shard| &shard.nodes)
}

/// Nodes that are replicas, or may be one where AWS does not say.
fn nodes_that_may_lag(cache: &Cache) -> impl Iterator<Item = &str> {
    cache
        .shards
        .iter()
        .filter(|shard| shard.nodes.len() > 1)
        .flat_map(|shard| &shard.nodes)
        .filter(|node| node.role.as_deref() != Some("primary"))
        .map(|node| node.cluster_id.as_str())
}

fn node_metrics(cache: &Cache) -> &'static [Metric] {
    if cache.engine == "memcached" {
        &[
            cache::CPU,
            cache::EVICTIONS,
            cache::GET_HITS,
            cache::GET_MISSES,
            cache::CONNECTIONS,
        ]
    } else {
        &[
            cache::ENGINE_CPU,
            cache::CPU,
            cache::MEMORY,
            cache::EVICTIONS,
            cache::HITS,
            cache::MISSES,
            cache::CONNECTIONS,
        ]
    }
}

/// Requests, errors and latency of an Application Load Balancer.
pub fn load_balancer_metrics(balancer: &LoadBalancer) -> Vec<MetricSpec> {
    match elb::load_balancer_dimension(&balancer.arn) {
        Some(dimension) if balancer.form == "application" => specs_of(
            &[
                load_balancer::REQUESTS,
                load_balancer::OWN_5XX,
                load_balancer::TARGET_5XX,
                load_balancer::LATENCY_P95,
                load_balancer::CAPACITY_UNITS,
            ],
            dimension,
        ),
        Some(_) | None => Vec::new(),
    }
}

/// Requests, errors, latency and host counts of a target group, for each load balancer it is behind.
pub fn target_group_metrics(group: &TargetGroup) -> Vec<MetricSpec> {
    target_group_dimensions(group)
        .flat_map(|(target_group, balancer)| {
            let metrics: &[Metric] = if balancer.starts_with("app/") {
                &[
                    target_group::REQUESTS,
                    target_group::TARGET_5XX,
                    target_group::LATENCY_P95,
                    target_group::HEALTHY,
                    target_group::UNHEALTHY,
                ]
            } else if balancer.starts_with("net/") {
                &[target_group::NETWORK_HEALTHY, target_group::NETWORK_UNHEALTHY]
            } else {
                &[]
            };
            metrics
                .iter()
                .map(|metric| metric.of_both(target_group, balancer).spec())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Values of the dimensions `TargetGroup` and `LoadBalancer`, once per load balancer in front.
pub fn target_group_dimensions(group: &TargetGroup) -> impl Iterator<Item = (&str, &str)> {
    group.load_balancers.iter().filter_map(|balancer| {
        Some((
            elb::target_group_dimension(&group.arn)?,
            elb::load_balancer_dimension(balancer)?,
        ))
    })
}

/// Age and depth of a queue.
pub fn queue_metrics(queue: &Queue) -> Vec<MetricSpec> {
    specs_of(&[queue::AGE, queue::VISIBLE], &queue.name)
}

/// Traffic of a NAT gateway that is there.
pub fn nat_metrics(gateway: &NatGateway) -> Vec<MetricSpec> {
    if gateway.state == "available" {
        specs_of(&[nat::BYTES_OUT, nat::BYTES_IN, nat::PORT_ERRORS], &gateway.id)
    } else {
        Vec::new()
    }
}

/// What a function publishes; of what it does not have, such as a dead-letter queue, nothing is asked.
pub fn lambda_metrics(function: &Function) -> Vec<MetricSpec> {
    let mut metrics = vec![
        lambda::INVOCATIONS,
        lambda::ERRORS,
        lambda::THROTTLES,
        lambda::DURATION_P95,
        lambda::DURATION_MAX,
        lambda::CONCURRENT,
    ];
    if function.dead_letter.is_some() {
        metrics.push(lambda::DEAD_LETTER_ERRORS);
    }
    if function.on_failure.is_some() {
        metrics.push(lambda::DESTINATION_FAILURES);
    }
    if function.reads_streams() {
        metrics.push(lambda::ITERATOR_AGE);
    }
    specs_of(&metrics, &function.name)
}

/// Requests, errors and cache hits of a distribution.
pub fn distribution_metrics(distribution: &Distribution) -> Vec<MetricSpec> {
    [
        distribution::REQUESTS,
        distribution::BYTES,
        distribution::ERRORS_4XX,
        distribution::ERRORS_5XX,
        distribution::HIT_RATE,
    ]
    .iter()
    .map(|metric| metric.of_both(&distribution.id, METRIC_REGION).spec())
    .collect()
}

/// Of so many log groups the bytes that they take in are asked for: the largest, since each is paid for.
const MOST_LOG_GROUPS: usize = 100;

/// Bytes taken in by the largest log groups. Other classes than the standard one have prices of their own.
fn log_metrics(state: &ScopeState) -> Vec<MetricSpec> {
    let groups = state.log_groups.get().into_iter().flatten();
    let mut groups: Vec<_> = groups
        .filter(|group| group.class.as_deref().is_none_or(|class| class == "STANDARD"))
        .collect();
    groups.sort_by(|a, b| {
        b.stored_bytes
            .cmp(&a.stored_bytes)
            .then_with(|| a.name.cmp(&b.name))
    });
    let largest = groups.into_iter().take(MOST_LOG_GROUPS);
    largest
        .map(|group| logs::INCOMING_BYTES.of(&group.name).spec())
        .collect()
}

/// GPU metrics that the CloudWatch agent publishes.
fn agent_gpu_metrics(state: &ScopeState) -> Vec<MetricSpec> {
    state
        .gpu_metric_list
        .get()
        .into_iter()
        .flatten()
        .filter(|id| AGENT_GPU_METRICS.contains(&id.name.as_str()))
        .map(|id| {
            MetricId {
                stat: Stat::Average,
                ..id.clone()
            }
            .by_minute()
        })
        .collect()
}

/// Whether the class earns and spends CPU credits: `t3.medium`, `db.t4g.small`, `cache.t4g.micro`.
pub fn is_burstable(class: &str) -> bool {
    let family = class
        .strip_prefix("db.")
        .or_else(|| class.strip_prefix("cache."))
        .unwrap_or(class);
    family
        .strip_prefix('t')
        .and_then(|rest| rest.chars().next())
        .is_some_and(|digit| digit.is_ascii_digit())
}

/// Whether the type can have an EBS burst bucket: up to 4xlarge; larger ones always have their best.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ebs-optimized.html>
fn has_ebs_burst(instance_type: &str) -> bool {
    instance_type.rsplit_once('.').is_some_and(|(_, size)| {
        matches!(
            size,
            "nano" | "micro" | "small" | "medium" | "large" | "xlarge" | "2xlarge" | "4xlarge"
        )
    })
}

/// The class of Aurora instances whose capacity follows the load.
pub const SERVERLESS: &str = "db.serverless";

/// Whether storage is the cluster's and not the instance's.
pub fn is_aurora(db: &DbInstance) -> bool {
    db.engine.starts_with("aurora")
}

#[cfg(test)]
mod tests;

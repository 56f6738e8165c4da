//! CloudWatch's metrics of a world: each minute's value is computed when somebody asks, from
//! demand, from noise, and from what is remembered of the simulation. Longer periods are made of
//! the same minutes.

mod calls;
mod edge;
mod host;
mod models;
mod serving;
mod store;

use super::signal;
use super::sim::Sim;
use super::time::{MINUTE, Ms, SECOND, minute_of, part, stamp};
use crate::domain::metric::{MetricId, MetricSpec, Series, Stat};
pub use calls::CallMetric;
pub use edge::DistributionMetric;
pub use host::{HostMetric, cards};
pub use models::{EndpointMetric, TrainingMetric};
pub use serving::ElbMetric;
pub use store::{CacheMetric, DatabaseMetric, QueueMetric};

/// A metric that exists, found once and then asked for many minutes.
#[derive(Debug, Clone, PartialEq)]
pub enum Gauge {
    /// CPU of a service.
    ServiceCpu(usize),
    /// Memory of a service.
    ServiceMemory(usize),
    /// An EC2 instance, by id.
    Host(String, HostMetric),
    /// CPU of a whole Auto Scaling group.
    GroupCpu(usize),
    /// A card of an instance, as the CloudWatch agent reports it.
    Card(String, CardMetric),
    /// A DB instance, by name.
    Database(String, DatabaseMetric),
    /// A node of a cache: cache, shard and node.
    Cache(usize, usize, usize, CacheMetric),
    /// Target groups, one or all of a load balancer.
    Balanced(Vec<String>, ElbMetric),
    /// A queue.
    Queue(usize, QueueMetric),
    /// A NAT gateway: bytes out, or in.
    Nat(usize, NatMetric),
    /// A variant of an endpoint, by their places in the plan.
    Endpoint(usize, usize, EndpointMetric),
    /// The first host of a training job.
    Training(usize, TrainingMetric),
    /// A Lambda function, or one of its versions.
    Function(usize, Option<String>, CallMetric),
    /// A distribution.
    Distribution(usize, DistributionMetric),
    /// Bytes that a log group takes in, by its place in the plan.
    Ingestion(usize),
}

/// What the CloudWatch agent reports of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardMetric {
    /// Percent.
    Utilisation,
    /// MiB.
    MemoryUsed,
    /// MiB.
    MemoryTotal,
    /// Degrees Celsius.
    Temperature,
    /// Watts.
    Power,
}

/// What CloudWatch has of a NAT gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NatMetric {
    /// Bytes sent out.
    Out,
    /// Bytes that came back.
    In,
    /// Ports that could not be had.
    PortErrors,
}

/// What CloudWatch keeps of the samples of a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    average: f64,
    minimum: f64,
    maximum: f64,
    sum: f64,
    count: f64,
    p95: f64,
    p99: f64,
}

impl Sample {
    /// A level, sampled once, that swung by this share of itself.
    pub const fn level(value: f64, swing: f64) -> Self {
        Self {
            average: value,
            minimum: value * (1.0 - swing),
            maximum: value * (1.0 + swing),
            sum: value,
            count: 1.0,
            p95: value * (1.0 + swing),
            p99: value * (1.0 + swing),
        }
    }

    /// Something counted.
    pub const fn count(value: f64) -> Self {
        Self {
            average: value,
            minimum: value,
            maximum: value,
            sum: value,
            count: 1.0,
            p95: value,
            p99: value,
        }
    }

    /// A level with its own least and most.
    pub const fn between(value: f64, low: f64, high: f64) -> Self {
        Self {
            average: value,
            minimum: low,
            maximum: high,
            sum: value,
            count: 1.0,
            p95: high,
            p99: high,
        }
    }

    /// Times of many requests.
    pub const fn times(mean: f64, count: f64) -> Self {
        Self {
            average: mean,
            minimum: mean * 0.2,
            maximum: mean * 7.0,
            sum: mean * count,
            count,
            p95: mean * 2.6,
            p99: mean * 4.4,
        }
    }

    /// Times of many requests, of which none takes longer than `limit`: it is ended then.
    pub fn times_within(mean: f64, count: f64, limit: f64) -> Self {
        let times = Self::times(mean, count);
        let average = times.average.min(limit);
        Self {
            average,
            minimum: times.minimum.min(limit),
            maximum: times.maximum.min(limit),
            sum: average * count,
            p95: times.p95.min(limit),
            p99: times.p99.min(limit),
            ..times
        }
    }

    /// The share of such requests that would take longer than `limit`.
    pub fn share_over(mean: f64, limit: f64) -> f64 {
        let times = Self::times(mean, 1.0);
        if times.maximum <= limit {
            0.0
        } else if times.p99 <= limit {
            0.005
        } else if times.p95 <= limit {
            0.03
        } else if times.average <= limit {
            0.25
        } else {
            1.0
        }
    }

    const fn of(&self, stat: Stat) -> f64 {
        match stat {
            Stat::Average => self.average,
            Stat::Sum => self.sum,
            Stat::Minimum => self.minimum,
            Stat::Maximum => self.maximum,
            Stat::SampleCount => self.count,
            Stat::P95 => self.p95,
            Stat::P99 => self.p99,
        }
    }
}

impl Gauge {
    /// How far apart its values are.
    const fn step(&self) -> Ms {
        match self {
            Self::Host(_, metric) => metric.step(),
            Self::Database(_, DatabaseMetric::Credits) | Self::Ingestion(_) => 5 * MINUTE,
            _ => MINUTE,
        }
    }
}

impl Sim {
    /// Finds a metric by its identity.
    pub fn resolve(&self, id: &MetricId) -> Option<Gauge> {
        match id.namespace.as_str() {
            "AWS/ECS" => {
                let service =
                    self.find_service(dimension(id, "ClusterName")?, dimension(id, "ServiceName")?)?;
                match id.name.as_str() {
                    "CPUUtilization" => Some(Gauge::ServiceCpu(service)),
                    "MemoryUtilization" => Some(Gauge::ServiceMemory(service)),
                    _ => None,
                }
            }
            "AWS/EC2" => match dimension(id, "AutoScalingGroupName") {
                Some(group) if id.name == "CPUUtilization" => self.find_group(group).map(Gauge::GroupCpu),
                Some(_) => None,
                None => {
                    let instance = self.instances.get(dimension(id, "InstanceId")?)?;
                    let metric = HostMetric::named(&id.name, &instance.kind)?;
                    Some(Gauge::Host(instance.id.clone(), metric))
                }
            },
            "CWAgent" => {
                let instance = self.instances.get(dimension(id, "InstanceId")?)?;
                let metric = match id.name.as_str() {
                    "nvidia_smi_utilization_gpu" => CardMetric::Utilisation,
                    "nvidia_smi_memory_used" => CardMetric::MemoryUsed,
                    "nvidia_smi_memory_total" => CardMetric::MemoryTotal,
                    "nvidia_smi_temperature_gpu" => CardMetric::Temperature,
                    "nvidia_smi_power_draw" => CardMetric::Power,
                    _ => return None,
                };
                self.has_cloudwatch_agent(instance)
                    .then(|| Gauge::Card(instance.id.clone(), metric))
            }
            "AWS/RDS" => {
                let name = dimension(id, "DBInstanceIdentifier")?;
                let database = &self.databases[self.find_database(name)?];
                let metric = DatabaseMetric::named(&id.name, database)?;
                Some(Gauge::Database(name.to_owned(), metric))
            }
            "AWS/ElastiCache" => self.resolve_cache(id),
            "AWS/ApplicationELB" => self.resolve_balanced(id),
            "AWS/SQS" => {
                let queue = self.find_queue(dimension(id, "QueueName")?)?;
                Some(Gauge::Queue(queue, QueueMetric::named(&id.name)?))
            }
            "AWS/NATGateway" => {
                let wanted = dimension(id, "NatGatewayId")?;
                let index = (0..self.plan.nat_gateways.len()).find(|index| self.nat_id(*index) == wanted)?;
                let metric = match id.name.as_str() {
                    "BytesOutToDestination" => NatMetric::Out,
                    "BytesInFromDestination" => NatMetric::In,
                    "ErrorPortAllocation" => NatMetric::PortErrors,
                    _ => return None,
                };
                Some(Gauge::Nat(index, metric))
            }
            "AWS/SageMaker" | "/aws/sagemaker/Endpoints" => self.resolve_endpoint(id),
            "/aws/sagemaker/TrainingJobs" => self.resolve_training(id),
            "AWS/Lambda" => self.resolve_function(id),
            "AWS/CloudFront" => {
                let index = self.find_distribution(dimension(id, "DistributionId")?)?;
                Some(Gauge::Distribution(index, DistributionMetric::named(&id.name)?))
            }
            "AWS/Logs" if id.name == "IncomingBytes" => {
                let wanted = dimension(id, "LogGroupName")?;
                let mut groups = self.plan.log_groups.iter();
                groups
                    .position(|group| group.name == wanted)
                    .map(Gauge::Ingestion)
            }
            // What a metric filter makes of the application's log: as many as requests that failed.
            _ if id.name == "AppErrors" => Some(Gauge::Balanced(
                self.targets.keys().cloned().collect(),
                ElbMetric::Target5xx,
            )),
            _ => None,
        }
    }

    /// What was sampled in a minute, or in the five minutes that begin with it.
    pub fn sample(&self, gauge: &Gauge, minute: Ms) -> Option<Sample> {
        match gauge {
            Gauge::ServiceCpu(service) => self.service_cpu(*service, minute),
            Gauge::ServiceMemory(service) => self.service_memory(*service, minute),
            Gauge::GroupCpu(group) => self.group_cpu(*group, minute).map(|cpu| Sample::level(cpu, 0.15)),
            Gauge::Host(id, metric) => self.host_sample(id, *metric, minute),
            Gauge::Card(id, metric) => self.card_sample(id, *metric, minute),
            Gauge::Database(name, metric) => self.database_sample(name, *metric, minute),
            Gauge::Cache(cache, shard, node, metric) => {
                self.cache_sample((*cache, *shard, *node), *metric, minute)
            }
            Gauge::Balanced(groups, metric) => self.balanced_sample(groups, *metric, minute),
            Gauge::Queue(queue, metric) => self.queue_sample(*queue, *metric, minute),
            Gauge::Nat(index, metric) => Some(self.nat_sample(*index, *metric, minute)),
            Gauge::Endpoint(index, variant, metric) => {
                self.endpoint_sample((*index, *variant), *metric, minute)
            }
            Gauge::Training(index, metric) => self.training_sample(*index, *metric, minute),
            Gauge::Function(index, version, metric) => {
                self.function_sample(*index, version.as_deref(), *metric, minute)
            }
            Gauge::Distribution(index, metric) => self.distribution_sample(*index, *metric, minute),
            Gauge::Ingestion(index) => Some(self.ingested(*index, minute)),
        }
    }

    /// Bytes that a log group takes in in five minutes: what it keeps came in while it is kept.
    fn ingested(&self, index: usize, minute: Ms) -> Sample {
        /// For so many days a group that keeps everything has been there.
        const KEPT_DAYS: u32 = 300;
        /// The mean of a day's demand.
        const MEAN: f64 = 0.55;
        let plan = &self.plan.log_groups[index];
        let days = f64::from(plan.days.unwrap_or(KEPT_DAYS).max(1));
        let each = plan.stored_mib as f64 * 1_048_576.0 / days / 288.0;
        let demand = plan
            .traffic
            .as_ref()
            .map_or(MEAN, |traffic| self.demand(traffic, minute));
        let noise = signal::noise(&[self.seed, signal::name(&plan.name), part(minute), 17]);
        Sample::count((each * demand / MEAN * noise.mul_add(0.1, 1.0)).round())
    }

    /// A statistic over `from..to`; `None` without a sample.
    pub fn aggregate(&self, gauge: &Gauge, stat: Stat, from: Ms, to: Ms) -> Option<f64> {
        let step = gauge.step();
        let mut minute = from + (-from).rem_euclid(step);
        let mut all: Option<(f64, f64)> = None;
        while minute < to {
            if let Some(sample) = self.sample(gauge, minute) {
                let value = sample.of(stat);
                all = Some(match (all, stat) {
                    (None, _) => (value, 1.0),
                    (Some((so_far, count)), Stat::Minimum) => (so_far.min(value), count),
                    (Some((so_far, count)), Stat::Maximum) => (so_far.max(value), count),
                    (Some((so_far, count)), Stat::Sum | Stat::SampleCount) => (so_far + value, count),
                    // Percentiles of minutes are averaged: close enough for a simulation.
                    (Some((so_far, count)), Stat::Average | Stat::P95 | Stat::P99) => {
                        (so_far + value, count + 1.0)
                    }
                });
            }
            minute += step;
        }
        all.map(|(value, count)| value / count)
    }

    /// The values of a metric up to now.
    pub fn series(&self, spec: &MetricSpec) -> Series {
        let mut series = Series {
            period_s: spec.period_s,
            ..Series::default()
        };
        let Some(gauge) = self.resolve(&spec.id) else {
            return series;
        };
        let period = Ms::from(spec.period_s.max(60)) * SECOND;
        let until = self.published(&gauge);
        let from = self.now - Ms::from(spec.lookback_s) * SECOND;
        let mut start = from - from.rem_euclid(period);
        // A period that still runs would look like a fall.
        while start + period <= until {
            if let Some(value) = self.aggregate(&gauge, spec.id.stat, start, start + period) {
                series.points.push((stamp(start), value));
            }
            start += period;
        }
        series
    }

    /// Until when a metric has values: CloudWatch is one to two minutes behind.
    fn published(&self, gauge: &Gauge) -> Ms {
        let name = match gauge {
            Gauge::Host(name, _) | Gauge::Card(name, _) | Gauge::Database(name, _) => signal::name(name),
            Gauge::Balanced(names, _) => names.iter().fold(0, |all, name| all ^ signal::name(name)),
            Gauge::ServiceCpu(index)
            | Gauge::ServiceMemory(index)
            | Gauge::GroupCpu(index)
            | Gauge::Cache(index, ..)
            | Gauge::Queue(index, _)
            | Gauge::Nat(index, _)
            | Gauge::Endpoint(index, ..)
            | Gauge::Training(index, _)
            | Gauge::Distribution(index, _)
            | Gauge::Ingestion(index)
            | Gauge::Function(index, ..) => *index as u64,
        };
        let lag = 25 + signal::below(&[self.seed, name], 35);
        let until = minute_of(self.now - lag * SECOND);
        until - until.rem_euclid(gauge.step())
    }
}

/// The value of a dimension.
pub fn dimension<'a>(id: &'a MetricId, name: &str) -> Option<&'a str> {
    id.dimensions
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

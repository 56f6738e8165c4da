//! CloudWatch metrics: which one, at what resolution, and its values.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// One metric with one statistic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MetricId {
    /// The namespace, such as `AWS/RDS`.
    pub namespace: String,
    /// The metric's name.
    pub name: String,
    /// Its dimensions, in the order of the namespace's documentation.
    pub dimensions: Vec<(String, String)>,
    /// The statistic.
    pub stat: Stat,
}

/// A statistic of CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stat {
    /// The mean.
    Average,
    /// The sum over the period.
    Sum,
    /// The smallest sample.
    Minimum,
    /// The largest sample.
    Maximum,
    /// How many samples there were.
    SampleCount,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
}

impl Stat {
    /// CloudWatch's own word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Average => "Average",
            Self::Sum => "Sum",
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
            Self::SampleCount => "SampleCount",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }
}

/// A metric and how much of it is wanted. A longer range in one call costs the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MetricSpec {
    /// Which.
    pub id: MetricId,
    /// Seconds per value: 60, 300 or 3,600.
    pub period_s: u32,
    /// How far back, seconds.
    pub lookback_s: u32,
}

impl MetricId {
    /// Names a metric.
    pub fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)], stat: Stat) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            stat,
        }
    }

    /// The last three hours by the minute.
    pub fn by_minute(self) -> MetricSpec {
        MetricSpec {
            id: self,
            period_s: 60,
            lookback_s: 3 * 3600,
        }
    }

    /// A little over a day by five minutes: enough for the same hour yesterday.
    pub fn by_five_minutes(self) -> MetricSpec {
        MetricSpec {
            id: self,
            period_s: 300,
            lookback_s: 26 * 3600,
        }
    }

    /// A week by the hour: enough for a slope.
    pub fn by_hour(self) -> MetricSpec {
        MetricSpec {
            id: self,
            period_s: 3600,
            lookback_s: 7 * 86_400,
        }
    }
}

/// The values of one metric, oldest first. A minute without a sample has no point; it is not zero.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Seconds per value.
    pub period_s: u32,
    /// Values with the start of their period.
    pub points: Vec<(Timestamp, f64)>,
    /// Whether CloudWatch said that more exists than it gave, or refused this metric.
    pub partial: bool,
}

impl Series {
    /// The newest value, if it is not older than `max_age`; CloudWatch lags by one to three minutes.
    pub fn latest(&self, now: Timestamp, max_age: SignedDuration) -> Option<f64> {
        self.points
            .last()
            .filter(|(at, _)| now.duration_since(*at) <= max_age)
            .map(|(_, value)| *value)
    }

    /// The newest value within ten minutes, or three periods where these are longer.
    pub fn recent(&self, now: Timestamp) -> Option<f64> {
        self.latest(
            now,
            SignedDuration::from_secs((i64::from(self.period_s) * 3).max(600)),
        )
    }

    /// Values whose period starts in `from..to`.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> impl DoubleEndedIterator<Item = f64> + '_ {
        self.points
            .iter()
            .filter(move |(at, _)| *at >= from && *at < to)
            .map(|(_, value)| *value)
    }

    /// The mean over the last `span`, if there is any value in it.
    pub fn mean_over(&self, now: Timestamp, span: SignedDuration) -> Option<f64> {
        let (sum, count) = self
            .between(now - span, now)
            .fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    }

    /// The change per day, by least squares over all points; `None` with fewer than two.
    pub fn slope_per_day(&self) -> Option<f64> {
        let count = self.points.len() as f64;
        let (first, _) = *self.points.first()?;
        if self.points.len() < 2 {
            return None;
        }
        let day = |at: Timestamp| at.duration_since(first).as_secs_f64() / 86_400.0;
        let mean_x = self.points.iter().map(|(at, _)| day(*at)).sum::<f64>() / count;
        let mean_y = self.points.iter().map(|(_, value)| value).sum::<f64>() / count;
        let (mut covariance, mut variance) = (0.0, 0.0);
        for (at, value) in &self.points {
            let x = day(*at) - mean_x;
            covariance += x * (value - mean_y);
            variance += x * x;
        }
        (variance > 0.0).then(|| covariance / variance)
    }
}

/// Which resources a batch of metrics is of: each batch has its own cadence and freshness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetricGroup {
    /// ECS services: CPU and memory.
    Ecs,
    /// EC2 instances: CPU credits, status checks, EBS balance.
    Ec2,
    /// RDS.
    Rds,
    /// ElastiCache.
    Redis,
    /// Load balancers and target groups: customer impact.
    Elb,
    /// SQS: the age of the oldest message.
    Queue,
    /// GPU metrics that the CloudWatch agent publishes.
    Gpu,
    /// NAT gateways: bytes.
    Nat,
    /// SageMaker endpoints and training jobs.
    Sagemaker,
    /// Lambda functions.
    Lambda,
    /// CloudFront: requests, errors, cache hits. Of the account, in us-east-1.
    Distribution,
    /// Log groups: bytes taken in, for what could be saved.
    Logs,
}

impl MetricGroup {
    /// Every group.
    pub const ALL: &'static [Self] = &[
        Self::Ecs,
        Self::Ec2,
        Self::Rds,
        Self::Redis,
        Self::Elb,
        Self::Queue,
        Self::Gpu,
        Self::Nat,
        Self::Sagemaker,
        Self::Lambda,
        Self::Distribution,
        Self::Logs,
    ];

    /// The group's short name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::Ec2 => "ec2",
            Self::Rds => "rds",
            Self::Redis => "redis",
            Self::Elb => "elb",
            Self::Queue => "queue",
            Self::Gpu => "gpu",
            Self::Nat => "nat",
            Self::Sagemaker => "sagemaker",
            Self::Lambda => "lambda",
            Self::Distribution => "distribution",
            Self::Logs => "logs",
        }
    }
}

//! Lambda functions, and what Application Auto Scaling moves.

use std::collections::BTreeMap;

use crate::headless::moment;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// A Lambda function.
#[derive(Debug, Clone, Serialize)]
pub struct Lambda {
    /// `python3.13`, …; `None` of container images.
    pub runtime: Option<String>,
    /// When AWS deprecates the runtime; `None` if that is not known.
    pub runtime_until: Option<Date>,
    /// Memory, MiB.
    pub memory_mib: Option<u32>,
    /// The timeout, seconds.
    pub timeout_s: Option<u32>,
    /// When code or configuration was last changed.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub modified_at: Option<Timestamp>,
    /// `Active`, …
    pub state: Option<String>,
    /// Its aliases; `None` if they were not read.
    pub aliases: Option<Vec<LambdaAlias>>,
    /// Concurrency that is reserved for it; `None` if none is, or it was not read.
    pub reserved_concurrency: Option<u32>,
    /// The account's limit of concurrency; `None` if it was not read.
    pub account_concurrency: Option<u32>,
    /// The most invocations at once in the newest minute.
    pub concurrent: Option<f64>,
    /// Invocations per minute over five minutes.
    pub invocations_per_minute: Option<f64>,
    /// Errors per minute over five minutes.
    pub errors_per_minute: Option<f64>,
    /// Throttled calls per minute over five minutes.
    pub throttles_per_minute: Option<f64>,
    /// The 95th percentile of the duration, milliseconds.
    pub duration_p95_ms: Option<f64>,
    /// The longest duration, milliseconds.
    pub duration_max_ms: Option<f64>,
    /// Events that could be put into neither dead-letter queue nor destination, per minute.
    pub events_lost_per_minute: Option<f64>,
    /// Queues and streams that are read for it.
    pub event_sources: Vec<LambdaSource>,
    /// Where its log lines go.
    pub log_group: String,
}

/// An alias.
#[derive(Debug, Clone, Serialize)]
pub struct LambdaAlias {
    /// Its name.
    pub name: String,
    /// The version that takes what no other one takes.
    pub version: String,
    /// The share of calls, 0 to 1, of other versions.
    pub weights: BTreeMap<String, f64>,
}

/// A queue or stream that is read.
#[derive(Debug, Clone, Serialize)]
pub struct LambdaSource {
    /// Its ARN; `None` of self-managed brokers.
    pub source: Option<String>,
    /// `Enabled`, `Disabled`, …
    pub state: String,
    /// The last result.
    pub last_result: Option<String>,
    /// Records at once.
    pub batch_size: Option<u32>,
    /// How far it is behind, seconds: the oldest message of a queue, the last record read of a stream.
    pub behind_s: Option<f64>,
}

/// Something that Application Auto Scaling moves.
#[derive(Debug, Clone, Serialize)]
pub struct ScalableTarget {
    /// `ecs`, `sagemaker`, …
    pub namespace: String,
    /// `service/CLUSTER/SERVICE`, …
    pub resource: String,
    /// `ecs:service:DesiredCount`, …
    pub dimension: String,
    /// The least capacity.
    pub min: u32,
    /// The greatest capacity.
    pub max: u32,
    /// What is suspended.
    pub suspended: Vec<String>,
    /// Its policies; `None` if they were not read.
    pub policies: Option<Vec<ScalingPolicy>>,
    /// What it did last; `None` if it did nothing, or that was not read.
    pub last_activity: Option<ScalingActivity>,
}

/// A scaling policy.
#[derive(Debug, Clone, Serialize)]
pub struct ScalingPolicy {
    /// Its name.
    pub name: String,
    /// `TargetTrackingScaling`, `StepScaling`, `PredictiveScaling`.
    pub kind: String,
    /// What it looks at.
    pub metric: Option<String>,
    /// Where it keeps the metric.
    pub target: Option<f64>,
}

/// Something that was scaled, or not.
#[derive(Debug, Clone, Serialize)]
pub struct ScalingActivity {
    /// When.
    #[serde(serialize_with = "moment::whole")]
    pub at: Timestamp,
    /// `Successful`, `Failed`, …
    pub status: String,
    /// What.
    pub description: String,
    /// Why.
    pub cause: String,
    /// What AWS says of the status.
    pub message: Option<String>,
}

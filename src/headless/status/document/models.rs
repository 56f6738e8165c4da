//! SageMaker in `quarterdeck.status/1`.

use crate::headless::moment;
use jiff::Timestamp;
use serde::Serialize;

/// A SageMaker endpoint.
#[derive(Debug, Clone, Serialize)]
pub struct SagemakerEndpoint {
    /// `InService`, `Updating`, `Failed`, …
    pub status: String,
    /// Why its last update failed.
    pub failure_reason: Option<String>,
    /// The configuration that serves.
    pub config: String,
    /// The configuration that an update under way brings.
    pub pending_config: Option<String>,
    /// When it was changed last.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub changed_at: Option<Timestamp>,
    /// What serves.
    pub variants: Vec<EndpointVariant>,
    /// What its instances cost at list price, US dollars per hour; `None` if that is not known, or if it
    /// has none.
    pub cost_usd_per_hour: Option<f64>,
}

/// A variant of an endpoint.
#[derive(Debug, Clone, Serialize)]
pub struct EndpointVariant {
    /// Its name.
    pub name: String,
    /// Its model.
    pub model: Option<String>,
    /// The instance type; `None` for a serverless one.
    pub instance_type: Option<String>,
    /// Instances that serve.
    pub current: Option<u32>,
    /// Instances that are wanted.
    pub desired: Option<u32>,
    /// Whether it is serverless.
    pub serverless: bool,
    /// Memory of a serverless one, MiB.
    pub serverless_memory_mib: Option<u32>,
    /// Requests at a time of a serverless one.
    pub serverless_max_concurrency: Option<u32>,
    /// Its weight among the variants.
    pub weight: Option<f64>,
    /// The least count that Application Auto Scaling sets; `None` if it is not scaled by itself.
    pub scaling_min: Option<u32>,
    /// The greatest count that it sets.
    pub scaling_max: Option<u32>,
    /// Requests per minute over five minutes.
    pub requests_per_minute: Option<f64>,
    /// Requests answered with 4xx per minute.
    pub errors_4xx_per_minute: Option<f64>,
    /// Requests answered with 5xx per minute.
    pub errors_5xx_per_minute: Option<f64>,
    /// Model and overhead together, 95th percentile, seconds.
    pub latency_p95_s: Option<f64>,
    /// GPUs in use, percent.
    pub gpu_percent: Option<f64>,
    /// GPU memory in use, percent.
    pub gpu_memory_percent: Option<f64>,
}

/// A SageMaker training job.
#[derive(Debug, Clone, Serialize)]
pub struct TrainingJob {
    /// `InProgress`, `Completed`, `Failed`, `Stopping`, `Stopped`.
    pub status: String,
    /// Where in its life it is: `Starting`, `Training`, …
    pub secondary_status: Option<String>,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// When it was asked for.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub created_at: Option<Timestamp>,
    /// When its instances began to work.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub started_at: Option<Timestamp>,
    /// When they were done.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub ended_at: Option<Timestamp>,
    /// The instance type.
    pub instance_type: Option<String>,
    /// How many instances.
    pub instances: Option<u32>,
    /// How long it has trained, seconds.
    pub elapsed_s: Option<i64>,
    /// How long it may, seconds.
    pub max_runtime_s: Option<u64>,
    /// Whether it runs on Spot capacity.
    pub spot: Option<bool>,
    /// What Spot saved, percent of the price on demand; known at its end.
    pub spot_saving_percent: Option<f64>,
    /// How many times Spot capacity was taken from it.
    pub interruptions: usize,
    /// What it has cost so far at list price, US dollars; on Spot known at its end.
    pub cost_usd: Option<f64>,
    /// What one whose cost is not known yet has cost at the most: its time at the price on demand.
    pub cost_at_most_usd: Option<f64>,
}

/// A SageMaker notebook instance or an application of Studio.
#[derive(Debug, Clone, Serialize)]
pub struct NotebookInstance {
    /// `notebook-instance` or `studio-app`.
    pub form: &'static str,
    /// `InService`, `Stopped`, …
    pub status: String,
    /// The instance type.
    pub instance_type: Option<String>,
    /// Since when it runs; `None` if it does not.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub running_since: Option<Timestamp>,
    /// For how long it has been running, hours.
    pub running_h: Option<f64>,
    /// What it costs at list price while it runs, US dollars per hour.
    pub cost_usd_per_hour: Option<f64>,
}

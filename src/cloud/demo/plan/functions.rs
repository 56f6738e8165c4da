//! Lambda functions and EKS clusters as an estate's file has them.

use serde::Deserialize;

use super::Tags;

/// A Lambda function.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// The function's name; its log group is `/aws/lambda/NAME`.
    pub name: String,
    /// `python3.13`, …
    pub runtime: String,
    /// Memory, MiB.
    pub memory: u32,
    /// The timeout, seconds.
    pub timeout_s: u32,
    /// The one alias that callers use.
    pub alias: String,
    /// What was written about each published version, oldest first: the last one serves.
    pub versions: Vec<String>,
    /// Concurrency that is reserved for it.
    pub reserved: Option<u32>,
    /// The SNS topic for events that could not be processed, by the function's own setting.
    pub dead_letter: Option<String>,
    /// The SNS topic for events that failed.
    pub on_failure: Option<String>,
    /// The queue that Lambda reads for it.
    pub queue: Option<String>,
    /// The Kinesis stream that Lambda reads for it, and its shards.
    pub stream: Option<(String, u32)>,
    /// The function's tags.
    #[serde(default)]
    pub tags: Tags,
    /// What it does under its traffic.
    pub load: FunctionLoad,
}

impl Function {
    /// The timeout, milliseconds.
    pub fn timeout_ms(&self) -> f64 {
        f64::from(self.timeout_s) * 1000.0
    }
}

/// What a function does under its traffic.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionLoad {
    /// Whose wishes it serves.
    pub traffic: String,
    /// Calls per minute at the peak.
    pub peak_per_minute: f64,
    /// How long a call takes, milliseconds.
    pub duration_ms: f64,
    /// Share of calls that fail on an ordinary day.
    #[serde(default)]
    pub errors: f64,
}

/// An EKS cluster.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kubernetes {
    /// The cluster's name.
    pub name: String,
    /// Its Kubernetes version; nodes have it too.
    pub version: String,
    /// Its node groups: name, and the Auto Scaling group behind each.
    pub nodegroups: Vec<(String, String)>,
    /// Its add-ons: name, version, and the version that EKS would install.
    pub addons: Vec<(String, String, String)>,
    /// The cluster's tags.
    #[serde(default)]
    pub tags: Tags,
}

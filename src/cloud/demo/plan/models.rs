//! SageMaker as an estate's file has it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Load, Tags};

/// Endpoints, training jobs and notebooks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Models {
    /// Endpoints.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    /// Training jobs.
    #[serde(default)]
    pub training: Vec<Training>,
    /// Notebook instances and applications of Studio.
    #[serde(default)]
    pub notebooks: Vec<Notebook>,
}

/// An endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The endpoint's name.
    pub name: String,
    /// How many hours before the demo was opened it was created.
    pub hours: i64,
    /// Its variants.
    pub variants: Vec<Variant>,
    /// The configurations that were made for it, oldest first. It serves the newest that is not broken.
    pub configs: Vec<Config>,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

/// A variant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// The variant's name.
    pub name: String,
    /// The instance type; absent is serverless.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Instances.
    #[serde(default)]
    pub count: u32,
    /// Between which counts it is scaled by itself.
    pub bounds: Option<(u32, u32)>,
    /// The invocations a minute that each of its instances is kept at.
    pub invocations: Option<f64>,
    /// Memory of a serverless variant, MiB, and its requests at a time.
    pub serverless: Option<(u32, u32)>,
    /// What it does. CPU is that of one core; errors are the model's.
    pub load: Load,
    /// GPU without requests and at the peak, percent, and GPU memory, percent.
    pub gpu: Option<(f64, f64, f64)>,
}

/// A configuration of an endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The configuration's name.
    pub name: String,
    /// How many hours before the demo was opened it was made; of a broken one minutes, and only in its
    /// scenario.
    pub ago: i64,
    /// The model of each variant.
    pub models: BTreeMap<String, String>,
    /// What is wrong with it.
    pub broken: Option<Broken>,
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broken {
    /// Share of requests that the model answers with 5xx.
    pub errors: f64,
    /// How many times longer it takes.
    pub slower: f64,
}

/// A training job.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// The job's name.
    pub name: String,
    /// How many minutes before the demo was opened it was asked for.
    pub ago: i64,
    /// How many minutes it trains.
    pub minutes: i64,
    /// The instance type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Instances.
    #[serde(default = "one")]
    pub count: u32,
    /// How many hours it may train.
    pub most_hours: u64,
    /// Share of its time that is billed, on Spot; absent is on demand.
    pub spot: Option<f64>,
    /// After how many minutes of training Spot capacity was taken from it, for eleven minutes.
    pub interrupted_after: Option<i64>,
    /// Why it fails at its end; then it is not there on a quiet day.
    pub fails: Option<String>,
    /// What the algorithm reports.
    #[serde(default)]
    pub figures: BTreeMap<String, f64>,
}

const fn one() -> u32 {
    1
}

/// A notebook.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notebook {
    /// The notebook instance's name, or the application's.
    pub name: String,
    /// The instance type.
    #[serde(rename = "type")]
    pub kind: String,
    /// For how many hours it has been on when the demo is opened; absent is off.
    pub on_hours: Option<i64>,
    /// The same where notebooks were left on.
    pub left_on_hours: Option<i64>,
    /// Of an application: domain, space and kind.
    pub app: Option<(String, String, String)>,
}

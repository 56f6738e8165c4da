//! Metrics of SageMaker.

use crate::domain::gpu::is_gpu_type;
use crate::domain::metric::MetricSpec;
use crate::domain::metric_catalog::{Metric, specs_of};
use crate::domain::sagemaker::{Capacity, Endpoint, TrainingJob};

/// SageMaker endpoints, by variant. <https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html>
pub mod endpoint {
    use crate::domain::metric::Stat;
    use crate::domain::metric_catalog::{Metric, Resolution};

    const SERVING: (&str, &[&str]) = ("AWS/SageMaker", &["EndpointName", "VariantName"]);
    /// Requests, per five minutes, for a day; five minutes without one have no value.
    pub const INVOCATIONS: Metric = Metric::new(SERVING, "Invocations", Stat::Sum, Resolution::FiveMinutes);
    /// Requests that were answered with 4xx, per minute.
    pub const ERRORS_4XX: Metric = Metric::new(SERVING, "Invocation4XXErrors", Stat::Sum, Resolution::Minute);
    /// Requests that were answered with 5xx, per minute.
    pub const ERRORS_5XX: Metric = Metric::new(SERVING, "Invocation5XXErrors", Stat::Sum, Resolution::Minute);
    /// How long the model takes, microseconds, 95th percentile.
    pub const MODEL_LATENCY: Metric = Metric::new(SERVING, "ModelLatency", Stat::P95, Resolution::Minute);
    /// What SageMaker itself adds to that, microseconds, 95th percentile.
    pub const OVERHEAD_LATENCY: Metric =
        Metric::new(SERVING, "OverheadLatency", Stat::P95, Resolution::Minute);

    const HOSTS: (&str, &[&str]) = ("/aws/sagemaker/Endpoints", &["EndpointName", "VariantName"]);
    /// GPUs in use, percent of one GPU: two GPUs have 200.
    pub const GPU: Metric = Metric::new(HOSTS, "GPUUtilization", Stat::Average, Resolution::FiveMinutes);
    /// GPU memory in use, percent of one GPU's.
    pub const GPU_MEMORY: Metric = Metric::new(
        HOSTS,
        "GPUMemoryUtilization",
        Stat::Average,
        Resolution::FiveMinutes,
    );
    /// CPU in use, percent of one core: four cores have 400.
    pub const CPU: Metric = Metric::new(HOSTS, "CPUUtilization", Stat::Average, Resolution::FiveMinutes);
    /// Memory in use, percent.
    pub const MEMORY: Metric =
        Metric::new(HOSTS, "MemoryUtilization", Stat::Average, Resolution::FiveMinutes);
}

/// Training jobs of SageMaker, by host.
pub mod training {
    use crate::domain::metric::Stat;
    use crate::domain::metric_catalog::{Metric, Resolution};

    const FAMILY: (&str, &[&str]) = ("/aws/sagemaker/TrainingJobs", &["Host"]);
    /// GPUs in use, percent of one GPU.
    pub const GPU: Metric = Metric::new(FAMILY, "GPUUtilization", Stat::Average, Resolution::Minute);
    /// CPU in use, percent of one core.
    pub const CPU: Metric = Metric::new(FAMILY, "CPUUtilization", Stat::Average, Resolution::Minute);
}

/// Requests, errors, latency and hosts of each variant of an endpoint that serves.
pub fn endpoint_metrics(of: &Endpoint) -> Vec<MetricSpec> {
    if !of.serves() {
        return Vec::new();
    }
    let serving = [
        endpoint::INVOCATIONS,
        endpoint::ERRORS_4XX,
        endpoint::ERRORS_5XX,
        endpoint::MODEL_LATENCY,
        endpoint::OVERHEAD_LATENCY,
    ];
    of.variants
        .iter()
        .flat_map(|variant| {
            let hosts: &[Metric] = match &variant.capacity {
                Capacity::Serverless(_) => &[],
                Capacity::Instances { instance_type, .. } => match instance_type.as_deref() {
                    Some(kind) if !is_gpu_type(kind) => &[endpoint::CPU, endpoint::MEMORY],
                    Some(_) | None => &[
                        endpoint::CPU,
                        endpoint::MEMORY,
                        endpoint::GPU,
                        endpoint::GPU_MEMORY,
                    ],
                },
            };
            serving
                .iter()
                .chain(hosts)
                .map(|metric| metric.of_both(&of.name, &variant.name).spec())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// What the first host of a running training job does.
pub fn training_metrics(job: &TrainingJob) -> Vec<MetricSpec> {
    if !job.is_running() {
        return Vec::new();
    }
    let metrics: &[Metric] = match job.instance_type.as_deref() {
        Some(kind) if !is_gpu_type(kind) => &[training::CPU],
        Some(_) | None => &[training::CPU, training::GPU],
    };
    specs_of(metrics, &job.first_host())
}

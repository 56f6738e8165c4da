//! Application Auto Scaling: between which bounds a service is scaled by itself, and what does it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The desired count of an ECS service or of a variant of a SageMaker endpoint, as Application Auto Scaling may set it.
/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTarget.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalableTarget {
    /// `service/CLUSTER/SERVICE`, or `endpoint/ENDPOINT/variant/VARIANT`.
    pub resource: String,
    /// The least count that it sets.
    pub min: u32,
    /// The greatest count that it sets.
    pub max: u32,
    /// What is suspended: `dynamic scaling in`, `dynamic scaling out`, `scheduled scaling`.
    pub suspended: Vec<String>,
}

/// The id of a service's target.
pub fn resource_of(cluster: &str, service: &str) -> String {
    format!("service/{cluster}/{service}")
}

/// Anything that Application Auto Scaling moves, with what moves it and what it did last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaled {
    /// The target's ARN; older answers have none, and it is then `NAMESPACE/DIMENSION/RESOURCE`.
    pub id: String,
    /// `ecs`, `sagemaker`, `lambda`, `elasticache`, `rds`, …
    pub namespace: String,
    /// What is scaled, in the namespace's own form: `service/CLUSTER/SERVICE`.
    pub resource: String,
    /// What of it: `ecs:service:DesiredCount`.
    pub dimension: String,
    /// The least capacity.
    pub min: u32,
    /// The greatest capacity.
    pub max: u32,
    /// What is suspended: `dynamic scaling in`, `dynamic scaling out`, `scheduled scaling`.
    pub suspended: Vec<String>,
    /// Its policies; `None` if they were not read.
    pub policies: Option<Vec<ScalingPolicy>>,
    /// What it did, newest first, as far as that was read; `None` if it was not.
    pub activities: Option<Vec<ScalingActivity>>,
}

/// What moves a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingPolicy {
    /// The policy's name.
    pub name: String,
    /// `TargetTrackingScaling`, `StepScaling`, `PredictiveScaling`.
    pub kind: String,
    /// What it looks at: `ECSServiceAverageCPUUtilization`; `None` of step scaling, which has alarms.
    pub metric: Option<String>,
    /// Where it keeps the metric, in the metric's unit.
    pub target: Option<f64>,
    /// Whether it only ever adds capacity.
    pub only_out: bool,
}

/// Something that Application Auto Scaling did, tried to do, or left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingActivity {
    /// What: `Setting desired count to 4.`
    pub description: String,
    /// Why.
    pub cause: String,
    /// `Pending`, `InProgress`, `Successful`, `Overridden`, `Unfulfilled`, `Failed`.
    pub status: String,
    /// What AWS says of the status.
    pub message: Option<String>,
    /// Why nothing was scaled: `AlreadyAtMaxCapacity`, …
    pub not_scaled: Vec<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl ScalingActivity {
    /// Whether it did not bring what it wanted.
    pub fn has_failed(&self) -> bool {
        matches!(self.status.as_str(), "Failed" | "Unfulfilled")
    }
}

impl ScalingPolicy {
    /// For people: `CPU 60`, `step`.
    pub fn words(&self) -> String {
        let metric = self.metric.as_deref().map(short_metric);
        let what = match (self.kind.as_str(), metric) {
            ("StepScaling", _) => "step".to_owned(),
            ("PredictiveScaling", _) => "predictive".to_owned(),
            (_, Some(metric)) => metric.to_owned(),
            (kind, None) => kind.to_owned(),
        };
        match self.target {
            Some(target) => format!("{what} {target}"),
            None => what,
        }
    }
}

/// The part of a predefined metric's name that tells it from others.
fn short_metric(metric: &str) -> &str {
    if metric.ends_with("AverageCPUUtilization") || metric.ends_with("CPUUtilization") {
        "CPU"
    } else if metric.ends_with("AverageMemoryUtilization") {
        "memory"
    } else {
        match metric {
            "ALBRequestCountPerTarget" => "requests",
            "SageMakerVariantInvocationsPerInstance" => "invocations",
            "LambdaProvisionedConcurrencyUtilization" => "concurrency",
            other => other,
        }
    }
}

impl Scaled {
    /// What is scaled, as people call it: the part that tells it from its like.
    pub fn name(&self) -> &str {
        let parts: Vec<&str> = self.resource.split('/').collect();
        match (self.namespace.as_str(), parts.as_slice()) {
            // endpoint/NAME/variant/VARIANT
            ("sagemaker", [_, endpoint, ..]) => endpoint,
            _ => self.resource.rsplit(['/', ':']).next().unwrap_or(&self.resource),
        }
    }

    /// Cluster and service, if it is an ECS service.
    pub fn service(&self) -> Option<(&str, &str)> {
        let rest = self.resource.strip_prefix("service/")?;
        (self.namespace == "ecs").then(|| rest.split_once('/')).flatten()
    }

    /// What moves it, for people.
    pub fn policies_in_words(&self) -> Option<String> {
        let policies = self.policies.as_ref()?;
        Some(if policies.is_empty() {
            "no policy".to_owned()
        } else {
            let words: Vec<String> = policies.iter().map(ScalingPolicy::words).collect();
            words.join(", ")
        })
    }
}

//! Application Auto Scaling: between which bounds a service is scaled by itself.

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

//! Questions to and changes of Application Auto Scaling.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// The bounds of all ECS services that are scaled by themselves → `ScalableTargets`. This and the next one are a
    /// part of [`Read::Everything`] by what they tell, not by what they take: one operation instead of three, which
    /// is all that a runbook needs to be allowed.
    EcsTargets,
    /// The bounds of all variants of SageMaker endpoints that are scaled by themselves → `ScalableTargets`.
    EndpointTargets,
    /// Everything that is scaled, in every namespace, with policies and last activities → `Scaling`.
    Everything,
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Moves the bounds of a target that exists.
    SetBounds {
        /// `service/CLUSTER/SERVICE`, or `endpoint/ENDPOINT/variant/VARIANT`.
        resource: String,
        /// The least count.
        min: u32,
        /// The greatest count.
        max: u32,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::EcsTargets | Self::EndpointTargets => {
                const {
                    &[Operation::new(
                        "application-autoscaling",
                        "DescribeScalableTargets",
                    )]
                }
            }
            Self::Everything => {
                const {
                    &[
                        Operation::new("application-autoscaling", "DescribeScalableTargets"),
                        Operation::new("application-autoscaling", "DescribeScalingPolicies"),
                        Operation::new("application-autoscaling", "DescribeScalingActivities"),
                    ]
                }
            }
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::SetBounds { .. } => Operation::new("application-autoscaling", "RegisterScalableTarget"),
        }
    }
}

//! Questions to AWS's own advisers. All of them are free, and nothing changes within hours.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// Checks of Trusted Advisor about cost and fault tolerance that found something → `Advices`. Asked
    /// once for an account.
    TrustedAdvisor,
    /// Compute Optimizer's recommendations in a region → `Advices`.
    ComputeOptimizer {
        /// The region, so that answers of two are not taken for each other.
        region: String,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::TrustedAdvisor => {
                const {
                    &[
                        Operation::new("support", "DescribeTrustedAdvisorChecks"),
                        Operation::new("support", "DescribeTrustedAdvisorCheckSummaries"),
                        Operation::new("support", "DescribeTrustedAdvisorCheckResult"),
                    ]
                }
            }
            Self::ComputeOptimizer { .. } => {
                const {
                    &[
                        Operation::new("compute-optimizer", "GetEnrollmentStatus"),
                        Operation::new("compute-optimizer", "GetEC2InstanceRecommendations"),
                        Operation::new("compute-optimizer", "GetAutoScalingGroupRecommendations"),
                        Operation::new("compute-optimizer", "GetRDSDatabaseRecommendations"),
                        Operation::new("compute-optimizer", "GetLambdaFunctionRecommendations"),
                        Operation::new("compute-optimizer", "GetECSServiceRecommendations"),
                    ]
                }
            }
        }
    }
}

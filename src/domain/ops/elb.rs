//! Questions to and changes of Elastic Load Balancing v2.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// Load balancers and target groups with target health → `Balancing`.
    Balancing,
    /// Listeners of these load balancers → `Listeners`.
    Listeners {
        /// ARNs of load balancers.
        load_balancers: Vec<String>,
    },
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Takes targets out; they drain first.
    DeregisterTargets {
        /// The target group's ARN.
        target_group: String,
        /// Target ids with port.
        targets: Vec<(String, Option<u16>)>,
    },
    /// Puts targets in.
    RegisterTargets {
        /// The target group's ARN.
        target_group: String,
        /// Target ids with port.
        targets: Vec<(String, Option<u16>)>,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Balancing => {
                const {
                    &[
                        Operation::new("elasticloadbalancing", "DescribeLoadBalancers"),
                        Operation::new("elasticloadbalancing", "DescribeTargetGroups"),
                        Operation::new("elasticloadbalancing", "DescribeTargetHealth"),
                    ]
                }
            }
            Self::Listeners { .. } => {
                const { &[Operation::new("elasticloadbalancing", "DescribeListeners")] }
            }
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::DeregisterTargets { .. } => Operation::new("elasticloadbalancing", "DeregisterTargets"),
            Self::RegisterTargets { .. } => Operation::new("elasticloadbalancing", "RegisterTargets"),
        }
    }
}

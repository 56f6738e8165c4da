//! Questions to and changes of Amazon EC2.

use serde::{Deserialize, Serialize};

use crate::domain::ids::Tag;
use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All instances that are not long gone → `Instances`.
    Instances,
    /// The GPUs of these types; types without are left out → `InstanceTypes`.
    InstanceTypes {
        /// Instance types.
        types: Vec<String>,
    },
    /// Current Spot prices of these types, Linux → `SpotPrices`.
    SpotPrices {
        /// Instance types.
        types: Vec<String>,
    },
    /// All NAT gateways that are not deleted → `NatGateways`.
    NatGateways,
    /// All VPC endpoints → `VpcEndpoints`.
    VpcEndpoints,
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Stops instances.
    StopInstances {
        /// `i-…`.
        instances: Vec<String>,
    },
    /// Starts instances.
    StartInstances {
        /// `i-…`.
        instances: Vec<String>,
    },
    /// Reboots instances.
    RebootInstances {
        /// `i-…`.
        instances: Vec<String>,
    },
    /// Writes tags on an instance.
    PutTags {
        /// `i-…`.
        instance: String,
        /// The tags.
        tags: Vec<Tag>,
    },
    /// Removes tags of an instance.
    DeleteTags {
        /// `i-…`.
        instance: String,
        /// The keys.
        keys: Vec<String>,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Instances => const { &[Operation::new("ec2", "DescribeInstances")] },
            Self::InstanceTypes { .. } => const { &[Operation::new("ec2", "DescribeInstanceTypes")] },
            Self::SpotPrices { .. } => const { &[Operation::new("ec2", "DescribeSpotPriceHistory")] },
            Self::NatGateways => const { &[Operation::new("ec2", "DescribeNatGateways")] },
            Self::VpcEndpoints => const { &[Operation::new("ec2", "DescribeVpcEndpoints")] },
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::StopInstances { .. } => Operation::new("ec2", "StopInstances"),
            Self::StartInstances { .. } => Operation::new("ec2", "StartInstances"),
            Self::RebootInstances { .. } => Operation::new("ec2", "RebootInstances"),
            Self::PutTags { .. } => Operation::new("ec2", "CreateTags"),
            Self::DeleteTags { .. } => Operation::new("ec2", "DeleteTags"),
        }
    }
}

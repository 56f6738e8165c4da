//! EC2: instances, what their types have, Spot prices, NAT gateways.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{self, Tag};

/// An EC2 instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// `i-…`.
    pub id: String,
    /// The value of the tag `Name`.
    pub name: Option<String>,
    /// The instance type.
    pub instance_type: String,
    /// `pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated`.
    pub state: String,
    /// Why it changed state, as AWS says it.
    pub state_reason: Option<String>,
    /// The Availability Zone.
    pub zone: String,
    /// How it is paid for.
    pub purchase: Purchase,
    /// When it was last started.
    pub launched_at: Option<Timestamp>,
    /// The private IPv4 address.
    pub private_ip: Option<String>,
    /// Whether it has a public IPv4 address (billed by the hour).
    pub public_ip: Option<String>,
    /// The name of its instance profile; SSM needs one.
    pub instance_profile: Option<String>,
    /// `x86_64` or `arm64`.
    pub architecture: Option<String>,
    /// `linux` or `windows`.
    pub platform: Option<String>,
    /// The instance's tags.
    pub tags: Vec<Tag>,
}

/// How an instance is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purchase {
    /// By the second at list price.
    OnDemand,
    /// Spot: cheaper, and taken back with two minutes' notice.
    Spot,
    /// From a Capacity Block.
    CapacityBlock,
}

impl Instance {
    /// The Auto Scaling group it belongs to, by the tag that AWS sets.
    pub fn group(&self) -> Option<&str> {
        ids::tag(&self.tags, "aws:autoscaling:groupName")
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.state == "running"
    }

    /// Who manages its life other than an Auto Scaling group of ours, by the tags they set.
    pub fn foreign_owner(&self) -> Option<&'static str> {
        foreign_owner(&self.tags)
    }
}

/// Who manages a group or an instance with these tags, other than people.
pub fn foreign_owner(tags: &[Tag]) -> Option<&'static str> {
    for tag in tags {
        let key = tag.key.as_str();
        if key == "karpenter.sh/nodepool" || key == "karpenter.sh/provisioner-name" {
            return Some("Karpenter");
        }
        if key == "eks:nodegroup-name"
            || key == "eks:cluster-name"
            || key.starts_with("kubernetes.io/cluster/")
        {
            return Some("EKS");
        }
        if key == "AmazonECSManaged" {
            return Some("an ECS capacity provider");
        }
        if key.starts_with("AWSBatchServiceTag") {
            return Some("AWS Batch");
        }
        if key.starts_with("sagemaker:") {
            return Some("SageMaker");
        }
    }
    None
}

/// The GPUs of an instance type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceTypeGpus {
    /// The instance type.
    pub instance_type: String,
    /// How many cards it has.
    pub count: u8,
    /// Their model, such as `A10G`.
    pub model: String,
    /// Memory of one card, MiB.
    pub memory_mib: u32,
}

/// The newest Spot price of a type in a zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpotPrice {
    /// The instance type.
    pub instance_type: String,
    /// The Availability Zone.
    pub zone: String,
    /// US dollars per hour, as AWS wrote it.
    pub usd_per_hour: f64,
    /// Since when.
    pub at: Timestamp,
}

/// A NAT gateway: billed by the hour and by the gigabyte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatGateway {
    /// `nat-…`.
    pub id: String,
    /// The value of the tag `Name`.
    pub name: Option<String>,
    /// `pending`, `available`, `deleting`, `deleted`, `failed`.
    pub state: String,
    /// Its VPC.
    pub vpc: Option<String>,
    /// Its subnet.
    pub subnet: Option<String>,
    /// How many public IPv4 addresses it has: each is billed by the hour.
    pub public_addresses: u32,
}

/// A VPC endpoint: a way to an AWS service that does not lead through a NAT gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcEndpoint {
    /// `vpce-…`.
    pub id: String,
    /// The value of the tag `Name`.
    pub name: Option<String>,
    /// The service, such as `com.amazonaws.us-east-1.s3`.
    pub service: String,
    /// `Gateway`, which is free, `Interface`, or `GatewayLoadBalancer`.
    pub form: String,
    /// `available`, `pending`, `rejected`, …
    pub state: String,
    /// Its VPC.
    pub vpc: Option<String>,
    /// In how many subnets an interface endpoint is: each is billed by the hour.
    pub subnets: u32,
}

impl VpcEndpoint {
    /// The last part of the service's name: `s3`, `dynamodb`, `ecr.dkr`.
    pub fn short_service(&self) -> &str {
        let mut parts = self.service.splitn(4, '.');
        parts.nth(3).unwrap_or(&self.service)
    }

    /// Whether it is a gateway endpoint that works for this service.
    pub fn is_gateway_to(&self, service: &str) -> bool {
        self.form == "Gateway"
            && self.state.eq_ignore_ascii_case("available")
            && self.short_service() == service
    }
}

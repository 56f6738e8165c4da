//! What is paid by the hour for being there: NAT gateways, load balancers, addresses, endpoints, EKS
//! control planes. What flows through them is paid by use: see [`super::Unit`].

use super::document::Section;
use super::{PriceTable, Priced};
use crate::domain::units::UsdPerHour;

/// A kind of load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoadBalancerKind {
    /// Application Load Balancer.
    Application,
    /// Network Load Balancer.
    Network,
    /// Gateway Load Balancer.
    Gateway,
    /// Classic Load Balancer.
    Classic,
}

impl LoadBalancerKind {
    /// From `Type` of a load balancer of Elastic Load Balancing v2.
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancer.html>
    pub fn from_api(load_balancer_type: &str) -> Option<Self> {
        match load_balancer_type {
            "application" => Some(Self::Application),
            "network" => Some(Self::Network),
            "gateway" => Some(Self::Gateway),
            _ => None,
        }
    }

    /// The key of the hour.
    const fn key(self) -> &'static str {
        match self {
            Self::Application => "alb/hour",
            Self::Network => "nlb/hour",
            Self::Gateway => "gwlb/hour",
            Self::Classic => "clb/hour",
        }
    }
}

impl PriceTable {
    /// A NAT gateway; the gigabytes through it are [`super::Unit::NatGatewayGb`].
    pub fn nat_gateway(&self, region: &str) -> Option<Priced<UsdPerHour>> {
        self.hourly(region, Section::Network, "nat-gateway/hour")
    }

    /// An Application Load Balancer without its capacity units.
    pub fn alb(&self, region: &str) -> Option<Priced<UsdPerHour>> {
        self.load_balancer(region, LoadBalancerKind::Application)
    }

    /// A load balancer without its capacity units.
    pub fn load_balancer(&self, region: &str, kind: LoadBalancerKind) -> Option<Priced<UsdPerHour>> {
        self.hourly(region, Section::Network, kind.key())
    }

    /// A load balancer capacity unit (LCU) in use for an hour; Classic Load Balancers have none.
    pub fn capacity_unit(&self, region: &str, kind: LoadBalancerKind) -> Option<Priced<UsdPerHour>> {
        let key = match kind {
            LoadBalancerKind::Application => "alb/lcu-hour",
            LoadBalancerKind::Network => "nlb/lcu-hour",
            LoadBalancerKind::Gateway => "gwlb/lcu-hour",
            LoadBalancerKind::Classic => return None,
        };
        self.hourly(region, Section::Network, key)
    }

    /// A public IPv4 address, in use or idle.
    pub fn public_ipv4(&self, region: &str) -> Option<Priced<UsdPerHour>> {
        self.hourly(region, Section::Network, "public-ipv4/hour")
    }

    /// An interface VPC endpoint in one zone.
    pub fn interface_endpoint(&self, region: &str) -> Option<Priced<UsdPerHour>> {
        self.hourly(region, Section::Network, "vpc-endpoint/hour")
    }

    /// An EKS control plane of a version in standard support.
    pub fn eks_cluster(&self, region: &str) -> Option<Priced<UsdPerHour>> {
        self.hourly(region, Section::Eks, "cluster/hour")
    }

    /// What an EKS control plane costs more when its version is in extended support.
    pub fn eks_extended_support(&self, region: &str) -> Option<Priced<UsdPerHour>> {
        self.hourly(region, Section::Eks, "cluster-extended-support/hour")
    }
}

/// Whether a key is one that is asked for here.
pub(super) fn knows_key(key: &str) -> bool {
    matches!(
        key,
        "nat-gateway/hour"
            | "alb/hour"
            | "alb/lcu-hour"
            | "nlb/hour"
            | "nlb/lcu-hour"
            | "gwlb/hour"
            | "gwlb/lcu-hour"
            | "clb/hour"
            | "public-ipv4/hour"
            | "vpc-endpoint/hour"
    )
}

/// Whether a key is one of EKS.
pub(super) fn knows_eks_key(key: &str) -> bool {
    matches!(key, "cluster/hour" | "cluster-extended-support/hour")
}

//! Elastic Load Balancing: load balancers, target groups and the health of their targets.

pub mod served;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// All load balancers and target groups of a scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balancing {
    /// Load balancers, by name.
    pub load_balancers: Vec<LoadBalancer>,
    /// Target groups, by name.
    pub target_groups: Vec<TargetGroup>,
}

/// A load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// The load balancer's ARN.
    pub arn: String,
    /// The load balancer's name.
    pub name: String,
    /// `application`, `network` or `gateway`.
    pub form: String,
    /// `active`, `provisioning`, `active_impaired`, `failed`.
    pub state: String,
    /// Its DNS name.
    pub dns_name: Option<String>,
    /// `internet-facing` or `internal`.
    pub scheme: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// The target group's ARN.
    pub arn: String,
    /// The target group's name.
    pub name: String,
    /// ARNs of the load balancers that use it.
    pub load_balancers: Vec<String>,
    /// `HTTP`, `TCP`, …; `None` for Lambda.
    pub protocol: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// `instance`, `ip`, `lambda` or `alb`.
    pub target_type: Option<String>,
    /// What the health check asks for.
    pub health_check_path: Option<String>,
    /// Its targets; `None` while their health has not been read.
    pub targets: Option<Vec<Target>>,
}

/// A target and its health.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// An instance id, an IP address, or the ARN of a function or load balancer.
    pub id: String,
    /// The port.
    pub port: Option<u16>,
    /// The Availability Zone.
    pub zone: Option<String>,
    /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`, `unavailable`, `unhealthy.draining`.
    pub state: String,
    /// `Target.ResponseCodeMismatch`, `Elb.InitialHealthChecking`, …
    pub reason: Option<String>,
    /// What AWS says of it.
    pub description: Option<String>,
}

impl TargetGroup {
    /// How many targets are in the state; `None` while their health has not been read.
    pub fn count(&self, state: &str) -> Option<usize> {
        self.targets
            .as_ref()
            .map(|targets| targets.iter().filter(|target| target.state == state).count())
    }
}

/// The value of CloudWatch's dimension `LoadBalancer`: what follows `loadbalancer/` in the ARN.
pub fn load_balancer_dimension(arn: &str) -> Option<&str> {
    arn.split_once(":loadbalancer/").map(|(_, rest)| rest)
}

/// The value of CloudWatch's dimension `TargetGroup`: what follows the last colon of the ARN.
pub fn target_group_dimension(arn: &str) -> Option<&str> {
    arn.rsplit_once(':').map(|(_, rest)| rest)
}

/// A listener of a load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// The listener's ARN.
    pub arn: String,
    /// The load balancer's ARN.
    pub load_balancer: String,
    /// `HTTP`, `HTTPS`, `TCP`, …
    pub protocol: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// What it does with what no rule matches: `forward`, `redirect`, `fixed-response`, …
    pub default_action: Option<String>,
    /// ARNs of its certificates.
    pub certificates: Vec<String>,
}

impl Listener {
    /// `HTTPS:443`.
    pub fn door(&self) -> String {
        let protocol = self.protocol.as_deref().unwrap_or("?");
        self.port
            .map_or_else(|| protocol.to_owned(), |port| format!("{protocol}:{port}"))
    }
}

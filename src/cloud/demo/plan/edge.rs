//! Load balancers, queues and NAT gateways as an estate's file has them.

use serde::Deserialize;

/// A load balancer with its target groups.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balancer {
    /// The load balancer's name.
    pub name: String,
    /// Its target groups.
    pub target_groups: Vec<TargetGroup>,
}

/// A target group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetGroup {
    /// The target group's name.
    pub name: String,
    /// The port.
    pub port: u16,
    /// What the health check asks for.
    pub path: String,
    /// What its targets are.
    pub kind: TargetKind,
}

/// What the targets of a group are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// Addresses, as of Fargate tasks.
    Ip,
    /// EC2 instances.
    Instance,
}

/// A queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The queue's name.
    pub name: String,
    /// How long a consumer has a message, seconds.
    pub visibility_timeout_s: u32,
    /// The dead-letter queue's name, and after how many receives a message goes there.
    pub dead_letter: Option<(String, u32)>,
    /// Messages in it at first, of a queue without traffic.
    #[serde(default)]
    pub waiting: u64,
    /// What fills and empties it.
    pub jobs: Option<Jobs>,
}

/// What fills and empties a queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// Whose wishes the messages are.
    pub traffic: String,
    /// Messages per minute at the peak.
    pub peak_per_minute: f64,
    /// How long a worker needs for one, seconds.
    pub seconds_each: f64,
    /// Auto Scaling groups whose instances are the workers, one job each.
    pub workers: Vec<String>,
    /// Share of jobs that never succeed.
    #[serde(default)]
    pub poison: f64,
}

/// A NAT gateway.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nat {
    /// The value of the tag `Name`.
    pub name: String,
    /// Gigabytes out on an ordinary day.
    pub gb_per_day: f64,
}

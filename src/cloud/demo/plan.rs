//! What an estate consists of, as its file under `data/worlds/` says it. Unknown keys are errors;
//! a test reads every file and follows every reference.

pub mod cost;
pub mod ecs;
pub mod edge;
pub mod fleet;
pub mod store;
pub mod watch;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cloud::demo::selection::World;
use crate::domain::ids::Tag;

/// One estate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The account's twelve digits.
    pub account: String,
    /// Its region.
    pub region: String,
    /// The Availability Zones in use.
    pub zones: Vec<String>,
    /// Whose session the console's credentials are.
    pub person: String,
    /// How much customers want, by name.
    #[serde(default)]
    pub traffic: BTreeMap<String, Traffic>,
    /// ECS clusters by name.
    #[serde(default)]
    pub clusters: Vec<String>,
    /// ECS services.
    #[serde(default)]
    pub services: Vec<ecs::Service>,
    /// Auto Scaling groups.
    #[serde(default)]
    pub groups: Vec<fleet::Group>,
    /// Instances that belong to no group.
    #[serde(default)]
    pub instances: Vec<fleet::Instance>,
    /// Spot prices by instance type, US dollars per hour.
    #[serde(default)]
    pub spot: BTreeMap<String, f64>,
    /// DB instances.
    #[serde(default)]
    pub databases: Vec<store::Database>,
    /// DB clusters.
    #[serde(default)]
    pub database_clusters: Vec<store::DatabaseCluster>,
    /// `max_connections` by DB parameter group; absent is the engine's default.
    #[serde(default)]
    pub parameter_groups: BTreeMap<String, Option<String>>,
    /// Caches.
    #[serde(default)]
    pub caches: Vec<store::Cache>,
    /// Load balancers with their target groups.
    #[serde(default)]
    pub balancers: Vec<edge::Balancer>,
    /// Queues.
    #[serde(default)]
    pub queues: Vec<edge::Queue>,
    /// NAT gateways.
    #[serde(default)]
    pub nat_gateways: Vec<edge::Nat>,
    /// Log groups.
    #[serde(default)]
    pub log_groups: Vec<watch::LogGroup>,
    /// Alarms on metrics.
    #[serde(default)]
    pub alarms: Vec<watch::Alarm>,
    /// Alarms on other alarms.
    #[serde(default)]
    pub composite_alarms: Vec<watch::Composite>,
    /// What it costs.
    pub cost: cost::Cost,
}

/// Tags as a file has them.
pub type Tags = BTreeMap<String, String>;

/// Tags in the domain's words.
pub fn tags(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag {
            key: key.clone(),
            value: value.clone(),
        })
        .collect()
}

/// How much customers want.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// When in the day they want it.
    pub shape: Shape,
    /// What a weekend is of a weekday, as a factor.
    pub weekend: f64,
}

/// When in the day customers come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// In office hours.
    Office,
    /// After work.
    Evening,
    /// All day and night.
    Steady,
}

/// What a service or group does under its traffic.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Whose wishes it serves.
    pub traffic: String,
    /// Requests per minute at the peak.
    pub peak_rpm: f64,
    /// CPU without requests, percent.
    pub cpu_idle: f64,
    /// CPU at the peak with all tasks or instances that are wanted, percent.
    pub cpu_peak: f64,
    /// Memory, percent.
    pub memory: f64,
    /// How long an answer takes, milliseconds.
    pub latency_ms: f64,
    /// Share of requests that fail on an ordinary day.
    #[serde(default)]
    pub errors: f64,
    /// The database that answers need.
    pub database: Option<String>,
}

impl Plan {
    /// Reads the file that is compiled in. Fails only if that file is wrong, which a test excludes.
    pub fn of(world: World) -> Result<Self, serde_yaml::Error> {
        serde_yaml::from_str(match world {
            World::Fashion => include_str!("../../../data/worlds/fashion.yaml"),
            World::Codemate => include_str!("../../../data/worlds/codemate.yaml"),
            World::Ecg => include_str!("../../../data/worlds/ecg.yaml"),
            World::Ecommerce => include_str!("../../../data/worlds/ecommerce.yaml"),
            World::Invokeai => include_str!("../../../data/worlds/invokeai.yaml"),
        })
    }

    /// The ARN of a resource of this account and region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// The zone in which the nth of something is.
    pub fn zone(&self, nth: u64) -> String {
        let count = self.zones.len().max(1) as u64;
        self.zones
            .get((nth % count) as usize)
            .cloned()
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read_without_a_complaint() {
        for world in World::ALL {
            if let Err(error) = Plan::of(world) {
                panic!("{world}: {error}");
            }
        }
    }
}

//! How often each kind of data is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Seconds between two reads of a kind of data while its pane is open. Panes that are hidden are
/// read less often, deployments in flight more often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cadences {
    /// ECS services, seconds.
    #[schemars(range(min = 10, max = 3600))]
    pub services_s: u32,
    /// ECS services while a deployment is in flight, seconds.
    #[schemars(range(min = 5, max = 3600))]
    pub deployment_s: u32,
    /// Auto Scaling groups and instances, seconds.
    #[schemars(range(min = 10, max = 3600))]
    pub instances_s: u32,
    /// GPU cards through Systems Manager, seconds.
    #[schemars(range(min = 15, max = 3600))]
    pub gpu_s: u32,
    /// Databases and caches, seconds.
    #[schemars(range(min = 15, max = 3600))]
    pub data_s: u32,
    /// Health of load balancer targets, seconds.
    #[schemars(range(min = 10, max = 3600))]
    pub targets_s: u32,
    /// Queues, seconds; each read of a queue is billed.
    #[schemars(range(min = 10, max = 3600))]
    pub queues_s: u32,
    /// Alarms, seconds. ECS itself needs the same API to roll back.
    #[schemars(range(min = 30, max = 3600))]
    pub alarms_s: u32,
    /// New log lines of a tail, seconds.
    #[schemars(range(min = 2, max = 600))]
    pub logs_s: u32,
    /// Metrics of the pane in front, seconds; each metric is billed.
    #[schemars(range(min = 60, max = 3600))]
    pub metrics_s: u32,
    /// Metrics of all other panes, seconds; each metric is billed.
    #[schemars(range(min = 300, max = 86_400))]
    pub metrics_background_s: u32,
    /// Spend, seconds. Each of its four calls costs a cent, and no account is asked more than four
    /// paid calls a day.
    #[schemars(range(min = 64_800, max = 604_800))]
    pub spend_s: u32,
}

impl Default for Cadences {
    fn default() -> Self {
        Self {
            services_s: 30,
            deployment_s: 10,
            instances_s: 30,
            gpu_s: 30,
            data_s: 30,
            targets_s: 30,
            queues_s: 15,
            alarms_s: 30,
            logs_s: 3,
            metrics_s: 60,
            metrics_background_s: 600,
            spend_s: 64_800,
        }
    }
}

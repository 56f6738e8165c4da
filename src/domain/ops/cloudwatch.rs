//! Questions to and changes of CloudWatch.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::metric::MetricSpec;
use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All alarms, metric and composite → `Alarms`.
    Alarms,
    /// Alarm transitions since then → `AlarmHistory`, newest first.
    AlarmHistory {
        /// The oldest that is wanted.
        since: Timestamp,
    },
    /// Values of these metrics up to now → `Metrics`. Costs 0.01 USD per thousand.
    Metrics {
        /// The metrics, in any number.
        specs: Vec<MetricSpec>,
    },
    /// GPU metrics that the CloudWatch agent publishes → `MetricList`.
    GpuMetricList,
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Turns the actions of alarms on.
    EnableAlarmActions {
        /// Alarm names.
        alarms: Vec<String>,
    },
    /// Turns the actions of alarms off.
    DisableAlarmActions {
        /// Alarm names.
        alarms: Vec<String>,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Alarms => const { &[Operation::new("cloudwatch", "DescribeAlarms")] },
            Self::AlarmHistory { .. } => const { &[Operation::new("cloudwatch", "DescribeAlarmHistory")] },
            Self::Metrics { .. } => const { &[Operation::new("cloudwatch", "GetMetricData")] },
            Self::GpuMetricList => const { &[Operation::new("cloudwatch", "ListMetrics")] },
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::EnableAlarmActions { .. } => Operation::new("cloudwatch", "EnableAlarmActions"),
            Self::DisableAlarmActions { .. } => Operation::new("cloudwatch", "DisableAlarmActions"),
        }
    }
}

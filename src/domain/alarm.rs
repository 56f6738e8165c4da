//! CloudWatch alarms, metric and composite, and their history.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// The alarm's ARN.
    pub arn: String,
    /// The alarm's name; foreign text.
    pub name: String,
    /// What its author wrote of it.
    pub description: Option<String>,
    /// Whether it fires.
    pub state: AlarmState,
    /// What AWS says of the state; foreign text.
    pub reason: Option<String>,
    /// When the state began.
    pub since: Option<Timestamp>,
    /// Whether its actions are enabled.
    pub actions_enabled: bool,
    /// What it does on `ALARM`: ARNs of topics, policies and functions.
    pub alarm_actions: Vec<String>,
    /// What it watches; `None` for a composite.
    pub metric: Option<AlarmMetric>,
    /// The rule of a composite alarm.
    pub composite_rule: Option<String>,
}

/// What a metric alarm watches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmMetric {
    /// The namespace, such as `AWS/RDS`.
    pub namespace: String,
    /// The metric's name.
    pub name: String,
    /// Its dimensions.
    pub dimensions: Vec<(String, String)>,
    /// `GreaterThanThreshold`, …
    pub comparison: String,
    /// The threshold, in the metric's unit.
    pub threshold: Option<f64>,
    /// Seconds per period.
    pub period_s: Option<u32>,
}

/// The three states of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// It fires.
    Alarm,
    /// It does not.
    Ok,
    /// CloudWatch cannot tell.
    InsufficientData,
}

impl AlarmState {
    /// AWS's own word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alarm => "ALARM",
            Self::Ok => "OK",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// A change of an alarm's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmTransition {
    /// The alarm's name.
    pub alarm: String,
    /// When.
    pub at: Timestamp,
    /// What AWS says, such as `Alarm updated from OK to ALARM`.
    pub summary: String,
}

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
    /// What is made of the samples of a period: `Average`, `Sum`, `p95`, …; `None` of an expression.
    #[serde(default)]
    pub statistic: Option<String>,
    /// How many periods are looked at.
    #[serde(default)]
    pub periods: Option<u32>,
    /// In how many of those it has to hold; `None` is in each.
    #[serde(default)]
    pub datapoints: Option<u32>,
}

impl AlarmMetric {
    /// Whether the metric counts bytes, as far as its name says so.
    pub fn is_in_bytes(&self) -> bool {
        matches!(
            self.name.as_str(),
            "FreeStorageSpace"
                | "FreeableMemory"
                | "FreeLocalStorage"
                | "SwapUsage"
                | "TransactionLogsDiskUsage"
        ) || self.name.starts_with("Bytes")
            || self.name.ends_with("Bytes")
    }

    /// For how long it has to hold, in words: `Average of 5m, 3 of 5 times`; `None` where nothing of it is known.
    pub fn lasting(&self) -> Option<String> {
        let period = self.period_s.map(|seconds| {
            crate::domain::rules::words::span(jiff::SignedDuration::from_secs(i64::from(seconds)))
        });
        let each = match (&self.statistic, period) {
            (Some(statistic), Some(period)) => Some(format!("{statistic} of {period}")),
            (Some(statistic), None) => Some(statistic.clone()),
            (None, Some(period)) => Some(format!("each {period}")),
            (None, None) => None,
        };
        let times = self
            .periods
            .map(|periods| match self.datapoints.unwrap_or(periods) {
                1 if periods == 1 => "once".to_owned(),
                all if all == periods => format!("{periods} times in a row"),
                some => format!("{some} of {periods} times"),
            });
        match (each, times) {
            (Some(each), Some(times)) => Some(format!("{each}, {times}")),
            (one, other) => one.or(other),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_it_has_to_hold_is_told_as_far_as_it_is_known() {
        let of = |statistic: Option<&str>, period_s, periods, datapoints| {
            AlarmMetric {
                namespace: "AWS/SQS".to_owned(),
                name: "ApproximateNumberOfMessagesVisible".to_owned(),
                dimensions: Vec::new(),
                comparison: "GreaterThanThreshold".to_owned(),
                threshold: Some(10.0),
                period_s,
                statistic: statistic.map(str::to_owned),
                periods,
                datapoints,
            }
            .lasting()
        };
        for (told, expected) in [
            (
                of(Some("Average"), Some(300), Some(3), None),
                Some("Average of 5m, 3 times in a row"),
            ),
            (
                of(Some("p95"), Some(60), Some(5), Some(3)),
                Some("p95 of 1m, 3 of 5 times"),
            ),
            (
                of(Some("Sum"), Some(60), Some(1), Some(1)),
                Some("Sum of 1m, once"),
            ),
            (of(None, Some(60), None, None), Some("each 1m")),
            (of(None, None, None, None), None),
        ] {
            assert_eq!(told.as_deref(), expected);
        }
    }
}

//! Scaling policies of Auto Scaling groups: what moves a group by itself.

use serde::{Deserialize, Serialize};

/// A scaling policy of a group.
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_ScalingPolicy.html>
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupPolicy {
    /// The group's name.
    pub group: String,
    /// The policy's name.
    pub name: String,
    /// What it does.
    pub form: PolicyForm,
    /// Names of the alarms that set it off; target tracking makes its own.
    pub alarms: Vec<String>,
    /// Whether it may act.
    pub enabled: bool,
}

/// What a policy does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyForm {
    /// Keeps a metric at a value.
    TargetTracking {
        /// The predefined metric, or the name of another one; `None` of an expression.
        metric: Option<String>,
        /// The value, in the metric's unit.
        target: f64,
        /// Whether it only ever adds instances.
        only_out: bool,
    },
    /// Adds or takes away by how far the alarm's metric is beyond its threshold.
    Step {
        /// `ChangeInCapacity`, `ExactCapacity` or `PercentChangeInCapacity`.
        adjustment: String,
        /// From how far on, and how many.
        steps: Vec<PolicyStep>,
    },
    /// Adds or takes away the same each time, and rests then.
    Simple {
        /// `ChangeInCapacity`, `ExactCapacity` or `PercentChangeInCapacity`.
        adjustment: String,
        /// How many.
        by: i32,
        /// Seconds until it may act again; `None` is the group's own.
        cooldown_s: Option<u32>,
    },
    /// Adds ahead of what it expects.
    Predictive {
        /// Whether it only forecasts.
        only_forecasts: bool,
    },
    /// A type that we do not know, by AWS's word.
    Other(String),
}

/// A step of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyStep {
    /// How far from the alarm's threshold it begins; `None` is without end.
    pub from: Option<f64>,
    /// Where it ends; `None` is without end.
    pub to: Option<f64>,
    /// How many.
    pub by: i32,
}

impl GroupPolicy {
    /// Whether it can take instances away.
    pub fn may_shrink(&self) -> bool {
        let shrinks = |adjustment: &str, by: i32| by < 0 || adjustment == "ExactCapacity";
        self.enabled
            && match &self.form {
                PolicyForm::TargetTracking { only_out, .. } => !only_out,
                PolicyForm::Step { adjustment, steps } => {
                    steps.iter().any(|step| shrinks(adjustment, step.by))
                }
                PolicyForm::Simple { adjustment, by, .. } => shrinks(adjustment, *by),
                PolicyForm::Predictive { .. } => false,
                PolicyForm::Other(_) => true,
            }
    }

    /// What it does, in a line.
    pub fn in_words(&self) -> String {
        let what = match &self.form {
            PolicyForm::TargetTracking {
                metric,
                target,
                only_out,
            } => format!(
                "keeps {} at {target}{}",
                metric.as_deref().unwrap_or("an expression"),
                if *only_out { ", never scales in" } else { "" }
            ),
            PolicyForm::Step { adjustment, steps } => {
                let steps: Vec<String> = steps.iter().map(|step| step.in_words(adjustment)).collect();
                format!("steps {}", steps.join(", "))
            }
            PolicyForm::Simple {
                adjustment,
                by,
                cooldown_s,
            } => format!(
                "{}{}",
                amount(adjustment, *by),
                cooldown_s.map_or_else(String::new, |seconds| format!(", then rests {seconds} s"))
            ),
            PolicyForm::Predictive { only_forecasts: true } => "forecasts, and does nothing".to_owned(),
            PolicyForm::Predictive {
                only_forecasts: false,
            } => "adds ahead of what it expects".to_owned(),
            PolicyForm::Other(kind) => kind.clone(),
        };
        let by = match (&self.form, self.alarms.as_slice()) {
            (PolicyForm::Step { .. } | PolicyForm::Simple { .. }, [_, ..]) => {
                format!(", by {}", self.alarms.join(", "))
            }
            _ => String::new(),
        };
        let off = if self.enabled { "" } else { "switched off: " };
        format!("{off}{what}{by}")
    }
}

impl PolicyStep {
    fn in_words(&self, adjustment: &str) -> String {
        let range = match (self.from, self.to) {
            (Some(from), Some(to)) => format!(" from {from} to {to}"),
            (Some(from), None) => format!(" from {from}"),
            (None, Some(to)) => format!(" to {to}"),
            (None, None) => String::new(),
        };
        format!("{}{range}", amount(adjustment, self.by))
    }
}

/// How many, by the kind of the adjustment.
fn amount(adjustment: &str, by: i32) -> String {
    match adjustment {
        "ExactCapacity" => format!("={by}"),
        "PercentChangeInCapacity" => format!("{by:+}%"),
        _ => format!("{by:+}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(form: PolicyForm) -> GroupPolicy {
        GroupPolicy {
            group: "workers".to_owned(),
            name: "p".to_owned(),
            form,
            alarms: vec!["queue-deep".to_owned()],
            enabled: true,
        }
    }

    #[test]
    fn every_form_says_what_it_does_and_whether_it_takes_away() {
        let step = |from, to, by| PolicyStep { from, to, by };
        let change = || "ChangeInCapacity".to_owned();
        let cases = [
            (
                PolicyForm::TargetTracking {
                    metric: Some("ASGAverageCPUUtilization".to_owned()),
                    target: 60.0,
                    only_out: false,
                },
                "keeps ASGAverageCPUUtilization at 60",
                true,
            ),
            (
                PolicyForm::TargetTracking {
                    metric: None,
                    target: 2.5,
                    only_out: true,
                },
                "keeps an expression at 2.5, never scales in",
                false,
            ),
            (
                PolicyForm::Step {
                    adjustment: change(),
                    steps: vec![step(Some(0.0), Some(20.0), 1), step(Some(20.0), None, 3)],
                },
                "steps +1 from 0 to 20, +3 from 20, by queue-deep",
                false,
            ),
            (
                PolicyForm::Step {
                    adjustment: "PercentChangeInCapacity".to_owned(),
                    steps: vec![step(None, Some(0.0), -10)],
                },
                "steps -10% to 0, by queue-deep",
                true,
            ),
            (
                PolicyForm::Simple {
                    adjustment: "ExactCapacity".to_owned(),
                    by: 2,
                    cooldown_s: Some(300),
                },
                "=2, then rests 300 s, by queue-deep",
                true,
            ),
            (
                PolicyForm::Predictive { only_forecasts: true },
                "forecasts, and does nothing",
                false,
            ),
        ];
        for (form, words, shrinks) in cases {
            let policy = policy(form);
            assert_eq!(
                (policy.in_words().as_str(), policy.may_shrink()),
                (words, shrinks)
            );
            let off = GroupPolicy {
                enabled: false,
                ..policy
            };
            assert_eq!(off.in_words(), format!("switched off: {words}"));
            assert!(!off.may_shrink());
        }
    }
}

//! What an estate's owners have decided: what counts as wrong, what is accepted, what the night
//! looks like, what money there is. Health rules, console and headless commands read the same
//! [`Policy`]; without an estate file it is [`Policy::default`].

mod accepted;
mod hours;
mod recovery;
mod selection;
mod thresholds;
mod zone;

pub use accepted::AcceptedFinding;
pub use hours::BusinessHours;
pub use recovery::{Objectives, Recovery};
pub use selection::{ClusterPart, Selection, TagFilter};
pub use thresholds::{Breach, Limit, Setting, SettingError, Side, Threshold, Thresholds};
pub use zone::{UnknownZone, Zone};

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What an estate is for; decides its colour and whether writes are refused by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Customers use it: shown in the colour of production, read-only unless asked otherwise.
    Prod,
    /// A rehearsal of production.
    Staging,
    /// Developers use it.
    Dev,
    /// Nobody said; the default.
    #[default]
    Unknown,
}

impl Environment {
    /// Whether an estate of this kind refuses writes unless its file or the operator says otherwise.
    pub fn read_only_by_default(self) -> bool {
        match self {
            Self::Prod => true,
            Self::Staging | Self::Dev | Self::Unknown => false,
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prod => "prod",
            Self::Staging => "staging",
            Self::Dev => "dev",
            Self::Unknown => "unknown",
        })
    }
}

/// What a person must do before a run may change anything; more demanding levels are greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmLevel {
    /// Nothing.
    #[default]
    None,
    /// Agree to the plan (`--yes`, or the word `apply`).
    Ack,
    /// Type the name of the resource that suffers most (`--confirm-name`).
    TypeName,
}

/// A cost of the estate that no AWS bill shows, such as an AI API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FixedCost {
    /// What it is for.
    pub name: String,
    /// US dollars per calendar month, 0 or more.
    pub monthly_usd: f64,
}

/// AWS credits that the estate lives on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Credits {
    /// US dollars at the start, more than 0.
    pub amount_usd: f64,
    /// The first day on which they could be spent, if known; without it what earlier months used is
    /// not known.
    pub since: Option<Date>,
    /// The last day on which they can be spent, if known.
    pub until: Option<Date>,
}

/// The cost allocation tag that tells the estate's part of a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostTag {
    /// The tag's key.
    pub key: String,
    /// The estate's value.
    pub value: String,
}

/// The size of a group at night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NightCapacity {
    /// Least number of instances, at most `desired`.
    pub min: u32,
    /// Number of instances that should run.
    pub desired: u32,
}

/// A queue that says how much work waits for some workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkQueue {
    /// Name of the SQS queue.
    pub queue: String,
    /// Auto Scaling groups and ECS services that work on it, by name.
    pub feeds: Vec<String>,
}

/// All decisions about one estate.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// What the estate is for.
    pub environment: Environment,
    /// Whether writes are refused unless the operator asks for them (`--read-write`, `:write`).
    pub read_only_default: bool,
    /// The zone in which times are shown, days begin and business hours lie; UTC by default.
    pub time_zone: Zone,
    /// US dollars that the estate may cost in a calendar month, fixed costs included.
    pub monthly_budget_usd: Option<f64>,
    /// Monthly costs that AWS does not know.
    pub fixed_monthly_costs: Vec<FixedCost>,
    /// Credits, if the estate lives on some.
    pub credits: Option<Credits>,
    /// The cost allocation tag of the estate, if its bill is split by one.
    pub cost_tag: Option<CostTag>,
    /// From which values on the health rules complain.
    pub thresholds: Thresholds,
    /// Findings that somebody has agreed to live with until a date.
    pub accepted: Vec<AcceptedFinding>,
    /// Sizes at night by name of Auto Scaling group.
    pub night_capacity: BTreeMap<String, NightCapacity>,
    /// Which queue holds the work of which workers.
    pub work_queues: Vec<WorkQueue>,
    /// When people are at work; a backup window inside is worth a warning.
    pub business_hours: Option<BusinessHours>,
    /// The least that a person must do before a run changes this estate.
    pub confirm_at_least: ConfirmLevel,
    /// Names of the alarms that tell whether customers are served: runbooks watch them during a run.
    pub guard_alarms: Vec<String>,
    /// What may be lost, and how long being back may take.
    pub recovery: Recovery,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            environment: Environment::Unknown,
            read_only_default: Environment::Unknown.read_only_by_default(),
            time_zone: Zone::utc(),
            monthly_budget_usd: None,
            fixed_monthly_costs: Vec::new(),
            credits: None,
            cost_tag: None,
            thresholds: Thresholds::default(),
            accepted: Vec::new(),
            night_capacity: BTreeMap::new(),
            work_queues: Vec::new(),
            business_hours: None,
            confirm_at_least: ConfirmLevel::None,
            guard_alarms: Vec::new(),
            recovery: Recovery::default(),
        }
    }
}

impl Policy {
    /// US dollars per month that the estate costs beside AWS.
    pub fn fixed_monthly_usd(&self) -> f64 {
        self.fixed_monthly_costs.iter().map(|cost| cost.monthly_usd).sum()
    }

    /// US dollars per month that are left for AWS once the fixed costs are paid; negative if they
    /// alone exceed the budget, none without a budget.
    pub fn aws_monthly_budget_usd(&self) -> Option<f64> {
        self.monthly_budget_usd
            .map(|budget| budget - self.fixed_monthly_usd())
    }

    /// The groups and services that work on what a queue holds; none if nobody has said so.
    pub fn feeds(&self, queue: &str) -> &[String] {
        let mut known = self.work_queues.iter();
        known
            .find(|work| work.queue == queue)
            .map_or(&[], |work| work.feeds.as_slice())
    }

    /// The queues that feed a group or service.
    pub fn queues_of<'a>(&'a self, worker: &'a str) -> impl Iterator<Item = &'a WorkQueue> {
        self.work_queues
            .iter()
            .filter(move |queue| queue.feeds.iter().any(|fed| fed == worker))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_production_is_read_only_by_default() {
        assert!(Environment::Prod.read_only_by_default());
        for other in [Environment::Staging, Environment::Dev, Environment::Unknown] {
            assert!(!other.read_only_by_default(), "{other}");
        }
        assert!(!Policy::default().read_only_default);
    }

    #[test]
    fn fixed_costs_come_out_of_the_budget() {
        let policy = Policy {
            monthly_budget_usd: Some(674.56),
            fixed_monthly_costs: vec![
                FixedCost {
                    name: "AI API".to_owned(),
                    monthly_usd: 150.0,
                },
                FixedCost {
                    name: "fallback API".to_owned(),
                    monthly_usd: 30.0,
                },
            ],
            ..Policy::default()
        };
        assert_eq!(policy.fixed_monthly_usd(), 180.0);
        let left = policy.aws_monthly_budget_usd().expect("there is a budget");
        assert!((left - 494.56).abs() < 1e-9, "{left}");
        assert_eq!(Policy::default().aws_monthly_budget_usd(), None);
    }

    #[test]
    fn a_worker_finds_its_queues() {
        let policy = Policy {
            work_queues: vec![WorkQueue {
                queue: "jobs".to_owned(),
                feeds: vec!["gpu-workers".to_owned()],
            }],
            ..Policy::default()
        };
        assert_eq!(policy.queues_of("gpu-workers").count(), 1);
        assert_eq!(policy.queues_of("api").count(), 0);
    }

    #[test]
    fn confirmation_levels_are_ordered() {
        assert!(ConfirmLevel::None < ConfirmLevel::Ack);
        assert!(ConfirmLevel::Ack < ConfirmLevel::TypeName);
    }
}

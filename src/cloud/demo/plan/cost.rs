//! What an estate costs, as its file has it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What an estate costs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// US dollars a day by service, without what runs by the hour below.
    pub daily: BTreeMap<String, f64>,
    /// Instance types at list price, US dollars per hour.
    #[serde(default)]
    pub hourly: BTreeMap<String, f64>,
    /// Budgets.
    pub budgets: Vec<Budget>,
    /// Credits that there are, US dollars.
    #[serde(default)]
    pub credits: f64,
    /// What is left of them when the demo opens, US dollars.
    #[serde(default)]
    pub credits_left: f64,
    /// The same by scenario, where it differs.
    #[serde(default)]
    pub credits_left_in: BTreeMap<String, f64>,
    /// Shares of the bill by key and value of cost allocation tags.
    #[serde(default)]
    pub tags: BTreeMap<String, BTreeMap<String, f64>>,
    /// What AWS advises; absent is an account without such advice.
    #[serde(default)]
    pub advice: Option<Advised>,
    /// Anomalies.
    #[serde(default)]
    pub anomalies: Vec<Anomaly>,
}

/// A budget.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Its name.
    pub name: String,
    /// US dollars a month.
    pub limit: f64,
    /// Which share of the account's cost it counts; absent is all of it.
    #[serde(default = "all")]
    pub share: f64,
}

fn all() -> f64 {
    1.0
}

/// An anomaly that Cost Anomaly Detection found.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anomaly {
    /// How many days ago it began.
    pub days_ago: i64,
    /// US dollars above what was expected.
    pub impact_usd: f64,
    /// Where it comes from.
    pub causes: Vec<String>,
    /// US dollars that were expected in its days.
    #[serde(default)]
    pub expected_usd: Option<f64>,
    /// For how many days it lasted, which then cost the more under the service that is its first cause. Absent
    /// goes on, and is in what runs.
    #[serde(default)]
    pub lasted_days: Option<i64>,
    /// The scenario in which it is there; absent is all but the quiet one.
    #[serde(default)]
    pub only_in: Option<String>,
}

/// What AWS advises.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advised {
    /// Checks of Trusted Advisor; absent is a support plan without.
    #[serde(default)]
    pub trusted_advisor: Option<Vec<AdvisedItem>>,
    /// Recommendations of Compute Optimizer; absent is an account that never turned it on.
    #[serde(default)]
    pub compute_optimizer: Option<Vec<AdvisedItem>>,
}

/// A piece of advice.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdvisedItem {
    /// The check's id, or the resource's ARN.
    pub id: String,
    /// The check, or the resource.
    pub name: String,
    /// The category, or the kind of resource.
    pub category: String,
    /// `hint`, `warning` or `error`.
    pub level: crate::domain::advice::AdviceLevel,
    /// What is advised.
    pub what: String,
    /// Resources.
    #[serde(default)]
    pub resources: Vec<String>,
    /// US dollars a month.
    #[serde(default)]
    pub saves: Option<f64>,
}

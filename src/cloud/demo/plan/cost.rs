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
    /// Credits used per month, US dollars.
    #[serde(default)]
    pub credits: f64,
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
}

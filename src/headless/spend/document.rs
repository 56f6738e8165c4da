//! Spend as it is printed, in `qd spend` and in `qd status`. What is not known is `null`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::domain::price::BurnItem;
use crate::domain::units::{Usd, UsdPerHour};
use crate::headless::status::document::{ApiUse, ErrorEntry, ScopeEntry};

/// The format's name.
pub const SCHEMA: &str = "quarterdeck.spend/1";

/// What `qd spend -o json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct SpendReport {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// When it was put together.
    pub at: Timestamp,
    /// The scopes that were asked.
    pub scopes: Vec<ScopeEntry>,
    /// The spend.
    pub spend: Spend,
    /// What could not be read.
    pub errors: Vec<ErrorEntry>,
    /// What asking cost.
    pub api: ApiUse,
}

/// Spend of all accounts. Sums over accounts are `null` if one of them is not known.
#[derive(Debug, Clone, Serialize)]
pub struct Spend {
    /// `USD`.
    pub currency: String,
    /// Spent this month, UTC, credits left out.
    pub month_to_date: Option<f64>,
    /// What AWS expects the whole month to cost.
    pub forecast: Option<f64>,
    /// The lower end of the forecast's 80 % interval.
    pub forecast_low: Option<f64>,
    /// The upper end.
    pub forecast_high: Option<f64>,
    /// Credits and refunds of the month, negative.
    pub credits: Option<f64>,
    /// Budgets of AWS Budgets.
    pub budgets: Vec<BudgetEntry>,
    /// The estates' own monthly budgets and the costs that AWS does not know.
    pub estates: Vec<EstateEntry>,
    /// Month to date by service, the largest first.
    pub by_service: Vec<ServiceEntry>,
    /// Month to date by account, the largest first.
    pub by_account: Vec<AccountEntry>,
    /// Days of the last month or so, oldest first.
    pub daily: Vec<DayEntry>,
    /// What runs now, by the hour at list price.
    pub burn_rate_per_hour: Burn,
    /// When the oldest of the figures of Cost Explorer were read.
    pub as_of: Option<Timestamp>,
    /// Where the figures come from.
    pub source: Option<String>,
}

/// A budget.
#[derive(Debug, Clone, Serialize)]
pub struct BudgetEntry {
    /// The budget's name.
    pub name: String,
    /// `<profile>/global`.
    pub scope: String,
    /// `MONTHLY`, …
    pub period: String,
    /// The unit of the amounts.
    pub unit: Option<String>,
    /// The limit.
    pub limit: Option<f64>,
    /// Spent so far.
    pub actual: Option<f64>,
    /// Expected for the period.
    pub forecast: Option<f64>,
}

/// What an estate's owners have said of its costs, US dollars a month.
#[derive(Debug, Clone, Serialize)]
pub struct EstateEntry {
    /// The scopes that it holds for.
    pub scopes: Vec<String>,
    /// The budget, fixed costs included.
    pub monthly_budget: Option<f64>,
    /// Costs that AWS does not know.
    pub fixed_monthly: Vec<FixedEntry>,
}

/// A fixed cost.
#[derive(Debug, Clone, Serialize)]
pub struct FixedEntry {
    /// What it is for.
    pub name: String,
    /// US dollars a month.
    pub amount: Usd,
}

/// Month to date of a service.
#[derive(Debug, Clone, Serialize)]
pub struct ServiceEntry {
    /// The service's name in the bill.
    pub service: String,
    /// The amount.
    pub amount: f64,
}

/// Month to date of an account.
#[derive(Debug, Clone, Serialize)]
pub struct AccountEntry {
    /// The twelve digits.
    pub account: String,
    /// The amount.
    pub amount: f64,
}

/// A day.
#[derive(Debug, Clone, Serialize)]
pub struct DayEntry {
    /// The day, UTC.
    pub date: Date,
    /// The amount.
    pub amount: f64,
    /// Whether AWS still counts.
    pub estimated: bool,
}

/// The burn rate, US dollars per hour at list price.
#[derive(Debug, Clone, Serialize)]
pub struct Burn {
    /// The sum of what has a price; `None` if nothing was read, or none of it has one.
    pub total: Option<UsdPerHour>,
    /// By what things are paid as.
    pub by_kind: BTreeMap<&'static str, UsdPerHour>,
    /// What runs, the largest first.
    pub items: Vec<BurnItem>,
    /// Names of what runs and has no price here; if there are any, the total is too low.
    pub unpriced: Vec<String>,
    /// The day of the oldest price.
    pub prices_of: Option<Date>,
    /// What the figure leaves out.
    pub excludes: &'static str,
}

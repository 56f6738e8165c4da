//! Spend as it is printed, in `qd spend` and in `qd status`. What is not known is `null`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::domain::price::BurnItem;
use crate::domain::units::{Usd, UsdPerHour};
use crate::headless::moment;
use crate::headless::status::document::{ApiUse, ErrorEntry, ScopeEntry};

/// The format's name.
pub const SCHEMA: &str = "quarterdeck.spend/1";

/// What `qd spend -o json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct SpendReport {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// When it was put together.
    #[serde(serialize_with = "moment::whole")]
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
    /// Credits that estates live on, as a fuel gauge.
    pub credit_gauges: Vec<CreditEntry>,
    /// Budgets of AWS Budgets.
    pub budgets: Vec<BudgetEntry>,
    /// The estates' own monthly budgets and the costs that AWS does not know.
    pub estates: Vec<EstateEntry>,
    /// Month to date by service, the largest first.
    pub by_service: Vec<ServiceEntry>,
    /// Month to date by account, the largest first.
    pub by_account: Vec<AccountEntry>,
    /// Month to date by the value of the estates' cost allocation tags, the largest first; absent if no
    /// estate names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_tag: Option<Vec<TagEntry>>,
    /// Anomalies of the last thirty days, the newest first.
    pub anomalies: Vec<AnomalyEntry>,
    /// Days of the last month or so, oldest first.
    pub daily: Vec<DayEntry>,
    /// What runs now, by the hour at list price.
    pub burn_rate_per_hour: Burn,
    /// What runs now beside what was billed for yesterday, or for the day before while AWS still counts that.
    pub yesterday: Yesterday,
    /// What could be saved, the largest first; amounts must not be added up.
    pub savings: Vec<SavingEntry>,
    /// When the oldest of the figures of Cost Explorer were read.
    #[serde(serialize_with = "moment::whole_or_null")]
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

/// Credits as a fuel gauge, US dollars.
#[derive(Debug, Clone, Serialize)]
pub struct CreditEntry {
    /// `<profile>/global`.
    pub scope: String,
    /// What there was.
    pub amount: f64,
    /// What they have paid since `used_since`.
    pub used: Option<f64>,
    /// The first day that `used` counts.
    pub used_since: Option<Date>,
    /// What was billed since then and credits did not pay; `None` where that is not known, or within the days
    /// that AWS books them late.
    pub paid_otherwise: Option<f64>,
    /// What is left; the most that can be left unless `exact`.
    pub left: Option<f64>,
    /// Whether everything that they have paid is known.
    pub exact: bool,
    /// What a day costs, the mean of the last seven whole days.
    pub per_day: Option<f64>,
    /// Days that what is left lasts at that rate.
    pub days_left: Option<f64>,
    /// The day on which it is gone.
    pub dry_on: Option<Date>,
    /// The last day on which they can be spent.
    pub until: Option<Date>,
    /// What eats them, a day over the same week.
    pub eaters: Vec<ServiceEntry>,
}

/// Month to date of a value of a cost allocation tag.
#[derive(Debug, Clone, Serialize)]
pub struct TagEntry {
    /// The tag's key.
    pub key: String,
    /// Its value; empty is what has no such tag.
    pub value: String,
    /// The amount.
    pub amount: f64,
}

/// An anomaly of Cost Anomaly Detection.
#[derive(Debug, Clone, Serialize)]
pub struct AnomalyEntry {
    /// Its id.
    pub id: String,
    /// `<profile>/global`.
    pub scope: String,
    /// Its first day.
    pub start: Option<String>,
    /// Its last day, if it is over.
    pub end: Option<String>,
    /// Dollars above the expected.
    pub impact_usd: f64,
    /// What was paid.
    pub actual_usd: Option<f64>,
    /// What was expected.
    pub expected_usd: Option<f64>,
    /// Where it comes from, the largest contribution first.
    pub causes: Vec<String>,
}

/// The burn rate beside a day's bill, US dollars a day.
#[derive(Debug, Clone, Serialize)]
pub struct Yesterday {
    /// The day, UTC.
    pub date: Date,
    /// Whether AWS still counts it; `None` if the day is not in the bill.
    pub estimated: Option<bool>,
    /// What was billed.
    pub billed: Option<f64>,
    /// What runs now, for 24 hours at list price.
    pub running: Option<f64>,
    /// By service, the largest difference first.
    pub by_service: Vec<YesterdayEntry>,
    /// What holds for all of it.
    pub notes: Vec<String>,
}

/// A service in both views.
#[derive(Debug, Clone, Serialize)]
pub struct YesterdayEntry {
    /// The service's name in the bill.
    pub service: String,
    /// What was billed.
    pub billed: Option<f64>,
    /// What runs of it now, for 24 hours at list price; `None` if nothing of it has a price by the hour.
    pub running: Option<f64>,
    /// Billed less running.
    pub difference: Option<f64>,
    /// What explains it.
    pub because: Vec<String>,
}

/// A possible saving.
#[derive(Debug, Clone, Serialize)]
pub struct SavingEntry {
    /// The rule's id, `saving.…`.
    pub rule: String,
    /// The kind of the resource.
    pub kind: &'static str,
    /// The resource's id.
    pub id: String,
    /// Where.
    pub scope: String,
    /// The resource's name.
    pub name: String,
    /// How.
    pub title: String,
    /// Why we say so.
    pub evidence: Vec<String>,
    /// US dollars a month of 730 hours; `None` where a price is not known.
    pub saves_usd_per_month: Option<f64>,
    /// Runbooks that do it.
    pub runbooks: Vec<String>,
}

/// What an estate's owners have said of its costs, US dollars a month.
#[derive(Debug, Clone, Serialize)]
pub struct EstateEntry {
    /// The scopes that it holds for.
    pub scopes: Vec<String>,
    /// Spent this month, from its cost allocation tag, or the account's if it is the whole account;
    /// fixed costs left out.
    pub month_to_date: Option<f64>,
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
    /// Whether what it is made of was not read everywhere, so that more may run.
    pub unread: bool,
    /// The day of the oldest price.
    pub prices_of: Option<Date>,
    /// What the figure leaves out.
    pub excludes: &'static str,
}

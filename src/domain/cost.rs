//! Cost Explorer and Budgets.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::policy::Policy;

/// What an account has spent: the answer of two calls of `GetCostAndUsage`, credits left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// The currency, `USD`.
    pub currency: String,
    /// The metric, such as `UnblendedCost`.
    pub metric: String,
    /// Each day of the window by service, oldest first.
    pub daily: Vec<DailyCost>,
    /// Month to date by linked account: account and amount in the currency.
    pub by_account: Vec<(String, f64)>,
    /// Credits and refunds of the month to date, negative.
    pub credits: Option<f64>,
    /// Month to date by the value of the estate's cost allocation tag, if it names one.
    #[serde(default)]
    pub by_tag: Option<TagCosts>,
    /// What credits have paid since the estate has them, if it says since when.
    #[serde(default)]
    pub credits_used: Option<CreditsUsed>,
}

/// Month to date by the values of a cost allocation tag.
/// <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/cost-alloc-tags.html>
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TagCosts {
    /// The tag's key.
    pub key: String,
    /// Value and amount in the currency, the largest first; what has no such tag, or was paid for
    /// before the tag was activated, is under the empty value.
    pub by_value: Vec<(String, f64)>,
}

impl TagCosts {
    /// The amount of a value; `None` if nothing was paid for under it.
    pub fn of(&self, value: &str) -> Option<f64> {
        self.by_value
            .iter()
            .find(|(known, _)| known == value)
            .map(|(_, amount)| *amount)
    }
}

/// What credits have paid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CreditsUsed {
    /// The first day that is counted: the first of a month, since months are asked for.
    pub since: Date,
    /// The amount in the currency, positive.
    pub amount: f64,
}

impl Usage {
    /// The sum of the days of this month, UTC as AWS bills, in the currency; `None` if there is no
    /// such day.
    pub fn month_to_date(&self, today: Date) -> Option<f64> {
        let mut days = self.days_of_month(today).peekable();
        days.peek()?;
        Some(days.map(DailyCost::total).sum())
    }

    /// The month to date of an estate: what its cost allocation tag tells, else the account's, and that only
    /// where the estate is the whole account.
    pub fn of_estate(&self, policy: &Policy, is_whole_account: bool, today: Date) -> Option<f64> {
        if let Some(tag) = &policy.cost_tag {
            let costs = self.by_tag.as_ref().filter(|costs| costs.key == tag.key)?;
            return costs.of(&tag.value);
        }
        is_whole_account.then(|| self.month_to_date(today)).flatten()
    }

    /// The days of this month, UTC, oldest first.
    pub fn days_of_month(&self, today: Date) -> impl Iterator<Item = &DailyCost> {
        let first = today.first_of_month();
        self.daily.iter().filter(move |day| day.date >= first)
    }
}

/// One day's cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DailyCost {
    /// The day, UTC.
    pub date: Date,
    /// Whether AWS still counts.
    pub estimated: bool,
    /// Service and amount in the currency.
    pub by_service: Vec<(String, f64)>,
}

impl DailyCost {
    /// The day's sum in the currency.
    pub fn total(&self) -> f64 {
        self.by_service.iter().map(|(_, amount)| amount).sum()
    }
}

/// What AWS expects the rest of the month to cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// From tomorrow to the month's end, in the currency.
    pub rest_of_month: f64,
    /// The lower end of the 80 % interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The first day that the forecast covers.
    pub from: Date,
}

/// An anomaly that Cost Anomaly Detection found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// The anomaly's id.
    pub id: String,
    /// Its first day.
    pub start: Option<String>,
    /// Its last day, if it is over.
    pub end: Option<String>,
    /// Dollars above what was expected.
    pub impact_usd: f64,
    /// Where it comes from: service, region, usage type, the largest contribution first, with its
    /// dollars where AWS tells them.
    pub causes: Vec<String>,
    /// What was paid in its days, US dollars.
    #[serde(default)]
    pub actual_usd: Option<f64>,
    /// What was expected for them, US dollars.
    #[serde(default)]
    pub expected_usd: Option<f64>,
    /// The monitor that found it, an ARN.
    #[serde(default)]
    pub monitor: Option<String>,
}

impl Anomaly {
    /// The first cause without its dollars: where it comes from.
    pub fn origin(&self) -> Option<&str> {
        let cause = self.causes.first()?;
        Some(cause.rsplit_once(": ").map_or(
            cause,
            |(origin, usd)| {
                if usd.ends_with(" USD") { origin } else { cause }
            },
        ))
    }

    /// The EC2 instance types that usage types among its causes name, such as `g5.xlarge` of
    /// `APN2-BoxUsage:g5.xlarge`.
    pub fn instance_types(&self) -> Vec<&str> {
        let types = self.causes.iter().filter_map(|cause| {
            let (_, rest) = cause
                .split_once("BoxUsage:")
                .or_else(|| cause.split_once("SpotUsage:"))?;
            let end = rest.find(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '.' | '-')));
            Some(&rest[..end.unwrap_or(rest.len())])
        });
        let mut types: Vec<&str> = types.collect();
        types.sort_unstable();
        types.dedup();
        types
    }
}

/// A budget of AWS Budgets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// The budget's name.
    pub name: String,
    /// The limit, in its unit.
    pub limit: Option<f64>,
    /// The unit, `USD`.
    pub unit: Option<String>,
    /// `MONTHLY`, …
    pub period: String,
    /// Spent so far.
    pub actual: Option<f64>,
    /// Expected for the period.
    pub forecast: Option<f64>,
}

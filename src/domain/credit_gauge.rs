//! Credits as a fuel gauge: what is left, how fast it goes, and when it is gone.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::domain::cost::Usage;
use crate::domain::policy::Credits;

/// Days that the rate is the mean of.
const WEEK: i32 = 7;
/// Days of the bill for which AWS may not have booked credits yet.
const CREDITS_LATE_DAYS: f64 = 2.0;
/// Services that are named.
const MOST_EATERS: usize = 5;

/// What is known of an estate's credits. Amounts are US dollars.
#[derive(Debug, Clone, PartialEq)]
pub struct CreditGauge {
    /// What there was at the start.
    pub amount: f64,
    /// What credits have paid, and since when that is known; `None` before the bill is read.
    pub used: Option<(f64, Date)>,
    /// What was billed since then and somebody else paid; `None` where that is not known, or within what
    /// credits are late by.
    pub paid_otherwise: Option<f64>,
    /// Whether `used` begins where the credits do, so that `left` is exact and not the most that can
    /// be left.
    pub is_whole: bool,
    /// What is left.
    pub left: Option<f64>,
    /// What a day costs, credits left out: the mean of the last seven whole days.
    pub per_day: Option<f64>,
    /// Days that what is left lasts at that rate; `None` if nothing is spent.
    pub days_left: Option<f64>,
    /// The day on which it is gone at that rate.
    pub dry_on: Option<Date>,
    /// The last day on which credits can be spent.
    pub until: Option<Date>,
    /// What eats them: service and dollars a day over the same week, the largest first.
    pub eaters: Vec<(String, f64)>,
}

impl CreditGauge {
    /// Reads the gauge; `today` is the day by UTC, as AWS bills.
    pub fn of(credits: &Credits, usage: Option<&Usage>, today: Date) -> Self {
        let used = usage.and_then(|usage| used(usage, today));
        let is_whole = match (used, credits.since) {
            (Some((_, from)), Some(since)) => from <= since,
            (Some(_) | None, _) => false,
        };
        let left = used.map(|(used, _)| (credits.amount_usd - used).max(0.0));
        let week = usage.map(|usage| week_of(usage, today)).unwrap_or_default();
        let per_day = mean(&week);
        let days_left = left
            .zip(per_day)
            .filter(|(_, per_day)| *per_day > 0.0)
            .map(|(left, per_day)| left / per_day);
        Self {
            amount: credits.amount_usd,
            used,
            paid_otherwise: usage.zip(used).and_then(|(usage, (used, since))| {
                let billed = billed_since(usage, since, today)?;
                let late = per_day? * CREDITS_LATE_DAYS;
                Some(billed - used).filter(|other| *other > late)
            }),
            is_whole,
            left,
            per_day,
            days_left,
            dry_on: days_left.and_then(|days| after(today, days)),
            until: credits.until,
            eaters: eaters(&week),
        }
    }

    /// What is left as a share of what there was, percent.
    pub fn percent_left(&self) -> Option<f64> {
        self.left.map(|left| 100.0 * left / self.amount)
    }

    /// Whether they are gone before they end; `None` if either day is not known.
    pub fn is_dry_before_the_end(&self) -> Option<bool> {
        Some(self.dry_on? < self.until?)
    }
}

/// What credits have paid and since which day that is known.
fn used(usage: &Usage, today: Date) -> Option<(f64, Date)> {
    match usage.credits_used {
        Some(used) => Some((used.amount, used.since)),
        None => usage
            .credits
            .map(|month| (-month.min(0.0), today.first_of_month())),
    }
}

/// What was billed from a day on; `None` if days are missing.
fn billed_since(usage: &Usage, since: Date, today: Date) -> Option<f64> {
    let days = || {
        usage
            .daily
            .iter()
            .filter(|day| since <= day.date && day.date <= today)
    };
    let is_whole = days().map(|day| day.date).min() == Some(since);
    is_whole.then(|| days().flat_map(|day| &day.by_service).map(|(_, usd)| usd).sum())
}

/// The last whole days, by service.
fn week_of(usage: &Usage, today: Date) -> Vec<&[(String, f64)]> {
    let first = today.saturating_sub(WEEK.days());
    usage
        .daily
        .iter()
        .filter(|day| first <= day.date && day.date < today)
        .map(|day| day.by_service.as_slice())
        .collect()
}

fn mean(days: &[&[(String, f64)]]) -> Option<f64> {
    let total: f64 = days
        .iter()
        .flat_map(|day| day.iter())
        .map(|(_, amount)| amount)
        .sum();
    (!days.is_empty()).then(|| total / days.len() as f64)
}

fn eaters(days: &[&[(String, f64)]]) -> Vec<(String, f64)> {
    let mut by_service: BTreeMap<&str, f64> = BTreeMap::new();
    for (service, amount) in days.iter().flat_map(|day| day.iter()) {
        *by_service.entry(service).or_default() += amount;
    }
    let count = days.len().max(1) as f64;
    let mut eaters: Vec<(String, f64)> = by_service
        .into_iter()
        .map(|(service, amount)| (service.to_owned(), amount / count))
        .filter(|(_, amount)| *amount > 0.0)
        .collect();
    eaters.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    eaters.truncate(MOST_EATERS);
    eaters
}

/// The day so many days later; `None` beyond a century, which says nothing.
fn after(today: Date, days: f64) -> Option<Date> {
    /// Days of a century.
    const CENTURY: f64 = 36_525.0;
    let whole = (days < CENTURY).then_some(days.floor() as i32)?;
    today.checked_add(whole.days()).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::cost::{CreditsUsed, DailyCost};

    fn usage(per_day: f64, used: Option<CreditsUsed>) -> Usage {
        let daily = (1..=21)
            .map(|day| DailyCost {
                date: date(2026, 11, day),
                estimated: day > 19,
                // Today has hardly begun.
                by_service: if day == 21 {
                    vec![("Amazon SageMaker".to_owned(), 0.1)]
                } else {
                    vec![
                        ("Amazon SageMaker".to_owned(), per_day * 0.75),
                        ("Amazon RDS".to_owned(), per_day * 0.25),
                        ("AWS Lambda".to_owned(), 0.0),
                    ]
                },
            })
            .collect();
        Usage {
            currency: "USD".to_owned(),
            metric: "UnblendedCost".to_owned(),
            daily,
            by_account: Vec::new(),
            credits: Some(-200.0),
            by_tag: None,
            credits_used: used,
        }
    }

    fn credits(since: Option<Date>, until: Option<Date>) -> Credits {
        Credits {
            amount_usd: 1000.0,
            since,
            until,
        }
    }

    #[test]
    fn what_is_left_lasts_as_long_as_the_last_week_says() {
        let used = CreditsUsed {
            since: date(2026, 9, 1),
            amount: 700.0,
        };
        let credits = credits(Some(date(2026, 9, 14)), Some(date(2027, 2, 28)));
        let gauge = CreditGauge::of(&credits, Some(&usage(20.0, Some(used))), date(2026, 11, 21));
        assert_eq!(gauge.left, Some(300.0));
        assert!(gauge.is_whole);
        assert_eq!(gauge.per_day, Some(20.0));
        assert_eq!(gauge.days_left, Some(15.0));
        assert_eq!(gauge.dry_on, Some(date(2026, 12, 6)));
        assert_eq!(gauge.is_dry_before_the_end(), Some(true));
        assert_eq!(gauge.percent_left(), Some(30.0));
        assert_eq!(
            gauge.eaters,
            [
                ("Amazon SageMaker".to_owned(), 15.0),
                ("Amazon RDS".to_owned(), 5.0)
            ]
        );
    }

    #[test]
    fn what_credits_did_not_pay_somebody_else_did() {
        let used = |amount| {
            Some(CreditsUsed {
                since: date(2026, 11, 1),
                amount,
            })
        };
        let gauge = |used| {
            let since = credits(Some(date(2026, 11, 1)), None);
            CreditGauge::of(&since, Some(&usage(20.0, used)), date(2026, 11, 21))
        };
        // Twenty days at 20, and a day that has hardly begun.
        let other = gauge(used(100.0)).paid_otherwise.expect("the bill is larger");
        assert!((other - 300.1).abs() < 1e-6, "{other}");
        // Credits are booked late.
        assert_eq!(gauge(used(370.0)).paid_otherwise, None);
        let early = CreditsUsed {
            since: date(2026, 10, 1),
            amount: 100.0,
        };
        assert_eq!(gauge(Some(early)).paid_otherwise, None, "October is not known");
    }

    #[test]
    fn without_a_beginning_only_this_month_is_known() {
        let gauge = CreditGauge::of(&credits(None, None), Some(&usage(20.0, None)), date(2026, 11, 21));
        assert_eq!(gauge.used, Some((200.0, date(2026, 11, 1))));
        assert_eq!((gauge.left, gauge.is_whole), (Some(800.0), false));
        assert_eq!(gauge.is_dry_before_the_end(), None);
    }

    #[test]
    fn months_that_cost_explorer_has_forgotten_leave_the_gauge_inexact() {
        let used = CreditsUsed {
            since: date(2025, 10, 1),
            amount: 100.0,
        };
        let credits = credits(Some(date(2024, 1, 1)), None);
        let gauge = CreditGauge::of(&credits, Some(&usage(20.0, Some(used))), date(2026, 11, 21));
        assert!(!gauge.is_whole);
    }

    #[test]
    fn what_is_not_known_is_not_nothing() {
        let unread = CreditGauge::of(&credits(None, None), None, date(2026, 11, 21));
        assert_eq!(
            (unread.left, unread.per_day, unread.days_left, unread.dry_on),
            (None, None, None, None)
        );
        let idle = CreditGauge::of(&credits(None, None), Some(&usage(0.0, None)), date(2026, 11, 21));
        assert_eq!((idle.per_day, idle.days_left), (Some(0.0), None));
    }

    #[test]
    fn more_used_than_there_was_leaves_nothing() {
        let used = CreditsUsed {
            since: date(2026, 9, 1),
            amount: 1300.0,
        };
        let gauge = CreditGauge::of(
            &credits(Some(date(2026, 9, 1)), None),
            Some(&usage(20.0, Some(used))),
            date(2026, 11, 21),
        );
        assert_eq!((gauge.left, gauge.dry_on), (Some(0.0), Some(date(2026, 11, 21))));
    }
}

//! An estate's own part of the bill, beside the estate's own budget.

use jiff::civil::Date;

use crate::domain::inventory::ScopeState;
use crate::domain::policy::Policy;

/// What AWS bills an estate this month, beside what its file plans. US dollars, credits left out.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EstateBill {
    /// The estate's monthly budget less its fixed costs that AWS does not know; `None` without a budget.
    pub planned: Option<f64>,
    /// The month to date: what the estate's cost allocation tag tells, else the account's, and that only
    /// where the estate is the whole account.
    pub actual: Option<f64>,
    /// What is expected of the rest of the month: of a part of the account in proportion to its share of
    /// the month so far.
    pub rest: Option<f64>,
}

impl EstateBill {
    /// The estate's bill; `today` is the day by UTC, as AWS bills.
    pub fn of(state: &ScopeState, policy: &Policy, today: Date) -> Self {
        let actual = actual(state, policy, today);
        Self {
            planned: policy.aws_monthly_budget_usd(),
            actual,
            rest: actual.and_then(|part| rest(state, part, today)),
        }
    }

    /// What the whole month will come to.
    pub fn expected(&self) -> Option<f64> {
        Some(self.actual? + self.rest?)
    }
}

fn actual(state: &ScopeState, policy: &Policy, today: Date) -> Option<f64> {
    let usage = state.usage.get()?;
    if let Some(tag) = &policy.cost_tag {
        let costs = usage.by_tag.as_ref().filter(|costs| costs.key == tag.key)?;
        return costs.of(&tag.value);
    }
    let is_accounts = state.selection.is_everything();
    is_accounts.then(|| usage.month_to_date(today)).flatten()
}

fn rest(state: &ScopeState, part: f64, today: Date) -> Option<f64> {
    let rest = state.forecast.get()?.rest_of_month;
    let whole = state.usage.get()?.month_to_date(today)?;
    (whole > 0.0).then(|| rest * part / whole)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::cost::{DailyCost, Forecast, TagCosts, Usage};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::policy::{CostTag, FixedCost};
    use crate::domain::rules::sample::Bench;

    #[test]
    fn a_tag_tells_the_part_that_is_expected_to_go_on_as_it_did() {
        let today = jiff::civil::date(2026, 11, 21);
        let mut bench = Bench::new();
        bench.know(
            Source::Usage,
            ReplyData::Usage(Usage {
                currency: "USD".to_owned(),
                metric: "UnblendedCost".to_owned(),
                daily: vec![DailyCost {
                    date: today,
                    estimated: true,
                    by_service: vec![("Amazon EC2".to_owned(), 400.0)],
                }],
                by_account: Vec::new(),
                credits: None,
                by_tag: Some(TagCosts {
                    key: "Environment".to_owned(),
                    by_value: vec![("prod".to_owned(), 300.0), ("dev".to_owned(), 100.0)],
                }),
                credits_used: None,
            }),
        );
        bench.know(
            Source::Forecast,
            ReplyData::Forecast(Forecast {
                rest_of_month: 200.0,
                low: None,
                high: None,
                from: today,
            }),
        );
        let mut policy = Policy {
            monthly_budget_usd: Some(674.56),
            fixed_monthly_costs: vec![FixedCost {
                name: "API".to_owned(),
                monthly_usd: 180.0,
            }],
            cost_tag: Some(CostTag {
                key: "Environment".to_owned(),
                value: "prod".to_owned(),
            }),
            ..Policy::default()
        };
        let bill = EstateBill::of(bench.state(), &policy, today);
        assert_eq!(
            (bill.actual, bill.rest, bill.expected()),
            (Some(300.0), Some(150.0), Some(450.0))
        );
        assert!((bill.planned.unwrap() - 494.56).abs() < 1e-9);
        policy.cost_tag = None;
        let whole = EstateBill::of(bench.state(), &policy, today);
        assert_eq!(whole.expected(), Some(600.0));
    }
}

//! The types of Cost Explorer and Budgets in the console's words.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_budgets::types::{Budget as SdkBudget, Spend};
use aws_sdk_costexplorer::operation::get_cost_forecast::GetCostForecastOutput;
use aws_sdk_costexplorer::types::{Anomaly as SdkAnomaly, Group, MetricValue, ResultByTime};
use jiff::civil::Date;

use crate::domain::cost::{Anomaly, Budget, DailyCost, Forecast, TagCosts};

/// An amount, which AWS writes as text; it can be negative.
fn amount(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|amount| amount.is_finite())
}

fn metric_amount(values: Option<&HashMap<String, MetricValue>>, metric: &str) -> Option<f64> {
    values?.get(metric)?.amount().and_then(amount)
}

/// A day may begin with a date or with a time.
fn date(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

/// The currency that the amounts are in; AWS bills in US dollars unless it says otherwise.
pub(super) fn currency_from_sdk(results: &[ResultByTime], metric: &str) -> String {
    results
        .iter()
        .flat_map(ResultByTime::groups)
        .find_map(|group| group.metrics()?.get(metric)?.unit())
        .unwrap_or("USD")
        .to_owned()
}

/// Each day by service, oldest first. The results of one day may be spread over pages.
pub(super) fn daily_from_sdk(results: &[ResultByTime], metric: &str) -> Vec<DailyCost> {
    let mut days = BTreeMap::<Date, DailyCost>::new();
    for result in results {
        let Some(day) = result.time_period().and_then(|period| date(period.start())) else {
            continue;
        };
        let cost = days.entry(day).or_insert_with(|| DailyCost {
            date: day,
            estimated: false,
            by_service: Vec::new(),
        });
        cost.estimated |= result.estimated();
        for group in result.groups() {
            let (Some(service), Some(amount)) =
                (group.keys().first(), metric_amount(group.metrics(), metric))
            else {
                continue;
            };
            // A service is there once for each value of a tag.
            match cost.by_service.iter_mut().find(|(known, _)| known == service) {
                Some((_, sum)) => *sum += amount,
                None => cost.by_service.push((service.clone(), amount)),
            }
        }
    }
    days.into_values().collect()
}

/// Results that begin on or after a day.
pub(super) fn since(results: Vec<ResultByTime>, first: Date) -> Vec<ResultByTime> {
    let begins = |result: &ResultByTime| result.time_period().and_then(|period| date(period.start()));
    results
        .into_iter()
        .filter(|result| begins(result).is_none_or(|day| day >= first))
        .collect()
}

/// What credits and refunds paid in all results, positive.
pub(super) fn credits_from_sdk(results: &[ResultByTime], metric: &str, credits: &[&str]) -> f64 {
    let paid: f64 = results
        .iter()
        .flat_map(ResultByTime::groups)
        .filter(|group| {
            let kind = group.keys().get(1);
            kind.is_some_and(|kind| credits.contains(&kind.as_str()))
        })
        .filter_map(|group| metric_amount(group.metrics(), metric))
        .sum();
    -paid.min(0.0)
}

/// Month to date by the values of a tag, the largest first. The second key of a group is the tag's key
/// and value with a dollar sign between, with nothing behind it where there is no such tag.
pub(super) fn tags_from_sdk(results: &[ResultByTime], metric: &str, key: &str, month: Date) -> TagCosts {
    let mut amounts = BTreeMap::<String, f64>::new();
    for result in results {
        let day = result.time_period().and_then(|period| date(period.start()));
        if day.is_none_or(|day| day < month) {
            continue;
        }
        for group in result.groups() {
            let value = group
                .keys()
                .get(1)
                .and_then(|tag| tag.strip_prefix(key)?.strip_prefix('$'))
                .unwrap_or_default();
            if let Some(amount) = metric_amount(group.metrics(), metric) {
                *amounts.entry(value.to_owned()).or_default() += amount;
            }
        }
    }
    let mut by_value: Vec<_> = amounts.into_iter().collect();
    by_value.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    TagCosts {
        key: key.to_owned(),
        by_value,
    }
}

/// Month to date by account without credits, the largest first; and the sum of the credits. The
/// groups are by linked account and record type.
pub(super) fn accounts_from_sdk(
    results: &[ResultByTime],
    metric: &str,
    credits: &[&str],
) -> (Vec<(String, f64)>, f64) {
    let mut by_account = BTreeMap::<String, f64>::new();
    let mut credited = 0.0;
    for group in results.iter().flat_map(ResultByTime::groups) {
        let Some((account, amount)) = account_amount(group, metric) else {
            continue;
        };
        if group
            .keys()
            .get(1)
            .is_some_and(|kind| credits.contains(&kind.as_str()))
        {
            credited += amount;
        } else {
            *by_account.entry(account.to_owned()).or_default() += amount;
        }
    }
    let mut by_account: Vec<_> = by_account.into_iter().collect();
    by_account.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    (by_account, credited)
}

fn account_amount<'a>(group: &'a Group, metric: &str) -> Option<(&'a str, f64)> {
    Some((
        group.keys().first()?.as_str(),
        metric_amount(group.metrics(), metric)?,
    ))
}

/// The forecast; `None` without a total.
pub(super) fn forecast_from_sdk(answer: &GetCostForecastOutput, asked_from: Date) -> Option<Forecast> {
    let rest_of_month = answer.total().and_then(|total| total.amount()).and_then(amount)?;
    let parts = answer.forecast_results_by_time();
    // A bound is known only if each part of the span has one.
    let sum = |bounds: Vec<Option<f64>>| -> Option<f64> {
        let bounds = bounds.into_iter().collect::<Option<Vec<_>>>()?;
        (!bounds.is_empty()).then(|| bounds.into_iter().sum())
    };
    Some(Forecast {
        rest_of_month,
        low: sum(parts
            .iter()
            .map(|part| part.prediction_interval_lower_bound().and_then(amount))
            .collect()),
        high: sum(parts
            .iter()
            .map(|part| part.prediction_interval_upper_bound().and_then(amount))
            .collect()),
        from: parts
            .iter()
            .filter_map(|part| date(part.time_period()?.start()))
            .min()
            .unwrap_or(asked_from),
    })
}

/// An anomaly, its causes by what they contributed.
pub(super) fn anomaly_from_sdk(anomaly: &SdkAnomaly) -> Anomaly {
    let mut causes: Vec<(f64, String)> = anomaly
        .root_causes()
        .iter()
        .map(|cause| {
            let words = [
                cause.service(),
                cause.region(),
                cause.linked_account_name().or(cause.linked_account()),
                cause.usage_type(),
            ]
            .into_iter()
            .flatten()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(", ");
            let contribution = cause
                .impact()
                .map(aws_sdk_costexplorer::types::RootCauseImpact::contribution);
            match contribution.filter(|usd| usd.is_finite() && *usd > 0.0) {
                Some(usd) => (usd, format!("{words}: {usd:.2} USD")),
                None => (0.0, words),
            }
        })
        .collect();
    causes.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let impact = anomaly.impact();
    Anomaly {
        id: anomaly.anomaly_id().to_owned(),
        start: anomaly.anomaly_start_date.clone(),
        end: anomaly.anomaly_end_date.clone(),
        impact_usd: impact.map_or(0.0, |impact| impact.total_impact),
        causes: causes.into_iter().map(|(_, cause)| cause).collect(),
        actual_usd: impact.and_then(|impact| impact.total_actual_spend),
        expected_usd: impact.and_then(|impact| impact.total_expected_spend),
        monitor: Some(anomaly.monitor_arn().to_owned()).filter(|arn| !arn.is_empty()),
    }
}

/// A budget.
pub(super) fn budget_from_sdk(budget: &SdkBudget) -> Budget {
    let spend = |spend: Option<&Spend>| spend.and_then(|spend| amount(spend.amount()));
    let calculated = budget.calculated_spend();
    Budget {
        name: budget.budget_name().to_owned(),
        limit: spend(budget.budget_limit()),
        unit: budget
            .budget_limit()
            .or_else(|| calculated.and_then(|calculated| calculated.actual_spend()))
            .map(|spend| spend.unit().to_owned()),
        period: budget.time_unit().as_str().to_owned(),
        actual: spend(calculated.and_then(|calculated| calculated.actual_spend())),
        forecast: spend(calculated.and_then(|calculated| calculated.forecasted_spend())),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_budgets::types::{BudgetType, CalculatedSpend, TimeUnit};
    use aws_sdk_costexplorer::types::{DateInterval, ForecastResult, Impact, RootCause};
    use jiff::civil::date as day;
    use pretty_assertions::assert_eq;

    use super::*;

    const METRIC: &str = "UnblendedCost";

    fn value(amount: &str) -> MetricValue {
        MetricValue::builder().amount(amount).unit("USD").build()
    }

    fn result(start: &str, estimated: bool, groups: &[(&[&str], &str)]) -> ResultByTime {
        ResultByTime::builder()
            .time_period(interval(start))
            .estimated(estimated)
            .set_groups(Some(
                groups
                    .iter()
                    .map(|(keys, amount)| {
                        Group::builder()
                            .set_keys(Some(keys.iter().map(|key| (*key).to_owned()).collect()))
                            .metrics(METRIC, value(amount))
                            .build()
                    })
                    .collect(),
            ))
            .build()
    }

    fn interval(start: &str) -> DateInterval {
        DateInterval::builder()
            .start(start)
            .end("2026-12-01")
            .build()
            .unwrap()
    }

    #[test]
    fn a_day_over_two_pages_is_one_day() {
        let results = [
            result("2026-11-20", true, &[(&["Amazon S3"], "0.5")]),
            result("2026-11-19", false, &[(&["Amazon EC2"], "10.25")]),
            result("2026-11-20", false, &[(&["Tax"], "-0.125"), (&["Odd"], "none")]),
        ];
        let daily = daily_from_sdk(&results, METRIC);
        assert_eq!(
            daily,
            [
                DailyCost {
                    date: day(2026, 11, 19),
                    estimated: false,
                    by_service: vec![("Amazon EC2".to_owned(), 10.25)],
                },
                DailyCost {
                    date: day(2026, 11, 20),
                    estimated: true,
                    by_service: vec![("Amazon S3".to_owned(), 0.5), ("Tax".to_owned(), -0.125)],
                },
            ]
        );
        assert_eq!(currency_from_sdk(&results, METRIC), "USD");
    }

    #[test]
    fn a_tag_splits_the_month_and_leaves_services_whole() {
        let results = [
            result("2026-10-31", false, &[(&["Amazon EC2", "Project$shop"], "99")]),
            result(
                "2026-11-01",
                false,
                &[
                    (&["Amazon EC2", "Project$shop"], "8"),
                    (&["Amazon EC2", "Project$"], "1.5"),
                    (&["Amazon S3", "Project$a$b"], "0.5"),
                ],
            ),
        ];
        let costs = tags_from_sdk(&results, METRIC, "Project", day(2026, 11, 1));
        assert_eq!(
            costs.by_value,
            [
                ("shop".to_owned(), 8.0),
                (String::new(), 1.5),
                ("a$b".to_owned(), 0.5)
            ]
        );
        assert_eq!(costs.of("shop"), Some(8.0));
        assert_eq!(costs.of("nobody"), None);
        let daily = daily_from_sdk(&results, METRIC);
        assert_eq!(
            daily[1].by_service,
            [("Amazon EC2".to_owned(), 9.5), ("Amazon S3".to_owned(), 0.5)]
        );
    }

    #[test]
    fn credits_of_earlier_months_count_and_their_accounts_do_not() {
        let results = vec![
            result(
                "2026-09-01",
                false,
                &[(&["1", "Usage"], "70"), (&["1", "Credit"], "-70")],
            ),
            result(
                "2026-11-01",
                true,
                &[(&["1", "Usage"], "30"), (&["1", "Credit"], "-25")],
            ),
        ];
        let credits = ["Credit", "Refund"];
        assert_eq!(credits_from_sdk(&results, METRIC, &credits), 95.0);
        let of_month = since(results, day(2026, 11, 1));
        assert_eq!(
            accounts_from_sdk(&of_month, METRIC, &credits),
            (vec![("1".to_owned(), 30.0)], -25.0)
        );
    }

    #[test]
    fn credits_are_apart_from_what_the_accounts_used() {
        let results = [result(
            "2026-11-01",
            true,
            &[
                (&["111111111111", "Usage"], "20"),
                (&["111111111111", "Tax"], "2"),
                (&["222222222222", "Usage"], "100"),
                (&["222222222222", "Credit"], "-60"),
                (&["111111111111", "Refund"], "-1"),
            ],
        )];
        assert_eq!(
            accounts_from_sdk(&results, METRIC, &["Credit", "Refund"]),
            (
                vec![
                    ("222222222222".to_owned(), 100.0),
                    ("111111111111".to_owned(), 22.0)
                ],
                -61.0
            )
        );
    }

    #[test]
    fn a_forecast_has_bounds_only_if_each_part_has() {
        let part = |lower: Option<&str>| {
            ForecastResult::builder()
                .time_period(interval("2026-11-22"))
                .mean_value("100")
                .set_prediction_interval_lower_bound(lower.map(str::to_owned))
                .prediction_interval_upper_bound("110")
                .build()
        };
        let answer = |lower| {
            GetCostForecastOutput::builder()
                .total(value("200.5"))
                .forecast_results_by_time(part(Some("90")))
                .forecast_results_by_time(part(lower))
                .build()
        };
        let asked = day(2026, 11, 21);
        assert_eq!(
            forecast_from_sdk(&answer(Some("85")), asked),
            Some(Forecast {
                rest_of_month: 200.5,
                low: Some(175.0),
                high: Some(220.0),
                from: day(2026, 11, 22),
            })
        );
        assert_eq!(forecast_from_sdk(&answer(None), asked).unwrap().low, None);
        let nothing = GetCostForecastOutput::builder().build();
        assert_eq!(forecast_from_sdk(&nothing, asked), None);
    }

    #[test]
    fn an_anomaly_names_its_causes() {
        let impact = Impact::builder().max_impact(30.0).total_impact(47.3).build();
        let cause = RootCause::builder()
            .service("Amazon SageMaker")
            .region("ap-northeast-2")
            .linked_account("")
            .usage_type("APN2-Host:ml.g5.2xlarge")
            .build();
        let sdk = SdkAnomaly::builder()
            .anomaly_id("a1")
            .anomaly_start_date("2026-11-18T00:00:00Z")
            .monitor_arn("arn")
            .root_causes(cause)
            .impact(impact)
            .build()
            .unwrap();
        assert_eq!(
            anomaly_from_sdk(&sdk),
            Anomaly {
                id: "a1".to_owned(),
                start: Some("2026-11-18T00:00:00Z".to_owned()),
                end: None,
                impact_usd: 47.3,
                causes: vec!["Amazon SageMaker, ap-northeast-2, APN2-Host:ml.g5.2xlarge".to_owned()],
                actual_usd: None,
                expected_usd: None,
                monitor: Some("arn".to_owned()),
            }
        );
    }

    #[test]
    fn a_budget_without_a_forecast_has_none() {
        let spend = |amount: &str| Spend::builder().amount(amount).unit("USD").build().unwrap();
        let sdk = SdkBudget::builder()
            .budget_name("monthly")
            .budget_type(BudgetType::Cost)
            .time_unit(TimeUnit::Monthly)
            .budget_limit(spend("875.0"))
            .calculated_spend(CalculatedSpend::builder().actual_spend(spend("790.12")).build())
            .build()
            .unwrap();
        assert_eq!(
            budget_from_sdk(&sdk),
            Budget {
                name: "monthly".to_owned(),
                limit: Some(875.0),
                unit: Some("USD".to_owned()),
                period: "MONTHLY".to_owned(),
                actual: Some(790.12),
                forecast: None,
            }
        );
    }
}

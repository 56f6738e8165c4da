//! Reads of Cost Explorer, which bills each request, and of AWS Budgets, which does not.

mod convert;

use std::fmt::Display;

use aws_sdk_costexplorer::types::{
    AnomalyDateInterval, DateInterval, Dimension, DimensionValues, Expression, Granularity, GroupDefinition,
    GroupDefinitionType, Metric, ResultByTime,
};
use jiff::ToSpan;
use jiff::civil::Date;

use super::listing::reply;
use crate::cloud::aws::caller::{Caller, Page, pages};
use crate::domain::cost::{CreditsUsed, Usage};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::cost::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const USAGE: Operation = Operation::new("ce", "GetCostAndUsage");
const FORECAST: Operation = Operation::new("ce", "GetCostForecast");
const ANOMALIES: Operation = Operation::new("ce", "GetAnomalies");
const BUDGETS: Operation = Operation::allowed_by("budgets", "DescribeBudgets", "budgets:ViewBudget");

/// The cost that is shown: what is paid, when it is incurred.
const METRIC: &str = "UnblendedCost";

/// Record types that reduce a bill and would hide what is used.
const CREDITS: [&str; 2] = ["Credit", "Refund"];

/// The width of the forecast's interval, percent.
const FORECAST_INTERVAL: i32 = 80;

/// The most that AWS puts on a page of budgets.
const BUDGETS_PAGE: i32 = 1000;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Usage {
            from,
            to,
            month,
            tag,
            credits_since,
        } => {
            let span = Span {
                from: *from,
                to: *to,
                month: *month,
                credits_since: *credits_since,
            };
            usage(caller, &span, tag.as_deref()).await
        }
        Read::Forecast { from, to } => forecast(caller, *from, *to).await,
        Read::Anomalies { from } => anomalies(caller, *from).await,
        Read::Budgets { account } => budgets(caller, account).await,
    }
}

/// A call's results over some days.
struct Bill {
    from: Date,
    to: Date,
    granularity: Granularity,
    filter: Option<Expression>,
    groups: Vec<Group>,
}

/// What a call groups by.
#[derive(Debug, Clone)]
enum Group {
    By(Dimension),
    Tag(String),
}

impl Group {
    fn definition(&self) -> GroupDefinition {
        let (kind, key) = match self {
            Self::By(dimension) => (GroupDefinitionType::Dimension, dimension.as_str()),
            Self::Tag(key) => (GroupDefinitionType::Tag, key.as_str()),
        };
        GroupDefinition::builder().r#type(kind).key(key).build()
    }
}

/// The days that usage is asked for.
struct Span {
    from: Date,
    to: Date,
    month: Date,
    credits_since: Option<Date>,
}

async fn usage(caller: &Caller<'_>, span: &Span, tag: Option<&str>) -> Result<Reply, Fault> {
    let Span {
        from,
        to,
        month,
        credits_since,
    } = *span;
    let by_service = Bill {
        from,
        to,
        granularity: Granularity::Daily,
        filter: Some(without_credits()),
        // A tag is a second group of the same call, which costs nothing more.
        groups: std::iter::once(Group::By(Dimension::Service))
            .chain(tag.map(|key| Group::Tag(key.to_owned())))
            .collect(),
    };
    // One call for accounts and credits both: each further one would cost as much again.
    let by_account = Bill {
        // Earlier months only for what credits have paid; a month is a line, however many there are.
        from: credits_since.map_or(month, |since| since.first_of_month().min(month)),
        to,
        granularity: Granularity::Monthly,
        filter: None,
        groups: vec![
            Group::By(Dimension::LinkedAccount),
            Group::By(Dimension::RecordType),
        ],
    };
    let daily = bill(caller, &by_service).await?;
    let (monthly, gaps) = match bill(caller, &by_account).await {
        Ok(results) => (Some(results), Vec::new()),
        Err(fault) => (None, vec![fault]),
    };
    let credits_used = monthly
        .as_ref()
        .zip(credits_since)
        .map(|(results, since)| CreditsUsed {
            since: since.first_of_month().min(month),
            amount: convert::credits_from_sdk(results, METRIC, &CREDITS),
        });
    let accounts = monthly.map(|results| {
        let of_month = convert::since(results, month);
        convert::accounts_from_sdk(&of_month, METRIC, &CREDITS)
    });
    let (by_account, credits) = accounts.unzip();
    Ok(Reply {
        data: ReplyData::Usage(Usage {
            currency: convert::currency_from_sdk(&daily, METRIC),
            metric: METRIC.to_owned(),
            daily: convert::daily_from_sdk(&daily, METRIC),
            by_account: by_account.unwrap_or_default(),
            credits,
            by_tag: tag.map(|key| convert::tags_from_sdk(&daily, METRIC, key, month)),
            credits_used,
        }),
        gaps,
    })
}

async fn bill(caller: &Caller<'_>, bill: &Bill) -> Result<Vec<ResultByTime>, Fault> {
    let period = interval(USAGE, bill.from, bill.to)?;
    let groups: Vec<_> = bill.groups.iter().map(Group::definition).collect();
    let (period, groups) = (&period, &groups);
    let listed = pages(|token| async move {
        let call = caller
            .cost()
            .get_cost_and_usage()
            .time_period(period.clone())
            .granularity(bill.granularity.clone())
            .metrics(METRIC)
            .set_filter(bill.filter.clone())
            .set_group_by(Some(groups.clone()))
            .set_next_page_token(token);
        let page = caller.call(USAGE, call.send()).await.map_err(too_many)?;
        Ok(Page {
            items: page.results_by_time.unwrap_or_default(),
            next: page.next_page_token,
        })
    })
    .await?;
    match listed.gap {
        // Sums that lack a page are not partial but wrong.
        Some(fault) => Err(fault),
        None => Ok(listed.items),
    }
}

fn without_credits() -> Expression {
    let credits = DimensionValues::builder()
        .key(Dimension::RecordType)
        .set_values(Some(CREDITS.map(str::to_owned).to_vec()))
        .build();
    Expression::builder()
        .not(Expression::builder().dimensions(credits).build())
        .build()
}

/// The days of a call; the end is left out, and a call for no day at all is refused by AWS, so
/// that on the first of a month "month to date" means that day.
fn interval(operation: Operation, from: Date, to: Date) -> Result<DateInterval, Fault> {
    let to = to.max(from.saturating_add(1.day()));
    DateInterval::builder()
        .start(from.to_string())
        .end(to.to_string())
        .build()
        .map_err(|error| wrong(operation, &error))
}

/// Elsewhere this code is a quota that waiting does not mend; Cost Explorer throttles with it.
/// <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html#API_GetCostAndUsage_Errors>
fn too_many(mut fault: Fault) -> Fault {
    if fault.code.as_deref() == Some("LimitExceededException") {
        fault.kind = FaultKind::Throttled;
    }
    fault
}

fn wrong(operation: Operation, error: &impl Display) -> Fault {
    Fault::new(
        FaultKind::Invalid,
        operation.service,
        operation.name,
        error.to_string(),
    )
}

async fn forecast(caller: &Caller<'_>, from: Date, to: Date) -> Result<Reply, Fault> {
    let call = caller
        .cost()
        .get_cost_forecast()
        .time_period(interval(FORECAST, from, to)?)
        .granularity(Granularity::Monthly)
        .metric(Metric::UnblendedCost)
        .prediction_interval_level(FORECAST_INTERVAL);
    let answer = caller.call(FORECAST, call.send()).await.map_err(too_many)?;
    convert::forecast_from_sdk(&answer, from)
        .map(|forecast| Reply::whole(ReplyData::Forecast(forecast)))
        .ok_or_else(|| {
            Fault::new(
                FaultKind::NoData,
                FORECAST.service,
                FORECAST.name,
                "the answer has no total",
            )
        })
}

async fn anomalies(caller: &Caller<'_>, from: Date) -> Result<Reply, Fault> {
    let since = AnomalyDateInterval::builder()
        .start_date(from.to_string())
        .build()
        .map_err(|error| wrong(ANOMALIES, &error))?;
    let since = &since;
    let mut listed = pages(|token| async move {
        let call = caller
            .cost()
            .get_anomalies()
            .date_interval(since.clone())
            .set_next_page_token(token);
        let page = caller.call(ANOMALIES, call.send()).await.map_err(too_many)?;
        Ok(Page {
            items: page.anomalies().iter().map(convert::anomaly_from_sdk).collect(),
            next: page.next_page_token,
        })
    })
    .await?;
    listed.items.sort_by(|a, b| b.start.cmp(&a.start));
    Ok(reply(listed, ReplyData::Anomalies))
}

async fn budgets(caller: &Caller<'_>, account: &str) -> Result<Reply, Fault> {
    let listed = pages(|token| async move {
        let call = caller
            .budgets()
            .describe_budgets()
            .account_id(account)
            .max_results(BUDGETS_PAGE)
            .set_next_token(token);
        let page = caller.call(BUDGETS, call.send()).await?;
        Ok(Page {
            items: page.budgets().iter().map(convert::budget_from_sdk).collect(),
            next: page.next_token,
        })
    })
    .await?;
    Ok(reply(listed, ReplyData::Budgets))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        let day = date(2026, 11, 1);
        let usage = Read::Usage {
            from: day,
            to: day,
            month: day,
            tag: None,
            credits_since: None,
        };
        let budgets = Read::Budgets {
            account: String::new(),
        };
        assert_eq!(usage.operations(), [USAGE]);
        assert_eq!(Read::Forecast { from: day, to: day }.operations(), [FORECAST]);
        assert_eq!(Read::Anomalies { from: day }.operations(), [ANOMALIES]);
        assert_eq!(budgets.operations(), [BUDGETS]);
    }

    #[test]
    fn on_the_first_of_a_month_the_month_so_far_is_that_day() {
        let days = |from, to| {
            let interval = interval(USAGE, from, to).unwrap();
            (interval.start, interval.end)
        };
        assert_eq!(
            days(date(2026, 12, 1), date(2026, 12, 1)),
            ("2026-12-01".to_owned(), "2026-12-02".to_owned())
        );
        assert_eq!(
            days(date(2026, 12, 1), date(2026, 12, 21)),
            ("2026-12-01".to_owned(), "2026-12-21".to_owned())
        );
    }

    #[test]
    fn credits_are_left_out_by_name() {
        let filter = without_credits();
        let dimensions = filter.not().unwrap().dimensions().unwrap();
        assert_eq!(dimensions.key(), Some(&Dimension::RecordType));
        assert_eq!(dimensions.values(), ["Credit", "Refund"]);
    }

    #[test]
    fn what_is_a_quota_elsewhere_means_too_many_calls_here() {
        let kind = |code: &str| {
            too_many(Fault::new(FaultKind::Other, "ce", "GetCostAndUsage", "").with_code(code)).kind
        };
        assert_eq!(kind("LimitExceededException"), FaultKind::Throttled);
        assert_eq!(kind("BillExpirationException"), FaultKind::Other);
    }
}

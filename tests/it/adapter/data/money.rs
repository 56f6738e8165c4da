//! Cost Explorer and Budgets.

use jiff::civil::date;
use pretty_assertions::assert_eq;
use quarterdeck::domain::cost::Budget;
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::ops::{Query, cost};
use serde_json::{Value, json};

use super::super::server::{Answer, Request};
use super::{Canned, data, whole, with_gaps};

fn usage() -> Query {
    Query::Cost(cost::Read::Usage {
        from: date(2026, 11, 30),
        to: date(2026, 12, 1),
        month: date(2026, 12, 1),
        tag: None,
        credits_since: None,
    })
}

fn group(keys: &[&str], amount: &str) -> Value {
    json!({ "Keys": keys, "Metrics": { "UnblendedCost": { "Amount": amount, "Unit": "USD" } } })
}

/// Two pages by day, one by month.
fn bill(call: &Request) -> Answer {
    let asked = call.json();
    let day = json!({ "Start": "2026-11-30", "End": "2026-12-01" });
    let results = |groups: Value| json!([{ "TimePeriod": day, "Estimated": true, "Groups": groups }]);
    Answer::json(
        &match (asked["Granularity"].as_str(), asked.get("NextPageToken")) {
            (Some("DAILY"), None) => json!({
                "ResultsByTime": results(json!([group(&["Amazon EC2"], "10.5")])), "NextPageToken": "2",
            }),
            (Some("DAILY"), Some(_)) => json!({
                "ResultsByTime": results(json!([group(&["Tax"], "-0.5")])),
            }),
            _ => json!({ "ResultsByTime": [{
                "TimePeriod": asked["TimePeriod"],
                "Groups": [
                    group(&["123456789012", "Usage"], "30"), group(&["123456789012", "Credit"], "-30"),
                ],
            }]}),
        },
    )
}

#[tokio::test]
async fn usage_takes_two_questions_and_says_what_they_cost() {
    let server = Canned::start(bill);
    let found = data!(Usage, whole(server.read(usage()).await));
    assert_eq!(found.daily.len(), 1);
    assert_eq!((found.daily[0].total(), found.daily[0].estimated), (10.0, true));
    assert_eq!(found.by_account, [("123456789012".to_owned(), 30.0)]);
    assert_eq!(found.credits, Some(-30.0));

    let calls = server.arrived();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.region() == "us-east-1"));
    let daily = calls[0].json();
    assert_eq!(
        daily["Filter"],
        json!({ "Not": { "Dimensions": { "Key": "RECORD_TYPE", "Values": ["Credit", "Refund"] } } })
    );
    assert_eq!(
        daily["GroupBy"],
        json!([{ "Type": "DIMENSION", "Key": "SERVICE" }])
    );
    // On the first of a month, the month so far is the day itself.
    let monthly = calls[2].json();
    assert_eq!(
        monthly["TimePeriod"],
        json!({ "Start": "2026-12-01", "End": "2026-12-02" })
    );
    assert_eq!(monthly.get("Filter"), None);
    assert_eq!(server.paid(), 30_000);
}

#[tokio::test]
async fn days_of_which_a_page_is_missing_are_no_answer() {
    let server = Canned::start(|call| match call.json().get("NextPageToken") {
        Some(_) => Answer::refuse(call, 400, "LimitExceededException", "too many"),
        None => bill(call),
    });
    let fault = server.read(usage()).await.expect_err("the sums would be wrong");
    assert_eq!(fault.kind, FaultKind::Throttled);
}

#[tokio::test]
async fn days_stand_without_accounts() {
    let server = Canned::start(|call| match call.json()["Granularity"].as_str() {
        Some("MONTHLY") => Answer::refuse(call, 400, "AccessDeniedException", "no"),
        _ => bill(call),
    });
    let (found, gaps) = with_gaps(server.read(usage()).await);
    let found = data!(Usage, found);
    assert_eq!(
        (found.daily.len(), found.by_account.len(), found.credits),
        (1, 0, None)
    );
    assert_eq!(gaps.len(), 1);
}

#[tokio::test]
async fn a_new_account_has_no_forecast_and_is_asked_once() {
    let server = Canned::start(|call| {
        let message = "Insufficient amount of historical data.";
        Answer::refuse(call, 400, "DataUnavailableException", message)
    });
    let query = Query::Cost(cost::Read::Forecast {
        from: date(2026, 11, 21),
        to: date(2026, 12, 1),
    });
    let fault = server.read(query).await.expect_err("there is none");
    assert_eq!(fault.kind, FaultKind::NoData);
    let calls = server.arrived();
    assert_eq!(calls.len(), 1);
    let asked = calls[0].json();
    assert_eq!(asked["Metric"], "UNBLENDED_COST");
    assert_eq!(asked["PredictionIntervalLevel"], 80);
}

#[tokio::test]
async fn anomalies_are_newest_first() {
    let server = Canned::start(|call| {
        assert_eq!(call.json()["DateInterval"], json!({ "StartDate": "2026-11-01" }));
        let anomaly = |id: &str, day: &str| {
            json!({
                "AnomalyId": id, "AnomalyStartDate": day, "MonitorArn": "arn",
                "AnomalyScore": { "MaxScore": 1.0, "CurrentScore": 1.0 },
                "Impact": { "MaxImpact": 9.0, "TotalImpact": 12.5 },
            })
        };
        Answer::json(&match call.json().get("NextPageToken") {
            None => json!({ "Anomalies": [anomaly("a", "2026-11-02")], "NextPageToken": "2" }),
            Some(_) => json!({ "Anomalies": [anomaly("b", "2026-11-18")] }),
        })
    });
    let query = Query::Cost(cost::Read::Anomalies {
        from: date(2026, 11, 1),
    });
    let found = data!(Anomalies, whole(server.read(query).await));
    let seen: Vec<_> = found
        .iter()
        .map(|each| (each.id.as_str(), each.impact_usd))
        .collect();
    assert_eq!(seen, [("b", 12.5), ("a", 12.5)]);
}

#[tokio::test]
async fn budgets_are_free_and_asked_in_virginia() {
    let server = Canned::start(|call| {
        assert_eq!(call.json()["AccountId"], "123456789012");
        let spend = |amount: &str| json!({ "Amount": amount, "Unit": "USD" });
        Answer::json(&json!({ "Budgets": [{
            "BudgetName": "monthly", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": spend("875.0"),
            "CalculatedSpend": { "ActualSpend": spend("790.12"), "ForecastedSpend": spend("901") },
        }]}))
    });
    let query = Query::Cost(cost::Read::Budgets {
        account: "123456789012".to_owned(),
    });
    let found = data!(Budgets, whole(server.read(query).await));
    let expected = Budget {
        name: "monthly".to_owned(),
        limit: Some(875.0),
        unit: Some("USD".to_owned()),
        period: "MONTHLY".to_owned(),
        actual: Some(790.12),
        forecast: Some(901.0),
    };
    assert_eq!(found, [expected]);
    assert_eq!(server.arrived()[0].region(), "us-east-1");
    assert_eq!(server.paid(), 0);
}

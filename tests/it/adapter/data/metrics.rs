//! CloudWatch: alarms and metric values.

use jiff::{SignedDuration, Timestamp};
use pretty_assertions::assert_eq;
use quarterdeck::domain::alarm::AlarmState;
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::metric::{MetricId, MetricSpec, Series, Stat};
use quarterdeck::domain::ops::{Query, cloudwatch};
use serde_json::{Value, json};

use super::super::server::{Answer, Request};
use super::{Canned, data, now, whole, with_gaps};

#[tokio::test]
async fn alarms_of_every_type_are_asked_for() {
    let server = Canned::start(|call| {
        let asked = call.json();
        assert_eq!(
            asked["AlarmTypes"],
            json!(["MetricAlarm", "CompositeAlarm", "LogAlarm"])
        );
        assert_eq!(asked["MaxRecords"], 100);
        match asked.get("NextToken") {
            None => Answer::binary(json!({
                "MetricAlarms": [{ "AlarmName": "cpu", "StateValue": "OK" }],
                "NextToken": "2",
            })),
            Some(_) => Answer::binary(json!({ "CompositeAlarms": [{
                "AlarmName": "site", "AlarmRule": "ALARM(cpu)", "StateValue": "ALARM",
                "StateUpdatedTimestamp": { "at": 1_795_226_400.5 },
            }]})),
        }
    });
    let answer = server.read(Query::CloudWatch(cloudwatch::Read::Alarms)).await;
    let alarms = data!(Alarms, whole(answer));
    assert_eq!(alarms.len(), 2);
    assert_eq!(
        (alarms[1].state, alarms[1].actions_enabled),
        (AlarmState::Alarm, false)
    );
    assert_eq!(
        alarms[1].since,
        Timestamp::from_millisecond(1_795_226_400_500).ok()
    );
}

#[tokio::test]
async fn an_endpoint_that_knows_no_log_alarms_is_asked_for_the_others() {
    let server = Canned::start(|call| {
        let types = call.json()["AlarmTypes"].as_array().map_or(0, Vec::len);
        if types > 2 {
            return Answer::refuse(call, 400, "ValidationError", "Member must satisfy enum value set");
        }
        Answer::binary(match call.operation().as_str() {
            "DescribeAlarms" => json!({ "MetricAlarms": [{ "AlarmName": "cpu" }] }),
            _ => json!({ "AlarmHistoryItems": [
                { "AlarmName": "cpu", "Timestamp": { "at": 1_795_228_200 }, "HistorySummary": "older" },
                { "AlarmName": "cpu", "Timestamp": { "at": 1_795_228_201 }, "HistorySummary": "newer" },
                { "AlarmName": "cpu", "Timestamp": { "at": 1 }, "HistorySummary": "before" },
            ]}),
        })
    });
    let answer = server.read(Query::CloudWatch(cloudwatch::Read::Alarms)).await;
    assert_eq!(data!(Alarms, whole(answer)).len(), 1);
    let since = now() - SignedDuration::from_hours(2);
    let history = Query::CloudWatch(cloudwatch::Read::AlarmHistory { since });
    let transitions = data!(AlarmHistory, whole(server.read(history).await));
    let summaries: Vec<_> = transitions.iter().map(|each| each.summary.as_str()).collect();
    assert_eq!(summaries, ["newer", "older"]);
    let asked = server.arrived_as("DescribeAlarmHistory")[0].json();
    assert_eq!(asked["HistoryItemType"], "StateUpdate");
    assert_eq!(asked["StartDate"]["at"].as_f64(), Some(since.as_second() as f64));
}

fn cpu(number: usize) -> MetricId {
    let name = format!("db-{number}");
    MetricId::new(
        "AWS/RDS",
        "CPUUtilization",
        &[("DBInstanceIdentifier", &name)],
        Stat::Average,
    )
}

/// The names of the databases that a call asks about, by the id of the question.
fn asked(call: &Request) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    call.json()["MetricDataQueries"]
        .as_array()
        .expect("questions")
        .iter()
        .map(|query| {
            assert!(query["MetricStat"].get("Unit").is_none());
            let dimension = &query["MetricStat"]["Metric"]["Dimensions"][0]["Value"];
            (text(&query["Id"]), text(dimension))
        })
        .collect()
}

/// Answers each question with the number in the database's name.
fn numbers(call: &Request) -> Value {
    let end = call.json()["EndTime"]["at"].as_f64().expect("a time");
    let results: Vec<_> = asked(call)
        .into_iter()
        .map(|(id, name)| {
            let number: f64 = name["db-".len()..].parse().expect("a number");
            json!({
                "Id": id, "StatusCode": "Complete",
                "Timestamps": [{ "at": end - 60.0 }, { "at": end - 120.0 }], "Values": [number, number + 0.5],
            })
        })
        .collect();
    json!({ "MetricDataResults": results })
}

fn values(specs: Vec<MetricSpec>) -> Query {
    Query::CloudWatch(cloudwatch::Read::Metrics { specs })
}

#[tokio::test]
async fn each_value_goes_to_its_metric_over_several_calls() {
    let server = Canned::start(|call| Answer::binary(numbers(call)));
    let specs: Vec<_> = (0..250).map(|number| cpu(number).by_minute()).collect();
    let found = data!(Metrics, whole(server.read(values(specs)).await));
    let end: Timestamp = "2026-11-21T02:34:00Z".parse().expect("a time");
    let before = |seconds| end - SignedDuration::from_secs(seconds);
    let expected: Vec<_> = (0..250)
        .map(|number| {
            let value = f64::from(u32::try_from(number).expect("small"));
            let points = vec![(before(120), value + 0.5), (before(60), value)];
            let series = Series {
                period_s: 60,
                points,
                partial: false,
            };
            (cpu(number), series)
        })
        .collect();
    assert_eq!(found, expected);
    let calls = server.arrived();
    assert_eq!(calls.iter().map(|call| asked(call).len()).sum::<usize>(), 250);
    for call in &calls {
        let sent = call.json();
        let span = ["StartTime", "EndTime"].map(|name| sent[name]["at"].as_f64());
        assert_eq!(
            span,
            [before(3 * 3600), end].map(|at| Some(at.as_second() as f64))
        );
    }
    assert_eq!(server.paid(), 2500);
}

#[tokio::test]
async fn a_metric_without_data_and_one_that_is_cut_differ() {
    let server = Canned::start(|call| {
        Answer::binary(match call.json().get("NextToken") {
            None => json!({ "NextToken": "2", "MetricDataResults": [
                { "Id": "m0", "StatusCode": "PartialData", "Timestamps": [{ "at": 120 }], "Values": [2.0] },
                { "Id": "m1", "StatusCode": "Forbidden" },
            ]}),
            Some(_) => json!({ "MetricDataResults": [
                { "Id": "m0", "StatusCode": "Complete", "Timestamps": [{ "at": 60 }], "Values": [1.0] },
                { "Id": "m2", "StatusCode": "Complete", "Timestamps": [], "Values": [] },
            ]}),
        })
    });
    let specs = (0..4).map(|number| cpu(number).by_minute()).collect();
    let found = data!(Metrics, whole(server.read(values(specs)).await));
    let seen: Vec<_> = found
        .iter()
        .map(|(_, series)| {
            let points: Vec<_> = series
                .points
                .iter()
                .map(|(at, value)| (at.as_second(), *value))
                .collect();
            (points, series.partial)
        })
        .collect();
    assert_eq!(
        seen,
        [
            (vec![(60, 1.0), (120, 2.0)], false),
            (vec![], true),
            (vec![], false),
            (vec![], false),
        ]
    );
}

#[tokio::test]
async fn a_call_that_fails_marks_its_own_metrics_only() {
    let server = Canned::start(|call| {
        if asked(call).iter().any(|(_, name)| name == "db-150") {
            return Answer::refuse(call, 403, "AccessDeniedException", "no");
        }
        Answer::binary(numbers(call))
    });
    let specs: Vec<_> = (0..200).map(|number| cpu(number).by_minute()).collect();
    let (found, gaps) = with_gaps(server.read(values(specs)).await);
    let found = data!(Metrics, found);
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].0, FaultKind::AccessDenied);
    let cut: Vec<_> = found
        .iter()
        .filter(|(_, series)| series.partial)
        .map(|(id, series)| (id, series.points.len()))
        .collect();
    assert_eq!(cut.len(), 100);
    assert!(cut.contains(&(&cpu(150), 0)) && !cut.contains(&(&cpu(50), 0)));
}

#[tokio::test]
async fn values_fail_when_every_call_does() {
    let server = Canned::start(|call| Answer::refuse(call, 403, "AccessDeniedException", "no"));
    let answer = server.read(values(vec![cpu(0).by_minute()])).await;
    assert_eq!(
        answer.expect_err("nothing was read").kind,
        FaultKind::AccessDenied
    );
    let nothing = server.read(values(Vec::new())).await;
    assert_eq!(data!(Metrics, whole(nothing)), []);
    assert_eq!(server.arrived().len(), 1);
}

#[tokio::test]
async fn gpu_metrics_are_listed_once_each() {
    let server = Canned::start(|call| {
        let asked = call.json();
        assert_eq!(asked["Namespace"], "CWAgent");
        assert_eq!(asked["RecentlyActive"], "PT3H");
        let metric = json!({
            "Namespace": "CWAgent", "MetricName": asked["MetricName"],
            "Dimensions": [{ "Name": "InstanceId", "Value": "i-1" }],
        });
        Answer::binary(match asked["MetricName"].as_str() {
            Some("nvidia_smi_utilization_gpu") => json!({ "Metrics": [metric.clone(), metric] }),
            Some("nvidia_smi_power_draw") => json!({ "Metrics": [metric] }),
            _ => json!({}),
        })
    });
    let answer = server
        .read(Query::CloudWatch(cloudwatch::Read::GpuMetricList))
        .await;
    let found = data!(MetricList, whole(answer));
    let names: Vec<_> = found.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names, ["nvidia_smi_power_draw", "nvidia_smi_utilization_gpu"]);
    assert_eq!(server.arrived().len(), 5);
}

//! Alarms of every type, and when they changed.

use aws_sdk_cloudwatch::types::{
    AlarmHistoryItem, AlarmType, CompositeAlarm, Dimension, HistoryItemType, LogAlarm, Metric, MetricAlarm,
    ScanBy, StateValue,
};
use jiff::Timestamp;

use super::super::listing::reply;
use crate::cloud::aws::caller::{Caller, Page, Paged, pages};
use crate::cloud::aws::convert::{date_time, text, timestamp_of};
use crate::domain::alarm::{Alarm, AlarmMetric, AlarmState, AlarmTransition};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::{Operation, Reply, ReplyData};

pub(super) const ALARMS: Operation = Operation::new("cloudwatch", "DescribeAlarms");
pub(super) const HISTORY: Operation = Operation::new("cloudwatch", "DescribeAlarmHistory");

/// The most that AWS puts on a page of either.
const PAGE: i32 = 100;

/// Every type has to be asked for: without the parameter AWS lists metric alarms only.
const EVERY_TYPE: [AlarmType; 3] = [
    AlarmType::MetricAlarm,
    AlarmType::CompositeAlarm,
    AlarmType::LogAlarm,
];

/// The types that every partition and endpoint knows; log alarms came in 2026.
const OLD_TYPES: [AlarmType; 2] = [AlarmType::MetricAlarm, AlarmType::CompositeAlarm];

/// All alarms.
pub(super) async fn alarms(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let listed = match of_types(caller, &EVERY_TYPE).await {
        Err(fault) if fault.kind == FaultKind::Invalid => of_types(caller, &OLD_TYPES).await,
        answer => answer,
    }?;
    Ok(reply(listed, ReplyData::Alarms))
}

async fn of_types(caller: &Caller<'_>, types: &[AlarmType]) -> Result<Paged<Alarm>, Fault> {
    pages(|token| async move {
        let call = caller
            .cloudwatch()
            .describe_alarms()
            .set_alarm_types(Some(types.to_vec()))
            .max_records(PAGE)
            .set_next_token(token);
        let page = caller.call(ALARMS, call.send()).await?;
        let metric = page.metric_alarms().iter().filter_map(metric_alarm_from_sdk);
        let composite = page.composite_alarms().iter().filter_map(composite_from_sdk);
        let log = page.log_alarms().iter().filter_map(log_alarm_from_sdk);
        Ok(Page {
            items: metric.chain(composite).chain(log).collect(),
            next: page.next_token,
        })
    })
    .await
}

/// Changes of state since then, newest first.
pub(super) async fn history(caller: &Caller<'_>, since: Timestamp) -> Result<Reply, Fault> {
    let mut listed = match history_of_types(caller, since, &EVERY_TYPE).await {
        Err(fault) if fault.kind == FaultKind::Invalid => history_of_types(caller, since, &OLD_TYPES).await,
        answer => answer,
    }?;
    listed.items.retain(|transition| transition.at >= since);
    listed
        .items
        .sort_by_key(|transition| std::cmp::Reverse(transition.at));
    Ok(reply(listed, ReplyData::AlarmHistory))
}

async fn history_of_types(
    caller: &Caller<'_>,
    since: Timestamp,
    types: &[AlarmType],
) -> Result<Paged<AlarmTransition>, Fault> {
    pages(|token| async move {
        let call = caller
            .cloudwatch()
            .describe_alarm_history()
            .set_alarm_types(Some(types.to_vec()))
            .history_item_type(HistoryItemType::StateUpdate)
            .start_date(date_time(since))
            .scan_by(ScanBy::TimestampDescending)
            .max_records(PAGE)
            .set_next_token(token);
        let page = caller.call(HISTORY, call.send()).await?;
        Ok(Page {
            items: page
                .alarm_history_items()
                .iter()
                .filter_map(transition_from_sdk)
                .collect(),
            next: page.next_token,
        })
    })
    .await
}

/// The SDK has a type for each sort of alarm. They are alike in all that is shown but in what they
/// watch.
macro_rules! alarm_from_sdk {
    ($alarm:ident, metric: $metric:expr, composite_rule: $rule:expr) => {{
        let name = $alarm.alarm_name()?;
        Some(Alarm {
            arn: $alarm.alarm_arn().unwrap_or(name).to_owned(),
            name: name.to_owned(),
            description: $alarm.alarm_description.clone(),
            state: state_from_sdk($alarm.state_value()),
            reason: $alarm.state_reason.clone(),
            since: timestamp_of(
                $alarm
                    .state_transitioned_timestamp()
                    .or($alarm.state_updated_timestamp()),
            ),
            actions_enabled: $alarm.actions_enabled.unwrap_or(false),
            alarm_actions: $alarm.alarm_actions().to_vec(),
            metric: $metric,
            composite_rule: $rule,
        })
    }};
}

/// A metric alarm; `None` without a name.
fn metric_alarm_from_sdk(alarm: &MetricAlarm) -> Option<Alarm> {
    alarm_from_sdk!(alarm, metric: watched_from_sdk(alarm), composite_rule: None)
}

/// A composite alarm; `None` without a name.
fn composite_from_sdk(alarm: &CompositeAlarm) -> Option<Alarm> {
    let rule = alarm.alarm_rule.clone().unwrap_or_default();
    alarm_from_sdk!(alarm, metric: None, composite_rule: Some(rule))
}

/// An alarm on the results of a scheduled query over logs; `None` without a name.
fn log_alarm_from_sdk(alarm: &LogAlarm) -> Option<Alarm> {
    alarm_from_sdk!(alarm, metric: None, composite_rule: None)
}

/// What a metric alarm watches: its metric, or the first that its expression is made of.
fn watched_from_sdk(alarm: &MetricAlarm) -> Option<AlarmMetric> {
    let of_expression = alarm.metrics().iter().find_map(|query| query.metric_stat());
    let metric = of_expression.and_then(|stat| stat.metric());
    let (namespace, name, dimensions) = match alarm.metric_name() {
        Some(name) => (alarm.namespace(), name, alarm.dimensions()),
        None => (
            metric.and_then(|metric| metric.namespace()),
            metric.and_then(|metric| metric.metric_name())?,
            metric.map(Metric::dimensions).unwrap_or_default(),
        ),
    };
    Some(AlarmMetric {
        namespace: namespace.unwrap_or_default().to_owned(),
        name: name.to_owned(),
        dimensions: dimensions_from_sdk(dimensions),
        comparison: alarm
            .comparison_operator()
            .map(|operator| operator.as_str().to_owned())
            .unwrap_or_default(),
        threshold: alarm.threshold,
        period_s: alarm
            .period
            .or(of_expression.and_then(|stat| stat.period))
            .and_then(|seconds| u32::try_from(seconds).ok()),
        statistic: alarm
            .statistic()
            .map(|statistic| statistic.as_str().to_owned())
            .or_else(|| text(alarm.extended_statistic()))
            .or_else(|| text(of_expression.and_then(|stat| stat.stat()))),
        periods: alarm.evaluation_periods.and_then(|many| u32::try_from(many).ok()),
        datapoints: alarm
            .datapoints_to_alarm
            .and_then(|many| u32::try_from(many).ok()),
    })
}

/// A state; one that we do not know says as little as too little data.
fn state_from_sdk(state: Option<&StateValue>) -> AlarmState {
    match state {
        Some(StateValue::Alarm) => AlarmState::Alarm,
        Some(StateValue::Ok) => AlarmState::Ok,
        Some(_) | None => AlarmState::InsufficientData,
    }
}

/// Dimensions as pairs of name and value.
pub(super) fn dimensions_from_sdk(dimensions: &[Dimension]) -> Vec<(String, String)> {
    dimensions
        .iter()
        .filter_map(|dimension| Some((dimension.name()?.to_owned(), dimension.value()?.to_owned())))
        .collect()
}

/// A change of state; `None` without a name and a time.
fn transition_from_sdk(item: &AlarmHistoryItem) -> Option<AlarmTransition> {
    Some(AlarmTransition {
        alarm: item.alarm_name()?.to_owned(),
        at: timestamp_of(item.timestamp())?,
        summary: item.history_summary.clone().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::types::{ComparisonOperator, MetricDataQuery, MetricStat};
    use aws_smithy_types::DateTime;
    use pretty_assertions::assert_eq;

    use super::*;

    fn dimension() -> Dimension {
        Dimension::builder()
            .name("DBInstanceIdentifier")
            .value("orders")
            .build()
    }

    #[test]
    fn a_metric_alarm_says_what_it_watches_and_since_when() {
        let sdk = MetricAlarm::builder()
            .alarm_arn("arn:aws:cloudwatch:us-east-1:1:alarm:cpu")
            .alarm_name("cpu")
            .alarm_description("wake somebody")
            .state_value(StateValue::Alarm)
            .state_reason("Threshold Crossed")
            .state_updated_timestamp(DateTime::from_secs(90))
            .state_transitioned_timestamp(DateTime::from_secs(60))
            .actions_enabled(true)
            .alarm_actions("arn:aws:sns:us-east-1:1:oncall")
            .namespace("AWS/RDS")
            .metric_name("CPUUtilization")
            .dimensions(dimension())
            .comparison_operator(ComparisonOperator::GreaterThanThreshold)
            .threshold(80.0)
            .period(60)
            .extended_statistic("p95")
            .evaluation_periods(5)
            .datapoints_to_alarm(3)
            .build();
        assert_eq!(
            metric_alarm_from_sdk(&sdk),
            Some(Alarm {
                arn: "arn:aws:cloudwatch:us-east-1:1:alarm:cpu".to_owned(),
                name: "cpu".to_owned(),
                description: Some("wake somebody".to_owned()),
                state: AlarmState::Alarm,
                reason: Some("Threshold Crossed".to_owned()),
                since: Timestamp::from_second(60).ok(),
                actions_enabled: true,
                alarm_actions: vec!["arn:aws:sns:us-east-1:1:oncall".to_owned()],
                metric: Some(AlarmMetric {
                    namespace: "AWS/RDS".to_owned(),
                    name: "CPUUtilization".to_owned(),
                    dimensions: vec![("DBInstanceIdentifier".to_owned(), "orders".to_owned())],
                    comparison: "GreaterThanThreshold".to_owned(),
                    threshold: Some(80.0),
                    period_s: Some(60),
                    statistic: Some("p95".to_owned()),
                    periods: Some(5),
                    datapoints: Some(3),
                }),
                composite_rule: None,
            })
        );
    }

    #[test]
    fn an_alarm_on_an_expression_watches_the_first_metric_in_it() {
        let stat = MetricStat::builder()
            .metric(
                Metric::builder()
                    .namespace("AWS/ApplicationELB")
                    .metric_name("HTTPCode_Target_5XX_Count")
                    .dimensions(dimension())
                    .build(),
            )
            .period(300)
            .build();
        let sdk = MetricAlarm::builder()
            .alarm_name("5xx rate")
            .metrics(MetricDataQuery::builder().id("e1").expression("m1/m2").build())
            .metrics(MetricDataQuery::builder().id("m1").metric_stat(stat).build())
            .state_value(StateValue::from("PAUSED"))
            .build();
        let alarm = metric_alarm_from_sdk(&sdk).unwrap();
        let watched = alarm.metric.unwrap();
        assert_eq!(watched.name, "HTTPCode_Target_5XX_Count");
        assert_eq!((watched.period_s, watched.threshold), (Some(300), None));
        assert_eq!(alarm.state, AlarmState::InsufficientData);
        assert_eq!(alarm.arn, "5xx rate");
    }

    #[test]
    fn a_composite_alarm_has_a_rule_and_a_log_alarm_has_neither() {
        let composite = CompositeAlarm::builder()
            .alarm_name("site down")
            .alarm_rule("ALARM(cpu) AND ALARM(errors)")
            .state_value(StateValue::Ok)
            .state_updated_timestamp(DateTime::from_secs(90))
            .build();
        let alarm = composite_from_sdk(&composite).unwrap();
        assert_eq!(
            alarm.composite_rule.as_deref(),
            Some("ALARM(cpu) AND ALARM(errors)")
        );
        assert_eq!(alarm.since, Timestamp::from_second(90).ok());
        let log = LogAlarm::builder()
            .alarm_name("errors")
            .state_value(StateValue::Alarm)
            .build();
        let alarm = log_alarm_from_sdk(&log).unwrap();
        assert_eq!((alarm.metric, alarm.composite_rule), (None, None));
        assert_eq!(alarm.state, AlarmState::Alarm);
    }

    #[test]
    fn a_transition_needs_a_time() {
        let builder = AlarmHistoryItem::builder()
            .alarm_name("cpu")
            .history_summary("Alarm updated from OK to ALARM");
        assert_eq!(transition_from_sdk(&builder.clone().build()), None);
        assert_eq!(
            transition_from_sdk(&builder.timestamp(DateTime::from_secs(5)).build()),
            Some(AlarmTransition {
                alarm: "cpu".to_owned(),
                at: Timestamp::from_second(5).unwrap(),
                summary: "Alarm updated from OK to ALARM".to_owned(),
            })
        );
    }
}

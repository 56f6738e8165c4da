//! Metric values: many metrics in few calls, since each metric that is asked for costs money.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode,
};
use jiff::Timestamp;

use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::{date_time, timestamp};
use crate::domain::fault::Fault;
use crate::domain::metric::{MetricId, MetricSpec, Series};
use crate::domain::ops::{Operation, Reply, ReplyData};

pub(super) const DATA: Operation = Operation::new("cloudwatch", "GetMetricData");

/// The metrics of one call. AWS takes five hundred; fewer are answered well within a call's
/// deadline, and a call that misses it may be billed without an answer. The price is by the
/// metric, so that more calls cost no more.
const MOST_QUERIES: usize = 100;

/// The most values that AWS puts on one page. Calls are cut so that none needs a second page, which
/// would name, and may bill, every metric again.
const MOST_VALUES: usize = 100_800;

/// Metrics that share a call, because their values begin, end and are spaced alike.
#[derive(Debug, PartialEq, Eq)]
struct Chunk {
    period_s: u32,
    start: Timestamp,
    end: Timestamp,
    /// The places of the metrics among those that were asked for.
    places: Vec<usize>,
}

/// The values of these metrics up to now, in the order in which they were asked for.
pub(in crate::cloud::aws::read) async fn values(
    caller: &Caller<'_>,
    specs: &[MetricSpec],
) -> Result<Reply, Fault> {
    let chunks = chunks(specs, caller.host().now());
    let asked = chunks.len();
    let answers = each(chunks, |chunk| async move {
        let answer = data(caller, &chunk, specs).await;
        (chunk, answer)
    })
    .await;
    let mut series: Vec<Series> = specs.iter().map(|spec| empty(spec.period_s)).collect();
    let (mut gaps, mut failed) = (Vec::new(), 0);
    for (chunk, answer) in answers {
        let (results, gap) = match answer {
            Ok(Paged { items, gap }) => (items, gap),
            Err(fault) => {
                failed += 1;
                (Vec::new(), Some(fault))
            }
        };
        let read = series_from_sdk(results, chunk.period_s, chunk.places.len());
        for (place, mut one) in chunk.places.into_iter().zip(read) {
            one.partial |= gap.is_some();
            series[place] = one;
        }
        gaps.extend(gap);
    }
    if asked > 0 && failed == asked {
        return Err(gaps.swap_remove(0));
    }
    let ids = specs.iter().map(|spec| spec.id.clone());
    Ok(Reply {
        data: ReplyData::Metrics(ids.zip(series).collect()),
        gaps,
    })
}

fn empty(period_s: u32) -> Series {
    Series {
        period_s,
        points: Vec::new(),
        partial: false,
    }
}

/// As few calls as AWS's limits allow.
fn chunks(specs: &[MetricSpec], now: Timestamp) -> Vec<Chunk> {
    let mut alike = BTreeMap::<(u32, u32), Vec<usize>>::new();
    for (place, spec) in specs.iter().enumerate() {
        alike
            .entry((spec.period_s, spec.lookback_s))
            .or_default()
            .push(place);
    }
    let mut chunks = Vec::new();
    for ((period_s, lookback_s), places) in alike {
        let (start, end, values) = span(now, period_s, lookback_s);
        let most = (MOST_VALUES / values).clamp(1, MOST_QUERIES);
        chunks.extend(places.chunks(most).map(|places| Chunk {
            period_s,
            start,
            end,
            places: places.to_vec(),
        }));
    }
    chunks
}

/// Start and end on whole periods, and how many values lie between. CloudWatch leaves the end out,
/// and so the period that is still running, whose sum would look like a collapse.
fn span(now: Timestamp, period_s: u32, lookback_s: u32) -> (Timestamp, Timestamp, usize) {
    let period = i64::from(period_s.max(1));
    let values = i64::from(lookback_s.div_ceil(period_s.max(1)).max(1));
    let end = now.as_second() - now.as_second().rem_euclid(period);
    let at = |second| Timestamp::from_second(second).unwrap_or(now);
    (
        at(end - values * period),
        at(end),
        usize::try_from(values).unwrap_or(usize::MAX),
    )
}

async fn data(
    caller: &Caller<'_>,
    chunk: &Chunk,
    specs: &[MetricSpec],
) -> Result<Paged<MetricDataResult>, Fault> {
    let queries: Vec<_> = chunk
        .places
        .iter()
        .enumerate()
        .map(|(number, place)| query(number, &specs[*place].id, chunk.period_s))
        .collect();
    let queries = &queries;
    pages(|token| async move {
        let call = caller
            .cloudwatch()
            .get_metric_data()
            .set_metric_data_queries(Some(queries.clone()))
            .start_time(date_time(chunk.start))
            .end_time(date_time(chunk.end))
            .scan_by(ScanBy::TimestampAscending)
            .set_next_token(token);
        let page = caller.call(DATA, call.send()).await?;
        Ok(Page {
            items: page.metric_data_results.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await
}

/// A question for one metric, without a unit: one that differs from the stored unit finds nothing.
fn query(number: usize, metric: &MetricId, period_s: u32) -> MetricDataQuery {
    let dimensions = metric
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(name).value(value).build())
        .collect();
    let named = Metric::builder()
        .namespace(&metric.namespace)
        .metric_name(&metric.name)
        .set_dimensions(Some(dimensions))
        .build();
    let stat = MetricStat::builder()
        .metric(named)
        .period(i32::try_from(period_s).unwrap_or(i32::MAX))
        .stat(metric.stat.word())
        .build();
    MetricDataQuery::builder()
        .id(query_id(number))
        .metric_stat(stat)
        .return_data(true)
        .build()
}

/// CloudWatch wants ids that begin with a small letter.
fn query_id(number: usize) -> String {
    format!("m{number}")
}

/// The series of a call's metrics in their order. A metric of which several pages speak is put
/// together; it is partial unless the last of them says that it is complete.
fn series_from_sdk(results: Vec<MetricDataResult>, period_s: u32, count: usize) -> Vec<Series> {
    let mut points = vec![BTreeMap::new(); count];
    let mut series = vec![empty(period_s); count];
    for result in results {
        let place = (result.id())
            .and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok())
            .filter(|place| *place < count);
        let Some(place) = place else { continue };
        let times = result.timestamps().iter().map(timestamp);
        for (at, value) in times.zip(result.values()) {
            points[place].extend(at.map(|at| (at, *value)));
        }
        series[place].partial = result
            .status_code()
            .is_some_and(|status| *status != StatusCode::Complete);
    }
    for (series, points) in series.iter_mut().zip(points) {
        series.points = points.into_iter().collect();
    }
    series
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::metric::Stat;

    fn cpu(name: &str) -> MetricId {
        MetricId::new(
            "AWS/RDS",
            "CPUUtilization",
            &[("DBInstanceIdentifier", name)],
            Stat::Average,
        )
    }

    fn now() -> Timestamp {
        "2026-11-21T02:34:56.7Z".parse().unwrap()
    }

    #[test]
    fn a_span_holds_whole_periods_and_not_the_one_that_is_running() {
        let shown = |period, lookback| {
            let (start, end, values) = span(now(), period, lookback);
            (start.to_string(), end.to_string(), values)
        };
        let expected = |start: &str, end: &str, values| (start.to_owned(), end.to_owned(), values);
        assert_eq!(
            shown(60, 3 * 3600),
            expected("2026-11-20T23:34:00Z", "2026-11-21T02:34:00Z", 180)
        );
        assert_eq!(
            shown(300, 1000),
            expected("2026-11-21T02:10:00Z", "2026-11-21T02:30:00Z", 4)
        );
        // Never an empty span, which CloudWatch refuses.
        assert_eq!(
            shown(3600, 0),
            expected("2026-11-21T01:00:00Z", "2026-11-21T02:00:00Z", 1)
        );
    }

    #[test]
    fn a_call_holds_what_aws_takes_and_its_values_fit_one_page() {
        let sizes = |spec: fn(MetricId) -> MetricSpec, count: usize| {
            let specs: Vec<_> = (0..count).map(|number| spec(cpu(&number.to_string()))).collect();
            chunks(&specs, now())
                .iter()
                .map(|chunk| chunk.places.len())
                .collect::<Vec<_>>()
        };
        assert_eq!(sizes(MetricId::by_minute, 201), [100, 100, 1]);
        // 312 values for each metric.
        assert_eq!(sizes(MetricId::by_five_minutes, 100), [100]);
        let by_minute_for_two_days = |id| MetricSpec {
            lookback_s: 2 * 86_400,
            ..MetricId::by_minute(id)
        };
        assert_eq!(sizes(by_minute_for_two_days, 36), [35, 1]);
        assert_eq!(sizes(MetricId::by_hour, 0), [0; 0]);
    }

    #[test]
    fn only_metrics_with_the_same_span_share_a_call() {
        let specs = [cpu("a").by_minute(), cpu("a").by_hour(), cpu("b").by_minute()];
        let found: Vec<_> = chunks(&specs, now())
            .into_iter()
            .map(|chunk| (chunk.period_s, chunk.places))
            .collect();
        assert_eq!(found, [(60, vec![0, 2]), (3600, vec![1])]);
    }

    #[test]
    fn a_question_names_the_metric_and_no_unit() {
        let metric = MetricId {
            stat: Stat::P95,
            ..cpu("orders")
        };
        let query = query(7, &metric, 300);
        assert_eq!(query.id(), Some("m7"));
        let stat = query.metric_stat().unwrap();
        assert_eq!(
            (stat.stat(), stat.period, stat.unit()),
            (Some("p95"), Some(300), None)
        );
        let named = stat.metric().unwrap();
        assert_eq!(
            (named.namespace(), named.metric_name()),
            (Some("AWS/RDS"), Some("CPUUtilization"))
        );
        assert_eq!(named.dimensions()[0].value(), Some("orders"));
    }

    fn result(id: &str, status: StatusCode, points: &[(i64, f64)]) -> MetricDataResult {
        MetricDataResult::builder()
            .id(id)
            .status_code(status)
            .set_timestamps(Some(
                points.iter().map(|(at, _)| DateTime::from_secs(*at)).collect(),
            ))
            .set_values(Some(points.iter().map(|(_, value)| *value).collect()))
            .build()
    }

    fn series(points: &[(i64, f64)], partial: bool) -> Series {
        Series {
            period_s: 60,
            points: points
                .iter()
                .map(|(at, value)| (Timestamp::from_second(*at).unwrap(), *value))
                .collect(),
            partial,
        }
    }

    #[test]
    fn values_go_to_their_metric_oldest_first_and_over_pages() {
        let results = vec![
            result("m1", StatusCode::PartialData, &[(180, 3.0), (120, 2.0)]),
            result("m0", StatusCode::Complete, &[(60, 9.0)]),
            result("m1", StatusCode::Complete, &[(60, 1.0)]),
            result("m9", StatusCode::Complete, &[(60, 7.0)]),
        ];
        assert_eq!(
            series_from_sdk(results, 60, 3),
            [
                series(&[(60, 9.0)], false),
                series(&[(60, 1.0), (120, 2.0), (180, 3.0)], false),
                series(&[], false),
            ]
        );
    }

    #[test]
    fn what_cloudwatch_cut_or_refused_is_marked() {
        for status in [
            StatusCode::PartialData,
            StatusCode::Forbidden,
            StatusCode::InternalError,
            StatusCode::from("Sampled"),
        ] {
            let results = vec![result("m0", status, &[(60, 1.0)])];
            assert_eq!(series_from_sdk(results, 60, 1), [series(&[(60, 1.0)], true)]);
        }
    }
}

//! Metric values as rules look at them: as of the moment at which they were asked for, since a batch
//! that is asked for every ten minutes is not out of date in between.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::inventory::ScopeState;
use crate::domain::metric::{MetricId, Series};
use crate::domain::metric_catalog::{MetricRef, fingerprint_of};

/// How many periods in a row may lack a value before a run of values counts as broken.
const GAP_PERIODS: i64 = 2;

/// All metrics of a scope that are young enough to be judged, ready for being looked up.
pub struct Metrics<'a> {
    by_fingerprint: HashMap<u64, (&'a MetricId, Measured<'a>)>,
}

/// The values of a metric and when they were asked for.
#[derive(Debug, Clone, Copy)]
pub struct Measured<'a> {
    /// The values, oldest first.
    pub series: &'a Series,
    /// When they were asked for.
    pub as_of: Timestamp,
}

/// An unbroken run of values, up to the newest one, of which something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// When the oldest value of the run was measured.
    pub oldest: Timestamp,
    /// From then to when the values were asked for.
    pub lasts: SignedDuration,
    /// When it began; `None` if it holds of all values that were read, so that it may be older.
    pub since: Option<Timestamp>,
}

/// Several runs as one: from the first of them on. When it began is known only if it is known of each.
pub fn together(runs: impl IntoIterator<Item = Run>) -> Option<Run> {
    runs.into_iter().reduce(|one, other| Run {
        oldest: one.oldest.min(other.oldest),
        lasts: one.lasts.max(other.lasts),
        since: one.since.zip(other.since).map(|(one, other)| one.min(other)),
    })
}

/// When the first of several runs began; `None` if that is not known of every one.
pub fn first_of(runs: impl IntoIterator<Item = Run>) -> Option<Timestamp> {
    together(runs)?.since
}

impl<'a> Metrics<'a> {
    /// Indexes the metrics of a scope.
    pub fn of(state: &'a ScopeState, now: Timestamp) -> Self {
        let batches = state.metrics.values().filter_map(|batch| {
            let (series, as_of) = batch.value.as_ref()?;
            (now.duration_since(*as_of) <= state.lasting.metrics).then_some((series, *as_of))
        });
        let by_fingerprint = batches
            .flat_map(|(batch, as_of)| {
                batch
                    .iter()
                    .map(move |(id, series)| (fingerprint_of(id), (id, Measured { series, as_of })))
            })
            .collect();
        Self { by_fingerprint }
    }

    /// The values of a metric; `None` if they were not read, or too long ago.
    pub fn get(&self, metric: MetricRef<'_>) -> Option<Measured<'a>> {
        let (id, measured) = self.by_fingerprint.get(&metric.fingerprint())?;
        metric.is(id).then_some(*measured)
    }
}

impl Measured<'_> {
    /// The newest value, unless it was too old when it was asked for.
    pub fn latest(&self) -> Option<f64> {
        self.series.recent(self.as_of)
    }

    /// The mean of the newest value and those of up to `span` before it.
    pub fn mean(&self, span: SignedDuration) -> Option<f64> {
        self.latest()?;
        let newest = self.newest()?;
        let from = newest - span + self.period();
        let (sum, many) = self
            .tail(from)
            .fold((0.0, 0u32), |(sum, many), (_, value)| (sum + value, many + 1));
        (many > 0).then(|| sum / f64::from(many))
    }

    /// Since when, without a break to the newest value, `holds` is true; `None` also if it is true
    /// of all values that were read, since nobody knows then when it began.
    pub fn since(&self, holds: impl Fn(f64) -> bool) -> Option<Timestamp> {
        self.run(holds)?.since
    }

    /// The values, without a break to the newest one, of which `holds` is true. Values that are
    /// missing for longer than two periods are a break.
    pub fn run(&self, holds: impl Fn(f64) -> bool) -> Option<Run> {
        let gap = self.period() * (GAP_PERIODS as i32);
        let mut oldest = None;
        let mut is_start_seen = false;
        for (at, value) in self.series.points.iter().rev() {
            let broken = oldest.is_some_and(|later: Timestamp| later.duration_since(*at) > gap);
            if broken || !holds(*value) {
                is_start_seen = true;
                break;
            }
            oldest = Some(*at);
        }
        let oldest = oldest?;
        Some(Run {
            oldest,
            lasts: self.as_of.duration_since(oldest),
            since: is_start_seen.then_some(oldest),
        })
    }

    /// Events per minute over the five minutes that end with the newest value. Metrics that count
    /// events have no value in a minute without one, so a missing minute counts as none, and five
    /// minutes without a value are a rate of zero.
    pub fn per_minute(&self) -> f64 {
        let window = SignedDuration::from_mins(5);
        let Some(newest) = self.newest().filter(|newest| {
            // CloudWatch lags by up to three minutes, and the newest period may be a whole one old.
            self.as_of.duration_since(*newest) <= window + SignedDuration::from_mins(3)
        }) else {
            return 0.0;
        };
        let sum: f64 = self
            .tail(newest - window + self.period())
            .map(|(_, value)| value)
            .sum();
        sum / 5.0
    }

    /// The sum of the values whose period starts in `from..to`; missing ones count as none.
    pub fn sum_between(&self, from: Timestamp, to: Timestamp) -> f64 {
        self.series.between(from, to).sum()
    }

    /// The change per day over the newest `span`, if there are at least `least` values in it.
    pub fn slope_per_day(&self, span: SignedDuration, least: usize) -> Option<f64> {
        let newest = self.newest()?;
        let tail = Series {
            period_s: self.series.period_s,
            points: self.tail(newest - span).collect(),
            partial: self.series.partial,
        };
        (tail.points.len() >= least)
            .then(|| tail.slope_per_day())
            .flatten()
    }

    fn newest(&self) -> Option<Timestamp> {
        self.series.points.last().map(|(at, _)| *at)
    }

    fn period(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.series.period_s))
    }

    /// Values whose period starts at `from` or later, oldest first.
    fn tail(&self, from: Timestamp) -> impl Iterator<Item = (Timestamp, f64)> {
        let start = self.series.points.partition_point(|(at, _)| *at < from);
        self.series.points[start..].iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_763_690_400 + minute * 60).unwrap()
    }

    fn series(points: &[(i64, f64)]) -> Series {
        Series {
            period_s: 60,
            points: points
                .iter()
                .map(|(minute, value)| (at(*minute), *value))
                .collect(),
            partial: false,
        }
    }

    fn measured(series: &Series, as_of: i64) -> Measured<'_> {
        Measured {
            series,
            as_of: at(as_of),
        }
    }

    #[test]
    fn values_count_from_when_they_were_asked_for() {
        let series = series(&[(0, 1.0), (1, 3.0)]);
        assert_eq!(measured(&series, 3).latest(), Some(3.0));
        assert_eq!(measured(&series, 3).mean(SignedDuration::from_mins(5)), Some(2.0));
        assert_eq!(measured(&series, 30).latest(), None);
        assert_eq!(measured(&series, 30).mean(SignedDuration::from_mins(5)), None);
    }

    #[test]
    fn the_mean_takes_only_the_span() {
        let series = series(&[(0, 100.0), (5, 2.0), (6, 4.0)]);
        assert_eq!(measured(&series, 7).mean(SignedDuration::from_mins(2)), Some(3.0));
    }

    #[test]
    fn a_long_gap_breaks_a_run() {
        let series = series(&[(0, 9.0), (1, 9.0), (5, 9.0), (6, 9.0), (8, 9.0)]);
        assert_eq!(measured(&series, 9).since(|value| value > 5.0), Some(at(5)));
        assert_eq!(measured(&series, 9).since(|value| value > 9.0), None);
    }

    #[test]
    fn what_holds_of_all_values_has_no_known_start() {
        let series = series(&[(0, 9.0), (1, 9.0), (2, 9.0)]);
        let run = measured(&series, 3).run(|value| value > 5.0).unwrap();
        assert_eq!(run.since, None);
        assert_eq!((run.oldest, run.lasts), (at(0), SignedDuration::from_mins(3)));
        let known = Run {
            since: Some(at(1)),
            ..run
        };
        assert_eq!(first_of([known]), Some(at(1)));
        assert_eq!(first_of([known, run]), None);
    }

    #[test]
    fn minutes_without_an_event_are_none_and_long_silence_is_a_rate_of_zero() {
        let series = series(&[(0, 600.0), (8, 50.0), (10, 100.0)]);
        assert_eq!(measured(&series, 12).per_minute(), 30.0);
        assert_eq!(measured(&series, 25).per_minute(), 0.0);
        assert_eq!(measured(&Series::default(), 25).per_minute(), 0.0);
    }

    #[test]
    fn a_slope_needs_enough_values() {
        let series = series(&[(0, 10.0), (720, 5.0), (1440, 0.0)]);
        let measured = measured(&series, 1441);
        assert_eq!(
            measured.slope_per_day(SignedDuration::from_hours(24), 3),
            Some(-10.0)
        );
        assert_eq!(measured.slope_per_day(SignedDuration::from_hours(24), 4), None);
    }
}

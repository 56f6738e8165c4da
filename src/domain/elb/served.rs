//! How requests fared in the newest five minutes: requests and errors of the very same minutes.

use jiff::{SignedDuration, Timestamp};

use crate::domain::metric::Series;

/// The minutes that are counted.
pub const SPAN: SignedDuration = SignedDuration::from_mins(5);
/// CloudWatch lags by up to three minutes; what is older than that and the minutes counted says nothing of now.
const OLDEST: SignedDuration = SignedDuration::from_mins(8);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// What was asked and what failed in five minutes, both summed by the minute. A minute without a request or an
/// error has no value: the newest value of any of them ends the five minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Served {
    /// The beginning of the first minute.
    pub from: Timestamp,
    /// The end of the last one.
    pub to: Timestamp,
    /// Requests; `None` if nobody counts them.
    pub requests: Option<f64>,
    /// Answers 5xx.
    pub errors: f64,
}

impl Served {
    /// The newest five minutes of these counts, read at that moment; `None` if there is no value, or all are old.
    pub fn newest<'a>(
        requests: impl IntoIterator<Item = &'a Series>,
        errors: impl IntoIterator<Item = &'a Series>,
        read_at: Timestamp,
    ) -> Option<Self> {
        let (requests, errors): (Vec<_>, Vec<_>) =
            (requests.into_iter().collect(), errors.into_iter().collect());
        let newest = requests
            .iter()
            .chain(&errors)
            .filter_map(|series| series.points.last())
            .map(|(at, _)| *at)
            .max()?;
        (read_at.duration_since(newest) <= OLDEST).then(|| Self::until(&requests, &errors, newest + MINUTE))
    }

    /// The five minutes that end then.
    pub fn until(requests: &[&Series], errors: &[&Series], to: Timestamp) -> Self {
        let from = to - SPAN;
        let sum = |all: &[&Series]| {
            all.iter()
                .flat_map(|series| series.between(from, to))
                .sum::<f64>()
        };
        Self {
            from,
            to,
            requests: (!requests.is_empty()).then(|| sum(requests)),
            errors: sum(errors),
        }
    }

    /// Requests a minute.
    pub fn requests_per_minute(&self) -> Option<f64> {
        self.requests.map(|sum| sum / 5.0)
    }

    /// Answers 5xx a minute.
    pub fn errors_per_minute(&self) -> f64 {
        self.errors / 5.0
    }

    /// The share of requests that failed, percent; `None` if none is known of.
    pub fn share_percent(&self) -> Option<f64> {
        // What a load balancer answers by itself is not among the requests it counts.
        let all = self.requests?.max(self.errors);
        (all > 0.0).then(|| self.errors / all * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_763_690_400 + minute * 60).unwrap()
    }

    fn series(points: impl IntoIterator<Item = (i64, f64)>) -> Series {
        Series {
            period_s: 60,
            points: points
                .into_iter()
                .map(|(minute, value)| (at(minute), value))
                .collect(),
            partial: false,
        }
    }

    #[test]
    fn requests_and_errors_are_of_the_same_minutes() {
        let requests = series((0..30).map(|minute| (minute, 100.0)));
        let errors = series([(10, 90.0), (26, 20.0), (27, 80.0), (28, 100.0)]);
        let served = Served::newest([&requests], [&errors], at(31)).unwrap();
        assert_eq!((served.from, served.to), (at(25), at(30)));
        assert_eq!((served.requests, served.errors), (Some(500.0), 200.0));
        assert_eq!(served.requests_per_minute(), Some(100.0));
        assert_eq!(served.errors_per_minute(), 40.0);
        assert_eq!(served.share_percent(), Some(40.0));
    }

    #[test]
    fn errors_fade_with_the_minutes_that_have_requests_and_no_error() {
        let requests = series((0..30).map(|minute| (minute, 100.0)));
        let errors = series([(24, 100.0), (25, 100.0)]);
        let served = Served::newest([&requests], [&errors], at(31)).unwrap();
        assert_eq!(served.errors, 100.0, "the first of both minutes is past");
        // Where nobody asks any more there is only the age to tell.
        let alone = Served::newest([], [&errors], at(33)).unwrap();
        assert_eq!((alone.errors, alone.share_percent()), (200.0, None));
        assert_eq!(Served::newest([], [&errors], at(34)), None);
    }

    #[test]
    fn what_no_target_could_take_is_not_among_the_requests() {
        let requests = series([(29, 50.0)]);
        let refused = series([(29, 150.0)]);
        let served = Served::newest([&requests], [&refused], at(31)).unwrap();
        assert_eq!(served.share_percent(), Some(100.0));
        assert_eq!(Served::newest([], [], at(31)), None);
    }
}

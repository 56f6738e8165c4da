//! Shares and rates.

use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A share of a hundred: finite and not negative. It may exceed 100: a burst can use more CPU than a
/// service reserved, and a month can cost more than its budget.
///
/// Shown as `2.1%` below ten and `97%` above; never as `0%` or `100%` unless it is exactly that, since
/// "a little" and "almost full" are what is looked for.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Percent(f64);

/// A number that is no share: negative, infinite or not a number.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is not a percentage")]
pub struct NotAPercentage(f64);

impl Percent {
    /// A share in percent; `None` if it is negative or not finite.
    pub fn new(percent: f64) -> Option<Self> {
        (percent.is_finite() && percent >= 0.0).then_some(Self(percent))
    }

    /// What part `part` is of `whole`; `None` if there is no whole.
    pub fn of(part: f64, whole: f64) -> Option<Self> {
        (whole > 0.0).then(|| Self::new(part / whole * 100.0))?
    }

    /// The number, 0 to 100 and sometimes more.
    pub const fn value(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Percent {
    type Error = NotAPercentage;

    fn try_from(percent: f64) -> Result<Self, Self::Error> {
        Self::new(percent).ok_or(NotAPercentage(percent))
    }
}

impl From<Percent> for f64 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0;
        let text = if value == 0.0 {
            "0%".to_owned()
        } else if value < 0.1 {
            "<0.1%".to_owned()
        } else if value > 99.0 && value < 100.0 {
            // Cut, not rounded: 99.97 % is not full.
            format!("{:.1}%", (value * 10.0).floor() / 10.0)
        } else if value < 9.95 {
            format!("{value:.1}%").replace(".0%", "%")
        } else {
            format!("{value:.0}%")
        };
        f.pad(&text)
    }
}

/// Events per minute, finite and not negative. Shown as `30/min`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct PerMinute(f64);

impl PerMinute {
    /// So many events in so long a time; `None` if the time is not positive.
    pub fn of(events: u64, over: SignedDuration) -> Option<Self> {
        let minutes = over.as_secs_f64() / 60.0;
        (minutes > 0.0).then(|| Self(events as f64 / minutes))
    }

    /// Events per minute.
    pub const fn value(self) -> f64 {
        self.0
    }
}

impl fmt::Display for PerMinute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.0;
        let text = if rate == 0.0 {
            "0/min".to_owned()
        } else if rate < 0.1 {
            "<0.1/min".to_owned()
        } else if rate < 9.95 {
            format!("{rate:.1}/min").replace(".0/min", "/min")
        } else {
            format!("{rate:.0}/min")
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_share_never_reads_as_nothing_or_all_unless_it_is() {
        let cases = [
            (0.0, "0%"),
            (0.04, "<0.1%"),
            (0.1, "0.1%"),
            (2.13, "2.1%"),
            (5.0, "5%"),
            (9.94, "9.9%"),
            (9.96, "10%"),
            (12.5, "12%"),
            (97.4, "97%"),
            (99.0, "99%"),
            (99.97, "99.9%"),
            (100.0, "100%"),
            (100.2, "100%"),
            (250.0, "250%"),
        ];
        for (value, shown) in cases {
            assert_eq!(Percent::new(value).unwrap().to_string(), shown, "{value}");
        }
        assert_eq!(format!("{:>5}", Percent::new(5.0).unwrap()), "   5%");
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for value in [-0.1, f64::NAN, f64::INFINITY] {
            assert_eq!(Percent::new(value), None);
        }
        assert_eq!(Percent::of(1.0, 0.0), None);
        assert_eq!(Percent::of(1.0, 4.0), Percent::new(25.0));
        assert!(serde_json::from_str::<Percent>("-1").is_err());
        assert_eq!(serde_json::from_str::<Percent>("42.5").unwrap().value(), 42.5);
        assert_eq!(
            serde_json::to_string(&Percent::new(42.5).unwrap()).unwrap(),
            "42.5"
        );
    }

    #[test]
    fn a_rate_is_events_over_minutes() {
        let rate = |events, seconds| PerMinute::of(events, SignedDuration::from_secs(seconds));
        assert_eq!(rate(30, 60).unwrap().to_string(), "30/min");
        assert_eq!(rate(1, 300).unwrap().to_string(), "0.2/min");
        assert_eq!(rate(1, 3600).unwrap().to_string(), "<0.1/min");
        assert_eq!(rate(0, 60).unwrap().to_string(), "0/min");
        assert_eq!(rate(3, 60).unwrap().to_string(), "3/min");
        assert_eq!(rate(7, 30).unwrap().value(), 14.0);
        assert_eq!(rate(1, 0), None);
        assert_eq!(rate(1, -60), None);
    }
}

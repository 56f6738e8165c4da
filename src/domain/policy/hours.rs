//! When people are at work.

use jiff::Zoned;
use jiff::civil::{Time, Weekday};

/// Hours of some weekdays, in the estate's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessHours {
    /// The days, Monday first, each once.
    pub days: Vec<Weekday>,
    /// The first moment of each day.
    pub from: Time,
    /// The first moment that no longer belongs to it, after `from`.
    pub to: Time,
}

impl BusinessHours {
    /// Whether a moment, already in the estate's zone, lies in the hours.
    pub fn contain(&self, moment: &Zoned) -> bool {
        self.days.contains(&moment.weekday()) && self.from <= moment.time() && moment.time() < self.to
    }

    /// Hours of a week that lie outside, 0 to 168.
    pub fn hours_off(&self) -> f64 {
        let day = self.from.until(self.to).map_or(0.0, |span| {
            f64::from(span.get_hours()) + span.get_minutes() as f64 / 60.0
        });
        7.0 * 24.0 - self.days.len() as f64 * day
    }

    /// The share of all hours that lies outside, 0 to 1: that of a week.
    pub fn share_off(&self) -> f64 {
        (self.hours_off() / 168.0).clamp(0.0, 1.0)
    }

    /// Whether any moment of `start..end` on a weekday lies in the hours. An end that is not after
    /// the start lies on the next day, as in the windows that AWS gives.
    pub fn overlap(&self, day: Weekday, start: Time, end: Time) -> bool {
        let hits = |day: Weekday, start: Option<Time>, end: Option<Time>| {
            self.days.contains(&day)
                && start.is_none_or(|start| start < self.to)
                && end.is_none_or(|end| self.from < end)
        };
        if start < end {
            hits(day, Some(start), Some(end))
        } else {
            hits(day, Some(start), None) || hits(day.next(), None, Some(end))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Zone;
    use super::*;
    use crate::domain::rules::sample::office_hours as office;
    use jiff::Timestamp;
    use jiff::civil::time;

    #[test]
    fn the_end_does_not_belong_to_the_hours() {
        let seoul = Zone::named("Asia/Seoul").expect("it exists");
        for (moment, expected) in [
            ("2026-11-20T00:00:00Z", true),  // Friday 09:00
            ("2026-11-20T08:59:59Z", true),  // Friday 17:59:59
            ("2026-11-20T09:00:00Z", false), // Friday 18:00
            ("2026-11-19T23:59:59Z", false), // Friday 08:59:59
            ("2026-11-21T03:00:00Z", false), // Saturday noon
        ] {
            let moment: Timestamp = moment.parse().expect("a timestamp");
            let there = moment.to_zoned(seoul.rules().clone());
            assert_eq!(office().contain(&there), expected, "{there}");
        }
    }

    #[test]
    fn windows_over_midnight_reach_into_the_next_day() {
        let office = office();
        let (friday, sunday) = (Weekday::Friday, Weekday::Sunday);
        assert!(office.overlap(friday, time(12, 0, 0, 0), time(13, 0, 0, 0)));
        assert!(!office.overlap(friday, time(18, 0, 0, 0), time(19, 0, 0, 0)));
        assert!(!office.overlap(sunday, time(12, 0, 0, 0), time(13, 0, 0, 0)));
        assert!(office.overlap(sunday, time(23, 30, 0, 0), time(9, 30, 0, 0)));
        assert!(!office.overlap(friday, time(23, 30, 0, 0), time(9, 30, 0, 0)));
    }
}

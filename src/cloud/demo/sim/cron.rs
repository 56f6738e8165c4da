//! Five-field cron expressions, as scheduled actions have them.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A parsed expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether day of month and day of week are both restricted, so that either may hold.
    either_day: bool,
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    /// Parses an expression; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return None;
        };
        let mut weekday_bits = field(weekdays, 0, 7, &WEEKDAYS)?;
        // Sunday is 0 and 7.
        weekday_bits = (weekday_bits | (weekday_bits >> 7)) & 0x7f;
        Some(Self {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, &MONTHS)?,
            weekdays: weekday_bits,
            either_day: *days != "*" && *weekdays != "*",
        })
    }

    /// Whether the expression names this minute.
    pub fn holds(&self, at: DateTime) -> bool {
        self.holds_on(at.date()) && has(self.hours, at.hour()) && has(self.minutes, at.minute())
    }

    fn holds_on(&self, date: Date) -> bool {
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        has(self.months, date.month())
            && if self.either_day {
                day || weekday
            } else {
                day && weekday
            }
    }

    /// The next time it names after a moment, within a year.
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let from = after.to_zoned(zone.clone()).datetime();
        let mut date = from.date();
        for _ in 0..367 {
            if self.holds_on(date) {
                for hour in (0..24).filter(|hour| has(self.hours, *hour)) {
                    for minute in (0..60).filter(|minute| has(self.minutes, *minute)) {
                        let at = DateTime::from_parts(date, Time::new(hour, minute, 0, 0).ok()?);
                        // A minute that a change of clocks skips or repeats counts once.
                        let at = zone.to_ambiguous_timestamp(at).compatible().ok()?;
                        if at > after {
                            return Some(at);
                        }
                    }
                }
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }
}

fn has(bits: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| bits & (1 << value) != 0)
}

/// The values that a field names, as bits.
fn field(text: &str, least: u32, most: u32, names: &[&str]) -> Option<u64> {
    let mut bits = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step: &u32| *step > 0)?),
            None => (part, 1),
        };
        let (from, to) = if range == "*" {
            (least, most)
        } else if let Some((from, to)) = range.split_once('-') {
            (value(from, least, names)?, value(to, least, names)?)
        } else {
            let only = value(range, least, names)?;
            (only, if part.contains('/') { most } else { only })
        };
        if from < least || to > most || from > to {
            return None;
        }
        for value in (from..=to).step_by(step as usize) {
            bits |= 1 << value;
        }
    }
    Some(bits)
}

fn value(text: &str, least: u32, names: &[&str]) -> Option<u32> {
    names
        .iter()
        .position(|name| name.eq_ignore_ascii_case(text))
        .map_or_else(
            || text.parse().ok(),
            |index| u32::try_from(index).ok().map(|index| index + least),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, after: &str, zone: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        Cron::parse(expression)
            .unwrap()
            .next(after.parse().unwrap(), &zone)
            .unwrap()
            .to_string()
    }

    #[test]
    fn the_next_time_is_in_the_expressions_own_zone() {
        // Saturday, 09:00 in Seoul is midnight UTC; the next weekday is Monday.
        assert_eq!(
            next("0 9 * * MON-FRI", "2026-11-21T00:00:00Z", "Asia/Seoul"),
            "2026-11-23T00:00:00Z"
        );
        assert_eq!(
            next("0 22 * * *", "2026-11-21T13:00:00Z", "Asia/Seoul"),
            "2026-11-22T13:00:00Z"
        );
        assert_eq!(
            next("*/15 3 1 * *", "2026-11-21T13:00:00Z", "UTC"),
            "2026-12-01T03:00:00Z"
        );
        assert_eq!(
            next("0 0 13 * 5", "2026-11-21T00:00:00Z", "UTC"),
            "2026-11-27T00:00:00Z"
        );
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in [
            "",
            "* * * *",
            "60 * * * *",
            "* * * * FUN",
            "*/0 * * * *",
            "5-1 * * * *",
        ] {
            assert_eq!(Cron::parse(text), None, "{text}");
        }
    }
}

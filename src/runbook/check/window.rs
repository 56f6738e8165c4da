//! Whether now is a time at which changes may be made.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use serde::Deserialize;
use serde_json::Value;

use super::{Check, Verdict};
use crate::domain::ops::Query;
use crate::domain::policy::Zone;
use crate::runbook::action::{Arguments, BadArguments, View};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;

/// `time.window`.
pub struct Window;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    #[serde(default)]
    days: Option<Vec<String>>,
    from: String,
    to: String,
    time_zone: String,
}

struct Hours {
    days: Vec<Weekday>,
    from: Time,
    to: Time,
    zone: Zone,
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

fn parse(with: &Arguments) -> Result<Hours, BadArguments> {
    let with: With = serde_json::from_value(Value::Object(with.clone()))?;
    let days = match &with.days {
        None => DAYS.iter().map(|(_, day)| *day).collect(),
        Some(words) => words
            .iter()
            .map(|word| {
                DAYS.iter()
                    .find(|(name, _)| name == word)
                    .map(|(_, day)| *day)
                    .ok_or_else(|| {
                        BadArguments(format!("`{word}` is none of mon, tue, wed, thu, fri, sat, sun"))
                    })
            })
            .collect::<Result<Vec<_>, _>>()?,
    };
    let zone = Zone::named(&with.time_zone).map_err(|error| BadArguments(error.to_string()))?;
    let (from, to) = (hour(&with.from)?, hour(&with.to)?);
    if from == to {
        return Err(BadArguments("`from` and `to` are the same".to_owned()));
    }
    Ok(Hours { days, from, to, zone })
}

/// `HH:MM`.
fn hour(text: &str) -> Result<Time, BadArguments> {
    let number = |text: &str| {
        (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse::<i8>().ok())
            .flatten()
    };
    text.split_once(':')
        .and_then(|(hours, minutes)| Time::new(number(hours)?, number(minutes)?, 0, 0).ok())
        .ok_or_else(|| BadArguments(format!("`{text}` is no time of a day, such as 22:00")))
}

impl Hours {
    /// Whether a moment lies in the window. What counts is what clocks on the wall show then: an hour
    /// that comes twice is in it twice, one that is left out is never.
    fn contain(&self, moment: Timestamp) -> bool {
        let there = moment.to_zoned(self.zone.rules().clone());
        let (day, time) = (there.weekday(), there.time());
        if self.from < self.to {
            self.days.contains(&day) && self.from <= time && time < self.to
        } else {
            // Over midnight it belongs to the day on which it began.
            (self.days.contains(&day) && time >= self.from)
                || (self.days.contains(&day.previous()) && time < self.to)
        }
    }
}

impl Check for Window {
    fn name(&self) -> &'static str {
        "time.window"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether now lies in a change window, by the clocks of a time zone, summer time included. A window over midnight belongs to the day on which it begins.",
            vec![
                FieldSchema::required("from", Type::Text, "When it begins: `\"22:00\"`."),
                FieldSchema::required("to", Type::Text, "The first minute that is no longer in it."),
                FieldSchema::required("time_zone", Type::Text, "An IANA name such as `Asia/Seoul`."),
                FieldSchema::optional(
                    "days",
                    Type::list(Type::Text),
                    "every day",
                    "The days on which it begins: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`.",
                ),
            ],
            None,
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse(with)?;
        Ok(Vec::new())
    }

    fn judge(&self, with: &Arguments, _view: &View, now: Timestamp) -> Result<Verdict, BadArguments> {
        let hours = parse(with)?;
        let there = now.to_zoned(hours.zone.rules().clone());
        let shown = there.strftime("%a %H:%M %Z");
        Ok(if hours.contain(now) {
            Verdict::Pass(format!("{shown} is in the window"))
        } else {
            Verdict::Fail(format!(
                "{shown} is not between {} and {}",
                hours.from.strftime("%H:%M"),
                hours.to.strftime("%H:%M")
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(with: &Value, now: &str) -> Result<bool, BadArguments> {
        let with = with.as_object().expect("a mapping");
        let now = now.parse().expect("a timestamp");
        assert_eq!(Window.reads(with, now).map_or(0, |reads| reads.len()), 0);
        Window
            .judge(with, &View::default(), now)
            .map(|verdict| verdict.passed())
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_on_which_it_begins() {
        let with = json!({"days": ["fri"], "from": "22:00", "to": "02:00", "time_zone": "Asia/Seoul"});
        for (now, expected) in [
            ("2026-11-20T12:59:59Z", false), // Friday 21:59:59
            ("2026-11-20T13:00:00Z", true),  // Friday 22:00
            ("2026-11-20T16:59:59Z", true),  // Saturday 01:59:59
            ("2026-11-20T17:00:00Z", false), // Saturday 02:00
            ("2026-11-21T13:00:00Z", false), // Saturday 22:00
            ("2026-11-19T16:00:00Z", false), // Friday 01:00, begun on Thursday
        ] {
            assert_eq!(judged(&with, now), Ok(expected), "{now}");
        }
    }

    #[test]
    fn an_hour_that_comes_twice_counts_twice_and_one_that_is_missing_never() {
        // In New York 01:30 comes twice on 1 November 2026, and 02:30 not at all on 8 March.
        let twice = json!({"from": "01:00", "to": "02:00", "time_zone": "America/New_York"});
        for (now, expected) in [
            ("2026-11-01T04:59:59Z", false),
            ("2026-11-01T05:30:00Z", true),
            ("2026-11-01T06:30:00Z", true),
            ("2026-11-01T07:00:00Z", false),
        ] {
            assert_eq!(judged(&twice, now), Ok(expected), "{now}");
        }
        let missing = json!({"from": "02:00", "to": "03:00", "time_zone": "America/New_York"});
        for now in [
            "2026-03-08T06:59:59Z",
            "2026-03-08T07:00:00Z",
            "2026-03-08T07:30:00Z",
        ] {
            assert_eq!(judged(&missing, now), Ok(false), "{now}");
        }
        assert_eq!(judged(&missing, "2026-03-09T06:30:00Z"), Ok(true));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for with in [
            json!({"from": "22:00", "to": "22:00", "time_zone": "UTC"}),
            json!({"from": "24:00", "to": "02:00", "time_zone": "UTC"}),
            json!({"from": "9:00", "to": "10:00", "time_zone": "UTC"}),
            json!({"from": "09:00", "to": "10:00", "time_zone": "Mars/Olympus"}),
            json!({"from": "09:00", "to": "10:00", "time_zone": "UTC", "days": ["friday"]}),
            json!({"from": "09:00", "to": "10:00"}),
        ] {
            assert!(judged(&with, "2026-11-20T12:00:00Z").is_err(), "{with}");
        }
    }
}

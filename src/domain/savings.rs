//! What instances that were off have saved, measured from their states rather than promised by a plan.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::units::{Usd, UsdPerHour};

/// An instance that ended, and from when to when it was off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Off {
    /// What was put to rest: the group's name, or the instance's.
    pub target: String,
    /// The instance; `None` where AWS does not say which.
    pub instance: Option<String>,
    /// When it ended, as AWS says.
    pub from: Timestamp,
    /// When it was asked back; `None` while it is off, and where nobody knows.
    pub until: Option<Timestamp>,
    /// What it is billed an hour when it is on, at list price; `None` is not known.
    pub usd_per_hour: Option<UsdPerHour>,
}

impl Off {
    /// What it has saved until a moment, or until it was asked back; `None` if its price is not known.
    pub fn saved(&self, now: Timestamp) -> Option<Usd> {
        let until = self.until.unwrap_or(now);
        let seconds = u64::try_from(until.duration_since(self.from).as_secs()).unwrap_or(0);
        Some(self.usd_per_hour?.for_seconds(seconds))
    }
}

/// How long savings last each time, and how much of a month, where they are put back every morning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Night {
    /// Seconds of this night; 0 if only its end can tell.
    pub seconds: u64,
    /// The part of a month in which the estate does not work, in hundred thousandths; `None` if it has no
    /// business hours.
    pub off_share: Option<u32>,
}

impl Night {
    /// The parts of a whole share.
    const WHOLE: f64 = 100_000.0;

    /// Of so many seconds, and a share of the month from 0 to 1.
    pub fn new(seconds: u64, off_share: Option<f64>) -> Self {
        Self {
            seconds,
            off_share: off_share.map(|share| (share.clamp(0.0, 1.0) * Self::WHOLE).round() as u32),
        }
    }

    fn month(self, usd_per_hour: UsdPerHour) -> Option<Usd> {
        let share = f64::from(self.off_share?) / Self::WHOLE;
        Some(usd_per_hour.per_month_for(share))
    }
}

/// What was saved. Amounts that are not known in full are `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Savings {
    /// The currency of every amount: list prices are in `USD`.
    pub currency: String,
    /// Until when was measured, on the cloud's clock.
    pub measured_at: Timestamp,
    /// What was off, from when to when.
    pub instances: Vec<Off>,
    /// What is not billed while all of them are off.
    pub usd_per_hour: Option<UsdPerHour>,
    /// The same in one night: this one, planned in the evening and measured in the morning.
    pub usd_per_night: Option<Usd>,
    /// The same in a month of such nights and of the weekends between them.
    pub usd_per_month: Option<Usd>,
    /// What was saved from when each of them ended until now, or until it was asked back.
    pub saved_usd: Option<Usd>,
}

impl Savings {
    /// Of instances that were off. `is_whole` says whether those are all that a run put to rest.
    pub fn of(instances: Vec<Off>, is_whole: bool, measured_at: Timestamp) -> Self {
        let known = |amounts: Vec<Option<Usd>>| {
            amounts
                .into_iter()
                .try_fold(Usd::ZERO, |total, one| Some(total + one?))
                .filter(|_| is_whole)
        };
        let rates = instances
            .iter()
            .try_fold(UsdPerHour::ZERO, |total, one| Some(total + one.usd_per_hour?));
        Self {
            currency: "USD".to_owned(),
            measured_at,
            usd_per_hour: rates.filter(|_| is_whole),
            usd_per_night: None,
            usd_per_month: None,
            saved_usd: known(instances.iter().map(|one| one.saved(measured_at)).collect()),
            instances,
        }
    }

    /// The same with what it comes to in a night and in a month.
    #[must_use]
    pub fn in_nights(mut self, night: Option<Night>) -> Self {
        let is_over = !self.instances.is_empty() && self.instances.iter().all(|one| one.until.is_some());
        self.usd_per_night = if is_over {
            self.saved_usd
        } else {
            night
                .filter(|night| night.seconds > 0)
                .zip(self.usd_per_hour)
                .map(|(night, rate)| rate.for_seconds(night.seconds))
        };
        self.usd_per_month = night
            .zip(self.usd_per_hour)
            .and_then(|(night, rate)| night.month(rate));
        self
    }

    /// In a line: how many were off from when to when, and what that saves. Moments stand in it as programs
    /// write them.
    pub fn words(&self) -> String {
        let count = self.instances.len();
        let time = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut words = match count {
            0 => return "nothing was found that is off".to_owned(),
            1 => "1 instance off".to_owned(),
            many => format!("{many} instances off"),
        };
        if let Some(first) = self.instances.iter().map(|one| one.from).min() {
            words.push_str(&format!(", the first from {}", time(first)));
        }
        let ends: BTreeSet<Timestamp> = self.instances.iter().filter_map(|one| one.until).collect();
        if let Some(last) = ends.last() {
            words.push_str(&format!(" to {}", time(*last)));
        }
        let amount = |amount: Option<Usd>| amount.map_or_else(|| "unknown".to_owned(), |usd| usd.to_string());
        words.push_str(&format!(
            ": {} saved so far; {}, {} a night, {} a month (list prices)",
            amount(self.saved_usd),
            self.usd_per_hour
                .map_or_else(|| "unknown an hour".to_owned(), |rate| rate.to_string()),
            amount(self.usd_per_night),
            amount(self.usd_per_month),
        ));
        words
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn off(instance: &str, (from, until): (&str, Option<&str>), rate: Option<&str>) -> Off {
        Off {
            target: "workers".to_owned(),
            instance: Some(instance.to_owned()),
            from: from.parse().unwrap(),
            until: until.map(|until| until.parse().unwrap()),
            usd_per_hour: rate.map(|rate| UsdPerHour::new(rate.parse().unwrap())),
        }
    }

    const EVENING: &str = "2026-11-20T11:00:00Z";
    const MORNING: &str = "2026-11-20T23:00:00Z";

    fn usd(text: &str) -> Option<Usd> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn in_the_evening_a_night_is_what_is_planned_and_so_far_is_measured() {
        let instances = vec![
            off("i-1", (EVENING, None), Some("2")),
            off("i-2", ("2026-11-20T11:30:00Z", None), Some("1")),
        ];
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let night = Night::new(12 * 3_600, Some(0.5));
        let savings = Savings::of(instances, true, now).in_nights(Some(night));
        assert_eq!(savings.saved_usd, usd("2.5"));
        assert_eq!(savings.usd_per_hour.map(UsdPerHour::per_hour), usd("3"));
        assert_eq!(
            (savings.usd_per_night, savings.usd_per_month),
            (usd("36"), usd("1095"))
        );
    }

    #[test]
    fn in_the_morning_the_night_is_what_was_measured() {
        let instances = vec![off("i-1", (EVENING, Some(MORNING)), Some("2"))];
        let now = "2026-11-20T23:10:00Z".parse().unwrap();
        let savings = Savings::of(instances, true, now).in_nights(None);
        assert_eq!((savings.saved_usd, savings.usd_per_night), (usd("24"), usd("24")));
        assert_eq!(savings.usd_per_month, None);
        assert!(
            savings
                .words()
                .contains("from 2026-11-20T11:00:00Z to 2026-11-20T23:00:00Z")
        );
    }

    #[test]
    fn what_is_not_known_of_one_is_not_known_of_all() {
        let now = MORNING.parse().unwrap();
        let part = vec![
            off("i-1", (EVENING, None), Some("2")),
            off("i-2", (EVENING, None), None),
        ];
        let savings = Savings::of(part, true, now).in_nights(Some(Night::new(3_600, None)));
        assert_eq!(
            (savings.usd_per_hour, savings.saved_usd, savings.usd_per_night),
            (None, None, None)
        );
        let whole = Savings::of(vec![off("i-1", (EVENING, None), Some("2"))], false, now);
        assert_eq!((whole.usd_per_hour, whole.saved_usd), (None, None));
        let text = serde_json::to_value(&whole).unwrap();
        assert!(text["saved_usd"].is_null() && text["usd_per_month"].is_null());
        assert_eq!(text["currency"], "USD");
    }
}

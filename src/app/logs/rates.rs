//! Errors a minute in what is tailed, for the overview.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

/// Minutes that are remembered.
const KEPT: i64 = 60;

/// A counter for each minute.
#[derive(Debug, Clone, Default)]
pub struct Rates {
    minutes: BTreeMap<i64, u32>,
    /// Minutes with any line, error or not: only of these a zero is known.
    read: BTreeSet<i64>,
}

impl Rates {
    /// Counts a line.
    pub fn count(&mut self, at_ms: i64, error: bool) {
        let minute = at_ms.div_euclid(60_000);
        self.read.insert(minute);
        if error {
            *self.minutes.entry(minute).or_default() += 1;
        }
        if self.read.len() as i64 > KEPT
            && let Some(oldest) = self.read.pop_first()
        {
            self.minutes.remove(&oldest);
        }
    }

    /// Errors of the newest minute that is over, if it was read.
    pub fn per_minute(&self, now: Timestamp) -> Option<u32> {
        let last = now.as_millisecond().div_euclid(60_000) - 1;
        self.read
            .contains(&last)
            .then(|| self.minutes.get(&last).copied().unwrap_or(0))
    }

    /// Errors of each of the last minutes that are over, oldest first.
    pub fn history(&self, now: Timestamp, minutes: i64) -> Vec<f64> {
        let last = now.as_millisecond().div_euclid(60_000) - 1;
        (last - minutes + 1..=last)
            .map(|minute| f64::from(self.minutes.get(&minute).copied().unwrap_or(0)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_counts_when_it_is_over_and_was_read() {
        let mut rates = Rates::default();
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        assert_eq!(rates.per_minute(at(120)), None);
        for (second, error) in [(60, true), (61, true), (119, false), (125, true)] {
            rates.count(second * 1_000, error);
        }
        assert_eq!(rates.per_minute(at(130)), Some(2));
        assert_eq!(rates.per_minute(at(190)), Some(1));
        assert_eq!(rates.per_minute(at(250)), None, "nothing was read of it");
        assert_eq!(rates.history(at(190), 3), [0.0, 2.0, 1.0]);
    }

    #[test]
    fn only_the_last_hour_is_remembered() {
        let mut rates = Rates::default();
        for minute in 0..500 {
            rates.count(minute * 60_000, true);
        }
        assert_eq!((rates.read.len(), rates.minutes.len()), (60, 60));
    }
}

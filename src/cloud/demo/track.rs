//! A number that changes at moments and is remembered: what metrics, logs and spend are computed
//! from long after the change.

use super::time::Ms;

/// The history of a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// The value before the first change.
    before: f64,
    /// Changes, oldest first.
    changes: Vec<(Ms, f64)>,
}

impl Track {
    /// A number that has always been this.
    pub const fn new(value: f64) -> Self {
        Self {
            before: value,
            changes: Vec::new(),
        }
    }

    /// Notes the value from now on. Moments must not go back.
    pub fn set(&mut self, at: Ms, value: f64) {
        if self.last() == value {
            return;
        }
        match self.changes.last_mut() {
            Some((newest, held)) if *newest == at => *held = value,
            _ => self.changes.push((at, value)),
        }
    }

    /// The newest value.
    pub fn last(&self) -> f64 {
        self.changes.last().map_or(self.before, |(_, value)| *value)
    }

    /// The value at a moment.
    pub fn at(&self, at: Ms) -> f64 {
        match self.index(at) {
            0 => self.before,
            after => self.changes[after - 1].1,
        }
    }

    /// The mean over `from..to`.
    pub fn mean(&self, from: Ms, to: Ms) -> f64 {
        let start = self.index(from);
        let mut value = if start == 0 {
            self.before
        } else {
            self.changes[start - 1].1
        };
        if to <= from || self.changes.get(start).is_none_or(|(at, _)| *at >= to) {
            return value;
        }
        let (mut sum, mut since) = (0.0, from);
        for (at, next) in &self.changes[start..] {
            if *at >= to {
                break;
            }
            sum += value * (at - since) as f64;
            (value, since) = (*next, *at);
        }
        (sum + value * (to - since) as f64) / (to - from) as f64
    }

    /// The least and the most over `from..to`.
    pub fn range(&self, from: Ms, to: Ms) -> (f64, f64) {
        let start = self.index(from);
        let first = self.at(from);
        self.changes[start..]
            .iter()
            .take_while(|(at, _)| *at < to)
            .fold((first, first), |(low, high), (_, value)| {
                (low.min(*value), high.max(*value))
            })
    }

    /// Drops changes older than a moment that nobody asks for any more.
    pub fn forget_before(&mut self, at: Ms) {
        let index = self.index(at);
        if index > 64 {
            self.before = self.changes[index - 1].1;
            self.changes.drain(..index);
        }
    }

    /// How many changes are at or before the moment.
    fn index(&self, at: Ms) -> usize {
        self.changes.partition_point(|(change, _)| *change <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_kept_and_averaged() {
        let mut track = Track::new(2.0);
        track.set(100, 4.0);
        track.set(150, 0.0);
        assert_eq!((track.at(99), track.at(100), track.at(200)), (2.0, 4.0, 0.0));
        assert_eq!(track.mean(50, 150), 3.0);
        assert_eq!(track.mean(0, 10), 2.0);
        assert_eq!(track.range(90, 160), (0.0, 4.0));
    }

    #[test]
    fn forgetting_keeps_what_came_after() {
        let mut track = Track::new(0.0);
        for step in 1..=100_i32 {
            track.set(Ms::from(step) * 10, f64::from(step));
        }
        track.forget_before(900);
        assert_eq!((track.at(905), track.last()), (90.0, 100.0));
    }
}

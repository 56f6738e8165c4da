//! The meter: counts every attempt that reaches the network.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::cloud::meter::{Call, CallEnd};
use crate::domain::meter::MeterReading;

/// Counts calls.
#[derive(Debug, Default)]
pub struct Meter {
    calls: u64,
    throttled: u64,
    paid_micro_usd: u64,
    by_operation: BTreeMap<String, u64>,
    /// Calls of the last minute, by the second, oldest first.
    recent: VecDeque<(Timestamp, u32)>,
}

impl Meter {
    /// Counts one attempt.
    pub fn count(&mut self, call: &Call, now: Timestamp) {
        self.calls += 1;
        self.paid_micro_usd += call.paid_micro_usd;
        if call.end == CallEnd::Throttled {
            self.throttled += 1;
        }
        *self.by_operation.entry(call.operation.to_string()).or_default() += 1;
        match self.recent.back_mut() {
            Some((at, count)) if now.duration_since(*at) < SignedDuration::from_secs(1) => *count += 1,
            _ => self.recent.push_back((now, 1)),
        }
        self.forget(now);
    }

    /// What the meter shows at `now`.
    pub fn reading(&mut self, now: Timestamp) -> MeterReading {
        self.forget(now);
        MeterReading {
            calls: self.calls,
            calls_last_minute: self.recent.iter().map(|(_, count)| count).sum(),
            throttled: self.throttled,
            by_operation: self.by_operation.clone(),
            paid_micro_usd: self.paid_micro_usd,
            backing_off: Vec::new(),
        }
    }

    fn forget(&mut self, now: Timestamp) {
        while self
            .recent
            .front()
            .is_some_and(|(at, _)| now.duration_since(*at) > SignedDuration::from_secs(60))
        {
            self.recent.pop_front();
        }
    }
}

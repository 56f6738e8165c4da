//! Which events were given away already.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::domain::logs::LogEvent;

/// Events remembered of one group. At a thousand a second this covers the overlap; beyond it the
/// next question begins where memory does.
const MOST: usize = 100_000;

/// The ids of recent events, oldest event first.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Time and fingerprint: 24 bytes instead of the 56 digits of an id.
    events: BTreeSet<(i64, u128)>,
    /// Events before this may have been forgotten.
    floor_ms: Option<i64>,
}

impl Seen {
    /// Remembers an event; `false` if it was known.
    pub(super) fn insert(&mut self, event: &LogEvent) -> bool {
        let fresh = self.events.insert((event.at_ms, fingerprint(event)));
        if self.events.len() > MOST
            && let Some((at_ms, _)) = self.events.pop_first()
        {
            self.floor_ms = self.floor_ms.max(Some(at_ms + 1));
        }
        fresh
    }

    /// Forgets events that no later question can bring again.
    pub(super) fn forget_before(&mut self, from_ms: i64) {
        self.events = self.events.split_off(&(from_ms, 0));
    }

    /// A question that begins here brings nothing that was forgotten.
    pub(super) fn floor_ms(&self) -> i64 {
        self.floor_ms.unwrap_or(i64::MIN)
    }
}

/// A hash of 128 bits: at a hundred thousand events, two alike are not to be expected in the age
/// of the universe. Events without an id are told apart by everything else.
fn fingerprint(event: &LogEvent) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        if event.id.is_empty() {
            (&event.stream, event.ingested_ms, &event.message).hash(&mut hasher);
        } else {
            event.id.hash(&mut hasher);
        }
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: usize, at_ms: i64) -> LogEvent {
        LogEvent {
            id: id.to_string(),
            stream: String::new(),
            at_ms,
            ingested_ms: at_ms,
            message: String::new(),
        }
    }

    #[test]
    fn an_event_is_new_once() {
        let mut seen = Seen::default();
        assert!(seen.insert(&event(1, 10)));
        assert!(!seen.insert(&event(1, 10)));
        assert!(seen.insert(&event(2, 10)));
        seen.forget_before(11);
        assert!(seen.insert(&event(1, 10)), "forgotten");
    }

    #[test]
    fn what_was_forgotten_for_want_of_room_lies_before_the_floor() {
        let mut seen = Seen::default();
        for id in 0..MOST + 10 {
            assert!(seen.insert(&event(id, id as i64)));
        }
        assert_eq!(seen.floor_ms(), 10);
        for id in 10..MOST + 10 {
            assert!(!seen.insert(&event(id, id as i64)), "{id} is remembered");
        }
    }
}

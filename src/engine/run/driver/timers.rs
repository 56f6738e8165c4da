//! What is due when, on the cloud's clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use jiff::Timestamp;

use super::never;
use crate::cloud::BoxFuture;
use crate::engine::clock::Clock;
use crate::runbook::machine::Ticket;

/// The longest sleep at a time: a machine that was suspended wakes with its timers, which may not count
/// the time that it slept, while its clock does.
const MOST: Duration = Duration::from_secs(30);

/// Timers by when they are due.
#[derive(Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<(Timestamp, Ticket)>>);

impl Timers {
    pub(super) fn set(&mut self, at: Timestamp, ticket: Ticket) {
        self.0.push(Reverse((at, ticket)));
    }

    /// Waits until it is worth looking again.
    pub(super) fn wait(&self, clock: &dyn Clock) -> BoxFuture<'static, ()> {
        let Some(Reverse((at, _))) = self.0.peek() else {
            return never();
        };
        let left = Duration::try_from(at.duration_since(clock.now())).unwrap_or_default();
        if left.is_zero() {
            Box::pin(std::future::ready(()))
        } else {
            clock.sleep(left.min(MOST))
        }
    }

    /// Takes what is due, earliest first.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Ticket> {
        let mut due = Vec::new();
        while let Some(Reverse((at, ticket))) = self.0.peek() {
            if *at > now {
                break;
            }
            due.push(*ticket);
            self.0.pop();
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_in_order() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut timers = Timers::default();
        timers.set(at(30), Ticket(1));
        timers.set(at(10), Ticket(2));
        timers.set(at(10), Ticket(3));
        assert_eq!(timers.due(at(9)), []);
        assert_eq!(timers.due(at(10)), [Ticket(2), Ticket(3)]);
        assert_eq!(timers.due(at(99)), [Ticket(1)]);
        assert_eq!(timers.due(at(99)), []);
    }
}

//! A value that comes from far away: what is known, since when, and what is wrong with asking.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::fault::Fault;

/// The last answer, the question under way and the failures since, each on its own: an error
/// never blanks what was known before.
#[derive(Debug, Clone)]
pub struct Loadable<T> {
    /// The newest value and when it was true.
    pub value: Option<(Arc<T>, Timestamp)>,
    /// Since when a question is under way.
    pub pending: Option<Timestamp>,
    /// What is wrong, if the newest answer was a failure.
    pub failing: Option<Failing>,
    /// What the newest answer could not include; empty when it was whole.
    pub gaps: Arc<[Fault]>,
    /// When the question of the newest answer was asked; older answers are dropped.
    asked_at: Option<Timestamp>,
}

/// A run of failures.
#[derive(Debug, Clone, PartialEq)]
pub struct Failing {
    /// The newest failure.
    pub fault: Arc<Fault>,
    /// When the first of the run came.
    pub since: Timestamp,
    /// How many there were.
    pub count: u32,
}

impl<T> Default for Loadable<T> {
    fn default() -> Self {
        Self {
            value: None,
            pending: None,
            failing: None,
            gaps: Arc::from([]),
            asked_at: None,
        }
    }
}

impl<T> Loadable<T> {
    /// The value, however old.
    pub fn get(&self) -> Option<&T> {
        self.value.as_ref().map(|(value, _)| &**value)
    }

    /// When the value was true.
    pub fn at(&self) -> Option<Timestamp> {
        self.value.as_ref().map(|(_, at)| *at)
    }

    /// Notes that a question is under way.
    pub fn asked(&mut self, at: Timestamp) {
        self.pending = Some(at);
    }

    /// Takes an answer in. Returns false when a newer question was already answered.
    pub fn settle(
        &mut self,
        asked_at: Timestamp,
        at: Timestamp,
        result: Result<(T, Vec<Fault>), Fault>,
    ) -> bool {
        if self.asked_at.is_some_and(|newest| newest > asked_at) {
            return false;
        }
        self.asked_at = Some(asked_at);
        self.pending = None;
        match result {
            Ok((value, gaps)) => {
                self.value = Some((Arc::new(value), at));
                self.failing = None;
                self.gaps = Arc::from(gaps);
            }
            Err(fault) => {
                let fault = Arc::new(fault);
                self.failing = Some(match self.failing.take() {
                    Some(run) => Failing {
                        fault,
                        since: run.since,
                        count: run.count.saturating_add(1),
                    },
                    None => Failing {
                        fault,
                        since: at,
                        count: 1,
                    },
                });
            }
        }
        true
    }

    /// Gives its value to another place of the same sort, unless that was answered later, and forgets all.
    pub fn hand_to(&mut self, other: &mut Self) {
        let given = std::mem::take(self);
        if given.value.is_some() && given.asked_at > other.asked_at {
            *other = given;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_failure_keeps_the_value_and_counts_its_run() {
        let mut loadable = Loadable::default();
        loadable.settle(at(1), at(2), Ok((7, vec![])));
        loadable.settle(at(3), at(4), Err(Fault::timeout("ecs", "DescribeServices")));
        loadable.settle(at(5), at(6), Err(Fault::timeout("ecs", "DescribeServices")));
        assert_eq!(loadable.get(), Some(&7));
        let failing = loadable.failing.clone().unwrap();
        assert_eq!((failing.since, failing.count), (at(4), 2));
        loadable.settle(at(8), at(9), Ok((8, vec![])));
        assert_eq!((loadable.get(), loadable.failing.as_ref()), (Some(&8), None));
    }

    #[test]
    fn an_older_question_answered_late_is_dropped() {
        let mut loadable = Loadable::default();
        assert!(loadable.settle(at(5), at(6), Ok((2, vec![]))));
        assert!(!loadable.settle(at(1), at(9), Ok((1, vec![]))));
        assert_eq!(loadable.get(), Some(&2));
    }
}

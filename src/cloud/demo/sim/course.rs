//! The statuses that something passes through, each after a while.

use std::collections::VecDeque;

use super::super::time::Ms;

/// Something that happens on the way; `E` is what it can change beside the status.
#[derive(Debug, Clone)]
pub struct Step<E> {
    /// How long after the step before.
    pub after: Ms,
    /// The status from then on.
    pub status: &'static str,
    /// What AWS says of it.
    pub event: Option<String>,
    /// What else changes.
    pub effect: E,
}

impl<E: Default> Step<E> {
    /// A step that only changes the status.
    pub fn to(after: Ms, status: &'static str) -> Self {
        Self {
            after,
            status,
            event: None,
            effect: E::default(),
        }
    }

    /// The same with an event.
    pub fn telling(mut self, event: impl Into<String>) -> Self {
        self.event = Some(event.into());
        self
    }

    /// The same with an effect.
    pub fn with(mut self, effect: E) -> Self {
        self.effect = effect;
        self
    }
}

/// What is still to come.
#[derive(Debug, Clone)]
pub struct Course<E> {
    steps: VecDeque<Step<E>>,
    /// When the next step is due.
    due: Option<Ms>,
}

impl<E> Course<E> {
    /// Nothing is to come.
    pub const fn idle() -> Self {
        Self {
            steps: VecDeque::new(),
            due: None,
        }
    }

    /// These steps are to come and no others, the first of them now.
    pub fn set(&mut self, steps: Vec<Step<E>>, at: Ms) {
        self.steps = steps.into();
        self.due = Some(at);
    }

    /// The next step, if it is due by then; those after it follow it.
    pub fn next(&mut self, at: Ms) -> Option<Step<E>> {
        self.due.filter(|due| *due <= at)?;
        let step = self.steps.pop_front();
        self.due = self.steps.front().map(|next| at + next.after);
        step
    }

    /// When the next step is due, if that is later than `at`.
    pub fn later(&self, at: Ms) -> Option<Ms> {
        self.due.filter(|due| *due > at)
    }
}

//! Steps: what is done, how often, on how many at once, and how it is undone.

use std::sync::Arc;

use jiff::SignedDuration;

use super::{Check, Input, Runbook, Spanned};
use crate::domain::diagnostic::Span;
use crate::domain::fault::FaultKind;
use crate::runbook::expr::{Expr, Template};

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name, unique in the runbook, also where the author gave none (`step-3`).
    pub id: Spanned<String>,
    /// What an operator reads, in a few words; empty if the author gave none.
    pub title: String,
    /// Done only if this holds.
    pub when: Option<Expr>,
    /// What it is.
    pub body: Body,
    /// The whole step.
    pub span: Span,
}

impl Step {
    /// Adds this step and those inside it, in the order of the file.
    pub(super) fn collect<'a>(&'a self, all: &mut Vec<&'a Self>) {
        all.push(self);
        match &self.body {
            Body::Block(block) => {
                for step in block.steps.iter().chain(&block.rescue).chain(&block.always) {
                    step.collect(all);
                }
            }
            Body::Action(action) => {
                if let Undo::Steps(steps) = &action.undo {
                    for step in steps {
                        step.collect(all);
                    }
                }
            }
            Body::Use(_) | Body::Check(_) | Body::Pause(_) => {}
        }
    }
}

/// What a step is.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// An action.
    Action(Box<Action>),
    /// Steps with a rescue.
    Block(Block),
    /// Another runbook.
    Use(Use),
    /// A look at something that must hold, or come to hold in time, before the run goes on. Its `when`
    /// is the step's.
    Check(Box<Check>),
    /// A wait for a person.
    Pause(Pause),
}

/// A wait for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Pause {
    /// What the person is told.
    pub message: Template,
    /// How long the person may take; after that it counts as declined.
    pub timeout: SignedDuration,
}

/// An action with all that the author said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// The action's name in the catalogue.
    pub name: Spanned<String>,
    /// What it is given.
    pub with: Vec<Input>,
    /// Done once for each item of this list, as `each`.
    pub for_each: Option<Expr>,
    /// How many items at once.
    pub concurrency: Concurrency,
    /// The step starts no further item once this many have failed; at least 1.
    pub stop_after_failures: u32,
    /// Which failures are tried again.
    pub retry: Option<Retry>,
    /// When it is done, and how long that may take.
    pub wait: Option<Wait>,
    /// The name under which later expressions find what it gave.
    pub register: Option<Spanned<String>>,
    /// How it is put back.
    pub undo: Undo,
    /// Whether the run goes on if it fails, if the author says: without that it does for actions that
    /// only tell somebody something, and does not for all others.
    pub allow_failure: Option<bool>,
}

/// How many items of a `for_each` are worked on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concurrency {
    /// At most this many; at least 1.
    pub max: u32,
    /// This many first, and the others only once these are done; 0 for none. With more than one at
    /// once the default is 1.
    pub canary: u32,
}

impl Default for Concurrency {
    fn default() -> Self {
        Self { max: 1, canary: 0 }
    }
}

/// Which failures are tried again, and when. Whether a write can be repeated is the machine's
/// decision, after it has read what became of the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// The failures.
    pub errors: Vec<ErrorClass>,
    /// Attempts after the first; at least 1.
    pub max: u32,
    /// The time between them.
    pub backoff: Backoff,
}

/// A sort of failure that trying again can mend. Refusals (denied, invalid, not found) are not
/// among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorClass {
    /// Too many calls.
    Throttled,
    /// No answer in time.
    Timeout,
    /// AWS failed, or could not be reached.
    Unavailable,
    /// The resource is in a state that does not allow it now, such as a scaling activity.
    Busy,
}

impl ErrorClass {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Throttled, Self::Timeout, Self::Unavailable, Self::Busy];

    /// The word in a runbook.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Busy => "busy",
        }
    }

    /// The class of a fault; `None` if trying again cannot mend it.
    pub const fn of(kind: &FaultKind) -> Option<Self> {
        match kind {
            FaultKind::Throttled => Some(Self::Throttled),
            FaultKind::Timeout => Some(Self::Timeout),
            FaultKind::Server | FaultKind::Unreachable => Some(Self::Unavailable),
            FaultKind::Conflict => Some(Self::Busy),
            FaultKind::Credentials(_)
            | FaultKind::AccessDenied
            | FaultKind::NotFound
            | FaultKind::Invalid
            | FaultKind::Unsupported
            | FaultKind::ReadOnly
            | FaultKind::NoData
            | FaultKind::Other => None,
        }
    }
}

/// The time between attempts: `start`, then each time `factor` times as long, at most `max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// Before the second attempt.
    pub start: SignedDuration,
    /// By what it grows; at least 1.
    pub factor: f64,
    /// At most.
    pub max: SignedDuration,
    /// Whether chance shortens it.
    pub jitter: Jitter,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            start: SignedDuration::from_secs(2),
            factor: 2.0,
            max: SignedDuration::from_secs(60),
            jitter: Jitter::Full,
        }
    }
}

impl Backoff {
    /// The longest wait before attempt `number`, counted from 1 for the first repetition.
    pub fn ceiling(&self, number: u32) -> SignedDuration {
        let grown = self.start.as_secs_f64() * self.factor.powi(number.saturating_sub(1).min(64) as i32);
        if grown < self.max.as_secs_f64() {
            SignedDuration::from_secs_f64(grown)
        } else {
            self.max
        }
    }
}

/// Whether chance shortens the time between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Jitter {
    /// Anything from nothing to the whole.
    Full,
    /// The whole, always.
    None,
}

/// When a step is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// It is done once the action itself says so and this, over `live`, holds.
    pub until: Option<Expr>,
    /// It has failed as soon as this, over `live`, holds.
    pub fails_if: Option<Expr>,
    /// How long it may take.
    pub timeout: SignedDuration,
    /// How often it is looked at.
    pub every: SignedDuration,
}

impl Wait {
    /// How often a step is looked at if it does not say.
    pub const EVERY: SignedDuration = SignedDuration::from_secs(15);
}

/// How a step is put back if the run fails later.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Undo {
    /// By the action's own inverse, from what was there before.
    #[default]
    Inverse,
    /// Not at all, for this reason, which the plan shows.
    Keep(String),
    /// By these steps, which see what was there before as `before`.
    Steps(Vec<Step>),
}

/// Steps of which a failure is caught.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// What is tried; never empty.
    pub steps: Vec<Step>,
    /// What is done if one of them fails, before the run follows its policy for failures. The run has
    /// failed all the same, whatever becomes of these.
    pub rescue: Vec<Step>,
    /// What is done in any case, last. Its failure changes no verdict.
    pub always: Vec<Step>,
}

/// Another runbook as a step. Its steps are part of this run: one plan, one journal, one rollback.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// The runbook's name, or a path beside this file.
    pub name: Spanned<String>,
    /// The digest that it must have, if the author pinned it.
    pub pinned: Option<Spanned<String>>,
    /// The runbook itself.
    pub runbook: Arc<Runbook>,
    /// Its parameters.
    pub with: Vec<Input>,
}

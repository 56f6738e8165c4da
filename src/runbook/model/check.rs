//! What is looked at: preconditions, verify and guards.

use jiff::SignedDuration;

use super::{Arg, Input, Spanned};
use crate::domain::diagnostic::Severity;
use crate::runbook::expr::{Expr, Template};

/// Something that must hold before the run, or at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What is looked at.
    pub call: CheckCall,
    /// One look for each item of this list, as `each`.
    pub for_each: Option<Expr>,
    /// Looked at only if this holds.
    pub when: Option<Expr>,
    /// What an operator is told if it does not hold.
    pub message: Option<Template>,
    /// Whether that stops the run or is only said.
    pub severity: Severity,
    /// How long it may take until it holds; `None` is one look. Only in verify.
    pub within: Option<SignedDuration>,
    /// How often it is looked at within that time.
    pub every: SignedDuration,
    /// The whole item.
    pub span: crate::domain::diagnostic::Span,
}

/// A look at something.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckCall {
    /// An expression that must be true: `check: expr` with `that:`.
    Expr(Expr),
    /// A check of the catalogue.
    Named {
        /// Its name.
        name: Spanned<String>,
        /// What it is given.
        with: Vec<Input>,
    },
}

/// Something that is watched during the run and stops it.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard {
    /// What is watched.
    pub on: GuardOn,
    /// What counts as tripped.
    pub baseline: Baseline,
    /// What happens if it cannot be read.
    pub unreadable: Lenience,
    /// How often it is looked at.
    pub every: SignedDuration,
    /// The whole item.
    pub span: crate::domain::diagnostic::Span,
}

impl Guard {
    /// How often a guard is looked at if it does not say.
    pub const EVERY: SignedDuration = SignedDuration::from_secs(15);
}

/// What a guard watches.
#[derive(Clone, Debug, PartialEq)]
pub enum GuardOn {
    /// A CloudWatch alarm.
    Alarm(Alarm),
    /// A check of the catalogue, or an expression; tripped when it does not hold.
    Check(CheckCall),
}

/// A CloudWatch alarm under watch.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// Its name.
    pub name: Spanned<Arg>,
    /// The states that trip the guard; never empty.
    pub states: Vec<AlarmState>,
    /// What happens if it has not enough data.
    pub insufficient_data: Lenience,
}

/// A state of an alarm that may trip a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlarmState {
    /// `ALARM`.
    Alarm,
    /// `INSUFFICIENT_DATA`.
    InsufficientData,
}

/// What counts as tripped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Baseline {
    /// It must be well before the run and stay so.
    #[default]
    RequireOk,
    /// It may be ill before the run (a rollback starts *because* of an alarm); only getting ill
    /// during the run trips it.
    Transition,
}

/// What is done about something that cannot be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lenience {
    /// It counts as tripped.
    #[default]
    Stop,
    /// It is said, and the run goes on.
    Warn,
}

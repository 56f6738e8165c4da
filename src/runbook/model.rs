//! A runbook as the rest of the program sees it: typed, complete, and consistent with the actions.
//!
//! A value of this type exists only if its file had no error, so whoever plans and runs it checks
//! nothing again: names are unique, references lead somewhere, and every wait has a limit.

mod arg;
mod check;
mod param;
mod step;

pub use arg::{Arg, Input, inputs};
pub use check::{Alarm, AlarmState, Baseline, Check, CheckCall, Guard, GuardOn, Lenience};
pub use param::{Discovery, Origin, Param, Pattern, Presence, Source};
pub use step::{
    Action, Backoff, Block, Body, Concurrency, ErrorClass, Jitter, Pause, Retry, Step, Undo, Use, Wait,
};

use jiff::SignedDuration;

use super::expr::Expr;
use crate::domain::diagnostic::Span;
use crate::domain::glob::Glob;
use crate::domain::ids::Kind;
use crate::domain::policy::ConfirmLevel;

/// A value and where it stands in the runbook's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spanned<T> {
    /// The bytes of the file that hold it.
    pub span: Span,
    /// The value.
    pub value: T,
}

impl<T> Spanned<T> {
    /// Puts a value at a place.
    pub const fn new(span: Span, value: T) -> Self {
        Self { span, value }
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A runbook as its file says it, read and checked: types fit, names exist, expressions parse. Nothing is
/// resolved yet; that is for the [`Resolver`](crate::runbook::params::Resolver) and the
/// [`Planner`](crate::runbook::planner::Planner).
#[derive(Clone, Debug, PartialEq)]
pub struct Runbook {
    /// Its name, as `qd runbook run` takes it.
    pub name: Spanned<String>,
    /// What it does, in a sentence.
    pub title: String,
    /// Everything else that an operator must know before using it.
    pub description: String,
    /// Who keeps it; free text.
    pub owner: Option<String>,
    /// `sha256:…` over the bytes of the file and of every runbook that it uses. A run is resumed
    /// only with the same.
    pub digest: String,
    /// What it can be told, in the order of the file.
    pub params: Vec<Param>,
    /// Where it may be used at all.
    pub target: Target,
    /// What it must never exceed.
    pub limits: Limits,
    /// Resources and findings for which it is offered.
    pub offers: Vec<Offer>,
    /// What must hold before anything is changed. Looked at in the plan, and again right before.
    pub preconditions: Vec<Check>,
    /// What is watched during the run, and stops it.
    pub guards: Vec<Guard>,
    /// What a person must do.
    pub confirm: Confirm,
    /// What is done, in order; never empty.
    pub steps: Vec<Step>,
    /// What must hold at the end, or the run has failed.
    pub verify: Vec<Check>,
    /// What happens to a run that fails, trips a guard or is interrupted.
    pub on_failure: OnFailure,
    /// What is done at the end whatever happened; cannot change the verdict.
    pub always: Vec<Step>,
    /// Runbooks that are offered once it has succeeded.
    pub afterwards: Vec<Afterwards>,
}

impl Runbook {
    /// The parameter of a name.
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|param| *param.name == name)
    }

    /// Every step, those inside blocks included, in the order of the file; `always` last. Steps of
    /// runbooks that this one uses are theirs and not among these.
    pub fn all_steps(&self) -> Vec<&Step> {
        let mut all = Vec::new();
        for step in self.steps.iter().chain(&self.always) {
            step.collect(&mut all);
        }
        all
    }
}

/// The only accounts and regions in which a runbook may run. Empty lists allow any.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    /// Accounts, twelve digits each, checked against STS.
    pub accounts: Vec<Spanned<String>>,
    /// Regions.
    pub regions: Vec<Spanned<String>>,
}

impl Target {
    /// Whether this account and region are allowed.
    pub fn allows(&self, account: &str, region: &str) -> bool {
        let lists = |list: &[Spanned<String>], wanted: &str| {
            list.is_empty() || list.iter().any(|allowed| allowed.value == wanted)
        };
        lists(&self.accounts, account) && lists(&self.regions, region)
    }
}

/// What a runbook must never exceed. A plan beyond a limit is refused, exit code 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Resources that a plan may change; `None` is any number.
    pub max_targets: Option<u32>,
    /// Instances, tasks or nodes that a plan may take away in all; `None` is any number.
    pub max_removed: Option<u32>,
    /// Runs that may begin within an hour on one account and region; `None` is any number.
    pub max_runs_per_hour: Option<u32>,
    /// How long the run may take, from the first change to the end of verify.
    pub deadline: SignedDuration,
    /// How long the rollback may take, counted from its own beginning.
    pub rollback_deadline: SignedDuration,
}

impl Limits {
    /// The deadline of a runbook that names none: an hour.
    pub const DEADLINE: SignedDuration = SignedDuration::from_hours(1);
    /// The rollback's deadline of a runbook that names none: half an hour.
    pub const ROLLBACK_DEADLINE: SignedDuration = SignedDuration::from_mins(30);
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_targets: None,
            max_removed: None,
            max_runs_per_hour: None,
            deadline: Self::DEADLINE,
            rollback_deadline: Self::ROLLBACK_DEADLINE,
        }
    }
}

/// A kind of resource for which a runbook is offered, with its parameters filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The kind.
    pub kind: Spanned<Kind>,
    /// Only for findings of these rules; empty for the resource whatever is wrong with it.
    pub rules: Vec<Spanned<Glob>>,
    /// Parameters by name, as expressions over `resource`.
    pub set: Vec<(Spanned<String>, Expr)>,
}

/// A runbook that is offered once another one has succeeded, with its parameters filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Afterwards {
    /// The runbook's name.
    pub runbook: Spanned<String>,
    /// What it is for then, in a few words.
    pub about: String,
    /// Whether it is offered at all; `None` is always.
    pub when: Option<Expr>,
    /// Offered once for each resource of this kind, which expressions see as `resource`.
    pub kind: Option<Spanned<Kind>>,
    /// Parameters by name, as expressions.
    pub set: Vec<(Spanned<String>, Expr)>,
}

/// What a person must do before the run changes anything. The level that counts is the highest of
/// this, the actions' floors and the estate's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// The level that the runbook asks for; `None` leaves it to the others.
    pub level: Option<Spanned<ConfirmLevel>>,
    /// How long a plan counts, from its making to the confirmation.
    pub expires: SignedDuration,
}

impl Confirm {
    /// How long a plan counts if the runbook does not say: half an hour.
    pub const EXPIRES: SignedDuration = SignedDuration::from_mins(30);
}

impl Default for Confirm {
    fn default() -> Self {
        Self {
            level: None,
            expires: Self::EXPIRES,
        }
    }
}

/// What happens to a run that fails, trips a guard or is interrupted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// What has begun is put back as it was, in reverse.
    #[default]
    Rollback,
    /// Nothing more is done; what state remains is said.
    Stop,
}

//! Steps of a plan, and what surrounds them: checks, guards, waits, retries.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::runbook::action::{Arguments, Change, ErrorClass};
use crate::runbook::value::Value;

/// One step, its loop unrolled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its id in the runbook.
    pub id: String,
    /// When it runs.
    pub role: Role,
    /// What it does.
    pub work: Work,
    /// The blocks that it is in, the outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Membership>,
    /// What its expressions see that those of the plan do not: the parameters of a used runbook.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, Value>,
    /// A bare expression over `run.status` and `run.summary` that is only known at the end; the step
    /// is done only if it holds then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

impl Step {
    /// A step outside all blocks.
    pub const fn new(id: String, role: Role, work: Work) -> Self {
        Self {
            id,
            role,
            work,
            within: Vec::new(),
            names: BTreeMap::new(),
            when: None,
        }
    }

    /// Places of its changes in the plan's list.
    pub fn changes(&self) -> impl Iterator<Item = usize> {
        let lanes = match &self.work {
            Work::Changes { lanes, .. } => lanes.as_slice(),
            Work::Check { .. } | Work::Pause { .. } => &[],
        };
        lanes.iter().flat_map(|lane| lane.changes.iter().copied())
    }

    /// Which part of its innermost block it is; `None` outside blocks.
    pub fn part(&self) -> Option<Part> {
        self.within.last().map(|membership| membership.part)
    }

    /// Whether it runs only once a block has failed.
    pub fn is_rescue(&self) -> bool {
        self.part() == Some(Part::Rescue)
    }

    /// Whether its failure changes no verdict: the run has failed already, or it only tidies up.
    pub fn bears_failure(&self) -> bool {
        self.role == Role::Always || matches!(self.part(), Some(Part::Rescue | Part::Always))
    }
}

/// That a step is in a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// The block's id.
    pub block: String,
    /// Which part of it.
    pub part: Part,
}

/// The parts of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// What is tried.
    Tried,
    /// What is done if a step of what is tried fails. The run has failed all the same.
    Rescue,
    /// What is done last in any case.
    Always,
}

/// When a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// In its turn.
    Main,
    /// At the end, however the run went.
    Always,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Work {
    /// It changes resources.
    Changes {
        /// The action.
        action: String,
        /// One for each item of its loop, or the only one.
        lanes: Vec<Lane>,
        /// How many lanes may be under way at once, at least 1.
        concurrency: u32,
        /// So many lanes go first, one at a time, and the others only once these went well.
        canary: u32,
        /// How many failed lanes stop the step, at least 1.
        stop_after_failures: u32,
        /// When to try again.
        retry: Retry,
        /// How long to wait for a change to come about.
        wait: Wait,
        /// Whether the run goes on if it fails.
        allow_failure: bool,
        /// Why what it did is not taken back, if the author says so.
        keep: Option<String>,
    },
    /// It looks, and fails if what it looks for does not hold in time.
    Check {
        /// What.
        check: CheckItem,
    },
    /// It waits for a person.
    Pause {
        /// What to tell the person.
        message: String,
        /// Seconds after which it counts as declined.
        timeout_s: u64,
    },
}

/// One item of a loop: its changes are made one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lane {
    /// What it is about: the name of the item; foreign text.
    pub label: String,
    /// Places in the plan's list of changes.
    pub changes: Vec<usize>,
    /// The item, for the expressions of the wait.
    pub each: Value,
    /// What takes it back instead of the action's own inverse, in this order: the author's steps,
    /// planned against the state that the lane leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Vec<Change>>,
    /// Arguments that are only known at the end of the run, by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub late: BTreeMap<String, Late>,
}

impl Lane {
    /// A lane with nothing out of the ordinary.
    pub const fn new(label: String, changes: Vec<usize>, each: Value) -> Self {
        Self {
            label,
            changes,
            each,
            undo: None,
            late: BTreeMap::new(),
        }
    }
}

/// What an author wrote for an argument that is only known at the end of the run: it is part of the
/// sealed plan, and evaluated once, when its step's turn comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Late {
    /// An expression alone.
    Expr(String),
    /// Text with expressions in it.
    Text(String),
}

/// When a change is tried again. A change whose outcome is unknown is never tried again before a read
/// has shown that it was not made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// On these failures.
    pub errors: BTreeSet<ErrorClass>,
    /// How often in all, at least 1.
    pub attempts: u32,
    /// How long between.
    pub backoff: Backoff,
}

/// How long between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backoff {
    /// Before the second attempt, milliseconds.
    pub start_ms: u64,
    /// How much longer each time, percent; 200 doubles.
    pub factor_percent: u32,
    /// At most, milliseconds.
    pub max_ms: u64,
    /// Whether it is spread, so that several runs do not knock in step.
    pub jitter: bool,
}

impl Backoff {
    /// Milliseconds before attempt `next` (2, 3, …), spread over the upper half of the interval by
    /// `spread`, any number: several runs must not knock in step.
    pub fn before(&self, next: u32, spread: u64) -> u64 {
        let mut span = self.start_ms;
        for _ in 2..next {
            span = span.saturating_mul(u64::from(self.factor_percent)) / 100;
            if span >= self.max_ms {
                break;
            }
        }
        let span = span.min(self.max_ms);
        let half = span / 2;
        if self.jitter && half > 0 {
            span - spread % half
        } else {
            span
        }
    }
}

impl Default for Retry {
    /// What every change gets unless the runbook says otherwise: six attempts over about two minutes
    /// where a later one can go better by itself.
    fn default() -> Self {
        Self {
            errors: ErrorClass::ALL
                .into_iter()
                .filter(|class| class.is_transient())
                .collect(),
            attempts: 6,
            backoff: Backoff {
                start_ms: 2_000,
                factor_percent: 200,
                max_ms: 60_000,
                jitter: true,
            },
        }
    }
}

/// How long to wait for a change to come about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// Seconds.
    pub timeout_s: u64,
    /// Seconds between looks.
    pub every_s: u64,
    /// A bare expression that must hold too, over `live`, `params` and `each`.
    pub until: Option<String>,
    /// A bare expression over the same, that means that it has failed.
    pub fails_if: Option<String>,
}

/// A check, its arguments resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckItem {
    /// The check's name.
    pub check: String,
    /// Its arguments.
    pub with: Arguments,
    /// What to say when it fails; foreign text.
    pub message: Option<String>,
    /// Whether its failure stops anything.
    pub severity: Severity,
    /// Seconds that it may take to pass; 0 means now.
    pub timeout_s: u64,
    /// Seconds between looks.
    pub every_s: u64,
    /// What expressions of it see beside the parameters.
    pub names: BTreeMap<String, Value>,
}

/// Whether a failed check stops anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It does.
    Error,
    /// It is only said.
    Warn,
}

/// An alarm that is watched while the run goes forward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// The alarm's name.
    pub alarm: String,
    /// What it must be at the start.
    pub baseline: GuardBaseline,
    /// What it means that it cannot be read or is not there.
    pub unreadable: OnUnclear,
    /// What it means that CloudWatch has not enough data.
    pub insufficient_data: OnUnclear,
    /// Seconds between looks.
    pub every_s: u64,
}

/// A check that must go on holding while the run goes forward.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardCheck {
    /// What it is called in journals and on screens.
    pub name: String,
    /// What must hold.
    pub check: CheckItem,
    /// What it must be at the start.
    pub baseline: GuardBaseline,
    /// What it means that it cannot be seen.
    pub unreadable: OnUnclear,
    /// Seconds between looks.
    pub every_s: u64,
}

/// What a guard must be at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardBaseline {
    /// Not in alarm, else the run does not begin.
    RequireOk,
    /// Anything: only an alarm that begins during the run counts. For runs that begin because it fires.
    Transition,
}

/// What an unclear guard means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUnclear {
    /// The run stops.
    Stop,
    /// It is only said.
    Warn,
}

/// What to do when a run fails after something was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailurePolicy {
    /// Take back what was begun, in reverse.
    RollBack,
    /// Ask; without a terminal, stop.
    Ask,
    /// Stop, and say what state remains.
    Stop,
}

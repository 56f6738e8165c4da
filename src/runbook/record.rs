//! The journal of a run: what is written ahead of each change and after it, and how it is read back.
//!
//! A line is one entry, JSON, chained to the line before by its hash. Nothing is ever rewritten. An
//! intent is on the disk before its call is made; an intent without an outcome is a change of which
//! only reading can tell whether it was made.

mod chain;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::action::{Applied, Difference, ErrorClass, Fields};
use super::plan::Plan;
use crate::domain::exit::Exit;
use crate::domain::fault::Fault;
use crate::domain::ops::{Mutation, Receipt, Token};
use crate::domain::savings::Savings;

pub use chain::{Chain, Journal, JournalError, read};

/// The version of the journal's format. A journal of another version is not continued.
pub const VERSION: u32 = 1;

/// The name of a run; the driver mints it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The cloud's clock: waits, deadlines, AWS's own times.
    pub cloud: Timestamp,
    /// The user's clock: expiry of plans, what people read.
    pub wall: Timestamp,
}

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The format's version.
    pub v: u32,
    /// 0, 1, 2, …
    pub seq: u64,
    /// When.
    pub at: Moment,
    /// The hash of the line before; empty for the first.
    pub prev: String,
    /// What.
    pub record: Record,
}

/// Who runs something, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The login on this machine.
    pub user: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// The caller's ARN in AWS.
    pub arn: String,
    /// From where: `console`, `terminal`, `cron`, an SSH client's address.
    pub origin: String,
    /// The version of this program.
    pub version: String,
}

/// Which of a change's sides: making it, or one of the steps that take it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Making it.
    Make,
    /// Taking it back: which of the inverse's changes.
    Undo(u16),
}

/// One side of one change of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Act {
    /// The change's place in the plan.
    pub change: usize,
    /// Which side.
    pub side: Side,
}

impl Act {
    /// Making a change.
    pub const fn make(change: usize) -> Self {
        Self {
            change,
            side: Side::Make,
        }
    }

    /// A step of taking it back.
    pub const fn undo(change: usize, part: u16) -> Self {
        Self {
            change,
            side: Side::Undo(part),
        }
    }

    /// Whether it takes something back.
    pub const fn is_undo(self) -> bool {
        matches!(self.side, Side::Undo(_))
    }
}

/// How a plan was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The digest of what was shown.
    pub digest: String,
    /// How: `not needed`, the flag that gave it such as `--yes`, or what was typed: `apply typed`,
    /// `name typed`.
    pub how: String,
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// AWS accepted it.
    Accepted(Receipt),
    /// AWS refused it, or it was never sent: nothing changed.
    Refused {
        /// The sort of failure.
        class: ErrorClass,
        /// What was said.
        fault: Fault,
    },
    /// There was no answer that proves either.
    Unanswered {
        /// The sort of failure.
        class: ErrorClass,
        /// What was said.
        fault: Fault,
    },
    /// It was not sent after all, because the run was told to stop.
    NotSent,
}

/// What reading showed of a call without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reconciled {
    /// It was made.
    Made,
    /// It was not.
    NotMade,
}

/// Whether a change that failed was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Made {
    /// It was, and did not come about as it should.
    Yes,
    /// It was not.
    No,
    /// Nobody knows.
    Unknown,
}

/// How one side of a change ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It was made and has come about.
    Done,
    /// It was there already, by somebody else's hand.
    AlreadyThere,
    /// It failed.
    Failed {
        /// Whether it was made.
        made: Made,
        /// Why it failed.
        reason: String,
        /// The sort of failure, if a call or a read failed.
        class: Option<ErrorClass>,
    },
    /// The resource was neither as planned nor as wanted; it was left alone.
    Drifted {
        /// What differs.
        differences: Vec<Difference>,
    },
    /// The resource does not exist any more.
    Gone,
    /// Nothing had to be taken back, or nothing can: why.
    NotUndone {
        /// Whether something remains.
        remains: bool,
        /// Why.
        reason: String,
    },
}

/// Why a run stops going forward.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Halt {
    /// Too many of a step's changes failed.
    StepFailed {
        /// The step.
        step: String,
    },
    /// Something changed between plan and write.
    Drift {
        /// What: the target's name.
        target: String,
        /// What differs, in words; empty in journals of before this was kept.
        #[serde(default)]
        reason: String,
    },
    /// A guard tripped.
    Guard {
        /// Which, and why.
        reason: String,
    },
    /// Verification failed though every step went well.
    VerifyFailed {
        /// What failed.
        reason: String,
    },
    /// Out of time.
    Deadline,
    /// A person or a signal asked for it.
    Interrupted {
        /// Which.
        signal: Signal,
        /// What to do.
        then: Then,
    },
    /// The journal cannot be written.
    JournalLost {
        /// Why.
        reason: String,
    },
    /// A lock was lost.
    LockLost,
    /// A precondition failed after the lock was taken.
    Precondition {
        /// What failed.
        reason: String,
    },
    /// A person said no at a pause.
    Declined {
        /// The step.
        step: String,
    },
    /// Something could not be read.
    Unreadable {
        /// What was said.
        reason: String,
        /// The sort of failure.
        class: ErrorClass,
    },
}

/// What asked a run to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// A person in the console, or Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// The terminal went away.
    HangUp,
    /// Another process is to take it up at once.
    HandOver,
}

/// What to do once stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// Leave things as they are; the run can be resumed.
    Stop,
    /// Take back what was begun.
    RollBack,
}

/// What a run has come to, as history lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It goes on, or its process died and nobody has taken it up.
    Running,
    /// Done and verified.
    Succeeded,
    /// Failed with nothing changed.
    Failed,
    /// Failed and taken back completely.
    RolledBack,
    /// Failed, and some of it remains or is unknown.
    Partial,
    /// It waits for credentials.
    WaitingCredentials,
    /// It was stopped and can be resumed.
    Interrupted,
    /// Somebody gave it up.
    Abandoned,
}

impl Status {
    /// The word in JSON and in history.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::RolledBack => "rolled-back",
            Self::Partial => "partial",
            Self::WaitingCredentials => "waiting-credentials",
            Self::Interrupted => "interrupted",
            Self::Abandoned => "abandoned",
        }
    }
}

/// What one line of a journal tells. Everything that a run decides is one of these before it is acted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record {
    /// The run begins: everything that it will need is in here.
    Started {
        /// The run.
        run: RunId,
        /// The plan that was confirmed.
        plan: Box<Plan>,
        /// Who runs it.
        who: Who,
        /// Why, in a person's words.
        reason: Option<String>,
        /// How it was confirmed.
        approval: Approval,
    },
    /// Locks are held.
    Locked {
        /// Their names.
        keys: Vec<String>,
    },
    /// All targets were read again and are as planned, and all preconditions hold.
    Rechecked {
        /// Guard alarms as they were: name to state.
        baseline: BTreeMap<String, String>,
    },
    /// A call is about to be made.
    Intent {
        /// Which side of which change.
        act: Act,
        /// 1, 2, …
        attempt: u32,
        /// The token that goes with it.
        token: Token,
        /// The call; sensitive values are masked.
        call: Mutation,
        /// The state just before: what undo brings back.
        before: Fields,
    },
    /// What the call came to.
    Outcome {
        /// Which side of which change.
        act: Act,
        /// Of which attempt.
        attempt: u32,
        /// What.
        outcome: Outcome,
    },
    /// What reading showed of a call without an answer.
    Reconciled {
        /// Which side of which change.
        act: Act,
        /// Of which attempt.
        attempt: u32,
        /// What.
        was: Reconciled,
        /// AWS's own id of what was made, where reading shows it beyond doubt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        made: Option<String>,
    },
    /// One side of a change has ended.
    Ended {
        /// Which.
        act: Act,
        /// How.
        end: End,
    },
    /// A step has ended: its values for later steps.
    StepEnded {
        /// The step's place in the plan.
        step: usize,
        /// How many of its changes failed.
        failures: u32,
    },
    /// A check was judged.
    Checked {
        /// Which.
        check: String,
        /// Whether it passed.
        passed: bool,
        /// What it saw.
        detail: String,
        /// What it measured of what is saved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        savings: Option<Box<Savings>>,
    },
    /// A person answered a pause.
    Continued {
        /// The step's place in the plan.
        step: usize,
        /// Who and how.
        by: String,
    },
    /// The run stops going forward.
    Halted {
        /// Why.
        halt: Halt,
    },
    /// Whatever the blocks that the run was in have for such a case was done or given up.
    Mended,
    /// It takes back what was begun.
    RollingBack,
    /// It waits for credentials.
    Parked {
        /// What was said.
        reason: String,
    },
    /// Credentials are back.
    Unparked,
    /// Every check of the verification passed.
    Verified,
    /// The run was left where it was: it can be resumed.
    Stopped {
        /// As what.
        status: Status,
        /// The exit code.
        exit: Exit,
    },
    /// The run was taken up again.
    Resumed {
        /// By whom.
        who: Who,
        /// To do what.
        to: Resume,
        /// Why, in a person's words.
        reason: Option<String>,
    },
    /// The run is over.
    Closed {
        /// As what.
        status: Status,
        /// The exit code.
        exit: Exit,
        /// What remains, in words; empty if nothing.
        remains: Vec<String>,
    },
    /// Something worth keeping that decides nothing.
    Note {
        /// What.
        text: String,
        /// More of it.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        data: Value,
    },
}

/// What a run is taken up again for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resume {
    /// To go on.
    Forward,
    /// To take back what was begun.
    RollBack,
    /// To give it up, leaving things as they are.
    Abandon,
}

impl Outcome {
    /// That it was accepted at that time, if it was.
    pub fn applied(&self, at: Timestamp) -> Option<Applied> {
        match self {
            Self::Accepted(receipt) => Some(Applied {
                at,
                receipt: receipt.clone(),
            }),
            Self::Refused { .. } | Self::Unanswered { .. } | Self::NotSent => None,
        }
    }
}

#[cfg(test)]
mod tests;

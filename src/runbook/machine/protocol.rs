//! What passes between the machine and its driver.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Summary;
use crate::domain::fault::Fault;
use crate::domain::ops::{Mutation, Query, Receipt, Token};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::View;
use crate::runbook::record::{Act, End, Halt, Signal, Then};

/// Ties an answer to its question. Never used twice in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ticket(pub u64);

/// What the driver is to do. Commands are done in their order as far as they touch the journal; reads,
/// writes and timers go on side by side.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Ask the cloud, each question once, and answer with [`Event::Read`]. An answer that was asked for
    /// before this command does not count.
    Read {
        /// To be given back.
        ticket: Ticket,
        /// What to ask.
        queries: Vec<Query>,
    },
    /// Make a change, once, and answer with [`Event::Written`].
    Write {
        /// To be given back.
        ticket: Ticket,
        /// For whom it is.
        act: Act,
        /// The change.
        mutation: Mutation,
        /// The token that makes it repeatable.
        token: Token,
    },
    /// Append this line, with its line break, in one write; flush it to the disk; and answer with
    /// [`Event::Journaled`] or [`Event::JournalFailed`].
    Journal {
        /// To be given back.
        seq: u64,
        /// The line.
        line: String,
    },
    /// Ask a person, and answer with [`Event::Answered`]. Where nobody can be asked, say so.
    Ask {
        /// To be given back.
        ticket: Ticket,
        /// What.
        question: Question,
    },
    /// Take these locks, in this order, all or none; answer with [`Event::Locked`] or
    /// [`Event::LockRefused`].
    Lock {
        /// Their names, sorted.
        keys: Vec<String>,
    },
    /// Let go of all locks.
    Unlock,
    /// Answer with [`Event::Due`] once the cloud's clock is there.
    Timer {
        /// To be given back.
        ticket: Ticket,
        /// When, on the cloud's clock.
        at: Timestamp,
    },
    /// Tell whoever watches.
    Emit(Happening),
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Begin, or go on with what was taken up again.
    Begin,
    /// The cloud answered.
    Read {
        /// Of the command.
        ticket: Ticket,
        /// Every question with its answer.
        view: View,
    },
    /// A change was answered, or was not.
    Written {
        /// Of the command.
        ticket: Ticket,
        /// What AWS said.
        answer: Result<Receipt, Fault>,
    },
    /// A line is on the disk.
    Journaled {
        /// Of the command.
        seq: u64,
    },
    /// A line could not be written.
    JournalFailed {
        /// Why.
        reason: String,
    },
    /// A person answered.
    Answered {
        /// Of the command.
        ticket: Ticket,
        /// What.
        answer: Answer,
        /// How it came.
        via: Via,
    },
    /// All locks are held.
    Locked,
    /// Somebody else holds one.
    LockRefused {
        /// Who, since when, for what.
        holder: String,
    },
    /// A lock was lost.
    LockLost,
    /// A timer is due.
    Due {
        /// Of the command.
        ticket: Ticket,
    },
    /// Somebody wants it to stop. Detaching is no event: the run goes on.
    Interrupt {
        /// Who or what.
        signal: Signal,
        /// What to do once stopped.
        then: Then,
    },
    /// Somebody logged in again, or it is worth trying.
    CredentialsRenewed,
    /// Nobody will log in: leave the run for later.
    GiveUp,
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Whether to carry out the plan that was shown.
    Confirm {
        /// How much is needed.
        level: ConfirmLevel,
        /// The name to type.
        name: String,
        /// The digest of the plan.
        digest: String,
    },
    /// Whether to take back what was begun, after a failure.
    RollBack {
        /// Why the run stopped.
        reason: String,
    },
    /// Whether to go on, at a pause of the runbook.
    Continue {
        /// The step's id.
        step: String,
        /// What the author says; foreign text.
        message: String,
        /// When it counts as declined, on the cloud's clock.
        until: Timestamp,
    },
}

/// What a person, or the flags that stand for one, answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Yes: enough for `ack` alone.
    Yes,
    /// A name was typed or given.
    Name(String),
    /// The digest of the plan that was approved, and a name if one was given.
    Digest {
        /// The digest.
        digest: String,
        /// The name.
        name: Option<String>,
    },
    /// No.
    No,
    /// There is nobody to ask.
    NoTerminal,
}

/// How an answer came: what a journal says of a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// Flags of a command line gave it, before anything was asked.
    Flags,
    /// Somebody typed it when asked, or did not.
    Person,
}

/// What watchers are told. Nothing depends on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// The locks are held; the run's changes begin.
    Began,
    /// A step begins.
    StepBegan {
        /// Its id.
        step: String,
    },
    /// A call is being made.
    Writing {
        /// Of which act.
        act: Act,
        /// Of which attempt.
        attempt: u32,
    },
    /// A call was refused and will be tried again.
    Retrying {
        /// Of which act.
        act: Act,
        /// What was said.
        reason: String,
        /// In how many milliseconds.
        after_ms: u64,
    },
    /// A call had no answer; reading will show whether it was made.
    Reconciling {
        /// Of which act.
        act: Act,
        /// What was said.
        reason: String,
    },
    /// A change is waited for.
    Waiting {
        /// Of which act.
        act: Act,
        /// How far it is.
        detail: String,
        /// Seconds since it was accepted.
        elapsed_s: u64,
        /// Seconds that it may take.
        limit_s: u64,
    },
    /// An act has ended.
    Ended {
        /// Which.
        act: Act,
        /// How.
        end: End,
    },
    /// A check was looked at.
    Checked {
        /// Which.
        check: String,
        /// Whether it holds.
        passed: bool,
        /// What was seen.
        detail: String,
    },
    /// A check does not hold yet, and has time left.
    Awaited {
        /// Which.
        check: String,
        /// What was seen.
        detail: String,
        /// Seconds since it was first looked at.
        elapsed_s: u64,
        /// Seconds that it may take.
        limit_s: u64,
    },
    /// A guard was looked at.
    Guarded {
        /// The alarm.
        alarm: String,
        /// Its state, or why it is not known.
        state: String,
    },
    /// The run stops going forward.
    Halted(Halt),
    /// What was begun is taken back.
    RollingBack,
    /// Everything is checked at the end.
    Verifying,
    /// It waits for credentials.
    Parked {
        /// What was said.
        reason: String,
    },
    /// It goes on.
    Unparked,
    /// Something that a person should know.
    Warning(String),
    /// It is over, or left for later.
    Over(Box<Summary>),
}

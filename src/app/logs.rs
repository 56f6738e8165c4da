//! Logs: the groups that can be tailed, the lines of the tail that is open, and what the user does
//! with them. Lines arrive as messages; whatever reads many of them is a job, done elsewhere.

pub(in crate::app) mod brief;
pub mod buffer;
pub mod job;
mod json;
mod line_detail;
pub mod list;
pub mod pattern;
pub mod rates;
pub mod related;
pub mod tail;
pub mod window;

use jiff::Timestamp;

use crate::domain::logs::{TailLine, TailState, TailTarget};
use buffer::LineKey;
use job::{Job, SaveJob, Task};
pub(crate) use line_detail::build as line_detail;
use rates::Rates;
use tail::Tail;

/// What the console keeps of logs.
#[derive(Debug, Default)]
pub struct Logs {
    /// The tail that is open.
    pub tail: Option<Tail>,
    /// Errors a minute of what was tailed lately.
    pub rates: Rates,
    /// Tails opened so far.
    pub(crate) opened: u64,
    /// Whether the engine was told that somebody looks.
    pub(crate) told: Option<Looked>,
}

/// Whether somebody looks at the tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// It is on screen.
    At,
    /// It goes on behind another pane.
    Away,
}

/// What happened to logs.
#[derive(Debug, Clone)]
pub enum LogsMsg {
    /// Lines arrived.
    Lines {
        /// The tail that they are of.
        tail: u64,
        /// The lines.
        lines: Vec<TailLine>,
        /// Lines dropped before these because the console did not take them.
        lost: u64,
    },
    /// A group of the tail goes differently now.
    State {
        /// The tail.
        tail: u64,
        /// The group's place among the targets.
        group: usize,
        /// How it goes.
        state: TailState,
    },
    /// A job found lines.
    Found {
        /// The tail.
        tail: u64,
        /// The job's epoch; those of older ones are dropped.
        epoch: u64,
        /// What the job was for.
        task: Task,
        /// What it found, oldest first.
        keys: Vec<LineKey>,
        /// Whether there is no more to come.
        end: JobEnd,
    },
}

/// Whether a job has more to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// There is more to come.
    NotYet,
    /// That was all.
    Done,
}

/// What logs want done.
#[derive(Debug, Clone, PartialEq)]
pub enum LogsEffect {
    /// Tail these groups, and no others any more.
    Open {
        /// What the tail's messages are to carry.
        tail: u64,
        /// The groups.
        targets: Vec<TailTarget>,
        /// From when on.
        from: Timestamp,
        /// CloudWatch's filter pattern.
        pattern: Option<String>,
    },
    /// Tail nothing any more.
    Close,
    /// Somebody looks, or no longer does.
    Look(Looked),
    /// Find lines.
    Find(Job),
    /// Write lines to a file.
    Save(SaveJob),
}

//! CloudWatch Logs: groups and events, and tails of them.

pub mod level;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::fault::Fault;
use crate::domain::scope::Scope;

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGroup {
    /// The group's ARN, without the trailing `:*`.
    pub arn: String,
    /// The group's name.
    pub name: String,
    /// Days that events are kept; `None` is for ever.
    pub retention_days: Option<u32>,
    /// Bytes stored, as CloudWatch last counted them.
    pub stored_bytes: Option<u64>,
    /// `STANDARD`, `INFREQUENT_ACCESS` (which cannot be tailed) or `DELIVERY`.
    pub class: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

/// One log event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    /// Unique within its group; live tail gives none.
    pub id: String,
    /// The stream it came in.
    pub stream: String,
    /// When it happened, milliseconds since 1970, by the producer's clock.
    pub at_ms: i64,
    /// When CloudWatch had it, milliseconds since 1970.
    pub ingested_ms: i64,
    /// The text; foreign.
    pub message: String,
}

/// A page of `FilterLogEvents`; an empty page with a token is normal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// Events in time order.
    pub events: Vec<LogEvent>,
    /// The token of the next page.
    pub next: Option<String>,
}

/// A log group that is to be tailed, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailTarget {
    /// The account and region.
    pub scope: Arc<Scope>,
    /// The group's name.
    pub group: String,
    /// Its class as CloudWatch names it, if it is known.
    pub class: Option<String>,
    /// The one stream of it that is meant; all by default.
    pub stream: Option<TailStream>,
}

/// A stream of a log group, such as that of one build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailStream {
    /// The stream's name.
    pub name: String,
    /// When it begins, where that is known: the tail begins there too.
    pub began_at: Option<Timestamp>,
}

/// One event of a tail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailLine {
    /// The group, by its place among the targets.
    pub group: u16,
    /// What happened; foreign text.
    pub event: LogEvent,
}

/// How the tail of one group goes.
#[derive(Debug, Clone, PartialEq)]
pub enum TailState {
    /// Nothing has been read yet.
    Waiting,
    /// What is there already is being read; it has come to this time.
    Reading(Option<Timestamp>),
    /// Everything up to this time has been read once.
    Live(Timestamp),
    /// The newest question failed; it is asked again then.
    Failing {
        /// Why.
        fault: Fault,
        /// When it is asked again.
        again: Timestamp,
    },
    /// This group cannot be tailed at all.
    Refused(String),
}

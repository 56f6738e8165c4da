//! CloudWatch Logs: groups and events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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

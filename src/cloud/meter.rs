//! What is known of each call that was made: for the meter on screen and in JSON.

use crate::domain::ops::Operation;
use crate::domain::scope::ScopeName;

/// One attempt at a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Where.
    pub scope: ScopeName,
    /// What.
    pub operation: Operation,
    /// How it ended.
    pub end: CallEnd,
    /// What AWS bills for it, micro-dollars; 0 for most.
    pub paid_micro_usd: u64,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEnd {
    /// With an answer.
    Answered,
    /// With AWS asking for fewer calls.
    Throttled,
    /// With another failure.
    Failed,
}

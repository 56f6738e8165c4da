//! SQS queues.

use serde::{Deserialize, Serialize};

/// An SQS queue; its counts are approximate and settle within a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// The queue's ARN.
    pub arn: String,
    /// The queue's name.
    pub name: String,
    /// The queue's URL.
    pub url: String,
    /// Messages waiting.
    pub visible: u64,
    /// Messages that a consumer has and has not yet deleted.
    pub in_flight: u64,
    /// Messages not yet due.
    pub delayed: u64,
    /// How long a consumer has a message, seconds.
    pub visibility_timeout_s: Option<u32>,
    /// The ARN of the dead-letter queue, and after how many receives a message goes there.
    pub dead_letter: Option<(String, u32)>,
}

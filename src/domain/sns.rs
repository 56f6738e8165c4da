//! Simple Notification Service: topics.

use serde::{Deserialize, Serialize};

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// The topic's ARN.
    pub arn: String,
    /// Subscriptions that somebody has confirmed; `None` if AWS does not say.
    pub confirmed: Option<u32>,
}

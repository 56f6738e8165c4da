//! Questions to and changes of Amazon SQS.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All queues with their counts → `Queues`.
    Queues,
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Moves the messages of a dead-letter queue back to where they came from.
    StartMessageMoveTask {
        /// The dead-letter queue's ARN.
        source: String,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Queues => {
                const {
                    &[
                        Operation::new("sqs", "ListQueues"),
                        Operation::new("sqs", "GetQueueAttributes"),
                    ]
                }
            }
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::StartMessageMoveTask { .. } => Operation::new("sqs", "StartMessageMoveTask"),
        }
    }
}

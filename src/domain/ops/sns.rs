//! Questions to and messages through Amazon SNS.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// One topic → `Topic`.
    Topic {
        /// The topic's ARN.
        arn: String,
    },
}

/// What can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Publishes a message.
    Publish {
        /// The topic's ARN.
        topic: String,
        /// The subject of mails: fewer than 100 printable ASCII characters.
        subject: String,
        /// The message.
        message: String,
        /// What keeps messages of one run in order where the topic is FIFO.
        group: String,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Topic { .. } => const { &[Operation::new("sns", "GetTopicAttributes")] },
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Publish { .. } => Operation::new("sns", "Publish"),
        }
    }
}

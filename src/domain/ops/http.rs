//! Questions to and messages for web services that are not AWS's. Nothing of AWS goes with them: no
//! signature, no credentials, no redirect that is followed.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// The status that a service answers with → `HttpAnswer`.
    Get {
        /// The address.
        url: String,
        /// How long to wait for the answer, seconds.
        timeout_s: u32,
    },
}

/// What can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Posts JSON to a webhook.
    Post {
        /// Where to.
        to: Destination,
        /// The JSON text.
        body: String,
    },
}

/// An address, or where it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// The address itself.
    Url(String),
    /// A parameter of the Systems Manager parameter store holds it.
    Ssm(String),
    /// A secret of Secrets Manager holds it.
    SecretsManager(String),
    /// An environment variable of this process holds it.
    Environment(String),
}

impl Read {
    /// What is made to answer it; no permission of AWS is needed.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Get { .. } => const { &[Operation::allowed_by("http", "Get", "")] },
        }
    }
}

impl Write {
    /// What makes it; no permission of AWS is needed.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Post { .. } => Operation::allowed_by("http", "Post", ""),
        }
    }

    /// What is read right before: an address that is a secret.
    pub const fn prerequisites(&self) -> &'static [Operation] {
        const { &[Operation::new("ssm", "GetParameter")] }
    }
}

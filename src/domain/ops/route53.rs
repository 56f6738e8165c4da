//! Questions to Amazon Route 53, which answers once for an account.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// Health checks with what their checkers found, and the number of hosted zones → `Dns`.
    Dns,
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Dns => {
                const {
                    &[
                        Operation::new("route53", "ListHealthChecks"),
                        Operation::new("route53", "ListTagsForResources"),
                        Operation::new("route53", "GetHealthCheckStatus"),
                        Operation::new("route53", "GetHostedZoneCount"),
                    ]
                }
            }
        }
    }
}

//! Questions to CloudWatch Logs.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All log groups → `LogGroups`.
    Groups,
    /// One page of a group's events, oldest first → `LogPage`.
    Events {
        /// The group's name.
        group: String,
        /// The one stream that is asked for; `None` is all.
        stream: Option<String>,
        /// From, inclusive, milliseconds since 1970.
        from_ms: i64,
        /// To, inclusive, milliseconds since 1970; `None` is now.
        to_ms: Option<i64>,
        /// A CloudWatch filter pattern.
        pattern: Option<String>,
        /// Where the page before left off.
        token: Option<String>,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Groups => const { &[Operation::new("logs", "DescribeLogGroups")] },
            Self::Events { .. } => const { &[Operation::new("logs", "FilterLogEvents")] },
        }
    }
}

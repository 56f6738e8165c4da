//! Questions to and changes of AWS Lambda.

use serde::{Deserialize, Serialize};

use crate::domain::function::Routing;
use crate::domain::ids::Tag;
use crate::domain::ops::Operation;
use crate::domain::policy::Selection;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All functions with their aliases, reservations and event sources → `Functions`.
    Functions,
    /// The same of those that belong to an estate → `Functions`.
    FunctionsOf(Selection),
    /// One function; none if there is none of that name → `Functions`.
    Function {
        /// The function's name.
        name: String,
    },
    /// The published versions of a function, newest first → `FunctionVersions`.
    Versions {
        /// The function's name.
        function: String,
    },
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Leads an alias elsewhere, if it still leads where it is expected to.
    RouteAlias {
        /// The function's name.
        function: String,
        /// The alias's name.
        alias: String,
        /// Where it must lead now; anything else is a conflict.
        from: Routing,
        /// Where it is to lead.
        to: Routing,
    },
    /// Reserves concurrency for a function; with 0 it never runs.
    PutConcurrency {
        /// The function's name.
        function: String,
        /// So much.
        reserved: u32,
    },
    /// Takes a function's reservation away: it shares with all others.
    DeleteConcurrency {
        /// The function's name.
        function: String,
    },
    /// Sets tags of a function.
    PutTags {
        /// The function's ARN.
        function: String,
        /// The tags.
        tags: Vec<Tag>,
    },
    /// Removes tags of a function.
    DeleteTags {
        /// The function's ARN.
        function: String,
        /// Their keys.
        keys: Vec<String>,
    },
}

/// What is read of each function beside the listing.
const DETAILS: [Operation; 4] = [
    Operation::new("lambda", "ListTags"),
    Operation::new("lambda", "ListAliases"),
    Operation::new("lambda", "GetFunctionConcurrency"),
    Operation::new("lambda", "GetFunctionEventInvokeConfig"),
];

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Functions | Self::FunctionsOf(_) => {
                const {
                    &[
                        Operation::new("lambda", "ListFunctions"),
                        Operation::new("lambda", "ListEventSourceMappings"),
                        Operation::new("lambda", "GetAccountSettings"),
                        DETAILS[0],
                        DETAILS[1],
                        DETAILS[2],
                        DETAILS[3],
                    ]
                }
            }
            Self::Function { .. } => {
                const {
                    &[
                        Operation::new("lambda", "GetFunctionConfiguration"),
                        Operation::new("lambda", "ListEventSourceMappings"),
                        DETAILS[0],
                        DETAILS[1],
                        DETAILS[2],
                        DETAILS[3],
                    ]
                }
            }
            Self::Versions { .. } => const { &[Operation::new("lambda", "ListVersionsByFunction")] },
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::RouteAlias { .. } => Operation::new("lambda", "UpdateAlias"),
            Self::PutConcurrency { .. } => Operation::new("lambda", "PutFunctionConcurrency"),
            Self::DeleteConcurrency { .. } => Operation::new("lambda", "DeleteFunctionConcurrency"),
            Self::PutTags { .. } => Operation::new("lambda", "TagResource"),
            Self::DeleteTags { .. } => Operation::new("lambda", "UntagResource"),
        }
    }

    /// What is read right before it is made: the alias's revision, which AWS compares.
    pub const fn prerequisites(&self) -> &'static [Operation] {
        match self {
            Self::RouteAlias { .. } => const { &[Operation::new("lambda", "GetAlias")] },
            Self::PutConcurrency { .. }
            | Self::DeleteConcurrency { .. }
            | Self::PutTags { .. }
            | Self::DeleteTags { .. } => &[],
        }
    }
}

//! Questions to and changes of Amazon CloudFront, which answers once for an account.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::metric::MetricSpec;
use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All distributions with their newest invalidations → `Distributions`.
    Distributions,
    /// The newest invalidations of one distribution with their paths, newest first, at most twenty
    /// → `Invalidations`.
    Invalidations {
        /// The distribution's id.
        distribution: String,
        /// Only those that were asked for at this moment or later.
        since: Option<Timestamp>,
    },
    /// Values of its metrics, which are in us-east-1 → `Metrics`, in the order of the request.
    Metrics {
        /// Which, and how much of them.
        specs: Vec<MetricSpec>,
    },
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Takes objects out of the caches of all edge locations.
    CreateInvalidation {
        /// The distribution's id.
        distribution: String,
        /// Paths, each `/…`, perhaps with `*` at the end.
        paths: Vec<String>,
        /// What it is called: under one name AWS makes it once, however often it is asked.
        reference: String,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Distributions => {
                const {
                    &[
                        Operation::new("cloudfront", "ListDistributions"),
                        Operation::new("cloudfront", "ListInvalidations"),
                    ]
                }
            }
            Self::Invalidations { .. } => {
                const {
                    &[
                        Operation::new("cloudfront", "ListInvalidations"),
                        Operation::new("cloudfront", "GetInvalidation"),
                    ]
                }
            }
            Self::Metrics { .. } => const { &[Operation::new("cloudwatch", "GetMetricData")] },
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::CreateInvalidation { .. } => Operation::new("cloudfront", "CreateInvalidation"),
        }
    }
}

//! Questions to and changes of Amazon Route 53, which answers once for an account.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// Health checks with what their checkers found, and the number of hosted zones → `Dns`.
    Dns,
    /// All hosted zones → `HostedZones`.
    Zones,
    /// The records of any type under a name → `RecordSets`.
    Records {
        /// The zone's id.
        zone: String,
        /// The name.
        name: String,
    },
    /// Where a change is, `PENDING` or `INSYNC` → `DnsChange`.
    Change {
        /// The change's id, as AWS gave it.
        id: String,
    },
}

/// What can be changed.
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Puts a record, in the place of one of the same name and type.
    Put(Cname),
    /// Removes a record; refused if it is not exactly this one.
    Remove(Cname),
}

/// A record that leads one name to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cname {
    /// The zone's id.
    pub zone: String,
    /// The record's name.
    pub name: String,
    /// What it leads to.
    pub value: String,
    /// How long resolvers keep it, seconds.
    pub ttl_s: u32,
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Put(_) | Self::Remove(_) => Operation::new("route53", "ChangeResourceRecordSets"),
        }
    }
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Zones => const { &[Operation::new("route53", "ListHostedZones")] },
            Self::Records { .. } => const { &[Operation::new("route53", "ListResourceRecordSets")] },
            Self::Change { .. } => const { &[Operation::new("route53", "GetChange")] },
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

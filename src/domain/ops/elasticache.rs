//! Questions to and changes of Amazon ElastiCache.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// Clusters, replication groups and serverless caches → `Caches`. Members of a replication
    /// group are listed under their group only.
    Caches,
    /// Events since then → `StoreEvents`.
    Events {
        /// The oldest that is wanted.
        since: Timestamp,
    },
    /// Backups of a replication group → `CacheSnapshots`.
    Snapshots {
        /// The replication group's name.
        group: String,
    },
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Fails a shard over to a replica.
    TestFailover {
        /// The replication group's name.
        group: String,
        /// The shard, `0001`, ….
        shard: String,
    },
    /// Makes a replica the primary, where nothing does so by itself: cluster mode and automatic failover off.
    /// <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyReplicationGroup.html>
    Promote {
        /// The replication group's name.
        group: String,
        /// The member cluster's id, such as `sessions-002`.
        node: String,
    },
    /// Takes a backup of a replication group.
    CreateSnapshot {
        /// The replication group's name.
        group: String,
        /// The backup's name.
        snapshot: String,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Caches => {
                const {
                    &[
                        Operation::new("elasticache", "DescribeReplicationGroups"),
                        Operation::new("elasticache", "DescribeCacheClusters"),
                        Operation::new("elasticache", "DescribeServerlessCaches"),
                    ]
                }
            }
            Self::Events { .. } => const { &[Operation::new("elasticache", "DescribeEvents")] },
            Self::Snapshots { .. } => const { &[Operation::new("elasticache", "DescribeSnapshots")] },
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::TestFailover { .. } => Operation::new("elasticache", "TestFailover"),
            Self::Promote { .. } => Operation::new("elasticache", "ModifyReplicationGroup"),
            Self::CreateSnapshot { .. } => Operation::new("elasticache", "CreateSnapshot"),
        }
    }
}

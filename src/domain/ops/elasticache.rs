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
    /// The node types that a cache may be changed to → `CacheNodeTypes`.
    NodeTypes(Nodes),
}

/// A cache with nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nodes {
    /// A cluster on its own, by its name.
    Cluster(String),
    /// A replication group, by its name.
    Group(String),
}

impl Nodes {
    /// The name of the cluster or group.
    pub fn name(&self) -> &str {
        match self {
            Self::Cluster(name) | Self::Group(name) => name,
        }
    }
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
    /// Replaces the nodes by those of another type, at once.
    /// <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheCluster.html>
    Resize {
        /// Whose nodes.
        nodes: Nodes,
        /// The other type, such as `cache.t4g.medium`.
        node_type: String,
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
            Self::NodeTypes(_) => {
                const { &[Operation::new("elasticache", "ListAllowedNodeTypeModifications")] }
            }
            Self::Snapshots { .. } => const { &[Operation::new("elasticache", "DescribeSnapshots")] },
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::TestFailover { .. } => Operation::new("elasticache", "TestFailover"),
            Self::Promote { .. }
            | Self::Resize {
                nodes: Nodes::Group(_),
                ..
            } => Operation::new("elasticache", "ModifyReplicationGroup"),
            Self::Resize {
                nodes: Nodes::Cluster(_),
                ..
            } => Operation::new("elasticache", "ModifyCacheCluster"),
            Self::CreateSnapshot { .. } => Operation::new("elasticache", "CreateSnapshot"),
        }
    }
}

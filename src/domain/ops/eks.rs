//! Questions to and changes of Amazon EKS.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All clusters with their node groups → `Kubernetes`.
    Clusters,
    /// Add-ons, upgrade insights, and how long versions are kept alive → `ClusterUpgrades`.
    Upgrades,
    /// An update of a node group → `NodegroupUpdate`.
    Update {
        /// The cluster's name.
        cluster: String,
        /// The node group's name.
        nodegroup: String,
        /// The update's id.
        id: String,
    },
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Sets how many nodes a node group has. The update's id is what was made.
    ScaleNodegroup {
        /// The cluster's name.
        cluster: String,
        /// The node group's name.
        nodegroup: String,
        /// The least nodes.
        min: u32,
        /// The most nodes.
        max: u32,
        /// Nodes wanted.
        desired: u32,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Clusters => {
                const {
                    &[
                        Operation::new("eks", "ListClusters"),
                        Operation::new("eks", "DescribeCluster"),
                        Operation::new("eks", "ListNodegroups"),
                        Operation::new("eks", "DescribeNodegroup"),
                    ]
                }
            }
            Self::Upgrades => {
                const {
                    &[
                        Operation::new("eks", "ListClusters"),
                        Operation::new("eks", "DescribeCluster"),
                        Operation::new("eks", "ListAddons"),
                        Operation::new("eks", "DescribeAddon"),
                        Operation::new("eks", "DescribeAddonVersions"),
                        Operation::new("eks", "ListInsights"),
                        Operation::new("eks", "DescribeClusterVersions"),
                    ]
                }
            }
            Self::Update { .. } => const { &[Operation::new("eks", "DescribeUpdate")] },
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::ScaleNodegroup { .. } => Operation::new("eks", "UpdateNodegroupConfig"),
        }
    }
}

//! EKS clusters and node groups.

use jiff::civil::Date;
use serde::Serialize;

/// A cluster.
#[derive(Debug, Clone, Serialize)]
pub struct EksCluster {
    /// The Kubernetes version.
    pub version: String,
    /// `ACTIVE`, …
    pub status: String,
    /// `eks.9`, …
    pub platform_version: Option<String>,
    /// `EXTENDED` or `STANDARD`: what happens at the end of standard support.
    pub upgrade_policy: Option<String>,
    /// The end of standard support; `None` if it is not known.
    pub standard_support_until: Option<Date>,
    /// The end of extended support.
    pub extended_support_until: Option<Date>,
    /// Whether extended support is paid for now; `None` if that is not known.
    pub in_extended_support: Option<bool>,
    /// What EKS finds wrong.
    pub issues: Vec<EksIssue>,
    /// Names of its node groups.
    pub nodegroups: Vec<String>,
    /// Its add-ons; `None` if they were not read.
    pub addons: Option<Vec<EksAddon>>,
    /// Insights that do not pass; `None` if they were not read.
    pub insights: Option<Vec<EksInsight>>,
}

/// Something that EKS finds wrong.
#[derive(Debug, Clone, Serialize)]
pub struct EksIssue {
    /// The code.
    pub code: String,
    /// In EKS's words.
    pub message: String,
}

/// An add-on.
#[derive(Debug, Clone, Serialize)]
pub struct EksAddon {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// What EKS would install now.
    pub default_version: Option<String>,
    /// `ACTIVE`, …
    pub status: String,
}

/// An insight that does not pass.
#[derive(Debug, Clone, Serialize)]
pub struct EksInsight {
    /// What it is about.
    pub name: String,
    /// `WARNING`, `ERROR` or `UNKNOWN`.
    pub status: String,
    /// The Kubernetes version that it is about.
    pub version: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// A node group.
#[derive(Debug, Clone, Serialize)]
pub struct Nodegroup {
    /// The cluster's name.
    pub cluster: String,
    /// `ACTIVE`, `DEGRADED`, …
    pub status: String,
    /// The least nodes.
    pub min: u32,
    /// The most nodes.
    pub max: u32,
    /// Nodes wanted.
    pub desired: u32,
    /// Nodes in service; `None` if the group behind was not read.
    pub in_service: Option<usize>,
    /// Instance types.
    pub instance_types: Vec<String>,
    /// `ON_DEMAND`, `SPOT`, …
    pub capacity_type: Option<String>,
    /// The Kubernetes version of its nodes.
    pub version: Option<String>,
    /// The AMI release.
    pub release_version: Option<String>,
    /// Auto Scaling groups behind it.
    pub asgs: Vec<String>,
    /// What EKS finds wrong.
    pub issues: Vec<EksIssue>,
}

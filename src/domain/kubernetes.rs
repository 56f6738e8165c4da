//! Amazon EKS: control planes, managed node groups, add-ons, what stands in the way of an upgrade.
//! Pods are Kubernetes' own and not seen here.

mod calendar;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::domain::ids::Tag;

pub use calendar::{CHECKED as CALENDAR_CHECKED, support_of};

/// Clusters and their node groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kubernetes {
    /// By name.
    pub clusters: Vec<Cluster>,
    /// By cluster and name.
    pub nodegroups: Vec<Nodegroup>,
}

/// A control plane.
/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_Cluster.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// The cluster's ARN.
    pub arn: String,
    /// The cluster's name.
    pub name: String,
    /// The Kubernetes version: `1.34`.
    pub version: String,
    /// `ACTIVE`, `CREATING`, `UPDATING`, `DELETING`, `FAILED`, `PENDING`.
    pub status: String,
    /// `eks.12`.
    pub platform: Option<String>,
    /// What happens at the end of standard support: `EXTENDED` goes on for more money, `STANDARD` is
    /// upgraded by AWS.
    pub support: Option<String>,
    /// Whether EKS Auto Mode runs the nodes.
    pub auto_mode: bool,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// What AWS finds wrong with it.
    pub issues: Vec<Issue>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// A managed node group.
/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nodegroup {
    /// The node group's ARN.
    pub arn: String,
    /// The node group's name.
    pub name: String,
    /// The cluster's name.
    pub cluster: String,
    /// `ACTIVE`, `UPDATING`, `DEGRADED`, …
    pub status: String,
    /// The Kubernetes version of its nodes.
    pub version: Option<String>,
    /// The AMI release, such as `1.34.1-20261103`.
    pub release: Option<String>,
    /// `AL2023_x86_64_STANDARD`, `CUSTOM`, …
    pub ami: Option<String>,
    /// Instance types.
    pub instance_types: Vec<String>,
    /// `ON_DEMAND`, `SPOT` or `CAPACITY_BLOCK`.
    pub capacity: Option<String>,
    /// The least nodes.
    pub min: u32,
    /// The most nodes.
    pub max: u32,
    /// Nodes wanted.
    pub desired: u32,
    /// Names of the Auto Scaling groups behind it.
    pub groups: Vec<String>,
    /// What AWS finds wrong with it.
    pub issues: Vec<Issue>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// Something that AWS finds wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// `AsgInstanceLaunchFailures`, `NodeCreationFailure`, …
    pub code: String,
    /// In AWS's words.
    pub message: String,
    /// What it is about.
    pub resources: Vec<String>,
}

/// What a cluster needs for its next version, and what runs in it as an add-on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgrades {
    /// How long versions are kept alive, as AWS says; empty where the endpoint cannot say.
    pub versions: Vec<Support>,
    /// Add-ons of all clusters.
    pub addons: Vec<Addon>,
    /// Insights of all clusters.
    pub insights: Vec<Insight>,
}

/// How long a version is kept alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Support {
    /// The minor version.
    pub version: Minor,
    /// The end of standard support.
    pub standard_until: Date,
    /// The end of extended support, which costs more; then AWS upgrades the cluster.
    pub extended_until: Date,
}

/// What support a version has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Standard support.
    Standard,
    /// Extended support, which costs more.
    Extended,
    /// None: AWS upgrades the cluster.
    Over,
}

impl Support {
    /// The support at a moment; AWS counts in UTC days.
    pub fn stage(&self, at: Timestamp) -> Stage {
        let today = at.to_zoned(TimeZone::UTC).date();
        if today <= self.standard_until {
            Stage::Standard
        } else if today <= self.extended_until {
            Stage::Extended
        } else {
            Stage::Over
        }
    }
}

/// A minor version of Kubernetes: `1.34`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Minor(pub u16, pub u16);

impl Minor {
    /// Out of `1.34`, `v1.34.2-eks-1f` or `1.34.1-20261103`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim_start_matches('v').split(['.', '-', '+']);
        Some(Self(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }

    /// How many minor versions `older` is behind; `None` if the two are of different majors.
    pub fn ahead_of(self, older: Self) -> Option<i32> {
        (self.0 == older.0).then(|| i32::from(self.1) - i32::from(older.1))
    }
}

impl std::fmt::Display for Minor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// An add-on of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addon {
    /// The cluster's name.
    pub cluster: String,
    /// `vpc-cni`, …
    pub name: String,
    /// `v1.20.4-eksbuild.1`.
    pub version: Option<String>,
    /// The version that EKS would install on this cluster now; `None` if that was not read.
    pub default_version: Option<String>,
    /// `ACTIVE`, `DEGRADED`, `UPDATE_FAILED`, …
    pub status: String,
    /// What AWS finds wrong with it.
    pub issues: Vec<Issue>,
}

impl Addon {
    /// Whether EKS would install a newer version now: by numbers, part by part.
    pub fn is_outdated(&self) -> bool {
        let numbers = |version: &str| -> Vec<u32> {
            version
                .trim_start_matches('v')
                .split(|letter: char| !letter.is_ascii_digit())
                .filter(|part| !part.is_empty())
                .map(|part| part.parse().unwrap_or(0))
                .collect()
        };
        match (&self.version, &self.default_version) {
            (Some(own), Some(default)) => numbers(own) < numbers(default),
            _ => false,
        }
    }
}

/// What EKS found that an upgrade would break, or that is wrong already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insight {
    /// The cluster's name.
    pub cluster: String,
    /// The insight's id.
    pub id: String,
    /// What it is about: `Deprecated APIs removed in Kubernetes v1.32`.
    pub name: String,
    /// `UPGRADE_READINESS` or `MISCONFIGURATION`.
    pub category: Option<String>,
    /// The version that it is about.
    pub version: Option<String>,
    /// `PASSING`, `WARNING`, `ERROR`, `UNKNOWN`.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// When EKS last looked.
    pub refreshed_at: Option<Timestamp>,
}

/// How far an update of a node group is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// The update's id.
    pub id: String,
    /// `InProgress`, `Failed`, `Cancelled`, `Successful`.
    pub status: String,
    /// What went wrong.
    pub errors: Vec<String>,
}

/// What adds and removes nodes of a group by itself, as its tags say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Autoscaler {
    /// Kubernetes' Cluster Autoscaler, which finds its groups by tag.
    ClusterAutoscaler,
    /// Karpenter; it usually brings nodes of its own, outside node groups.
    Karpenter,
}

impl Autoscaler {
    /// By the tags of a node group or of the Auto Scaling group behind it. No tag is no proof that there
    /// is none: both can be told of groups by name.
    pub fn of_tags<'t>(tags: impl IntoIterator<Item = &'t Tag>) -> Option<Self> {
        tags.into_iter().find_map(|tag| {
            if tag.key.starts_with("k8s.io/cluster-autoscaler/") && tag.value != "false" {
                Some(Self::ClusterAutoscaler)
            } else if tag.key.starts_with("karpenter.sh/") {
                Some(Self::Karpenter)
            } else {
                None
            }
        })
    }

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClusterAutoscaler => "Cluster Autoscaler",
            Self::Karpenter => "Karpenter",
        }
    }
}

impl Cluster {
    /// How long its version is kept alive; `None` if that is not known.
    pub fn support_of_version(&self, told: &[Support]) -> Option<Support> {
        support_of(Minor::parse(&self.version)?, told)
    }
}

impl Kubernetes {
    /// A node group by its ARN.
    pub fn nodegroup(&self, arn: &str) -> Option<&Nodegroup> {
        self.nodegroups.iter().find(|group| group.arn == arn)
    }

    /// The node groups of a cluster.
    pub fn nodegroups_of<'a>(&'a self, cluster: &'a str) -> impl Iterator<Item = &'a Nodegroup> {
        self.nodegroups
            .iter()
            .filter(move |group| group.cluster == cluster)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_however_they_are_written() {
        for text in ["1.34", "v1.34.2-eks-1f", "1.34.1-20261103"] {
            assert_eq!(Minor::parse(text), Some(Minor(1, 34)), "{text}");
        }
        assert_eq!(Minor::parse("latest"), None);
        assert_eq!(Minor(1, 34).ahead_of(Minor(1, 31)), Some(3));
        assert_eq!(Minor(2, 1).ahead_of(Minor(1, 40)), None);
    }

    #[test]
    fn an_add_on_is_outdated_by_number_and_not_by_letter() {
        let addon = |own: &str, default: Option<&str>| Addon {
            cluster: "main".to_owned(),
            name: "vpc-cni".to_owned(),
            version: Some(own.to_owned()),
            default_version: default.map(str::to_owned),
            status: "ACTIVE".to_owned(),
            issues: Vec::new(),
        };
        assert!(addon("v1.9.3-eksbuild.1", Some("v1.20.4-eksbuild.1")).is_outdated());
        assert!(!addon("v1.20.4-eksbuild.2", Some("v1.20.4-eksbuild.1")).is_outdated());
        assert!(!addon("v1.9.3-eksbuild.1", None).is_outdated());
    }

    #[test]
    fn autoscalers_are_known_by_their_tags() {
        let tag = |key: &str, value: &str| Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let of = |key: &str, value: &str| Autoscaler::of_tags([&tag(key, value)]);
        assert_eq!(
            of("k8s.io/cluster-autoscaler/enabled", "true"),
            Some(Autoscaler::ClusterAutoscaler)
        );
        assert_eq!(of("k8s.io/cluster-autoscaler/enabled", "false"), None);
        assert_eq!(of("karpenter.sh/discovery", "main"), Some(Autoscaler::Karpenter));
        assert_eq!(of("eks:cluster-name", "main"), None);
    }
}

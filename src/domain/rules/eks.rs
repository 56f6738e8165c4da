//! EKS: clusters whose version grows old, and node groups that are ill or have no room left.

pub(super) mod health;
pub(super) mod nodes;
pub(super) mod support;
pub(super) mod upgrades;

use crate::domain::kubernetes::{Cluster, Nodegroup};
use crate::domain::rules::Context;

fn clusters<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Cluster> {
    let known = context.state.kubernetes.get();
    known.into_iter().flat_map(|known| &known.clusters)
}

fn nodegroups<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Nodegroup> {
    let known = context.state.kubernetes.get();
    known.into_iter().flat_map(|known| &known.nodegroups)
}

#[cfg(test)]
mod tests {
    use crate::domain::inventory::Source;
    use crate::domain::kubernetes::{Cluster, Kubernetes, Nodegroup};
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn};

    /// An active cluster of that version.
    pub(super) fn cluster(name: &str, version: &str) -> Cluster {
        Cluster {
            arn: arn("eks", &format!("cluster/{name}")),
            name: name.to_owned(),
            version: version.to_owned(),
            status: "ACTIVE".to_owned(),
            platform: Some("eks.9".to_owned()),
            support: Some("EXTENDED".to_owned()),
            auto_mode: false,
            created_at: None,
            issues: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// An active node group of two nodes, one to three, behind it the group `NAME-asg`.
    pub(super) fn nodegroup(cluster: &str, name: &str, version: &str) -> Nodegroup {
        Nodegroup {
            arn: arn("eks", &format!("nodegroup/{cluster}/{name}/1f")),
            name: name.to_owned(),
            cluster: cluster.to_owned(),
            status: "ACTIVE".to_owned(),
            version: Some(version.to_owned()),
            release: Some(format!("{version}.1-20261103")),
            ami: Some("AL2023_x86_64_STANDARD".to_owned()),
            instance_types: vec!["m6i.large".to_owned()],
            capacity: Some("ON_DEMAND".to_owned()),
            min: 1,
            max: 3,
            desired: 2,
            groups: vec![format!("{name}-asg")],
            issues: Vec::new(),
            tags: Vec::new(),
        }
    }

    pub(super) fn bench(clusters: Vec<Cluster>, nodegroups: Vec<Nodegroup>) -> Bench {
        let mut bench = Bench::new();
        bench.know(
            Source::Kubernetes,
            ReplyData::Kubernetes(Kubernetes { clusters, nodegroups }),
        );
        bench
    }
}

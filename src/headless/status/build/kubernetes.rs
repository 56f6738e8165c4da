//! EKS clusters and node groups.

use super::Writing;
use crate::domain::asg::Group as Asg;
use crate::domain::ids::Kind;
use crate::domain::kubernetes::{Issue, Nodegroup as Group, Stage};
use crate::headless::status::document::{EksAddon, EksCluster, EksInsight, EksIssue, Nodegroup, Resource};

pub(super) fn clusters(writing: &Writing<'_>) -> Option<Vec<Resource<EksCluster>>> {
    let known = writing.state.kubernetes.get()?;
    let as_of = writing.state.kubernetes.at()?;
    let upgrades = writing.state.cluster_upgrades.get();
    let told = upgrades
        .map(|known| known.versions.as_slice())
        .unwrap_or_default();
    let clusters = known.clusters.iter().map(|cluster| {
        let support = cluster.support_of_version(told);
        let facts = EksCluster {
            version: cluster.version.clone(),
            status: cluster.status.clone(),
            platform_version: cluster.platform.clone(),
            upgrade_policy: cluster.support.clone(),
            standard_support_until: support.map(|support| support.standard_until),
            extended_support_until: support.map(|support| support.extended_until),
            in_extended_support: support.map(|support| support.stage(as_of) != Stage::Standard),
            issues: issues(&cluster.issues),
            nodegroups: known
                .nodegroups_of(&cluster.name)
                .map(|group| group.name.clone())
                .collect(),
            addons: upgrades.map(|upgrades| {
                let own = upgrades
                    .addons
                    .iter()
                    .filter(|addon| addon.cluster == cluster.name);
                own.map(|addon| EksAddon {
                    name: addon.name.clone(),
                    version: addon.version.clone(),
                    default_version: addon.default_version.clone(),
                    status: addon.status.clone(),
                })
                .collect()
            }),
            insights: upgrades.map(|upgrades| {
                let own = upgrades.insights.iter();
                own.filter(|one| one.cluster == cluster.name && one.status != "PASSING")
                    .map(|one| EksInsight {
                        name: one.name.clone(),
                        status: one.status.clone(),
                        version: one.version.clone(),
                        reason: one.reason.clone(),
                    })
                    .collect()
            }),
        };
        writing.resource(Kind::EksCluster, &cluster.arn, &cluster.name, facts)
    });
    Some(clusters.collect())
}

fn issues(issues: &[Issue]) -> Vec<EksIssue> {
    let issue = |issue: &Issue| EksIssue {
        code: issue.code.clone(),
        message: issue.message.clone(),
    };
    issues.iter().map(issue).collect()
}

pub(super) fn nodegroups(writing: &Writing<'_>) -> Option<Vec<Resource<Nodegroup>>> {
    let groups = writing.state.kubernetes.get()?.nodegroups.iter().map(|group| {
        let facts = Nodegroup {
            cluster: group.cluster.clone(),
            status: group.status.clone(),
            min: group.min,
            max: group.max,
            desired: group.desired,
            in_service: in_service(writing, group),
            instance_types: group.instance_types.clone(),
            capacity_type: group.capacity.clone(),
            version: group.version.clone(),
            release_version: group.release.clone(),
            asgs: group.groups.clone(),
            issues: issues(&group.issues),
        };
        writing.resource(Kind::Nodegroup, &group.arn, &group.name, facts)
    });
    Some(groups.collect())
}

fn in_service(writing: &Writing<'_>, group: &Group) -> Option<usize> {
    let known = writing.state.groups.get()?;
    group
        .groups
        .iter()
        .map(|name| known.iter().find(|one| one.name == *name).map(Asg::in_service))
        .sum()
}

//! Reads of Amazon EKS: clusters, node groups, add-ons, insights, versions.

use std::collections::HashMap;

use aws_sdk_eks::types::{
    Addon as SdkAddon, AddonHealth, AddonInfo, Cluster as SdkCluster, ClusterHealth,
    ClusterVersionInformation, Compatibility, ComputeConfigResponse, ErrorCode, InsightStatus,
    InsightSummary, Nodegroup as SdkNodegroup, NodegroupHealth, NodegroupResources, UpgradePolicyResponse,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::listing::{of_part, one, some};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::{count, tag, text, timestamp, timestamp_of};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ids::Tag;
use crate::domain::kubernetes::{
    Addon, Cluster, Insight, Issue, Kubernetes, Minor, Nodegroup, Support, Update, Upgrades,
};
use crate::domain::ops::eks::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const LIST_CLUSTERS: Operation = Operation::new("eks", "ListClusters");
const CLUSTER: Operation = Operation::new("eks", "DescribeCluster");
const LIST_NODEGROUPS: Operation = Operation::new("eks", "ListNodegroups");
const NODEGROUP: Operation = Operation::new("eks", "DescribeNodegroup");
const LIST_ADDONS: Operation = Operation::new("eks", "ListAddons");
const ADDON: Operation = Operation::new("eks", "DescribeAddon");
const ADDON_VERSIONS: Operation = Operation::new("eks", "DescribeAddonVersions");
const INSIGHTS: Operation = Operation::new("eks", "ListInsights");
const VERSIONS: Operation = Operation::new("eks", "DescribeClusterVersions");
const UPDATE: Operation = Operation::new("eks", "DescribeUpdate");

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Clusters => clusters(caller).await,
        Read::Upgrades => upgrades(caller).await,
        Read::Update {
            cluster,
            nodegroup,
            id,
        } => update(caller, (cluster, nodegroup), id).await,
    }
}

/// Of a thing that was deleted since it was listed: it is no gap, it is not there.
fn is_gone<T>(answer: &Result<Paged<T>, Fault>) -> bool {
    matches!(answer, Err(fault) if fault.kind == FaultKind::NotFound)
}

async fn names(caller: &Caller<'_>) -> Result<Paged<String>, Fault> {
    pages(|token| async move {
        let call = caller.eks().list_clusters().set_next_token(token);
        let page = caller.call(LIST_CLUSTERS, call.send()).await?;
        Ok(Page {
            items: page.clusters.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await
}

async fn described(caller: &Caller<'_>, names: &[String]) -> Result<(Vec<Cluster>, Vec<Fault>), Fault> {
    let mut answers = each(names.to_vec(), |name| async move {
        let call = caller.eks().describe_cluster().name(&name);
        let answer = caller
            .call(CLUSTER, call.send())
            .await
            .map_err(|fault| of_part(fault, &name))?;
        answer
            .cluster()
            .and_then(cluster_from_sdk)
            .map(one)
            .ok_or_else(|| incomplete(CLUSTER, &name))
    })
    .await;
    answers.retain(|answer| !is_gone(answer));
    some(answers)
}

fn incomplete(operation: Operation, name: &str) -> Fault {
    Fault::new(
        FaultKind::Other,
        operation.service,
        operation.name,
        format!("{name}: the answer is not complete"),
    )
}

async fn clusters(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let Paged { items: names, gap } = names(caller).await?;
    let (mut clusters, mut gaps) = described(caller, &names).await?;
    gaps.extend(gap);
    clusters.sort_by(|a, b| a.name.cmp(&b.name));
    let listed = each(names, |cluster| async move {
        let listed = nodegroup_names(caller, &cluster).await?;
        let pairs = listed.items.into_iter().map(|group| (cluster.clone(), group));
        Ok::<_, Fault>(Paged {
            items: pairs.collect::<Vec<_>>(),
            gap: listed.gap,
        })
    })
    .await;
    let (groups, more) = match some(listed) {
        Ok(listed) => listed,
        Err(fault) => (Vec::new(), vec![fault]),
    };
    gaps.extend(more);
    let mut answers = each(groups, |(cluster, group)| async move {
        nodegroup(caller, (&cluster, &group)).await.map(one)
    })
    .await;
    answers.retain(|answer| !is_gone(answer));
    let (mut nodegroups, more) = match some(answers) {
        Ok(found) => found,
        Err(fault) => (Vec::new(), vec![fault]),
    };
    gaps.extend(more);
    nodegroups.sort_by(|a, b| (&a.cluster, &a.name).cmp(&(&b.cluster, &b.name)));
    Ok(Reply {
        data: ReplyData::Kubernetes(Kubernetes { clusters, nodegroups }),
        gaps,
    })
}

async fn nodegroup_names(caller: &Caller<'_>, cluster: &str) -> Result<Paged<String>, Fault> {
    pages(|token| async move {
        let call = caller
            .eks()
            .list_nodegroups()
            .cluster_name(cluster)
            .set_next_token(token);
        let page = caller
            .call(LIST_NODEGROUPS, call.send())
            .await
            .map_err(|fault| of_part(fault, cluster))?;
        Ok(Page {
            items: page.nodegroups.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await
}

async fn nodegroup(caller: &Caller<'_>, (cluster, name): (&str, &str)) -> Result<Nodegroup, Fault> {
    let call = caller
        .eks()
        .describe_nodegroup()
        .cluster_name(cluster)
        .nodegroup_name(name);
    let answer = caller
        .call(NODEGROUP, call.send())
        .await
        .map_err(|fault| of_part(fault, name))?;
    answer
        .nodegroup()
        .and_then(nodegroup_from_sdk)
        .ok_or_else(|| incomplete(NODEGROUP, name))
}

fn tags(tags: Option<&HashMap<String, String>>) -> Vec<Tag> {
    let mut tags: Vec<Tag> = tags
        .into_iter()
        .flatten()
        .map(|(key, value)| tag(Some(key), Some(value)))
        .collect();
    tags.sort();
    tags
}

/// What is wrong, of whatever the SDK has a type of its own for: its code and message, and what it is about.
fn issue(code: Option<String>, message: Option<&str>, resources: &[String]) -> Issue {
    Issue {
        code: code.unwrap_or_default(),
        message: message.unwrap_or_default().to_owned(),
        resources: resources.to_vec(),
    }
}

fn cluster_from_sdk(cluster: &SdkCluster) -> Option<Cluster> {
    let issues = cluster.health().map(ClusterHealth::issues).unwrap_or_default();
    Some(Cluster {
        arn: cluster.arn()?.to_owned(),
        name: cluster.name()?.to_owned(),
        version: cluster.version()?.to_owned(),
        status: cluster.status()?.as_str().to_owned(),
        platform: text(cluster.platform_version()),
        support: cluster
            .upgrade_policy()
            .and_then(UpgradePolicyResponse::support_type)
            .map(|support| support.as_str().to_owned()),
        auto_mode: cluster
            .compute_config()
            .and_then(ComputeConfigResponse::enabled)
            .unwrap_or(false),
        created_at: timestamp_of(cluster.created_at()),
        issues: issues
            .iter()
            .map(|one| {
                let code = one.code().map(|code| code.as_str().to_owned());
                issue(code, one.message(), one.resource_ids())
            })
            .collect(),
        tags: tags(cluster.tags()),
    })
}

fn nodegroup_from_sdk(group: &SdkNodegroup) -> Option<Nodegroup> {
    let scaling = group.scaling_config()?;
    let issues = group.health().map(NodegroupHealth::issues).unwrap_or_default();
    let behind = group
        .resources()
        .map(NodegroupResources::auto_scaling_groups)
        .unwrap_or_default();
    Some(Nodegroup {
        arn: group.nodegroup_arn()?.to_owned(),
        name: group.nodegroup_name()?.to_owned(),
        cluster: group.cluster_name()?.to_owned(),
        status: group.status()?.as_str().to_owned(),
        version: text(group.version()),
        release: text(group.release_version()),
        ami: group.ami_type().map(|ami| ami.as_str().to_owned()),
        instance_types: group.instance_types().to_vec(),
        capacity: group.capacity_type().map(|kind| kind.as_str().to_owned()),
        min: scaling.min_size().map(count)?,
        max: scaling.max_size().map(count)?,
        desired: scaling.desired_size().map(count)?,
        groups: behind
            .iter()
            .filter_map(|one| one.name().map(str::to_owned))
            .collect(),
        issues: issues
            .iter()
            .map(|one| {
                let code = one.code().map(|code| code.as_str().to_owned());
                issue(code, one.message(), one.resource_ids())
            })
            .collect(),
        tags: tags(group.tags()),
    })
}

async fn upgrades(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let Paged { items: names, gap } = names(caller).await?;
    let mut gaps: Vec<Fault> = gap.into_iter().collect();
    let (clusters, more) = described(caller, &names).await?;
    gaps.extend(more);
    let mut versions: Vec<String> = clusters.iter().map(|cluster| cluster.version.clone()).collect();
    versions.sort_unstable();
    versions.dedup();
    let mut upgrades = Upgrades::default();
    match support(caller, &versions).await {
        Ok(support) => upgrades.versions = support,
        // Endpoints that cannot say it leave it to the table.
        Err(fault) if fault.kind == FaultKind::Unsupported => {}
        Err(fault) => gaps.push(fault),
    }
    let answers = each(clusters.clone(), |cluster| async move {
        insights(caller, &cluster.name).await
    })
    .await;
    upgrades.insights = taken(answers, &mut gaps);
    let answers = each(clusters, |cluster| async move { addons(caller, &cluster).await }).await;
    upgrades.addons = taken(answers, &mut gaps);
    upgrades
        .insights
        .sort_by(|a, b| (&a.cluster, &a.name).cmp(&(&b.cluster, &b.name)));
    upgrades
        .addons
        .sort_by(|a, b| (&a.cluster, &a.name).cmp(&(&b.cluster, &b.name)));
    Ok(Reply {
        data: ReplyData::ClusterUpgrades(upgrades),
        gaps,
    })
}

/// What was read; what was not is among the gaps.
fn taken<T>(answers: Vec<Result<Paged<T>, Fault>>, gaps: &mut Vec<Fault>) -> Vec<T> {
    let (items, more) = crate::cloud::aws::caller::gather(answers);
    gaps.extend(more);
    items
}

async fn support(caller: &Caller<'_>, versions: &[String]) -> Result<Vec<Support>, Fault> {
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    let listed = pages(|token| async move {
        let call = caller
            .eks()
            .describe_cluster_versions()
            .set_cluster_versions(Some(versions.to_vec()))
            .set_next_token(token);
        let page = caller.call(VERSIONS, call.send()).await?;
        Ok(Page {
            items: page
                .cluster_versions()
                .iter()
                .filter_map(support_from_sdk)
                .collect(),
            next: page.next_token,
        })
    })
    .await?;
    Ok(listed.items)
}

fn support_from_sdk(version: &ClusterVersionInformation) -> Option<Support> {
    let day = |time: Option<&aws_smithy_types::DateTime>| -> Option<Date> {
        Some(timestamp(time?)?.to_zoned(TimeZone::UTC).date())
    };
    Some(Support {
        version: Minor::parse(version.cluster_version()?)?,
        standard_until: day(version.end_of_standard_support_date())?,
        extended_until: day(version.end_of_extended_support_date())?,
    })
}

async fn insights(caller: &Caller<'_>, cluster: &str) -> Result<Paged<Insight>, Fault> {
    pages(|token| async move {
        let call = caller
            .eks()
            .list_insights()
            .cluster_name(cluster)
            .set_next_token(token);
        let page = caller
            .call(INSIGHTS, call.send())
            .await
            .map_err(|fault| of_part(fault, cluster))?;
        Ok(Page {
            items: page
                .insights()
                .iter()
                .filter_map(|insight| insight_from_sdk(cluster, insight))
                .collect(),
            next: page.next_token,
        })
    })
    .await
}

fn insight_from_sdk(cluster: &str, insight: &InsightSummary) -> Option<Insight> {
    let status = insight.insight_status();
    Some(Insight {
        cluster: cluster.to_owned(),
        id: insight.id()?.to_owned(),
        name: insight.name()?.to_owned(),
        category: insight.category().map(|category| category.as_str().to_owned()),
        version: text(insight.kubernetes_version()),
        status: status
            .and_then(InsightStatus::status)
            .map_or_else(|| "UNKNOWN".to_owned(), |status| status.as_str().to_owned()),
        reason: text(status.and_then(InsightStatus::reason)),
        refreshed_at: timestamp_of(insight.last_refresh_time()),
    })
}

async fn addons(caller: &Caller<'_>, cluster: &Cluster) -> Result<Paged<Addon>, Fault> {
    let name = cluster.name.as_str();
    let listed = pages(|token| async move {
        let call = caller
            .eks()
            .list_addons()
            .cluster_name(name)
            .set_next_token(token);
        let page = caller
            .call(LIST_ADDONS, call.send())
            .await
            .map_err(|fault| of_part(fault, name))?;
        Ok(Page {
            items: page.addons.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await?;
    let mut answers = each(listed.items, |addon| async move {
        self::addon(caller, cluster, &addon).await
    })
    .await;
    answers.retain(|answer| !is_gone(answer));
    let mut gaps = Vec::new();
    let items = taken(answers, &mut gaps);
    Ok(Paged {
        items,
        gap: listed.gap.or(gaps.into_iter().next()),
    })
}

async fn addon(caller: &Caller<'_>, cluster: &Cluster, name: &str) -> Result<Paged<Addon>, Fault> {
    let call = caller
        .eks()
        .describe_addon()
        .cluster_name(&cluster.name)
        .addon_name(name);
    let answer = caller
        .call(ADDON, call.send())
        .await
        .map_err(|fault| of_part(fault, name))?;
    let mut addon = answer
        .addon()
        .and_then(addon_from_sdk)
        .ok_or_else(|| incomplete(ADDON, name))?;
    let call = caller
        .eks()
        .describe_addon_versions()
        .addon_name(name)
        .kubernetes_version(&cluster.version);
    let gap = match caller.call(ADDON_VERSIONS, call.send()).await {
        Ok(answer) => {
            let versions = answer.addons().iter().flat_map(AddonInfo::addon_versions);
            addon.default_version = versions
                .filter(|version| {
                    version
                        .compatibilities()
                        .iter()
                        .any(Compatibility::default_version)
                })
                .find_map(|version| text(version.addon_version()));
            None
        }
        Err(fault) => Some(of_part(fault, name)),
    };
    Ok(Paged {
        items: vec![addon],
        gap,
    })
}

fn addon_from_sdk(addon: &SdkAddon) -> Option<Addon> {
    let issues = addon.health().map(AddonHealth::issues).unwrap_or_default();
    Some(Addon {
        cluster: addon.cluster_name()?.to_owned(),
        name: addon.addon_name()?.to_owned(),
        version: text(addon.addon_version()),
        default_version: None,
        status: addon.status()?.as_str().to_owned(),
        issues: issues
            .iter()
            .map(|one| {
                let code = one.code().map(|code| code.as_str().to_owned());
                issue(code, one.message(), one.resource_ids())
            })
            .collect(),
    })
}

async fn update(caller: &Caller<'_>, (cluster, nodegroup): (&str, &str), id: &str) -> Result<Reply, Fault> {
    let call = caller
        .eks()
        .describe_update()
        .name(cluster)
        .nodegroup_name(nodegroup)
        .update_id(id);
    let update = match caller.call(UPDATE, call.send()).await {
        Ok(answer) => answer.update.map(|update| Update {
            id: id.to_owned(),
            status: update
                .status()
                .map_or_else(|| "InProgress".to_owned(), |status| status.as_str().to_owned()),
            errors: update
                .errors()
                .iter()
                .map(|error| {
                    let code = error.error_code().map(ErrorCode::as_str).unwrap_or_default();
                    format!("{code}: {}", error.error_message().unwrap_or_default())
                })
                .collect(),
        }),
        // An endpoint without the operation knows no update either: the node group itself is judged.
        Err(fault) if matches!(fault.kind, FaultKind::NotFound | FaultKind::Unsupported) => None,
        Err(fault) => return Err(fault),
    };
    Ok(Reply::whole(ReplyData::NodegroupUpdate(update)))
}

#[cfg(test)]
mod tests {
    use aws_sdk_eks::types::{
        AutoScalingGroup, CapacityTypes, ClusterStatus, InsightStatusValue, NodegroupIssueCode,
        NodegroupScalingConfig, NodegroupStatus,
    };
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(
            Read::Clusters.operations(),
            [LIST_CLUSTERS, CLUSTER, LIST_NODEGROUPS, NODEGROUP]
        );
        assert_eq!(
            Read::Upgrades.operations(),
            [
                LIST_CLUSTERS,
                CLUSTER,
                LIST_ADDONS,
                ADDON,
                ADDON_VERSIONS,
                INSIGHTS,
                VERSIONS
            ]
        );
        let none = String::new;
        let update = Read::Update {
            cluster: none(),
            nodegroup: none(),
            id: none(),
        };
        assert_eq!(update.operations(), [UPDATE]);
    }

    #[test]
    fn a_node_group_says_its_sizes_what_is_behind_it_and_what_is_wrong() {
        let issue = aws_sdk_eks::types::Issue::builder()
            .code(NodegroupIssueCode::AsgInstanceLaunchFailures)
            .message("Could not launch")
            .resource_ids("app-asg")
            .build();
        let sdk = SdkNodegroup::builder()
            .nodegroup_arn("arn:aws:eks:us-east-1:1:nodegroup/main/app/1f")
            .nodegroup_name("app")
            .cluster_name("main")
            .status(NodegroupStatus::Degraded)
            .version("1.34")
            .capacity_type(CapacityTypes::Spot)
            .scaling_config(
                NodegroupScalingConfig::builder()
                    .min_size(1)
                    .max_size(4)
                    .desired_size(2)
                    .build(),
            )
            .resources(
                NodegroupResources::builder()
                    .auto_scaling_groups(AutoScalingGroup::builder().name("app-asg").build())
                    .build(),
            )
            .health(NodegroupHealth::builder().issues(issue).build())
            .build();
        let group = nodegroup_from_sdk(&sdk).unwrap();
        assert_eq!((group.min, group.max, group.desired), (1, 4, 2));
        assert_eq!(group.groups, ["app-asg"]);
        assert_eq!(group.capacity.as_deref(), Some("SPOT"));
        assert_eq!(group.issues[0].code, "AsgInstanceLaunchFailures");
        // A size that is missing is not zero.
        let without = SdkNodegroup::builder().nodegroup_name("app").build();
        assert_eq!(nodegroup_from_sdk(&without), None);
    }

    #[test]
    fn clusters_insights_and_versions_are_taken_over() {
        let cluster = SdkCluster::builder()
            .arn("arn:aws:eks:us-east-1:1:cluster/main")
            .name("main")
            .version("1.34")
            .status(ClusterStatus::Active)
            .tags("env", "prod")
            .build();
        let cluster = cluster_from_sdk(&cluster).unwrap();
        assert_eq!((cluster.status.as_str(), cluster.auto_mode), ("ACTIVE", false));
        let status = InsightStatus::builder()
            .status(InsightStatusValue::Error)
            .reason("usage was found")
            .build();
        let insight = InsightSummary::builder()
            .id("1")
            .name("Deprecated APIs")
            .insight_status(status)
            .build();
        assert_eq!(insight_from_sdk("main", &insight).unwrap().status, "ERROR");
        let known = ClusterVersionInformation::builder()
            .cluster_version("1.34")
            .end_of_standard_support_date(aws_smithy_types::DateTime::from_secs(1_796_169_600))
            .end_of_extended_support_date(aws_smithy_types::DateTime::from_secs(1_827_705_600))
            .build();
        let support = support_from_sdk(&known).unwrap();
        assert_eq!(support.standard_until.to_string(), "2026-12-02");
        assert_eq!(support.version, Minor(1, 34));
    }
}

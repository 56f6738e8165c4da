//! Reads of EC2 Auto Scaling: groups with schedules and warm pools, and what they did.

mod convert;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::types::AutoScalingGroup;
use futures_util::future::join3;
use jiff::Timestamp;

use super::listing::of_part;
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::text;
use crate::cloud::aws::memory::{Recalled, TemplateVersion};
use crate::domain::asg::{GroupInstance, InstanceRefresh, ScheduledAction};
use crate::domain::fault::Fault;
use crate::domain::ops::autoscaling::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const GROUPS: Operation = Operation::new("autoscaling", "DescribeAutoScalingGroups");
const SCHEDULED: Operation = Operation::new("autoscaling", "DescribeScheduledActions");
const WARM_POOL: Operation = Operation::new("autoscaling", "DescribeWarmPool");
const ACTIVITIES: Operation = Operation::new("autoscaling", "DescribeScalingActivities");
const POLICIES: Operation = Operation::new("autoscaling", "DescribePolicies");
const REFRESHES: Operation = Operation::new("autoscaling", "DescribeInstanceRefreshes");
const TEMPLATES: Operation = Operation::new("ec2", "DescribeLaunchTemplateVersions");

/// The most that AWS puts on a page; unasked it is fifty.
const PAGE: i32 = 100;
/// The most instances of a warm pool on a page.
const POOL_PAGE: i32 = 50;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Groups => groups(caller).await,
        Read::Activities { since } => activities(caller, *since).await,
        Read::Policies => policies(caller).await,
        Read::InstanceRefreshes { group } => refreshes(caller, group).await,
    }
}

async fn groups(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let listed = pages(|token| async move {
        let call = caller
            .autoscaling()
            .describe_auto_scaling_groups()
            .max_records(PAGE)
            .set_next_token(token);
        let page = caller.call(GROUPS, call.send()).await?;
        Ok(Page {
            items: page.auto_scaling_groups.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await?;
    // Each of these three is a part of the groups: without it they are still worth showing.
    let (scheduled, (mut pools, pool_gaps), (templates, template_gaps)) = join3(
        scheduled_actions(caller),
        warm_pools(caller, &listed.items),
        template_types(caller, &listed.items),
    )
    .await;
    let mut gaps: Vec<Fault> = listed.gap.into_iter().collect();
    let mut actions = match scheduled {
        Ok((actions, gap)) => {
            gaps.extend(gap);
            actions
        }
        Err(fault) => {
            gaps.push(fault);
            BTreeMap::new()
        }
    };
    gaps.extend(pool_gaps);
    gaps.extend(template_gaps);
    let mut groups: Vec<_> = listed
        .items
        .iter()
        .filter_map(|group| {
            let name = group.auto_scaling_group_name()?;
            convert::group_from_sdk(
                group,
                convert::Parts {
                    scheduled_actions: actions.remove(name).unwrap_or_default(),
                    warm_instances: pools.remove(name).unwrap_or_default(),
                    template_type: convert::template(group)
                        .and_then(|version| templates.get(&version).cloned()),
                },
            )
        })
        .collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply {
        data: ReplyData::Groups(groups),
        gaps,
    })
}

/// The scaling policies of all groups, in one listing.
async fn policies(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let Paged { items, gap } = pages(|token| async move {
        let call = caller
            .autoscaling()
            .describe_policies()
            .max_records(PAGE)
            .set_next_token(token);
        let page = caller.call(POLICIES, call.send()).await?;
        Ok(Page {
            items: page.scaling_policies.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await?;
    let mut policies: Vec<_> = items.iter().filter_map(convert::policy_from_sdk).collect();
    policies.sort_by(|a, b| (&a.group, &a.name).cmp(&(&b.group, &b.name)));
    Ok(Reply {
        data: ReplyData::GroupPolicies(policies),
        gaps: gap.into_iter().collect(),
    })
}

type ByGroup<T> = BTreeMap<String, Vec<T>>;

/// The scheduled actions of all groups, in one listing.
async fn scheduled_actions(caller: &Caller<'_>) -> Result<(ByGroup<ScheduledAction>, Option<Fault>), Fault> {
    let Paged { items, gap } = pages(|token| async move {
        let call = caller
            .autoscaling()
            .describe_scheduled_actions()
            .max_records(PAGE)
            .set_next_token(token);
        let page = caller.call(SCHEDULED, call.send()).await?;
        Ok(Page {
            items: page.scheduled_update_group_actions.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await?;
    let mut actions: ByGroup<ScheduledAction> = BTreeMap::new();
    for item in &items {
        if let (Some(group), Some(action)) = (
            item.auto_scaling_group_name(),
            convert::scheduled_action_from_sdk(item),
        ) {
            actions.entry(group.to_owned()).or_default().push(action);
        }
    }
    for list in actions.values_mut() {
        list.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok((actions, gap))
}

/// The instances of warm pools, which no other listing shows, of the groups that have one.
async fn warm_pools(
    caller: &Caller<'_>,
    groups: &[AutoScalingGroup],
) -> (ByGroup<GroupInstance>, Vec<Fault>) {
    let with_pool: Vec<String> = groups
        .iter()
        .filter(|group| group.warm_pool_configuration().is_some())
        .filter_map(|group| text(group.auto_scaling_group_name()))
        .collect();
    let answers = each(with_pool, |group| warm_pool(caller, group)).await;
    let mut pools = ByGroup::new();
    let mut gaps = Vec::new();
    for answer in answers {
        match answer {
            Ok((group, pool)) => {
                pools.insert(group, pool.items);
                gaps.extend(pool.gap);
            }
            Err(fault) => gaps.push(fault),
        }
    }
    (pools, gaps)
}

async fn warm_pool(caller: &Caller<'_>, group: String) -> Result<(String, Paged<GroupInstance>), Fault> {
    let pool = pages(|token| {
        let call = caller
            .autoscaling()
            .describe_warm_pool()
            .auto_scaling_group_name(&group)
            .max_records(POOL_PAGE)
            .set_next_token(token);
        async move {
            let page = caller.call(WARM_POOL, call.send()).await?;
            Ok(Page {
                items: page
                    .instances()
                    .iter()
                    .filter_map(convert::instance_from_sdk)
                    .collect(),
                next: page.next_token,
            })
        }
    })
    .await
    .map_err(|fault| of_part(fault, &group))?;
    Ok((group, pool))
}

/// The instance types that launch templates name, of the groups that tell them in no other way: a
/// group that is scaled to nothing for the night is still a group of GPU hosts.
async fn template_types(
    caller: &Caller<'_>,
    groups: &[AutoScalingGroup],
) -> (BTreeMap<TemplateVersion, String>, Vec<Fault>) {
    let now = caller.host().now();
    let mut known = BTreeMap::new();
    let mut unknown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for version in groups.iter().filter_map(convert::template) {
        match caller.clients().templates().instance_type(&version, now) {
            Recalled::With(instance_type) => {
                known.insert(version, instance_type);
            }
            Recalled::Without => {}
            Recalled::Nothing => {
                unknown.entry(version.0).or_default().insert(version.1);
            }
        }
    }
    let answers = each(unknown, |(template, versions)| async move {
        template_versions(caller, &template, &versions)
            .await
            .map_err(|fault| of_part(fault, &template))
    })
    .await;
    let mut gaps = Vec::new();
    for answer in answers {
        match answer {
            Ok(versions) => {
                for (version, instance_type) in versions {
                    caller
                        .clients()
                        .templates()
                        .keep(version.clone(), instance_type.clone(), now);
                    known.extend(instance_type.map(|found| (version, found)));
                }
            }
            Err(fault) => gaps.push(fault),
        }
    }
    (known, gaps)
}

async fn template_versions(
    caller: &Caller<'_>,
    template: &str,
    versions: &BTreeSet<String>,
) -> Result<Vec<(TemplateVersion, Option<String>)>, Fault> {
    let call = caller
        .ec2()
        .describe_launch_template_versions()
        .set_versions(Some(versions.iter().cloned().collect()));
    let call = if template.starts_with("lt-") {
        call.launch_template_id(template)
    } else {
        call.launch_template_name(template)
    };
    let answer = caller.call(TEMPLATES, call.send()).await?;
    let found = answer.launch_template_versions();
    Ok(versions
        .iter()
        .map(|version| {
            let instance_type = convert::template_version(found, version)
                .and_then(|found| found.launch_template_data()?.instance_type())
                .map(|instance_type| instance_type.as_str().to_owned());
            ((template.to_owned(), version.clone()), instance_type)
        })
        .collect())
}

async fn activities(caller: &Caller<'_>, since: Timestamp) -> Result<Reply, Fault> {
    let listed = pages(|token| async move {
        let call = caller
            .autoscaling()
            .describe_scaling_activities()
            .max_records(PAGE)
            .set_next_token(token);
        let page = caller.call(ACTIVITIES, call.send()).await?;
        let items: Vec<_> = page
            .activities()
            .iter()
            .filter_map(convert::activity_from_sdk)
            .collect();
        // Those in progress come first, whenever they began; all others the newest first.
        let past = items
            .iter()
            .any(|activity| activity.ended_at.is_some() && activity.started_at < since);
        Ok(Page {
            items,
            next: page.next_token.filter(|_| !past),
        })
    })
    .await?;
    let mut activities = listed.items;
    activities.retain(|activity| activity.started_at >= since);
    activities.sort_by_key(|activity| std::cmp::Reverse(activity.started_at));
    Ok(Reply {
        data: ReplyData::Activities(activities),
        gaps: listed.gap.into_iter().collect(),
    })
}

async fn refreshes(caller: &Caller<'_>, group: &str) -> Result<Reply, Fault> {
    let listed = pages(|token| async move {
        let call = caller
            .autoscaling()
            .describe_instance_refreshes()
            .auto_scaling_group_name(group)
            .max_records(PAGE)
            .set_next_token(token);
        let page = caller.call(REFRESHES, call.send()).await?;
        Ok(Page {
            items: page
                .instance_refreshes()
                .iter()
                .filter_map(convert::refresh_from_sdk)
                .collect(),
            next: page.next_token,
        })
    })
    .await?;
    let mut refreshes: Vec<InstanceRefresh> = listed.items;
    refreshes.sort_by_key(|refresh| std::cmp::Reverse(refresh.started_at));
    Ok(Reply {
        data: ReplyData::InstanceRefreshes(refreshes),
        gaps: listed.gap.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(
            Read::Groups.operations(),
            [GROUPS, SCHEDULED, WARM_POOL, TEMPLATES]
        );
        let since = Timestamp::UNIX_EPOCH;
        assert_eq!(Read::Activities { since }.operations(), [ACTIVITIES]);
        let group = String::new();
        assert_eq!(Read::InstanceRefreshes { group }.operations(), [REFRESHES]);
    }
}

//! `eks.scale_nodegroup`: how many nodes a managed node group has.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::asg::{self, Sizes};
use crate::domain::asg::Group;
use crate::domain::ids::Kind;
use crate::domain::kubernetes::{Autoscaler, Nodegroup};
use crate::domain::ops::{Mutation, Query, autoscaling, ec2, eks};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Impact, Pace, Progress, Proposal, Refusal,
    Sight, Site, Stamp, Undo, View, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;
use crate::runbook::value::Value as LiveValue;

/// `eks.scale_nodegroup`.
pub struct ScaleNodegroup;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    nodegroup: String,
    desired: u32,
    min: Option<u32>,
    max: Option<u32>,
}

/// Which node group a change is about, whatever else the arguments say.
#[derive(Deserialize)]
struct Named {
    cluster: String,
    nodegroup: String,
}

fn sizes(group: &Nodegroup) -> Sizes {
    Sizes {
        min: group.min,
        max: group.max,
        desired: group.desired,
    }
}

/// The Auto Scaling groups behind a node group, as far as they were read.
fn behind<'v>(view: &'v View, group: &Nodegroup) -> Vec<&'v Group> {
    group
        .groups
        .iter()
        .filter_map(|name| view.group(name).ok().flatten())
        .collect()
}

/// What scales it by itself, as tags say.
fn autoscaler(view: &View, group: &Nodegroup) -> Option<Autoscaler> {
    let tags = behind(view, group).into_iter().flat_map(|one| &one.tags);
    Autoscaler::of_tags(group.tags.iter().chain(tags))
}

/// Nodes in service in the Auto Scaling groups behind a node group.
///
/// # Errors
/// What is not known of one of them, and why.
fn in_service(view: &View, group: &Nodegroup) -> Result<usize, String> {
    let mut ready = 0;
    for name in &group.groups {
        match view.group(name) {
            Err(unread) => return Err(format!("the Auto Scaling group {name}: {unread}")),
            Ok(None) => return Err(format!("no Auto Scaling group {name}, which EKS names, is there")),
            Ok(Some(one)) => ready += one.in_service(),
        }
    }
    Ok(ready)
}

fn cost(view: &View, group: &Nodegroup, delta: i64, site: &Site<'_>) -> CostDelta {
    match behind(view, group).as_slice() {
        [one] => asg::cost_of(one, delta, view, site),
        _ => CostDelta::Unknown("the node group has more than one Auto Scaling group".to_owned()),
    }
}

/// What to know of whoever else sets the count.
fn warnings(by: Option<Autoscaler>, group: &Nodegroup, before: Sizes, after: Sizes) -> Vec<String> {
    let mut warnings = Vec::new();
    match by {
        Some(by @ Autoscaler::ClusterAutoscaler) => warnings.push(format!(
            "{} scales {} by itself, as its tags say: it moves the count again between {} and {}, by the pods that \
             wait; min holds what is to stay",
            by.name(),
            group.name,
            after.min,
            after.max
        )),
        Some(by @ Autoscaler::Karpenter) => warnings.push(format!(
            "the tags name {}: it brings nodes of its own, which are in no node group and stay as they are",
            by.name()
        )),
        None => warnings.push(format!(
            "no tag says that something scales {} by itself; an autoscaler that was told of it by name would move \
             the count again",
            group.name
        )),
    }
    if after.desired < before.desired {
        warnings.push(
            "EKS drains the nodes that go and keeps to disruption budgets; pods that fit nowhere else wait"
                .to_owned(),
        );
    }
    warnings
}

impl Action for ScaleNodegroup {
    fn name(&self) -> &'static str {
        "eks.scale_nodegroup"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Sets how many nodes a managed node group of EKS has.\n\
                Bounds that are left out move along where the count lies outside of them. It has come about once \
                EKS calls its update successful and the instances are in service; that they have joined the \
                cluster and that pods fit is not seen from AWS. What the tags say about an autoscaler is in the \
                plan. Undo brings all three sizes back.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The cluster's name."),
                FieldSchema::required("nodegroup", Type::Text, "The node group's name."),
                FieldSchema::required("desired", Type::Int, "Nodes wanted."),
                FieldSchema::optional("min", Type::Int, "as it is, or desired", "The least nodes."),
                FieldSchema::optional("max", Type::Int, "as it is, or desired", "The most nodes."),
            ],
            outputs: vec![OutputSchema::new("desired", Type::Int, "Nodes wanted.")],
            live: vec![
                OutputSchema::new("desired", Type::Int, "Nodes wanted."),
                OutputSchema::new("in_service", Type::optional(Type::Int), "Nodes in service."),
            ],
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Nodegroup),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 15,
            timeout_s: 20 * 60,
            settle_s: 30,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<Named>(with)?;
        Ok(vec![
            Query::Eks(eks::Read::Clusters),
            Query::AutoScaling(autoscaling::Read::Groups),
            Query::Ec2(ec2::Read::Instances),
        ])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let group = view
            .nodegroup(&wanted.cluster, &wanted.nodegroup)?
            .ok_or_else(|| {
                Refusal::absent(format!(
                    "the cluster {} has no managed node group {}",
                    wanted.cluster, wanted.nodegroup
                ))
            })?;
        let before = sizes(group);
        let after = Sizes {
            min: wanted.min.unwrap_or_else(|| before.min.min(wanted.desired)),
            max: wanted.max.unwrap_or_else(|| before.max.max(wanted.desired)),
            desired: wanted.desired,
        };
        if !(after.min..=after.max).contains(&after.desired) {
            return Err(Refusal::state(format!(
                "desired {} is outside min {} and max {}",
                after.desired, after.min, after.max
            )));
        }
        if after.max == 0 {
            return Err(Refusal::state(
                "EKS takes no node group with a max of 0".to_owned(),
            ));
        }
        if !matches!(group.status.as_str(), "ACTIVE" | "UPDATING" | "DEGRADED") {
            return Err(Refusal::state(format!("{} is {}", group.name, group.status)));
        }
        if before == after {
            return Ok(Proposal::nothing());
        }
        let delta = i64::from(after.desired) - i64::from(before.desired);
        let count = u32::try_from(delta.unsigned_abs()).unwrap_or(u32::MAX);
        let mut proposal = Proposal::one(Change {
            summary: before.summary(after),
            before: before.fields(),
            after: after.fields(),
            risk: if delta < 0 {
                Risk::Disruptive
            } else {
                Risk::Reversible
            },
            cost: cost(view, group, delta, site),
            impact: Impact {
                instances_removed: if delta < 0 { count } else { 0 },
                instances_added: if delta > 0 { count } else { 0 },
                outage: (after.desired == 0).then(|| "no node of it is left for pods".to_owned()),
                ..Impact::default()
            },
            ..Change::draft(self, site.target(Kind::Nodegroup, &group.arn, &group.name), with)
        });
        proposal.warnings = warnings(autoscaler(view, group), group, before, after);
        if group.status == "DEGRADED" {
            let issue = group
                .issues
                .first()
                .map_or("EKS does not say why", |issue| &issue.code);
            proposal = proposal.warn(format!("{} is DEGRADED: {issue}", group.name));
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<Named>(&change.with) else {
            return Sight::Gone;
        };
        Sight::of(view.nodegroup(&with.cluster, &with.nodegroup), |group| {
            sizes(group).fields()
        })
    }

    /// EKS takes one update of a node group at a time.
    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        let with: Named = parse(&change.with).ok()?;
        let group = view.nodegroup(&with.cluster, &with.nodegroup).ok()??;
        (group.status == "UPDATING").then(|| format!("{} is being updated", group.name))
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: Named = parse(&change.with)?;
        let sizes = Sizes::read(&change.after)?;
        Ok(Mutation::Eks(eks::Write::ScaleNodegroup {
            cluster: with.cluster,
            nodegroup: with.nodegroup,
            min: sizes.min,
            max: sizes.max,
            desired: sizes.desired,
        }))
    }

    fn watch(&self, change: &Change, applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        let mut queries = self.reads(&change.with)?;
        queries.extend(update(change, applied)?.map(Query::Eks));
        Ok(queries)
    }

    fn progress(&self, change: &Change, applied: &Applied, view: &View) -> Progress {
        let (Ok(with), Ok(wanted)) = (parse::<Named>(&change.with), Sizes::read(&change.after)) else {
            return Progress::Failed("the change names no node group".to_owned());
        };
        if let Ok(Some(query)) = update(change, applied) {
            match view.nodegroup_update(&query) {
                Err(unread) => return Progress::Waiting(unread.to_string()),
                // The update may be listed a moment later; what counts is the group itself.
                Ok(None) => {}
                Ok(Some(update)) => match update.status.as_str() {
                    "Failed" | "Cancelled" => {
                        let why = update.errors.join("; ");
                        return Progress::Failed(format!("EKS's update is {}: {why}", update.status));
                    }
                    "Successful" => {}
                    status => return Progress::Waiting(format!("EKS's update is {status}")),
                },
            }
        }
        Progress::of(
            view.nodegroup(&with.cluster, &with.nodegroup),
            "the node group",
            |group| {
                let now = sizes(group);
                if (now.min, now.max) != (wanted.min, wanted.max) {
                    return Progress::Waiting("EKS does not show the bounds yet".to_owned());
                }
                if now.desired != wanted.desired {
                    return match autoscaler(view, group) {
                        // It has moved the count on already, which is what it is for.
                        Some(Autoscaler::ClusterAutoscaler) if group.status == "ACTIVE" => Progress::Done,
                        _ => Progress::Waiting(format!("the node group wants {}", now.desired)),
                    };
                }
                if group.status == "UPDATING" {
                    return Progress::Waiting("the node group is being updated".to_owned());
                }
                match in_service(view, group) {
                    Err(unknown) => Progress::Waiting(unknown),
                    Ok(ready) if ready == wanted.desired as usize => Progress::Done,
                    Ok(ready) => {
                        Progress::Waiting(format!("{ready} of {} nodes are in service", wanted.desired))
                    }
                }
            },
        )
    }

    fn live(&self, change: &Change, view: &View) -> BTreeMap<String, LiveValue> {
        let group = parse::<Named>(&change.with)
            .ok()
            .and_then(|with| view.nodegroup(&with.cluster, &with.nodegroup).ok().flatten());
        let ready = group.and_then(|group| in_service(view, group).ok());
        BTreeMap::from([
            (
                "desired".to_owned(),
                group.map(|group| i64::from(group.desired)).into(),
            ),
            (
                "in_service".to_owned(),
                ready.and_then(|ready| i64::try_from(ready).ok()).into(),
            ),
        ])
    }

    fn invert(&self, change: &Change) -> Undo {
        match (Sizes::read(&change.before), Sizes::read(&change.after)) {
            (Ok(before), Ok(after)) => {
                let mut back = change.swapped(after.summary(before));
                back.with.insert("desired".to_owned(), json!(before.desired));
                back.with.insert("min".to_owned(), json!(before.min));
                back.with.insert("max".to_owned(), json!(before.max));
                back.impact.outage = None;
                Undo::By(vec![back])
            }
            _ => Undo::Impossible("the sizes before are not known".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        let (Ok(with), Ok(to)) = (parse::<Named>(&change.with), Sizes::read(&change.after)) else {
            return;
        };
        let Some(group) = view.nodegroup_mut(&with.cluster, &with.nodegroup) else {
            return;
        };
        (group.min, group.max, group.desired) = (to.min, to.max, to.desired);
        "ACTIVE".clone_into(&mut group.status);
        let behind = group.groups.clone();
        // The one group behind it gets the sizes; of several nobody knows how EKS divides them.
        if let [one] = behind.as_slice()
            && let Some(group) = view.group_mut(one)
        {
            asg::resize(group, (to.min, to.max, to.desired));
        }
    }
}

/// The question for the update that a change began, where AWS named it.
fn update(change: &Change, applied: &Applied) -> Result<Option<eks::Read>, BadArguments> {
    let with: Named = parse(&change.with)?;
    Ok(applied.receipt.created.clone().map(|id| eks::Read::Update {
        cluster: with.cluster,
        nodegroup: with.nodegroup,
        id,
    }))
}

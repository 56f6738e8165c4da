//! `asg.set_capacity`: the three sizes of a group, in one call.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Sizes, cost, group, sight, target};
use crate::domain::asg::{Group, GroupInstance};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, autoscaling, ec2};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;
use crate::runbook::value::Value as LiveValue;

/// `asg.set_capacity`.
pub struct SetCapacity;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    group: String,
    min: Option<u32>,
    max: Option<u32>,
    desired: Option<u32>,
}

impl Action for SetCapacity {
    fn name(&self) -> &'static str {
        "asg.set_capacity"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Sets the minimum, maximum and desired capacity of an Auto Scaling group in one call.\n\
                A size that is left out stays as it is; a desired capacity outside the bounds is refused. \
                Which instances go is the group's termination policy, not idleness. Suspended Launch or \
                Terminate, which would keep the change from coming about, are refused. Undo brings all \
                three sizes back.",
            fields: vec![
                FieldSchema::required("group", Type::Text, "The group."),
                FieldSchema::optional("min", Type::Int, "as it is", "The least capacity."),
                FieldSchema::optional("max", Type::Int, "as it is", "The most capacity."),
                FieldSchema::optional(
                    "desired",
                    Type::Int,
                    "as it is",
                    "The capacity wanted, in capacity units.",
                ),
            ],
            outputs: vec![
                OutputSchema::new("min", Type::Int, "The least capacity."),
                OutputSchema::new("max", Type::Int, "The most capacity."),
                OutputSchema::new("desired", Type::Int, "The capacity wanted."),
            ],
            live: vec![
                OutputSchema::new("desired", Type::Int, "The capacity wanted."),
                OutputSchema::new("in_service", Type::Int, "Instances in service."),
            ],
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Asg),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 15,
            timeout_s: 20 * 60,
            settle_s: 20,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![
            Query::AutoScaling(autoscaling::Read::Groups),
            Query::Ec2(ec2::Read::Instances),
        ])
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let Ok(with) = parse::<With>(with) else {
            return Vec::new();
        };
        let mut queries = cost::spot_query_of(&with.group, view);
        // Who may not read them is told less, and not refused.
        queries.push(Query::AutoScaling(autoscaling::Read::Policies));
        queries
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let group = group(view, &wanted.group)?;
        let before = Sizes::of(group);
        let (min, max) = (wanted.min.unwrap_or(before.min), wanted.max.unwrap_or(before.max));
        if min > max {
            return Err(Refusal::state(format!("min {min} is more than max {max}")));
        }
        // Bounds that no longer hold the capacity drag it along; the plan says so rather than AWS.
        let desired = wanted.desired.unwrap_or_else(|| before.desired.clamp(min, max));
        if !(min..=max).contains(&desired) {
            return Err(Refusal::state(format!(
                "desired {desired} is outside min {min} and max {max}: set the bounds in the same step"
            )));
        }
        let after = Sizes { min, max, desired };
        if before == after {
            return Ok(Proposal::nothing());
        }
        let suspended = |process: &str| group.suspended.iter().any(|known| known.name == process);
        let delta = i64::from(desired) - i64::from(before.desired);
        if delta < 0 && suspended("Terminate") {
            return Err(Refusal::state(format!(
                "Terminate is suspended on {}: no instance would end",
                group.name
            )));
        }
        if delta > 0 && suspended("Launch") {
            return Err(Refusal::state(format!(
                "Launch is suspended on {}: no instance would start",
                group.name
            )));
        }
        let units = if group.weighted {
            0
        } else {
            u32::try_from(delta.unsigned_abs()).unwrap_or(u32::MAX)
        };
        let change = Change {
            summary: before.summary(after),
            before: before.fields(),
            after: after.fields(),
            risk: if delta < 0 {
                Risk::Disruptive
            } else {
                Risk::Reversible
            },
            cost: cost::of(group, delta, view, site),
            impact: Impact {
                instances_removed: if delta < 0 { units } else { 0 },
                instances_added: if delta > 0 { units } else { 0 },
                dependents: group
                    .target_groups
                    .iter()
                    .map(|arn| format!("target group {}", target_group_name(arn)))
                    .collect(),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, group), with)
        };
        let mut proposal = Proposal::one(change);
        proposal.warnings = warnings(group, before, after);
        proposal
            .warnings
            .extend(moved_again(group, (before, after), view));
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        sight(view, &change.target.id, |group| Sizes::of(group).fields())
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let sizes = Sizes::read(&change.after)?;
        Ok(Mutation::AutoScaling(autoscaling::Write::UpdateGroup {
            group: change.target.name.clone(),
            min: Some(sizes.min),
            max: Some(sizes.max),
            desired: Some(sizes.desired),
        }))
    }

    fn watch(&self, change: &Change, applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        let mut queries = self.reads(&change.with)?;
        queries.push(Query::AutoScaling(autoscaling::Read::Activities {
            since: applied.at,
        }));
        Ok(queries)
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        Progress::of(view.group(&change.target.name), "the group", |group| {
            let Ok(wanted) = Sizes::read(&change.after) else {
                return Progress::Failed("the change has no sizes".to_owned());
            };
            let live = Sizes::of(group);
            if live != wanted {
                // Reads lag writes; somebody else's change shows as the wait running out, or at verify.
                return Progress::Waiting(format!("the group says {}", wanted.summary(live)));
            }
            let in_service = group.in_service();
            let moving = group.instances.len() - in_service;
            let there = if group.weighted {
                moving == 0 && (in_service > 0) == (wanted.desired > 0)
            } else {
                in_service == wanted.desired as usize && moving == 0
            };
            if there {
                return Progress::Done;
            }
            let mut detail = format!("{in_service} of {} in service", wanted.desired);
            if moving > 0 {
                detail.push_str(&format!(", {moving} on the move and billing"));
            }
            let failed = view
                .activities()
                .ok()
                .and_then(|activities| {
                    activities
                        .iter()
                        .find(|activity| activity.group == group.name && activity.is_failed_launch())
                })
                .and_then(|activity| activity.message.clone());
            if let Some(message) = failed {
                detail.push_str(&format!("; a launch failed: {message}"));
            }
            Progress::Waiting(detail)
        })
    }

    fn live(&self, change: &Change, view: &View) -> BTreeMap<String, LiveValue> {
        let group = view.group(&change.target.name).ok().flatten();
        let count = |count: Option<usize>| count.and_then(|count| i64::try_from(count).ok()).into();
        BTreeMap::from([
            (
                "desired".to_owned(),
                count(group.map(|group| group.desired as usize)),
            ),
            ("in_service".to_owned(), count(group.map(Group::in_service))),
        ])
    }

    fn invert(&self, change: &Change) -> Undo {
        match (Sizes::read(&change.after), Sizes::read(&change.before)) {
            (Ok(from), Ok(to)) => Undo::By(vec![change.swapped(from.summary(to))]),
            _ => Undo::Impossible("the sizes before are not known".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        let (Ok(sizes), Some(group)) = (Sizes::read(&change.after), view.group_mut(&change.target.name))
        else {
            return;
        };
        resize(group, (sizes.min, sizes.max, sizes.desired));
    }
}

/// A group as it will be with these least, greatest and wanted capacities.
pub(in crate::runbook::actions) fn resize(group: &mut Group, (min, max, desired): (u32, u32, u32)) {
    group.min = min;
    group.max = max;
    group.desired = desired;
    if group.weighted {
        return;
    }
    // Scale-in spares what is protected.
    while group.instances.len() > desired as usize {
        match group.instances.iter().rposition(|member| !member.protected) {
            Some(last) => drop(group.instances.remove(last)),
            None => break,
        }
    }
    let template = group.instance_types.first().cloned();
    for number in group.instances.len()..desired as usize {
        group.instances.push(GroupInstance {
            id: format!("i-planned-{number}"),
            instance_type: template.clone(),
            zone: String::new(),
            lifecycle: "InService".to_owned(),
            healthy: true,
            protected: false,
        });
    }
}

/// What may keep the change from lasting, or makes it cost more than it seems.
/// Scaling policies that may move the capacity again, within its bounds.
fn moved_again(group: &Group, (before, after): (Sizes, Sizes), view: &View) -> Vec<String> {
    let name = &group.name;
    let is_held = |process: &str| group.suspended.iter().any(|known| known.name == process);
    let shrinks = after.desired < before.desired;
    let has_room = if shrinks {
        after.max > after.desired
    } else {
        after.desired > after.min
    };
    if is_held("AlarmNotification") || !has_room || after.desired == before.desired {
        return Vec::new();
    }
    let Ok(policies) = view.group_policies() else {
        // They were not read: one is taken for granted where it would matter most.
        return shrinks
            .then(|| {
                format!(
                    "{name}: max stays {}, so a scaling policy may raise the capacity again",
                    after.max
                )
            })
            .into_iter()
            .collect();
    };
    policies
        .iter()
        .filter(|policy| policy.group == group.name && policy.enabled)
        .filter(|policy| shrinks || policy.may_shrink())
        .map(|policy| {
            let (verb, bound, to) = if shrinks {
                ("raise", "max", after.max)
            } else {
                ("lower", "min", after.min)
            };
            format!(
                "{name}: the policy {} ({}) may {verb} the capacity again: {bound} stays {to}",
                policy.name,
                policy.in_words()
            )
        })
        .collect()
}

fn warnings(group: &Group, before: Sizes, after: Sizes) -> Vec<String> {
    let name = &group.name;
    let mut warnings = Vec::new();
    let suspended = |process: &str| group.suspended.iter().any(|known| known.name == process);
    if !suspended("ScheduledActions") {
        for action in &group.scheduled_actions {
            warnings.push(format!(
                "{name}: the scheduled action {} will change the capacity again",
                action.name
            ));
        }
    }
    if after.desired < before.desired {
        let protected = group
            .instances
            .iter()
            .filter(|instance| instance.protected)
            .count();
        if protected > after.desired as usize {
            warnings.push(format!(
                "{name}: {protected} instances are protected from scale-in and will stay"
            ));
        }
        if let Some(pool) = &group.warm_pool
            && pool.max_prepared.is_none()
            && after.max > after.desired
        {
            warnings.push(format!(
                "{name}: the warm pool fills up to max, so AWS will start {} more instances in it",
                before.desired - after.desired
            ));
        }
    }
    warnings
}

fn target_group_name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}

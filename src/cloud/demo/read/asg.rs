//! Auto Scaling groups and their activities.

use super::super::plan::fleet::{Policy, Purchase};
use super::super::plan::tags;
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::group::{Group as State, Lifecycle, Member};
use super::super::sim::policy::zone;
use super::super::time::{Ms, stamp};
use crate::domain::asg::{
    Activity, Desired, Group, GroupInstance, GroupPolicy, InstanceRefresh, LaunchTemplate, Mix, PolicyForm,
    ScheduledAction, SuspendedProcess, WarmPool,
};

/// All groups.
pub fn groups(sim: &Sim) -> Vec<Group> {
    let mut groups: Vec<Group> = (0..sim.groups.len()).map(|index| group(sim, index)).collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    groups
}

/// What all groups did since then, newest first.
pub fn activities(sim: &Sim, since: Ms) -> Vec<Activity> {
    let mut activities: Vec<Activity> = sim
        .plan
        .groups
        .iter()
        .zip(&sim.groups)
        .flat_map(|(plan, state)| {
            state
                .activities
                .iter()
                .filter(move |activity| activity.started >= since)
                .map(|activity| Activity {
                    id: signal::uuid(&sim.key(&plan.name, activity.number)),
                    group: plan.name.clone(),
                    status: activity.status.to_owned(),
                    description: activity.description.clone(),
                    cause: activity.cause.trim_end().to_owned(),
                    message: activity.message.clone(),
                    started_at: stamp(activity.started),
                    ended_at: activity.ended.map(stamp),
                })
        })
        .collect();
    activities.sort_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
    activities
}

/// The scaling policies of all groups, by group and name.
pub fn policies(sim: &Sim) -> Vec<GroupPolicy> {
    let mut policies: Vec<GroupPolicy> = sim
        .plan
        .groups
        .iter()
        .filter_map(|plan| {
            let (name, metric, target, only_out) = match plan.policy.as_ref()? {
                Policy::Cpu { name, target } => (name, "ASGAverageCPUUtilization", *target, false),
                Policy::Queue {
                    name,
                    target,
                    only_out,
                    ..
                } => (name, "ApproximateNumberOfMessagesVisible", *target, *only_out),
            };
            Some(GroupPolicy {
                group: plan.name.clone(),
                name: name.clone(),
                form: PolicyForm::TargetTracking {
                    metric: Some(metric.to_owned()),
                    target,
                    only_out,
                },
                alarms: ["AlarmHigh", "AlarmLow"]
                    .map(|alarm| format!("TargetTracking-{}-{alarm}", plan.name))
                    .into(),
                enabled: true,
            })
        })
        .collect();
    policies.sort_by(|a, b| (&a.group, &a.name).cmp(&(&b.group, &b.name)));
    policies
}

/// A version of the launch template of a group.
pub fn template(sim: &Sim, index: usize, version: u32) -> LaunchTemplate {
    let name = &sim.plan.groups[index].name;
    LaunchTemplate {
        id: format!("lt-0{}", signal::hex(&sim.key(name, 11), 16)),
        version: version.to_string(),
    }
}

/// The instance refreshes of a group, newest first.
pub fn refreshes(sim: &Sim, name: &str) -> Vec<InstanceRefresh> {
    let Some(index) = sim.find_group(name) else {
        return Vec::new();
    };
    sim.groups[index]
        .refreshes
        .iter()
        .rev()
        .map(|refresh| InstanceRefresh {
            id: refresh.id.clone(),
            group: name.to_owned(),
            status: refresh.state.word().to_owned(),
            reason: refresh.reason.clone(),
            started_at: Some(stamp(refresh.started)),
            ended_at: refresh.ended.map(stamp),
            percent: Some(refresh.percent()),
            left: Some(refresh.left),
            desired: refresh
                .to
                .map(|version| Desired::Template(template(sim, index, version))),
        })
        .collect()
}

fn group(sim: &Sim, index: usize) -> Group {
    let plan = &sim.plan.groups[index];
    let state = &sim.groups[index];
    let id = signal::uuid(&sim.key(&plan.name, 0));
    Group {
        arn: sim.plan.arn(
            "autoscaling",
            &format!("autoScalingGroup:{id}:autoScalingGroupName/{}", plan.name),
        ),
        name: plan.name.clone(),
        min: state.min,
        max: state.max,
        desired: state.desired,
        weighted: false,
        instances: members(sim, state, |lifecycle| lifecycle != Lifecycle::Warmed),
        suspended: state
            .suspended
            .iter()
            .map(|(name, reason)| SuspendedProcess {
                name: name.clone(),
                reason: reason.clone(),
            })
            .collect(),
        scheduled_actions: scheduled(sim, state),
        warm_pool: state.warm_pool.as_ref().map(|pool| WarmPool {
            state: pool.state.clone(),
            min: pool.min,
            max_prepared: pool.max_prepared,
            reuse_on_scale_in: pool.reuse_on_scale_in,
            instances: members(sim, state, |lifecycle| lifecycle == Lifecycle::Warmed),
        }),
        instance_types: plan.types.clone(),
        launch_template: Some(template(sim, index, state.template)),
        mix: match plan.purchase {
            Purchase::OnDemand => None,
            Purchase::Spot { on_demand_base } => Some(Mix {
                on_demand_base,
                on_demand_percent: Some(0),
            }),
        },
        target_groups: plan
            .behind
            .iter()
            .filter_map(|name| sim.targets.get(name))
            .map(|group| group.arn.clone())
            .collect(),
        created_at: Some(stamp(state.created)),
        tags: tags(&state.tags),
    }
}

fn scheduled(sim: &Sim, state: &State) -> Vec<ScheduledAction> {
    let mut actions: Vec<ScheduledAction> = state
        .schedule
        .iter()
        .map(|action| ScheduledAction {
            name: action.name.clone(),
            recurrence: action.recurrence.as_ref().map(|(text, _)| text.clone()),
            time_zone: action.zone.clone(),
            start: match &action.recurrence {
                Some((_, cron)) => cron.next(stamp(sim.now), &zone(action.zone.as_deref())),
                None => action.start.map(stamp),
            },
            min: action.min,
            max: action.max,
            desired: action.desired,
        })
        .collect();
    actions.sort_by(|a, b| a.name.cmp(&b.name));
    actions
}

fn members(sim: &Sim, state: &State, holds: impl Fn(Lifecycle) -> bool) -> Vec<GroupInstance> {
    let mut members: Vec<GroupInstance> = state
        .members
        .iter()
        .filter(|member| holds(member.lifecycle))
        .filter_map(|member| {
            let instance = sim.instances.get(&member.id)?;
            Some(GroupInstance {
                id: member.id.clone(),
                instance_type: Some(instance.kind.clone()),
                zone: instance.zone.clone(),
                lifecycle: word(state, member).to_owned(),
                healthy: member.healthy,
                protected: member.protected,
            })
        })
        .collect();
    members.sort_by(|a, b| a.id.cmp(&b.id));
    members
}

fn word(state: &State, member: &Member) -> &'static str {
    match member.lifecycle {
        Lifecycle::Pending => "Pending",
        Lifecycle::InService => "InService",
        Lifecycle::Terminating => "Terminating",
        Lifecycle::Warmed => match state.warm_pool.as_ref().map(|pool| pool.state.as_str()) {
            Some("Running") => "Warmed:Running",
            Some("Hibernated") => "Warmed:Hibernated",
            _ => "Warmed:Stopped",
        },
    }
}

//! Changes of Auto Scaling groups.
//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html>

use super::super::read::asg::template;
use super::super::sim::cron::Cron;
use super::super::sim::group::{Action, Lifecycle};
use super::super::sim::refresh::{Refresh, State as Refreshing, VERSIONS};
use super::super::sim::{Sim, Timer};
use super::super::time::{iso, ms};
use super::{Refusal, check_tags, record};
use crate::domain::asg::{RefreshSettings, ScheduledAction};
use crate::domain::fault::Fault;
use crate::domain::ops::autoscaling::Write;

/// The processes that can be suspended.
const PROCESSES: [&str; 9] = [
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
];

pub fn apply(sim: &mut Sim, write: &Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    match write {
        Write::UpdateGroup {
            group,
            min,
            max,
            desired,
        } => {
            let index = find(sim, group, refuse)?;
            update(sim, index, (*min, *max, *desired), refuse)?;
            record(sim, refuse, &[group]);
        }
        Write::PutWarmPool {
            group,
            min,
            max_prepared,
            state,
            reuse_on_scale_in,
        } => {
            let index = find(sim, group, refuse)?;
            let Some(pool) = &mut sim.groups[index].warm_pool else {
                return Err(refuse.invalid("ValidationError", format!("{group} has no warm pool")));
            };
            pool.min = *min;
            pool.max_prepared = *max_prepared;
            pool.state.clone_from(state);
            pool.reuse_on_scale_in = *reuse_on_scale_in;
            sim.set_timer(sim.now, Timer::Group { group: index });
            record(sim, refuse, &[group]);
        }
        Write::SuspendProcesses { group, processes } => {
            let index = find(sim, group, refuse)?;
            let reason = format!("User suspended at {}", iso(sim.now));
            for name in named(processes, refuse)? {
                sim.groups[index].suspended.insert(name, reason.clone());
            }
            record(sim, refuse, &[group]);
        }
        Write::ResumeProcesses { group, processes } => {
            let index = find(sim, group, refuse)?;
            for name in named(processes, refuse)? {
                sim.groups[index].suspended.remove(&name);
            }
            sim.set_timer(sim.now, Timer::Group { group: index });
            record(sim, refuse, &[group]);
        }
        Write::SetInstanceProtection {
            group,
            instances,
            protected,
        } => {
            let index = find(sim, group, refuse)?;
            protect(sim, index, (instances, *protected), refuse)?;
            record(sim, refuse, &[group]);
        }
        Write::TerminateInstance { instance } => terminate(sim, instance, refuse)?,
        Write::PutTags { group, tags } => {
            let index = find(sim, group, refuse)?;
            check_tags(tags, refuse)?;
            for tag in tags {
                let tags = &mut sim.groups[index].tags;
                tags.insert(tag.key.clone(), tag.value.clone());
            }
            record(sim, refuse, &[group]);
        }
        Write::DeleteTags { group, keys } => {
            let index = find(sim, group, refuse)?;
            for key in keys {
                sim.groups[index].tags.remove(key);
            }
            record(sim, refuse, &[group]);
        }
        Write::PutScheduledAction { group, action } => {
            let index = find(sim, group, refuse)?;
            schedule(sim, index, action, refuse)?;
            record(sim, refuse, &[group, &action.name]);
        }
        Write::DeleteScheduledAction { group, name } => {
            let index = find(sim, group, refuse)?;
            let actions = &mut sim.groups[index].schedule;
            let before = actions.len();
            actions.retain(|action| &action.name != name);
            if actions.len() == before {
                return Err(refuse.absent("ValidationError", "Scheduled action name not found"));
            }
            record(sim, refuse, &[group, name]);
        }
        Write::StartInstanceRefresh { group, settings } => {
            let index = find(sim, group, refuse)?;
            let id = start_refresh(sim, index, settings, refuse)?;
            record(sim, refuse, &[group]);
            return Ok(Some(id));
        }
        Write::CancelInstanceRefresh { group } => {
            let index = find(sim, group, refuse)?;
            let refresh = active_refresh(sim, index, refuse)?;
            refresh.state = Refreshing::Cancelling;
            refresh.reason = Some("User initiated cancellation".to_owned());
            record(sim, refuse, &[group]);
        }
        Write::RollbackInstanceRefresh { group } => {
            let index = find(sim, group, refuse)?;
            let refresh = active_refresh(sim, index, refuse)?;
            if refresh.to.is_none() {
                return Err(refuse.conflict(
                    "IrreversibleInstanceRefresh",
                    "The instance refresh can't be rolled back because no desired configuration was provided.",
                ));
            }
            let id = refresh.id.clone();
            sim.roll_refresh_back(index, sim.now);
            record(sim, refuse, &[group]);
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The refresh that still goes forward.
fn active_refresh<'s>(sim: &'s mut Sim, index: usize, refuse: &Refusal) -> Result<&'s mut Refresh, Fault> {
    sim.active_refresh(index)
        .filter(|refresh| refresh.state.is_forward())
        .ok_or_else(|| {
            refuse.absent(
                "ActiveInstanceRefreshNotFound",
                "No in progress or pending Instance Refresh found for the Auto Scaling group",
            )
        })
}

fn start_refresh(
    sim: &mut Sim,
    index: usize,
    settings: &RefreshSettings,
    refuse: &Refusal,
) -> Result<String, Fault> {
    if sim.active_refresh(index).is_some() {
        return Err(refuse.conflict(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
        ));
    }
    if settings.min_healthy_percent > 100
        || settings
            .max_healthy_percent
            .is_some_and(|most| !(100..=200).contains(&most))
    {
        return Err(refuse.invalid(
            "ValidationError",
            "MinHealthyPercentage must be at most 100 and MaxHealthyPercentage from 100 to 200.",
        ));
    }
    let to = match &settings.template {
        None => None,
        Some(wanted) => {
            let known = template(sim, index, VERSIONS);
            let version = match wanted.version.as_str() {
                "$Latest" | "$Default" => Some(VERSIONS),
                number => number
                    .parse()
                    .ok()
                    .filter(|number| (1..=VERSIONS).contains(number)),
            };
            match version.filter(|_| wanted.id == known.id) {
                Some(version) => Some(version),
                None => {
                    return Err(refuse.invalid(
                        "ValidationError",
                        format!(
                            "You must use a valid fully-formed launch template. Could not find the version {} of {}.",
                            wanted.version, wanted.id
                        ),
                    ));
                }
            }
        }
    };
    Ok(sim.start_refresh(index, settings, to, sim.now))
}

fn find(sim: &Sim, group: &str, refuse: &Refusal) -> Result<usize, Fault> {
    sim.find_group(group).ok_or_else(|| {
        refuse.absent(
            "ValidationError",
            format!("AutoScalingGroup name not found - AutoScalingGroup '{group}' not found"),
        )
    })
}

fn update(
    sim: &mut Sim,
    index: usize,
    (min, max, desired): (Option<u32>, Option<u32>, Option<u32>),
    refuse: &Refusal,
) -> Result<(), Fault> {
    let now = sim.now;
    let group = &mut sim.groups[index];
    let (new_min, new_max) = (min.unwrap_or(group.min), max.unwrap_or(group.max));
    if new_min > new_max {
        return Err(refuse.invalid(
            "ValidationError",
            format!("Max bound, {new_max}, must be greater than or equal to min bound, {new_min}"),
        ));
    }
    let before = group.desired;
    let wanted = match desired {
        Some(wanted) if wanted < new_min || wanted > new_max => {
            return Err(refuse.invalid(
                "ValidationError",
                format!(
                    "Desired capacity:{wanted} must be between the specified min size:{new_min} and max size:{new_max}"
                ),
            ));
        }
        Some(wanted) => wanted,
        // Bounds that no longer hold the capacity drag it along.
        None => before.clamp(new_min, new_max),
    };
    group.min = new_min;
    group.max = new_max;
    group.desired = wanted;
    group.cause = format!(
        "At {} a user request update of AutoScalingGroup constraints to min: {new_min}, max: {new_max}, desired: {wanted} changing the desired capacity from {before} to {wanted}.  ",
        iso(now)
    );
    group.retry_at = group.retry_at.min(now);
    sim.set_timer(now, Timer::Group { group: index });
    Ok(())
}

/// The processes meant: AWS takes an empty list for all of them.
fn named(processes: &[String], refuse: &Refusal) -> Result<Vec<String>, Fault> {
    if processes.is_empty() {
        return Ok(PROCESSES.map(str::to_owned).to_vec());
    }
    match processes.iter().find(|name| !PROCESSES.contains(&name.as_str())) {
        Some(unknown) => Err(refuse.invalid(
            "ValidationError",
            format!("Unable to parse scaling process names from: [{unknown}]"),
        )),
        None => Ok(processes.to_vec()),
    }
}

fn protect(
    sim: &mut Sim,
    index: usize,
    (instances, protected): (&[String], bool),
    refuse: &Refusal,
) -> Result<(), Fault> {
    if instances.len() > 50 {
        return Err(refuse.invalid("ValidationError", "At most 50 instances can be given."));
    }
    for id in instances {
        let member = sim.groups[index].member(id).ok_or_else(|| {
            refuse.invalid(
                "ValidationError",
                format!("The instance {id} is not part of Auto Scaling group"),
            )
        })?;
        if member.lifecycle != Lifecycle::InService {
            return Err(refuse.invalid(
                "ValidationError",
                format!(
                    "The instance {id} is not in InService or EnteringStandby or Standby.  Only instances in these states can be protected."
                ),
            ));
        }
        member.protected = protected;
    }
    if !protected {
        sim.set_timer(sim.now, Timer::Group { group: index });
    }
    Ok(())
}

fn terminate(sim: &mut Sim, id: &str, refuse: &Refusal) -> Result<(), Fault> {
    let now = sim.now;
    let found = sim.groups.iter().enumerate().find_map(|(index, group)| {
        let member = group.members.iter().find(|member| member.id == id)?;
        Some((index, member.lifecycle))
    });
    let Some((index, lifecycle)) = found else {
        return Err(refuse.invalid(
            "ValidationError",
            format!("Instance Id not found - No managed instance found for instance ID: {id}"),
        ));
    };
    if lifecycle == Lifecycle::Pending {
        return Err(refuse.conflict(
            "ScalingActivityInProgress",
            format!("Scaling activity is in progress for the instance {id}."),
        ));
    }
    if lifecycle == Lifecycle::Terminating {
        return Ok(());
    }
    let group = &mut sim.groups[index];
    if lifecycle == Lifecycle::InService {
        if group.desired <= group.min {
            return Err(refuse.invalid(
                "ValidationError",
                format!(
                    "Currently, desiredSize equals minSize ({}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.",
                    group.min
                ),
            ));
        }
        group.desired -= 1;
    }
    let cause = format!(
        "At {} instance {id} was taken out of service in response to a user request, shrinking the capacity from {} to {}.",
        iso(now),
        group.desired + 1,
        group.desired
    );
    sim.terminate_member(index, id, cause, now);
    sim.set_timer(now, Timer::Group { group: index });
    record(sim, refuse, &[id]);
    Ok(())
}

fn schedule(sim: &mut Sim, index: usize, action: &ScheduledAction, refuse: &Refusal) -> Result<(), Fault> {
    if action.min.is_none() && action.max.is_none() && action.desired.is_none() {
        return Err(refuse.invalid(
            "ValidationError",
            "You must specify at least one of MinSize, MaxSize, or DesiredCapacity",
        ));
    }
    if let (Some(min), Some(max)) = (action.min, action.max)
        && min > max
    {
        return Err(refuse.invalid(
            "ValidationError",
            format!("Max bound, {max}, must be greater than or equal to min bound, {min}"),
        ));
    }
    let recurrence = match &action.recurrence {
        Some(text) => {
            let cron = Cron::parse(text).ok_or_else(|| {
                refuse.invalid(
                    "ValidationError",
                    format!("Given recurrence string: {text} is invalid"),
                )
            })?;
            Some((text.clone(), cron))
        }
        None => None,
    };
    if let Some(zone) = &action.time_zone
        && jiff::tz::TimeZone::get(zone).is_err()
    {
        return Err(refuse.invalid("ValidationError", format!("Invalid time zone: {zone}")));
    }
    let start = action.start.map(ms);
    match (start, &recurrence) {
        (Some(start), _) if start < sim.now => {
            return Err(refuse.invalid("ValidationError", "Given start time is in the past"));
        }
        (None, None) => {
            return Err(refuse.invalid(
                "ValidationError",
                "Either a start time or a recurrence must be given",
            ));
        }
        _ => {}
    }
    let new = Action {
        name: action.name.clone(),
        recurrence,
        zone: action.time_zone.clone(),
        start,
        min: action.min,
        max: action.max,
        desired: action.desired,
    };
    // The same name replaces what was there.
    let actions = &mut sim.groups[index].schedule;
    actions.retain(|other| other.name != new.name);
    actions.push(new);
    Ok(())
}

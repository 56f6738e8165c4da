//! What moves a group's capacity without anybody asking: target tracking policies and schedules.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::super::plan::fleet::Policy;
use super::super::time::{MINUTE, Ms, iso, stamp};
use super::{Sim, Timer};

/// How long a metric must be above its target before the policy adds instances.
const OUT_AFTER: Ms = 3 * MINUTE;
/// How long it must be below nine tenths of it before the policy removes one.
const IN_AFTER: Ms = 15 * MINUTE;
/// How long a policy then waits for the effect.
const COOL_DOWN: Ms = 3 * MINUTE;

impl Sim {
    /// Lets every policy look at its metric.
    pub fn run_policies(&mut self, at: Ms) {
        let plan = Arc::clone(&self.plan);
        for (index, group) in plan.groups.iter().enumerate() {
            let Some(policy) = &group.policy else { continue };
            let (name, value, target, only_out) = match policy {
                Policy::Cpu { name, target } => {
                    let Some(cpu) = self.group_cpu(index, at - MINUTE) else {
                        continue;
                    };
                    (name, cpu, *target, false)
                }
                Policy::Queue {
                    name,
                    queue,
                    target,
                    only_out,
                } => (name, self.queue_visible(queue), *target, *only_out),
            };
            let state = &mut self.groups[index];
            let (above, below) = (value > target, value < target * 0.9);
            state.above_since = above.then(|| state.above_since.unwrap_or(at));
            state.below_since = below.then(|| state.below_since.unwrap_or(at));
            if state.suspended.contains_key("AlarmNotification") {
                continue;
            }
            let now = state.desired;
            if state.above_since.is_some_and(|since| at - since >= OUT_AFTER) {
                let wanted = (f64::from(now.max(1)) * value / target).ceil() as u32;
                let wanted = wanted.max(now + 1).min(state.max);
                state.above_since = Some(at + COOL_DOWN - OUT_AFTER);
                if wanted > now {
                    self.policy_moves(index, (name, "AlarmHigh"), wanted, at);
                }
            } else if !only_out && state.below_since.is_some_and(|since| at - since >= IN_AFTER) {
                let wanted = now.saturating_sub(1).max(state.min);
                state.below_since = Some(at + COOL_DOWN - IN_AFTER);
                if wanted < now {
                    self.policy_moves(index, (name, "AlarmLow"), wanted, at);
                }
            }
        }
    }

    fn policy_moves(&mut self, index: usize, by: (&str, &str), wanted: u32, at: Ms) {
        let (policy, alarm) = by;
        let name = &self.plan.groups[index].name;
        let group = &mut self.groups[index];
        group.cause = format!(
            "At {} a monitor alarm TargetTracking-{name}-{alarm} in state ALARM triggered policy {policy} changing the desired capacity from {} to {wanted}.  ",
            iso(at),
            group.desired
        );
        group.desired = wanted;
        self.reconcile_group(index, at);
    }

    /// Carries out the scheduled actions of this minute. One that is suspended is missed.
    pub fn run_schedules(&mut self, at: Ms) {
        for index in 0..self.groups.len() {
            let group = &self.groups[index];
            if group.schedule.is_empty() || group.suspended.contains_key("ScheduledActions") {
                continue;
            }
            let due: Vec<usize> = group
                .schedule
                .iter()
                .enumerate()
                .filter(|(_, action)| match &action.recurrence {
                    Some((_, cron)) => {
                        let zone = zone(action.zone.as_deref());
                        action.start.is_none_or(|start| at >= start)
                            && cron.holds(stamp(at).to_zoned(zone).datetime())
                    }
                    None => action
                        .start
                        .is_some_and(|start| start > at - MINUTE && start <= at),
                })
                .map(|(nth, _)| nth)
                .collect();
            for nth in due {
                self.run_action(index, nth, at);
            }
        }
    }

    fn run_action(&mut self, index: usize, nth: usize, at: Ms) {
        let group = &mut self.groups[index];
        let action = group.schedule[nth].clone();
        group.min = action.min.unwrap_or(group.min);
        group.max = action.max.unwrap_or(group.max).max(group.min);
        let before = group.desired;
        group.desired = action.desired.unwrap_or(before).clamp(group.min, group.max);
        if action.recurrence.is_none() {
            group.schedule.remove(nth);
        }
        group.cause = format!(
            "At {} the scheduled action {} was executed. At {} a schedule changed the desired capacity from {before} to {}.  ",
            iso(at),
            action.name,
            iso(at),
            group.desired
        );
        self.set_timer(at, Timer::Group { group: index });
    }
}

/// A zone by name; UTC without one, and for a name that nobody knows.
pub fn zone(name: Option<&str>) -> TimeZone {
    name.and_then(|name| TimeZone::get(name).ok())
        .unwrap_or(TimeZone::UTC)
}

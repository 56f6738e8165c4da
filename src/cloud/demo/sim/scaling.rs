//! What a group does: it launches and terminates until there are as many instances as are
//! wanted, keeps its warm pool, and replaces what has died.

use std::sync::Arc;

use super::super::plan::fleet::Host;
use super::super::signal;
use super::super::time::{MINUTE, Ms, SECOND, iso};
use super::super::track::Track;
use super::group::{Lifecycle, Member};
use super::instance::State;
use super::{Sim, Timer};

/// How long AWS waits before it tries again to launch what it could not.
const RETRY: Ms = 2 * MINUTE;
/// What AWS says when there is no Spot capacity.
const NO_CAPACITY: &str = "Could not launch Spot Instances. InsufficientInstanceCapacity - There is no Spot capacity available that matches your request. Launching EC2 instance failed.";

impl Sim {
    /// Moves members on that are due, then launches and terminates what is missing or too much.
    pub fn reconcile_group(&mut self, index: usize, at: Ms) {
        self.move_members(index, at);
        let group = &self.groups[index];
        let here =
            group.count(|member| matches!(member.lifecycle, Lifecycle::Pending | Lifecycle::InService));
        let desired = group.desired;
        if here < desired && !group.suspended.contains_key("Launch") {
            if at >= group.retry_at {
                self.launch(index, desired - here, at);
            } else {
                self.set_timer(group.retry_at, Timer::Group { group: index });
            }
        } else if here > desired && !group.suspended.contains_key("Terminate") {
            self.scale_in(index, here - desired, at);
        }
        self.fill_pool(index, at);
        self.note_group(index, at);
    }

    fn move_members(&mut self, index: usize, at: Ms) {
        let due: Vec<Member> = self.groups[index]
            .members
            .iter()
            .filter(|member| member.due.is_some_and(|due| due <= at))
            .cloned()
            .collect();
        for member in due {
            self.end_activity(index, member.activity, at);
            if member.lifecycle == Lifecycle::Terminating {
                self.groups[index].members.retain(|other| other.id != member.id);
            } else {
                self.groups[index].begin_span(&member.id, at);
                if let Some(member) = self.groups[index].member(&member.id) {
                    member.lifecycle = Lifecycle::InService;
                    member.due = None;
                }
            }
        }
    }

    fn launch(&mut self, index: usize, count: u32, at: Ms) {
        let plan = Arc::clone(&self.plan);
        let plan = &plan.groups[index];
        for _ in 0..count {
            if let Some(id) = self.groups[index].first_warmed() {
                self.take_from_pool(index, &id, at);
                continue;
            }
            if self.next_is_spot(plan, index) && at < self.no_spot_until {
                let cause = self.launch_cause(index, at);
                let number = self.groups[index].begin(at, "Launching a new EC2 instance".to_owned(), cause);
                let group = &mut self.groups[index];
                if let Some(activity) = group.activities.iter_mut().find(|other| other.number == number) {
                    activity.status = "Failed";
                    activity.message = Some(NO_CAPACITY.to_owned());
                    activity.ended = Some(at + SECOND);
                }
                group.retry_at = at + RETRY;
                self.set_timer(at + RETRY, Timer::Group { group: index });
                return;
            }
            let instance = self.new_instance(index, Host::Normal, at);
            let id = instance.id.clone();
            let cause = self.launch_cause(index, at);
            let activity = self.groups[index].begin(at, format!("Launching a new EC2 instance: {id}"), cause);
            let ready = at + 35 * SECOND + signal::below(&self.key(&id, 6), 25) * SECOND;
            self.groups[index].members.push(Member {
                id: id.clone(),
                lifecycle: Lifecycle::Pending,
                protected: false,
                healthy: true,
                due: Some(ready),
                activity,
            });
            self.instances.insert(id.clone(), instance);
            self.set_instance(&id, State::Pending, Some(12 * SECOND), at);
            self.set_timer(ready, Timer::Group { group: index });
        }
    }

    fn launch_cause(&self, index: usize, at: Ms) -> String {
        let group = &self.groups[index];
        let here =
            group.count(|member| matches!(member.lifecycle, Lifecycle::Pending | Lifecycle::InService));
        format!(
            "{}At {} an instance was started in response to a difference between desired and actual capacity, increasing the capacity from {here} to {}.",
            group.cause,
            iso(at),
            here + 1
        )
    }

    fn scale_in(&mut self, index: usize, count: u32, at: Ms) {
        let mut victims: Vec<(Ms, String)> = self.groups[index]
            .members
            .iter()
            .filter(|member| {
                !member.protected && matches!(member.lifecycle, Lifecycle::Pending | Lifecycle::InService)
            })
            .filter_map(|member| Some((self.instances.get(&member.id)?.launched, member.id.clone())))
            .collect();
        // OldestInstance, as the estates' groups have it.
        victims.sort();
        let found = victims.len();
        let from = self.groups[index].count(|member| member.lifecycle == Lifecycle::InService);
        for (nth, (_, id)) in (0_u32..).zip(victims.into_iter().take(count as usize)) {
            let group = &self.groups[index];
            let cause = format!(
                "{}At {} an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from {} to {}.",
                group.cause,
                iso(at),
                from.saturating_sub(nth),
                from.saturating_sub(nth + 1)
            );
            self.terminate_member(index, &id, cause, at);
        }
        let group = &mut self.groups[index];
        if found < count as usize && at >= group.complained_at + 5 * MINUTE {
            group.complained_at = at;
            let cause = format!(
                "{}At {} group capacity could not be reduced.",
                group.cause,
                iso(at)
            );
            let number = group.begin(at, "Terminating EC2 instances".to_owned(), cause);
            if let Some(activity) = group.activities.iter_mut().find(|other| other.number == number) {
                activity.status = "Failed";
                activity.message = Some(
                    "Could not scale to desired capacity because all remaining instances are protected from scale-in.".to_owned(),
                );
                activity.ended = Some(at);
            }
        }
    }

    /// Takes a member out for good.
    pub fn terminate_member(&mut self, index: usize, id: &str, cause: String, at: Ms) {
        let ready = at + 40 * SECOND;
        let number = self.groups[index].begin(at, format!("Terminating EC2 instance: {id}"), cause);
        self.groups[index].end_span(id, at);
        if let Some(member) = self.groups[index].member(id) {
            member.lifecycle = Lifecycle::Terminating;
            member.protected = false;
            member.due = Some(ready);
            member.activity = number;
        }
        let over = self
            .instances
            .get(id)
            .is_none_or(|instance| matches!(instance.state, State::ShuttingDown | State::Terminated));
        if !over {
            if let Some(instance) = self.instances.get_mut(id) {
                instance.reason = Some("Service initiated".to_owned());
            }
            self.set_instance(id, State::ShuttingDown, Some(35 * SECOND), at);
        }
        self.set_timer(ready, Timer::Group { group: index });
    }

    fn take_from_pool(&mut self, index: usize, id: &str, at: Ms) {
        let cause = self.launch_cause(index, at);
        let description = format!("Launching a new EC2 instance from warm pool: {id}");
        let number = self.groups[index].begin(at, description, cause);
        let ready = at + 25 * SECOND;
        if let Some(member) = self.groups[index].member(id) {
            member.lifecycle = Lifecycle::Pending;
            member.due = Some(ready);
            member.activity = number;
        }
        self.set_instance(id, State::Pending, Some(8 * SECOND), at);
        self.set_timer(ready, Timer::Group { group: index });
    }

    /// Keeps the warm pool at its size, which grows when the wanted capacity falls.
    pub fn fill_pool(&mut self, index: usize, at: Ms) {
        let group = &self.groups[index];
        let Some(pool) = &group.warm_pool else {
            return;
        };
        let prepared = pool.max_prepared.unwrap_or(group.max);
        let size = prepared.saturating_sub(group.desired).max(pool.min);
        let here = group.count(|member| member.lifecycle == Lifecycle::Warmed);
        let state = if pool.state == "Running" {
            State::Running
        } else {
            State::Stopped
        };
        if here < size && !group.suspended.contains_key("Launch") {
            for _ in here..size {
                let mut instance = self.new_instance(index, Host::Normal, at);
                instance.state = state;
                instance.up = Track::new(f64::from(u8::from(state == State::Running)));
                self.groups[index].members.push(Member {
                    id: instance.id.clone(),
                    lifecycle: Lifecycle::Warmed,
                    protected: false,
                    healthy: true,
                    due: None,
                    activity: 0,
                });
                self.instances.insert(instance.id.clone(), instance);
            }
        } else if here > size {
            for _ in size..here {
                if let Some(id) = self.groups[index].first_warmed() {
                    let cause = format!("At {} the warm pool was reduced.", iso(at));
                    self.terminate_member(index, &id, cause, at);
                }
            }
        }
    }

    /// Replaces members whose instance is no longer running.
    pub fn check_members(&mut self, at: Ms) {
        for index in 0..self.groups.len() {
            let group = &self.groups[index];
            if ["HealthCheck", "ReplaceUnhealthy"]
                .iter()
                .any(|process| group.suspended.contains_key(*process))
            {
                continue;
            }
            let dead: Vec<String> = group
                .members
                .iter()
                .filter(|member| member.lifecycle == Lifecycle::InService)
                .filter(|member| {
                    self.instances
                        .get(&member.id)
                        .is_none_or(|instance| !matches!(instance.state, State::Running | State::Pending))
                })
                .map(|member| member.id.clone())
                .collect();
            for id in &dead {
                if let Some(member) = self.groups[index].member(id) {
                    member.healthy = false;
                }
                let cause = format!(
                    "At {} an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.",
                    iso(at)
                );
                self.terminate_member(index, id, cause, at);
            }
            if !dead.is_empty() {
                self.reconcile_group(index, at);
            }
        }
    }

    /// Takes Spot capacity back from a group: its oldest `count` Spot instances.
    pub fn interrupt_spot(&mut self, index: usize, count: usize, at: Ms) {
        let ids: Vec<String> = self.groups[index]
            .members
            .iter()
            .filter(|member| member.lifecycle == Lifecycle::InService)
            .filter(|member| {
                self.instances
                    .get(&member.id)
                    .is_some_and(|instance| instance.spot)
            })
            .map(|member| member.id.clone())
            .take(count)
            .collect();
        for id in ids {
            if let Some(instance) = self.instances.get_mut(&id) {
                instance.reason =
                    Some("Server.SpotInstanceTermination: Spot instance termination".to_owned());
            }
            self.set_instance(&id, State::ShuttingDown, Some(20 * SECOND), at);
            let cause = format!(
                "At {} an instance was taken out of service in response to an EC2 Spot Instance interruption notice.",
                iso(at)
            );
            self.terminate_member(index, &id, cause, at);
        }
        self.reconcile_group(index, at);
    }

    fn end_activity(&mut self, index: usize, number: u64, at: Ms) {
        if let Some(activity) = self.groups[index]
            .activities
            .iter_mut()
            .find(|activity| activity.number == number && activity.status == "InProgress")
        {
            activity.status = "Successful";
            activity.ended = Some(at);
        }
    }
}

//! Auto Scaling groups: instances come and go until there are as many as are wanted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::plan::Tags;
use super::super::plan::fleet::{Group as Plan, Host, Purchase, WarmPool};
use super::super::signal;
use super::super::time::{DAY, HOUR, MINUTE, Ms, SECOND, iso};
use super::super::track::Track;
use super::cron::Cron;
use super::ecs::Span;
use super::instance::{Instance, State};
use super::{Sim, Timer};

/// An Auto Scaling group.
#[derive(Debug, Clone)]
pub struct Group {
    /// The least capacity.
    pub min: u32,
    /// The most capacity.
    pub max: u32,
    /// The capacity wanted.
    pub desired: u32,
    /// Its instances, those of the warm pool included.
    pub members: Vec<Member>,
    /// Suspended processes, and why.
    pub suspended: BTreeMap<String, String>,
    /// Scheduled actions.
    pub schedule: Vec<Action>,
    /// The warm pool.
    pub warm_pool: Option<WarmPool>,
    /// Its tags.
    pub tags: Tags,
    /// What it did, oldest first.
    pub activities: Vec<Activity>,
    /// Instances in service.
    pub in_service: Track,
    /// What its running instances cost, US dollars per hour.
    pub hourly: Track,
    /// Instances as logs remember them.
    pub spans: Vec<Span>,
    /// When it was created.
    pub created: Ms,
    /// Why the capacity was last changed.
    pub cause: String,
    /// Before this it does not try again to launch.
    pub retry_at: Ms,
    /// Since when its policy's metric is above its target.
    pub above_since: Option<Ms>,
    /// Since when its policy's metric is well below its target.
    pub below_since: Option<Ms>,
    /// Instances ever launched.
    pub launched: u64,
    /// Activities ever begun.
    pub acted: u64,
    /// When it last said that protected instances are in the way.
    pub complained_at: Ms,
}

/// An instance as its group sees it.
#[derive(Debug, Clone)]
pub struct Member {
    /// `i-…`.
    pub id: String,
    /// Where it is in its life in the group.
    pub lifecycle: Lifecycle,
    /// Whether scale-in spares it.
    pub protected: bool,
    /// Whether the group holds it to be healthy.
    pub healthy: bool,
    /// When it moves on.
    pub due: Option<Ms>,
    /// The activity that is about it.
    pub activity: u64,
}

/// Where a member is in its life in the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// It is on its way in.
    Pending,
    /// It serves.
    InService,
    /// It is on its way out.
    Terminating,
    /// It waits in the warm pool.
    Warmed,
}

/// A scheduled action.
#[derive(Debug, Clone)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// The expression, as written and as read.
    pub recurrence: Option<(String, Cron)>,
    /// The zone of the expression; `None` is UTC.
    pub zone: Option<String>,
    /// The first or only time.
    pub start: Option<Ms>,
    /// The least capacity it sets.
    pub min: Option<u32>,
    /// The most capacity it sets.
    pub max: Option<u32>,
    /// The capacity it sets.
    pub desired: Option<u32>,
}

/// Something that a group did, or tried to do.
#[derive(Debug, Clone)]
pub struct Activity {
    /// Its number.
    pub number: u64,
    /// `InProgress`, `Successful`, `Failed`, `Cancelled`.
    pub status: &'static str,
    /// What it does.
    pub description: String,
    /// Why.
    pub cause: String,
    /// What AWS says of the status.
    pub message: Option<String>,
    /// When it began.
    pub started: Ms,
    /// When it ended.
    pub ended: Option<Ms>,
}

/// How long AWS waits before it tries again to launch what it could not.
const RETRY: Ms = 2 * MINUTE;
/// What AWS says when there is no Spot capacity.
const NO_CAPACITY: &str = "Could not launch Spot Instances. InsufficientInstanceCapacity - There is no Spot capacity available that matches your request. Launching EC2 instance failed.";

impl Sim {
    /// Starts every group with its instances.
    pub fn found_groups(&mut self) {
        let plan = Arc::clone(&self.plan);
        for (index, group) in plan.groups.iter().enumerate() {
            self.groups.push(Group {
                min: group.min,
                max: group.max,
                desired: group.desired,
                members: Vec::new(),
                suspended: BTreeMap::new(),
                schedule: group
                    .schedule
                    .iter()
                    .map(|action| Action {
                        name: action.name.clone(),
                        recurrence: Cron::parse(&action.cron).map(|cron| (action.cron.clone(), cron)),
                        zone: action.zone.clone(),
                        start: None,
                        min: action.min,
                        max: action.max,
                        desired: action.desired,
                    })
                    .collect(),
                warm_pool: group.warm_pool.clone(),
                tags: group.tags.clone(),
                activities: Vec::new(),
                in_service: Track::new(f64::from(group.desired)),
                hourly: Track::new(0.0),
                spans: Vec::new(),
                created: self.epoch - 120 * DAY,
                cause: String::new(),
                retry_at: Ms::MIN,
                above_since: None,
                below_since: None,
                launched: 0,
                acted: 0,
                complained_at: Ms::MIN,
            });
            for nth in 0..group.desired as usize {
                let host = group.hosts.get(nth).copied().unwrap_or_default();
                let host = self.mood(host);
                let mut instance = self.new_instance(index, host, self.origin);
                let age = signal::hash(&self.key(&instance.id, 5)) % 70;
                instance.launched = self.epoch - 8 * HOUR - age as Ms * HOUR;
                instance.up_since = Some(instance.launched + 15 * SECOND);
                instance.state = State::Running;
                instance.up = Track::new(1.0);
                self.groups[index].begin_span(&instance.id, Ms::MIN);
                self.groups[index].members.push(Member {
                    id: instance.id.clone(),
                    lifecycle: Lifecycle::InService,
                    protected: group.protected.contains(&nth),
                    healthy: true,
                    due: None,
                    activity: 0,
                });
                self.instances.insert(instance.id.clone(), instance);
            }
            self.fill_pool(index, self.origin);
            let hourly = self.group_hourly(index);
            self.groups[index].hourly = Track::new(hourly);
            self.note_group(index, self.origin);
        }
    }

    /// An instance that a group launches, not yet running.
    fn new_instance(&mut self, index: usize, host: Host, at: Ms) -> Instance {
        let plan = Arc::clone(&self.plan);
        let plan = &plan.groups[index];
        let group = &mut self.groups[index];
        group.launched += 1;
        let number = group.launched;
        let spot = self.next_is_spot(plan, index);
        let key = self.key(&plan.name, number);
        let zone = self.plan.zone(number);
        let mut tags = plan.instance_tags.clone();
        tags.insert("Name".to_owned(), plan.instance_name.clone());
        tags.insert("aws:autoscaling:groupName".to_owned(), plan.name.clone());
        let types = plan.types.len().max(1);
        // Spot takes what is cheapest and there; the rest is the preferred type.
        let nth = if spot && signal::unit(&key) < 0.3 {
            types - 1
        } else {
            0
        };
        Instance {
            id: format!("i-0{}", signal::hex(&key, 16)),
            name: plan.instance_name.clone(),
            instance_type: plan.types.get(nth).cloned().unwrap_or_default(),
            state: State::Pending,
            reason: None,
            due: None,
            zone,
            spot,
            launched: at,
            up_since: None,
            gone_since: None,
            address: format!(
                "10.0.{}.{}",
                11 + number % 2,
                20 + (number * 7 + signal::name(&plan.name) % 200) % 200
            ),
            public: None,
            profile: Some(plan.profile.clone()),
            tags,
            host,
            group: Some(index),
            traffic: None,
            up: Track::new(0.0),
        }
    }

    fn next_is_spot(&self, plan: &Plan, index: usize) -> bool {
        match plan.purchase {
            Purchase::OnDemand => false,
            Purchase::Spot { on_demand_base } => {
                let at_list_price = self.groups[index]
                    .members
                    .iter()
                    .filter(|member| member.lifecycle != Lifecycle::Terminating)
                    .filter_map(|member| self.instances.get(&member.id))
                    .filter(|instance| !instance.spot)
                    .count();
                at_list_price >= on_demand_base as usize
            }
        }
    }

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
            let ready = at + 35 * SECOND + (signal::hash(&self.key(&id, 6)) % 25) as Ms * SECOND;
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
    fn fill_pool(&mut self, index: usize, at: Ms) {
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

    /// What the running instances of a group cost per hour.
    fn group_hourly(&self, index: usize) -> f64 {
        self.groups[index]
            .members
            .iter()
            .filter_map(|member| self.instances.get(&member.id))
            .filter(|instance| instance.state.is_billed())
            .map(|instance| self.instance_hourly(instance))
            .sum()
    }

    /// What an instance costs per hour while it runs, US dollars.
    pub fn instance_hourly(&self, instance: &Instance) -> f64 {
        let prices = if instance.spot {
            &self.plan.spot
        } else {
            &self.plan.cost.hourly
        };
        prices.get(&instance.instance_type).copied().unwrap_or_default()
    }

    /// Notes how many instances serve and what they cost.
    pub fn note_group(&mut self, index: usize, at: Ms) {
        let in_service = f64::from(self.groups[index].count(|member| {
            member.lifecycle == Lifecycle::InService
                && self
                    .instances
                    .get(&member.id)
                    .is_some_and(|instance| instance.state == State::Running)
        }));
        let hourly = self.group_hourly(index);
        let group = &mut self.groups[index];
        group.in_service.set(at, in_service);
        group.hourly.set(at, hourly);
        if let Some(name) = self.plan.groups[index].target_group.clone() {
            self.note_targets(&name, at);
        }
    }

    /// The group of that name.
    pub fn find_group(&self, name: &str) -> Option<usize> {
        self.plan.groups.iter().position(|plan| plan.name == name)
    }
}

impl Group {
    /// How many members are such.
    pub fn count(&self, holds: impl Fn(&Member) -> bool) -> u32 {
        self.members.iter().filter(|member| holds(member)).count() as u32
    }

    /// A member by its instance's id.
    pub fn member(&mut self, id: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.id == id)
    }

    fn first_warmed(&self) -> Option<String> {
        self.members
            .iter()
            .find(|member| member.lifecycle == Lifecycle::Warmed)
            .map(|member| member.id.clone())
    }

    fn begin_span(&mut self, id: &str, at: Ms) {
        self.spans.push(Span {
            task: id.to_owned(),
            from: at,
            to: None,
            failure: None,
        });
    }

    fn end_span(&mut self, id: &str, at: Ms) {
        if let Some(span) = self
            .spans
            .iter_mut()
            .find(|span| span.task == id && span.to.is_none())
        {
            span.to = Some(at);
        }
    }

    /// Begins an activity and gives its number.
    fn begin(&mut self, at: Ms, description: String, cause: String) -> u64 {
        self.acted += 1;
        self.activities.push(Activity {
            number: self.acted,
            status: "InProgress",
            description,
            cause,
            message: None,
            started: at,
            ended: None,
        });
        self.acted
    }
}

//! Auto Scaling groups: instances come and go until there are as many as are wanted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::plan::Tags;
use super::super::plan::fleet::{Group as Plan, Host, Purchase, WarmPool};
use super::super::signal;
use super::super::time::{DAY, HOUR, Ms, SECOND};
use super::super::track::Track;
use super::Sim;
use super::cron::Cron;
use super::ecs::Span;
use super::instance::{Instance, State};
use super::refresh::{Refresh, VERSIONS};

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
    /// The version of its launch template that it launches from.
    pub template: u32,
    /// Its instance refreshes, oldest first.
    pub refreshes: Vec<Refresh>,
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
                template: VERSIONS,
                refreshes: Vec::new(),
            });
            for nth in 0..group.desired as usize {
                let host = group.hosts.get(nth).copied().unwrap_or_default();
                let host = self.mood(host);
                let mut instance = self.new_instance(index, host, self.origin);
                let age = signal::below(&self.key(&instance.id, 5), 70);
                instance.launched = self.epoch - 8 * HOUR - age * HOUR;
                instance.up_since = Some(instance.launched + 15 * SECOND);
                instance.first_up = instance.up_since;
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
    pub fn new_instance(&mut self, index: usize, host: Host, at: Ms) -> Instance {
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
            kind: plan.types.get(nth).cloned().unwrap_or_default(),
            state: State::Pending,
            reason: None,
            due: None,
            zone,
            spot,
            launched: at,
            up_since: None,
            first_up: None,
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

    /// Whether the next instance of a group is paid for as Spot.
    pub fn next_is_spot(&self, plan: &Plan, index: usize) -> bool {
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
        prices.get(&instance.kind).copied().unwrap_or_default()
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
        if let Some(name) = self.plan.groups[index].behind.clone() {
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

    /// An instance that waits in the warm pool.
    pub fn first_warmed(&self) -> Option<String> {
        self.members
            .iter()
            .find(|member| member.lifecycle == Lifecycle::Warmed)
            .map(|member| member.id.clone())
    }

    /// Notes that an instance writes logs from now on.
    pub fn begin_span(&mut self, id: &str, at: Ms) {
        self.spans.push(Span {
            task: id.to_owned(),
            from: at,
            to: None,
            failure: None,
        });
    }

    /// Notes that it no longer does.
    pub fn end_span(&mut self, id: &str, at: Ms) {
        if let Some(span) = self
            .spans
            .iter_mut()
            .find(|span| span.task == id && span.to.is_none())
        {
            span.to = Some(at);
        }
    }

    /// Begins an activity and gives its number.
    pub fn begin(&mut self, at: Ms, description: String, cause: String) -> u64 {
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

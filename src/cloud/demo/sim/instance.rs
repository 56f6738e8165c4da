//! EC2 instances, in groups and on their own.

use super::super::plan::Tags;
use super::super::plan::fleet::{Host, Instance as Plan};
use super::super::selection::Scenario;
use super::super::signal;
use super::super::time::{DAY, HOUR, MINUTE, Ms, SECOND};
use super::super::track::Track;
use super::{Sim, Timer};

/// An EC2 instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// `i-…`.
    pub id: String,
    /// The value of the tag `Name`.
    pub name: String,
    /// The instance type.
    pub kind: String,
    /// Where it is in its life.
    pub state: State,
    /// What AWS says of its last change.
    pub reason: Option<String>,
    /// When it moves on.
    pub due: Option<Ms>,
    /// The zone.
    pub zone: String,
    /// Whether it is paid for as Spot.
    pub spot: bool,
    /// When it was last started.
    pub launched: Ms,
    /// Since when it runs.
    pub up_since: Option<Ms>,
    /// When it first ran: a little later its agent registers.
    pub first_up: Option<Ms>,
    /// Since when it is gone.
    pub gone_since: Option<Ms>,
    /// The private address.
    pub address: String,
    /// The public address.
    pub public: Option<String>,
    /// The instance profile.
    pub profile: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// How it behaves.
    pub host: Host,
    /// The group that it belongs to.
    pub group: Option<usize>,
    /// Whose wishes its GPU serves, outside of groups.
    pub traffic: Option<String>,
    /// 1 while it runs.
    pub up: Track,
}

/// Where an instance is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It starts.
    Pending,
    /// It runs.
    Running,
    /// It stops.
    Stopping,
    /// It is stopped.
    Stopped,
    /// It ends.
    ShuttingDown,
    /// It is gone.
    Terminated,
}

impl State {
    /// AWS's own word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
        }
    }

    /// Whether it is paid for by the second.
    pub const fn is_billed(self) -> bool {
        matches!(self, Self::Running)
    }
}

/// How long after the instance its agent is there.
const AGENT_STARTS: Ms = 40 * SECOND;
/// How long an instance that is gone can still be seen.
const SEEN: Ms = HOUR;

impl Sim {
    /// Starts the instances that belong to no group.
    pub fn found_instances(&mut self) {
        let plan = std::sync::Arc::clone(&self.plan);
        for (number, instance) in (0_u64..).zip(&plan.instances) {
            let founded = self.found_instance(instance, number);
            self.instances.insert(founded.id.clone(), founded);
        }
    }

    fn found_instance(&self, plan: &Plan, number: u64) -> Instance {
        let key = self.key(&plan.name, number);
        let launched = self.epoch - 9 * DAY - signal::below(&key, 90) * HOUR;
        let mut tags = plan.tags.clone();
        tags.insert("Name".to_owned(), plan.name.clone());
        Instance {
            id: format!("i-0{}", signal::hex(&key, 16)),
            name: plan.name.clone(),
            kind: plan.kind.clone(),
            state: if plan.stopped {
                State::Stopped
            } else {
                State::Running
            },
            reason: plan
                .stopped
                .then(|| "User initiated (2026-11-13 10:04:11 GMT)".to_owned()),
            due: None,
            zone: self.plan.zone(number),
            spot: false,
            launched,
            up_since: (!plan.stopped).then_some(launched),
            first_up: Some(launched),
            gone_since: None,
            address: format!("10.0.{}.{}", 10 + 10 * (number % 2), 70 + number % 100),
            public: plan
                .public
                .then(|| format!("198.51.100.{}", 10 + signal::hash(&key) % 200)),
            profile: plan.profile.clone(),
            tags,
            host: self.mood(plan.host),
            group: None,
            traffic: plan.traffic.clone(),
            up: Track::new(if plan.stopped { 0.0 } else { 1.0 }),
        }
    }

    /// Nothing is odd in the quiet scenario.
    pub const fn mood(&self, host: Host) -> Host {
        match self.scenario {
            Scenario::Quiet => Host::Normal,
            _ => host,
        }
    }

    /// Moves an instance to a state; it goes on from there after `wait`, if that is given.
    pub fn set_instance(&mut self, id: &str, state: State, wait: Option<Ms>, at: Ms) {
        let Some(instance) = self.instances.get_mut(id) else {
            return;
        };
        instance.state = state;
        instance.due = wait.map(|wait| at + wait);
        match state {
            State::Running => {
                instance.up_since = Some(at);
                instance.first_up = instance.first_up.or(Some(at));
                instance.up.set(at, 1.0);
            }
            State::Pending => {
                instance.launched = at;
                instance.up_since = None;
            }
            State::Stopping | State::ShuttingDown => {
                instance.up_since = None;
                instance.up.set(at, 0.0);
            }
            State::Stopped => {}
            State::Terminated => instance.gone_since = Some(at),
        }
        if let Some(due) = instance.due {
            self.set_timer(due, Timer::Instance { id: id.to_owned() });
        }
        let group = self.instances.get(id).and_then(|instance| instance.group);
        if let Some(group) = group {
            self.note_group(group, at);
        }
    }

    /// Moves an instance on, if that is due.
    pub fn step_instance(&mut self, id: &str, at: Ms) {
        let Some(instance) = self.instances.get(id).filter(|instance| instance.due == Some(at)) else {
            return;
        };
        let next = match instance.state {
            State::Pending => State::Running,
            State::Stopping => State::Stopped,
            State::ShuttingDown => State::Terminated,
            State::Running | State::Stopped | State::Terminated => return,
        };
        self.set_instance(id, next, None, at);
    }

    /// Drops what can no longer be seen.
    pub fn forget_instances(&mut self, past: Ms, at: Ms) {
        self.instances
            .retain(|_, instance| instance.gone_since.is_none_or(|gone| gone > at - SEEN));
        for instance in self.instances.values_mut() {
            instance.up.forget_before(past);
        }
        for group in &mut self.groups {
            group.in_service.forget_before(past);
            group.hourly.forget_before(past);
            group.activities.retain(|activity| activity.started > past);
            group.spans.retain(|span| span.to.is_none_or(|to| to > past));
        }
    }
}

impl Instance {
    /// Whether it has ever registered with Systems Manager: that takes an agent, a role and a first
    /// minute.
    pub fn is_registered(&self, at: Ms) -> bool {
        self.profile.is_some()
            && self.host != Host::NoAgent
            && self.first_up.is_some_and(|up| at >= up + AGENT_STARTS)
    }

    /// Whether Systems Manager hears from it.
    pub fn agent_answers(&self, at: Ms) -> bool {
        self.is_registered(at)
            && self.host != Host::AgentOffline
            && self.state == State::Running
            && self.up_since.is_some_and(|since| at >= since + AGENT_STARTS)
    }

    /// Whether an instance takes jobs.
    pub fn is_worker(&self, at: Ms) -> bool {
        matches!(
            self.host,
            Host::Normal | Host::AgentOffline | Host::NoAgent | Host::Hot | Host::Ecc
        ) && self.state == State::Running
            && self.up_since.is_some_and(|since| at >= since + MINUTE)
    }
}

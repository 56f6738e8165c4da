//! Target groups: who is behind them, how healthy they are, and what a hand has changed.

use std::collections::BTreeMap;

use super::super::plan::ecs::Failure;
use super::super::plan::edge::TargetKind;
use super::super::signal;
use super::super::time::{Ms, SECOND};
use super::super::track::Track;
use super::ecs::Phase;
use super::instance::State;
use super::{Sim, Timer};

/// How long a target that was taken out drains.
pub const DRAIN: Ms = 30 * SECOND;
/// How long the first health checks of a target that was put in take.
pub const CHECK: Ms = 25 * SECOND;

/// A target group.
#[derive(Debug, Clone)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// The ARN of its load balancer.
    pub balancer: String,
    /// Whose targets these are.
    pub backend: Backend,
    /// Targets that pass their checks and answer well.
    pub good: Track,
    /// Targets that take requests and answer them with errors.
    pub broken: Track,
    /// Targets that fail their checks.
    pub unhealthy: Track,
    /// Targets that a hand took out, and since when.
    pub removed: BTreeMap<String, Ms>,
    /// Targets that a hand put in, and since when.
    pub added: BTreeMap<String, Ms>,
}

/// Whose targets are in a target group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The tasks of a service.
    Service(usize),
    /// The instances of an Auto Scaling group.
    Group(usize),
    /// Nobody's.
    None,
}

/// A target and its health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// An address or an instance id.
    pub id: String,
    /// The zone.
    pub zone: Option<String>,
    /// How it is.
    pub health: Health,
    /// Whether it answers with errors.
    pub broken: bool,
}

/// How a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Its first checks are open.
    Initial,
    /// It passes them.
    Healthy,
    /// It answers them with an error.
    Failing,
    /// It does not answer them.
    Silent,
    /// It is on its way out.
    Draining,
}

impl Sim {
    /// Creates the target groups, empty.
    pub fn found_targets(&mut self) {
        let plan = std::sync::Arc::clone(&self.plan);
        for balancer in &plan.balancers {
            let balancer_arn = self.balancer_arn(&balancer.name);
            for group in &balancer.target_groups {
                let id = signal::hex(&self.key(&group.name, 1), 16);
                let service = plan
                    .services
                    .iter()
                    .position(|service| service.target_group.as_deref() == Some(&group.name));
                let of_group = plan
                    .groups
                    .iter()
                    .position(|other| other.behind.as_deref() == Some(&group.name));
                self.targets.insert(
                    group.name.clone(),
                    TargetGroup {
                        arn: plan.arn(
                            "elasticloadbalancing",
                            &format!("targetgroup/{}/{id}", group.name),
                        ),
                        balancer: balancer_arn.clone(),
                        backend: match (service, of_group, group.kind) {
                            (Some(index), _, TargetKind::Ip) => Backend::Service(index),
                            (_, Some(index), TargetKind::Instance) => Backend::Group(index),
                            _ => Backend::None,
                        },
                        good: Track::new(0.0),
                        broken: Track::new(0.0),
                        unhealthy: Track::new(0.0),
                        removed: BTreeMap::new(),
                        added: BTreeMap::new(),
                    },
                );
            }
        }
    }

    /// The ARN of a load balancer.
    pub fn balancer_arn(&self, name: &str) -> String {
        let id = signal::hex(&self.key(name, 2), 16);
        self.plan
            .arn("elasticloadbalancing", &format!("loadbalancer/app/{name}/{id}"))
    }

    /// The targets of a group now.
    pub fn list_targets(&self, group: &TargetGroup, at: Ms) -> Vec<Target> {
        let mut targets = match group.backend {
            Backend::Service(index) => self.service_targets(index),
            Backend::Group(index) => self.group_targets(index, at),
            Backend::None => Vec::new(),
        };
        targets.retain_mut(|target| match group.removed.get(&target.id) {
            None => true,
            Some(since) => {
                target.health = Health::Draining;
                target.broken = false;
                at < since + DRAIN
            }
        });
        for (id, since) in &group.added {
            if targets.iter().all(|target| &target.id != id) {
                targets.push(Target {
                    id: id.clone(),
                    zone: None,
                    // Nothing that we simulate listens there.
                    health: if at < since + CHECK {
                        Health::Initial
                    } else {
                        Health::Silent
                    },
                    broken: false,
                });
            }
        }
        targets.sort_by(|a, b| a.id.cmp(&b.id));
        targets
    }

    fn service_targets(&self, index: usize) -> Vec<Target> {
        self.services[index]
            .tasks
            .iter()
            .filter_map(|task| {
                let health = match task.phase {
                    Phase::Provisioning | Phase::Pending | Phase::Stopped => return None,
                    Phase::Starting if task.failure == Some(Failure::Exits) => Health::Silent,
                    Phase::Starting => Health::Initial,
                    Phase::Serving => Health::Healthy,
                    Phase::Sick => Health::Failing,
                    Phase::Stopping => Health::Draining,
                };
                Some(Target {
                    id: task.address.clone(),
                    zone: Some(task.zone.clone()),
                    health,
                    broken: health == Health::Healthy && task.failure.is_some(),
                })
            })
            .collect()
    }

    fn group_targets(&self, index: usize, at: Ms) -> Vec<Target> {
        self.groups[index]
            .members
            .iter()
            .filter_map(|member| {
                let instance = self.instances.get(&member.id)?;
                let health = match member.lifecycle {
                    super::group::Lifecycle::Pending => Health::Initial,
                    super::group::Lifecycle::Terminating => Health::Draining,
                    super::group::Lifecycle::InService => match instance.state {
                        State::Running if instance.up_since.is_some_and(|since| at >= since + CHECK) => {
                            Health::Healthy
                        }
                        State::Running | State::Pending => Health::Initial,
                        State::Stopping | State::Stopped | State::ShuttingDown | State::Terminated => {
                            Health::Silent
                        }
                    },
                    super::group::Lifecycle::Warmed => return None,
                };
                Some(Target {
                    id: member.id.clone(),
                    zone: Some(instance.zone.clone()),
                    health,
                    broken: false,
                })
            })
            .collect()
    }

    /// Notes how many targets of a group are how healthy.
    pub fn note_targets(&mut self, name: &str, at: Ms) {
        let Some(group) = self.targets.get(name) else {
            return;
        };
        let targets = self.list_targets(group, at);
        let count =
            |holds: &dyn Fn(&Target) -> bool| targets.iter().filter(|target| holds(target)).count() as f64;
        let good = count(&|target| target.health == Health::Healthy && !target.broken);
        let broken = count(&|target| target.health == Health::Healthy && target.broken);
        let unhealthy = count(&|target| matches!(target.health, Health::Failing | Health::Silent));
        let waiting = targets.iter().any(|target| target.health == Health::Initial);
        // Instances pass their checks without anything else happening to them.
        let look_again = waiting && matches!(group.backend, Backend::Group(_) | Backend::None);
        if let Some(group) = self.targets.get_mut(name) {
            // At the origin this is how it has always been.
            if at == self.origin && group.good.last() == 0.0 {
                group.good = Track::new(good);
            }
            group.good.set(at, good);
            group.broken.set(at, broken);
            group.unhealthy.set(at, unhealthy);
        }
        if look_again {
            self.set_timer(
                at + CHECK,
                Timer::Targets {
                    name: name.to_owned(),
                },
            );
        }
    }

    /// The name of the target group with this ARN.
    pub fn target_group_name(&self, arn: &str) -> Option<String> {
        self.targets
            .iter()
            .find(|(_, group)| group.arn == arn)
            .map(|(name, _)| name.clone())
    }
}

impl TargetGroup {
    /// Drops what metrics can no longer ask for.
    pub fn forget_before(&mut self, past: Ms) {
        self.good.forget_before(past);
        self.broken.forget_before(past);
        self.unhealthy.forget_before(past);
    }
}

//! ECS services: revisions, deployments and tasks, and how they stand at the origin.

use std::collections::VecDeque;

use super::super::plan::Tags;
use super::super::plan::ecs::{Failure, Service as Plan};
use super::super::signal;
use super::super::time::{DAY, HOUR, MINUTE, Ms, part};
use super::super::track::Track;
use super::registry::{Resolved, digest};
use super::{Sim, Timer};

/// A revision of a task definition.
#[derive(Debug, Clone)]
pub struct Revision {
    /// Its number, from 1.
    pub number: u32,
    /// The build that it was made for.
    pub image: String,
    /// That build's digest.
    pub digest: String,
    /// How it names its image.
    pub reference: Reference,
    /// Whether it has not been deregistered.
    pub active: bool,
    /// How it fails; `None` is a good one.
    pub failure: Option<Failure>,
    /// When it was registered.
    pub registered_at: Ms,
}

/// How a revision names its image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// By a tag, which is looked up at each deployment.
    Tag(String),
    /// By its digest.
    Digest(String),
}

/// A service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Tasks wanted.
    pub desired: u32,
    /// Deployments that have tasks, the primary one first.
    pub deployments: Vec<Deployment>,
    /// Tasks, running and stopped in the last hour.
    pub tasks: Vec<Task>,
    /// Tasks as logs remember them.
    pub spans: Vec<Span>,
    /// What ECS says happened, newest last.
    pub events: VecDeque<Event>,
    /// The deployment history, oldest first.
    pub rollouts: Vec<Rollout>,
    /// When it was created.
    pub created: Ms,
    /// Its tags.
    pub tags: Tags,
    /// Before this no task is started, since the last ones failed.
    pub backoff_until: Ms,
    /// Between which counts it is scaled by itself.
    pub bounds: Option<(u32, u32)>,
    /// Before this the pipeline brings nothing, since a person is at work.
    pub hands_off_until: Ms,
    /// Tasks that run.
    pub running: Track,
    /// How many tasks were ever started.
    pub started: u64,
    /// How many events there ever were.
    pub told: u64,
}

/// A deployment that has or wants tasks.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// `ecs-svc/…`.
    pub id: String,
    /// The family and revision it brings.
    pub brings: (String, u32),
    /// Its entry in the history.
    pub rollout: usize,
    /// What its image turned out to be.
    pub resolved: Resolved,
    /// Tasks that failed in a row.
    pub failed: u32,
    /// How far it is.
    pub state: Progress,
    /// What AWS says of it.
    pub reason: String,
    /// When it began.
    pub created: Ms,
    /// When it last changed.
    pub updated: Ms,
}

/// How far a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Under way.
    Going,
    /// The wanted tasks run.
    Done,
    /// The circuit breaker gave up.
    Failed,
}

/// An entry of the deployment history.
#[derive(Debug, Clone)]
pub struct Rollout {
    /// The service deployment's ARN.
    pub arn: String,
    /// The service revision's ARN.
    pub revision_arn: String,
    /// The family and revision it brings.
    pub brings: (String, u32),
    /// What its image turned out to be.
    pub resolved: Resolved,
    /// Whether the pipeline began it.
    pub by_pipeline: bool,
    /// `IN_PROGRESS`, `SUCCESSFUL`, ….
    pub status: &'static str,
    /// What AWS says of the status.
    pub reason: Option<String>,
    /// When it began.
    pub started: Ms,
    /// When it ended.
    pub finished: Option<Ms>,
    /// The service revision that a rollback went back to.
    pub back_to: Option<String>,
}

/// A task.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its number in the service.
    pub number: u64,
    /// The last part of its ARN.
    pub id: String,
    /// The deployment that started it.
    pub deployment: String,
    /// The family and revision it runs.
    pub runs: (String, u32),
    /// How it fails; `None` is a good one.
    pub failure: Option<Failure>,
    /// The digest of its image; `None` if there is none.
    pub digest: Option<String>,
    /// Where it is in its life.
    pub phase: Phase,
    /// The next step and when.
    pub due: Option<Ms>,
    /// The Availability Zone.
    pub zone: String,
    /// Its address.
    pub address: String,
    /// When it started to run.
    pub running_since: Option<Ms>,
    /// When it stopped.
    pub stopped_at: Option<Ms>,
    /// Stop code, reason and exit code.
    pub end: Option<End>,
}

/// Why a task ended.
#[derive(Debug, Clone)]
pub struct End {
    /// `TaskFailedToStart`, ….
    pub code: &'static str,
    /// The reason.
    pub reason: String,
    /// The container's exit code.
    pub exit_code: Option<i32>,
}

/// Where a task is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It gets a network interface.
    Provisioning,
    /// It pulls its image.
    Pending,
    /// It runs, and its first health checks are open.
    Starting,
    /// It runs and takes requests.
    Serving,
    /// It runs and fails its health checks.
    Sick,
    /// It drains and stops.
    Stopping,
    /// It is gone.
    Stopped,
}

impl Phase {
    /// Whether it counts among the tasks that a service has.
    pub const fn is_live(self) -> bool {
        matches!(
            self,
            Self::Provisioning | Self::Pending | Self::Starting | Self::Serving | Self::Sick
        )
    }

    /// Whether its container runs and it is wanted.
    pub const fn is_running(self) -> bool {
        matches!(self, Self::Starting | Self::Serving | Self::Sick)
    }
}

/// When a task wrote logs.
#[derive(Debug, Clone)]
pub struct Span {
    /// The last part of its ARN.
    pub task: String,
    /// From when.
    pub from: Ms,
    /// Until when.
    pub to: Option<Ms>,
    /// How it failed.
    pub failure: Option<Failure>,
}

/// A line of a service's event list.
#[derive(Debug, Clone)]
pub struct Event {
    /// The event's number.
    pub number: u64,
    /// When.
    pub at: Ms,
    /// What.
    pub message: String,
}

/// How many events ECS keeps.
const EVENTS: usize = 100;
/// How long stopped tasks can be seen.
const STOPPED_SEEN: Ms = HOUR;
/// How long the deployment history is kept.
const HISTORY: Ms = 90 * DAY;

impl Sim {
    /// Starts every service with all its tasks and a history.
    pub fn found_services(&mut self) {
        let plan = std::sync::Arc::clone(&self.plan);
        for (index, service) in plan.services.iter().enumerate() {
            let revisions = self.first_revisions(service);
            for revision in &revisions {
                if revision.failure != Some(Failure::NoImage) {
                    let mut tags = vec![revision.image.clone()];
                    tags.extend(service.mutable_tag.clone());
                    self.push_image(
                        &service.repository,
                        &revision.digest,
                        &tags,
                        revision.registered_at - MINUTE,
                    );
                }
            }
            self.families.insert(service.family.clone(), revisions);
            let founded = self.found_service(service);
            self.services.push(founded);
            self.note_service(index, self.origin);
            if let Some(hours) = service.deploys_every_h {
                let period = Ms::from(hours) * HOUR;
                let offset = (signal::unit(&self.key(&service.name, 40)) * period as f64) as Ms;
                self.set_timer(self.epoch + offset, Timer::RoutineDeploy { service: index });
            }
        }
    }

    fn first_revisions(&self, service: &Plan) -> Vec<Revision> {
        let count = service.images.len();
        service
            .images
            .iter()
            .zip(1_u32..)
            .map(|(image, number)| {
                let age = self.revision_age(service, count - number as usize);
                Revision {
                    number,
                    image: image.clone(),
                    digest: digest(&service.repository, image),
                    reference: Reference::Tag(service.mutable_tag.clone().unwrap_or_else(|| image.clone())),
                    active: !service.deregistered.contains(&number),
                    failure: service.failures.get(&number).copied(),
                    registered_at: self.epoch - age,
                }
            })
            .collect()
    }

    /// How long ago the nth newest revision came, newest is 0.
    fn revision_age(&self, service: &Plan, nth: usize) -> Ms {
        let age = Ms::try_from(nth).unwrap_or_default();
        30 * HOUR + age * 4 * DAY + signal::below(&self.key(&service.name, part(age)), 40) * HOUR
    }

    fn found_service(&self, plan: &Plan) -> Service {
        let newest = plan.images.len() as u32;
        let cluster_and_name = format!("{}/{}", plan.cluster, plan.name);
        let mut rollouts: Vec<Rollout> = Vec::new();
        for revision in &self.families[&plan.family] {
            let started = revision.registered_at + 2 * MINUTE;
            let previous = rollouts
                .iter()
                .rev()
                .find(|rollout| rollout.status == "SUCCESSFUL")
                .map(|rollout| rollout.revision_arn.clone());
            // Then its own build was the newest, whatever the tag means by now.
            let resolved = Resolved {
                digest: (revision.failure != Some(Failure::NoImage)).then(|| revision.digest.clone()),
                failure: revision.failure,
            };
            let brings = (plan.family.clone(), revision.number);
            let mut rollout = self.new_rollout(plan, brings, (resolved, true), started);
            rollout.finished = Some(started + 3 * MINUTE);
            if revision.failure.is_some() {
                rollout.status = "ROLLBACK_SUCCESSFUL";
                rollout.reason = Some("ECS deployment circuit breaker: tasks failed to start.".to_owned());
                rollout.back_to = previous;
            } else {
                rollout.status = "SUCCESSFUL";
            }
            rollouts.push(rollout);
        }
        let began = rollouts.last().map_or(self.origin, |rollout| rollout.started);
        let id = self.deployment_id(&cluster_and_name, began);
        let mut service = Service {
            desired: plan.desired,
            deployments: vec![Deployment {
                reason: format!("ECS deployment {id} completed."),
                id,
                brings: (plan.family.clone(), newest),
                rollout: rollouts.len().saturating_sub(1),
                resolved: self.resolve_image(plan, &(plan.family.clone(), newest)),
                failed: 0,
                state: Progress::Done,
                created: began,
                updated: began + 3 * MINUTE,
            }],
            tasks: Vec::new(),
            spans: Vec::new(),
            events: VecDeque::new(),
            rollouts,
            created: self.epoch - 210 * DAY,
            tags: plan.tags.clone(),
            backoff_until: Ms::MIN,
            hands_off_until: Ms::MIN,
            bounds: plan.scaling.map(|scaling| (scaling.min, scaling.max)),
            running: Track::new(f64::from(plan.desired)),
            started: 0,
            told: 0,
        };
        for number in 1..=u64::from(plan.desired) {
            service.started = number;
            let mut task = self.new_task(plan, service.deployments.first(), number);
            task.phase = Phase::Serving;
            task.running_since = Some(began + MINUTE);
            service.spans.push(Span {
                task: task.id.clone(),
                from: Ms::MIN,
                to: None,
                failure: None,
            });
            service.tasks.push(task);
        }
        for hours in [18, 12, 6] {
            service.tell(
                self.origin - hours * HOUR,
                format!("(service {}) has reached a steady state.", plan.name),
            );
        }
        service
    }

    /// A new entry of the history.
    pub fn new_rollout(
        &self,
        plan: &Plan,
        brings: (String, u32),
        (resolved, by_pipeline): (Resolved, bool),
        at: Ms,
    ) -> Rollout {
        let path = format!("{}/{}", plan.cluster, plan.name);
        let id = |salt: u64| signal::hex(&[self.seed, signal::name(&path), part(at), salt], 21);
        Rollout {
            arn: self
                .plan
                .arn("ecs", &format!("service-deployment/{path}/{}", id(1))),
            revision_arn: self
                .plan
                .arn("ecs", &format!("service-revision/{path}/{}", id(2))),
            brings,
            resolved,
            by_pipeline,
            status: "IN_PROGRESS",
            reason: None,
            started: at,
            finished: None,
            back_to: None,
        }
    }

    /// The id of a deployment that begins then.
    pub fn deployment_id(&self, path: &str, at: Ms) -> String {
        format!(
            "ecs-svc/{}",
            signal::decimal(&[self.seed, signal::name(path), part(at)], 19)
        )
    }

    /// The nth task of a service, about to start for its primary deployment.
    pub fn new_task(&self, plan: &Plan, primary: Option<&Deployment>, number: u64) -> Task {
        let path = format!("{}/{}", plan.cluster, plan.name);
        let key = self.key(&path, number);
        let runs = primary.map_or((plan.family.clone(), 1), |deployment| deployment.brings.clone());
        let subnet = 11 + number % 2;
        Task {
            number,
            id: signal::hex(&key, 32),
            deployment: primary
                .map(|deployment| deployment.id.clone())
                .unwrap_or_default(),
            failure: primary.and_then(|deployment| deployment.resolved.failure),
            digest: primary.and_then(|deployment| deployment.resolved.digest.clone()),
            runs,
            phase: Phase::Provisioning,
            due: None,
            zone: self.plan.zone(number),
            // A step that shares no factor with the range: no two of 224 tasks have one address.
            address: format!(
                "10.0.{subnet}.{}",
                16 + (number.wrapping_mul(53) + signal::name(&path) % 224) % 224
            ),
            running_since: None,
            stopped_at: None,
            end: None,
        }
    }

    /// A revision by family and number.
    pub fn revision(&self, of: &(String, u32)) -> Option<&Revision> {
        self.families
            .get(&of.0)?
            .iter()
            .find(|revision| revision.number == of.1)
    }

    /// Registers a new revision of a family and gives its number.
    pub fn register_revision(
        &mut self,
        service: usize,
        image: &str,
        failure: Option<Failure>,
        at: Ms,
    ) -> u32 {
        let plan = std::sync::Arc::clone(&self.plan);
        let plan = &plan.services[service];
        let revisions = self.families.entry(plan.family.clone()).or_default();
        let number = revisions.last().map_or(1, |revision| revision.number + 1);
        let build = digest(&plan.repository, image);
        revisions.push(Revision {
            number,
            image: image.to_owned(),
            digest: build.clone(),
            reference: Reference::Tag(plan.mutable_tag.clone().unwrap_or_else(|| image.to_owned())),
            active: true,
            failure,
            registered_at: at,
        });
        if failure != Some(Failure::NoImage) {
            let mut tags = vec![image.to_owned()];
            tags.extend(plan.mutable_tag.clone());
            self.push_image(&plan.repository, &build, &tags, at - MINUTE);
        }
        number
    }

    /// The service of that cluster and name.
    pub fn find_service(&self, cluster: &str, name: &str) -> Option<usize> {
        self.plan
            .services
            .iter()
            .position(|plan| plan.cluster == cluster && plan.name == name)
    }

    /// Drops what can no longer be seen.
    pub fn forget_tasks(&mut self, past: Ms, at: Ms) {
        for service in &mut self.services {
            service
                .tasks
                .retain(|task| task.stopped_at.is_none_or(|stopped| stopped > at - STOPPED_SEEN));
            service.spans.retain(|span| span.to.is_none_or(|to| to > past));
            service.running.forget_before(past);
            // Deployments refer to the history by index, so only the text of old entries goes.
            for rollout in &mut service.rollouts {
                if rollout.started < at - HISTORY {
                    rollout.reason = None;
                }
            }
        }
    }
}

impl Service {
    /// Notes what ECS says happened.
    pub fn tell(&mut self, at: Ms, message: String) {
        self.told += 1;
        self.events.push_back(Event {
            number: self.told,
            at,
            message,
        });
        if self.events.len() > EVENTS {
            self.events.pop_front();
        }
    }

    /// How many tasks are such.
    pub fn count(&self, holds: impl Fn(&Task) -> bool) -> u32 {
        self.tasks.iter().filter(|task| holds(task)).count() as u32
    }
}

//! The state of one world and how it moves on. Everything that happens, happens at a moment that
//! the state itself has set, so a world that is asked once an hour is the same as one that is
//! asked every second.

pub mod alarm;
pub mod cache;
pub mod course;
pub mod cron;
pub mod database;
pub mod database_cluster;
pub mod delivery;
pub mod ecs;
pub mod function;
pub mod group;
pub mod instance;
pub mod kubernetes;
pub mod models;
pub mod names;
pub mod pipeline;
pub mod policy;
pub mod queue;
pub mod refresh;
pub mod registry;
pub mod rollout;
pub mod scaling;
pub mod target;
pub mod task;
pub mod traffic;
pub mod trail;
pub mod web;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::plan::Plan;
use super::scenario::{self, Beat};
use super::selection::{Scenario, World};
use super::signal;
use super::time::{DAY, HOUR, MINUTE, Ms, minute_of};

/// How long before the epoch a world starts to run, so that it has a past when it is opened.
const WARM_UP: Ms = 6 * HOUR;
/// How long the past is kept in detail: what metrics and logs can be asked for.
const MEMORY: Ms = 9 * DAY;

/// A command that was sent to a host.
#[derive(Debug, Clone)]
pub struct Command {
    /// Its id.
    pub id: String,
    /// The document.
    pub document: String,
    /// The host.
    pub instance: String,
    /// When.
    pub at: Ms,
}

/// One simulated estate.
#[derive(Debug, Clone)]
pub struct Sim {
    /// What it consists of.
    pub plan: Arc<Plan>,
    /// Which it is.
    pub world: World,
    /// What goes wrong in it.
    pub scenario: Scenario,
    /// The seed, different for each world.
    pub seed: u64,
    /// When the demo was first opened.
    pub epoch: Ms,
    /// When the simulation began; before that everything was as it was then.
    pub origin: Ms,
    /// How far it has come.
    pub now: Ms,
    /// How much customers want, beyond their habits.
    pub pressure: BTreeMap<String, traffic::Pressure>,
    /// Task definition families.
    pub families: BTreeMap<String, Vec<ecs::Revision>>,
    /// Images by repository.
    pub registry: registry::Registry,
    /// Transitions into stages that somebody has disabled.
    pub held: delivery::Held,
    /// Executions of pipelines that are more than a deployment.
    pub runs: Vec<pipeline::Run>,
    /// Lifecycle policies by repository.
    pub policies: BTreeMap<String, Vec<crate::domain::ecr::lifecycle::Rule>>,
    /// Services, in the plan's order.
    pub services: Vec<ecs::Service>,
    /// Auto Scaling groups, in the plan's order.
    pub groups: Vec<group::Group>,
    /// EC2 instances by id, members of groups included.
    pub instances: BTreeMap<String, instance::Instance>,
    /// Spot cannot be had before this moment.
    pub no_spot_until: Ms,
    /// DB instances by name, those that were restored included.
    pub databases: Vec<database::Database>,
    /// Whether clients reach a database, by the name they use.
    pub database_up: BTreeMap<String, super::track::Track>,
    /// DB clusters by name, those that were restored included.
    pub database_clusters: Vec<database_cluster::DatabaseCluster>,
    /// Manual snapshots.
    pub snapshots: Vec<database::Snapshot>,
    /// Manual snapshots of DB clusters.
    pub cluster_snapshots: Vec<database_cluster::ClusterSnapshot>,
    /// What RDS says happened.
    pub database_events: Vec<database::Event>,
    /// Caches, in the plan's order.
    pub caches: Vec<cache::Cache>,
    /// What ElastiCache says happened.
    pub cache_events: Vec<database::Event>,
    /// SageMaker.
    pub models: models::Models,
    /// Target groups by name.
    pub targets: BTreeMap<String, target::TargetGroup>,
    /// Queues, in the plan's order.
    pub queues: Vec<queue::Queue>,
    /// Lambda functions, in the plan's order.
    pub functions: Vec<function::Function>,
    /// Updates of EKS node groups.
    pub node_updates: kubernetes::Updates,
    /// Alarms, in the plan's order, composite ones last.
    pub alarms: Vec<alarm::Alarm>,
    /// Who changed what.
    pub trail: Vec<trail::Entry>,
    /// Commands that were sent to hosts.
    pub commands: Vec<Command>,
    /// Distributions, in the plan's order.
    pub distributions: Vec<web::Distribution>,
    /// Certificates, by their place in the plan, whose renewal finds no proof.
    pub stuck_certificates: Vec<usize>,
    /// Hosted zones, and what hangs on their records.
    pub names: names::Names,
    timers: BTreeMap<(Ms, u64), Timer>,
    timers_set: u64,
}

/// Something that will happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timer {
    /// A minute has passed.
    Minute,
    /// A task takes its next step.
    Task {
        /// The service's index.
        service: usize,
        /// The task's number.
        task: u64,
    },
    /// A service looks at what it should do.
    Reconcile {
        /// The service's index.
        service: usize,
    },
    /// A stopped deployment goes back.
    RollBack {
        /// The service's index.
        service: usize,
        /// The index of the rollout that goes back.
        rollout: usize,
    },
    /// The pipeline brings a new revision.
    RoutineDeploy {
        /// The service's index.
        service: usize,
    },
    /// A group looks at what it should do.
    Group {
        /// The group's index.
        group: usize,
    },
    /// A group's instance refresh takes its next step.
    Refresh {
        /// The group's index.
        group: usize,
    },
    /// An instance changes its state.
    Instance {
        /// Its id.
        id: String,
    },
    /// A target has drained or passed its checks.
    Targets {
        /// The target group's name.
        name: String,
    },
    /// A database changes its status.
    Database {
        /// Its resource id, which survives a rename.
        resource: String,
    },
    /// A DB cluster changes its status.
    DatabaseCluster {
        /// Its resource id, which survives a rename.
        resource: String,
    },
    /// A cache changes its status.
    Cache {
        /// The cache's index.
        cache: usize,
    },
    /// An invalidation has reached every edge location.
    Invalidated {
        /// The distribution's index.
        distribution: usize,
    },
    /// ACM looks for the proof of a certificate's names.
    Proof {
        /// The certificate's place in the plan.
        certificate: usize,
    },
    /// An execution of a pipeline takes its next step.
    Pipeline {
        /// The run's index.
        run: usize,
    },
    /// The scenario goes on.
    Beat(Beat),
}

impl Sim {
    /// A world as it is at its origin, moved on to the epoch.
    pub fn new(plan: Arc<Plan>, world: World, scenario: Scenario, settings: (u64, Ms)) -> Self {
        let (seed, epoch) = settings;
        let origin = minute_of(epoch - WARM_UP);
        let mut sim = Self {
            plan,
            world,
            scenario,
            seed: signal::hash(&[seed, signal::name(world.name())]),
            epoch,
            origin,
            now: origin,
            pressure: BTreeMap::new(),
            families: BTreeMap::new(),
            registry: BTreeMap::new(),
            held: BTreeMap::new(),
            runs: Vec::new(),
            policies: BTreeMap::new(),
            services: Vec::new(),
            groups: Vec::new(),
            instances: BTreeMap::new(),
            no_spot_until: Ms::MIN,
            databases: Vec::new(),
            database_up: BTreeMap::new(),
            database_clusters: Vec::new(),
            snapshots: Vec::new(),
            cluster_snapshots: Vec::new(),
            database_events: Vec::new(),
            caches: Vec::new(),
            cache_events: Vec::new(),
            models: models::Models::default(),
            targets: BTreeMap::new(),
            queues: Vec::new(),
            functions: Vec::new(),
            node_updates: BTreeMap::new(),
            alarms: Vec::new(),
            trail: Vec::new(),
            commands: Vec::new(),
            distributions: Vec::new(),
            stuck_certificates: Vec::new(),
            names: names::Names::default(),
            timers: BTreeMap::new(),
            timers_set: 0,
        };
        sim.found_traffic();
        sim.found_targets();
        sim.found_registry();
        sim.found_services();
        sim.found_instances();
        sim.found_groups();
        sim.found_databases();
        sim.found_database_clusters();
        sim.found_caches();
        sim.found_queues();
        sim.found_models();
        sim.found_functions();
        sim.found_alarms();
        sim.found_distributions();
        sim.found_names();
        scenario::prepare(&mut sim);
        sim.set_timer(origin, Timer::Minute);
        sim.advance(epoch);
        sim
    }

    /// Lets everything happen that is due by then. Time does not go back.
    pub fn advance(&mut self, to: Ms) {
        while let Some(entry) = self.timers.first_entry() {
            let at = entry.key().0;
            if at > to {
                break;
            }
            let timer = entry.remove();
            self.now = self.now.max(at);
            self.fire(timer, at);
        }
        self.now = self.now.max(to);
    }

    /// Has something happen later. What is due at the same moment happens in the order in which it
    /// was set.
    pub fn set_timer(&mut self, at: Ms, timer: Timer) {
        self.timers_set += 1;
        self.timers.insert((at, self.timers_set), timer);
    }

    fn fire(&mut self, timer: Timer, at: Ms) {
        match timer {
            Timer::Minute => self.minute(at),
            Timer::Task { service, task } => self.step_task(service, task, at),
            Timer::Reconcile { service } => self.reconcile_service(service, at),
            Timer::RollBack { service, rollout } => self.roll_back(service, rollout, at),
            Timer::RoutineDeploy { service } => self.routine_deploy(service, at),
            Timer::Group { group } => self.reconcile_group(group, at),
            Timer::Refresh { group } => self.step_refresh(group, at),
            Timer::Instance { id } => self.step_instance(&id, at),
            Timer::Targets { name } => self.note_targets(&name, at),
            Timer::Database { resource } => self.step_database(&resource, at),
            Timer::DatabaseCluster { resource } => self.step_database_cluster(&resource, at),
            Timer::Cache { cache } => self.step_cache(cache, at),
            Timer::Invalidated { distribution } => self.note_invalidated(distribution, at),
            Timer::Proof { certificate } => self.look_for_proof(certificate, at),
            Timer::Pipeline { run } => self.step_run(run, at),
            Timer::Beat(beat) => scenario::play(self, beat, at),
        }
    }

    fn minute(&mut self, at: Ms) {
        self.set_timer(at + MINUTE, Timer::Minute);
        self.run_queues(at);
        self.run_streams(at);
        self.run_policies(at);
        self.run_schedules(at);
        self.keep_bounds(at);
        self.keep_endpoint_bounds(at);
        self.check_members(at);
        self.check_overload(at);
        self.check_storage(at);
        self.evaluate_alarms(at);
        if at % HOUR == 0 {
            self.forget_before(at - MEMORY, at);
        }
    }

    fn forget_before(&mut self, past: Ms, at: Ms) {
        self.forget_tasks(past, at);
        self.forget_instances(past, at);
        self.forget_queues(past);
        self.forget_streams(past);
        self.database_events.retain(|event| event.at > past);
        self.cache_events.retain(|event| event.at > past);
        self.trail.retain(|entry| entry.at > past);
        for alarm in &mut self.alarms {
            alarm.transitions.retain(|transition| transition.at > past);
        }
        for group in self.targets.values_mut() {
            group.forget_before(past);
        }
    }

    /// A part of a hash that is this world's own.
    pub fn key(&self, name: &str, number: u64) -> [u64; 3] {
        [self.seed, signal::name(name), number]
    }
}

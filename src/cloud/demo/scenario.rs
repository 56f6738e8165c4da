//! What goes wrong: each scenario bends a world around the epoch, so that the incident is some
//! minutes old when the demo opens, and goes on from there.

use super::plan::ecs::Failure;
use super::selection::{Scenario, World};
use super::sim::database::Free;
use super::sim::function::Flaw;
use super::sim::instance::State;
use super::sim::registry;
use super::sim::trail::PIPELINE;
use super::sim::{Sim, Timer};
use super::time::{DAY, HOUR, MINUTE, Ms, SECOND, iso};
use crate::domain::ecr::lifecycle::{Expires, Rule, Selects};

/// Something that a scenario does at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// The pipeline brings an ordinary revision.
    GoodDeploy {
        /// The service's index.
        service: usize,
    },
    /// The pipeline brings a revision that does not work.
    BadDeploy {
        /// The service's index.
        service: usize,
    },
    /// Somebody pushed a change to the branch that a pipeline follows.
    Commit {
        /// The index of the service that it changes.
        service: usize,
        /// Whether its first build fails.
        fails: bool,
    },
    /// The pipeline leads an alias to a version with a flaw.
    BadVersion {
        /// The function's index.
        function: usize,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// Spot instances of a group are taken back.
    Reclaim {
        /// The group's index.
        group: usize,
        /// How many.
        count: usize,
    },
}

/// The service that gets the bad revision, and how that fails.
const BAD_REVISIONS: [(World, &str, &str, Failure); 2] = [
    (
        World::Codemate,
        "codemate-backend-service",
        "d19e6b2",
        Failure::Exits,
    ),
    (World::Invokeai, "invokeai-api", "5.6.0", Failure::Unhealthy),
];

/// The change that a pipeline is about.
const COMMIT: &str = "4be07d1";

/// For so long after the epoch no pipeline brings anything in a quiet world: what somebody plans there is not
/// overtaken, however fast its clock runs.
const QUIET: Ms = DAY;

/// Whether a pipeline brings revisions at a moment as it does from time to time.
pub fn pipelines_work(sim: &Sim, at: Ms) -> bool {
    sim.scenario != Scenario::Quiet || at <= sim.epoch || at > sim.epoch + QUIET
}

/// Bends a world that has just been founded.
pub fn prepare(sim: &mut Sim) {
    match (sim.scenario, sim.world) {
        (Scenario::Everyday | Scenario::Quiet, World::Codemate) => {
            at(sim, -11 * MINUTE, "codemate-frontend-service", |service| {
                Beat::GoodDeploy { service }
            });
            if sim.scenario == Scenario::Everyday {
                at(sim, 100 * SECOND, "codemate-backend-service", |service| {
                    Beat::GoodDeploy { service }
                });
            }
        }
        (Scenario::Everyday | Scenario::Quiet, World::Ecg) => {
            at(sim, -47 * MINUTE, "ecg-project-pipeline-dev-api", |service| {
                Beat::GoodDeploy { service }
            });
        }
        // Whatever the hour is, the workers have something to do: idle ones are another scenario.
        (Scenario::Everyday | Scenario::Quiet, World::Invokeai) => press(sim, "generation", -7 * DAY, 0.65),
        (Scenario::BadDeploy, World::Codemate | World::Invokeai) => bad_deploy(sim),
        (Scenario::GpuIdleNight, World::Invokeai) => gpu_idle_night(sim),
        (Scenario::SpotReclaim, World::Invokeai) => spot_reclaim(sim),
        (Scenario::DbStorageLow, World::Ecommerce) => db_storage_low(sim),
        (Scenario::RedisEvictions, World::Ecommerce) => redis_evictions(sim),
        (Scenario::QueueBacklog, World::Invokeai) => queue_backlog(sim),
        // The endpoint and its configurations are founded so; whatever the hour is, it is used.
        (Scenario::EndpointDegraded, World::Fashion) => press(sim, "web", -2 * DAY, 0.6),
        (Scenario::StaleCdn, World::Ecg) => stale_cdn(sim),
        (Scenario::CertExpiring, World::Codemate) => cert_expiring(sim),
        (Scenario::PipelineFailed, World::Codemate) => commit(sim, -24 * MINUTE, true),
        (Scenario::ApprovalWaiting, World::Codemate) => commit(sim, -95 * MINUTE, false),
        (Scenario::ImageExpiring, World::Ecg) => image_expiring(sim),
        (Scenario::CreditBurn, World::Fashion) => credit_burn(sim),
        (Scenario::DrGap, World::Ecommerce) => dr_gap(sim),
        (Scenario::LambdaErrors, World::Fashion) => lambda_errors(sim),
        (Scenario::EventSourceLag, World::Fashion) => event_source_lag(sim),
        (Scenario::NodegroupShort, World::Fashion) => nodegroup_short(sim),
        // Elsewhere nothing is bent.
        (
            Scenario::Everyday
            | Scenario::Quiet
            | Scenario::BadDeploy
            | Scenario::GpuIdleNight
            | Scenario::SpotReclaim
            | Scenario::DbStorageLow
            | Scenario::RedisEvictions
            | Scenario::QueueBacklog
            | Scenario::EndpointDegraded
            | Scenario::NotebookLeftOn
            | Scenario::StaleCdn
            | Scenario::CertExpiring
            | Scenario::PipelineFailed
            | Scenario::ApprovalWaiting
            | Scenario::ImageExpiring
            | Scenario::CreditBurn
            | Scenario::DrGap
            | Scenario::LambdaErrors
            | Scenario::EventSourceLag
            | Scenario::NodegroupShort,
            _,
        ) => {}
    }
}

/// Lets a beat happen.
pub fn play(sim: &mut Sim, beat: Beat, at: Ms) {
    match beat {
        Beat::GoodDeploy { service } => sim.routine_deploy_now(service, at),
        Beat::BadDeploy { service } => {
            let name = sim.plan.services[service].name.clone();
            let bad = BAD_REVISIONS
                .iter()
                .find(|(world, of, ..)| *world == sim.world && *of == name);
            if let Some((_, _, image, failure)) = bad {
                sim.deploy(service, image, Some(*failure), at);
            }
        }
        Beat::Commit { service, fails } => {
            let run = sim.begin_run(service, COMMIT, at);
            if let Some(run) = run.and_then(|run| sim.runs.get_mut(run)) {
                run.build_fails = fails;
            }
        }
        Beat::BadVersion { function, flaw } => sim.publish_flawed(function, flaw, at),
        Beat::Reclaim { group, count } => sim.interrupt_spot(group, count, at),
    }
}

/// Sets a beat for a service, relative to the epoch.
fn at(sim: &mut Sim, offset: Ms, service: &str, beat: impl Fn(usize) -> Beat) {
    let index = sim.plan.services.iter().position(|plan| plan.name == service);
    if let Some(index) = index {
        sim.set_timer(sim.epoch + offset, Timer::Beat(beat(index)));
    }
}

/// Keeps a demand at least this high from a moment on, relative to the epoch.
fn press(sim: &mut Sim, traffic: &str, offset: Ms, floor: f64) {
    let from = sim.epoch + offset;
    if let Some(pressure) = sim.pressure.get_mut(traffic) {
        pressure.floor.set(from, floor);
    }
}

/// Keeps a demand at most this high up to a moment, relative to the epoch: at whatever hour the demo
/// opens, the trouble begins with the incident.
fn calm_until(sim: &mut Sim, traffic: &str, offset: Ms, ceiling: f64) {
    let (from, to) = (sim.origin, sim.epoch + offset);
    if let Some(pressure) = sim.pressure.get_mut(traffic) {
        pressure.ceiling.set(from, ceiling);
        pressure.ceiling.set(to, 9.0);
    }
}

fn bad_deploy(sim: &mut Sim) {
    for (world, name, ..) in BAD_REVISIONS {
        if world != sim.world {
            continue;
        }
        at(sim, -14 * MINUTE, name, |service| Beat::BadDeploy { service });
        // Whoever caused this does not deploy on top of it.
        if let Some(index) = sim.plan.services.iter().position(|plan| plan.name == name) {
            sim.services[index].hands_off_until = Ms::MAX;
        }
    }
    match sim.world {
        World::Codemate => {
            press(sim, "web", -3 * DAY, 0.75);
            // Clients try again, which makes it worse for the tasks that are left.
            press(sim, "web", -13 * MINUTE, 1.3);
        }
        World::Invokeai => press(sim, "api", -3 * DAY, 0.7),
        World::Fashion | World::Ecg | World::Ecommerce => {}
    }
}

/// A change to the backend is on its way into production; nothing else is deployed meanwhile.
fn commit(sim: &mut Sim, offset: Ms, fails: bool) {
    let plan = std::sync::Arc::clone(&sim.plan);
    let services = plan.services.iter().enumerate();
    for (index, service) in services.filter(|(_, service)| service.cluster == "codemate-cluster") {
        sim.services[index].hands_off_until = Ms::MAX;
        if service.name == "codemate-backend-service" {
            let beat = Beat::Commit {
                service: index,
                fails,
            };
            sim.set_timer(sim.epoch + offset, Timer::Beat(beat));
        }
    }
}

/// Somebody has pushed an image from a laptop with nothing but `:latest` on it, and somebody saves on storage: what
/// runs has no tag left, and images without one go after a day.
fn image_expiring(sim: &mut Sim) {
    let repository = "ecg-project-pipeline-dev-api";
    let pushed = sim.epoch - 40 * MINUTE;
    // Builds here push `:latest` alone.
    for image in sim.registry.get_mut(repository).into_iter().flatten() {
        image.tags.retain(|tag| tag == "latest");
    }
    let laptop = registry::digest(repository, "laptop");
    sim.push_image(repository, &laptop, &["latest".to_owned()], pushed);
    let rule = Rule {
        priority: 1,
        description: Some("저장 비용 절감: 태그 없는 이미지는 하루 뒤 삭제".to_owned()),
        selects: Selects::Untagged,
        expires: Expires::DaysSincePushed(1),
    };
    sim.policies.insert(repository.to_owned(), vec![rule]);
    for (at, call) in [
        (pushed, "PutImage"),
        (sim.epoch - 20 * MINUTE, "PutLifecyclePolicy"),
    ] {
        sim.record(at, ("ecr.amazonaws.com", call), "minho.park", &[repository]);
    }
}

fn gpu_idle_night(sim: &mut Sim) {
    // Whatever the hour is: nobody has wanted an image for five hours, nor will for six.
    // The API is as calm as in the nights before.
    for (traffic, share, since) in [("generation", 0.0, 5 * HOUR), ("api", 0.12, 3 * DAY)] {
        let (from, to) = (sim.epoch - since, sim.epoch + 6 * HOUR);
        if let Some(pressure) = sim.pressure.get_mut(traffic) {
            pressure.ceiling.set(from, share);
            pressure.ceiling.set(to, 9.0);
        }
    }
}

fn spot_reclaim(sim: &mut Sim) {
    press(sim, "generation", -2 * DAY, 0.6);
    press(sim, "generation", -15 * MINUTE, 1.0);
    calm_until(sim, "generation", -15 * MINUTE, 0.65);
    sim.no_spot_until = sim.epoch + 50 * MINUTE;
    if let Some(group) = sim.find_group("invokeai-gpu-workers-spot") {
        for (offset, count) in [(-12 * MINUTE, 2), (-4 * MINUTE, 1), (9 * MINUTE, 1)] {
            sim.set_timer(sim.epoch + offset, Timer::Beat(Beat::Reclaim { group, count }));
        }
    }
    // The other group would make up for it by itself, had its policy not reached its limit.
    if let Some(group) = sim.find_group("invokeai-gpu-workers") {
        sim.groups[group].max = sim.groups[group].desired;
    }
}

fn db_storage_low(sim: &mut Sim) {
    press(sim, "shop", -3 * DAY, 0.7);
    let epoch = sim.epoch;
    if let Some(index) = sim.find_database("ecommerce-db") {
        let database = &mut sim.databases[index];
        // Temporary tables of a report that never ends.
        database.free = vec![Free {
            since: Ms::MIN,
            anchor: epoch,
            gib: 3.1,
            per_day: 2.6,
        }];
        database.max_storage_gib = None;
    }
}

fn dr_gap(sim: &mut Sim) {
    // Somebody wanted a migration to be fast, and forgot to switch them on again.
    if let Some(index) = sim.find_database("ecommerce-db") {
        sim.databases[index].backup_days = 0;
        let since = sim.epoch - 26 * HOUR;
        sim.record(
            since,
            ("rds.amazonaws.com", "ModifyDBInstance"),
            "jihye.lim",
            &["ecommerce-db"],
        );
    }
}

fn redis_evictions(sim: &mut Sim) {
    press(sim, "shop", -2 * DAY, 0.8);
    let Some(index) = sim.plan.caches.iter().position(|plan| plan.load.fills_up) else {
        return;
    };
    // It has filled up over four hours and has been full for half of one.
    for step in 0..=48_i32 {
        let at = sim.epoch - 35 * MINUTE - (48 - Ms::from(step)) * 5 * MINUTE;
        sim.caches[index].pressure.set(at, f64::from(step) / 48.0);
    }
}

/// A broken object was uploaded under a name that caches keep for a year; the bucket has the right one
/// again, and the edge still answers with the broken one.
fn stale_cdn(sim: &mut Sim) {
    press(sim, "api", -2 * DAY, 0.6);
    let since = sim.epoch - 22 * MINUTE;
    if !sim.distributions.is_empty() {
        sim.cache_badly(0, "/_next/static/chunks/app.js", 7.4, since);
        let bucket = sim.plan.distributions[0]
            .buckets
            .first()
            .cloned()
            .unwrap_or_default();
        sim.record(
            since,
            ("s3.amazonaws.com", "PutBucketPolicy"),
            PIPELINE,
            &[&bucket],
        );
    }
}

/// Somebody tidied up the hosted zone: the record that proves the names is gone.
fn cert_expiring(sim: &mut Sim) {
    if let Some(index) = sim.plan.certificates.iter().position(|one| !one.edge) {
        sim.lose_proofs(index);
        let zone = sim.plan.hosted_zones.first().map(|name| sim.zone_id(name));
        sim.record(
            sim.epoch - 3 * DAY,
            ("route53.amazonaws.com", "ChangeResourceRecordSets"),
            "minho.park",
            &[zone.as_deref().unwrap_or_default()],
        );
    }
}

/// A training instance that somebody started six days ago and forgot: its card idles ever since.
fn credit_burn(sim: &mut Sim) {
    let since = sim.epoch - 6 * DAY;
    let Some(instance) = sim
        .instances
        .values_mut()
        .find(|instance| instance.name == "fashion-ai-train-01")
    else {
        return;
    };
    instance.state = State::Running;
    instance.reason = None;
    instance.launched = since;
    instance.up_since = Some(since);
    instance.up.set(since, 1.0);
    let id = instance.id.clone();
    sim.record(
        since,
        ("ec2.amazonaws.com", "StartInstances"),
        "minho.park",
        &[&id],
    );
}

fn lambda_errors(sim: &mut Sim) {
    // Whatever the hour is, somebody uploads pictures.
    press(sim, "web", -3 * DAY, 0.6);
    if let Some(function) = sim.find_function("fashion-ai-image-resize") {
        let flaw = Flaw::Fails;
        let beat = Timer::Beat(Beat::BadVersion { function, flaw });
        sim.set_timer(sim.epoch - 14 * MINUTE, beat);
    }
}

/// A new version asks a model for each record that it reads, and no longer keeps up with the stream.
fn event_source_lag(sim: &mut Sim) {
    // Whatever the hour is, somebody tries clothes on.
    press(sim, "web", -3 * DAY, 0.75);
    if let Some(function) = sim.find_function("fashion-ai-style-events") {
        let flaw = Flaw::Slow;
        let beat = Timer::Beat(Beat::BadVersion { function, flaw });
        sim.set_timer(sim.epoch - 27 * MINUTE, beat);
    }
}

fn nodegroup_short(sim: &mut Sim) {
    press(sim, "web", -3 * DAY, 0.7);
    press(sim, "web", -50 * MINUTE, 1.6);
    // Somebody has saved credits, and taken the room for the evening along.
    let Some(group) = sim.find_group("eks-fashion-ai-app-52c8f0a1") else {
        return;
    };
    let at = sim.origin;
    let state = &mut sim.groups[group];
    state.cause = format!(
        "At {} a user request update of AutoScalingGroup constraints to min: 1, max: 2, desired: 2 changing the desired capacity from {} to 2.  ",
        iso(at),
        state.desired
    );
    (state.min, state.max, state.desired) = (1, 2, 2);
    sim.record(
        at,
        ("eks.amazonaws.com", "UpdateNodegroupConfig"),
        "jiwon.kim",
        &["fashion-ai-app", "fashion-ai-mlops"],
    );
    sim.set_timer(at, Timer::Group { group });
}

fn queue_backlog(sim: &mut Sim) {
    press(sim, "generation", -100 * MINUTE, 1.05);
    calm_until(sim, "generation", -100 * MINUTE, 0.4);
    let since = sim.epoch - 2 * DAY;
    if let Some(group) = sim.find_group("invokeai-gpu-workers") {
        sim.groups[group].suspended.insert(
            "AlarmNotification".to_owned(),
            format!("User suspended at {}", iso(since)),
        );
        sim.record(
            since,
            ("autoscaling.amazonaws.com", "SuspendProcesses"),
            "minho.park",
            &["invokeai-gpu-workers"],
        );
    }
    if let Some(group) = sim.find_group("invokeai-gpu-workers-spot") {
        let at = sim.origin;
        sim.groups[group].cause = format!(
            "At {} a user request update of AutoScalingGroup constraints to min: 0, max: 20, desired: 1 changing the desired capacity from 5 to 1.  ",
            iso(at)
        );
        sim.groups[group].desired = 1;
        sim.record(
            at,
            ("autoscaling.amazonaws.com", "UpdateAutoScalingGroup"),
            PIPELINE,
            &["invokeai-gpu-workers-spot"],
        );
        sim.set_timer(at, Timer::Group { group });
    }
}

//! How the deployments of an ECS service move: tasks are started and stopped until the newest
//! revision runs alone; deployments complete, fail and go back.

use std::sync::Arc;

use super::super::plan::ecs::{Breaker, Failure};
use super::super::scenario::pipelines_work;
use super::super::signal;
use super::super::time::{HOUR, MINUTE, Ms, SECOND, part};
use super::ecs::{Deployment, Phase, Progress, Service};
use super::trail::PIPELINE;
use super::{Sim, Timer};

impl Sim {
    /// Starts and stops the tasks that a service should start and stop now.
    pub fn reconcile_service(&mut self, index: usize, at: Ms) {
        let plan = Arc::clone(&self.plan);
        let plan = &plan.services[index];
        let service = &self.services[index];
        let Some(primary) = service.deployments.first() else {
            return;
        };
        let primary_id = primary.id.clone();
        let given_up = primary.state == Progress::Failed;
        let (desired, waiting) = (service.desired, at < service.backoff_until);
        let most = (desired * plan.maximum_percent / 100).max(desired);
        let least = (desired * plan.minimum_healthy_percent).div_ceil(100);
        let live = service.count(|task| task.phase.is_live());
        let new = service.count(|task| task.phase.is_live() && task.deployment == primary_id);

        // Too many of the newest: the count was lowered.
        if new > desired {
            self.stop_newest(index, new - desired, at);
        }
        // Old ones go as long as enough are left that serve.
        let mut serving =
            self.services[index].count(|task| task.phase == Phase::Serving && task.failure.is_none());
        let old: Vec<u64> = self.services[index]
            .tasks
            .iter()
            .filter(|task| task.phase.is_live() && task.deployment != primary_id)
            .map(|task| task.number)
            .collect();
        if !given_up {
            let mut stopped = 0;
            for number in old {
                let is_serving = self.services[index]
                    .tasks
                    .iter()
                    .any(|task| task.number == number && task.phase == Phase::Serving);
                if is_serving && serving <= least {
                    continue;
                }
                self.stop_task(index, number, "Scaling activity initiated by deployment", at);
                serving -= u32::from(is_serving);
                stopped += 1;
            }
            if stopped > 0 {
                let message = format!("(service {}) has stopped {stopped} running tasks.", plan.name);
                self.services[index].tell(at, message);
            }
        }
        // New ones come as long as there is room.
        if !given_up && !waiting && new < desired {
            let room = most.saturating_sub(live);
            self.start_tasks(index, (desired - new).min(room), at);
        } else if waiting && new < desired {
            self.set_timer(
                self.services[index].backoff_until,
                Timer::Reconcile { service: index },
            );
        }
        self.complete_deployment(index, at);
        self.note_service(index, at);
    }

    fn start_tasks(&mut self, index: usize, count: u32, at: Ms) {
        if count == 0 {
            return;
        }
        let plan = Arc::clone(&self.plan);
        let plan = &plan.services[index];
        let mut started = String::new();
        for _ in 0..count {
            self.services[index].started += 1;
            let service = &self.services[index];
            let mut task = self.new_task(plan, service.deployments.first(), service.started);
            let wait = self.spread(&task, 1, 5, 10);
            task.due = Some(at + wait);
            started.push_str(&format!(" (task {})", task.id));
            self.set_timer(
                at + wait,
                Timer::Task {
                    service: index,
                    task: task.number,
                },
            );
            self.services[index].tasks.push(task);
        }
        let message = format!("(service {}) has started {count} tasks:{started}.", plan.name);
        self.services[index].tell(at, message);
    }

    fn stop_newest(&mut self, index: usize, count: u32, at: Ms) {
        let service = &self.services[index];
        let numbers: Vec<u64> = service
            .tasks
            .iter()
            .rev()
            .filter(|task| {
                task.phase.is_live()
                    && service
                        .deployments
                        .first()
                        .is_some_and(|primary| primary.id == task.deployment)
            })
            .take(count as usize)
            .map(|task| task.number)
            .collect();
        for number in numbers {
            self.stop_task(index, number, "Scaling activity initiated by deployment", at);
        }
    }

    /// Gives a deployment up of which too many tasks failed in a row.
    pub fn trip_breaker(&mut self, index: usize, failed: u32, at: Ms) {
        let plan = &self.plan.services[index];
        let (breaker, name) = (plan.circuit_breaker, plan.name.clone());
        let service = &mut self.services[index];
        // Half of what is wanted, but never fewer than 3 nor more than 200.
        let threshold = service.desired.div_ceil(2).clamp(3, 200);
        let deployment = &mut service.deployments[0];
        if breaker == Breaker::Off || failed < threshold || deployment.state != Progress::Going {
            return;
        }
        deployment.state = Progress::Failed;
        deployment.updated = at;
        "ECS deployment circuit breaker: tasks failed to start.".clone_into(&mut deployment.reason);
        let (id, rollout) = (deployment.id.clone(), deployment.rollout);
        service.tell(
            at,
            format!("(service {name}) (deployment {id}) deployment failed: tasks failed to start."),
        );
        let entry = &mut service.rollouts[rollout];
        entry.reason = Some("ECS deployment circuit breaker: tasks failed to start.".to_owned());
        if breaker == Breaker::Rollback {
            entry.status = "ROLLBACK_REQUESTED";
            self.set_timer(
                at + 4 * SECOND,
                Timer::RollBack {
                    service: index,
                    rollout,
                },
            );
        } else {
            entry.status = "STOPPED";
            entry.finished = Some(at);
        }
    }

    /// Begins a deployment: the newest one becomes primary.
    pub fn begin_deployment(
        &mut self,
        index: usize,
        brings: (String, u32),
        by_pipeline: bool,
        at: Ms,
    ) -> usize {
        let plan = Arc::clone(&self.plan);
        let plan = &plan.services[index];
        let resolved = self.resolve_image(plan, &brings);
        let rollout = self.new_rollout(plan, brings.clone(), (resolved.clone(), by_pipeline), at);
        let path = format!("{}/{}", plan.cluster, plan.name);
        let id = self.deployment_id(&path, at);
        let service = &mut self.services[index];
        for deployment in &service.deployments {
            let entry = &mut service.rollouts[deployment.rollout];
            if entry.finished.is_none() {
                entry.status = "STOPPED";
                entry.reason = Some("A newer service deployment replaced this one.".to_owned());
                entry.finished = Some(at);
            }
        }
        service.rollouts.push(rollout);
        let rollout = service.rollouts.len() - 1;
        service.push_primary(Deployment {
            reason: format!("ECS deployment {id} in progress."),
            id,
            brings,
            rollout,
            resolved,
            failed: 0,
            state: Progress::Going,
            created: at,
            updated: at,
        });
        self.reconcile_service(index, at);
        rollout
    }

    /// Goes back from a rollout to the last one that succeeded before it. Tasks of that one which
    /// still run stay.
    pub fn roll_back(&mut self, index: usize, rollout: usize, at: Ms) {
        let plan = Arc::clone(&self.plan);
        let plan = &plan.services[index];
        let id = self.deployment_id(&format!("{}/{}", plan.cluster, plan.name), at);
        let service = &mut self.services[index];
        // A newer deployment may have taken its place meanwhile.
        if service.rollouts[rollout].status != "ROLLBACK_REQUESTED" {
            return;
        }
        let Some(good) = service.last_good_before(rollout) else {
            let entry = &mut service.rollouts[rollout];
            entry.status = "ROLLBACK_FAILED";
            entry.finished = Some(at);
            return;
        };
        let brings = service.rollouts[good].brings.clone();
        let back_to = service.rollouts[good].revision_arn.clone();
        // A service revision knows its digests: nothing is looked up again.
        let resolved = service.rollouts[good].resolved.clone();
        let entry = &mut service.rollouts[rollout];
        entry.status = "ROLLBACK_IN_PROGRESS";
        entry.back_to = Some(back_to);
        let by_breaker = entry
            .reason
            .as_deref()
            .is_some_and(|reason| reason.contains("circuit breaker"));
        let still_there = service
            .deployments
            .iter()
            .position(|deployment| deployment.rollout == good);
        let mut primary = match still_there {
            Some(position) => service.deployments.remove(position),
            None => Deployment {
                id,
                brings,
                rollout,
                resolved,
                failed: 0,
                state: Progress::Going,
                reason: String::new(),
                created: at,
                updated: at,
            },
        };
        let cause = if by_breaker {
            "ECS deployment circuit breaker"
        } else {
            "ECS deployment stopped on request"
        };
        primary.reason = format!("{cause}: rolling back to deploymentId {}.", primary.id);
        primary.rollout = rollout;
        primary.state = Progress::Going;
        primary.updated = at;
        service.tell(
            at,
            format!(
                "(service {}) rolling back to deployment {}.",
                plan.name, primary.id
            ),
        );
        service.push_primary(primary);
        self.reconcile_service(index, at);
    }

    fn complete_deployment(&mut self, index: usize, at: Ms) {
        let name = self.plan.services[index].name.clone();
        let service = &mut self.services[index];
        let desired = service.desired;
        let Some(primary) = service.deployments.first() else {
            return;
        };
        let id = primary.id.clone();
        let serving = service.count(|task| task.phase == Phase::Serving && task.deployment == id);
        // A deployment is gone with the last of its tasks, unless it is the wanted one.
        let gone: Vec<String> = service
            .deployments
            .iter()
            .skip(1)
            .filter(|deployment| {
                service.count(|task| task.phase != Phase::Stopped && task.deployment == deployment.id) == 0
            })
            .map(|deployment| deployment.id.clone())
            .collect();
        service
            .deployments
            .retain(|deployment| !gone.contains(&deployment.id));
        let good = service
            .tasks
            .iter()
            .filter(|task| task.deployment == id && task.phase.is_live())
            .all(|task| task.failure.is_none());
        let alone = service.deployments.len() == 1;
        let primary = &mut service.deployments[0];
        if primary.state != Progress::Going || serving != desired || !alone || !good {
            return;
        }
        primary.state = Progress::Done;
        primary.updated = at;
        primary.failed = 0;
        primary.reason = format!("ECS deployment {id} completed.");
        let rollout = primary.rollout;
        let entry = &mut service.rollouts[rollout];
        entry.status = if entry.status == "ROLLBACK_IN_PROGRESS" {
            "ROLLBACK_SUCCESSFUL"
        } else {
            "SUCCESSFUL"
        };
        entry.finished = Some(at);
        service.tell(
            at,
            format!("(service {name}) (deployment {id}) deployment completed."),
        );
        service.tell(at, format!("(service {name}) has reached a steady state."));
    }

    /// Brings a new good revision, as the pipeline does from time to time.
    pub fn routine_deploy(&mut self, index: usize, at: Ms) {
        let plan = Arc::clone(&self.plan);
        let plan = &plan.services[index];
        if let Some(hours) = plan.deploys_every_h {
            // Somewhere in the second half of the period, so that it is no clockwork.
            let share = signal::unit(&[self.seed, signal::name(&plan.name), part(at)]);
            let wait = (Ms::from(hours) * HOUR) as f64 * share.mul_add(0.5, 0.75);
            self.set_timer(at + wait as Ms, Timer::RoutineDeploy { service: index });
        }
        if pipelines_work(self, at) {
            self.routine_deploy_now(index, at);
        }
    }

    /// Brings a new good revision now, unless a deployment is under way or a person is at work.
    pub fn routine_deploy_now(&mut self, index: usize, at: Ms) {
        let plan = Arc::clone(&self.plan);
        let plan = &plan.services[index];
        let service = &self.services[index];
        if self.is_held(index) {
            return self.queue_up(index);
        }
        let busy = service.deployments.len() > 1
            || service
                .deployments
                .first()
                .is_some_and(|primary| primary.state != Progress::Done);
        if busy || at < service.hands_off_until {
            return;
        }
        let image = signal::hex(&[self.seed, signal::name(&plan.name), part(at), 3], 7);
        self.deploy(index, &image, None, at);
    }

    /// Registers a revision with this image and deploys it, as the pipeline does.
    pub fn deploy(&mut self, index: usize, image: &str, failure: Option<Failure>, at: Ms) {
        let plan = Arc::clone(&self.plan);
        let plan = &plan.services[index];
        let number = self.register_revision(index, image, failure, at - MINUTE);
        let revision = format!("{}:{number}", plan.family);
        self.record(
            at - MINUTE,
            ("ecs.amazonaws.com", "RegisterTaskDefinition"),
            PIPELINE,
            &[&revision],
        );
        self.record(
            at,
            ("ecs.amazonaws.com", "UpdateService"),
            PIPELINE,
            &[&plan.name, &plan.cluster],
        );
        self.begin_deployment(index, (plan.family.clone(), number), true, at);
    }

    /// Notes how many tasks run and serve, for metrics and target groups.
    pub fn note_service(&mut self, index: usize, at: Ms) {
        let plan = Arc::clone(&self.plan);
        let service = &mut self.services[index];
        let running = service.count(|task| task.phase.is_running());
        service.running.set(at, f64::from(running));
        if let Some(name) = &plan.services[index].target_group {
            self.note_targets(name, at);
        }
    }
}

impl Service {
    fn push_primary(&mut self, deployment: Deployment) {
        self.deployments.insert(0, deployment);
        self.backoff_until = Ms::MIN;
    }

    /// The newest entry of the history before this one that succeeded.
    pub fn last_good_before(&self, rollout: usize) -> Option<usize> {
        self.rollouts[..rollout]
            .iter()
            .rposition(|entry| entry.status == "SUCCESSFUL")
    }
}

//! The life of a task: it starts, is checked, serves, fails, drains and stops.

use super::super::plan::ecs::Failure;
use super::super::signal;
use super::super::time::{MINUTE, Ms, SECOND, part};
use super::ecs::{End, Phase, Span, Task};
use super::{Sim, Timer};

/// How long a target drains before its task stops.
const DRAIN: Ms = 18 * SECOND;
/// The longest that ECS waits before it tries again to start tasks that failed.
const LONGEST_BACKOFF: Ms = 60 * SECOND;

impl Sim {
    /// A number of seconds between two, of a task's own.
    pub fn spread(&self, task: &Task, salt: u64, from: i64, to: i64) -> Ms {
        let share = signal::unit(&[self.seed, signal::name(&task.id), salt]);
        (((to - from) * SECOND) as f64).mul_add(share, (from * SECOND) as f64) as Ms
    }

    /// Takes the next step of a task, if it is due.
    pub fn step_task(&mut self, index: usize, number: u64, at: Ms) {
        let Some(task) = self.services[index]
            .tasks
            .iter()
            .find(|task| task.number == number && task.due == Some(at))
            .cloned()
        else {
            return;
        };
        match (task.phase, task.failure) {
            (Phase::Provisioning, _) => self.next_phase(index, &task, Phase::Pending, (8, 16), at),
            (Phase::Pending, Some(Failure::NoImage | Failure::WrongPlatform)) => {
                self.fail_task(index, &task, at);
            }
            (Phase::Pending, _) => {
                let wait = match task.failure {
                    Some(Failure::Exits) => (9, 17),
                    _ => (16, 26),
                };
                self.services[index].spans.push(Span {
                    task: task.id.clone(),
                    from: at,
                    to: None,
                    failure: task.failure,
                });
                self.next_phase(index, &task, Phase::Starting, wait, at);
            }
            (Phase::Starting, Some(Failure::Exits)) | (Phase::Sick, Some(_)) => {
                self.fail_task(index, &task, at);
            }
            (Phase::Sick, None) => {
                self.with_task(index, number, |task| {
                    task.phase = Phase::Serving;
                    task.due = None;
                });
                self.reconcile_service(index, at);
            }
            (Phase::Starting, Some(_)) => self.next_phase(index, &task, Phase::Serving, (30, 45), at),
            (Phase::Serving, Some(_)) => {
                self.tell_unhealthy(index, at);
                self.next_phase(index, &task, Phase::Sick, (18, 30), at);
            }
            (Phase::Starting, None) => {
                self.with_task(index, number, |task| {
                    task.phase = Phase::Serving;
                    task.due = None;
                });
                if let Some(deployment) = self.services[index]
                    .deployments
                    .iter_mut()
                    .find(|deployment| deployment.id == task.deployment)
                {
                    deployment.failed = 0;
                    deployment.updated = at;
                }
                self.tell_registered(index, at);
                self.reconcile_service(index, at);
            }
            (Phase::Stopping, _) => {
                self.with_task(index, number, |task| {
                    task.phase = Phase::Stopped;
                    task.due = None;
                    task.stopped_at = Some(at);
                });
                self.end_span(index, &task.id, at);
                self.reconcile_service(index, at);
            }
            (Phase::Serving, None) | (Phase::Stopped, _) => {}
        }
    }

    fn next_phase(&mut self, index: usize, task: &Task, phase: Phase, wait: (i64, i64), at: Ms) {
        let due = at + self.spread(task, phase as u64 + 10, wait.0, wait.1);
        self.with_task(index, task.number, |task| {
            task.phase = phase;
            task.due = Some(due);
            if phase == Phase::Starting {
                task.running_since = Some(at);
            }
        });
        self.set_timer(
            due,
            Timer::Task {
                service: index,
                task: task.number,
            },
        );
        self.note_service(index, at);
    }

    fn with_task(&mut self, index: usize, number: u64, change: impl FnOnce(&mut Task)) {
        if let Some(task) = self.services[index]
            .tasks
            .iter_mut()
            .find(|task| task.number == number)
        {
            change(task);
        }
    }

    fn end_span(&mut self, index: usize, task: &str, at: Ms) {
        if let Some(span) = self.services[index]
            .spans
            .iter_mut()
            .find(|span| span.task == task && span.to.is_none())
        {
            span.to = Some(at);
        }
    }

    /// Begins to stop a task: it drains first.
    pub fn stop_task(&mut self, index: usize, number: u64, reason: &str, at: Ms) {
        self.with_task(index, number, |task| {
            task.phase = Phase::Stopping;
            task.due = Some(at + DRAIN);
            task.end = Some(End {
                code: if reason.starts_with("Scaling") {
                    "ServiceSchedulerInitiated"
                } else {
                    "UserInitiated"
                },
                reason: reason.to_owned(),
                exit_code: Some(0),
            });
        });
        self.set_timer(
            at + DRAIN,
            Timer::Task {
                service: index,
                task: number,
            },
        );
    }

    fn fail_task(&mut self, index: usize, task: &Task, at: Ms) {
        let end = self.failed_end(index, task);
        let started = task.running_since.is_some();
        self.with_task(index, task.number, |task| {
            task.phase = Phase::Stopped;
            task.due = None;
            task.stopped_at = Some(at);
            task.end = Some(end);
        });
        if started {
            self.end_span(index, &task.id, at);
        }
        let name = self.plan.services[index].name.clone();
        let service = &mut self.services[index];
        let Some(position) = service
            .deployments
            .iter()
            .position(|deployment| deployment.id == task.deployment)
        else {
            self.note_service(index, at);
            return;
        };
        let deployment = &mut service.deployments[position];
        deployment.failed += 1;
        deployment.updated = at;
        let failed = deployment.failed;
        service.backoff_until = at + (Ms::from(failed) * 8 * SECOND).min(LONGEST_BACKOFF);
        service.tell(
            at,
            format!(
                "(service {name}) has stopped 1 running tasks: (task {}).",
                task.id
            ),
        );
        if failed.is_multiple_of(4) {
            service.tell(
                at,
                format!(
                    "(service {name}) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
                ),
            );
        }
        if position == 0 {
            self.trip_breaker(index, failed, at);
        }
        self.reconcile_service(index, at);
    }

    fn failed_end(&self, index: usize, task: &Task) -> End {
        let plan = &self.plan.services[index];
        let image = self
            .revision(&task.runs)
            .map_or_else(String::new, |revision| self.image_name(plan, revision));
        match task.failure {
            Some(Failure::NoImage) => End {
                code: "TaskFailedToStart",
                reason: format!(
                    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {image}: {image}: not found"
                ),
                exit_code: None,
            },
            Some(Failure::WrongPlatform) => End {
                code: "TaskFailedToStart",
                reason: "CannotPullContainerError: pull image manifest has been retried 5 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'".to_owned(),
                exit_code: None,
            },
            Some(Failure::Unhealthy) => End {
                code: "ServiceSchedulerInitiated",
                reason: format!(
                    "Task failed ELB health checks in (target-group {})",
                    plan.target_group
                        .as_ref()
                        .and_then(|name| self.targets.get(name))
                        .map_or("", |group| &group.arn)
                ),
                exit_code: Some(137),
            },
            Some(Failure::Exits) | None => End {
                code: "EssentialContainerExited",
                reason: "Essential container in task exited".to_owned(),
                exit_code: Some(1),
            },
        }
    }

    /// Tasks that can do no more than they do answer their health checks late: now and then one of
    /// them counts as unhealthy for a while.
    pub fn check_overload(&mut self, at: Ms) {
        for index in 0..self.services.len() {
            let Some(name) = self.plan.services[index].target_group.clone() else {
                continue;
            };
            let minute = at - MINUTE;
            let key = [self.seed, signal::name(&name), part(minute), 21];
            let has_tired_one = self.services[index]
                .tasks
                .iter()
                .any(|task| task.phase == Phase::Sick && task.failure.is_none());
            if has_tired_one || self.serving(&name, minute).cpu < 98.0 {
                continue;
            }
            let tired = self.services[index]
                .tasks
                .iter()
                .filter(|task| task.phase == Phase::Serving && task.failure.is_none())
                .max_by_key(|task| signal::hash(&[key[0], key[2], task.number]))
                .cloned();
            if let Some(task) = tired {
                self.tell_unhealthy(index, at);
                self.next_phase(index, &task, Phase::Sick, (70, 110), at);
            }
        }
    }

    fn tell_registered(&mut self, index: usize, at: Ms) {
        let plan = &self.plan.services[index];
        let Some(group) = plan.target_group.as_ref().and_then(|name| self.targets.get(name)) else {
            return;
        };
        let message = format!(
            "(service {}) registered 1 targets in (target-group {})",
            plan.name, group.arn
        );
        self.services[index].tell(at, message);
    }

    fn tell_unhealthy(&mut self, index: usize, at: Ms) {
        let plan = &self.plan.services[index];
        let Some(group) = plan.target_group.as_ref().and_then(|name| self.targets.get(name)) else {
            return;
        };
        let message = format!(
            "(service {}) (port {}) is unhealthy in (target-group {}) due to (reason Health checks failed with these codes: [502]).",
            plan.name, plan.port, group.arn
        );
        self.services[index].tell(at, message);
    }
}

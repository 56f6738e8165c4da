//! Queues: jobs come with demand and go with workers.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::selection::Scenario;
use super::super::signal;
use super::super::time::{MINUTE, Ms, SECOND, part};
use super::Sim;

/// A queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Waiting jobs: how many came when, oldest first.
    waiting: VecDeque<(Ms, f64)>,
    /// Jobs that workers have.
    pub in_flight: f64,
    /// How each minute was, oldest first.
    pub minutes: VecDeque<Minute>,
    /// Messages that a dead-letter queue gives back until then.
    pub moving: Option<Move>,
}

/// Messages on their way back from a dead-letter queue.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// Until when it lasts.
    pub until: Ms,
}

/// How a queue was in a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minute {
    /// The start of the minute.
    pub at: Ms,
    /// Messages waiting at its end.
    pub visible: f64,
    /// Messages with workers.
    pub in_flight: f64,
    /// Workers there were.
    pub workers: f64,
    /// The age of the oldest waiting message, seconds.
    pub oldest_s: f64,
}

impl Queue {
    /// Messages waiting.
    pub fn visible(&self) -> f64 {
        // An empty sum of floats is minus zero.
        (self.waiting.iter().map(|(_, count)| count).sum::<f64>() + 0.0).round()
    }

    fn oldest(&self, at: Ms) -> f64 {
        self.waiting
            .iter()
            .find(|(_, count)| *count >= 0.5)
            .map_or(0.0, |(since, _)| (at - since) as f64 / SECOND as f64)
    }

    /// How the queue was in a minute; outside its memory as in the nearest minute it knows.
    pub fn minute(&self, at: Ms) -> Option<&Minute> {
        let first = self.minutes.front()?;
        let nth = usize::try_from((at - first.at).max(0) / MINUTE).ok()?;
        self.minutes.get(nth).or(self.minutes.back())
    }

    /// Puts messages in.
    pub fn put(&mut self, count: f64, at: Ms) {
        if count > 0.0 {
            self.waiting.push_back((at, count));
        }
    }

    fn take(&mut self, mut count: f64) -> f64 {
        let mut taken = 0.0;
        while count > 0.0 {
            let Some((_, front)) = self.waiting.front_mut() else {
                break;
            };
            let some = front.min(count);
            *front -= some;
            taken += some;
            count -= some;
            if *front <= 1e-9 {
                self.waiting.pop_front();
            }
        }
        taken
    }
}

impl Sim {
    /// Starts every queue.
    pub fn found_queues(&mut self) {
        self.queues = self
            .plan
            .queues
            .iter()
            .map(|plan| {
                let mut queue = Queue {
                    waiting: VecDeque::new(),
                    in_flight: 0.0,
                    minutes: VecDeque::new(),
                    moving: None,
                };
                if self.scenario != Scenario::Quiet {
                    queue.put(plan.waiting as f64, self.origin - 26 * 60 * MINUTE);
                }
                queue
            })
            .collect();
    }

    /// The index of a queue.
    pub fn find_queue(&self, name: &str) -> Option<usize> {
        self.plan.queues.iter().position(|plan| plan.name == name)
    }

    /// Messages waiting in a queue.
    pub fn queue_visible(&self, name: &str) -> f64 {
        self.find_queue(name)
            .map_or(0.0, |index| self.queues[index].visible())
    }

    /// How many instances take jobs of a queue.
    pub fn workers(&self, index: usize, at: Ms) -> f64 {
        let Some(jobs) = &self.plan.queues[index].jobs else {
            return 0.0;
        };
        jobs.workers
            .iter()
            .filter_map(|name| self.find_group(name))
            .flat_map(|group| &self.groups[group].members)
            .filter(|member| member.lifecycle == super::group::Lifecycle::InService)
            .filter_map(|member| self.instances.get(&member.id))
            .filter(|instance| instance.is_worker(at))
            .count() as f64
    }

    /// Lets the minute that ends now happen in every queue.
    pub fn run_queues(&mut self, at: Ms) {
        let plan = Arc::clone(&self.plan);
        for (index, queue_plan) in plan.queues.iter().enumerate() {
            self.move_back(index, at);
            let Some(jobs) = &queue_plan.jobs else {
                self.note_queue(index, 0.0, at);
                continue;
            };
            let key = [self.seed, signal::name(&queue_plan.name), part(at)];
            let rate = self.demand(&jobs.traffic, at - MINUTE) * jobs.peak_per_minute;
            let arrivals = (rate * signal::noise(&key).mul_add(0.35, 1.0)).round();
            let workers = self.workers(index, at);
            let capacity = workers * 60.0 / jobs.seconds_each;
            // Jobs that came in this minute wait half of it on average.
            self.queues[index].put(arrivals, at - MINUTE / 2);
            let done = self.queues[index].take(capacity);
            self.queues[index].in_flight = (done * jobs.seconds_each / 60.0).min(workers).round();
            if let Some((dead, _)) = &queue_plan.dead_letter
                && self.scenario != Scenario::Quiet
                && signal::unit(&[key[0], key[1], key[2], 9]) < done * jobs.poison
                && let Some(dead) = self.find_queue(dead)
            {
                self.queues[dead].put(1.0, at);
            }
            self.note_queue(index, workers, at);
        }
    }

    fn note_queue(&mut self, index: usize, workers: f64, at: Ms) {
        let queue = &mut self.queues[index];
        queue.minutes.push_back(Minute {
            at: at - MINUTE,
            visible: queue.visible(),
            in_flight: queue.in_flight,
            workers,
            oldest_s: queue.oldest(at),
        });
    }

    /// Moves messages of a dead-letter queue back to where they came from, some each minute.
    fn move_back(&mut self, index: usize, at: Ms) {
        let Some(moving) = self.queues[index].moving else {
            return;
        };
        let name = &self.plan.queues[index].name;
        let home = self
            .plan
            .queues
            .iter()
            .position(|plan| plan.dead_letter.as_ref().is_some_and(|(dead, _)| dead == name));
        let last = at >= moving.until;
        let share = if last { f64::MAX } else { 30.0 };
        let count = self.queues[index].take(share);
        if let Some(home) = home {
            self.queues[home].put(count, at);
        }
        if last {
            self.queues[index].moving = None;
        }
    }

    /// Drops minutes that nobody can ask for any more.
    pub fn forget_queues(&mut self, past: Ms) {
        for queue in &mut self.queues {
            while queue.minutes.front().is_some_and(|minute| minute.at < past) {
                queue.minutes.pop_front();
            }
        }
    }

    /// How busy the workers of a group were in a minute: `0.0..=1.0`.
    pub fn worker_share(&self, group: &str, at: Ms) -> Option<f64> {
        let index = self.plan.queues.iter().position(|plan| {
            plan.jobs
                .as_ref()
                .is_some_and(|jobs| jobs.workers.iter().any(|name| name == group))
        })?;
        let minute = self.queues[index].minute(at).copied()?;
        Some(if minute.workers > 0.0 {
            (minute.in_flight / minute.workers).min(1.0)
        } else {
            0.0
        })
    }
}

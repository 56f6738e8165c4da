//! What logs want done: the engine's tail, jobs over many lines, files. None of it on the drawing
//! thread.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::thread;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::app::logs::buffer::{LineKey, Segment};
use crate::app::logs::job::{Job, SaveJob, Test};
use crate::app::logs::{JobEnd, LogsEffect, LogsMsg, Looked};
use crate::app::msg::Msg;
use crate::app::table::Tone;
use crate::cloud::Cloud;
use crate::domain::counted::counted;
use crate::engine::clock::Clock;
use crate::engine::tail::{self, Attention, Ending, Request, Update, WhenFull};

/// Updates of a tail that wait for the console: 64 of at most 500 lines.
const WAITING: usize = 64;
/// Segments of a portion of a job: so many are searched before the screen hears of it.
const PORTION: usize = 16;
/// Threads of a job.
const MOST_THREADS: usize = 4;

/// Runs effects of logs and brings back what comes of them.
pub struct LogRunner {
    cloud: Arc<dyn Cloud>,
    clock: Arc<dyn Clock>,
    cadence: SignedDuration,
    out: mpsc::Sender<Msg>,
    open: Option<Open>,
}

struct Open {
    attention: watch::Sender<Attention>,
    task: JoinHandle<()>,
}

impl LogRunner {
    /// A runner with nothing to do, and where its messages come out.
    pub fn new(cloud: Arc<dyn Cloud>, clock: Arc<dyn Clock>) -> (Self, mpsc::Receiver<Msg>) {
        let (out, messages) = mpsc::channel(WAITING);
        let runner = Self {
            cloud,
            clock,
            cadence: tail::CADENCE,
            out,
            open: None,
        };
        (runner, messages)
    }

    /// The same with tails that ask each group so often while somebody looks.
    #[must_use]
    pub fn every(mut self, cadence: SignedDuration) -> Self {
        self.cadence = cadence;
        self
    }

    /// Does it. Must be called within the runtime.
    pub fn perform(&mut self, effect: LogsEffect) {
        match effect {
            LogsEffect::Open {
                tail,
                targets,
                from,
                pattern,
            } => {
                self.close();
                let request = Request {
                    targets,
                    from,
                    pattern,
                    cadence: self.cadence,
                    ending: Ending::Follow,
                    full: WhenFull::Drop,
                };
                let (updates, mut taken) = mpsc::channel(WAITING);
                let (attention, attended) = watch::channel(Attention::Shown);
                let (cloud, clock, out) = (self.cloud.clone(), self.clock.clone(), self.out.clone());
                let task = tokio::spawn(async move {
                    let polling = tail::run(cloud, clock, request, (updates, attended));
                    let telling = async {
                        while let Some(update) = taken.recv().await {
                            if out.send(Msg::Logs(message(tail, update))).await.is_err() {
                                return;
                            }
                        }
                    };
                    tokio::join!(polling, telling);
                });
                self.open = Some(Open { attention, task });
            }
            LogsEffect::Close => self.close(),
            LogsEffect::Look(looked) => {
                if let Some(open) = &self.open {
                    open.attention.send_replace(match looked {
                        Looked::At => Attention::Shown,
                        Looked::Away => Attention::Hidden,
                    });
                }
            }
            LogsEffect::Find(job) => {
                let out = self.out.clone();
                tokio::task::spawn_blocking(move || find(&job, |msg| out.blocking_send(msg).is_ok()));
            }
            LogsEffect::Save(job) => {
                let out = self.out.clone();
                tokio::task::spawn_blocking(move || {
                    let (text, tone) = match save(&job) {
                        Ok(lines) => (
                            format!("{} saved to {}", counted(lines, "line"), job.path),
                            Tone::Ok,
                        ),
                        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                            (format!("{} exists already: nothing saved", job.path), Tone::Warn)
                        }
                        Err(error) => (format!("{}: {error}", job.path), Tone::Crit),
                    };
                    // The console has ended if nobody takes it.
                    let _ = out.blocking_send(Msg::Said(text, tone));
                });
            }
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            open.task.abort();
        }
    }
}

impl Drop for LogRunner {
    fn drop(&mut self) {
        self.close();
    }
}

fn message(tail: u64, update: Update) -> LogsMsg {
    match update {
        Update::Lines { lines, lost } => LogsMsg::Lines { tail, lines, lost },
        Update::State { group, state } => LogsMsg::State { tail, group, state },
    }
}

/// Runs a job, newest lines first; `tell` gives `false` when nobody wants to hear more.
pub fn find(job: &Job, mut tell: impl FnMut(Msg) -> bool) {
    let mut say = |keys, end| {
        tell(Msg::Logs(LogsMsg::Found {
            tail: job.tail,
            epoch: job.epoch,
            task: job.task,
            keys,
            end,
        }))
    };
    for portion in job.portions(PORTION) {
        let keys = scan(&job.test, portion);
        if !keys.is_empty() && !say(keys, JobEnd::NotYet) {
            return;
        }
    }
    say(Vec::new(), JobEnd::Done);
}

/// The keys in these segments that pass, oldest first.
fn scan(test: &Test, segments: &[Arc<Segment>]) -> Vec<LineKey> {
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(MOST_THREADS));
    let share = segments.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let workers: Vec<_> = segments
            .chunks(share)
            .map(|part| {
                // Every thread has its own copy: clones of an expression do not share scratch space.
                let test = test.clone();
                scope.spawn(move || part.iter().flat_map(|one| test.scan(one)).collect::<Vec<_>>())
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| match worker.join() {
                Ok(keys) => keys,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

/// Writes the lines that pass to a new file, oldest first; gives how many.
fn save(job: &SaveJob) -> io::Result<u64> {
    let file = OpenOptions::new().write(true).create_new(true).open(&job.path)?;
    let mut out = BufWriter::new(file);
    let mut count = 0;
    let lines = job.snapshot.segments.iter().flat_map(|segment| segment.lines());
    for line in lines.filter(|line| job.test.passes(line.text)) {
        let time = Timestamp::from_millisecond(line.key.at_ms).unwrap_or_default();
        let group = job.groups.get(usize::from(line.group)).map_or("", String::as_str);
        writeln!(out, "{time:.3} {group} {}", line.text)?;
        count += 1;
    }
    out.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()?;
    Ok(count)
}

#[cfg(test)]
mod tests;

//! What commands that ask AWS start from, and how they ask: everything once, with a deadline, a line
//! of progress where somebody watches, and a clean stop on a signal.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::cloud::{BoxFuture, Cloud};
use crate::domain::focus::Focus;
use crate::domain::picture::Picture;
use crate::domain::rules::Policies;
use crate::domain::scope::Scope;
use crate::engine::clock::Clocks;
use crate::engine::collector::{Assess, Collector};
use crate::engine::cost_cache::CostCache;
use crate::engine::host::{EngineHost, MakeCloud};
use crate::engine::run::RunStore;
use crate::engine::schedule::Wishes;
use crate::headless::Exit;
use crate::headless::out::complain;

/// After this long without an answer the rest is given up: longer than the probe of the GPU hosts,
/// which has a deadline of its own and tells of late hosts.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// How long nothing is said: most refreshes are over by then.
const SILENCE: Duration = Duration::from_millis(800);
/// How often the line of progress is renewed.
const PROGRESS_EACH: Duration = Duration::from_millis(250);

/// What a printing command is started with: where to look, how to judge it, and how long to wait.
pub struct Job {
    /// Accounts and regions.
    pub scopes: Vec<Arc<Scope>>,
    /// What counts as wrong where.
    pub policies: Arc<Policies>,
    /// Both clocks.
    pub clocks: Clocks,
    /// How findings are made.
    pub assess: Assess,
    /// Makes the cloud.
    pub cloud: MakeCloud,
    /// Remembers answers that cost money.
    pub cost_cache: Option<Arc<dyn CostCache>>,
    /// The runs of this host or login, whose restores were measured.
    pub runs: Option<RunStore>,
    /// What the collector goes by.
    pub wishes: Wishes,
    /// After this long on the cloud's clock the rest is given up.
    pub deadline: Duration,
}

/// What came of it.
pub enum Outcome<T> {
    /// The work was done.
    Done(T),
    /// A signal ended it first; nothing was changed.
    Stopped(Exit),
}

impl Job {
    /// Asks everything of the focus once.
    pub fn collect(self, focus: Focus) -> anyhow::Result<Outcome<Arc<Picture>>> {
        let outcome = self.collect_and(focus, |_, _| Box::pin(std::future::ready(())))?;
        Ok(match outcome {
            Outcome::Done((picture, ())) => Outcome::Done(picture),
            Outcome::Stopped(exit) => Outcome::Stopped(exit),
        })
    }

    /// Asks everything of the focus once, and then whatever else.
    pub fn collect_and<T>(
        self,
        focus: Focus,
        then: impl FnOnce(Arc<dyn Cloud>, Arc<Picture>) -> BoxFuture<'static, T>,
    ) -> anyhow::Result<Outcome<(Arc<Picture>, T)>> {
        run(async {
            let host = EngineHost::new(self.clocks.cloud.clone());
            let cloud = (self.cloud)(host.clone())?;
            let wall = self.clocks.wall.clone();
            let deadline = self.deadline;
            let (collector, _pictures) =
                Collector::new(cloud.clone(), host.clone(), self.clocks, self.scopes, self.assess);
            let collector = collector
                .with_cost_cache(self.cost_cache)
                .with_runs(self.runs)
                .with_wishes(self.wishes);
            let work = async {
                let picture = collector.once(focus, deadline).await;
                tell_of_merged(&picture);
                let more = then(cloud, picture.clone()).await;
                (picture, more)
            };
            tokio::pin!(work);
            let mut progress = Progress::new();
            let mut wait = SILENCE;
            loop {
                tokio::select! {
                    done = &mut work => return Ok(done),
                    () = wall.sleep(wait) => {
                        progress.show(&format!("asking AWS: {} calls so far", host.meter().calls));
                        wait = PROGRESS_EACH;
                    }
                }
            }
        })
    }
}

/// Says which scopes turned out to be the same place and are therefore shown once.
fn tell_of_merged(picture: &Picture) {
    for state in &picture.inventory.scopes {
        if let Some(other) = &state.merged_into {
            complain(&format!(
                "qd: {} is the account and region of {other}: shown once",
                state.name()
            ));
        }
    }
}

/// Runs work to its end, or to the first signal that asks to stop.
pub fn run<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<Outcome<T>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the engine cannot start")?;
    let outcome = runtime.block_on(async {
        let mut hangup = signal(SignalKind::hangup())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            biased;
            _ = hangup.recv() => Ok(Outcome::Stopped(Exit::HangUp)),
            _ = interrupt.recv() => Ok(Outcome::Stopped(Exit::Interrupted)),
            _ = terminate.recv() => Ok(Outcome::Stopped(Exit::Terminated)),
            done = work => done.map(Outcome::Done),
        }
    });
    // Calls under way are not waited for: nobody wants their answers any more.
    runtime.shutdown_background();
    outcome
}

/// A line on standard error, while somebody watches it.
struct Progress {
    watched: bool,
    shown: bool,
}

impl Progress {
    fn new() -> Self {
        Self {
            watched: io::stderr().is_terminal(),
            shown: false,
        }
    }

    fn show(&mut self, text: &str) {
        if self.watched {
            self.shown = true;
            write(&format!("\r\u{1b}[Kqd: {text}"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            write("\r\u{1b}[K");
        }
    }
}

fn write(text: &str) {
    let mut out = io::stderr().lock();
    // Progress that cannot be shown is not worth a failure.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

//! Planning and running a runbook over a thousand Auto Scaling groups of the demo, through the engine: with real
//! journals on a disk, flushed, and locks. `cargo bench --no-default-features --bench runbooks`.
//!
//! The demo's clock runs sixty times as fast as the machine's, and its groups take a minute or so to shrink, so
//! most of the time is waiting; what counts is processor time, and how much of it is the demo's own.

use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use quarterdeck::cloud::demo::{Demo, MemoryLog, Scenario, Settings, World, Worlds, scopes};
use quarterdeck::cloud::read_only::ReadOnlySwitch;
use quarterdeck::cloud::{BoxFuture, Cloud};
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::fault::Fault;
use quarterdeck::domain::ops::{Mutation, Query, Receipt, Reply, Token};
use quarterdeck::domain::policy::{Policy, Selection};
use quarterdeck::domain::scope::Scope;
use quarterdeck::engine::clock::{Clocks, ScaledClock, SystemClock};
use quarterdeck::engine::host::EngineHost;
use quarterdeck::engine::run::{
    Equipment, IfLocked, Notice, Patience, RunEngine, SiteFacts, Start, StateFolder,
};
use quarterdeck::runbook::action::Allowances;
use quarterdeck::runbook::machine::{Answer, Summary, Via};
use quarterdeck::runbook::model::Runbook;
use quarterdeck::runbook::params::Given;
use quarterdeck::runbook::plan::Plan;
use quarterdeck::runbook::record::Who;
use quarterdeck::runbook::{File, NoLibrary, catalogue, load};

const TARGETS: usize = 1_000;
const MIB: f64 = 1024.0 * 1024.0;
/// How many times faster than the machine's the demo's clock runs.
const SPEED: f64 = 60.0;

/// What it may cost; measured on two cores, with room for a slower machine.
const PLANNING: Duration = Duration::from_secs(5);
const ENGINE: Duration = Duration::from_secs(30);
const MEMORY_MIB: f64 = 256.0;
const JOURNAL_MIB: f64 = 16.0;

const RUNBOOK: &str = r#"
apiVersion: quarterdeck/v1
kind: Runbook
name: night
title: Everything down
params:
  fleet: {type: list<aws/asg>, about: Groups, from: {list: asg}}
limits: {max_targets: 1000, deadline: 6h}
steps:
  - id: hold
    action: asg.suspend_processes
    for_each: params.fleet
    concurrency: 200
    with: {group: "${each.name}", processes: [AlarmNotification]}
  - id: down
    action: asg.set_capacity
    for_each: params.fleet
    concurrency: 200
    with: {group: "${each.name}", min: 0, desired: 0}
    wait: {timeout: 60m}
verify:
  - {check: expr, that: "all(params.fleet, group -> group.in_service == 0)", within: 10m}
"#;

/// The demo, and what it takes itself.
struct Measured {
    demo: Demo,
    nanos: AtomicU64,
    reads: AtomicUsize,
    writes: AtomicUsize,
}

impl Measured {
    fn timed<'a, T: 'a>(&'a self, mut inner: BoxFuture<'a, T>) -> BoxFuture<'a, T> {
        Box::pin(poll_fn(move |context| {
            let start = Instant::now();
            let polled = inner.as_mut().poll(context);
            let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.nanos.fetch_add(nanos, Ordering::Relaxed);
            polled
        }))
    }

    fn spent(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::Relaxed))
    }
}

impl Cloud for Measured {
    fn read<'a>(&'a self, scope: &'a Scope, query: &'a Query) -> BoxFuture<'a, Result<Reply, Fault>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.timed(self.demo.read(scope, query))
    }

    fn write<'a>(
        &'a self,
        scope: &'a Scope,
        change: &'a Mutation,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Receipt, Fault>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.timed(self.demo.write(scope, change, token))
    }

    fn supply_mfa_code(&self, _: &Scope, _: &str) {}

    fn forget(&self, _: &Scope) {}
}

/// What there is to plan and run with.
struct Bench {
    cloud: Arc<Measured>,
    engine: RunEngine,
    scope: Arc<Scope>,
    who: Who,
}

impl Bench {
    fn new(state: &Path) -> Self {
        let epoch = "2026-11-21T02:00:00Z".parse().expect("a timestamp");
        let clock = Arc::new(ScaledClock::new(epoch, SPEED));
        let read_only = Arc::new(ReadOnlySwitch::off());
        let settings = Settings {
            worlds: Worlds::One(World::Ecommerce),
            scenario: Scenario::Quiet,
            seed: 0,
            epoch,
        };
        let host = EngineHost::new(clock.clone());
        let demo = Demo::new(host, settings, Box::new(MemoryLog::default()), read_only.clone())
            .expect("nothing was written yet")
            .crowded(TARGETS);
        let cloud = Arc::new(Measured {
            demo,
            nanos: AtomicU64::new(0),
            reads: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
        });
        let engine = RunEngine::new(Equipment {
            cloud: cloud.clone(),
            clocks: Clocks {
                cloud: clock,
                wall: Arc::new(SystemClock),
            },
            read_only,
            folder: Some(StateFolder::at(state)),
            allowed: Allowances::default(),
        });
        Self {
            cloud,
            engine,
            scope: Arc::new(scopes(Worlds::One(World::Ecommerce)).remove(0)),
            who: Who {
                user: "alice".to_owned(),
                host: "bastion".to_owned(),
                pid: std::process::id(),
                arn: String::new(),
                origin: "bench".to_owned(),
                version: "bench".to_owned(),
            },
        }
    }

    /// Parameters resolved and planned.
    async fn plan(&self, runbook: &Arc<Runbook>) -> Plan {
        let identity = self.engine.identify(&self.scope).await.expect("the demo knows");
        let site = SiteFacts {
            scope: self.scope.clone(),
            identity,
            estate: None,
            policy: Arc::new(Policy::default()),
            selection: Arc::new(Selection::default()),
        };
        let mut preparation = self.engine.prepare(site, runbook.clone());
        let names: Vec<String> = (0..TARGETS).map(|nth| format!("crowd-{nth:04}")).collect();
        let mut given = Given::default();
        let fleet = runbook.param("fleet").expect("it has one");
        given.asked(fleet, &names.join(",")).expect("names of groups");
        let resolved = preparation
            .resolve(given)
            .await
            .result
            .unwrap_or_else(|unresolved| panic!("{unresolved:?}"));
        let prepared = preparation.plan(&resolved, (&self.who, None)).await;
        prepared.unwrap_or_else(|refused| panic!("{refused}")).plan
    }

    async fn run(&self, plan: Plan) -> Summary {
        let start = Start {
            scope: self.scope.clone(),
            who: self.who.clone(),
            reason: None,
            confirmed: Some((Answer::Yes, Via::Flags)),
            if_locked: IfLocked::Fail,
            patience: Patience::For(Duration::from_secs(1)),
        };
        let mut handle = self.engine.start(plan, start).expect("it begins");
        while let Some(notice) = handle.notices.recv().await {
            if let Notice::Ended(summary) = notice {
                return *summary;
            }
        }
        panic!("it ended without a word");
    }

    /// Bytes and lines of all journals.
    fn journal(&self, summary: &Summary) -> (usize, usize) {
        let store = self.engine.store().expect("there is a folder");
        let text = std::fs::read_to_string(store.journal_path(&summary.run_id)).expect("a journal");
        (text.len(), text.lines().count())
    }
}

/// A figure of this process's memory, MiB; `None` where the system does not tell.
fn memory(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix(name))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kib / 1024.0)
}

/// Processor time of this process so far; `None` where the system does not tell.
fn processor() -> Option<Duration> {
    // Linux counts in hundredths of a second, whatever its own tick is.
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks()? + ticks()?) * 10))
}

/// A figure beside what it may be.
fn line(what: &str, figure: &str, budget: &str, holds: bool) {
    let verdict = if holds { "" } else { "  OVER BUDGET" };
    println!("{what:<16} {figure:<60} budget {budget}{verdict}");
}

fn main() {
    let state = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(measure(state.path()));
}

async fn measure(state: &Path) {
    let file = File {
        key: "night".to_owned(),
        name: "night.yaml".to_owned(),
        bytes: RUNBOOK.as_bytes().to_vec(),
    };
    let runbook = load(&file, &NoLibrary, catalogue()).expect("it is valid").runbook;
    let bench = Bench::new(state);
    // Founding the world is not the engine's.
    bench.engine.identify(&bench.scope).await.expect("the demo knows");
    let before = memory("VmRSS:");

    let start = Instant::now();
    let demo = bench.cloud.spent();
    let plan = bench.plan(&runbook).await;
    let planning = start
        .elapsed()
        .saturating_sub(bench.cloud.spent().saturating_sub(demo));
    let changes = plan.changes.len();
    line(
        "planning",
        &format!(
            "{changes} changes of {TARGETS} targets in {:.2} s beside the demo, plan of {:.1} MiB",
            planning.as_secs_f64(),
            plan.to_text().len() as f64 / MIB
        ),
        &format!("{} s", PLANNING.as_secs()),
        planning <= PLANNING,
    );

    let (start, demo, cpu) = (Instant::now(), bench.cloud.spent(), processor());
    let summary = bench.run(plan).await;
    let (wall, demo) = (start.elapsed(), bench.cloud.spent().saturating_sub(demo));
    assert_eq!(
        (summary.exit, summary.targets.ok),
        (Exit::Done, changes),
        "{summary:?}"
    );
    line(
        "run",
        &format!(
            "{:.1} s at {SPEED}x, {} reads, {} writes",
            wall.as_secs_f64(),
            bench.cloud.reads.load(Ordering::Relaxed),
            bench.cloud.writes.load(Ordering::Relaxed)
        ),
        "none: it waits",
        true,
    );
    if let (Some(cpu), Some(after)) = (cpu, processor()) {
        let engine = after.saturating_sub(cpu).saturating_sub(demo);
        line(
            "processor",
            &format!(
                "{:.1} s the engine's, {:.1} s the demo's",
                engine.as_secs_f64(),
                demo.as_secs_f64()
            ),
            &format!("{} s", ENGINE.as_secs()),
            engine <= ENGINE,
        );
    }
    let (bytes, lines) = bench.journal(&summary);
    let journal = bytes as f64 / MIB;
    line(
        "journal",
        &format!("{lines} records, {journal:.1} MiB"),
        &format!("{JOURNAL_MIB} MiB"),
        journal <= JOURNAL_MIB,
    );
    if let (Some(before), Some(peak)) = (before, memory("VmHWM:")) {
        line(
            "peak memory",
            &format!("{peak:.0} MiB, {before:.0} MiB of it before planning"),
            &format!("{MEMORY_MIB} MiB"),
            peak <= MEMORY_MIB,
        );
    }
}

//! A demo with a state folder, whose time passes only where everything waits.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quarterdeck::cloud::demo::{self, AcceptedWrite, Demo, MemoryLog, Scenario, Settings, World, Worlds};
use quarterdeck::cloud::read_only::ReadOnlySwitch;
use quarterdeck::cloud::{BoxFuture, Cloud};
use quarterdeck::config::estate;
use quarterdeck::domain::fault::{CredentialFault, Fault, FaultKind};
use quarterdeck::domain::focus::{Focus, Probing};
use quarterdeck::domain::health::Finding;
use quarterdeck::domain::ids::Kind;
use quarterdeck::domain::ops::{Mutation, Query, Receipt, Reply, Token};
use quarterdeck::domain::policy::{Policy, Selection};
use quarterdeck::domain::rules::{self, Policies, Terms};
use quarterdeck::domain::scope::Scope;
use quarterdeck::engine::clock::{Clock, Clocks};
use quarterdeck::engine::collector::{Assess, Collector};
use quarterdeck::engine::host::EngineHost;
use quarterdeck::engine::run::{
    Control, Equipment, IfLocked, Notice, Patience, Preparation, Prepared, RunEngine, RunHandle, SiteFacts,
    Start, StateFolder,
};
use quarterdeck::runbook::action::Allowances;
use quarterdeck::runbook::machine::{Answer, Happening, Question, Summary, Via};
use quarterdeck::runbook::model::Runbook;
use quarterdeck::runbook::params::{Given, Sources};
use quarterdeck::runbook::plan::Plan;
use quarterdeck::runbook::planner::Refused;
use quarterdeck::runbook::record::{Entry, Record, Signal, Then, Who};
use quarterdeck::runbook::{File, catalogue, load, shipped};
use tokio::sync::oneshot;

/// Saturday, 11:00 in Seoul.
pub const EPOCH: &str = "2026-11-21T02:00:00Z";

/// A clock that moves on only when everybody waits: to the moment when the first of them is due. The runtime
/// says when that is: its own time, which stands, goes on only once nothing can run and no file is read or
/// written.
#[derive(Clone)]
pub struct PatientClock(Arc<Mutex<Patient>>);

struct Patient {
    now: Timestamp,
    sleepers: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    next: u64,
    stands: bool,
}

impl PatientClock {
    pub fn new(now: Timestamp) -> Self {
        let clock = Self(Arc::new(Mutex::new(Patient {
            now,
            sleepers: BTreeMap::new(),
            next: 0,
            stands: false,
        })));
        let own = clock.clone();
        tokio::spawn(async move {
            loop {
                a_while().await;
                own.jump();
                if Arc::strong_count(&own.0) == 1 {
                    return;
                }
            }
        });
        clock
    }

    /// Lets time stand still, or go on.
    pub fn stand(&self, still: bool) {
        self.0.lock().unwrap().stands = still;
    }

    fn jump(&self) {
        let mut inner = self.0.lock().unwrap();
        if inner.stands {
            return;
        }
        while let Some(((at, _), sleeper)) = inner.sleepers.pop_first() {
            if !sleeper.is_closed() {
                inner.now = inner.now.max(at);
                let _ = sleeper.send(());
                return;
            }
        }
    }
}

/// Until nothing else can run; only in a runtime whose own time stands.
pub async fn a_while() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

impl Clock for PatientClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().now
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut inner = self.0.lock().unwrap();
            let at = inner
                .now
                .saturating_add(SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX))
                .unwrap_or(Timestamp::MAX);
            let id = inner.next;
            inner.next += 1;
            inner.sleepers.insert((at, id), sender);
        }
        Box::pin(async move {
            let _ = receiver.await;
        })
    }
}

/// Why a change is refused; nothing if it is not.
pub type Refuses = Box<dyn Fn(&Mutation) -> Option<Fault> + Send>;

/// The demo, with the troubles that a test wants.
pub struct Troubled {
    demo: Demo,
    /// Whether the credentials have ended.
    pub expired: AtomicBool,
    /// Whether calls that change something have their effect and are not answered as long as this holds.
    pub hangs: AtomicBool,
    /// Whether nothing that is read is answered as long as this holds, but who is asking.
    pub stalls: AtomicBool,
    /// What is otherwise in the answers than in the demo.
    pub differs: Mutex<Option<fn(&mut Reply)>>,
    /// What AWS refuses to change, and how.
    pub refuses: Mutex<Option<Refuses>>,
    /// How many of the next reads AWS throttles.
    pub throttles: AtomicUsize,
    pub reads: AtomicUsize,
    pub writes: AtomicUsize,
    /// How often credentials were forgotten, as a new login needs.
    pub forgotten: AtomicUsize,
}

impl Troubled {
    fn credentials(&self, operation: &str) -> Result<(), Fault> {
        if self.expired.load(Ordering::SeqCst) {
            return Err(Fault::new(
                FaultKind::Credentials(CredentialFault::SessionExpired),
                "sts",
                operation,
                "The security token included in the request is expired",
            ));
        }
        Ok(())
    }
}

impl Troubled {
    fn busy(&self, query: &Query) -> Result<(), Fault> {
        let one_less = |left: usize| left.checked_sub(1);
        let throttled = self
            .throttles
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        if throttled.is_err() {
            return Ok(());
        }
        let operation = query.operations()[0];
        let fault = Fault::new(
            FaultKind::Throttled,
            operation.service,
            operation.name,
            "Rate exceeded",
        );
        Err(fault.with_code("ThrottlingException"))
    }
}

impl Cloud for Troubled {
    fn read<'a>(&'a self, scope: &'a Scope, query: &'a Query) -> BoxFuture<'a, Result<Reply, Fault>> {
        Box::pin(async move {
            self.reads.fetch_add(1, Ordering::SeqCst);
            self.credentials("Read")?;
            self.busy(query)?;
            while self.stalls.load(Ordering::SeqCst) && !matches!(query, Query::Sts(_)) {
                a_while().await;
            }
            let mut answer = self.demo.read(scope, query).await;
            if let (Ok(reply), Some(differs)) = (&mut answer, *self.differs.lock().unwrap()) {
                differs(reply);
            }
            answer
        })
    }

    fn write<'a>(
        &'a self,
        scope: &'a Scope,
        change: &'a Mutation,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Receipt, Fault>> {
        Box::pin(async move {
            self.writes.fetch_add(1, Ordering::SeqCst);
            self.credentials("Write")?;
            let refusal = self
                .refuses
                .lock()
                .unwrap()
                .as_ref()
                .and_then(|refuses| refuses(change));
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
            let answer = self.demo.write(scope, change, token).await;
            while self.hangs.load(Ordering::SeqCst) {
                a_while().await;
            }
            answer
        })
    }

    fn supply_mfa_code(&self, _: &Scope, _: &str) {}

    fn forget(&self, _: &Scope) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
    }
}

/// One process on a world.
pub struct Stage {
    pub engine: RunEngine,
    pub cloud: Arc<Troubled>,
    pub clock: PatientClock,
    pub scope: Arc<Scope>,
    pub log: Arc<MemoryLog>,
    pub read_only: Arc<ReadOnlySwitch>,
    /// The estate at hand by its name, and what belongs to it.
    pub estate: Option<(&'static str, Arc<Selection>)>,
    /// The alarms that the estate of this world watches in every run.
    pub guard_alarms: Vec<String>,
}

impl Stage {
    /// A world as its record of writes made it, at a moment, with runs in a folder.
    pub fn new(
        (world, scenario): (World, Scenario),
        writes: Vec<AcceptedWrite>,
        now: Timestamp,
        state: &Path,
    ) -> Self {
        let clock = PatientClock::new(now);
        let log = Arc::new(MemoryLog::of(writes));
        let read_only = Arc::new(ReadOnlySwitch::off());
        let settings = Settings {
            worlds: Worlds::One(world),
            scenario,
            seed: 7,
            epoch: EPOCH.parse().unwrap(),
        };
        let host = EngineHost::new(Arc::new(clock.clone()));
        let demo = Demo::new(host, settings, Box::new(log.clone()), read_only.clone()).unwrap();
        let cloud = Arc::new(Troubled {
            demo,
            expired: AtomicBool::new(false),
            hangs: AtomicBool::new(false),
            stalls: AtomicBool::new(false),
            differs: Mutex::new(None),
            refuses: Mutex::new(None),
            throttles: AtomicUsize::new(0),
            reads: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
            forgotten: AtomicUsize::new(0),
        });
        let scope = demo::scopes(Worlds::One(world)).remove(0);
        let mut stage = Self {
            engine: engine(&cloud, &clock, (&read_only, state)),
            cloud,
            clock,
            scope: Arc::new(scope),
            log,
            read_only,
            estate: None,
            guard_alarms: guard_alarms(world),
        };
        stage.engine = stage.another(state);
        stage
    }

    /// Codemate on a quiet day.
    pub fn open(state: &Path) -> Self {
        let now = EPOCH.parse().unwrap();
        Self::new((World::Codemate, Scenario::Quiet), Vec::new(), now, state)
    }

    /// Another process on the same world.
    pub fn another(&self, state: &Path) -> RunEngine {
        engine(&self.cloud, &self.clock, (&self.read_only, state))
    }

    pub async fn preparation(&self, runbook: &str) -> Preparation {
        self.preparation_of(load_shipped(runbook)).await
    }

    pub async fn preparation_of(&self, runbook: Arc<Runbook>) -> Preparation {
        let identity = self.engine.identify(&self.scope).await.unwrap();
        let site = SiteFacts {
            scope: self.scope.clone(),
            identity,
            estate: self.estate.as_ref().map(|(name, _)| (*name).to_owned()),
            policy: Arc::new(Policy {
                guard_alarms: self.guard_alarms.clone(),
                ..Policy::default()
            }),
            selection: self
                .estate
                .as_ref()
                .map(|(_, selection)| selection.clone())
                .unwrap_or_default(),
        };
        self.engine.prepare(site, runbook)
    }

    /// What one refresh of these kinds finds, by these policies and what runs have measured.
    pub async fn findings(&self, kinds: &[Kind], policies: Policies) -> Vec<Finding> {
        let clocks = Clocks {
            cloud: Arc::new(self.clock.clone()),
            wall: Arc::new(self.clock.clone()),
        };
        let assess: Assess = Arc::new(move |inventory, now| {
            let terms = Terms {
                policies: &policies,
                session: &[],
            };
            rules::evaluate(inventory, &terms, now)
        });
        let host = EngineHost::new(Arc::new(self.clock.clone()));
        let scopes = vec![self.scope.clone()];
        let (collector, _pictures) = Collector::new(self.cloud.clone(), host, clocks, scopes, assess);
        let focus = Focus::once(kinds.iter().copied(), Probing::No);
        let picture = collector
            .with_runs(self.engine.store().cloned())
            .once(focus, Duration::from_mins(1))
            .await;
        picture.findings.clone()
    }

    /// A plan of a shipped runbook.
    pub async fn plan(&self, runbook: &str, set: &[(&str, &str)]) -> Prepared {
        self.plan_of(load_shipped(runbook), set).await
    }

    /// A plan of any runbook.
    pub async fn plan_of(&self, runbook: Arc<Runbook>, set: &[(&str, &str)]) -> Prepared {
        let planned = self.try_plan(runbook, set).await;
        planned.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same, which may be refused.
    pub async fn try_plan(&self, runbook: Arc<Runbook>, set: &[(&str, &str)]) -> Result<Prepared, Refused> {
        let mut preparation = self.preparation_of(runbook).await;
        let given = given(preparation.runbook(), set);
        let resolution = preparation.resolve(given).await;
        let resolved = resolution.result.unwrap_or_else(|error| panic!("{error:?}"));
        preparation.plan(&resolved, (&who("alice"), Some("a test"))).await
    }

    /// The backend with another number of tasks.
    pub async fn scale(&self, desired: u32) -> Plan {
        let desired = desired.to_string();
        let set = [
            ("cluster", "codemate-cluster"),
            ("service", "codemate-backend-service"),
            ("desired", &desired),
        ];
        self.plan("ecs-scale", &set).await.plan
    }

    /// Begins a run that is confirmed by flags.
    pub fn begin(&self, plan: Plan) -> Watch {
        let start = self.unattended(&plan);
        Watch::new(self.engine.start(plan, start).unwrap())
    }

    /// Confirmed by flags, without a terminal.
    pub fn unattended(&self, plan: &Plan) -> Start {
        Start {
            scope: self.scope.clone(),
            who: who("alice"),
            reason: Some("a test".to_owned()),
            confirmed: Some((
                Answer::Digest {
                    digest: plan.digest.clone(),
                    name: Some(plan.confirm.name.clone()),
                },
                Via::Flags,
            )),
            if_locked: IfLocked::Fail,
            patience: Patience::For(Duration::from_mins(10)),
        }
    }
}

/// The alarms under watch in the shipped estate of a world.
fn guard_alarms(world: World) -> Vec<String> {
    let shipped = estate::SHIPPED.iter().find(|(name, _)| *name == world.name());
    let (name, text) = shipped.expect("every world has an estate");
    let loaded = estate::parse(name, text.as_bytes()).expect("it loads");
    loaded.estate.policy.guard_alarms
}

fn engine(
    cloud: &Arc<Troubled>,
    clock: &PatientClock,
    (read_only, state): (&Arc<ReadOnlySwitch>, &Path),
) -> RunEngine {
    RunEngine::new(Equipment {
        cloud: cloud.clone(),
        clocks: Clocks {
            cloud: Arc::new(clock.clone()),
            wall: Arc::new(clock.clone()),
        },
        read_only: read_only.clone(),
        folder: Some(StateFolder::at(state)),
        allowed: Allowances::default(),
    })
}

pub fn who(user: &str) -> Who {
    Who {
        user: user.to_owned(),
        host: "bastion".to_owned(),
        pid: std::process::id(),
        arn: "arn:aws:sts::123456789012:assumed-role/oncall/alice".to_owned(),
        origin: "terminal".to_owned(),
        version: "test".to_owned(),
    }
}

pub fn load_shipped(name: &str) -> Arc<Runbook> {
    let file = shipped::get(name).unwrap_or_else(|| panic!("{name} is not shipped"));
    load_file(&file)
}

pub fn load_text(text: &str) -> Arc<Runbook> {
    load_file(&File {
        key: "test".to_owned(),
        name: "test.yaml".to_owned(),
        bytes: text.as_bytes().to_vec(),
    })
}

fn load_file(file: &File) -> Arc<Runbook> {
    let library = quarterdeck::engine::runbooks::Runbooks::default();
    match load(file, &library, catalogue()) {
        Ok(loaded) => loaded.runbook,
        Err(unusable) => panic!("{unusable}"),
    }
}

pub fn given(runbook: &Runbook, set: &[(&str, &str)]) -> Given {
    let set: Vec<(String, String)> = set
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let sources = Sources {
        set: &set,
        ..Sources::default()
    };
    Given::read(runbook, sources).unwrap_or_else(|error| panic!("{error}"))
}

/// A run that is watched from outside.
pub struct Watch {
    pub handle: RunHandle,
    pub entries: Vec<Entry>,
    pub happenings: Vec<Happening>,
    pub questions: Vec<Question>,
    pub waited_for_lock: bool,
}

impl Watch {
    pub fn new(handle: RunHandle) -> Self {
        Self {
            entries: handle.entries.clone(),
            handle,
            happenings: Vec::new(),
            questions: Vec::new(),
            waited_for_lock: false,
        }
    }

    /// The next notice, noted. Questions are answered with yes.
    pub async fn next(&mut self) -> Notice {
        let notice = self.notice().await;
        if let Notice::Asked { ticket, .. } = &notice {
            self.tell(Control::Answer {
                ticket: *ticket,
                answer: Answer::Yes,
            });
        }
        notice
    }

    /// The next notice, noted. Questions are left to the test.
    pub async fn notice(&mut self) -> Notice {
        let patience = Duration::from_mins(1);
        let notice = tokio::time::timeout(patience, self.handle.notices.recv())
            .await
            .unwrap_or_else(|_| panic!("nothing happens after {:#?}", self.entries.last()))
            .unwrap_or_else(|| panic!("the notices ended with {:#?}", self.happenings.last()));
        match &notice {
            Notice::Recorded(entry) => self.entries.push((**entry).clone()),
            Notice::Happened { happening, .. } => self.happenings.push(happening.clone()),
            Notice::Asked { question, .. } => self.questions.push(question.clone()),
            Notice::WaitingForLock { .. } => self.waited_for_lock = true,
            Notice::Ended(_) | Notice::Left { .. } | Notice::Broke(_) => {}
        }
        notice
    }

    pub fn tell(&self, control: Control) {
        self.handle
            .control
            .send(control)
            .expect("the run is being driven");
    }

    /// Goes on until something happens.
    pub async fn until(&mut self, wanted: impl Fn(&Happening) -> bool) {
        loop {
            match self.next().await {
                Notice::Happened { happening, .. } if wanted(&happening) => return,
                Notice::Ended(summary) => panic!("it is over before: {summary:#?}"),
                _ => {}
            }
        }
    }

    /// Goes on until something is recorded.
    pub async fn until_recorded(&mut self, wanted: impl Fn(&Record) -> bool) {
        loop {
            match self.next().await {
                Notice::Recorded(entry) if wanted(&entry.record) => return,
                Notice::Ended(summary) => panic!("it is over before: {summary:#?}"),
                _ => {}
            }
        }
    }

    /// Goes on to the end.
    pub async fn end(&mut self) -> Summary {
        loop {
            match self.next().await {
                Notice::Ended(summary) => return *summary,
                Notice::Left { signal } => panic!("it was left: {signal:?}"),
                Notice::Broke(why) => panic!("it broke: {why}"),
                _ => {}
            }
        }
    }

    /// Interrupts it, has what it did taken back, and goes on to the end.
    pub async fn taken_back(&mut self) -> Summary {
        self.tell(Control::Interrupt {
            signal: Signal::Interrupt,
            then: Then::RollBack,
        });
        self.end().await
    }

    pub fn warnings(&self) -> Vec<&str> {
        let happenings = self.happenings.iter();
        let warnings = happenings.filter_map(|happening| match happening {
            Happening::Warning(text) => Some(text.as_str()),
            _ => None,
        });
        warnings.collect()
    }
}

/// Runs to the end.
pub async fn run(engine: &RunEngine, plan: Plan, start: Start) -> (Summary, Watch) {
    let mut watch = Watch::new(engine.start(plan, start).unwrap());
    let summary = watch.end().await;
    (summary, watch)
}

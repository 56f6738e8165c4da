//! A demo that remembers what it was asked, and a collector on it whose time a test moves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quarterdeck::cloud::demo::{Demo, MemoryLog, Scenario, Settings, World, Worlds};
use quarterdeck::cloud::read_only::ReadOnlySwitch;
use quarterdeck::cloud::{BoxFuture, Cloud, Parts};
use quarterdeck::domain::fault::Fault;
use quarterdeck::domain::focus::Focus;
use quarterdeck::domain::ops::{Mutation, Query, Receipt, Reply, ReplyData, Token};
use quarterdeck::domain::picture::Picture;
use quarterdeck::domain::rules::{self, Policies, Terms};
use quarterdeck::domain::scope::{Scope, ScopeName};
use quarterdeck::engine::clock::{Clock, Clocks, ManualClock};
use quarterdeck::engine::collector::{Collector, Order};
use quarterdeck::engine::host::EngineHost;
use quarterdeck::engine::schedule::Wishes;
use tokio::sync::{mpsc, watch};

/// What a question is.
pub mod is {
    use quarterdeck::domain::ops::{self, Query};

    /// The services.
    pub fn fleet(query: &Query) -> bool {
        matches!(query, Query::Ecs(ops::ecs::Read::Fleet))
    }

    /// The queues.
    pub fn queues(query: &Query) -> bool {
        matches!(query, Query::Sqs(_))
    }

    /// nvidia-smi.
    pub fn probe(query: &Query) -> bool {
        matches!(query, Query::Ssm(ops::ssm::Read::GpuProbe { .. }))
    }
}

/// The demo, watched.
pub struct Watched {
    demo: Demo,
    clock: ManualClock,
    asked: Mutex<Vec<(ScopeName, Query)>>,
    accounts: Mutex<BTreeMap<String, String>>,
    /// Whether one GPU host answers after two seconds and the others are waited for in vain.
    pub hangs: AtomicBool,
}

impl Watched {
    /// Puts another account behind a scope.
    pub fn log_in(&self, scope: &str, account: &str) {
        let mut accounts = self.accounts.lock().unwrap();
        accounts.insert(scope.to_owned(), account.to_owned());
    }

    async fn answer(&self, scope: &Scope, query: &Query) -> Result<Reply, Fault> {
        self.asked
            .lock()
            .unwrap()
            .push((scope.name.clone(), query.clone()));
        let mut reply = self.demo.read(scope, query).await?;
        if let ReplyData::Identity(identity) = &mut reply.data
            && let Some(account) = self.accounts.lock().unwrap().get(scope.name.as_str())
        {
            identity.account.clone_from(account);
        }
        Ok(reply)
    }
}

impl Cloud for Watched {
    fn read<'a>(&'a self, scope: &'a Scope, query: &'a Query) -> BoxFuture<'a, Result<Reply, Fault>> {
        Box::pin(self.answer(scope, query))
    }

    fn read_in_parts<'a>(
        &'a self,
        scope: &'a Scope,
        query: &'a Query,
        part: Parts<'a>,
    ) -> BoxFuture<'a, Result<Reply, Fault>> {
        Box::pin(async move {
            let reply = self.answer(scope, query).await?;
            if let ReplyData::ProbeOutputs(outputs) = &reply.data
                && self.hangs.load(Ordering::Relaxed)
            {
                self.clock.sleep(Duration::from_secs(2)).await;
                part(Reply::whole(ReplyData::ProbeOutputs(outputs[..1].to_vec())));
                self.clock.sleep(Duration::from_secs(11)).await;
            }
            Ok(reply)
        })
    }

    fn write<'a>(
        &'a self,
        _: &'a Scope,
        _: &'a Mutation,
        _: &'a Token,
    ) -> BoxFuture<'a, Result<Receipt, Fault>> {
        panic!("a collector writes nothing")
    }

    fn supply_mfa_code(&self, _: &Scope, _: &str) {}

    fn forget(&self, _: &Scope) {}
}

/// A collector at work.
pub struct Desk {
    /// What it asks.
    pub watched: Arc<Watched>,
    clock: ManualClock,
    scopes: Vec<Arc<Scope>>,
    wishes: Wishes,
    host: Arc<EngineHost>,
    runtime: tokio::runtime::Runtime,
    orders: Option<mpsc::Sender<Order>>,
    pictures: Option<watch::Receiver<Arc<Picture>>>,
}

impl Desk {
    /// One world under its usual name.
    pub fn of(world: &str) -> Self {
        Self::named(world, &[world])
    }

    /// One world under these names.
    pub fn named(world: &str, names: &[&str]) -> Self {
        let world: World = world.parse().unwrap();
        let epoch: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let clock = ManualClock::new(epoch);
        let host = EngineHost::new(Arc::new(clock.clone()));
        let settings = Settings {
            worlds: Worlds::One(world),
            scenario: Scenario::Quiet,
            seed: 7,
            epoch,
        };
        let read_only = Arc::new(ReadOnlySwitch::on());
        let demo = Demo::new(host.clone(), settings, Box::new(MemoryLog::default()), read_only).unwrap();
        let scope = |name: &&str| {
            Arc::new(Scope {
                name: ScopeName::new(name),
                profile: Some(world.name().to_owned()),
                region: world.region().to_owned(),
                role: None,
                expected_account: None,
                account_name: None,
            })
        };
        Self {
            watched: Arc::new(Watched {
                demo,
                clock: clock.clone(),
                asked: Mutex::default(),
                accounts: Mutex::default(),
                hangs: AtomicBool::new(false),
            }),
            clock,
            scopes: names.iter().map(scope).collect(),
            wishes: Wishes::default(),
            host,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap(),
            orders: None,
            pictures: None,
        }
    }

    /// The same by what an estate and settings say.
    pub fn wishing(mut self, wishes: Wishes) -> Self {
        self.wishes = wishes;
        self
    }

    /// Begins to collect.
    pub fn start(&mut self, focus: Focus) {
        let clocks = Clocks {
            cloud: Arc::new(self.clock.clone()),
            wall: Arc::new(self.clock.clone()),
        };
        let policies = Policies::default();
        let assess = Arc::new(move |inventory: &_, now| {
            let terms = Terms {
                policies: &policies,
                session: &[],
            };
            rules::evaluate(inventory, &terms, now)
        });
        let cloud: Arc<dyn Cloud> = self.watched.clone();
        let (collector, pictures) =
            Collector::new(cloud, self.host.clone(), clocks, self.scopes.clone(), assess);
        let (orders, taken) = mpsc::channel(8);
        self.runtime
            .spawn(collector.with_wishes(self.wishes.clone()).run(taken));
        self.orders = Some(orders);
        self.pictures = Some(pictures);
        self.order(Order::Focus(focus));
    }

    /// Tells the collector something.
    pub fn order(&mut self, order: Order) {
        self.orders.as_ref().unwrap().try_send(order).unwrap();
        self.settle();
    }

    /// Lets time go on.
    pub fn run(&mut self, span: SignedDuration) {
        let end = self.clock.now() + span;
        while self.clock.now() < end {
            self.step();
        }
    }

    /// Lets time go on in strides, looking at each picture: for hours.
    pub fn watch(&mut self, span: SignedDuration, mut look: impl FnMut(&Picture)) {
        let end = self.clock.now() + span;
        while self.clock.now() < end {
            self.clock.advance(SignedDuration::from_secs(10));
            self.settle();
            look(&self.picture());
        }
    }

    /// Lets time go on until the picture is as wanted, for an hour at most.
    #[track_caller]
    pub fn until(&mut self, what: &str, holds: impl Fn(&Picture) -> bool) {
        let end = self.clock.now() + SignedDuration::from_hours(1);
        while !holds(&self.picture()) {
            assert!(self.clock.now() < end, "{what} never came");
            self.step();
        }
    }

    /// What is shown now.
    pub fn picture(&self) -> Arc<Picture> {
        self.pictures.as_ref().unwrap().borrow().clone()
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The questions of this sort so far.
    pub fn asked(&self, sort: impl Fn(&Query) -> bool) -> Vec<(ScopeName, Query)> {
        let asked = self.watched.asked.lock().unwrap();
        asked.iter().filter(|(_, query)| sort(query)).cloned().collect()
    }

    fn step(&mut self) {
        self.clock.advance(SignedDuration::from_millis(200));
        self.settle();
    }

    /// Lets everything run that can without time going on.
    fn settle(&mut self) {
        // The runtime's own time stands: it goes on once nothing else can run.
        self.runtime
            .block_on(async { tokio::time::sleep(Duration::from_millis(1)).await });
    }
}

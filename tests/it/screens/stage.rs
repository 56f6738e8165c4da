//! A console without a terminal: the demo on a clock that stands, the collector, the state.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use quarterdeck::app::effect::{Effect, Effects};
use quarterdeck::app::msg::Msg;
use quarterdeck::app::pane::Pane;
use quarterdeck::app::runs::RunsEffect;
use quarterdeck::app::state::{Environment, Setup, State, WriteState, Zone, default_bindings};
use quarterdeck::app::update::update;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{self, Demo, MemoryLog, Scenario, Settings, World, Worlds};
use quarterdeck::cloud::read_only::ReadOnlySwitch;
use quarterdeck::config::estate;
use quarterdeck::config::keys::{Chord, Key, Keymap};
use quarterdeck::domain::focus::{Focus, Pace, Probing};
use quarterdeck::domain::inventory::Inventory;
use quarterdeck::domain::picture::Picture;
use quarterdeck::domain::reach::Reach;
use quarterdeck::domain::rules::{self, Policies, Terms};
use quarterdeck::domain::scope::{Scope, ScopeName};
use quarterdeck::engine::clock::{Clocks, ManualClock};
use quarterdeck::engine::collector::{Assess, Collector};
use quarterdeck::engine::host::EngineHost;
use quarterdeck::engine::run::{Equipment, RunEngine};
use quarterdeck::runbook::action::Allowances;

/// Saturday, 11:00 in Seoul.
pub const EPOCH: &str = "2026-11-21T02:00:00Z";

/// A console.
pub struct Stage {
    pub state: State,
    pub clock: ManualClock,
    host: Arc<EngineHost>,
    cloud: Arc<dyn Cloud>,
    scopes: Vec<Arc<Scope>>,
    /// What was told last to a collector, and when.
    read: Option<Focus>,
    /// What was done besides drawing, but for asking.
    pub effects: Vec<Effect>,
}

impl Stage {
    /// Every estate, read.
    pub fn all(scenario: Scenario) -> Self {
        Self::open(Worlds::All, scenario).read()
    }

    /// One estate, read.
    pub fn one(world: World, scenario: Scenario) -> Self {
        Self::open(Worlds::One(world), scenario).read()
    }

    /// One estate of which nothing is known yet.
    pub fn unread(world: World) -> Self {
        Self::open(Worlds::One(world), Scenario::Everyday)
    }

    fn open(worlds: Worlds, scenario: Scenario) -> Self {
        let epoch: Timestamp = EPOCH.parse().expect("a time");
        let clock = ManualClock::new(epoch);
        let host = EngineHost::new(Arc::new(clock.clone()));
        let settings = Settings {
            worlds,
            scenario,
            seed: 7,
            epoch,
        };
        let cloud = Demo::new(
            host.clone(),
            settings,
            Box::new(MemoryLog::default()),
            Arc::new(ReadOnlySwitch::off()),
        )
        .expect("no record to read");
        let scopes: Vec<Arc<Scope>> = demo::scopes(worlds).into_iter().map(Arc::new).collect();
        let first = Picture::empty(Inventory::new(scopes.iter().cloned()), epoch);
        let zone = |name: &str, label: &str| Zone {
            label: label.to_owned(),
            zone: TimeZone::get(name).expect("it is compiled in"),
        };
        let setup = Setup {
            probing: Probing::Yes,
            open: None,
            pinned_logs: Vec::new(),
            estate: Some(demo::estate_name(worlds).to_owned()),
            environment: Environment::Demo,
            write: WriteState::ReadOnly,
            zones: vec![zone("Asia/Seoul", "KST"), zone("UTC", "UTC")],
            monthly_budget: None,
            keymap: Keymap::build(&default_bindings(), &[]).expect("our own keys"),
            themes: vec!["quarterdeck".to_owned(), "mono".to_owned()],
            again: vec!["qd".to_owned()],
            reach: Some(Reach::Login),
            policies: policies(&scopes),
            who: "kim@bastion".to_owned(),
            notices: Vec::new(),
        };
        Self {
            state: State::new(setup, Arc::new(first), epoch),
            clock,
            host,
            cloud: Arc::new(cloud),
            scopes,
            read: None,
            effects: Vec::new(),
        }
    }

    /// Collects for what is looked at, as often as that takes.
    fn read(mut self) -> Self {
        let mut focus = self.state.pane.focus();
        // Everything at its quick cadence, as if every pane had been in front for a while.
        for pane in Pane::ALL {
            focus.front.extend(pane.focus().front);
        }
        self.collect(focus);
        self
    }

    /// A picture of the demo at this moment.
    pub fn collect(&mut self, focus: Focus) {
        self.read = Some(focus.clone());
        let picture = self.picture(focus);
        self.send(Msg::Picture(picture));
    }

    /// What was collected last, as it is by now.
    pub fn collect_again(&mut self) {
        let focus = self.read.clone().expect("something was collected");
        self.collect(focus);
    }

    /// The same, not shown.
    pub fn picture(&self, focus: Focus) -> Arc<Picture> {
        let clocks = Clocks {
            cloud: Arc::new(self.clock.clone()),
            wall: Arc::new(self.clock.clone()),
        };
        let (collector, _) = Collector::new(
            self.cloud.clone(),
            self.host.clone(),
            clocks,
            self.scopes.clone(),
            assess(&self.scopes),
        );
        let focus = Focus {
            pace: Pace::Once,
            ..focus
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime whose time stands");
        runtime.block_on(async {
            let once = collector.once(focus, Duration::from_mins(5));
            tokio::pin!(once);
            loop {
                tokio::select! {
                    biased;
                    picture = &mut once => return picture,
                    () = settle() => self.clock.advance(SignedDuration::from_millis(100)),
                }
            }
        })
    }

    /// Types keys in their spelling, and collects where they lead.
    pub fn keys(&mut self, keys: &[&str]) {
        for key in keys {
            let chord: Chord = key.parse().unwrap_or_else(|error| panic!("{key}: {error}"));
            self.send(Msg::Key(chord));
        }
    }

    /// Filters the pane's rows.
    pub fn filter(&mut self, text: &str) {
        self.keys(&["/"]);
        for character in text.chars() {
            self.send(Msg::Key(Chord::plain(Key::Char(character))));
        }
        self.keys(&["enter"]);
    }

    /// Takes a message in and does what follows from it.
    pub fn send(&mut self, msg: Msg) -> bool {
        let Effects { redraw, list } = update(&mut self.state, msg);
        for effect in list {
            match effect {
                // Only details that were not read with everything else need asking.
                Effect::Focus(focus) => {
                    let known = self.read.clone().unwrap_or_default();
                    if self.read.is_some() && !focus.details.is_subset(&known.details) {
                        let mut both = known;
                        both.details.extend(focus.details);
                        self.collect(both);
                    }
                }
                // Who looks at what is of no consequence without a runner.
                Effect::Runs(effect) if matches!(*effect, RunsEffect::Look(_)) => {}
                other => self.effects.push(other),
            }
        }
        redraw
    }

    /// An engine that prepares runs in the demo, and starts none.
    pub fn engine(&self) -> RunEngine {
        RunEngine::new(Equipment {
            cloud: self.cloud.clone(),
            clocks: Clocks {
                cloud: Arc::new(self.clock.clone()),
                wall: Arc::new(self.clock.clone()),
            },
            read_only: Arc::new(ReadOnlySwitch::off()),
            folder: None,
            allowed: Allowances::default(),
        })
    }

    /// A scope by its name.
    pub fn scope(&self, name: &ScopeName) -> Arc<Scope> {
        let found = self.scopes.iter().find(|scope| scope.name == *name);
        found.expect("it is one of the demo's").clone()
    }

    /// Does what takes the demo's time.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime whose time stands");
        runtime.block_on(async {
            tokio::pin!(work);
            loop {
                tokio::select! {
                    biased;
                    done = &mut work => return done,
                    () = settle() => self.clock.advance(SignedDuration::from_millis(100)),
                }
            }
        })
    }

    /// Gives the queues other names.
    pub fn rename_queues(&mut self, name: impl Fn(usize) -> String) {
        let mut picture = (*self.state.picture).clone();
        for scope in &mut picture.inventory.scopes {
            if let Some((queues, _)) = &mut scope.queues.value {
                for (index, queue) in Arc::make_mut(queues).iter_mut().enumerate() {
                    queue.name = name(index);
                }
            }
        }
        self.send(Msg::Picture(Arc::new(picture)));
    }
}

/// How findings are made of what is known, with each estate's own policy.
fn assess(scopes: &[Arc<Scope>]) -> Assess {
    let policies = policies(scopes);
    Arc::new(move |inventory, now| {
        let terms = Terms {
            policies: &policies,
            session: &[],
        };
        rules::evaluate(inventory, &terms, now)
    })
}

/// Each estate's own policy.
fn policies(scopes: &[Arc<Scope>]) -> Arc<Policies> {
    let mut policies = Policies::default();
    for scope in scopes {
        let shipped = estate::SHIPPED
            .iter()
            .find(|(name, _)| Some(*name) == scope.profile.as_deref());
        if let Some((name, text)) = shipped {
            let loaded = estate::parse(name, text.as_bytes()).expect("it is shipped");
            policies
                .of_scope
                .insert(scope.name.clone(), Arc::new(loaded.estate.policy));
        }
    }
    Arc::new(policies)
}

/// Lets everything run that can without time going on.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

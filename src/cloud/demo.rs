//! Simulated estates: a cloud in the process, without network or credentials, that answers every
//! question and takes every change, with AWS's delays and refusals.
//!
//! A world is a pure function of its name, the scenario, the seed, the epoch, the writes it has
//! accepted, and the time. It is advanced when it is asked; nothing runs in between. `docs/demo.md`
//! says what is simulated and what is not.

mod calls;
mod demand;
mod file_log;
mod gpu;
mod logs;
mod metric;
mod plan;
mod read;
mod scenario;
mod selection;
mod signal;
mod sim;
mod time;
mod track;
mod write;
mod write_log;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::cloud::meter::{Call, CallEnd};
use crate::cloud::read_only::ReadOnlySwitch;
use crate::cloud::{BoxFuture, Cloud, Host};
use crate::domain::fault::{CredentialFault, Fault, FaultKind};
use crate::domain::ops::{Mutation, Query, Receipt, Reply, Token};
use crate::domain::scope::{Scope, ScopeName};
pub use file_log::{FOLDER, FORGOTTEN_AFTER, FileLog, Keep, OpenError, Opened, Opening, Past};
use plan::Plan;
pub use selection::{Scenario, UnknownScenario, UnknownWorld, World, Worlds};
use sim::Sim;
use time::ms;
pub use write_log::{AcceptedWrite, Append, MemoryLog, WriteLog, WriteLogError};

/// What a demo shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Which worlds.
    pub worlds: Worlds,
    /// What goes wrong in them.
    pub scenario: Scenario,
    /// Varies ids of tasks and instances, noise and log lines.
    pub seed: u64,
    /// When the demo was first opened, on its clock; scenarios are told from here.
    pub epoch: Timestamp,
}

/// Simulated estates as a cloud: no network, no account. The same settings, time and log of accepted changes
/// give the same answers.
pub struct Demo {
    host: Arc<dyn Host>,
    settings: Settings,
    read_only: Arc<ReadOnlySwitch>,
    /// Held while writes are read or added, so that every world gets them in the record's order.
    log: Mutex<Box<dyn WriteLog>>,
    worlds: Vec<Stage>,
    /// Further groups in each world.
    crowd: usize,
}

/// A world that is built when somebody first looks at it.
struct Stage {
    world: World,
    played: Mutex<Played>,
}

/// What is known of a world.
#[derive(Default)]
struct Played {
    accepted: Vec<AcceptedWrite>,
    /// The world as the accepted writes made it; `None` until somebody looks, and after others have
    /// changed it.
    sim: Option<Sim>,
}

/// The scopes of the worlds: one each, named like the profiles of an AWS configuration.
pub fn scopes(worlds: Worlds) -> Vec<Scope> {
    worlds
        .list()
        .iter()
        .map(|world| Scope {
            name: ScopeName::new(&format!("{world}/{}", world.region())),
            profile: Some(world.name().to_owned()),
            region: world.region().to_owned(),
            role: None,
            expected_account: Some(world.account().to_owned()),
            account_name: None,
        })
        .collect()
}

/// The estate's name for the header.
pub const fn estate_name(worlds: Worlds) -> &'static str {
    match worlds {
        Worlds::All => "demo",
        Worlds::One(world) => world.name(),
    }
}

impl Demo {
    /// Opens the worlds as the record of writes left them, changing nothing while the switch is on.
    /// Fails if the record cannot be read.
    pub fn new(
        host: Arc<dyn Host>,
        settings: Settings,
        log: Box<dyn WriteLog>,
        read_only: Arc<ReadOnlySwitch>,
    ) -> Result<Self, WriteLogError> {
        let worlds = settings
            .worlds
            .list()
            .iter()
            .map(|world| Stage {
                world: *world,
                played: Mutex::default(),
            })
            .collect();
        let demo = Self {
            host,
            settings,
            read_only,
            log: Mutex::new(log),
            worlds,
            crowd: 0,
        };
        demo.catch_up(&**demo.lock_log())?;
        Ok(demo)
    }

    /// The same with so many further Auto Scaling groups in each world, `crowd-0000` and on, of two small
    /// instances each that nobody asks anything of: to measure what a large estate costs. Before anything is
    /// asked of it.
    #[must_use]
    pub fn crowded(mut self, groups: usize) -> Self {
        self.crowd = groups;
        self
    }

    fn lock_log(&self) -> MutexGuard<'_, Box<dyn WriteLog>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what other processes have changed.
    fn catch_up(&self, log: &dyn WriteLog) -> Result<(), WriteLogError> {
        for write in log.news()? {
            // Of a world that is not shown here nothing is kept.
            if let Some(stage) = self.worlds.iter().find(|stage| stage.world == write.world) {
                let mut played = stage.lock();
                played.accepted.push(write);
                played.sim = None;
            }
        }
        Ok(())
    }

    fn stage(&self, scope: &Scope) -> Result<&Stage, Fault> {
        self.worlds
            .iter()
            .find(|stage| {
                scope.profile.as_deref() == Some(stage.world.name()) && scope.region == stage.world.region()
            })
            .ok_or_else(|| {
                Fault::new(
                    FaultKind::Credentials(CredentialFault::NoSuchProfile),
                    "sts",
                    "GetCallerIdentity",
                    format!(
                        "the demo has no profile {} in {}",
                        scope.profile_name(),
                        scope.region
                    ),
                )
            })
    }

    /// Does something with a world as it is now.
    fn at_present<T>(
        &self,
        stage: &Stage,
        operation: (&'static str, &'static str),
        act: impl FnOnce(&Sim) -> T,
    ) -> Result<T, Fault> {
        let now = self.host.now();
        {
            let log = self.lock_log();
            log.note_time(now);
            self.catch_up(&**log)
                .map_err(|error| unrecorded(operation, &error))?;
        }
        let mut played = stage.lock();
        Ok(act(self.advance(stage.world, &mut played, now)))
    }

    /// The world as it is at a moment.
    fn advance<'a>(&self, world: World, played: &'a mut Played, now: Timestamp) -> &'a mut Sim {
        let Played { accepted, sim } = played;
        let sim = sim.get_or_insert_with(|| self.build(world, accepted));
        sim.advance(ms(now));
        sim
    }

    /// The world as the accepted writes left it.
    fn build(&self, world: World, accepted: &[AcceptedWrite]) -> Sim {
        let Settings {
            scenario,
            seed,
            epoch,
            ..
        } = self.settings;
        let mut plan = Plan::of(world).expect("the files of the estates are compiled in and tested");
        plan.crowd(self.crowd);
        let mut sim = Sim::new(Arc::new(plan), world, scenario, (seed, ms(epoch)));
        for write in accepted {
            sim.advance(ms(write.at));
            // What was accepted once is accepted again; if a later version refuses it, the world
            // is as if it had not been asked.
            let mut next = sim.clone();
            if write::apply(&mut next, &write.change).is_ok() {
                sim = next;
            }
        }
        sim
    }

    fn accept(&self, stage: &Stage, change: &Mutation, token: &Token) -> Result<Receipt, Fault> {
        let operation = change.operation();
        let name = (operation.service, operation.name);
        // Held to the end: what is tried here must be what the record says next.
        let log = self.lock_log();
        loop {
            let now = self.host.now();
            log.note_time(now);
            self.catch_up(&**log).map_err(|error| unrecorded(name, &error))?;
            let mut played = stage.lock();
            let sim = self.advance(stage.world, &mut played, now);
            // A refused or unrecorded write must leave no trace, so it is tried on a copy.
            let mut next = sim.clone();
            let receipt = write::apply(&mut next, change)?;
            let accepted = AcceptedWrite {
                at: time::stamp(sim.now),
                world: stage.world,
                change: change.clone(),
                token: token.clone(),
            };
            let appended = log.append(&accepted).map_err(|error| unrecorded(name, &error))?;
            if appended == Append::Done {
                played.accepted.push(accepted);
                played.sim = Some(next);
                return Ok(receipt);
            }
        }
    }
}

impl Stage {
    fn lock(&self) -> MutexGuard<'_, Played> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A record that cannot be read or written is a failure of the demo's, not of who asks.
fn unrecorded((service, operation): (&'static str, &'static str), error: &WriteLogError) -> Fault {
    Fault::new(FaultKind::Server, service, operation, error.to_string())
}

impl Cloud for Demo {
    fn read<'a>(&'a self, scope: &'a Scope, query: &'a Query) -> BoxFuture<'a, Result<Reply, Fault>> {
        Box::pin(async move {
            let stage = self.stage(scope)?;
            // A question that is answered without any call cannot be named after one.
            let operation = query
                .operations()
                .first()
                .map_or(("demo", "Read"), |first| (first.service, first.name));
            for calls in self.at_present(stage, operation, |sim| calls::of(sim, query))? {
                for nth in 0..calls.count {
                    self.host.admit(scope, calls.operation).await;
                    self.host.metered(Call {
                        scope: scope.name.clone(),
                        operation: calls.operation,
                        end: CallEnd::Answered,
                        paid_micro_usd: if nth == 0 { calls.paid_micro_usd } else { 0 },
                    });
                }
            }
            self.at_present(stage, operation, |sim| read::answer(sim, &self.settings, query))?
        })
    }

    fn write<'a>(
        &'a self,
        scope: &'a Scope,
        change: &'a Mutation,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Receipt, Fault>> {
        Box::pin(async move {
            let stage = self.stage(scope)?;
            let operation = change.operation();
            if self.read_only.is_on() {
                return Err(Fault::new(
                    FaultKind::ReadOnly,
                    operation.service,
                    operation.name,
                    "the console is read-only",
                ));
            }
            self.host.admit(scope, operation).await;
            let result = self.accept(stage, change, token);
            self.host.metered(Call {
                scope: scope.name.clone(),
                operation,
                end: if result.is_ok() {
                    CallEnd::Answered
                } else {
                    CallEnd::Failed
                },
                paid_micro_usd: 0,
            });
            result
        })
    }

    // The demo's sessions ask for no code and keep no connections.
    fn supply_mfa_code(&self, _scope: &Scope, _code: &str) {}

    fn forget(&self, _scope: &Scope) {}
}

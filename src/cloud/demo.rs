//! Simulated estates: a cloud in the process, without network or credentials, that answers every
//! question and takes every change, with AWS's delays and refusals.
//!
//! A world is a pure function of its name, the scenario, the seed, the epoch, the writes it has
//! accepted, and the time. It is advanced when it is asked; nothing runs in between. `docs/demo.md`
//! says what is simulated and what is not.

mod calls;
mod demand;
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
use crate::cloud::{BoxFuture, Cloud, Host};
use crate::domain::fault::{CredentialFault, Fault, FaultKind};
use crate::domain::ops::{Mutation, Query, Receipt, Reply, Token};
use crate::domain::scope::{Scope, ScopeName};
use plan::Plan;
pub use selection::{Scenario, UnknownScenario, UnknownWorld, World, Worlds};
use sim::Sim;
use time::ms;
pub use write_log::{AcceptedWrite, MemoryLog, WriteLog, WriteLogError};

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

/// A simulated cloud.
pub struct Demo {
    host: Arc<dyn Host>,
    settings: Settings,
    log: Box<dyn WriteLog>,
    worlds: Vec<Stage>,
}

/// A world that is built when somebody first looks at it.
struct Stage {
    world: World,
    accepted: Vec<AcceptedWrite>,
    sim: Mutex<Option<Sim>>,
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
    /// Opens the worlds as the record of writes left them. Fails if the record cannot be read.
    pub fn new(
        host: Arc<dyn Host>,
        settings: Settings,
        log: Box<dyn WriteLog>,
    ) -> Result<Self, WriteLogError> {
        let accepted = log.load()?;
        let worlds = settings
            .worlds
            .list()
            .iter()
            .map(|world| Stage {
                world: *world,
                accepted: accepted
                    .iter()
                    .filter(|write| write.world == *world)
                    .cloned()
                    .collect(),
                sim: Mutex::new(None),
            })
            .collect();
        Ok(Self {
            host,
            settings,
            log,
            worlds,
        })
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
    fn at_present<T>(&self, stage: &Stage, act: impl FnOnce(&mut Sim) -> T) -> T {
        let mut guard: MutexGuard<'_, Option<Sim>> = stage.sim.lock().unwrap_or_else(PoisonError::into_inner);
        let sim = guard.get_or_insert_with(|| self.build(stage));
        sim.advance(ms(self.host.now()));
        act(sim)
    }

    /// The world as the accepted writes left it.
    fn build(&self, stage: &Stage) -> Sim {
        let Settings {
            scenario,
            seed,
            epoch,
            ..
        } = self.settings;
        let plan = Plan::of(stage.world).expect("the files of the estates are compiled in and tested");
        let mut sim = Sim::new(Arc::new(plan), stage.world, scenario, (seed, ms(epoch)));
        for write in &stage.accepted {
            sim.advance(ms(write.at));
            // What was accepted once is accepted again; if a later version refuses it, the world
            // is as if it had not been asked.
            let _refused = write::apply(&mut sim, &write.change);
        }
        sim
    }

    fn accept(&self, stage: &Stage, change: &Mutation, token: &Token) -> Result<Receipt, Fault> {
        self.at_present(stage, |sim| {
            // A refused or unrecorded write must leave no trace, so it is tried on a copy.
            let mut next = sim.clone();
            let receipt = write::apply(&mut next, change)?;
            let operation = change.operation();
            self.log
                .append(&AcceptedWrite {
                    at: time::stamp(sim.now),
                    world: stage.world,
                    change: change.clone(),
                    token: token.clone(),
                })
                .map_err(|error| {
                    Fault::new(
                        FaultKind::Server,
                        operation.service,
                        operation.name,
                        error.to_string(),
                    )
                })?;
            *sim = next;
            Ok(receipt)
        })
    }
}

impl Cloud for Demo {
    fn read<'a>(&'a self, scope: &'a Scope, query: &'a Query) -> BoxFuture<'a, Result<Reply, Fault>> {
        Box::pin(async move {
            let stage = self.stage(scope)?;
            for calls in self.at_present(stage, |sim| calls::of(sim, query)) {
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
            self.at_present(stage, |sim| read::answer(sim, &self.settings, query))
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

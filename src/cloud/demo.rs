//! Simulated estates: a cloud in the process, without network or credentials, that answers every
//! question and takes every change, with AWS's delays and refusals.
//!
//! A world is a pure function of its name, the scenario, the seed, the epoch, the writes it has
//! accepted, and the time. It is advanced when it is asked; nothing runs in between.

mod data;
mod read;
mod selection;
mod signal;
mod write_log;

use std::sync::Arc;

use jiff::Timestamp;

use crate::cloud::{BoxFuture, Cloud, Host};
use crate::domain::fault::{CredentialFault, Fault, FaultKind};
use crate::domain::ops::{Mutation, Query, Receipt, Reply, Token};
use crate::domain::scope::{Scope, ScopeName};
pub use data::Estate;
pub use selection::{Scenario, UnknownScenario, UnknownWorld, World, Worlds};
pub use write_log::{AcceptedWrite, MemoryLog, WriteLog, WriteLogError};

/// What a demo shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Which worlds.
    pub worlds: Worlds,
    /// What goes wrong in them.
    pub scenario: Scenario,
    /// Varies names of tasks and instances, noise and log lines.
    pub seed: u64,
    /// When the demo was first opened, on its clock; scenarios are told from here.
    pub epoch: Timestamp,
}

/// A simulated cloud.
pub struct Demo {
    host: Arc<dyn Host>,
    settings: Settings,
    log: Box<dyn WriteLog>,
    estates: Vec<(World, Estate)>,
}

/// The scopes of the worlds: one each, named like the profiles of an AWS configuration.
pub fn scopes(worlds: Worlds) -> Vec<Scope> {
    worlds
        .list()
        .iter()
        .filter_map(|world| {
            let estate = Estate::of(*world).ok()?;
            Some(Scope {
                name: ScopeName::new(&format!("{world}/{}", estate.region)),
                profile: Some(world.name().to_owned()),
                region: estate.region,
                role: None,
                expected_account: Some(estate.account),
            })
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
        log.load()?;
        let estates = settings
            .worlds
            .list()
            .iter()
            .filter_map(|world| Some((*world, Estate::of(*world).ok()?)))
            .collect();
        Ok(Self {
            host,
            settings,
            log,
            estates,
        })
    }

    fn estate(&self, scope: &Scope) -> Result<&Estate, Fault> {
        self.estates
            .iter()
            .find(|(world, estate)| {
                scope.profile.as_deref() == Some(world.name()) && scope.region == estate.region
            })
            .map(|(_, estate)| estate)
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
}

impl Cloud for Demo {
    fn read<'a>(&'a self, scope: &'a Scope, query: &'a Query) -> BoxFuture<'a, Result<Reply, Fault>> {
        Box::pin(async move {
            let estate = self.estate(scope)?;
            for operation in query.operations() {
                self.host.admit(scope, *operation).await;
            }
            read::answer(estate, &self.settings, self.host.now(), query)
        })
    }

    fn write<'a>(
        &'a self,
        scope: &'a Scope,
        change: &'a Mutation,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Receipt, Fault>> {
        Box::pin(async move {
            self.estate(scope)?;
            let operation = change.operation();
            self.host.admit(scope, operation).await;
            self.log
                .append(&AcceptedWrite {
                    at: self.host.now(),
                    world: World::Codemate,
                    change: change.clone(),
                    token: token.clone(),
                })
                .map_err(|error| {
                    Fault::new(
                        FaultKind::Other,
                        operation.service,
                        operation.name,
                        error.to_string(),
                    )
                })?;
            Ok(Receipt::default())
        })
    }

    fn supply_mfa_code(&self, _scope: &Scope, _code: &str) {}

    fn forget(&self, _scope: &Scope) {}
}

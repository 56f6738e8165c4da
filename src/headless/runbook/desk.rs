//! What commands about runs start from, and what they share: where, as whom, and how they speak.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::cloud::read_only::ReadOnlySwitch;
use crate::domain::scope::{Identity, Scope, ScopeName};
use crate::engine::clock::{Clock as WallClock, Clocks};
use crate::engine::environment::Environment;
use crate::engine::host::{EngineHost, MakeCloud};
use crate::engine::run::who::{self, Seat};
use crate::engine::run::{Equipment, RunEngine, SiteFacts, Sites, StateFolder};
use crate::headless::runbook::failure::Failure;
use crate::headless::runbook::teller::Teller;
use crate::headless::{Exit, Out};
use crate::runbook::action::{Allowances, ErrorClass};
use crate::runbook::machine::exit_of;
use crate::runbook::record::{Signal, Who};
use crate::runbook::tell::{Clock, Commands};

/// What commands that run something start from.
pub struct Desk {
    /// What runs are for.
    pub sites: Sites,
    /// Both clocks.
    pub clocks: Clocks,
    /// Makes the cloud.
    pub cloud: MakeCloud,
    /// The switch that refuses changes.
    pub read_only: Arc<ReadOnlySwitch>,
    /// What to pass so that changes are allowed, if they are refused.
    pub read_only_advice: String,
    /// What the operator's settings allow runbooks.
    pub allowed: Allowances,
    /// What all commands about runs have.
    pub place: Place,
}

/// Where runs are kept, and how a command about them speaks.
pub struct Place {
    /// Where runs and locks are; `None` if there is no place for them.
    pub folder: Option<StateFolder>,
    /// The environment.
    pub environment: Environment,
    /// How this program is called again for the same place.
    pub commands: Commands,
    /// The words of that, for a process of our own.
    pub words: Vec<String>,
    /// Standard output.
    pub out: Out,
    /// Standard error.
    pub teller: Teller,
    /// The user's clock.
    pub wall: Arc<dyn WallClock>,
    /// How long a run without a terminal waits for credentials that have ended.
    pub grace: Duration,
}

impl Place {
    /// Whether a person can be asked: not in CI, and not where input or prompts are no terminal.
    pub fn can_ask(&self) -> bool {
        self.environment.variable("CI").is_none() && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Who this is, as far as it is known before AWS was asked.
    pub fn who(&self, arn: &str) -> Who {
        let seat = if self.can_ask() {
            Seat::Terminal
        } else {
            Seat::Unattended
        };
        who::here(&self.environment, seat, arn)
    }

    /// The zone of times, and now.
    pub fn clock(&self) -> Clock {
        Clock {
            zone: self.out.page().zone.0.clone(),
            now: self.wall.now(),
        }
    }
}

/// A desk with its engine.
pub struct Bench {
    /// What runs are for.
    sites: Sites,
    /// Whether changes are refused, and what to pass so that they are not.
    pub refuses: Option<String>,
    /// The engine.
    pub engine: RunEngine,
    /// What all commands about runs have.
    pub place: Place,
}

impl Desk {
    /// Makes the cloud and the engine. Within the runtime.
    pub fn open(self) -> Result<Bench, Failure> {
        let host = EngineHost::new(self.clocks.cloud.clone());
        let cloud = (self.cloud)(host)?;
        let refuses = self.read_only.is_on().then_some(self.read_only_advice);
        let engine = RunEngine::new(Equipment {
            cloud,
            clocks: self.clocks,
            read_only: self.read_only,
            folder: self.place.folder.clone(),
            allowed: self.allowed,
        });
        Ok(Bench {
            sites: self.sites,
            refuses,
            engine,
            place: self.place,
        })
    }
}

impl Bench {
    /// The one scope of a run.
    pub fn only_scope(&self) -> Result<Arc<Scope>, Failure> {
        match self.sites.scopes.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(Failure::usage("there is no account and region to run it in")),
            several => {
                let names: Vec<&str> = several.iter().map(|scope| scope.name.as_str()).collect();
                Err(Failure::usage(format!(
                    "a run has exactly one scope, and these are {}: {}; choose with --profile, --region, \
                     --estate or --demo=WORLD",
                    several.len(),
                    names.join(", ")
                )))
            }
        }
    }

    /// The scope of that name, for a plan or a run that has one already.
    pub fn scope_named(&self, name: &ScopeName) -> Result<Arc<Scope>, Failure> {
        self.sites.scope(name).cloned().ok_or_else(|| {
            let scopes = self.sites.scopes.iter();
            let names: Vec<&str> = scopes.map(|scope| scope.name.as_str()).collect();
            Failure::usage(format!(
                "it is for the scope {name}, and here there is {}: pass the --profile, --region, --estate \
                 or --demo with which it was planned",
                names.join(", ")
            ))
        })
    }

    /// Refuses what would change something where changes are refused.
    pub fn may_change(&self) -> Result<(), Failure> {
        match &self.refuses {
            Some(advice) => Err(Failure::usage(advice.clone())),
            None => Ok(()),
        }
    }

    /// Who we are in a scope, asked of AWS.
    pub async fn identify(&self, scope: &Scope) -> Result<Identity, Failure> {
        self.engine.identify(scope).await.map_err(|fault| {
            let class = ErrorClass::of(&fault);
            let advice = match class {
                ErrorClass::Throttled | ErrorClass::Server => {
                    "it was tried more than once: run the command again in a few minutes".to_owned()
                }
                _ => fault.hint(scope),
            };
            Failure::new(exit_of(class), format!("{}: {fault}: {advice}", scope.name))
        })
    }

    /// Whom and where a run is for.
    pub fn site(&self, scope: Arc<Scope>, identity: Identity) -> SiteFacts {
        self.sites.facts(scope, identity)
    }
}

/// Signals that ask a process to stop.
pub struct Signals {
    hangup: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// From now on they come here.
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self {
            hangup: signal(SignalKind::hangup()).context("SIGHUP")?,
            interrupt: signal(SignalKind::interrupt()).context("SIGINT")?,
            terminate: signal(SignalKind::terminate()).context("SIGTERM")?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Signal {
        // A stream that has ended can never be ready again.
        tokio::select! {
            biased;
            Some(()) = self.hangup.recv() => Signal::HangUp,
            Some(()) = self.interrupt.recv() => Signal::Interrupt,
            Some(()) = self.terminate.recv() => Signal::Terminate,
            else => std::future::pending().await,
        }
    }

    /// Does something in which nothing is changed, unless a signal comes first.
    pub async fn unless<T>(&mut self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            signal = self.next() => Err(Failure::new(exit_of_signal(signal), "stopped before anything was changed")),
            done = work => done,
        }
    }
}

/// How a process ends that a signal stopped while nothing was changed.
pub const fn exit_of_signal(signal: Signal) -> Exit {
    match signal {
        Signal::HangUp | Signal::HandOver => Exit::HangUp,
        Signal::Interrupt => Exit::Interrupted,
        Signal::Terminate => Exit::Terminated,
    }
}

/// Runs work to its end; calls that are then still under way are not waited for.
pub fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the engine cannot start")?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(done)
}

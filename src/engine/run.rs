//! Runs of runbooks: everything between the pure machine ([`crate::runbook::machine`]) and the outside.
//!
//! ```text
//! Preparation: resolve ─► plan          RunEngine::start / resume
//!      │ reads                               │
//!      ▼                                     ▼
//!    Cloud ◄──────── reads, writes ─────── driver ──► journal (store) ──► Follower, in any process
//!                                            │
//!                                            └──────► locks
//! ```
//!
//! A [`RunEngine`] is one per process. Whoever starts a run gets a [`RunHandle`]: notices come out of it,
//! controls go in. Everything that is known of a run is in its journal, so another process that follows
//! it sees the same.

pub mod folder;
pub mod follow;
pub mod locks;
pub mod prepare;
pub mod secrets;
pub mod sites;
pub mod store;
pub mod who;

mod asking;
mod driver;
mod gate;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::cloud::Cloud;
use crate::cloud::read_only::ReadOnlySwitch;
use crate::domain::exit::Exit;
use crate::domain::fault::Fault;
use crate::domain::ops::{Query, Reply, ReplyData, sts};
use crate::domain::scope::{Identity, Scope};
use crate::engine::clock::Clocks;
use crate::runbook::action::Allowances;
use crate::runbook::machine::{Answer, Happening, Question, Summary, Ticket, Via};
use crate::runbook::model::Runbook;
use crate::runbook::plan::Plan;
use crate::runbook::record::{Entry, Moment, Resume, RunId, Signal, Then, Who};
use crate::runbook::value::SecretRef;

pub use crate::domain::reach::Reach;
pub use folder::StateFolder;
pub use follow::{Followed, Follower};
pub use locks::{Holder, IfLocked, Locks};
pub use prepare::{FieldState, Preparation, Prepared, Resolution, SiteFacts};
pub use sites::Sites;
pub use store::{RunHead, RunStore, StoreError};

/// What runs need; the same for all runs of a process.
pub struct Equipment {
    /// The cloud.
    pub cloud: Arc<dyn Cloud>,
    /// Both clocks.
    pub clocks: Clocks,
    /// The switch that refuses changes.
    pub read_only: Arc<ReadOnlySwitch>,
    /// Where runs and locks are kept. Without one nothing can be started.
    pub folder: Option<StateFolder>,
    /// What the operator's settings allow.
    pub allowed: Allowances,
}

/// Prepares, drives and finds runs. Cheap to clone.
#[derive(Clone)]
pub struct RunEngine(Arc<Inner>);

struct Inner {
    cloud: Arc<dyn Cloud>,
    clocks: Clocks,
    read_only: Arc<ReadOnlySwitch>,
    places: Option<Places>,
    allowed: Allowances,
    /// What somebody typed.
    secrets: Mutex<BTreeMap<SecretRef, String>>,
}

/// Where runs and locks are.
#[derive(Clone)]
struct Places {
    folder: StateFolder,
    store: RunStore,
    locks: Locks,
}

/// How a run is driven.
#[derive(Debug, Clone)]
pub struct Start {
    /// Where the plan is to be carried out; its name is the plan's.
    pub scope: Arc<Scope>,
    /// Who runs it.
    pub who: Who,
    /// Why, in a person's words.
    pub reason: Option<String>,
    /// The answer to the question for confirmation, if there is one already, and how it came; else whoever
    /// holds the handle is asked.
    pub confirmed: Option<(Answer, Via)>,
    /// What to do while somebody else holds a lock.
    pub if_locked: IfLocked,
    /// How long to wait for credentials that have ended.
    pub patience: Patience,
}

/// How long a run waits for credentials to come back, on the user's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As long as it takes: somebody is looking.
    Endless,
    /// So long; then the run is left for later.
    For(Duration),
}

/// A run that is being driven. Dropping it does not stop the run; questions are then answered as where
/// there is no terminal.
#[derive(Debug)]
pub struct RunHandle {
    /// The run.
    pub id: RunId,
    /// What its journal held when it was taken up again; empty for a new run.
    pub entries: Vec<Entry>,
    /// What happens. Closed after [`Notice::Ended`], [`Notice::Left`] or [`Notice::Broke`].
    pub notices: mpsc::UnboundedReceiver<Notice>,
    /// What it is told.
    pub control: mpsc::UnboundedSender<Control>,
}

/// What whoever drives a run is told.
#[derive(Debug, Clone)]
pub enum Notice {
    /// Something happened.
    Happened {
        /// When.
        at: Moment,
        /// What.
        happening: Happening,
    },
    /// An entry is on the disk.
    Recorded(Box<Entry>),
    /// A person is asked.
    Asked {
        /// To be given back.
        ticket: Ticket,
        /// What.
        question: Question,
    },
    /// Somebody else holds locks; the run waits for them.
    WaitingForLock {
        /// Who.
        holders: Vec<Holder>,
    },
    /// It is over, or left for later: the last notice.
    Ended(Box<Summary>),
    /// A second interrupt: it was left at once, as it was, without a record. It can be resumed if its
    /// journal exists. The last notice.
    Left {
        /// What interrupted it.
        signal: Signal,
    },
    /// A mistake of ours ended it: the last notice. It can be resumed if its journal exists.
    Broke(String),
}

/// What a run is told.
#[derive(Debug, Clone)]
pub enum Control {
    /// The answer to a question.
    Answer {
        /// Of the question.
        ticket: Ticket,
        /// What.
        answer: Answer,
    },
    /// Stop. The second one leaves at once.
    Interrupt {
        /// Who or what.
        signal: Signal,
        /// What to do once stopped.
        then: Then,
    },
    /// Somebody logged in again.
    CredentialsRenewed,
    /// Do not wait for credentials any longer.
    GiveUp,
}

/// Why a run is not started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct CannotStart {
    /// The exit.
    pub exit: Exit,
    /// Why.
    pub reason: String,
}

/// Why a run is not taken up again.
#[derive(Debug, thiserror::Error)]
pub enum CannotResume {
    /// Its journal cannot be relied on, or is not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A process drives it.
    #[error("{id} is being driven by {by}")]
    Driven {
        /// The run.
        id: RunId,
        /// Who, in words.
        by: String,
    },
    /// It cannot be taken up for that.
    #[error(transparent)]
    Journal(#[from] crate::runbook::machine::ReplayError),
    /// Changes are refused, there is no folder for runs, or the scope is another.
    #[error(transparent)]
    Start(#[from] CannotStart),
}

impl CannotResume {
    /// How a command ends that wanted it.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Store(error) => error.exit(),
            Self::Driven { .. } => Exit::LockHeld,
            Self::Journal(_) => Exit::Usage,
            Self::Start(error) => error.exit,
        }
    }
}

impl RunEngine {
    /// An engine; nothing is touched yet.
    pub fn new(equipment: Equipment) -> Self {
        let Equipment {
            cloud,
            clocks,
            read_only,
            folder,
            allowed,
        } = equipment;
        let places = folder.map(|folder| Places {
            store: RunStore::new(&folder),
            locks: Locks::new(&folder),
            folder,
        });
        Self(Arc::new(Inner {
            cloud,
            clocks,
            read_only,
            places,
            allowed,
            secrets: Mutex::default(),
        }))
    }

    /// Keeps a secret that somebody typed, for runs of this process. [`secrets::wanted`] says which a plan
    /// needs; those of the environment are looked up without this.
    pub fn know_secret(&self, place: SecretRef, secret: String) {
        self.0
            .secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(place, secret);
    }

    /// Secrets of a plan that somebody would have to type first, by parameter.
    pub fn untyped_secrets(&self, plan: &Plan) -> Vec<String> {
        let known = self.0.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets::wanted(plan)
            .into_iter()
            .filter(|place| !known.contains_key(place))
            .filter_map(|place| match place {
                SecretRef::Asked(name) => Some(name),
                SecretRef::Ssm(_) | SecretRef::SecretsManager(_) | SecretRef::Environment(_) => None,
            })
            .collect()
    }

    /// Who the credentials of a scope are.
    ///
    /// # Errors
    /// What AWS, or the credentials' provider, said.
    pub async fn identify(&self, scope: &Scope) -> Result<Identity, Fault> {
        let query = Query::Sts(sts::Read::CallerIdentity);
        let Reply { data, .. } = self.read_patiently(scope, &query).await?;
        match data {
            ReplyData::Identity(identity) => Ok(identity),
            _ => Err(Fault::new(
                crate::domain::fault::FaultKind::Other,
                "sts",
                "GetCallerIdentity",
                "the answer is not an identity",
            )),
        }
    }

    /// Begins to prepare a run: parameters, then a plan.
    pub fn prepare(&self, site: SiteFacts, runbook: Arc<Runbook>) -> Preparation {
        Preparation::new(self.clone(), site, runbook)
    }

    /// The runs of this host or login; `None` without a folder for them.
    pub fn store(&self) -> Option<&RunStore> {
        self.0.places.as_ref().map(|places| &places.store)
    }

    /// The locks of this host or login; `None` without a folder for them.
    pub fn locks(&self) -> Option<&Locks> {
        self.0.places.as_ref().map(|places| &places.locks)
    }

    /// Who sees the runs and locks; `None` without a folder for them.
    pub fn reach(&self) -> Option<Reach> {
        self.0.places.as_ref().map(|places| places.folder.reach)
    }

    /// Starts a run of a plan, on a task of its own. Nothing is changed before it is confirmed.
    ///
    /// # Errors
    /// If changes are refused, the scope is not the plan's, the plan was run before, its runbook was run
    /// too often within the hour, or there is no folder that could hold the run.
    pub fn start(&self, plan: Plan, start: Start) -> Result<RunHandle, CannotStart> {
        driver::start(&self.0, plan, start)
    }

    /// Takes a run up again: to go on, to take back, or to give it up.
    ///
    /// # Errors
    /// If another process drives it, its journal cannot be relied on, or it is over.
    pub fn resume(&self, id: &RunId, to: Resume, start: Start) -> Result<RunHandle, CannotResume> {
        driver::resume(&self.0, id, to, start)
    }

    /// Follows a run that this or any other process of the host drives, from its first entry on.
    ///
    /// # Errors
    /// If there is no such run, or its journal cannot be read.
    pub fn follow(&self, id: &RunId) -> Result<Follower, StoreError> {
        let store = self.store().ok_or(StoreError::NoFolder)?;
        Follower::open(store, id, Arc::clone(&self.0.clocks.wall))
    }
}

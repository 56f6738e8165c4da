//! What runbooks and runs want done: files read, plans made, runs driven and followed. None of it on
//! the drawing thread; what comes of it goes back as messages.

mod detach;
mod watching;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::app::msg::Msg;
use crate::app::runs::book::{Book, Place};
use crate::app::runs::form::{Answered, FieldAnswer};
use crate::app::runs::{Looking, Prepared, RunsEffect, RunsMsg};
use crate::domain::fault::Fault;
use crate::domain::picture::Picture;
use crate::domain::policy::ConfirmLevel;
use crate::domain::scope::{Scope, ScopeName};
use crate::engine::clock::Clocks;
use crate::engine::environment::Environment;
use crate::engine::run::who::{self, Seat};
use crate::engine::run::{
    Control, FieldState, IfLocked, Patience, Preparation, RunEngine, RunHandle, SiteFacts, Sites, Start,
};
use crate::engine::runbooks::{self, Listed, Runbooks};
use crate::runbook::machine::{Answer, Via};
use crate::runbook::model::Runbook;
use crate::runbook::params::{Given, Resolved};
use crate::runbook::plan::Plan;
use crate::runbook::record::{Resume, RunId, Signal, Status, Then, Who};
use crate::runbook::value::SecretRef;
use crate::runbook::{Asks, asks_of, catalogue, load};

/// Messages that wait for the console; a driver waits for it no longer than for its own notices.
const WAITING: usize = 256;

/// How long a run that is told to stop is waited for when the console ends: the call in flight has
/// five seconds.
const STOPPING: Duration = Duration::from_secs(7);

/// What runs need beside the engine.
#[derive(Debug, Clone)]
pub struct Kit {
    /// Where runbooks are.
    pub runbooks: Runbooks,
    /// What runs are for.
    pub sites: Sites,
    /// Who this is.
    pub environment: Environment,
    /// How this program is called again for the same place.
    pub again: Vec<String>,
}

/// Runs effects of runbooks and runs, and brings back what comes of them. Must be used within the
/// runtime.
pub struct RunRunner {
    shared: Arc<Shared>,
    /// What is being looked up or planned; something newer ends it.
    preparing: Option<JoinHandle<()>>,
    looking: watch::Sender<Looking>,
    tasks: Vec<JoinHandle<()>>,
}

/// What the tasks have in common.
struct Shared {
    engine: RunEngine,
    kit: Kit,
    clocks: Clocks,
    pictures: watch::Receiver<Arc<Picture>>,
    out: mpsc::Sender<Msg>,
    /// The runbook and scope that were asked for last, with what was listed for them.
    prepared: tokio::sync::Mutex<Option<(String, ScopeName, Preparation)>>,
    driven: Mutex<BTreeMap<RunId, Driven>>,
    /// Rises when the list of runs is worth another look.
    changed: watch::Sender<u64>,
}

/// A run that is driven here.
#[derive(Clone)]
struct Driven {
    control: mpsc::UnboundedSender<Control>,
    /// What it has come to, once it is over or left.
    over: watch::Receiver<Option<Status>>,
    confirm: (ConfirmLevel, String),
}

impl RunRunner {
    /// A runner that begins to read runbooks and to watch the list of runs, and where its messages come
    /// out.
    pub fn new(
        (engine, kit): (RunEngine, Kit),
        clocks: Clocks,
        pictures: watch::Receiver<Arc<Picture>>,
    ) -> (Self, mpsc::Receiver<Msg>) {
        let (out, messages) = mpsc::channel(WAITING);
        let (changed, _) = watch::channel(0);
        let shared = Arc::new(Shared {
            engine,
            kit,
            clocks,
            pictures,
            out,
            prepared: tokio::sync::Mutex::new(None),
            driven: Mutex::new(BTreeMap::new()),
            changed,
        });
        let (looking, looks) = watch::channel(Looking {
            list: false,
            run: None,
        });
        let tasks = vec![
            tokio::spawn(watching::list(shared.clone(), looks.clone())),
            tokio::spawn(watching::follow(shared.clone(), looks)),
        ];
        let runner = Self {
            shared,
            preparing: None,
            looking,
            tasks,
        };
        runner.read_books();
        (runner, messages)
    }

    /// Does it.
    pub fn perform(&mut self, effect: RunsEffect) {
        match effect {
            RunsEffect::ReadBooks => self.read_books(),
            RunsEffect::Look(looking) => {
                self.looking.send_replace(looking);
            }
            RunsEffect::Resolve {
                ticket,
                scope,
                book,
                given,
                secrets,
            } => {
                for (param, secret) in secrets {
                    let place = SecretRef::Asked(param);
                    self.shared.engine.know_secret(place, secret.reveal().to_owned());
                }
                let shared = self.shared.clone();
                self.prepare(async move {
                    let answered = Box::new(shared.resolve(&scope, &book, given).await);
                    shared.tell(RunsMsg::Resolved { ticket, answered }).await;
                });
            }
            RunsEffect::Plan {
                ticket,
                scope,
                book,
                resolved,
            } => {
                let shared = self.shared.clone();
                self.prepare(async move {
                    let result = shared.plan(&scope, &book, &resolved).await.map(Box::new);
                    shared.tell(RunsMsg::Planned { ticket, result }).await;
                });
            }
            RunsEffect::Start {
                ticket,
                plan,
                answer,
                reason,
            } => {
                let shared = self.shared.clone();
                tokio::spawn(async move {
                    // It reads and writes files.
                    let (own, wanted) = (shared.clone(), plan.clone());
                    let begun = tokio::task::spawn_blocking(move || own.begin(&wanted, answer, reason)).await;
                    match begun.unwrap_or_else(|error| Err(error.to_string())) {
                        Ok(handle) => shared.drive(Some(ticket), &plan, handle).await,
                        Err(reason) => {
                            let ticket = Some(ticket);
                            shared.tell(RunsMsg::NotStarted { ticket, reason }).await;
                        }
                    }
                });
            }
            RunsEffect::TakeUp { run, to, reason } => self.take_up(run, to, reason),
            RunsEffect::Answer { run, ticket, answer } => {
                self.control(&run, Control::Answer { ticket, answer });
            }
            RunsEffect::Interrupt { run, then } => self.interrupt(&run, then),
            RunsEffect::HandOver(run) => {
                let shared = self.shared.clone();
                tokio::spawn(async move {
                    let result = detach::hand_over(&shared, &run).await;
                    shared.tell(RunsMsg::HandedOver { run, result }).await;
                });
            }
        }
    }

    /// Stops every run that is driven here, and waits a moment for them: each can be resumed.
    pub async fn stop_all(&self, signal: Signal) {
        let driven: Vec<Driven> = self.shared.lock().values().cloned().collect();
        let stopping = driven.into_iter().map(|mut driven| {
            let stop = Control::Interrupt {
                signal,
                then: Then::Stop,
            };
            // Whoever has ended needs no telling.
            let _ = driven.control.send(stop);
            tokio::spawn(async move {
                // An error means that nobody drives it any more.
                let _ = driven.over.wait_for(Option::is_some).await;
            })
        });
        let stopping: Vec<JoinHandle<()>> = stopping.collect();
        let wait = async {
            for one in stopping {
                // It only waits, and cannot fail.
                let _ = one.await;
            }
        };
        tokio::select! {
            () = wait => {}
            () = self.shared.clocks.wall.sleep(STOPPING) => {}
        }
    }

    fn prepare(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(older) = self.preparing.replace(tokio::spawn(work)) {
            older.abort();
        }
    }

    fn read_books(&self) {
        let shared = self.shared.clone();
        tokio::task::spawn_blocking(move || {
            let books = books(&shared.kit.runbooks);
            // The console has ended if nobody takes it.
            let _ = shared.out.blocking_send(Msg::Runs(RunsMsg::Books(books)));
        });
    }

    fn take_up(&self, run: RunId, to: Resume, reason: Option<String>) {
        let shared = self.shared.clone();
        tokio::spawn(async move {
            let taken = shared.take_up(&run, to, reason).await;
            match taken {
                Ok((handle, plan)) => shared.drive(None, &plan, handle).await,
                Err(reason) => {
                    shared.tell(RunsMsg::NotStarted { ticket: None, reason }).await;
                }
            }
        });
    }

    fn control(&self, run: &RunId, control: Control) {
        if let Some(driven) = self.shared.lock().get(run) {
            // Whoever has ended needs no telling.
            let _ = driven.control.send(control);
        }
    }

    fn interrupt(&self, run: &RunId, then: Then) {
        if self.shared.lock().contains_key(run) {
            self.control(
                run,
                Control::Interrupt {
                    signal: Signal::Interrupt,
                    then,
                },
            );
            return;
        }
        let shared = self.shared.clone();
        let run = run.clone();
        tokio::spawn(async move {
            let sent = shared.engine.follow(&run).map_err(|error| error.to_string());
            let sent = sent.and_then(|follower| follower.interrupt(Signal::Interrupt));
            let (words, tone) = match sent {
                Ok(()) => (
                    "its process was asked to stop".to_owned(),
                    crate::app::table::Tone::Plain,
                ),
                Err(why) => (
                    format!("it could not be asked to stop: {why}"),
                    crate::app::table::Tone::Crit,
                ),
            };
            // The console has ended if nobody takes it.
            let _ = shared.out.send(Msg::Said(words, tone)).await;
        });
    }
}

impl Drop for RunRunner {
    fn drop(&mut self) {
        for task in self.tasks.drain(..).chain(self.preparing.take()) {
            task.abort();
        }
    }
}

impl Shared {
    async fn tell(&self, msg: RunsMsg) {
        // The console has ended if nobody takes it.
        let _ = self.out.send(Msg::Runs(msg)).await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<RunId, Driven>> {
        self.driven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn scope(&self, name: &ScopeName) -> Result<Arc<Scope>, String> {
        self.kit.sites.scope(name).cloned().ok_or_else(|| {
            format!(
                "it is for {name}, which this console does not show: start it with that account and region"
            )
        })
    }

    /// Starts a run of a plan. Within the runtime.
    fn begin(&self, plan: &Arc<Plan>, answer: Answer, reason: Option<String>) -> Result<RunHandle, String> {
        let scope = self.scope(&plan.identity.scope)?;
        let start = self.start(scope, &plan.identity.arn, (Some(answer), reason));
        let handle = self.engine.start((**plan).clone(), start);
        handle.map_err(|error| error.to_string())
    }

    fn who(&self, arn: &str) -> Who {
        who::here(&self.kit.environment, Seat::Console, arn)
    }

    fn start(
        &self,
        scope: Arc<Scope>,
        arn: &str,
        (confirmed, reason): (Option<Answer>, Option<String>),
    ) -> Start {
        Start {
            scope,
            who: self.who(arn),
            reason,
            // The console has asked, and the word was typed.
            confirmed: confirmed.map(|answer| (answer, Via::Person)),
            if_locked: IfLocked::Fail,
            patience: Patience::Endless,
        }
    }

    /// Whom and where a run is for.
    async fn site(&self, scope: Arc<Scope>) -> Result<SiteFacts, Fault> {
        let known = {
            let picture = self.pictures.borrow();
            let state = picture.inventory.scope(&scope.name);
            state.and_then(|state| state.identity.get().cloned())
        };
        let identity = match known {
            Some(identity) => identity,
            None => self.engine.identify(&scope).await?,
        };
        Ok(self.kit.sites.facts(scope, identity))
    }

    /// The preparation of a runbook in a scope: the one of the last question, if it is the same.
    async fn with_preparation<T>(
        &self,
        scope: &ScopeName,
        runbook: &Arc<Runbook>,
        work: impl AsyncFnOnce(&mut Preparation) -> T,
    ) -> Result<T, String> {
        let mut kept = self.prepared.lock().await;
        let is_same = kept
            .as_ref()
            .is_some_and(|(digest, of, _)| *digest == runbook.digest && of == scope);
        if !is_same {
            let place = self.scope(scope)?;
            let site = self.site(place.clone()).await;
            let site = site.map_err(|fault| format!("{fault}: {}", fault.hint(&place)))?;
            let fresh = self.engine.prepare(site, runbook.clone());
            *kept = Some((runbook.digest.clone(), scope.clone(), fresh));
        }
        match &mut *kept {
            Some((_, _, preparation)) => Ok(work(preparation).await),
            None => Err("nothing is prepared".to_owned()),
        }
    }

    async fn resolve(&self, scope: &ScopeName, book: &Book, given: Given) -> Answered {
        let failed = |problem: String| Answered {
            fields: Vec::new(),
            result: Err(crate::runbook::params::Unresolved {
                missing: Vec::new(),
                unlisted: Vec::new(),
                problems: vec![crate::runbook::params::Problem {
                    param: String::new(),
                    layer: crate::runbook::params::Layer::Asked,
                    message: problem,
                }],
            }),
        };
        let runbook = match &book.contents {
            Ok(runbook) => runbook.clone(),
            Err(why) => return failed(why.clone()),
        };
        let resolution = self
            .with_preparation(scope, &runbook, async |preparation| {
                preparation.resolve(given).await
            })
            .await;
        match resolution {
            Ok(resolution) => Answered {
                fields: resolution.fields.into_iter().map(answer).collect(),
                result: resolution.result,
            },
            Err(why) => failed(why),
        }
    }

    async fn plan(
        &self,
        scope: &ScopeName,
        book: &Book,
        resolved: &Resolved,
    ) -> Result<Prepared, Vec<String>> {
        let runbook = book.contents.clone().map_err(|why| vec![why])?;
        let planned = self
            .with_preparation(scope, &runbook, async |preparation| {
                // What was listed for a form may be minutes old by the next one.
                preparation.refresh();
                let who = self.who(&preparation.site().identity.arn);
                preparation.plan(resolved, (&who, None)).await
            })
            .await
            .map_err(|why| vec![why])?;
        match planned {
            Ok(prepared) => Ok(Prepared {
                plan: Arc::new(prepared.plan),
                cautions: prepared.cautions,
            }),
            Err(refused) => Err(refused.reasons),
        }
    }

    async fn take_up(
        &self,
        run: &RunId,
        to: Resume,
        reason: Option<String>,
    ) -> Result<(RunHandle, Arc<Plan>), String> {
        let store = self.engine.store().ok_or("there is no folder for runs")?.clone();
        let id = run.clone();
        let read = tokio::task::spawn_blocking(move || store.journal(&id));
        let journal = read.await.map_err(|error| error.to_string())?;
        let journal = journal.map_err(|error| error.to_string())?;
        let ledger = crate::runbook::machine::Ledger::replay(&journal.entries);
        let plan = Arc::new(ledger.map_err(|error| error.to_string())?.plan().clone());
        let untyped = self.engine.untyped_secrets(&plan);
        if to != Resume::Abandon && !untyped.is_empty() {
            return Err(format!(
                "it needs what was typed for {}: take it up with `qd runbook resume {run}`, which asks",
                untyped.join(", ")
            ));
        }
        let scope = self.scope(&plan.identity.scope)?;
        // What was typed for it is what the plan asks for.
        let answer = match plan.confirm.level {
            ConfirmLevel::None | ConfirmLevel::Ack => Answer::Yes,
            ConfirmLevel::TypeName => Answer::Name(plan.confirm.name.clone()),
        };
        let start = self.start(scope, &plan.identity.arn, (Some(answer), reason));
        let handle = self
            .engine
            .resume(run, to, start)
            .map_err(|error| error.to_string())?;
        Ok((handle, plan))
    }

    /// Tells what a run that is driven here does, until it is over or left.
    async fn drive(&self, ticket: Option<u64>, plan: &Arc<Plan>, handle: RunHandle) {
        let (over, ended) = watch::channel(None);
        let driven = Driven {
            control: handle.control.clone(),
            over: ended,
            confirm: (plan.confirm.level, plan.confirm.name.clone()),
        };
        let run = handle.id.clone();
        self.lock().insert(run.clone(), driven);
        self.tell(RunsMsg::Started {
            ticket,
            run: run.clone(),
        })
        .await;
        self.look_again();
        let status = watching::relay(self, handle).await;
        self.lock().remove(&run);
        // Nobody may be waiting for it.
        let _ = over.send(Some(status));
        self.look_again();
    }

    /// Has the list of runs looked at.
    fn look_again(&self) {
        self.changed.send_modify(|count| *count += 1);
    }
}

fn answer(field: FieldState) -> FieldAnswer {
    FieldAnswer {
        param: field.param,
        candidates: field.candidates,
        value: field.value,
        layer: field.layer,
        problem: field.problem,
    }
}

/// Every runbook that is found, read and checked.
fn books(runbooks: &Runbooks) -> Vec<Book> {
    let listed = runbooks.list().unwrap_or_default();
    listed.into_iter().map(|listed| book(runbooks, &listed)).collect()
}

fn book(runbooks: &Runbooks, listed: &Listed) -> Book {
    let contents = runbooks.open_listed(listed).and_then(|file| {
        load(&file, runbooks, catalogue())
            .map(|loaded| loaded.runbook)
            .map_err(|unusable| {
                let headline = unusable
                    .reports
                    .iter()
                    .find_map(crate::domain::diagnostic::Report::headline);
                headline.unwrap_or_default()
            })
    });
    let asks = match &contents {
        Ok(runbook) => asks_of(runbook, catalogue()),
        Err(_) => Asks::NOTHING,
    };
    Book {
        name: listed.name.clone(),
        place: match listed.place {
            runbooks::Place::Estate => Place::Estate,
            runbooks::Place::User => Place::User,
            runbooks::Place::Shipped => Place::Shipped,
        },
        is_hidden: listed.is_hidden,
        contents,
        asks,
    }
}

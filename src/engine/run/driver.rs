//! Drives a machine: does what it commands, in order where the journal is concerned, and tells it what
//! happened. One task per run; calls run beside it.

mod calls;
mod opening;
mod patience;
mod timers;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::locks::{Held, IfLocked, LockError, Taker};
use super::secrets;
use super::store::JournalFile;
use super::{Control, Inner, Notice, Patience, Places, RunHead};
use crate::cloud::BoxFuture;
use crate::domain::ops::{Mutation, Token};
use crate::domain::scope::Scope;
use crate::runbook::machine::{Answer, Command, Event, Happening, Question, Run, Summary, Ticket, Via};
use crate::runbook::record::{Chain, Entry, Moment, Record, Signal, Who};
use crate::runbook::value::SecretRef;
use calls::Calls;
pub(super) use opening::{resume, start};
use timers::Timers;

/// How long a call in flight may go on after an interrupt, on the user's clock.
const AFTER_INTERRUPT: Duration = Duration::from_secs(5);

/// How often a lock that somebody else holds is tried again, on the user's clock.
const LOCK_AGAIN: Duration = Duration::from_secs(1);

/// What comes back from what runs beside the driver.
enum Inside {
    /// A call was answered.
    Called(calls::Answered),
    /// Locks were taken, or not.
    Locked(Result<Held, LockError>),
    /// Somebody else holds locks, and the run waits.
    StillLocked(Vec<super::Holder>),
    /// Credentials work again.
    Renewed,
    /// Nobody logged in for as long as the run waits.
    OutOfPatience,
    /// A call in flight had its time after an interrupt.
    TimeIsUp,
}

/// How a driver ends.
enum End {
    Over(Box<Summary>),
    Left(Signal),
}

struct Driver {
    inner: Arc<Inner>,
    places: Places,
    scope: Arc<Scope>,
    run: Run,
    who: Who,
    /// Where the plan says that secrets are.
    secrets: BTreeSet<SecretRef>,
    confirmed: Option<(Answer, Via)>,
    if_locked: IfLocked,
    patience: Patience,
    /// Present once there is a journal.
    journal: Option<JournalFile>,
    /// Reads back what the machine writes.
    chain: Chain,
    entries: Vec<Entry>,
    held: Option<Held>,
    lock_lost: bool,
    notices: mpsc::UnboundedSender<Notice>,
    control: mpsc::UnboundedReceiver<Control>,
    /// Whether somebody may still tell something.
    is_attended: bool,
    inside: mpsc::UnboundedSender<Inside>,
    inbox: mpsc::UnboundedReceiver<Inside>,
    events: VecDeque<Event>,
    calls: Calls,
    timers: Timers,
    asked: Option<(Ticket, Question)>,
    interrupted: bool,
    /// Probes credentials while the run is parked.
    probe: Option<tokio::task::JoinHandle<()>>,
}

impl Driver {
    /// Runs to the end.
    async fn drive(mut self) {
        let end = self.run_to_end().await;
        if let Some(probe) = self.probe.take() {
            probe.abort();
        }
        let notices = self.notices.clone();
        // Locks and journal are let go before anybody hears that it is over.
        let let_go = tokio::task::spawn_blocking(move || drop(self)).await;
        let last = match (end, let_go) {
            (_, Err(error)) => Notice::Broke(error.to_string()),
            (End::Over(summary), Ok(())) => Notice::Ended(summary),
            (End::Left(signal), Ok(())) => Notice::Left { signal },
        };
        // Nobody may be listening any more.
        let _ = notices.send(last);
    }

    async fn run_to_end(&mut self) -> End {
        self.events.push_back(Event::Begin);
        loop {
            while let Some(event) = self.events.pop_front() {
                let commands = self.run.step(event, self.now());
                if let Some(summary) = self.perform(commands).await {
                    return End::Over(summary);
                }
            }
            self.calls.begin(&self.inner.cloud, &self.scope, &self.inside);
            let due = self.timers.wait(&*self.inner.clocks.cloud);
            tokio::select! {
                biased;
                control = self.control.recv(), if self.is_attended => {
                    if let Some(end) = self.on_control(control) {
                        return end;
                    }
                }
                Some(inside) = self.inbox.recv() => self.on_inside(inside),
                () = due => {}
            }
            let now = self.inner.clocks.cloud.now();
            for ticket in self.timers.due(now) {
                self.on_due(ticket);
            }
        }
    }

    fn now(&self) -> Moment {
        let clocks = &self.inner.clocks;
        Moment {
            cloud: clocks.cloud.now(),
            wall: clocks.wall.now(),
        }
    }

    fn notify(&self, notice: Notice) {
        // The run goes on whether or not anybody listens.
        let _ = self.notices.send(notice);
    }

    /// Does commands in order. The summary, once the machine says that it is over.
    async fn perform(&mut self, commands: Vec<Command>) -> Option<Box<Summary>> {
        let mut commands = VecDeque::from(commands);
        while let Some(command) = commands.pop_front() {
            match command {
                Command::Journal { seq, line } => {
                    let mut seqs = vec![seq];
                    let mut lines = vec![line];
                    while let Some(Command::Journal { .. }) = commands.front() {
                        if let Some(Command::Journal { seq, line }) = commands.pop_front() {
                            seqs.push(seq);
                            lines.push(line);
                        }
                    }
                    self.record(seqs, lines).await;
                }
                Command::Read { ticket, queries } => {
                    if let Some(answered) = self.calls.read(ticket, queries) {
                        self.events.push_back(answered);
                    }
                }
                Command::Write {
                    ticket,
                    mutation,
                    token,
                    ..
                } => self.write(ticket, mutation, &token),
                Command::Ask { ticket, question } => self.ask(ticket, question),
                Command::Lock { keys } => self.lock(keys),
                Command::Unlock => self.unlock().await,
                Command::Timer { ticket, at } => self.timers.set(at, ticket),
                Command::Emit(Happening::Over(summary)) => return Some(summary),
                Command::Emit(happening) => self.emit(happening),
            }
        }
        None
    }

    /// Makes a change, with the secrets that it needs.
    fn write(&mut self, ticket: Ticket, mutation: Mutation, token: &Token) {
        let opened = {
            let known = &self.inner.secrets;
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            secrets::open(mutation, &self.secrets, &known)
        };
        match opened {
            Ok(opened) => {
                let line = (&self.inner.cloud, &self.scope, &self.inside);
                self.calls.write(line, ticket, opened, token);
            }
            Err(fault) => self.events.push_back(Event::Written {
                ticket,
                answer: Err(fault),
            }),
        }
    }

    /// Writes lines to the disk, and says so.
    async fn record(&mut self, seqs: Vec<u64>, lines: Vec<String>) {
        let journal = self.journal.take();
        let (store, id) = (self.places.store.clone(), self.run.ledger().run().clone());
        let is_new = journal.is_none();
        let written = tokio::task::spawn_blocking(move || {
            let mut journal = match journal {
                Some(journal) => journal,
                None => store.create(&id)?,
            };
            let appended = journal.append(&lines);
            Ok::<_, std::io::Error>((journal, appended, lines))
        })
        .await;
        let failed = |reason: String| Event::JournalFailed { reason };
        let (journal, appended, lines) = match written {
            Ok(Ok(written)) => written,
            Ok(Err(error)) => return self.events.push_front(failed(error.to_string())),
            Err(error) => return self.events.push_front(failed(error.to_string())),
        };
        self.journal = Some(journal);
        if let Err(error) = appended {
            return self.events.push_front(failed(error.to_string()));
        }
        // Whoever broke a lock broke it before the change that this may be the intent of.
        if !self.lock_lost && self.held.as_ref().is_some_and(|held| !held.is_intact()) {
            self.lock_lost = true;
            self.events.push_back(Event::LockLost);
        }
        for (seq, line) in seqs.into_iter().zip(lines) {
            self.events.push_back(Event::Journaled { seq });
            match self.chain.accept(line.trim_end_matches('\n')) {
                Ok(entry) => {
                    self.notify(Notice::Recorded(Box::new(entry.clone())));
                    self.entries.push(entry);
                }
                Err(error) => tracing::error!(%error, "a journal's line cannot be read back"),
            }
        }
        let is_mark = |entry: &Entry| {
            matches!(
                entry.record,
                Record::Closed { .. } | Record::Stopped { .. } | Record::Parked { .. }
            )
        };
        if is_new || self.entries.last().is_some_and(is_mark) {
            self.keep_head();
        }
    }

    /// What history lists without reading the journal. Losing it costs time, nothing else.
    fn keep_head(&self) {
        let Some(journal) = &self.journal else { return };
        let kept = RunHead::of(&self.entries)
            .map_err(std::io::Error::other)
            .and_then(|head| journal.keep_head(&head));
        if let Err(error) = kept {
            tracing::warn!(%error, run = %self.run.ledger().run(), "the head of a run was not kept");
        }
    }

    fn emit(&mut self, happening: Happening) {
        match &happening {
            Happening::Parked { .. } => self.begin_probe(),
            Happening::Unparked => self.end_probe(),
            _ => {}
        }
        self.notify(Notice::Happened {
            at: self.now(),
            happening,
        });
    }

    fn ask(&mut self, ticket: Ticket, question: Question) {
        if let (Question::Confirm { .. }, Some((answer, via))) = (&question, &self.confirmed) {
            let (answer, via) = (answer.clone(), *via);
            return self.events.push_back(Event::Answered { ticket, answer, via });
        }
        if !self.is_attended {
            return self.events.push_back(Event::Answered {
                ticket,
                answer: Answer::NoTerminal,
                via: Via::Person,
            });
        }
        if let Question::Continue { until, .. } = &question {
            self.timers.set(*until, ticket);
        }
        self.asked = Some((ticket, question.clone()));
        self.notify(Notice::Asked { ticket, question });
    }

    fn on_due(&mut self, ticket: Ticket) {
        // A question has its answer's time in the same list; silence is no.
        if self.asked.take_if(|(asked, _)| *asked == ticket).is_some() {
            let answer = Answer::No;
            let via = Via::Person;
            self.events.push_back(Event::Answered { ticket, answer, via });
        } else {
            self.events.push_back(Event::Due { ticket });
        }
    }

    fn lock(&mut self, keys: Vec<String>) {
        let taker = Taker {
            run: self.run.ledger().run().clone(),
            runbook: self.run.plan().runbook.name.clone(),
            plan: self.run.plan().digest.clone(),
            who: self.who.clone(),
        };
        let locks = self.places.locks.clone();
        let wall = Arc::clone(&self.inner.clocks.wall);
        let inside = self.inside.clone();
        let patience = match self.if_locked {
            IfLocked::Fail | IfLocked::Skip => Duration::ZERO,
            IfLocked::Wait(span) => span,
        };
        tokio::spawn(async move {
            let begun = wall.now();
            let mut told: Vec<super::Holder> = Vec::new();
            loop {
                let now = wall.now();
                let (locks, keys, taker) = (locks.clone(), keys.clone(), taker.clone());
                let taken = tokio::task::spawn_blocking(move || locks.take(&keys, &taker, now))
                    .await
                    .unwrap_or_else(|error| Err(LockError::Unusable(error.to_string())));
                let waited = Duration::try_from(now.duration_since(begun)).unwrap_or_default();
                match taken {
                    Err(LockError::Held(holders)) if waited < patience => {
                        if holders != told {
                            told.clone_from(&holders);
                            if inside.send(Inside::StillLocked(holders)).is_err() {
                                return;
                            }
                        }
                        if inside.is_closed() {
                            return;
                        }
                        wall.sleep(LOCK_AGAIN.min(patience.saturating_sub(waited))).await;
                    }
                    taken => {
                        // A run that is over takes no locks: they are let go here.
                        let _ = inside.send(Inside::Locked(taken));
                        return;
                    }
                }
            }
        });
    }

    async fn unlock(&mut self) {
        if let Some(held) = self.held.take() {
            // Letting go may wait for the folder's gate.
            if let Err(error) = tokio::task::spawn_blocking(move || drop(held)).await {
                tracing::error!(%error, "locks were not let go");
            }
        }
    }

    fn on_inside(&mut self, inside: Inside) {
        match inside {
            Inside::Called(answered) => self.events.extend(self.calls.answered(answered)),
            Inside::Locked(Ok(held)) => {
                self.held = Some(held);
                self.events.push_back(Event::Locked);
            }
            Inside::Locked(Err(error)) => self.events.push_back(Event::LockRefused {
                holder: error.to_string(),
            }),
            Inside::StillLocked(holders) => self.notify(Notice::WaitingForLock { holders }),
            Inside::Renewed => self.events.push_back(Event::CredentialsRenewed),
            Inside::OutOfPatience => self.events.push_back(Event::GiveUp),
            Inside::TimeIsUp => self.calls.cut_off(),
        }
    }

    fn on_control(&mut self, control: Option<Control>) -> Option<End> {
        match control {
            None => {
                self.is_attended = false;
                if let Some((ticket, _)) = self.asked.take() {
                    let answer = Answer::NoTerminal;
                    let via = Via::Person;
                    self.events.push_back(Event::Answered { ticket, answer, via });
                }
            }
            Some(Control::Answer { ticket, answer }) => {
                if self.asked.take_if(|(asked, _)| *asked == ticket).is_some() {
                    let via = Via::Person;
                    self.events.push_back(Event::Answered { ticket, answer, via });
                }
            }
            Some(Control::Interrupt { signal, .. }) if self.interrupted => return Some(End::Left(signal)),
            Some(Control::Interrupt { signal, then }) => {
                self.interrupted = true;
                self.asked = None;
                self.calls.mark();
                let (inside, wall) = (self.inside.clone(), Arc::clone(&self.inner.clocks.wall));
                tokio::spawn(async move {
                    wall.sleep(AFTER_INTERRUPT).await;
                    // The run may be over by now.
                    let _ = inside.send(Inside::TimeIsUp);
                });
                self.events.push_back(Event::Interrupt { signal, then });
            }
            Some(Control::CredentialsRenewed) => {
                self.inner.cloud.forget(&self.scope);
                self.events.push_back(Event::CredentialsRenewed);
            }
            Some(Control::GiveUp) => self.events.push_back(Event::GiveUp),
        }
        None
    }
}

/// Waits for ever.
fn never() -> BoxFuture<'static, ()> {
    Box::pin(std::future::pending())
}

//! The run machine: what to do next, given what happened. Pure: `step(event, now)` gives commands and
//! touches nothing else; console, headless and tests are its drivers.
//!
//! What must survive a crash is in the [`Ledger`], which is nothing but the fold of the journal: every
//! decision is a record first, and replaying the records gives the same ledger. What is under way
//! (reads, timers, calls) is not; after a crash it begins anew from the ledger.
//!
//! The one rule on which everything hangs: a [`Command::Write`] is given only in answer to
//! [`Event::Journaled`] of its intent, and each attempt is preceded by a read. A call without an answer
//! is never repeated before a read has shown that it was not made.

mod borne;
mod closing;
mod flight;
mod forward;
pub(in crate::runbook) mod guards;
mod late;
mod ledger;
mod mending;
mod opening;
mod protocol;
mod undo;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use closing::{Summary, Targets};
pub use opening::exit_of;

pub use ledger::{Fate, Ledger, ReplayError};
pub use protocol::{Answer, Command, Event, Happening, Question, Ticket, Via};

use crate::runbook::action::{self, Action, Change, ErrorClass, Undo};
use crate::runbook::plan::{Plan, Role};
use crate::runbook::record::{Act, Chain, Halt, Journal, Made, Moment, Record, Resume, RunId, Side, Who};
use flight::Flight;
use guards::Watchman;
use watch::Looking;

/// A run, new or taken up again.
#[derive(Debug, Clone)]
pub struct Run {
    ledger: Ledger,
    chain: Chain,
    who: Who,
    reason: Option<String>,
    /// What it was taken up again for; `None` for a new run.
    resume: Option<Resume>,
    phase: Phase,
    now: Moment,
    next_ticket: u64,
    /// Changes under way.
    flights: BTreeMap<Act, Flight>,
    /// A check or the verification under way.
    looking: Option<Looking>,
    watchman: Watchman,
    deadline: Option<Ticket>,
    /// Whether nothing new may begin in this phase.
    stopping: bool,
    parked: Parked,
    /// Inverses, by the change they take back; worked out once per run.
    inverses: BTreeMap<usize, Arc<Undo>>,
    /// A question that a person has not answered.
    asked: Option<(Ticket, Question)>,
    end: Option<Summary>,
}

/// How far a run is, as far as its ledger does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Fresh,
    /// Asking AWS who we are.
    Identity {
        ticket: Ticket,
        failures: u32,
    },
    Asking,
    /// The first record of this leg is being written.
    Opening(u64),
    Locking,
    /// Everything is read again.
    Rechecking {
        ticket: Ticket,
        failures: u32,
    },
    Applying,
    Verifying,
    /// The blocks that the run was in do what they have for a failure.
    Mending,
    /// Asking whether to take back.
    Deciding,
    Undoing,
    Always,
    /// The last record is being written.
    Closing(u64),
    Ended,
}

/// Whether the run waits for credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parked {
    No,
    Yes,
    /// Somebody says they are back; AWS is being asked.
    Probing(Ticket),
}

/// Commands being collected.
type Out = Vec<Command>;

/// The part of an undo by which a change is called off that nothing takes back; what is said of it is part 0.
const CALL_OFF: u16 = 1;

impl Run {
    /// A new run of a plan, confirmed or not. Nothing happens until it gets its first event, which is
    /// [`Event::Begin`].
    pub fn new(id: RunId, plan: Plan, who: Who, reason: Option<String>, now: Moment) -> Self {
        let ledger = Ledger::new(id, Arc::new(plan), now);
        Self::with(ledger, Chain::default(), (who, reason, None), now)
    }

    /// A run from its journal, to be taken up again. The first event is [`Event::Begin`].
    ///
    /// # Errors
    /// If the journal does not begin with a run's start, or its run may not be taken up for that.
    pub fn resume(
        journal: &Journal,
        to: Resume,
        (who, reason): (Who, Option<String>),
        now: Moment,
    ) -> Result<Self, ReplayError> {
        let ledger = Ledger::replay(&journal.entries)?;
        ledger.may_resume(to)?;
        Ok(Self::with(
            ledger,
            journal.chain.clone(),
            (who, reason, Some(to)),
            now,
        ))
    }

    fn with(
        ledger: Ledger,
        chain: Chain,
        (who, reason, resume): (Who, Option<String>, Option<Resume>),
        now: Moment,
    ) -> Self {
        Self {
            ledger,
            chain,
            who,
            reason,
            resume,
            phase: Phase::Fresh,
            now,
            next_ticket: 0,
            flights: BTreeMap::new(),
            looking: None,
            watchman: Watchman::default(),
            deadline: None,
            stopping: false,
            parked: Parked::No,
            inverses: BTreeMap::new(),
            asked: None,
            end: None,
        }
    }

    /// What is known of it: everything that its journal says.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        self.ledger.plan()
    }

    /// How it ended; `None` while it runs.
    pub const fn summary(&self) -> Option<&Summary> {
        self.end.as_ref()
    }

    /// Takes in what happened, and says what to do next.
    ///
    /// The driver carries the commands out and comes back with an event for each that promises one. Events
    /// that nobody waits for any more are ignored.
    pub fn step(&mut self, event: Event, now: Moment) -> Vec<Command> {
        let mut out = Out::new();
        self.now = now;
        match event {
            Event::Begin => self.begin(&mut out),
            Event::Read { ticket, view } => self.on_read(ticket, view, &mut out),
            Event::Written { ticket, answer } => self.on_written(ticket, answer, &mut out),
            Event::Journaled { seq } => self.on_journaled(seq, &mut out),
            Event::JournalFailed { reason } => self.on_journal_failed(reason, &mut out),
            Event::Answered { ticket, answer, via } => self.on_answered(ticket, (answer, via), &mut out),
            Event::Locked => self.on_locked(&mut out),
            Event::LockRefused { holder } => self.on_lock_refused(&holder, &mut out),
            Event::LockLost => self.halt(Halt::LockLost, &mut out),
            Event::Due { ticket } => self.on_due(ticket, &mut out),
            Event::Interrupt { signal, then } => self.on_interrupt(signal, then, &mut out),
            Event::CredentialsRenewed => self.on_renewed(&mut out),
            Event::GiveUp => self.on_give_up(&mut out),
        }
        self.advance(&mut out);
        out
    }

    /// Moves on as far as can be without waiting.
    fn advance(&mut self, out: &mut Out) {
        // Each turn either waits for something or enters a later phase.
        loop {
            let before = self.phase;
            match self.phase {
                Phase::Applying => self.advance_forward(out),
                Phase::Verifying => self.advance_verify(out),
                Phase::Mending => self.advance_mending(out),
                Phase::Undoing => self.advance_undo(out),
                Phase::Always => self.advance_always(out),
                Phase::Fresh
                | Phase::Identity { .. }
                | Phase::Asking
                | Phase::Opening(_)
                | Phase::Locking
                | Phase::Rechecking { .. }
                | Phase::Deciding
                | Phase::Closing(_)
                | Phase::Ended => {}
            }
            if self.phase == before {
                return;
            }
        }
    }

    fn on_read(&mut self, ticket: Ticket, view: action::View, out: &mut Out) {
        match self.phase {
            Phase::Identity {
                ticket: wanted,
                failures,
            } if wanted == ticket => return self.on_identity(&view, failures, out),
            Phase::Rechecking {
                ticket: wanted,
                failures,
            } if wanted == ticket => return self.on_rechecked(&view, failures, out),
            _ => {}
        }
        if self.parked == Parked::Probing(ticket) {
            return self.on_probed(&view, out);
        }
        if self.watchman.awaits(ticket) {
            return self.on_guards(&view, out);
        }
        if self
            .looking
            .as_ref()
            .is_some_and(|looking| looking.awaits(ticket))
        {
            return self.on_looked(&view, out);
        }
        if let Some(act) = self.flight_of(ticket) {
            self.on_flight_read(act, &view, out);
        }
    }

    fn on_due(&mut self, ticket: Ticket, out: &mut Out) {
        if self.deadline == Some(ticket) {
            self.deadline = None;
            // Nothing is taken back with dead credentials; the clock begins anew once they are back.
            if self.parked == Parked::No {
                self.halt(Halt::Deadline, out);
            }
        } else if self.watchman.awaits(ticket) {
            self.look_at_guards(out);
        } else if self
            .looking
            .as_ref()
            .is_some_and(|looking| looking.awaits(ticket))
        {
            self.look(out);
        } else if let Phase::Identity {
            ticket: wanted,
            failures,
        } = self.phase
            && wanted == ticket
        {
            self.identify(failures, out);
        } else if let Phase::Rechecking {
            ticket: wanted,
            failures,
        } = self.phase
            && wanted == ticket
        {
            self.recheck(failures, out);
        } else if let Some(act) = self.flight_of(ticket) {
            self.on_flight_due(act, out);
        }
    }

    /// Writes a record: applies it to the ledger, and gives the line to the driver. Returns its number.
    fn write(&mut self, record: Record, out: &mut Out) -> u64 {
        let (entry, line) = self.chain.append(self.now, record);
        self.ledger.apply(&entry);
        out.push(Command::Journal { seq: entry.seq, line });
        entry.seq
    }

    fn emit(happening: Happening, out: &mut Out) {
        out.push(Command::Emit(happening));
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    /// A timer on the cloud's clock.
    fn timer(&mut self, after_ms: u64, out: &mut Out) -> Ticket {
        let ticket = self.ticket();
        let span = jiff::SignedDuration::from_millis(i64::try_from(after_ms).unwrap_or(i64::MAX));
        let at = self
            .now
            .cloud
            .saturating_add(span)
            .unwrap_or(jiff::Timestamp::MAX);
        out.push(Command::Timer { ticket, at });
        ticket
    }

    /// The change that an act makes: that of the plan, or one of those that take it back.
    fn change(&mut self, act: Act) -> Option<Change> {
        match act.side {
            Side::Make => {
                let change = self.plan().changes.get(act.change).cloned()?;
                Some(self.with_late(act.change, change))
            }
            Side::Undo(CALL_OFF) if self.is_left(act.change) => self.call_off(act.change),
            Side::Undo(part) => match &*self.inverse(act.change)? {
                Undo::By(changes) => changes.get(usize::from(part)).cloned(),
                Undo::NotNeeded(_) | Undo::Impossible(_) => None,
            },
        }
    }

    /// Whether nothing takes a change back: its author keeps it, or its action knows no way.
    fn is_left(&mut self, change: usize) -> bool {
        self.ledger.kept(change).is_some()
            || self
                .inverse(change)
                .is_some_and(|undo| !matches!(&*undo, Undo::By(_)))
    }

    /// What calls a change off that nothing takes back.
    fn call_off(&self, change: usize) -> Option<Change> {
        let mut made = self.plan().changes.get(change)?.clone();
        if let Some(before) = self.ledger.before(Act::make(change)) {
            made.before.extend(before.clone());
        }
        action::find(&made.action)?.call_off(&made)
    }

    /// What takes a change back, from the state that was seen just before it was made.
    fn inverse(&mut self, change: usize) -> Option<Arc<Undo>> {
        if let Some(known) = self.inverses.get(&change) {
            return Some(Arc::clone(known));
        }
        if let Some(undo) = self.own_undo(change) {
            return Some(Arc::new(undo));
        }
        let mut made = self.plan().changes.get(change)?.clone();
        if let Some(before) = self.ledger.before(Act::make(change)) {
            made.before.extend(before.clone());
        }
        let undo = Arc::new(action::find(&made.action)?.invert(&made));
        self.inverses.insert(change, Arc::clone(&undo));
        Some(undo)
    }

    /// The author's own way to take a change back, where there is one: it belongs to the first change
    /// of its lane that was made.
    fn own_undo(&self, change: usize) -> Option<Undo> {
        let lane = self.ledger.lane_of(change)?;
        let steps = lane.undo.as_ref()?;
        let first = lane
            .changes
            .iter()
            .find(|change| self.ledger.was_made(**change) != Made::No)?;
        Some(if *first != change {
            Undo::NotNeeded("it is taken back with the first change of its step")
        } else if steps.is_empty() {
            Undo::Impossible("the steps of its undo have nothing to do".to_owned())
        } else {
            Undo::By(steps.clone())
        })
    }

    /// The action of a change. Plans are made of known actions; a journal of a later version may not be.
    fn action(change: &Change) -> Option<&'static dyn Action> {
        action::find(&change.action)
    }

    fn role_of(&self, act: Act) -> Role {
        self.ledger
            .step_of(act.change)
            .map_or(Role::Main, |step| step.role)
    }

    /// Stops going forward. The first reason decides what happens; later ones are kept too.
    fn halt(&mut self, halt: Halt, out: &mut Out) {
        if matches!(self.phase, Phase::Closing(_) | Phase::Ended) {
            return;
        }
        Self::emit(Happening::Halted(halt.clone()), out);
        self.write(Record::Halted { halt }, out);
        self.stopping = true;
        self.settle_flights(out);
    }

    /// Whether a call may be made now.
    fn may_write(&self) -> bool {
        !self.stopping && self.parked == Parked::No
    }

    fn park(&mut self, reason: String, out: &mut Out) {
        if self.parked == Parked::No {
            self.parked = Parked::Yes;
            Self::emit(
                Happening::Parked {
                    reason: reason.clone(),
                },
                out,
            );
            self.write(Record::Parked { reason }, out);
        }
    }

    /// The credential failure of an answer, if there is one.
    fn credential_fault(view: &action::View) -> Option<String> {
        view.faults()
            .find(|fault| ErrorClass::of(fault) == ErrorClass::Credentials)
            .map(ToString::to_string)
    }
}

#[cfg(test)]
mod tests;

/// What tests of other modules need of these: a plan, a journal, a world to run in.
#[cfg(test)]
pub(crate) mod tests_support {
    pub use super::tests::{World, moment, run, sample_journal, sample_plan};
}

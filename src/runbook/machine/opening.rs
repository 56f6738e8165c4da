//! From the first event to the first change: identity, confirmation, locks, a second look at everything.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::{Answer, Happening, Out, Parked, Phase, Question, Run, Ticket, Via, protocol::Command};
use crate::domain::diagnostic::quoted;
use crate::domain::exit::Exit;
use crate::domain::ops::{Query, Reply, ReplyData, sts};
use crate::domain::policy::ConfirmLevel;
use crate::domain::scope::Identity;
use crate::runbook::action::{ErrorClass, Standing, View, named_time, standing};
use crate::runbook::check::{self, Verdict};
use crate::runbook::plan::Severity;
use crate::runbook::record::{Approval, Halt, Record, Resume, Signal, Status, Then};
use crate::runbook::tell::{GONE, drift};

/// How often everything is read again before it is given up.
const RECHECKS: u32 = 5;

/// How often AWS is asked again who we are, where it throttles or fails.
const IDENTITY_RETRIES: u32 = 3;

/// Why it is not known that the credentials are those that the plan is for.
struct NotIdentified {
    /// How that ends.
    exit: Exit,
    /// Whether another try may go better.
    is_passing: bool,
    reason: String,
}

impl Run {
    pub(super) fn begin(&mut self, out: &mut Out) {
        if self.phase != Phase::Fresh {
            return;
        }
        match self.resume {
            None if self.plan().is_empty() && self.plan().verify.is_empty() => {
                self.end_unwritten(Exit::Done, Status::Succeeded, out);
            }
            Some(Resume::Abandon) => self.lock(out),
            None | Some(Resume::Forward | Resume::RollBack) => self.identify(0, out),
        }
    }

    /// Asks who we are before anything else.
    pub(super) fn identify(&mut self, failures: u32, out: &mut Out) {
        let ticket = self.ask_identity(out);
        self.phase = Phase::Identity { ticket, failures };
    }

    fn ask_identity(&mut self, out: &mut Out) -> Ticket {
        let ticket = self.ticket();
        out.push(Command::Read {
            ticket,
            queries: vec![Query::Sts(sts::Read::CallerIdentity)],
        });
        ticket
    }

    /// Who we are, if it is who the plan is for; else how that ends.
    fn identified(&self, view: &View) -> Result<Identity, NotIdentified> {
        match view.get(&Query::Sts(sts::Read::CallerIdentity)) {
            Some(Ok(Reply {
                data: ReplyData::Identity(identity),
                ..
            })) => {
                let planned = &self.plan().identity.account;
                if &identity.account == planned {
                    Ok(identity.clone())
                } else {
                    Err(NotIdentified {
                        exit: Exit::Precondition,
                        is_passing: false,
                        reason: format!(
                            "the plan is for account {planned}, the credentials are of {}",
                            identity.account
                        ),
                    })
                }
            }
            Some(Ok(_)) | None => Err(NotIdentified {
                exit: Exit::Internal,
                is_passing: false,
                reason: "the identity was not read".to_owned(),
            }),
            Some(Err(fault)) => Err(NotIdentified {
                exit: exit_of(ErrorClass::of(fault)),
                is_passing: ErrorClass::of(fault).is_transient(),
                reason: fault.to_string(),
            }),
        }
    }

    pub(super) fn on_identity(&mut self, view: &View, failures: u32, out: &mut Out) {
        let identity = match self.identified(view) {
            Ok(identity) => identity,
            Err(NotIdentified { is_passing: true, .. }) if failures < IDENTITY_RETRIES => {
                let ticket = self.timer(1_000 << failures, out);
                self.phase = Phase::Identity {
                    ticket,
                    failures: failures + 1,
                };
                return;
            }
            Err(NotIdentified { exit, reason, .. }) => {
                Self::emit(Happening::Warning(reason), out);
                let status = match self.resume {
                    Some(_) => self.ledger.status(),
                    None => Status::Failed,
                };
                return self.end_unwritten(exit, status, out);
            }
        };
        let deadline_s = i64::try_from(self.plan().deadline_s).unwrap_or(i64::MAX);
        if let Some(expire_at) = identity.credentials_expire_at
            && expire_at.duration_since(self.now.cloud).as_secs() < deadline_s
        {
            Self::emit(
                Happening::Warning(format!(
                    "the credentials end at {}, before the run's deadline",
                    named_time(expire_at, &TimeZone::UTC)
                )),
                out,
            );
        }
        match self.resume {
            None if self.plan().is_expired(self.now.wall) => {
                Self::emit(
                    Happening::Warning("the plan has expired: plan again".to_owned()),
                    out,
                );
                self.end_unwritten(Exit::Drift, Status::Failed, out);
            }
            None => self.confirm(out),
            // What was confirmed long ago is confirmed again before anything new is changed.
            Some(Resume::Forward)
                if self.plan().is_expired(self.now.wall) && !self.ledger.is_rolling_back() =>
            {
                self.confirm(out);
            }
            Some(_) => self.lock(out),
        }
    }

    fn confirm(&mut self, out: &mut Out) {
        let confirm = &self.plan().confirm;
        if confirm.level == ConfirmLevel::None {
            return self.start("not needed", out);
        }
        let question = Question::Confirm {
            level: confirm.level,
            name: confirm.name.clone(),
            digest: self.plan().digest.clone(),
        };
        self.ask(question, out);
        self.phase = Phase::Asking;
    }

    pub(super) fn ask(&mut self, question: Question, out: &mut Out) {
        let ticket = self.ticket();
        self.asked = Some((ticket, question.clone()));
        out.push(Command::Ask { ticket, question });
    }

    pub(super) fn on_answered(&mut self, ticket: Ticket, (answer, via): (Answer, Via), out: &mut Out) {
        let Some((_, question)) = self.asked.take_if(|(wanted, _)| *wanted == ticket) else {
            return;
        };
        match question {
            Question::Confirm { level, name, digest } => {
                self.on_confirmed(judge_confirmation(level, (&name, &digest), (&answer, via)), out);
            }
            Question::RollBack { .. } => self.on_decided(answer == Answer::Yes, out),
            Question::Continue { .. } => self.on_continued(answer, out),
        }
    }

    fn on_confirmed(&mut self, judged: Result<&'static str, NotConfirmed>, out: &mut Out) {
        let status = match self.resume {
            Some(_) => self.ledger.status(),
            None => Status::Failed,
        };
        match judged {
            Err(NotConfirmed { exit, reason }) => self.end_unconfirmed(exit, status, (reason, out)),
            // A prompt may have been open for an hour; a run that is resumed was confirmed anew.
            Ok(_) if self.resume.is_none() && self.plan().is_expired(self.now.wall) => {
                Self::emit(
                    Happening::Warning("the plan has expired: plan again".to_owned()),
                    out,
                );
                self.end_unwritten(Exit::Drift, status, out);
            }
            Ok(how) => self.start(how, out),
        }
    }

    fn start(&mut self, how: &str, out: &mut Out) {
        if self.resume.is_some() {
            return self.lock(out);
        }
        let record = Record::Started {
            run: self.ledger.run().clone(),
            plan: Box::new(self.plan().clone()),
            who: self.who.clone(),
            reason: self.reason.clone(),
            approval: Approval {
                digest: self.plan().digest.clone(),
                how: how.to_owned(),
            },
        };
        let seq = self.write(record, out);
        self.phase = Phase::Opening(seq);
    }

    /// A new run has its start on the disk by now. One that is taken up again is locked before anything
    /// is written: whoever holds the locks may be the run itself, alive in another process.
    fn lock(&mut self, out: &mut Out) {
        out.push(Command::Lock {
            keys: self.plan().lock_keys(),
        });
        self.phase = Phase::Locking;
    }

    fn write_resumed(&mut self, out: &mut Out) -> u64 {
        let record = Record::Resumed {
            who: self.who.clone(),
            to: self.resume.unwrap_or(Resume::Forward),
            reason: self.reason.clone(),
        };
        self.write(record, out)
    }

    pub(super) fn on_journaled(&mut self, seq: u64, out: &mut Out) {
        match self.phase {
            Phase::Opening(wanted) if wanted == seq => {
                if self.resume == Some(Resume::Abandon) {
                    self.close_abandoned(out);
                } else if self.stopping {
                    // Somebody asked to stop while the first record was being written.
                    self.leave(out);
                } else if self.resume.is_some() {
                    self.locked(out);
                } else {
                    self.lock(out);
                }
            }
            Phase::Closing(wanted) if wanted == seq => self.closed(out),
            _ => self.on_intent_journaled(seq, out),
        }
    }

    pub(super) fn on_journal_failed(&mut self, reason: String, out: &mut Out) {
        match self.phase {
            Phase::Ended => {}
            Phase::Opening(_) if self.resume.is_none() => {
                Self::emit(
                    Happening::Warning(format!(
                        "the journal cannot be written, so nothing is begun: {reason}"
                    )),
                    out,
                );
                self.end_unwritten(Exit::Internal, Status::Failed, out);
            }
            _ => self.lose_journal(reason, out),
        }
    }

    pub(super) fn on_lock_refused(&mut self, holder: &str, out: &mut Out) {
        if self.phase != Phase::Locking {
            return;
        }
        Self::emit(Happening::Warning(format!("locked by {holder}")), out);
        if self.resume.is_some() {
            // Whoever holds it may be this very run, in another process: leave its journal alone.
            return self.end_unwritten(Exit::LockHeld, self.ledger.status(), out);
        }
        self.close_with(Exit::LockHeld, out);
    }

    pub(super) fn on_locked(&mut self, out: &mut Out) {
        if self.phase != Phase::Locking {
            return;
        }
        if self.resume.is_some() {
            let seq = self.write_resumed(out);
            self.phase = Phase::Opening(seq);
        } else {
            self.locked(out);
        }
    }

    /// The locks are held, and the journal says who we are.
    fn locked(&mut self, out: &mut Out) {
        let keys = self.plan().lock_keys();
        self.write(Record::Locked { keys }, out);
        Self::emit(Happening::Began, out);
        let back = self.resume == Some(Resume::RollBack) || self.ledger.is_rolling_back();
        if self.stopping {
            self.leave(out);
        } else if back {
            self.begin_undo(out);
        } else if self.ledger.halts().is_empty() {
            if self.ledger.baseline().is_none() {
                self.recheck(0, out);
            } else {
                self.begin_forward(out);
            }
        } else {
            // The process died between the reason to stop and what follows from it.
            self.stopping = true;
            self.phase = Phase::Applying;
        }
    }

    pub(super) fn recheck(&mut self, failures: u32, out: &mut Out) {
        let mut queries: Vec<Query> = Vec::new();
        let mut add = |more: Vec<Query>| {
            for query in more {
                if !queries.contains(&query) {
                    queries.push(query);
                }
            }
        };
        for change in &self.plan().changes {
            if let Some(Ok(reads)) = Self::action(change).map(|action| action.reads(&change.with)) {
                add(reads);
            }
        }
        for guard in &self.plan().guard_checks {
            add(check::reads(&guard.check, &self.plan().names, self.now.cloud));
        }
        for item in &self.plan().preconditions {
            add(check::reads(item, &self.plan().names, self.now.cloud));
        }
        add(self.guard_queries());
        let ticket = self.ticket();
        self.phase = Phase::Rechecking { ticket, failures };
        out.push(Command::Read { ticket, queries });
    }

    pub(super) fn on_rechecked(&mut self, view: &View, failures: u32, out: &mut Out) {
        match self.second_look(view, out) {
            Ok(()) => {
                let baseline = self.guard_baseline(view);
                self.write(Record::Rechecked { baseline }, out);
                self.begin_forward(out);
            }
            Err(Halt::Unreadable { class, .. }) if class.is_transient() && failures < RECHECKS => {
                let ticket = self.timer(2_000 << failures, out);
                self.phase = Phase::Rechecking {
                    ticket,
                    failures: failures + 1,
                };
            }
            Err(halt) => {
                self.phase = Phase::Applying;
                self.halt(halt, out);
            }
        }
    }

    /// Everything is as planned and every precondition holds, or why not.
    fn second_look(&mut self, view: &View, out: &mut Out) -> Result<(), Halt> {
        let mut touched: BTreeSet<String> = BTreeSet::new();
        for change in &self.plan().changes {
            // What an earlier change touches is looked at when its turn comes.
            if !touched.insert(change.target.lock_key()) || super::flight::waits_for_earlier(change) {
                continue;
            }
            let Some(action) = Self::action(change) else {
                continue;
            };
            let target = self.plan().called(&change.target);
            match standing(change, action.sight(change, view)) {
                Standing::AsPlanned | Standing::AlreadyThere => {}
                Standing::Drifted(differences) => {
                    let reason = drift(&differences);
                    return Err(Halt::Drift { target, reason });
                }
                Standing::Gone => {
                    return Err(Halt::Drift {
                        target,
                        reason: GONE.to_owned(),
                    });
                }
                Standing::Unreadable(unread) => {
                    return Err(Halt::Unreadable {
                        reason: format!("{target}: {unread}"),
                        class: unread.class().unwrap_or(ErrorClass::Other),
                    });
                }
            }
        }
        for item in self.plan().preconditions.clone() {
            let verdict = self.judge(&item, view);
            self.checked((&item, &verdict), None, out);
            match verdict {
                Verdict::Pass(_) => {}
                _ if item.severity == Severity::Warn => {}
                Verdict::Unclear {
                    reason,
                    class: Some(class),
                } => return Err(Halt::Unreadable { reason, class }),
                Verdict::Fail(_) | Verdict::Unclear { class: None, .. } => {
                    return Err(Halt::Precondition {
                        reason: item
                            .message
                            .clone()
                            .unwrap_or_else(|| verdict.detail().to_owned()),
                    });
                }
            }
        }
        self.guards_at_start(view)
    }

    pub(super) fn on_interrupt(&mut self, signal: Signal, then: Then, out: &mut Out) {
        let exit = exit_of_signal(signal);
        match self.phase {
            Phase::Fresh | Phase::Identity { .. } | Phase::Asking => {
                let status = match self.resume {
                    Some(_) => self.ledger.status(),
                    None => Status::Interrupted,
                };
                self.end_unwritten(exit, status, out);
            }
            // Nothing of this leg is written yet, and the journal may be another process's.
            Phase::Locking if self.resume.is_some() => {
                self.end_unwritten(exit, self.ledger.status(), out);
            }
            Phase::Closing(_) | Phase::Ended => {}
            Phase::Undoing if then == Then::RollBack => {}
            Phase::Locking | Phase::Rechecking { .. } => {
                self.halt(
                    Halt::Interrupted {
                        signal,
                        then: Then::Stop,
                    },
                    out,
                );
                self.leave(out);
            }
            Phase::Opening(_) => self.halt(
                Halt::Interrupted {
                    signal,
                    then: Then::Stop,
                },
                out,
            ),
            Phase::Deciding => {
                self.asked = None;
                self.halt(Halt::Interrupted { signal, then }, out);
                self.on_decided(then == Then::RollBack, out);
            }
            Phase::Applying | Phase::Verifying | Phase::Mending | Phase::Undoing | Phase::Always => {
                self.looking = None;
                self.asked = None;
                self.halt(Halt::Interrupted { signal, then }, out);
                if self.parked != Parked::No && then == Then::Stop {
                    self.flights.clear();
                }
            }
        }
    }

    pub(super) fn on_renewed(&mut self, out: &mut Out) {
        if self.parked == Parked::Yes {
            let ticket = self.ask_identity(out);
            self.parked = Parked::Probing(ticket);
        }
    }

    /// Credentials may be back, and they may be of somebody else.
    pub(super) fn on_probed(&mut self, view: &View, out: &mut Out) {
        match self.identified(view) {
            Ok(_) => {
                self.parked = Parked::No;
                Self::emit(Happening::Unparked, out);
                self.write(Record::Unparked, out);
                self.free_stuck(out);
                self.rearm(out);
            }
            Err(NotIdentified { reason, .. }) => {
                self.parked = Parked::Yes;
                Self::emit(Happening::Parked { reason }, out);
            }
        }
    }

    pub(super) fn on_give_up(&mut self, out: &mut Out) {
        if self.parked == Parked::No || matches!(self.phase, Phase::Closing(_) | Phase::Ended) {
            return;
        }
        self.flights.clear();
        self.leave_as(Status::WaitingCredentials, Exit::Credentials, out);
    }
}

/// Why a run was not confirmed.
struct NotConfirmed {
    /// How that ends.
    exit: Exit,
    /// In words; `None` where whoever drives it knows better what to pass.
    reason: Option<String>,
}

/// Whether an answer is enough, and what it was: the words of [`Approval::how`].
fn judge_confirmation(
    level: ConfirmLevel,
    (name, digest): (&str, &str),
    (answer, via): (&Answer, Via),
) -> Result<&'static str, NotConfirmed> {
    let declined = |reason: String| NotConfirmed {
        exit: Exit::Declined,
        reason: Some(reason),
    };
    let named = |given: &str, how: &'static str| {
        // No trimming, no folding: what is typed is the name or it is not.
        if given == name {
            return Ok(how);
        }
        let what = match via {
            Via::Flags => "--confirm-name gives",
            Via::Person => "what was typed is",
        };
        Err(declined(format!(
            "{what} {}, and this plan is confirmed with the name {}",
            quoted(given),
            quoted(name)
        )))
    };
    match (answer, level) {
        (Answer::No, ConfirmLevel::TypeName) => {
            Err(declined(format!("nobody typed the name {}", quoted(name))))
        }
        (Answer::No, ConfirmLevel::None | ConfirmLevel::Ack) => {
            Err(declined("nobody typed `apply`".to_owned()))
        }
        (Answer::NoTerminal, _) => Err(NotConfirmed {
            exit: Exit::NeedsTerminal,
            reason: None,
        }),
        (Answer::Digest { digest: given, .. }, _) if given != digest => Err(NotConfirmed {
            exit: Exit::Drift,
            reason: Some(format!("what was approved is {given}, and the plan is {digest}")),
        }),
        (Answer::Name(given), _) => named(
            given,
            match via {
                Via::Flags => "--confirm-name",
                Via::Person => "name typed",
            },
        ),
        (
            Answer::Digest {
                name: Some(given), ..
            },
            ConfirmLevel::TypeName,
        ) => named(given, "--approve and --confirm-name"),
        (Answer::Digest { .. }, ConfirmLevel::None | ConfirmLevel::Ack) => Ok("--approve"),
        (Answer::Yes, ConfirmLevel::None | ConfirmLevel::Ack) => Ok(match via {
            Via::Flags => "--yes",
            Via::Person => "apply typed",
        }),
        (Answer::Yes | Answer::Digest { name: None, .. }, ConfirmLevel::TypeName) => Err(NotConfirmed {
            exit: Exit::NeedsTerminal,
            reason: Some(format!(
                "this plan is confirmed with the name {} alone: pass it with --confirm-name",
                quoted(name)
            )),
        }),
    }
}

/// How a failed read or a refused call ends a run that changed nothing.
pub const fn exit_of(class: ErrorClass) -> Exit {
    match class {
        ErrorClass::Credentials | ErrorClass::Denied => Exit::Credentials,
        ErrorClass::Timeout | ErrorClass::Unreachable => Exit::Deadline,
        ErrorClass::Throttled
        | ErrorClass::Conflict
        | ErrorClass::Server
        | ErrorClass::NotFound
        | ErrorClass::Invalid
        | ErrorClass::Other => Exit::Precondition,
    }
}

pub(super) const fn exit_of_signal(signal: Signal) -> Exit {
    match signal {
        Signal::Interrupt => Exit::Interrupted,
        Signal::Terminate => Exit::Terminated,
        Signal::HangUp | Signal::HandOver => Exit::HangUp,
    }
}

//! A run that is looked at: what its journal says, and what its driver last told.

use std::collections::{BTreeMap, VecDeque};

use crate::app::runs::News;
use crate::app::runs::head::Head;
use crate::runbook::machine::{Happening, Ledger, Question, Summary, Ticket};
use crate::runbook::plan::Afterwards;
use crate::runbook::record::{Act, Entry, Moment, RunId, Status, Then};

/// Happenings that are kept.
const KEPT: usize = 5_000;

/// A run that is looked at.
#[derive(Debug, Clone)]
pub struct Watched {
    /// Its id.
    pub id: RunId,
    /// Who drives it.
    pub hold: Hold,
    /// What its journal says; `None` until its first entry.
    pub ledger: Option<Ledger>,
    /// When its first entry was written.
    pub began: Option<Moment>,
    /// What is waited for, by act.
    pub waits: BTreeMap<Act, Waiting>,
    /// Checks that do not hold yet and have time left, by name.
    pub awaited: BTreeMap<String, Waiting>,
    /// The guards as they were last seen, by alarm; foreign text.
    pub guards: BTreeMap<String, String>,
    /// What happened last, oldest first.
    pub last: VecDeque<(Moment, Said)>,
    /// What a person is asked.
    pub asked: Option<(Ticket, Question)>,
    /// Why it waits for credentials.
    pub parked: Option<String>,
    /// Who holds locks that it waits for; foreign text.
    pub waits_for_locks: Option<String>,
    /// What it came to.
    pub summary: Option<Box<Summary>>,
    /// Why nothing more comes from it.
    pub broke: Option<String>,
    /// That it was told to stop, and what then.
    pub stopping: Option<Then>,
}

/// Who drives a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// This process.
    Ours,
    /// This process did, and it has ended.
    WasOurs,
    /// Another process, or nobody.
    Elsewhere,
}

/// How long something is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// How far it is; foreign text.
    pub detail: String,
    /// Seconds since it was accepted.
    pub elapsed_s: u64,
    /// Seconds that it may take.
    pub limit_s: u64,
}

/// Something that happened: told by the driver, or read in the journal.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// By the driver.
    Happened(Happening),
    /// In the journal.
    Recorded(Box<Entry>),
}

impl Watched {
    /// A run of which nothing is known yet.
    pub fn new(id: RunId, hold: Hold) -> Self {
        Self {
            id,
            hold,
            ledger: None,
            began: None,
            waits: BTreeMap::new(),
            awaited: BTreeMap::new(),
            guards: BTreeMap::new(),
            last: VecDeque::new(),
            asked: None,
            parked: None,
            waits_for_locks: None,
            summary: None,
            broke: None,
            stopping: None,
        }
    }

    /// Whether this process drives it.
    pub fn is_ours(&self) -> bool {
        self.hold == Hold::Ours
    }

    /// Whether this process drives it or did.
    pub fn was_ours(&self) -> bool {
        matches!(self.hold, Hold::Ours | Hold::WasOurs)
    }

    /// What it has come to, by what is known here; the history may know better.
    pub fn status(&self) -> Option<Status> {
        match (&self.summary, &self.ledger) {
            (Some(summary), _) => Some(summary.status),
            (None, Some(ledger)) => Some(ledger.status()),
            (None, None) => None,
        }
    }

    /// The runbook's name, once it is known.
    pub fn runbook(&self) -> Option<&str> {
        self.ledger
            .as_ref()
            .map(|ledger| ledger.plan().runbook.name.as_str())
    }

    /// What it offers next, if it succeeded.
    pub fn afterwards(&self) -> &[Afterwards] {
        match (&self.summary, &self.ledger) {
            (Some(summary), _) => &summary.afterwards,
            (None, Some(ledger)) if ledger.status() == Status::Succeeded => &ledger.plan().afterwards,
            (None, _) => &[],
        }
    }

    /// Takes news in.
    pub fn take(&mut self, news: News) {
        match news {
            News::Journal(entries) => {
                self.ledger = None;
                self.last.clear();
                match Ledger::replay(&entries) {
                    Ok(ledger) => self.ledger = Some(ledger),
                    Err(error) if !entries.is_empty() => self.broke = Some(error.to_string()),
                    Err(_) => {}
                }
                self.began = entries.first().map(|entry| entry.at);
                for entry in entries {
                    self.remember(entry.at, Said::Recorded(Box::new(entry)));
                }
            }
            News::Entry(entry) => self.entry(*entry),
            News::Happened(at, happening) => self.happened(at, happening),
            News::Asked(ticket, question) => self.asked = Some((ticket, question)),
            News::WaitsForLocks(holders) => self.waits_for_locks = Some(holders),
            News::Ended(summary) => {
                self.summary = Some(summary);
                self.is_over();
            }
            News::Left(head) => self.left(&head),
            News::Broke(why) => {
                self.broke = Some(why);
                self.is_over();
            }
        }
    }

    fn entry(&mut self, entry: Entry) {
        match &mut self.ledger {
            Some(ledger) => ledger.apply(&entry),
            None => {
                self.began = Some(entry.at);
                match Ledger::replay(std::slice::from_ref(&entry)) {
                    Ok(ledger) => self.ledger = Some(ledger),
                    Err(error) => self.broke = Some(error.to_string()),
                }
            }
        }
        self.settle();
        // The driver of a run of ours tells the same in its own words.
        if self.hold == Hold::Elsewhere {
            self.remember(entry.at, Said::Recorded(Box::new(entry)));
        }
    }

    fn happened(&mut self, at: Moment, happening: Happening) {
        match &happening {
            Happening::Waiting {
                act,
                detail,
                elapsed_s,
                limit_s,
            } => {
                let waiting = Waiting {
                    detail: detail.clone(),
                    elapsed_s: *elapsed_s,
                    limit_s: *limit_s,
                };
                // It is told again and again; where it stands says it.
                let known = self.waits.insert(*act, waiting);
                if known.is_some_and(|known| known.detail == *detail) {
                    return;
                }
            }
            Happening::Awaited {
                check,
                detail,
                elapsed_s,
                limit_s,
            } => {
                let waiting = Waiting {
                    detail: detail.clone(),
                    elapsed_s: *elapsed_s,
                    limit_s: *limit_s,
                };
                let known = self.awaited.insert(check.clone(), waiting);
                if known.is_some_and(|known| known.detail == *detail) {
                    return;
                }
            }
            Happening::Checked { check, .. } => {
                self.awaited.remove(check);
            }
            Happening::Guarded { alarm, state } => {
                let known = self.guards.insert(alarm.clone(), state.clone());
                if known.as_ref() == Some(state) {
                    return;
                }
            }
            Happening::Parked { reason } => self.parked = Some(reason.clone()),
            Happening::Unparked => self.parked = None,
            Happening::Began => self.waits_for_locks = None,
            Happening::Ended { act, .. } => {
                self.waits.remove(act);
            }
            Happening::StepBegan { .. }
            | Happening::Writing { .. }
            | Happening::Retrying { .. }
            | Happening::Reconciling { .. }
            | Happening::Halted(_)
            | Happening::RollingBack
            | Happening::Verifying
            | Happening::Warning(_)
            | Happening::Over(_) => {}
        }
        self.remember(at, Said::Happened(happening));
    }

    fn remember(&mut self, at: Moment, said: Said) {
        self.last.push_back((at, said));
        while self.last.len() > KEPT {
            self.last.pop_front();
        }
    }

    /// What is waited for no more is forgotten.
    fn settle(&mut self) {
        let Some(ledger) = &self.ledger else { return };
        self.waits
            .retain(|act, _| matches!(ledger.fate(*act), Some(crate::runbook::machine::Fate::Applied(_))));
        if ledger.status() != Status::WaitingCredentials {
            self.parked = None;
        }
    }

    fn left(&mut self, head: &Head) {
        if let Some(trouble) = &head.trouble {
            self.broke = Some(trouble.clone());
        }
        self.is_over();
    }

    fn is_over(&mut self) {
        if self.hold == Hold::Ours {
            self.hold = Hold::WasOurs;
        }
        self.asked = None;
        self.waits.clear();
        self.waits_for_locks = None;
        self.stopping = None;
    }
}

//! Runbooks and runs as the console knows them: what can be run, what is being prepared, what runs on
//! this machine and what ran. All of it arrives as messages; what is wanted goes out as effects.

pub mod book;
pub mod confirm;
pub mod flow;
pub mod form;
pub mod head;
pub mod menu;
pub mod offers;
pub mod prose;
pub mod story;
pub mod subject;
pub mod watched;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::app::runs::book::Book;
use crate::app::runs::flow::Flow;
use crate::app::runs::form::Answered;
use crate::app::runs::head::Head;
use crate::app::runs::watched::Watched;
use crate::app::table::RowKey;
use crate::domain::scope::ScopeName;
use crate::domain::sensitive::Sensitive;
use crate::runbook::machine::{Answer, Happening, Question, Summary, Ticket};
use crate::runbook::params::{Given, Resolved};
use crate::runbook::plan::Plan;
pub use crate::runbook::record::RunId;
use crate::runbook::record::{Entry, Moment, Resume, Then};

/// What the console knows of runbooks and runs.
#[derive(Debug, Default)]
pub struct Runs {
    /// The runbooks there are, by name; `None` until they have been read.
    pub books: Option<Vec<Book>>,
    /// Runs on this machine, newest first; `None` until they have been read.
    pub heads: Option<Vec<Head>>,
    /// Runs that are looked at, or are driven here.
    pub watched: BTreeMap<RunId, Watched>,
    /// The run that is being prepared.
    pub flow: Option<Flow>,
    /// What was asked for before the books were read.
    pub wanted: Option<Wanted>,
    /// Runs that are being handed to processes of their own: the console leaves once none is left.
    pub leaving: Option<BTreeSet<RunId>>,
    /// Whether the switch that lets changes pass is to be turned off once no run of ours needs it.
    pub closing_writes: bool,
    /// Tells answers to questions that nobody asks any more from the others.
    pub ticket: u64,
    /// What the runner was last told about who looks.
    pub told: Option<Looking>,
}

/// Something that waits for the books.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// A runbook by its name.
    Name(String),
    /// The runbooks for this row.
    For(Option<RowKey>),
}

/// What of runs somebody looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looking {
    /// Whether the list of runs is in front.
    pub list: bool,
    /// The run that is in front.
    pub run: Option<RunId>,
}

/// What is to be done about runs.
#[derive(Debug, Clone, PartialEq)]
pub enum RunsEffect {
    /// Read the runbooks again.
    ReadBooks,
    /// Somebody looks at something else now.
    Look(Looking),
    /// Find candidates and values for parameters.
    Resolve {
        /// To be given back.
        ticket: u64,
        /// Where.
        scope: ScopeName,
        /// Of which runbook.
        book: Book,
        /// What was given so far.
        given: Given,
        /// Secrets that were typed, by parameter: they are in nothing else.
        secrets: Vec<(String, Sensitive)>,
    },
    /// Make a plan.
    Plan {
        /// To be given back.
        ticket: u64,
        /// Where.
        scope: ScopeName,
        /// Of which runbook.
        book: Book,
        /// With these parameters.
        resolved: Resolved,
    },
    /// Carry out the plan that was shown and confirmed.
    Start {
        /// To be given back.
        ticket: u64,
        /// The plan.
        plan: Arc<Plan>,
        /// What was typed for it.
        answer: Answer,
        /// Why, in the operator's words.
        reason: Option<String>,
    },
    /// Take up a run that nobody drives.
    TakeUp {
        /// Which.
        run: RunId,
        /// What for.
        to: Resume,
        /// Why, in the operator's words.
        reason: Option<String>,
    },
    /// Answer a question of a run that is driven here.
    Answer {
        /// Which run.
        run: RunId,
        /// Which question.
        ticket: Ticket,
        /// The answer.
        answer: Answer,
    },
    /// Have a run stopped.
    Interrupt {
        /// Which.
        run: RunId,
        /// What then.
        then: Then,
    },
    /// Stop a run that is driven here and let a process of its own take it up.
    HandOver(RunId),
}

/// What happened to runbooks and runs.
#[derive(Debug, Clone, PartialEq)]
pub enum RunsMsg {
    /// The runbooks that there are.
    Books(Vec<Book>),
    /// The runs on this machine, newest first.
    Heads(Vec<Head>),
    /// Parameters were looked up.
    Resolved {
        /// Of the question.
        ticket: u64,
        /// What came of it.
        answered: Box<Answered>,
    },
    /// A plan was made, or could not be: why, a reason each.
    Planned {
        /// Of the question.
        ticket: u64,
        /// What came of it.
        result: Result<Box<Prepared>, Vec<String>>,
    },
    /// A run has begun and is driven here.
    Started {
        /// Of the question; `None` for one that was taken up.
        ticket: Option<u64>,
        /// Its id.
        run: RunId,
    },
    /// A run did not begin: why.
    NotStarted {
        /// Of the question; `None` for one that was to be taken up.
        ticket: Option<u64>,
        /// Why.
        reason: String,
    },
    /// News of runs that are watched, in order.
    News {
        /// Which run.
        run: RunId,
        /// What.
        news: Vec<News>,
    },
    /// A run that was driven here is handed over, or could not be: why.
    HandedOver {
        /// Which run.
        run: RunId,
        /// What came of it.
        result: Result<(), String>,
    },
}

/// A plan that can be confirmed.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The plan.
    pub plan: Arc<Plan>,
    /// What is no part of it and should be known before saying yes; foreign text.
    pub cautions: Vec<String>,
}

/// News of one run.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Everything that its journal has so far.
    Journal(Vec<Entry>),
    /// One more entry of its journal.
    Entry(Box<Entry>),
    /// What watchers are told.
    Happened(Moment, Happening),
    /// Somebody is asked.
    Asked(Ticket, Question),
    /// Others hold locks, and the run waits for them: who.
    WaitsForLocks(String),
    /// It is over, or left for later.
    Ended(Box<Summary>),
    /// Nobody drives it any more; what the history says of it.
    Left(Box<Head>),
    /// Its driver failed, or its journal cannot be read.
    Broke(String),
}

impl Runs {
    /// A new ticket: answers to older ones no longer count.
    pub fn next_ticket(&mut self) -> u64 {
        self.ticket += 1;
        self.ticket
    }

    /// Runs that are driven by this process and are not over.
    pub fn own(&self) -> impl Iterator<Item = &Watched> {
        self.watched.values().filter(|watched| watched.is_ours())
    }

    /// How many runs are live on this machine.
    pub fn live(&self) -> usize {
        let listed = self.heads.iter().flatten().filter(|head| head.is_live());
        // A run of ours may not be in the list yet, or be over since.
        let listed = listed.filter(|head| {
            self.watched
                .get(&head.id)
                .is_none_or(|watched| !watched.was_ours() || watched.is_ours())
        });
        let ids: BTreeSet<&RunId> = listed
            .map(|head| &head.id)
            .chain(self.own().map(|watched| &watched.id))
            .collect();
        ids.len()
    }

    /// A runbook by its name, the nearest of that name.
    pub fn book(&self, name: &str) -> Option<&Book> {
        self.books
            .iter()
            .flatten()
            .find(|book| book.name == name && !book.is_hidden)
    }

    /// What is listed of a run.
    pub fn head(&self, run: &RunId) -> Option<&Head> {
        self.heads.iter().flatten().find(|head| head.id == *run)
    }
}

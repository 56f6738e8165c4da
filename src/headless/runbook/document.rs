//! What a run came to, as a document: `quarterdeck.run/1`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::domain::recovery::MeasuredRestore;
use crate::domain::savings::Savings;
use crate::engine::run::RunStore;
use crate::engine::run::store::RunHead;
use crate::headless::Exit;
use crate::headless::out::{Page, Report};
use crate::headless::runbook::failure::Failure;
use crate::headless::runbook::teller;
use crate::runbook::machine::{Summary, Targets};
use crate::runbook::plan::Afterwards;
use crate::runbook::record::{RunId, Status};
use crate::runbook::tell::{self, Commands, Line};

/// The name and version of the format.
pub const SCHEMA: &str = "quarterdeck.run/1";

/// What a run came to.
#[derive(Debug, Clone, Serialize)]
pub struct RunDocument {
    schema: &'static str,
    /// Unknown if no run came of it.
    run_id: Option<String>,
    runbook: Option<String>,
    status: Status,
    /// Unknown while it goes on, or if its process died.
    exit_code: Option<u8>,
    changed: bool,
    targets: Targets,
    rolled_back: bool,
    /// What takes it up again, if it can be.
    resume_cmd: Option<String>,
    /// Where its journal is.
    journal: Option<String>,
    /// Why it stopped.
    reasons: Vec<String>,
    /// What remains that should not.
    remains: Vec<String>,
    /// What went wrong without changing the status: a notification that was not delivered, for one.
    warnings: Vec<String>,
    /// What it measured, if it restored a database.
    measured: Option<MeasuredRestore>,
    /// What was measured of what is saved; unknown amounts are null.
    savings: Option<Savings>,
    /// Runbooks that are offered next.
    afterwards: Vec<NextDocument>,
    /// For people.
    #[serde(skip)]
    lines: Vec<Line>,
}

/// A runbook that is offered once a run has succeeded.
#[derive(Debug, Clone, Serialize)]
struct NextDocument {
    runbook: String,
    about: String,
    /// The resource that it is filled in for.
    subject: Option<String>,
    /// Its parameters, as far as they are known.
    set: BTreeMap<String, String>,
    /// Why there may be more resources that it is for.
    unread: Option<String>,
    /// What runs it.
    command: String,
}

impl NextDocument {
    fn of(next: &Afterwards, commands: &Commands) -> Self {
        Self {
            runbook: next.runbook.clone(),
            about: next.about.clone(),
            subject: next.subject.clone(),
            set: next.set.clone(),
            unread: next.unread.clone(),
            command: tell::afterwards_command(next, commands),
        }
    }
}

impl RunDocument {
    /// Of a run that has ended or was left.
    pub fn of(summary: &Summary, store: Option<&RunStore>, commands: &Commands) -> Self {
        let run = &summary.run_id;
        let journal = store
            .filter(|_| summary.journaled)
            .map(|store| store.journal_path(run).to_string_lossy().into_owned());
        Self {
            schema: SCHEMA,
            run_id: summary.journaled.then(|| run.to_string()),
            runbook: Some(summary.runbook.clone()),
            status: summary.status,
            exit_code: Some(summary.exit.code()),
            changed: summary.changed,
            targets: summary.targets,
            rolled_back: summary.rolled_back,
            resume_cmd: summary.resumable.then(|| commands.resume(run)),
            journal,
            reasons: summary.reasons.clone(),
            remains: summary.remains.clone(),
            warnings: summary.warnings.clone(),
            measured: summary.measured.as_deref().cloned(),
            savings: summary.savings.as_deref().cloned(),
            afterwards: summary
                .afterwards
                .iter()
                .map(|next| NextDocument::of(next, commands))
                .collect(),
            lines: tell::summary(summary, commands),
        }
    }

    /// Of a run as its journal says: one that goes on, was left without a word, or is over.
    pub fn of_head(head: &RunHead, summary: &Summary, (store, commands): (&RunStore, &Commands)) -> Self {
        let resumable = matches!(head.status, Status::Interrupted | Status::WaitingCredentials);
        let mut document = Self::of(summary, Some(store), commands);
        document.status = head.status;
        document.exit_code = head.exit.map(Exit::code);
        document.resume_cmd = resumable.then(|| commands.resume(&head.id));
        document.reasons.extend(head.trouble.iter().cloned());
        document
    }

    /// Of something that became no run.
    pub fn failed(failure: &Failure, runbook: Option<&str>) -> Self {
        Self {
            schema: SCHEMA,
            run_id: None,
            runbook: runbook.map(str::to_owned),
            status: match failure.exit {
                Exit::HangUp | Exit::Interrupted | Exit::Terminated => Status::Interrupted,
                _ => Status::Failed,
            },
            exit_code: Some(failure.exit.code()),
            changed: false,
            targets: Targets::default(),
            rolled_back: false,
            resume_cmd: None,
            journal: None,
            reasons: failure.reasons.clone(),
            remains: Vec::new(),
            warnings: Vec::new(),
            measured: None,
            savings: None,
            afterwards: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Of a run that goes on in a process of its own.
    pub fn detached(run: &RunId, runbook: &str, store: Option<&RunStore>, lines: Vec<Line>) -> Self {
        Self {
            schema: SCHEMA,
            run_id: Some(run.to_string()),
            runbook: Some(runbook.to_owned()),
            status: Status::Running,
            exit_code: None,
            changed: false,
            targets: Targets::default(),
            rolled_back: false,
            resume_cmd: None,
            journal: store.map(|store| store.journal_path(run).to_string_lossy().into_owned()),
            reasons: Vec::new(),
            remains: Vec::new(),
            warnings: Vec::new(),
            measured: None,
            savings: None,
            afterwards: Vec::new(),
            lines,
        }
    }

    /// The same with another exit, and why.
    #[must_use]
    pub fn ending_as(mut self, exit: Exit, reason: String) -> Self {
        self.exit_code = Some(exit.code());
        self.reasons.push(reason);
        self
    }

    /// The same of something for which there was nothing to do.
    #[must_use]
    pub fn succeeded(mut self) -> Self {
        self.status = Status::Succeeded;
        self
    }

    /// The same with these lines for people.
    #[must_use]
    pub fn told(mut self, lines: Vec<Line>) -> Self {
        self.lines = lines;
        self
    }
}

impl Report for RunDocument {
    fn text(&self, page: &Page) -> String {
        // People read their own time; the JSON has AWS's.
        let lines = tell::in_zone(self.lines.clone(), &page.zone.0);
        teller::text(lines, page.paint, page.width)
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        Ok(vec![serde_json::to_value(self)?])
    }
}

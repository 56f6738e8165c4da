//! What history lists of a run, and how it is kept beside the journal.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::folder::StateFolder;
use crate::domain::exit::Exit;
use crate::domain::recovery::MeasuredRestore;
use crate::runbook::machine::{Ledger, ReplayError};
use crate::runbook::plan::Role;
use crate::runbook::record::{Entry, JournalError, Made, Record, RunId, Status, Who};

/// What history lists of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHead {
    /// The run.
    pub id: RunId,
    /// The runbook's name.
    pub runbook: String,
    /// What it has come to. A run that has not ended and that no process drives is interrupted, or waits
    /// for credentials.
    pub status: Status,
    /// When it was started, on the user's clock.
    pub started_at: Timestamp,
    /// When it was closed or left, on the user's clock.
    pub ended_at: Option<Timestamp>,
    /// The exit, once it was closed or left.
    pub exit: Option<Exit>,
    /// Who started it.
    pub who: Who,
    /// Who drives it, or drove it last.
    pub driver: Who,
    /// Why it was started.
    pub reason: Option<String>,
    /// The scope's name.
    pub scope: String,
    /// The account's twelve digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// Names of what it changes, each once.
    pub targets: Vec<String>,
    /// Whether anything was changed, or may have been.
    pub changed: bool,
    /// Whether everything that was changed was taken back.
    pub rolled_back: bool,
    /// Whether a rollback would do anything; yes where nobody can say.
    #[serde(default = "nobody_can_say")]
    pub takes_back: bool,
    /// What remains that should not, in words.
    pub remains: Vec<String>,
    /// What went wrong without changing the status, in words: a notification that was not delivered, for one.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// What it measured, if it restored a database.
    #[serde(default)]
    pub measured: Option<MeasuredRestore>,
    /// Why its journal cannot be relied on: it was changed, or another version wrote it.
    pub trouble: Option<String>,
}

impl RunHead {
    /// From a journal's entries. Whether a process drives it is not in there: a run that has not ended
    /// counts as running.
    pub(in crate::engine::run) fn of(entries: &[Entry]) -> Result<Self, ReplayError> {
        let ledger = Ledger::replay(entries)?;
        let Some((started, who, reason, _)) = ledger.started() else {
            return Err(ReplayError::NoStart);
        };
        let plan = ledger.plan();
        let mut ended_at = None;
        let mut remains: &[String] = &[];
        let mut driver = who;
        for entry in entries {
            match &entry.record {
                Record::Closed { remains: left, .. } => {
                    ended_at = Some(entry.at.wall);
                    remains = left;
                }
                Record::Stopped { .. } => ended_at = Some(entry.at.wall),
                Record::Resumed { who, .. } => {
                    ended_at = None;
                    remains = &[];
                    driver = who;
                }
                _ => {}
            }
        }
        let mut targets: Vec<String> = Vec::new();
        for change in &plan.changes {
            let name = plan.called(&change.target);
            if !targets.contains(&name) {
                targets.push(name);
            }
        }
        let changed = (0..plan.changes.len()).any(|change| {
            ledger.was_made(change) != Made::No
                && ledger.step_of(change).is_none_or(|step| step.role == Role::Main)
        });
        let status = ledger.status();
        Ok(Self {
            id: ledger.run().clone(),
            runbook: plan.runbook.name.clone(),
            status,
            started_at: started.wall,
            ended_at,
            exit: ledger.exit(),
            who: who.clone(),
            driver: driver.clone(),
            reason: reason.clone(),
            scope: plan.identity.scope.to_string(),
            account: plan.identity.account.clone(),
            region: plan.identity.region.clone(),
            targets,
            changed,
            rolled_back: ledger.is_rolling_back() && status == Status::RolledBack && remains.is_empty(),
            takes_back: ledger.takes_back(),
            remains: remains.to_vec(),
            warnings: if ended_at.is_some() {
                ledger.warnings()
            } else {
                Vec::new()
            },
            measured: ledger.measured().cloned(),
            trouble: None,
        })
    }

    /// A run whose journal cannot be relied on: what was kept of it, or what its name says.
    pub(super) fn troubled(id: &RunId, kept: Option<Self>, error: &JournalError) -> Self {
        let nobody = Who {
            user: String::new(),
            host: String::new(),
            pid: 0,
            arn: String::new(),
            origin: String::new(),
            version: String::new(),
        };
        let unknown = || Self {
            id: id.clone(),
            runbook: String::new(),
            status: Status::Running,
            started_at: named_time(id),
            ended_at: None,
            exit: None,
            who: nobody.clone(),
            driver: nobody.clone(),
            reason: None,
            scope: String::new(),
            account: String::new(),
            region: String::new(),
            targets: Vec::new(),
            // Nobody can say that nothing was.
            changed: true,
            rolled_back: false,
            takes_back: nobody_can_say(),
            remains: Vec::new(),
            warnings: Vec::new(),
            measured: None,
            trouble: None,
        };
        Self {
            trouble: Some(error.to_string()),
            ..kept.filter(|kept| kept.id == *id).unwrap_or_else(unknown)
        }
    }
}

/// A rollback that finds nothing to do says so, one that is not offered helps nobody.
const fn nobody_can_say() -> bool {
    true
}

/// The moment in a run's name.
fn named_time(id: &RunId) -> Timestamp {
    let text = id.0.get(2..17).unwrap_or_default();
    jiff::civil::DateTime::strptime("%Y%m%d-%H%M%S", text)
        .and_then(|moment| moment.to_zoned(jiff::tz::TimeZone::UTC))
        .map_or(Timestamp::UNIX_EPOCH, |moment| moment.timestamp())
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept<H> {
    /// The length of the journal that it is of.
    journal_bytes: u64,
    head: H,
}

/// What was kept, and whether it is of the journal as it is: as long, and not written since.
pub(super) fn kept(path: &Path, journal: &fs::Metadata) -> Option<(RunHead, bool)> {
    let text = fs::read_to_string(path).ok()?;
    let kept: Kept<RunHead> = serde_json::from_str(&text).ok()?;
    let at = fs::metadata(path).and_then(|meta| meta.modified()).ok()?;
    let is_newest = journal.modified().is_ok_and(|written| written <= at);
    Some((kept.head, is_newest && kept.journal_bytes == journal.len()))
}

/// Keeps it, in place of what was kept before.
pub(super) fn keep(folder: &StateFolder, path: &Path, (head, bytes): (&RunHead, u64)) -> io::Result<()> {
    let kept = Kept {
        journal_bytes: bytes,
        head,
    };
    let text = serde_json::to_string(&kept).map_err(io::Error::other)?;
    let aside = path.with_extension("new");
    let mut file = folder
        .options()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&aside)?;
    folder.permit_file(&aside)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    fs::rename(&aside, path)
}

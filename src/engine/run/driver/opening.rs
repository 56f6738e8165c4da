//! From a plan or a journal to a driver under way, or why not.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::Driver;
use super::calls::Calls;
use super::timers::Timers;
use crate::domain::exit::Exit;
use crate::domain::scope::Scope;
use crate::engine::name::Named;
use crate::engine::run::folder::network_file_system;
use crate::engine::run::store::{JournalFile, StoreError};
use crate::engine::run::{
    CannotResume, CannotStart, Inner, Notice, Places, RunEngine, RunHandle, Start, secrets,
};
use crate::runbook::machine::Run;
use crate::runbook::plan::Plan;
use crate::runbook::record::{Chain, Entry, Moment, Resume, RunId};
use crate::runbook::value::Value;

/// What a driver begins with, beside its machine.
struct Journaled {
    journal: Option<JournalFile>,
    chain: Chain,
    entries: Vec<Entry>,
}

pub(in crate::engine::run) fn start(
    inner: &Arc<Inner>,
    plan: Plan,
    start: Start,
) -> Result<RunHandle, CannotStart> {
    let places = may_change(inner, &plan, &start.scope)?;
    if !plan.is_sealed() {
        return Err(refused(
            Exit::Drift,
            "the plan was changed since it was made".to_owned(),
        ));
    }
    let id = planned_id(&plan).unwrap_or_else(|| RunId(Named::Run.mint(inner.clocks.wall.now())));
    if places.store.journal_path(&id).exists() {
        // Its tokens were used: AWS would take its calls for repetitions.
        return Err(refused(
            Exit::Drift,
            format!("the plan was run already, as {id}: plan again"),
        ));
    }
    // The plan may have lain for a while, and others may have run since.
    let place = (plan.identity.account.as_str(), plan.identity.region.as_str());
    RunEngine(Arc::clone(inner))
        .not_too_often(&plan.runbook.name, plan.max_runs_per_hour, place)
        .map_err(|often| refused(often.exit, often.reasons.join("; ")))?;
    let run = Run::new(
        id.clone(),
        plan,
        start.who.clone(),
        start.reason.clone(),
        moment(inner),
    );
    let journaled = Journaled {
        journal: None,
        chain: Chain::default(),
        entries: Vec::new(),
    };
    Ok(begin(inner, places, (run, journaled), start))
}

pub(in crate::engine::run) fn resume(
    inner: &Arc<Inner>,
    id: &RunId,
    to: Resume,
    start: Start,
) -> Result<RunHandle, CannotResume> {
    let places = inner.places.as_ref().ok_or_else(no_folder)?;
    let (file, journal) = match places.store.take(id) {
        Ok(taken) => taken,
        Err(StoreError::Driven(id)) => {
            let by = places.store.head(&id).map_or_else(
                |_| "another process".to_owned(),
                |head| {
                    format!(
                        "{}@{} (pid {})",
                        head.driver.user, head.driver.host, head.driver.pid
                    )
                },
            );
            return Err(CannotResume::Driven { id, by });
        }
        Err(error) => return Err(error.into()),
    };
    let run = Run::resume(
        &journal,
        to,
        (start.who.clone(), start.reason.clone()),
        moment(inner),
    )?;
    // Giving up changes nothing.
    let places = match to {
        Resume::Abandon => places.clone(),
        Resume::Forward | Resume::RollBack => may_change(inner, run.plan(), &start.scope)?,
    };
    let journaled = Journaled {
        journal: Some(file),
        chain: journal.chain,
        entries: journal.entries,
    };
    Ok(begin(inner, places, (run, journaled), start))
}

fn moment(inner: &Inner) -> Moment {
    Moment {
        cloud: inner.clocks.cloud.now(),
        wall: inner.clocks.wall.now(),
    }
}

/// Whether a plan may be carried out at all, and where its run is kept.
fn may_change(inner: &Inner, plan: &Plan, scope: &Scope) -> Result<Places, CannotStart> {
    if inner.read_only.is_on() && !plan.is_empty() {
        return Err(refused(Exit::Usage, "changes are refused: read-only".to_owned()));
    }
    if plan.identity.scope != scope.name {
        return Err(refused(
            Exit::Usage,
            format!("the plan is for {}, not for {}", plan.identity.scope, scope.name),
        ));
    }
    let places = inner.places.clone().ok_or_else(no_folder)?;
    // A folder that does not exist yet is on the file system of the nearest that does.
    let standing = places.folder.path.ancestors().find(|path| path.exists());
    if let Some(standing) = standing
        && let Ok(Some(kind)) = network_file_system(standing)
    {
        return Err(refused(
            Exit::Usage,
            format!(
                "{} is on {kind}, where the kernel's locks cannot be relied on: give a --state-dir on a local disk",
                places.folder.path.display()
            ),
        ));
    }
    Ok(places)
}

fn no_folder() -> CannotStart {
    refused(Exit::Usage, StoreError::NoFolder.to_string())
}

const fn refused(exit: Exit, reason: String) -> CannotStart {
    CannotStart { exit, reason }
}

/// The name that a plan gave its run; expressions may have used it.
fn planned_id(plan: &Plan) -> Option<RunId> {
    let Some(Value::Map(run)) = plan.names.get("run") else {
        return None;
    };
    match run.get("id") {
        Some(Value::Text(text)) if Named::Run.is_name(text) => Some(RunId(text.clone())),
        _ => None,
    }
}

/// Puts the driver on a task of its own.
fn begin(inner: &Arc<Inner>, places: Places, (run, journaled): (Run, Journaled), start: Start) -> RunHandle {
    let (notices, receiver) = mpsc::unbounded_channel();
    let (sender, control) = mpsc::unbounded_channel();
    let (inside, inbox) = mpsc::unbounded_channel();
    let id = run.ledger().run().clone();
    let handle = RunHandle {
        id,
        entries: journaled.entries.clone(),
        notices: receiver,
        control: sender,
    };
    let driver = Driver {
        secrets: secrets::wanted(run.plan()),
        inner: Arc::clone(inner),
        places,
        scope: start.scope,
        run,
        who: start.who,
        confirmed: start.confirmed,
        if_locked: start.if_locked,
        patience: start.patience,
        journal: journaled.journal,
        chain: journaled.chain,
        entries: journaled.entries,
        held: None,
        lock_lost: false,
        notices: notices.clone(),
        control,
        is_attended: true,
        inside,
        inbox,
        events: VecDeque::new(),
        calls: Calls::default(),
        timers: Timers::default(),
        asked: None,
        interrupted: false,
        probe: None,
    };
    let task = tokio::spawn(driver.drive());
    tokio::spawn(async move {
        if let Err(error) = task.await {
            // Nobody may be listening any more.
            let _ = notices.send(Notice::Broke(error.to_string()));
        }
    });
    handle
}

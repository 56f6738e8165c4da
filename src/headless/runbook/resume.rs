//! `qd runbook resume`, `rollback` and `abandon`: a run is taken up again.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::engine::run::{CannotResume, RunStore, StoreError};
use crate::headless::Exit;
use crate::headless::runbook::desk::{Bench, Signals};
use crate::headless::runbook::detach;
use crate::headless::runbook::drive::{self, Tie, Watch};
use crate::headless::runbook::failure::Failure;
use crate::headless::runbook::keyboard::Keyboard;
use crate::headless::runbook::prepare::{self, attended};
use crate::headless::runbook::run::{How, Process, asked, start};
use crate::runbook::machine::{Answer, Ledger, ReplayError};
use crate::runbook::plan::Plan;
use crate::runbook::record::{Resume, RunId};

/// Takes a run up again.
pub async fn run(bench: &Bench, wanted: &str, (to, how): (Resume, How)) -> Result<Exit, Failure> {
    // To give a run up changes nothing, but writes into its journal.
    if to != Resume::Abandon {
        bench.may_change()?;
    }
    let store = bench.engine.store().ok_or(StoreError::NoFolder)?;
    let (id, ledger) = ledger_of(store, wanted).map_err(|failure| not_found(bench, wanted, failure))?;
    let plan = Arc::new(ledger.plan().clone());
    let scope = bench.scope_named(&plan.identity.scope)?;
    let tie = match how.process {
        Process::OnItsOwn => {
            // It fails only where the process leads a group already, and has what it needs.
            let _ = rustix::process::setsid();
            Tie::Own
        }
        Process::Here | Process::Detached => Tie::Terminal,
    };
    let mut signals = Signals::listen()?;
    let mut keyboard = Keyboard::new();
    if how.process == Process::Detached {
        return detached(bench, (&id, &plan), (to, &how), &mut signals).await;
    }
    let arn = match to {
        // Whoever gives a run up may have no credentials any more.
        Resume::Abandon => String::new(),
        Resume::Forward | Resume::RollBack => signals.unless(bench.identify(&scope)).await?.arn,
    };
    let consent = &how.consent;
    let confirmed = match (&consent.digest, &consent.name, consent.yes) {
        (Some(digest), name, _) => Some(Answer::Digest {
            digest: digest.clone(),
            name: name.clone(),
        }),
        (None, Some(name), _) => Some(Answer::Name(name.clone())),
        (None, None, true) => Some(Answer::Yes),
        (None, None, false) => None,
    };
    if to != Resume::Abandon {
        signals
            .unless(prepare::secrets(bench, &plan, &mut keyboard))
            .await?;
    }
    let begin = start(bench, scope, (&arn, confirmed, &how));
    let handle = bench
        .engine
        .resume(&id, to, begin)
        .map_err(|error| refused(bench, (&id, &plan), &error))?;
    let watch = Watch {
        if_locked: how.if_locked,
        tie,
    };
    drive::drive(bench, (handle, plan), (&mut signals, keyboard), watch).await
}

/// Has a process of its own take it up. What needs an answer is asked here: nobody can be asked there.
async fn detached(
    bench: &Bench,
    (id, plan): (&RunId, &Plan),
    (to, how): (Resume, &How),
    signals: &mut Signals,
) -> Result<Exit, Failure> {
    // That somebody drives it is how the new process is seen to.
    let store = bench.engine.store().ok_or(StoreError::NoFolder)?;
    if store.is_driven(id)? {
        let error = CannotResume::Store(StoreError::Driven(id.clone()));
        return Err(refused(bench, (id, plan), &error));
    }
    detach::has_its_secrets(plan)?;
    attended(plan, false)?;
    let consent = &how.consent;
    let is_agreed = consent.yes || consent.name.is_some() || consent.digest.is_some();
    let confirmed = if plan.is_expired(bench.place.wall.now()) && !is_agreed && bench.place.can_ask() {
        let keyboard = Arc::new(Mutex::new(Keyboard::new()));
        Some(signals.unless(asked(bench, plan, keyboard)).await?)
    } else {
        None
    };
    let begun = detach::take_up(bench, (id, plan), to, (confirmed.as_ref(), how))?;
    signals.unless(detach::wait(bench, begun)).await
}

/// Why a run is not taken up, and the command that helps instead.
fn refused(bench: &Bench, (id, plan): (&RunId, &Plan), error: &CannotResume) -> Failure {
    let commands = &bench.place.commands;
    let next: Vec<String> = match error {
        CannotResume::Driven { .. } | CannotResume::Store(StoreError::Driven(_)) => {
            vec![format!("to follow it: {}", commands.attach(id))]
        }
        CannotResume::Journal(ReplayError::Over(..)) => vec![
            format!("what it did: {}", commands.status(id)),
            format!("to plan it again: {}", {
                let set = plan.set();
                let set = set.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                commands.plan(&plan.runbook.name, set)
            }),
        ],
        CannotResume::Journal(ReplayError::NoStart | ReplayError::Plan)
        | CannotResume::Store(StoreError::Journal { .. }) => {
            vec![format!("what its journal holds: {}", commands.logs(id))]
        }
        CannotResume::Store(StoreError::Unknown(_) | StoreError::Ambiguous(_)) => {
            vec![format!("all runs: {}", commands.history())]
        }
        // These say what to pass themselves.
        CannotResume::Store(StoreError::NoFolder | StoreError::Io(_)) | CannotResume::Start(_) => Vec::new(),
    };
    let mut failure = Failure::new(error.exit(), error.to_string());
    failure.reasons.extend(next);
    failure
}

/// A run that cannot be found, or whose journal cannot be relied on.
fn not_found(bench: &Bench, wanted: &str, mut failure: Failure) -> Failure {
    let commands = &bench.place.commands;
    failure.reasons.push(match failure.exit {
        Exit::Usage => format!("all runs: {}", commands.history()),
        _ => format!(
            "what its journal holds: {}",
            commands.logs(&RunId(wanted.to_owned()))
        ),
    });
    failure
}

/// A run that a person means, and what is known of it.
pub fn ledger_of(store: &RunStore, wanted: &str) -> Result<(RunId, Ledger), Failure> {
    let id = store.find(wanted)?;
    let journal = store.journal(&id)?;
    let ledger = Ledger::replay(&journal.entries)
        .map_err(|error| Failure::new(Exit::Precondition, format!("run {id}: {error}")))?;
    Ok((id, ledger))
}

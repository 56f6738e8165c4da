//! `qd runbook attach`: follows a run that any process of this host drives.

use crate::engine::run::{Followed, Follower, RunStore};
use crate::headless::Exit;
use crate::headless::format::{self, Format};
use crate::headless::out::print;
use crate::headless::runbook::desk::{Place, Signals, exit_of_signal};
use crate::headless::runbook::document::RunDocument;
use crate::headless::runbook::failure::Failure;
use crate::headless::runbook::{history, resume, status};
use crate::runbook::record::Status;
use crate::runbook::tell;

/// Follows it to its end, or until somebody has seen enough.
pub async fn run(place: &Place, wanted: &str) -> Result<Exit, Failure> {
    let store = history::store(place)?;
    let (id, ledger) = resume::ledger_of(&store, wanted)?;
    let plan = ledger.plan();
    let mut signals = Signals::listen()?;
    let mut follower = Follower::open(&store, &id, place.wall.clone())?;
    loop {
        let followed = tokio::select! {
            biased;
            signal = signals.next() => {
                place.teller.warn(format!(
                    "detached: {id} goes on; to follow it again: {}",
                    place.commands.attach(&id)
                ));
                print_document(place, &store, &id)?;
                return Ok(exit_of_signal(signal));
            }
            followed = follower.next() => followed?,
        };
        match followed {
            Followed::Entry(entry) => {
                if place.out.format() == Format::Jsonl {
                    let line = format::json_line(&entry).map_err(anyhow::Error::from)?;
                    print(&line).map_err(anyhow::Error::from)?;
                }
                place.teller.say([tell::record(&entry, plan, &place.clock())]);
            }
            Followed::Ended(head) => {
                print_document(place, &store, &id)?;
                return Ok(match (head.exit, head.status) {
                    (Some(exit), _) => exit,
                    // Its process died: nobody knows what it was about to do.
                    (None, Status::Interrupted | Status::Running) => Exit::Partial,
                    (None, Status::WaitingCredentials) => Exit::Credentials,
                    (
                        None,
                        Status::Succeeded
                        | Status::Failed
                        | Status::RolledBack
                        | Status::Partial
                        | Status::Abandoned,
                    ) => Exit::Internal,
                });
            }
        }
    }
}

fn print_document(
    place: &Place,
    store: &RunStore,
    id: &crate::runbook::record::RunId,
) -> Result<(), Failure> {
    let document: RunDocument = status::document(store, id, &place.commands)?;
    place.out.report(&document)?;
    Ok(())
}

//! Handing a run over to a process of its own: it is stopped between two calls, its journal says so,
//! and this program, started once more, takes it up. The locks pass with it: nothing is applied twice,
//! since taking up reads how far it came.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::{Driven, Shared};
use crate::domain::policy::ConfirmLevel;
use crate::engine::run::Control;
use crate::runbook::record::{RunId, Signal, Status, Then};

/// Between two looks whether the process drives the run.
const LOOK_EACH: Duration = Duration::from_millis(100);
/// How many looks: what starts at all has read the journal and asked AWS who it is by then.
const LOOKS: u32 = 300;

/// Hands a run over; does nothing for one that is over by then.
pub(super) async fn hand_over(shared: &Arc<Shared>, run: &RunId) -> Result<(), String> {
    let Some(mut driven) = shared.lock().get(run).cloned() else {
        return Ok(());
    };
    let stop = Control::Interrupt {
        signal: Signal::HandOver,
        then: Then::Stop,
    };
    // Whoever has ended needs no telling.
    let _ = driven.control.send(stop);
    let status = match driven.over.wait_for(Option::is_some).await {
        Ok(status) => status.unwrap_or(Status::Interrupted),
        Err(_) => Status::Interrupted,
    };
    match status {
        Status::Interrupted | Status::WaitingCredentials | Status::Running => {}
        // It was as good as over.
        Status::Succeeded | Status::Failed | Status::RolledBack | Status::Partial | Status::Abandoned => {
            return Ok(());
        }
    }
    let mut child = spawn(shared, run, &driven).map_err(|error| error.to_string())?;
    let store = shared
        .engine
        .store()
        .cloned()
        .ok_or("there is no folder for runs")?;
    for _ in 0..LOOKS {
        let (looked, id) = (store.clone(), run.clone());
        let is_driven = tokio::task::spawn_blocking(move || looked.is_driven(&id)).await;
        if matches!(is_driven, Ok(Ok(true))) {
            return Ok(());
        }
        if let Ok(Some(status)) = child.try_wait() {
            // It may have been quick.
            return match store.head(run) {
                Ok(head) if head.status != Status::Interrupted => Ok(()),
                _ => Err(format!("the process that was to take it up ended with {status}")),
            };
        }
        shared.clocks.wall.sleep(LOOK_EACH).await;
    }
    Err("the process that was to take it up does not".to_owned())
}

fn spawn(shared: &Shared, run: &RunId, driven: &Driven) -> std::io::Result<Child> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    command.args(shared.kit.again.get(1..).unwrap_or_default());
    if !shared.kit.again.iter().any(|word| word == "--read-write") {
        // The run was confirmed while changes were allowed here.
        command.arg("--read-write");
    }
    command.args(["runbook", "resume", &run.0, "--yes"]);
    if let (ConfirmLevel::TypeName, name) = &driven.confirm {
        command.arg(format!("--confirm-name={name}"));
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // What the terminal sends to this console's group is not for it.
        .process_group(0)
        .spawn()
}

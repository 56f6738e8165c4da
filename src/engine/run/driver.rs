//! Drives a machine: does what it commands, and tells it what happened.

use std::sync::Arc;

use super::{CannotResume, CannotStart, Inner, RunHandle, Start};
use crate::domain::exit::Exit;
use crate::runbook::plan::Plan;
use crate::runbook::record::{Resume, RunId};

pub(super) fn start(_inner: &Arc<Inner>, _plan: Plan, start: Start) -> Result<RunHandle, CannotStart> {
    Err(CannotStart {
        exit: Exit::Internal,
        reason: format!("{} cannot start runs yet", start.who.version),
    })
}

pub(super) fn resume(
    inner: &Arc<Inner>,
    _id: &RunId,
    _to: Resume,
    start: Start,
) -> Result<RunHandle, CannotResume> {
    let _ = (&inner.cloud, &inner.read_only);
    Err(CannotStart {
        exit: Exit::Internal,
        reason: format!("{} cannot resume runs yet", start.who.version),
    }
    .into())
}

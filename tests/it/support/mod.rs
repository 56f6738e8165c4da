//! What the tests share: a process with a clean environment, a pseudo-terminal, waiting with a
//! deadline, and a local AWS endpoint. A helper that no test uses does not belong here.

#[cfg(feature = "aws")]
mod checks_front;
mod checks_screen;
#[cfg(feature = "aws")]
pub mod front;
#[cfg(feature = "aws")]
mod http;
pub mod qd;
pub mod screen;
pub mod wait;

use std::time::Duration;

/// How long anything may take before a test fails: generous, since a loaded machine is no defect.
pub const PATIENCE: Duration = Duration::from_mins(1);

//! The integration tests, in one binary.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test stops at the first surprise, like the test itself"
)]

#[cfg(feature = "aws")]
mod adapter;
mod arch;
mod cli;
mod collecting;
mod config;
mod console;
mod console_runs;
mod console_state;
mod console_truth;
mod demo;
mod estate;
mod estimate;
mod gpu_probe_line;
mod logs;
#[cfg(feature = "aws")]
mod moto;
mod readme;
mod rules;
mod runbook;
mod running;
mod runs;
mod screens;
mod support;

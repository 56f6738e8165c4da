//! The integration tests, in one binary.

#[cfg(feature = "aws")]
mod adapter;
mod arch;
mod cli;
mod config;
mod gpu_probe_line;
mod rules;
mod support;

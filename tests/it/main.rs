//! The integration tests, in one binary.

#[cfg(feature = "aws")]
mod adapter;
mod config;
mod demo;
mod gpu_probe_line;
mod logs;
mod rules;
mod support;

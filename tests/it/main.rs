//! The integration tests, in one binary.

#[cfg(feature = "aws")]
mod adapter;
mod config;
mod console;
mod console_state;
mod demo;
mod gpu_probe_line;
#[cfg(feature = "aws")]
mod moto;
mod rules;
mod screens;
mod support;

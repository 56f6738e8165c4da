//! The integration tests, in one binary.

mod config;
mod gpu_probe_line;
mod support;

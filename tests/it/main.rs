//! The integration tests, in one binary.

#[cfg(feature = "aws")]
mod adapter;
mod config;
mod support;

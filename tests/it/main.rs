//! The integration tests, in one binary.

#[cfg(feature = "aws")]
mod adapter_data;
mod config;
mod support;

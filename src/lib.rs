//! quarterdeck: a terminal operations console for AWS.

pub mod config;
pub mod domain;

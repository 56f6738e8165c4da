//! quarterdeck: a terminal operations console for AWS with runbook automation.

pub mod cloud;
pub mod config;
pub mod domain;

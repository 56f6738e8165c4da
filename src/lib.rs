//! quarterdeck: a terminal operations console for AWS with runbook automation.

pub mod cloud;
pub mod domain;
pub mod engine;

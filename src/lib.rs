//! quarterdeck: a terminal operations console for AWS with runbook automation.

pub mod app;
pub mod cli;
pub mod cloud;
pub mod config;
pub mod console;
pub mod domain;
pub mod engine;
pub mod headless;
pub mod view;

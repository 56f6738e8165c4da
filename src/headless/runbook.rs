//! `qd runbook`: finding, reading and checking runbooks.

pub mod lint;
pub mod list;
pub mod show;

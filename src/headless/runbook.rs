//! `qd runbook`: finding, reading and checking runbooks; planning, running and following them.

pub mod attach;
pub mod desk;
pub mod detach;
pub mod document;
pub mod drive;
pub mod failure;
pub mod history;
pub mod keyboard;
pub mod lint;
pub mod list;
pub mod lock;
pub mod logs;
pub mod plan;
pub mod prepare;
pub mod resume;
pub mod run;
pub mod show;
pub mod status;
pub mod teller;

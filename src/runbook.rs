//! Runbooks: guarded changes of an estate, planned, confirmed, made, verified and undone. Pure: no
//! I/O, no clock, no randomness.

pub mod action;
pub mod actions;
pub mod check;
pub mod machine;
pub mod plan;
pub mod record;
pub mod schema;
pub mod types;
pub mod value;

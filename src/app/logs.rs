//! Logs: the lines of tails, and what the user does with them.

pub mod buffer;
pub mod level;

//! The command line: what can be typed, and which command that is.

pub mod global;
pub mod launch;
pub mod preferences;
pub mod scopes;

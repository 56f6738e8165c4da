//! The console: terminal, input and the loop that owns the state.

pub mod clipboard;
pub mod incidents;
pub mod input;
pub mod logs;
pub mod quiet;
pub mod runs;
pub mod session;
pub mod terminal;

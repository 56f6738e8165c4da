//! The part that runs: clocks, the collector, rate budgets, log tails, files. It knows no terminal;
//! the console and the headless commands are two ways to drive it.

pub mod budget;
pub mod clock;
pub mod collector;
pub mod cost_cache;
pub mod environment;
pub mod exec;
pub mod host;
pub mod incident;
pub mod meter;
mod name;
pub mod run;
pub mod runbooks;
pub mod schedule;
pub mod tail;

//! Runs of runbooks, from the plan to the last record, against the demo and on a disk.

mod crash;
mod path;
mod stage;
mod together;
mod trouble;

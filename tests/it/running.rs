//! Runs of runbooks, from the plan to the last record, against the demo and on a disk.

mod crash;
mod databases;
mod drills;
mod edge;
mod functions;
mod guards;
mod models;
mod nights;
mod path;
mod pipelines;
mod preconditions;
mod rollbacks;
mod solved;
mod stage;
mod together;
mod trouble;

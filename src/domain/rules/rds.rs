//! RDS: instances and clusters that are away, full, slow, or without a way back.

pub mod availability;
pub mod backup;
mod class_memory;
pub mod connections;
pub mod formula;
pub mod load;
pub mod maintenance;
pub mod memory;
pub mod replica_lag;
pub mod single_az;
pub mod storage;

use jiff::Timestamp;

use crate::domain::datastore::DbInstance;
use crate::domain::rules::Context;

/// All instances, and when they were read.
fn instances<'a>(context: &Context<'a>) -> impl Iterator<Item = (&'a DbInstance, Timestamp)> {
    let known = context.state.db_instances.value.as_ref();
    known
        .into_iter()
        .flat_map(|(instances, at)| instances.iter().map(|db| (db, *at)))
}

/// Instances whose metrics mean something: those that serve.
fn serving<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a DbInstance> {
    instances(context).map(|(db, _)| db).filter(|db| {
        !matches!(
            db.status.as_str(),
            "stopped" | "stopping" | "starting" | "creating" | "deleting"
        )
    })
}

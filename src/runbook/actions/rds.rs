//! Actions on RDS DB instances and clusters. Members of clusters are changed by the cluster's own
//! operations, and refused where those are the right ones.

pub(in crate::runbook) mod cluster;
mod delete;
mod modify;
mod power;
mod reboot;
mod rename;
mod restore;
pub(in crate::runbook) mod settings;
mod snapshot;

pub(super) use cluster::{
    AddMembers, CLUSTER_POINT_IN_TIME, CLUSTER_SNAPSHOT, CLUSTER_START, CLUSTER_STOP, CopyClusterSettings,
    FailoverCluster, RenameCluster,
};
pub(super) use delete::DeleteInstance;
pub(super) use modify::{CopySettings, Modify};
pub(super) use snapshot::{TAKE, TAKE_OF_CLUSTER};

pub(super) use power::{START, STOP};
pub(super) use reboot::Reboot;
pub(super) use rename::Rename;
pub(super) use restore::{POINT_IN_TIME, SNAPSHOT};

use crate::domain::datastore::DbInstance;
use crate::domain::ids::Kind;
use crate::runbook::action::{Progress, Refusal, Site, Target, View};

/// The instance that is to be changed: it must be there, and on its own.
fn instance<'v>(view: &'v View, name: &str) -> Result<&'v DbInstance, Refusal> {
    let db = view
        .db_instance(name)?
        .ok_or_else(|| Refusal::absent(format!("there is no DB instance {name}")))?;
    match &db.cluster {
        Some(cluster) => Err(Refusal::state(format!(
            "{name} is a member of the cluster {cluster}: that is changed by the cluster's own operations"
        ))),
        None => Ok(db),
    }
}

fn available(db: &DbInstance) -> Result<(), Refusal> {
    if db.status == "available" {
        Ok(())
    } else {
        Err(Refusal::state(format!("{} is {}", db.name, db.status)))
    }
}

fn target(site: &Site<'_>, db: &DbInstance) -> Target {
    site.target(Kind::RdsInstance, &db.arn, &db.name)
}

/// States from which an instance does not recover by itself.
const FAILED: [&str; 8] = [
    "failed",
    "incompatible-restore",
    "incompatible-parameters",
    "incompatible-network",
    "incompatible-option-group",
    "insufficient-capacity",
    "restore-error",
    "inaccessible-encryption-credentials",
];

/// Whether a status passes by itself, so that AWS will allow then what it refuses now.
fn passing(status: &str) -> Option<String> {
    let stays = matches!(
        status,
        "available" | "stopped" | "storage-full" | "storage-optimization" | "deleting"
    ) || FAILED.contains(&status);
    (!stays).then(|| format!("it is {status}"))
}

/// What goes on with an instance that passes by itself.
fn busy(view: &View, name: &str) -> Option<String> {
    passing(&view.db_instance(name).ok().flatten()?.status)
}

/// Whether an instance has come to rest. `available` comes and goes while it settles: nothing may be
/// pending, and its parameters must be in force.
fn at_rest(db: &DbInstance) -> Progress {
    if FAILED.contains(&db.status.as_str()) {
        return Progress::Failed(format!("{} is {}", db.name, db.status));
    }
    if db.status != "available" {
        return Progress::Waiting(format!("it is {}", db.status));
    }
    if !db.pending_modifications.is_empty() {
        return Progress::Waiting(format!("pending: {}", db.pending_modifications.join(", ")));
    }
    match &db.parameter_group {
        Some((_, state)) if state == "applying" => {
            Progress::Waiting("parameters are being applied".to_owned())
        }
        _ => Progress::Done,
    }
}

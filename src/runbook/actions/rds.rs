//! Actions on RDS DB instances and clusters. Members of clusters are changed by the cluster's own
//! operations, and refused where those are the right ones.

pub(in crate::runbook) mod cluster;
mod copying;
mod database;
mod delete;
mod modify;
mod power;
mod reboot;
mod rename;
mod renaming;
mod restore;
mod restoring;
pub(in crate::runbook) mod settings;
mod snapshot;

pub(super) use cluster::{
    AddMembers, CLUSTER_POINT_IN_TIME, CLUSTER_SNAPSHOT, CLUSTER_START, CLUSTER_STOP, CopyClusterSettings,
    FailoverCluster, ModifyCluster, RenameCluster,
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
use crate::runbook::action::{Refusal, Site, Target, View};

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

fn target(site: &Site<'_>, db: &DbInstance) -> Target {
    site.target(Kind::RdsInstance, &db.arn, &db.name)
}

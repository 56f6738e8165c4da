//! Actions on DB clusters: Aurora's, and Multi-AZ DB clusters as far as they are the same.

mod failover;
mod members;
mod modify;
mod power;
mod rename;
mod restore;
mod settings;

pub use failover::FailoverCluster;
pub use members::AddMembers;
pub use modify::ModifyCluster;
pub(in crate::runbook::actions) use power::unstoppable;
pub use power::{START as CLUSTER_START, STOP as CLUSTER_STOP};
pub use rename::RenameCluster;
pub use restore::{POINT_IN_TIME as CLUSTER_POINT_IN_TIME, SNAPSHOT as CLUSTER_SNAPSHOT};
pub use settings::CopyClusterSettings;

pub(in crate::runbook) use settings::differences;

use crate::domain::datastore::DbCluster;
use crate::domain::ids::Kind;
use crate::runbook::action::{Refusal, Site, Target, View};

/// The cluster that is to be changed.
pub(super) fn find<'v>(view: &'v View, name: &str) -> Result<&'v DbCluster, Refusal> {
    view.db_cluster(name)?
        .ok_or_else(|| Refusal::absent(format!("there is no DB cluster {name}")))
}

pub(super) fn target(site: &Site<'_>, cluster: &DbCluster) -> Target {
    site.target(Kind::RdsCluster, &cluster.arn, &cluster.name)
}

/// Whether AWS makes the instances of a cluster by itself: those of a Multi-AZ DB cluster.
fn makes_its_own(cluster: &DbCluster) -> bool {
    cluster.settings.class.is_some()
}

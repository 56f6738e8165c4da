//! Actions on DB clusters: Aurora's, and Multi-AZ DB clusters as far as they are the same.

mod failover;
mod members;
mod power;
mod rename;
mod restore;
mod settings;

pub use failover::FailoverCluster;
pub use members::AddMembers;
pub(in crate::runbook::actions) use power::unstoppable;
pub use power::{START as CLUSTER_START, STOP as CLUSTER_STOP};
pub use rename::RenameCluster;
pub use restore::{POINT_IN_TIME as CLUSTER_POINT_IN_TIME, SNAPSHOT as CLUSTER_SNAPSHOT};
pub use settings::CopyClusterSettings;

pub(in crate::runbook) use settings::differences;

use crate::domain::datastore::DbCluster;
use crate::domain::ids::Kind;
use crate::runbook::action::{Progress, Refusal, Site, Target, View};

/// The cluster that is to be changed.
pub(super) fn find<'v>(view: &'v View, name: &str) -> Result<&'v DbCluster, Refusal> {
    view.db_cluster(name)?
        .ok_or_else(|| Refusal::absent(format!("there is no DB cluster {name}")))
}

pub(super) fn available(cluster: &DbCluster) -> Result<(), Refusal> {
    if cluster.status == "available" {
        Ok(())
    } else {
        Err(Refusal::state(format!("{} is {}", cluster.name, cluster.status)))
    }
}

pub(super) fn target(site: &Site<'_>, cluster: &DbCluster) -> Target {
    site.target(Kind::RdsCluster, &cluster.arn, &cluster.name)
}

/// Whether AWS makes the instances of a cluster by itself: those of a Multi-AZ DB cluster.
fn makes_its_own(cluster: &DbCluster) -> bool {
    cluster.settings.class.is_some()
}

/// The ARN of another cluster beside one.
fn beside(cluster: &DbCluster, name: &str) -> String {
    cluster
        .arn
        .rsplit_once(':')
        .map_or_else(|| name.to_owned(), |(start, _)| format!("{start}:{name}"))
}

/// States from which a cluster does not recover by itself.
const FAILED: [&str; 4] = [
    "failed",
    "cloning-failed",
    "inaccessible-encryption-credentials",
    "migration-failed",
];

/// What goes on with a cluster that passes by itself.
pub(super) fn busy(view: &View, name: &str) -> Option<String> {
    let status = &view.db_cluster(name).ok().flatten()?.status;
    let stays =
        matches!(status.as_str(), "available" | "stopped" | "deleting") || FAILED.contains(&status.as_str());
    (!stays).then(|| format!("it is {status}"))
}

/// Whether a cluster has come to rest.
fn at_rest(cluster: &DbCluster) -> Progress {
    if FAILED.contains(&cluster.status.as_str()) {
        Progress::Failed(format!("{} is {}", cluster.name, cluster.status))
    } else if cluster.status == "available" {
        Progress::Done
    } else {
        Progress::Waiting(format!("it is {}", cluster.status))
    }
}

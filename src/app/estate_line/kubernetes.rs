//! EKS in a few words.

use crate::app::state::State;
use crate::domain::counted::counted;
use crate::domain::ids::Kind;

use super::{bad, troubled};

/// Clusters, nodes wanted, and how many of both are not well.
pub(super) fn text(state: &State) -> Option<String> {
    let known = || {
        let scopes = state.picture.inventory.shown();
        scopes.filter_map(|scope| Some((scope, scope.kubernetes.get()?)))
    };
    let clusters: usize = known().map(|(_, known)| known.clusters.len()).sum();
    if clusters == 0 {
        return None;
    }
    let nodes: u32 = known()
        .flat_map(|(_, known)| &known.nodegroups)
        .map(|group| group.desired)
        .sum();
    let of_clusters =
        known().flat_map(|(scope, known)| known.clusters.iter().map(move |one| (scope, &one.arn)));
    let of_groups =
        known().flat_map(|(scope, known)| known.nodegroups.iter().map(move |one| (scope, &one.arn)));
    let troubled =
        troubled(state, Kind::EksCluster, of_clusters) + troubled(state, Kind::Nodegroup, of_groups);
    Some(format!(
        "eks {clusters}, {}{}",
        counted(nodes, "node"),
        bad(troubled)
    ))
}

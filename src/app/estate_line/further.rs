//! Families without a digit: an item for each that the estate has, beside the panes that have one.

use crate::app::pane::Pane;
use crate::app::state::State;
use crate::domain::ids::Kind;

use super::{Entry, bad, entry, troubled};

/// A family: its pane, and what there is to say of it; `None` if the estate has nothing of it, or
/// nothing has been read yet.
struct Family {
    pane: Pane,
    text: fn(&State) -> Option<String>,
}

/// The families, in the order in which they are shown.
const FAMILIES: &[Family] = &[
    Family {
        pane: Pane::Kubernetes,
        text: kubernetes,
    },
    Family {
        pane: Pane::Functions,
        text: functions,
    },
];

/// The items, in the tones of what is wrong in their panes.
pub(super) fn items(state: &State) -> Vec<Entry> {
    let item = |family: &Family| Some(entry(state, family.pane, (family.text)(state)?));
    FAMILIES.iter().filter_map(item).collect()
}

/// Clusters, nodes wanted, and how many of both are not well.
fn kubernetes(state: &State) -> Option<String> {
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
    Some(format!("eks {clusters}, {nodes} nodes{}", bad(troubled)))
}

/// Functions, and how many are not well.
fn functions(state: &State) -> Option<String> {
    let known = || {
        let scopes = state.picture.inventory.shown();
        scopes.flat_map(|scope| {
            let functions = scope
                .functions
                .get()
                .into_iter()
                .flat_map(|known| &known.functions);
            functions.map(move |function| (scope, &function.arn))
        })
    };
    let total = known().count();
    (total > 0).then(|| format!("fn {total}{}", bad(troubled(state, Kind::Lambda, known()))))
}

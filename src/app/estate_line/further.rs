//! Families without a digit: an item for each that the estate has, beside the panes that have one.

use crate::app::pane::Pane;
use crate::app::state::State;

use super::{Entry, bad, entry, functions, kubernetes, of_all, recovery, troubled};
use crate::domain::ids::Kind;
use crate::domain::inventory::ScopeState;

/// A family: its pane, and what there is to say of it; `None` if the estate has nothing of it, or
/// nothing has been read yet.
struct Family {
    pane: Pane,
    text: fn(&State) -> Option<String>,
}

/// The families, in the order in which they are shown.
const FAMILIES: &[Family] = &[
    Family {
        pane: Pane::Pipelines,
        text: pipelines,
    },
    Family {
        pane: Pane::Recovery,
        text: recovery::text,
    },
    Family {
        pane: Pane::Kubernetes,
        text: kubernetes::text,
    },
    Family {
        pane: Pane::Functions,
        text: functions::text,
    },
];

/// The items, in the tones of what is wrong in their panes.
pub(super) fn items(state: &State) -> Vec<Entry> {
    let item = |family: &Family| Some(entry(state, family.pane, (family.text)(state)?));
    FAMILIES.iter().filter_map(item).collect()
}

/// Pipelines, build projects and repositories.
fn pipelines(state: &State) -> Option<String> {
    let scopes: Vec<&ScopeState> = state.picture.inventory.shown().collect();
    let pipelines = of_all(&scopes, |scope| scope.pipelines.get());
    let projects = of_all(&scopes, |scope| scope.build_projects.get());
    let repositories = of_all(&scopes, |scope| scope.repositories.get());
    let counts: Vec<String> = [
        (pipelines.len(), "cp"),
        (projects.len(), "build"),
        (repositories.len(), "ecr"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    if counts.is_empty() {
        return None;
    }
    let names: Vec<(&ScopeState, String)> = pipelines
        .iter()
        .map(|(scope, one)| (*scope, one.id().to_owned()))
        .collect();
    let troubled = troubled(
        state,
        Kind::Pipeline,
        names.iter().map(|(scope, id)| (*scope, id)),
    ) + troubled(
        state,
        Kind::CodebuildProject,
        projects.iter().map(|(scope, one)| (*scope, &one.arn)),
    ) + troubled(
        state,
        Kind::EcrRepository,
        repositories.iter().map(|(scope, one)| (*scope, &one.arn)),
    );
    Some(format!("{}{}", counts.join(" "), bad(troubled)))
}

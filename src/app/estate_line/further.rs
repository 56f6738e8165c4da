//! Families without a digit: an item for each that the estate has, beside the panes that have one.

use super::{Entry, bad, entry, functions, kubernetes, of_all, recovery, scopes, troubled};
use crate::app::format;
use crate::app::pane::Pane;
use crate::app::state::State;
use crate::domain::bucket::BucketStorage;
use crate::domain::counted::counted;
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};

/// A family: its pane, and what there is to say of it; `None` if the estate has nothing of it, or
/// nothing has been read yet.
struct Family {
    pane: Pane,
    text: fn(&State) -> Option<String>,
}

/// The families, in the order in which they are shown.
const FAMILIES: &[Family] = &[
    Family {
        pane: Pane::Models,
        text: models,
    },
    Family {
        pane: Pane::Pipelines,
        text: pipelines,
    },
    Family {
        pane: Pane::Web,
        text: web,
    },
    Family {
        pane: Pane::Secrets,
        text: secrets,
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

/// Endpoints, running training jobs, notebooks that are on.
fn models(state: &State) -> Option<String> {
    let scopes: Vec<&ScopeState> = state.picture.inventory.shown().collect();
    let endpoints = scopes.iter().filter_map(|scope| scope.endpoints.get()).flatten();
    let (mut all, mut well) = (0, 0);
    for endpoint in endpoints {
        all += 1;
        well += usize::from(endpoint.status == "InService");
    }
    let jobs = scopes
        .iter()
        .filter_map(|scope| scope.training_jobs.get())
        .flatten();
    let training = jobs.filter(|job| job.is_running()).count();
    let notebooks = scopes.iter().filter_map(|scope| scope.notebooks.get()).flatten();
    let on = notebooks.filter(|notebook| notebook.is_running()).count();
    let mut parts = Vec::new();
    if all > 0 {
        parts.push(format!("models {well}/{all}"));
    }
    for (count, word) in [
        (training, "training"),
        (on, if on == 1 { "notebook on" } else { "notebooks on" }),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The items, in the tones of what is wrong in their panes.
pub(super) fn items(state: &State) -> Vec<Entry> {
    let item = |family: &Family| Some(entry(state, family.pane, (family.text)(state)?));
    FAMILIES.iter().filter_map(item).collect()
}

/// Buckets with what they hold, and distributions.
fn web(state: &State) -> Option<String> {
    let (scopes, _) = scopes(state, &Source::Buckets);
    let buckets: usize = scopes
        .iter()
        .filter_map(|scope| scope.buckets.get())
        .map(Vec::len)
        .sum();
    let distributions = scopes.iter().filter_map(|scope| scope.distributions.get());
    let distributions: usize = distributions.map(Vec::len).sum();
    let held = scopes
        .iter()
        .filter_map(|scope| scope.bucket_storage.get())
        .flatten();
    let held: Option<f64> = held.filter_map(BucketStorage::bytes).reduce(|a, b| a + b);
    let held = held.map_or_else(String::new, |bytes| format!(" {}", format::bytes(bytes)));
    match (buckets, distributions) {
        (0, 0) => None,
        (0, cdn) => Some(format!("{cdn} cdn")),
        (s3, 0) => Some(format!("{s3} s3{held}")),
        (s3, cdn) => Some(format!("{s3} s3{held} {cdn} cdn")),
    }
}

/// Secrets and parameters.
fn secrets(state: &State) -> Option<String> {
    let (scopes, _) = scopes(state, &Source::Secrets);
    let secrets: usize = scopes
        .iter()
        .filter_map(|scope| scope.secrets.get())
        .map(Vec::len)
        .sum();
    let parameters = scopes.iter().filter_map(|scope| scope.parameters.get());
    let parameters: usize = parameters.map(Vec::len).sum();
    match (secrets, parameters) {
        (0, 0) => None,
        (secrets, 0) => Some(counted(secrets, "secret")),
        (secrets, parameters) => Some(format!("{} {parameters} param", counted(secrets, "secret"))),
    }
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

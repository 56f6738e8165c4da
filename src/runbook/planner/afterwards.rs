//! What is offered once the run has succeeded, worked out with the plan: at the end nothing more is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Found;
use crate::domain::policy::Selection;
use crate::runbook::action::{Unread, View};
use crate::runbook::expr::{EvalError, Names};
use crate::runbook::model;
use crate::runbook::observe;
use crate::runbook::plan::Afterwards;
use crate::runbook::value::{Resource, Value};

/// What is offered, one for each resource where it is for a kind.
pub(super) fn of(
    declared: &[model::Afterwards],
    (names, view, selection): (&Names<'_>, &View, &Selection),
    found: &mut Found,
) -> Vec<Afterwards> {
    let mut all = Vec::new();
    for next in declared {
        let place = format!("afterwards {}", next.runbook.value);
        match next.when.as_ref().map(|when| when.holds(names)).transpose() {
            Ok(Some(false)) => continue,
            Ok(Some(true) | None) => {}
            Err(error) => {
                found.evaluation(&place, &error);
                continue;
            }
        }
        let Some(kind) = &next.kind else {
            match filled(next, names, Resource::handle) {
                Ok(set) => all.push(offered(next, None, set)),
                Err(error) => found.evaluation(&place, &error),
            }
            continue;
        };
        if !found.need(observe::queries(kind.value), view) {
            continue;
        }
        let (resources, unread) = match observe::resources(kind.value, view) {
            Ok(resources) => (resources, None),
            // It is a convenience: what cannot be listed is said, and keeps nobody from the run.
            Err(unread) => {
                let known = match unread {
                    Unread::Partial(_) => {
                        observe::resources(kind.value, &view.gaps_aside()).unwrap_or_default()
                    }
                    Unread::Failed(_) | Unread::NotAsked(_) => Vec::new(),
                };
                (known, Some(unread.to_string()))
            }
        };
        if let Some(why) = unread {
            all.push(Afterwards {
                unread: Some(format!("not every {} could be listed: {why}", kind.value.name())),
                ..offered(next, None, BTreeMap::new())
            });
        }
        let own: Vec<Resource> = resources
            .into_iter()
            .filter(|resource| is_of_estate(resource, selection))
            .collect();
        match each(next, (names, &own)) {
            Ok(offers) => all.extend(offers),
            Err(error) => found.evaluation(&place, &error),
        }
    }
    all
}

/// One for each resource: by its name, or by its id where names alone would say the same of two.
fn each(
    next: &model::Afterwards,
    (names, own): (&Names<'_>, &[Resource]),
) -> Result<Vec<Afterwards>, EvalError> {
    let sets = |called: fn(&Resource) -> &str| -> Result<Vec<BTreeMap<String, String>>, EvalError> {
        own.iter()
            .map(|resource| {
                let subject = Value::Resource(Arc::new(resource.clone()));
                filled(next, &Names::within(names).with("resource", subject), called)
            })
            .collect()
    };
    let (by_name, by_id) = (sets(Resource::handle)?, sets(|resource| resource.id.as_str())?);
    let is_twin = |set: &BTreeMap<String, String>| by_name.iter().filter(|other| *other == set).count() > 1;
    Ok(own
        .iter()
        .zip(by_name.iter().zip(by_id))
        .map(|(resource, (name, id))| {
            let set = if is_twin(name) { id } else { name.clone() };
            offered(next, Some(resource), set)
        })
        .collect())
}

fn offered(next: &model::Afterwards, of: Option<&Resource>, set: BTreeMap<String, String>) -> Afterwards {
    Afterwards {
        runbook: next.runbook.value.clone(),
        about: next.about.clone(),
        subject: of.map(|resource| resource.name.clone()),
        set,
        unread: None,
    }
}

fn is_of_estate(resource: &Resource, selection: &Selection) -> bool {
    let tags = match resource.facts.get("tags") {
        Some(Value::Map(tags)) => tags.clone(),
        _ => BTreeMap::new(),
    };
    let pairs = tags
        .iter()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_text()?)));
    selection.includes(&resource.name, pairs)
}

/// The parameters; one that has no value is left to whoever runs it.
fn filled(
    next: &model::Afterwards,
    names: &Names<'_>,
    called: fn(&Resource) -> &str,
) -> Result<BTreeMap<String, String>, EvalError> {
    let text = |value: &Value| match value {
        Value::Resource(resource) => called(resource).to_owned(),
        other => other.to_string(),
    };
    let mut set = BTreeMap::new();
    for (name, expr) in &next.set {
        let given = match expr.evaluate(names)? {
            Value::Null => continue,
            Value::List(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
            value => text(&value),
        };
        set.insert(name.value.clone(), given);
    }
    Ok(set)
}

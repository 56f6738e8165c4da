//! What could not be read: failed sources, and the gaps of those that answered in part.

use std::collections::BTreeSet;

use crate::domain::fault::Fault;
use crate::domain::ids::Kind;
use crate::domain::inventory::{Inventory, ScopeState, Source};
use crate::domain::rules;
use crate::headless::status::document::ErrorEntry;

/// Every error once, scope by scope in their order, by kind.
pub(super) fn of(inventory: &Inventory) -> Vec<ErrorEntry> {
    let mut entries = Vec::new();
    for state in inventory.shown() {
        let mut of_scope = BTreeSet::new();
        for source in sources(state) {
            let standing = state.standing(&source);
            let failing = standing.failing.as_ref().map(|failing| &*failing.fault);
            for fault in failing.into_iter().chain(standing.gaps.iter()) {
                of_scope.insert(entry(state, &source, fault));
            }
        }
        entries.extend(of_scope);
    }
    entries
}

fn entry(state: &ScopeState, source: &Source, fault: &Fault) -> ErrorEntry {
    let scope = if source.is_account_wide() {
        state.scope.global_name()
    } else {
        state.name().clone()
    };
    let kind = match source.kind() {
        Kind::Scope => "credentials",
        Kind::Budget => "spend",
        kind => kind.name(),
    };
    ErrorEntry {
        scope: scope.to_string(),
        kind,
        operation: (!fault.operation.is_empty()).then(|| format!("{}:{}", fault.service, fault.operation)),
        code: fault.code.clone().unwrap_or_else(|| fault.word().to_owned()),
        message: fault.message.clone(),
        hint: fault.hint(&state.scope),
    }
}

/// Every source that a scope has been asked for.
pub fn sources(state: &ScopeState) -> impl Iterator<Item = Source> {
    let details = state
        .tasks
        .keys()
        .cloned()
        .map(Source::EcsTasks)
        .chain(state.deployments.keys().cloned().map(Source::EcsDeployments))
        .chain(state.trail.keys().cloned().map(Source::Trail));
    rules::sources()
        .chain(details)
        .filter(|source| state.standing(source).is_settled())
}

//! What AWS advises.

use super::Writing;
use crate::domain::advice;
use crate::domain::ids::Kind;
use crate::headless::status::document::{Advice, Resource};

/// What is advised for the account and for the region; `None` where neither adviser is available.
pub(super) fn all(writing: &Writing<'_>) -> Option<Vec<Resource<Advice>>> {
    let state = writing.state;
    let of_account = state
        .trusted_advisor
        .get()
        .filter(|given| given.unavailable.is_none());
    let of_region = state
        .recommendations
        .get()
        .filter(|given| given.unavailable.is_none());
    if of_account.is_none() && of_region.is_none() {
        return None;
    }
    let global = state.scope.global_name().to_string();
    let of_account = of_account.into_iter().flat_map(|given| &given.items).map(|one| {
        let mut entry = entry(writing, one);
        entry.scope.clone_from(&global);
        entry
    });
    let of_region = of_region
        .into_iter()
        .flat_map(|given| &given.items)
        .map(|one| entry(writing, one));
    Some(of_account.chain(of_region).collect())
}

fn entry(writing: &Writing<'_>, one: &advice::Advice) -> Resource<Advice> {
    let facts = Advice {
        adviser: one.adviser.name(),
        category: one.category.clone(),
        level: one.level.name(),
        what: one.what.clone(),
        resources: one.resources.clone(),
        flagged: one.flagged,
        saves_usd_per_month: one.saves_usd_per_month.map(super::rounded),
        checked_at: one.checked_at,
    };
    writing.resource(Kind::Advice, &one.id, &one.name, facts)
}

//! Which accounts the scopes turn out to be: what of that has to be said.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::state::State;
use crate::app::table::Tone;
use crate::domain::scope::ScopeName;

/// What is known of the scopes' places, so that a change is said once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    accounts: BTreeMap<ScopeName, String>,
    merged: BTreeSet<ScopeName>,
}

/// Says what is new about where the scopes are.
pub(super) fn look(state: &mut State) {
    let picture = state.picture.clone();
    for scope in &picture.inventory.scopes {
        let name = scope.name();
        if let Some(account) = scope.account() {
            let before = state.places.accounts.insert(name.clone(), account.to_owned());
            if let Some(before) = before.filter(|before| before != account) {
                let words = format!(
                    "{name} is account {account} now, not {before}: what was known of it is forgotten"
                );
                state.say(words, Tone::Warn);
            }
        }
        match &scope.merged_into {
            Some(other) => {
                if state.places.merged.insert(name.clone()) {
                    let words = format!("{name} is the account and region of {other}: shown once");
                    state.say(words, Tone::Warn);
                }
            }
            None => {
                state.places.merged.remove(name);
            }
        }
    }
}

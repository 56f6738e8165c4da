//! The sites of a process: what it was started for, and what follows from that for a run in one of its
//! scopes.

use std::sync::Arc;

use super::SiteFacts;
use crate::domain::policy::Selection;
use crate::domain::rules::Policies;
use crate::domain::scope::{Identity, Scope, ScopeName};

/// What a process was started for; the same for all of its runs.
#[derive(Debug, Clone)]
pub struct Sites {
    /// Accounts and regions.
    pub scopes: Vec<Arc<Scope>>,
    /// What estates have decided.
    pub policies: Arc<Policies>,
    /// The estate, if one was named.
    pub estate: Option<String>,
    /// What belongs to it; everything where none was named.
    pub selection: Arc<Selection>,
}

impl Sites {
    /// The scope of that name, if this process was started for it.
    pub fn scope(&self, name: &ScopeName) -> Option<&Arc<Scope>> {
        self.scopes.iter().find(|scope| scope.name == *name)
    }

    /// Whom and where a run in that scope is for.
    pub fn facts(&self, scope: Arc<Scope>, identity: Identity) -> SiteFacts {
        SiteFacts {
            identity,
            estate: self.estate.clone(),
            policy: self.policies.of(&scope.name).clone(),
            selection: self.selection.clone(),
            scope,
        }
    }
}

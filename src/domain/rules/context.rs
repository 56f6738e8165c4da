//! What a rule sees: one scope, its policy, and the moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::ids::Tag;
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog::MetricRef;
use crate::domain::policy::{Environment, Policy, Thresholds, Zone};
use crate::domain::rules::accept::SessionAccept;
use crate::domain::rules::measured::{Measured, Metrics};
use crate::domain::rules::non_production;
use crate::domain::scope::ScopeName;

/// What findings are judged by, apart from the data.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The policies of the estates.
    pub policies: &'a Policies,
    /// What the user of this session has accepted.
    pub session: &'a [SessionAccept],
}

/// Which policy holds in which scope.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// Of scopes that an estate file names.
    pub of_scope: BTreeMap<ScopeName, Arc<Policy>>,
    /// Of all others.
    pub otherwise: Arc<Policy>,
}

impl Policies {
    /// The policy of a scope.
    pub fn of(&self, scope: &ScopeName) -> &Arc<Policy> {
        self.of_scope.get(scope).unwrap_or(&self.otherwise)
    }
}

/// One scope with everything that rules judge it by.
pub struct Context<'a> {
    /// What is known of the scope.
    pub state: &'a ScopeState,
    /// What its owners have decided.
    pub policy: &'a Policy,
    /// The moment of the judgement.
    pub now: Timestamp,
    metrics: Metrics<'a>,
}

impl<'a> Context<'a> {
    /// Prepares a scope for being judged.
    pub fn new(state: &'a ScopeState, terms: &Terms<'a>, now: Timestamp) -> Self {
        Self {
            state,
            policy: terms.policies.of(state.name()),
            now,
            metrics: Metrics::of(state, now),
        }
    }

    /// The values of a metric; `None` if they were not read, or too long ago.
    pub fn metric(&self, metric: MetricRef<'_>) -> Option<Measured<'a>> {
        self.metrics.get(metric)
    }

    /// From which values on rules complain.
    pub fn limits(&self) -> &'a Thresholds {
        &self.policy.thresholds
    }

    /// The zone of the estate.
    pub fn zone(&self) -> &'a Zone {
        &self.policy.time_zone
    }

    /// Whether customers use the estate, as far as anybody said.
    pub fn is_prod(&self) -> bool {
        self.policy.environment == Environment::Prod
    }

    /// Whether customers use a resource: the estate is production, and neither the name nor a tag of
    /// the resource says that it is not.
    pub fn is_prod_resource(&self, name: &str, tags: &[Tag]) -> bool {
        self.is_prod() && !non_production::says_so(name, tags)
    }
}

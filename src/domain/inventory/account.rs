//! What an account has once, whatever region is watched: one scope of the account holds it.

use std::collections::BTreeMap;

use super::{Inventory, ScopeState};
use crate::domain::metric::MetricGroup;

impl Inventory {
    /// The scopes that collect account-wide families: the first shown one of each account.
    pub fn account_leaders(&self) -> impl Iterator<Item = &ScopeState> {
        self.shown().enumerate().filter_map(|(index, state)| {
            let account = state.account()?;
            let earlier = self
                .shown()
                .take(index)
                .any(|other| other.account() == Some(account));
            (!earlier).then_some(state)
        })
    }

    /// Brings what belongs to an account to the scope that leads it. Whose account is known first leads until
    /// that of an earlier scope turns out to be the same one; what the former has read, or is answered later,
    /// would be there twice.
    pub(super) fn gather_account_wide(&mut self) {
        let mut leaders: BTreeMap<String, usize> = BTreeMap::new();
        for index in 0..self.scopes.len() {
            let state = &self.scopes[index];
            if state.merged_into.is_some() {
                continue;
            }
            let Some(account) = state.account().map(str::to_owned) else {
                continue;
            };
            let leader = *leaders.entry(account).or_insert(index);
            let (earlier, rest) = self.scopes.split_at_mut(index);
            if let (Some(leader), Some(state)) = (earlier.get_mut(leader), rest.first_mut()) {
                state.hand_account_wide_to(leader);
            }
        }
    }
}

impl ScopeState {
    /// Gives everything whose source [is account-wide](super::Source::is_account_wide) away.
    fn hand_account_wide_to(&mut self, leader: &mut Self) {
        self.usage.hand_to(&mut leader.usage);
        self.forecast.hand_to(&mut leader.forecast);
        self.anomalies.hand_to(&mut leader.anomalies);
        self.budgets.hand_to(&mut leader.budgets);
        self.trusted_advisor.hand_to(&mut leader.trusted_advisor);
        self.buckets.hand_to(&mut leader.buckets);
        self.bucket_storage.hand_to(&mut leader.bucket_storage);
        self.distributions.hand_to(&mut leader.distributions);
        self.edge_certificates.hand_to(&mut leader.edge_certificates);
        self.dns.hand_to(&mut leader.dns);
        if let Some(mut measured) = self.metrics.remove(&MetricGroup::Distribution) {
            measured.hand_to(leader.metrics.entry(MetricGroup::Distribution).or_default());
        }
    }
}

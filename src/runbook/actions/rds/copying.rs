//! What the copying of settings has in common between DB instances and DB clusters: what can be set is set,
//! what cannot is told.

use serde_json::{Map, Value};

use super::database::Database;
use super::settings::plain;
use crate::runbook::action::{Change, Fields, Progress, Proposal, Refusal, known_after};

/// Settings that one database is to get from another.
pub(super) struct Copying<'v, D> {
    /// What has them.
    pub(super) source: &'v D,
    /// What gets them.
    pub(super) to: &'v D,
    /// Settings of the source in which the other differs.
    pub(super) differences: Vec<(String, Value)>,
    /// Settings that a modification can bring over.
    pub(super) modifiable: &'v [&'v str],
    /// Settings of what gets them, as they are.
    pub(super) live: Fields,
}

impl<D: Database> Copying<'_, D> {
    /// Refuses what exists and cannot be modified now.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.is_new() {
            Ok(())
        } else {
            super::database::available(self.to)
        }
    }

    /// Whether it is still to be made by an earlier step.
    fn is_new(&self) -> bool {
        self.to.resource_id().is_none()
    }

    /// The plan, from a change that names the target.
    pub(super) fn propose(self, draft: Change) -> Proposal {
        let is_new = self.is_new();
        let (set, other): (Vec<_>, Vec<_>) = self
            .differences
            .into_iter()
            .partition(|(name, _)| self.modifiable.contains(&name.as_str()));
        let set: Map<String, Value> = set.into_iter().collect();
        let mut proposal = if set.is_empty() {
            Proposal::nothing()
        } else {
            let before = set.keys().map(|name| {
                // AWS chooses what a restore is not told.
                let value = if is_new {
                    known_after("it exists")
                } else {
                    self.live.get(name).cloned().unwrap_or(Value::Null)
                };
                (name.clone(), value)
            });
            let names: Vec<&str> = set.keys().map(String::as_str).collect();
            let mut change = Change {
                summary: format!("take over from {}: {}", self.source.name(), names.join(", ")),
                before: before.collect(),
                after: set.clone().into_iter().collect(),
                ..draft
            };
            change.with.insert("set".to_owned(), Value::Object(set));
            Proposal::one(change)
        };
        if !other.is_empty() {
            let names: Vec<String> = other
                .into_iter()
                .map(|(name, value)| format!("{name} {}", plain(&value)))
                .collect();
            proposal.warnings.push(format!(
                "{}: it differs from {} in what cannot be set here: {}",
                self.to.name(),
                self.source.name(),
                names.join(", ")
            ));
        }
        proposal
    }
}

/// Whether settings are as a change wants them, or which is not.
pub(super) fn reached(change: &Change, live: &Fields) -> Progress {
    match change
        .after
        .iter()
        .find(|(name, wanted)| live.get(*name) != Some(wanted))
    {
        None => Progress::Done,
        Some((name, _)) => {
            let value = live.get(name).unwrap_or(&Value::Null);
            Progress::Waiting(format!("{name} is {value}"))
        }
    }
}

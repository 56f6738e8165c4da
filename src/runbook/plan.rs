//! A plan: everything that a run will do, resolved, before anybody is asked. It is shown, stored,
//! confirmed by its digest, and is all that the run machine needs.
//!
//! Nothing is decided later that is not in here: loops are unrolled, conditions judged, names resolved
//! to ids, each change has its `before` and `after`.

mod afterwards;
mod assemble;
mod digest;
mod steps;
mod summary;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::action::{Change, Target};
use crate::domain::policy::ConfirmLevel;
use crate::domain::savings::{Night, Off};
use crate::domain::scope::ScopeName;
use crate::runbook::value::Value;

pub use afterwards::Afterwards;
pub use assemble::{Assembly, Frame};
pub use digest::{PlanError, canonical};
pub use steps::{
    Backoff, CheckItem, FailurePolicy, Guard, GuardBaseline, GuardCheck, Lane, Late, Membership, OnUnclear,
    Part, Retry, Role, Severity, Step, Wait, Work,
};
pub use summary::{BlastRadius, Cost};

/// The name and version of the format.
pub const SCHEMA: &str = "quarterdeck.plan/1";

/// A runbook whose parameters are resolved and whose changes are worked out, against the estate as it was
/// read: what a person confirms and what a run carries out. Its digest covers all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`SCHEMA`].
    pub schema: String,
    /// `sha256:…` over everything else.
    pub digest: String,
    /// What is run.
    pub runbook: RunbookRef,
    /// When it was made, on the user's clock.
    pub created_at: Timestamp,
    /// After this it cannot be confirmed any more, on the user's clock.
    pub expires_at: Timestamp,
    /// Whom and where it is for.
    pub identity: PlanIdentity,
    /// The parameters, resolved; a secret as where it is.
    pub params: BTreeMap<String, Json>,
    /// What expressions see while the run is under way: `params` with their types.
    pub names: BTreeMap<String, Value>,
    /// What a person must do before anything is changed.
    pub confirm: Confirm,
    /// Every change, in the order of the steps.
    pub changes: Vec<Change>,
    /// What the changes touch together.
    pub blast_radius: BlastRadius,
    /// What they do to the bill together.
    pub cost: Cost,
    /// What somebody should know before saying yes.
    pub warnings: Vec<String>,
    /// What the runbook passed over, and why.
    pub skipped: Vec<String>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What must hold when the plan is made, and again just before the first change.
    pub preconditions: Vec<CheckItem>,
    /// What is watched while it runs.
    pub guards: Vec<Guard>,
    /// Checks that must go on holding while it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guard_checks: Vec<GuardCheck>,
    /// What must hold at the end.
    pub verify: Vec<CheckItem>,
    /// What to do on failure.
    pub on_failure: FailurePolicy,
    /// Seconds that going forward may take.
    pub deadline_s: u64,
    /// Seconds that taking back may take.
    pub rollback_deadline_s: u64,
    /// How often the runbook may be run in this account and region within an hour; `None` is as often as
    /// anybody likes. Checked when it is planned and again when the plan is started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_runs_per_hour: Option<u32>,
    /// What is offered once it has succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub afterwards: Vec<Afterwards>,
    /// How long what it saves is saved for, where it is put back every morning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub night: Option<Night>,
    /// Instances that were off until now, and that it brings back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub was_off: Vec<Off>,
}

/// Which runbook a plan is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunbookRef {
    /// Its name.
    pub name: String,
    /// `sha256:…` over its file.
    pub digest: String,
}

/// Whom and where a plan is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanIdentity {
    /// The scope's name.
    pub scope: ScopeName,
    /// The account's twelve digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// The caller's ARN when it was planned.
    pub arn: String,
    /// The account's name, if the estate gives one.
    pub account_name: Option<String>,
    /// The estate, if one was named.
    pub estate: Option<String>,
    /// `prod`, `staging`, `dev` or `unknown`.
    pub environment: String,
}

/// What a person must do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// How much.
    pub level: ConfirmLevel,
    /// The name to type: the resource that suffers most.
    pub name: String,
}

impl Plan {
    /// Whether nothing would be changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Its parameters, as `--set` takes them: to run the same again. A list whose items hold commas is several
    /// of one name; secrets, and what has no value, are left out.
    pub fn set(&self) -> Vec<(String, String)> {
        let Some(Value::Map(params)) = self.names.get("params") else {
            return Vec::new();
        };
        let text = |value: &Value| match value {
            Value::Null | Value::Secret(_) => None,
            Value::Resource(resource) => Some(resource.handle().to_owned()),
            other => Some(other.to_string()),
        };
        let mut set = Vec::new();
        for (name, value) in params {
            let texts: Vec<String> = match value {
                Value::List(items) => items.iter().filter_map(text).collect(),
                Value::Map(entries) => entries
                    .iter()
                    .filter_map(|(key, value)| Some(format!("{key}={}", text(value)?)))
                    .collect(),
                one => text(one).into_iter().collect(),
            };
            let is_list = matches!(value, Value::List(_) | Value::Map(_));
            if is_list && texts.iter().all(|text| !text.contains(',')) && !texts.is_empty() {
                set.push((name.clone(), texts.join(",")));
            } else {
                set.extend(texts.into_iter().map(|text| (name.clone(), text)));
            }
        }
        set
    }

    /// What a target is called in lines about this plan: its name, with its cluster or its id where another
    /// target of the plan has the same.
    pub fn called(&self, target: &Target) -> String {
        let is_twin = |other: &Change| {
            other.target.kind == target.kind
                && other.target.name == target.name
                && other.target.id != target.id
        };
        if self.changes.iter().any(is_twin) {
            target.full_name()
        } else {
            target.name.clone()
        }
    }

    /// What has to be locked, sorted so that no two runs wait for each other.
    pub fn lock_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self
            .changes
            .iter()
            .chain(self.undo_changes())
            .filter(|change| !change.is_message())
            .map(|change| change.target.lock_key())
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// Changes that would be made only to take others back, where the runbook says how.
    pub fn undo_changes(&self) -> impl Iterator<Item = &Change> {
        self.steps
            .iter()
            .flat_map(|step| match &step.work {
                Work::Changes { lanes, .. } => lanes.as_slice(),
                Work::Check { .. } | Work::Pause { .. } => &[],
            })
            .filter_map(|lane| lane.undo.as_deref())
            .flatten()
    }

    /// The first step that waits for a person; a run of it needs somebody who can be asked, and is
    /// refused with [`crate::domain::exit::Exit::NeedsTerminal`] where nobody can.
    pub fn first_pause(&self) -> Option<&Step> {
        self.steps
            .iter()
            .find(|step| matches!(step.work, Work::Pause { .. }))
    }

    /// Whether it may no longer be confirmed.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now > self.expires_at
    }
}

#[cfg(test)]
mod tests;

//! What is offered once a run has succeeded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A runbook that is offered once a run has succeeded, with its parameters filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Afterwards {
    /// The runbook's name.
    pub runbook: String,
    /// What it is for then, in a few words.
    pub about: String,
    /// The name of the resource that it is filled in for; foreign text. `None` if it is for none, or if what
    /// there is could not be listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Parameters by name, as `--set` takes them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Why it may be for more resources than are listed, or which could not be listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

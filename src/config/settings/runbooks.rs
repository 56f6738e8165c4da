//! What runbooks may do beyond AWS's own permissions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What runbooks may run. Nothing by default: each entry is as much as a login to whoever may write a
/// runbook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RunbookSettings {
    /// Programs of this machine that `exec.run` may run, by their absolute paths.
    pub programs: Vec<String>,
    /// Systems Manager documents that `ssm.run_document` may run on hosts, by name or ARN.
    pub documents: Vec<String>,
}

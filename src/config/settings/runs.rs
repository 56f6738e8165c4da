//! How runs of runbooks behave where nobody looks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How runs of runbooks behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Runs {
    /// Seconds that a command without a terminal waits for credentials that have ended; then the run is
    /// left to be resumed, with exit 14. The console waits for as long as it is open.
    #[schemars(range(min = 0, max = 86_400))]
    pub credential_grace_s: u32,
}

impl Default for Runs {
    fn default() -> Self {
        Self {
            credential_grace_s: 900,
        }
    }
}

//! Programs on this machine. A cloud runs none; whoever may, does it in the cloud's stead.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Runs a program with these arguments, through no shell.
    Run {
        /// The program's absolute path.
        program: String,
        /// Its arguments.
        arguments: Vec<String>,
        /// Seconds after which it is killed.
        timeout_s: u32,
    },
}

/// What a program came to: the receipt's `created`, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// What it exited with; `None` if it was killed.
    pub exit_code: Option<i32>,
    /// Whether it was killed because it took too long.
    pub timed_out: bool,
    /// The end of what it printed, made safe for a terminal; foreign text.
    pub output: String,
}

impl Write {
    /// What it is called; no permission of AWS is needed.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Run { .. } => Operation::allowed_by("exec", "Run", ""),
        }
    }
}

//! Systems Manager: hosts with an agent, and what the GPU probe printed on them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A host that has registered with Systems Manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedHost {
    /// `i-…` (or `mi-…`).
    pub instance_id: String,
    /// Whether the agent answers.
    pub ping: Ping,
    /// When it last did.
    pub last_ping_at: Option<Timestamp>,
    /// The agent's version.
    pub agent_version: Option<String>,
    /// The platform's name, such as `Ubuntu`.
    pub platform: Option<String>,
}

/// Whether an agent answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ping {
    /// It does.
    Online,
    /// It did once.
    ConnectionLost,
    /// Registered, and not heard of since.
    Inactive,
}

/// What became of the probe on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeOutput {
    /// The host.
    pub instance_id: String,
    /// How the invocation ended.
    pub end: ProbeEnd,
    /// Standard output, perhaps cut; foreign text.
    pub stdout: String,
    /// Standard error, or what SSM says of the failure; foreign text.
    pub detail: String,
    /// Whether SSM cut the output.
    pub truncated: bool,
    /// When the host answered.
    pub at: Timestamp,
}

/// A command on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRun {
    /// The command's id.
    pub id: String,
    /// How far it is.
    pub state: CommandState,
    /// What its last step ended with; `None` where it has not ended, or was never delivered.
    pub exit_code: Option<i32>,
    /// The end of what it printed, at most [`MOST_OUTPUT`] bytes; foreign text.
    pub output: String,
}

/// Bytes of a command's output that are kept.
pub const MOST_OUTPUT: usize = 2_000;

/// How far a command is on one host.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandState {
    /// It waits for its host, or runs.
    Running,
    /// It ended well.
    Done,
    /// It ended badly.
    Failed,
    /// It was not delivered in time, or ran for too long.
    TimedOut,
    /// Somebody called it off.
    Cancelled,
}

/// The end of a text, at most so many bytes of whole characters.
pub fn tail(text: &str, most: usize) -> &str {
    let mut from = text.len().saturating_sub(most);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

/// How a probe's invocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeEnd {
    /// It ran to its end.
    Done,
    /// It ran and ended with an error, or SSM refused it on this host.
    Failed,
    /// It was delivered or ran too slowly, or had not ended when we stopped waiting.
    TimedOut,
    /// The host has never registered with SSM: no agent, or no role.
    NotManaged,
    /// The agent does not answer.
    Offline,
}

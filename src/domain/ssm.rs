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

//! Questions to and changes through Systems Manager.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All hosts that have registered → `ManagedHosts`.
    Hosts,
    /// All parameters of Parameter Store, without values → `Parameters`.
    Parameters,
    /// Runs the compiled-in GPU probe, which only reads → `ProbeOutputs`, one for each host named.
    GpuProbe {
        /// Hosts to ask, in any number; those that are not online are answered without a command.
        instances: Vec<String>,
        /// The SSM document to run instead of `AWS-RunShellScript` with our line.
        document: Option<String>,
    },
    /// Runs the GPU probe several times over, since one sample is noise → `ProbeOutputs`, one for
    /// each host and sample; hosts that cannot be asked are answered once. The document is the one
    /// that the estate has for it.
    GpuSamples {
        /// Hosts to ask, in any number.
        instances: Vec<String>,
        /// How many samples of each, at least one.
        samples: u32,
        /// Seconds from one to the next.
        gap_s: u32,
    },
    /// A command that was sent to one host, by its id, or else the newest of ours with this document
    /// since a moment → `Command`.
    Command {
        /// The document.
        document: String,
        /// The host.
        instance: String,
        /// The command's id; `None` where the answer was lost.
        id: Option<String>,
        /// When it was about to be sent.
        since: Timestamp,
    },
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Runs a command document on one host, as root.
    RunDocument {
        /// The document: its name, or its ARN where another account shares it.
        document: String,
        /// The host.
        instance: String,
        /// The document's parameters.
        parameters: BTreeMap<String, Vec<String>>,
        /// What the command is called in Systems Manager; at most 100 characters.
        comment: String,
        /// Seconds within which the host must have taken it, 30 or more.
        deliver_within_s: u32,
    },
}

/// How the comment of a command of ours begins.
pub const COMMENT: &str = "quarterdeck ";

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Parameters => const { &[Operation::new("ssm", "DescribeParameters")] },
            Self::Command { .. } => {
                const {
                    &[
                        Operation::new("ssm", "ListCommands"),
                        Operation::new("ssm", "GetCommandInvocation"),
                    ]
                }
            }
            Self::Hosts => const { &[Operation::new("ssm", "DescribeInstanceInformation")] },
            Self::GpuProbe { .. } | Self::GpuSamples { .. } => {
                const {
                    &[
                        Operation::new("ssm", "DescribeInstanceInformation"),
                        Operation::new("ssm", "SendCommand"),
                        Operation::new("ssm", "ListCommandInvocations"),
                        Operation::new("ssm", "GetCommandInvocation"),
                        Operation::new("ssm", "CancelCommand"),
                    ]
                }
            }
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::RunDocument { .. } => Operation::new("ssm", "SendCommand"),
        }
    }
}

//! Questions to Systems Manager.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All hosts that have registered → `ManagedHosts`.
    Hosts,
    /// Runs the compiled-in GPU probe, which only reads → `ProbeOutputs`, one for each host named.
    GpuProbe {
        /// Hosts to ask, in any number; those that are not online are answered without a command.
        instances: Vec<String>,
        /// The SSM document to run instead of `AWS-RunShellScript` with our line.
        document: Option<String>,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Hosts => const { &[Operation::new("ssm", "DescribeInstanceInformation")] },
            Self::GpuProbe { .. } => {
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

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
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
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

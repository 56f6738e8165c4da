//! One host with GPUs: what became of asking it, and its cards.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ec2::{Instance, InstanceTypeGpus};
use crate::domain::gpu::card::GpuCard;
use crate::domain::gpu::instance_type::{Vendor, gpus_of_type, vendor_of};

/// What became of asking a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeOutcome {
    /// It told of at least one card.
    Ok,
    /// It has never registered with Systems Manager: no agent, or no role.
    NoAgent,
    /// Its SSM agent does not answer.
    AgentOffline,
    /// It has no nvidia-smi.
    NoNvidiaSmi,
    /// nvidia-smi runs and cannot reach driver or cards.
    DriverError,
    /// It did not answer in time.
    Timeout,
    /// Anything else.
    Error,
}

impl ProbeOutcome {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NoAgent => "no-agent",
            Self::AgentOffline => "agent-offline",
            Self::NoNvidiaSmi => "no-nvidia-smi",
            Self::DriverError => "driver-error",
            Self::Timeout => "timeout",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for ProbeOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Where the numbers of a host's cards come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadingSource {
    /// nvidia-smi, run through Systems Manager.
    Ssm,
    /// Metrics that the CloudWatch agent on the host publishes: minutes old, without processes.
    CloudwatchAgent,
}

/// A host and its cards as they were when asked. All text is safe for a terminal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostReading {
    /// `i-…`.
    pub instance_id: String,
    /// What became of asking it.
    #[serde(rename = "probe")]
    pub outcome: ProbeOutcome,
    /// What is wrong or missing, in words. `None` if nothing is.
    pub detail: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// The driver's version.
    pub driver: Option<String>,
    /// The cards that answered, by number.
    pub cards: Vec<GpuCard>,
    /// How many cards the instance type has.
    pub expected_cards: Option<u8>,
    /// How many of them do not answer. `None` if that cannot be told, as of a cut output.
    pub lost_cards: Option<u8>,
    /// Rows, of cards and of processes, that could not be read and were left out.
    pub skipped_rows: u32,
    /// Processes that could not be listed or whose card is not known.
    pub processes_left_out: u32,
    /// Whether the end of the output is missing.
    pub truncated: bool,
    /// Fields that the driver does not know; those of the cards are `None`.
    pub refused_fields: Vec<String>,
    /// Where the cards' numbers come from.
    pub source: ReadingSource,
    /// When the host answered, or when it was clear that it would not.
    pub sampled_at: Timestamp,
}

impl HostReading {
    /// A host of which nothing is known yet but what became of asking it.
    pub(super) fn without_cards(instance_id: &str, outcome: ProbeOutcome, at: Timestamp) -> Self {
        Self {
            instance_id: instance_id.to_owned(),
            outcome,
            detail: None,
            remedy: None,
            driver: None,
            cards: Vec::new(),
            expected_cards: None,
            lost_cards: None,
            skipped_rows: 0,
            processes_left_out: 0,
            truncated: false,
            refused_fields: Vec::new(),
            source: ReadingSource::Ssm,
            sampled_at: at,
        }
    }

    /// The same host with cards known from the CloudWatch agent's metrics, if the probe told of none.
    /// What became of the probe stays: it still wants mending.
    #[must_use]
    pub fn or_from_agent(mut self, cards: Vec<GpuCard>, at: Timestamp) -> Self {
        if self.cards.is_empty() && !cards.is_empty() {
            self.cards = cards;
            self.source = ReadingSource::CloudwatchAgent;
            self.sampled_at = at;
        }
        self
    }

    /// Whether every card looks idle in this one sample. `None` if that cannot be told of one of them
    /// and no other is busy, or if cards are missing: a host that cannot be asked is not idle.
    pub fn looks_idle(&self) -> Option<bool> {
        let cards: Vec<Option<bool>> = self.cards.iter().map(GpuCard::looks_idle).collect();
        let all_seen = self.outcome == ProbeOutcome::Ok && self.lost_cards.is_none_or(|lost| lost == 0);
        if cards.contains(&Some(false)) {
            Some(false)
        } else if cards.is_empty() || !all_seen || self.truncated || cards.contains(&None) {
            None
        } else {
            Some(true)
        }
    }

    /// Whether cards that the instance type has do not answer.
    pub fn has_lost_cards(&self) -> bool {
        self.lost_cards.is_some_and(|lost| lost > 0)
    }
}

/// What EC2 knows of a host, needed to judge what it says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostFacts<'a> {
    /// How many cards the instance type has.
    pub expected_cards: Option<u8>,
    /// Who made them.
    pub vendor: Option<Vendor>,
    /// The instance profile, without which there is no SSM.
    pub profile: InstanceProfile<'a>,
}

/// The instance profile of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceProfile<'a> {
    /// EC2 has not been asked.
    Unknown,
    /// There is none.
    Missing,
    /// Its name.
    Named(&'a str),
}

impl HostFacts<'_> {
    /// Of a host about which EC2 has not been asked.
    pub const UNKNOWN: HostFacts<'static> = HostFacts {
        expected_cards: None,
        vendor: None,
        profile: InstanceProfile::Unknown,
    };
}

impl<'a> HostFacts<'a> {
    /// Of an instance; how many cards it has by what AWS says of its type, else by our own table.
    pub fn of(instance: &'a Instance, types: &[InstanceTypeGpus]) -> Self {
        let instance_type = instance.instance_type.as_str();
        Self {
            expected_cards: types
                .iter()
                .find(|gpus| gpus.instance_type == instance_type)
                .map(|gpus| gpus.count)
                .or_else(|| gpus_of_type(instance_type).map(|gpus| gpus.count)),
            vendor: vendor_of(instance_type),
            profile: instance
                .instance_profile
                .as_deref()
                .map_or(InstanceProfile::Missing, InstanceProfile::Named),
        }
    }
}

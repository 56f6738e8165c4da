//! One GPU card.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::gpu::throttle::ThrottleReasons;

/// Below this much used memory, MiB, a card without processes counts as idle. Not zero: drivers, ECC
/// and MIG hold between nothing and some 600 MiB of an idle card.
pub const IDLE_MEMORY_MIB: u64 = 600;

/// The same as a share of the card's memory, percent; the larger of both counts.
pub const IDLE_MEMORY_PERCENT: u64 = 1;

/// One GPU card as it was when asked. What could not be read is `None`, never zero. All text has gone
/// through [`crate::domain::text::clean`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GpuCard {
    /// nvidia-smi's number of the card, from 0. Shifts when a card with a lower number is lost.
    pub index: u32,
    /// `GPU-…`, the same for the card's life. The CloudWatch agent does not publish it.
    pub uuid: Option<String>,
    /// Such as `NVIDIA A10G`.
    pub product: Option<String>,
    /// The driver's version, such as `515.105.01`.
    pub driver: Option<String>,
    /// Share of the last sample period (1/6 to 1 s) in which any kernel ran, percent. Not how full
    /// the card is, and 100 on some idle cards, because asking wakes the driver. `None` with MIG.
    pub util_percent: Option<f64>,
    /// Memory in use, MiB; with MIG of the whole card.
    pub mem_used_mib: Option<u64>,
    /// Memory of the card, MiB.
    pub mem_total_mib: Option<u64>,
    /// Temperature of the GPU, degrees Celsius.
    pub temp_c: Option<f64>,
    /// Power draw, watts: of the last second on Ampere and newer, of the instant before.
    pub power_w: Option<f64>,
    /// The power limit in force, watts.
    pub power_limit_w: Option<f64>,
    /// Performance state, `P0` (fastest) to `P15`.
    pub pstate: Option<String>,
    /// Clock of the streaming multiprocessors, MHz.
    pub clocks_sm_mhz: Option<u64>,
    /// Uncorrected memory errors since the driver was loaded. `None` where ECC is off or missing.
    pub ecc_uncorrected: Option<u64>,
    /// What holds the clocks back.
    pub throttle: Option<ThrottleReasons>,
    /// Whether a memory row waits for a reset to be remapped.
    pub remapped_rows_pending: Option<bool>,
    /// Whether remapping a row has ever failed: the card has to be replaced.
    pub remapped_rows_failure: Option<bool>,
    /// What the driver recommends to recover the card. `None` on drivers that do not know the field.
    pub recovery_action: Option<RecoveryAction>,
    /// Whether the card is split by MIG. `None` where it cannot be.
    pub mig: Option<bool>,
    /// Compute processes on the card, those of MIG instances included. `None` if they are unknown;
    /// an empty list means that there is none.
    pub processes: Option<Vec<GpuProcess>>,
    /// Field → what nvidia-smi printed, where that was neither a value nor a plain "not available":
    /// `[Unknown Error]`, `[GPU requires reset]` and the like.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unread: BTreeMap<String, String>,
}

/// A process that computes on a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuProcess {
    /// Its id on the host.
    pub pid: u32,
    /// Its name or path, perhaps shortened to the last segment.
    pub name: String,
    /// Memory it holds on the card, MiB.
    pub mem_mib: Option<u64>,
}

/// What the driver recommends to bring a card back to health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum RecoveryAction {
    /// The card is well.
    Nothing,
    /// Reset the card.
    Reset,
    /// Reboot the host.
    Reboot,
    /// Stop peer-to-peer work, then reset.
    DrainP2p,
    /// Take work off the card, then reset.
    DrainAndReset,
    /// A recommendation that we do not know.
    Other(String),
}

impl RecoveryAction {
    /// nvidia-smi's word.
    pub fn word(&self) -> &str {
        match self {
            Self::Nothing => "None",
            Self::Reset => "Reset",
            Self::Reboot => "Reboot",
            Self::DrainP2p => "Drain P2P",
            Self::DrainAndReset => "Drain and Reset",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for RecoveryAction {
    fn from(word: String) -> Self {
        [
            Self::Nothing,
            Self::Reset,
            Self::Reboot,
            Self::DrainP2p,
            Self::DrainAndReset,
        ]
        .into_iter()
        .find(|action| action.word().eq_ignore_ascii_case(&word))
        .unwrap_or(Self::Other(word))
    }
}

impl From<RecoveryAction> for String {
    fn from(action: RecoveryAction) -> Self {
        action.word().to_owned()
    }
}

impl GpuCard {
    /// What the card goes by: its UUID, else its host and number.
    pub fn id(&self, instance_id: &str) -> String {
        self.uuid
            .clone()
            .unwrap_or_else(|| format!("{instance_id}/{}", self.index))
    }

    /// A card of which nothing is known but its number.
    pub fn unknown(index: u32) -> Self {
        Self {
            index,
            ..Self::default()
        }
    }

    /// Whether the card looks idle in this one sample: no processes, and no more memory in use than
    /// an idle card holds. `None` if that cannot be told. Utilisation does not count: idle cards show
    /// up to 100 %. One sample is noise: [`crate::domain::gpu::history`] judges over several.
    pub fn looks_idle(&self) -> Option<bool> {
        let memory_in_use = self.mem_used_mib.map(|used| used >= self.idle_memory_mib());
        match (&self.processes, memory_in_use) {
            (Some(processes), _) if !processes.is_empty() => Some(false),
            (_, Some(true)) => Some(false),
            (Some(_), Some(false)) => Some(true),
            (None, Some(false)) | (_, None) => None,
        }
    }

    /// Used memory from which on the card is not idle, MiB.
    fn idle_memory_mib(&self) -> u64 {
        let share = self.mem_total_mib.unwrap_or(0) * IDLE_MEMORY_PERCENT / 100;
        share.max(IDLE_MEMORY_MIB)
    }

    /// Memory in use, percent of the card's.
    pub fn mem_percent(&self) -> Option<f64> {
        let (used, total) = (self.mem_used_mib?, self.mem_total_mib?);
        (total > 0).then(|| 100.0 * used as f64 / total as f64)
    }

    /// The first complaint that nvidia-smi printed instead of a value, if there is any.
    pub fn complaint(&self) -> Option<&str> {
        self.unread.values().next().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn card(used: Option<u64>, total: u64, processes: Option<usize>) -> GpuCard {
        GpuCard {
            mem_used_mib: used,
            mem_total_mib: Some(total),
            util_percent: Some(100.0),
            processes: processes.map(|count| {
                vec![
                    GpuProcess {
                        pid: 1,
                        name: "python".to_owned(),
                        mem_mib: None
                    };
                    count
                ]
            }),
            ..GpuCard::default()
        }
    }

    #[test]
    fn idle_is_a_matter_of_processes_and_memory_and_never_of_utilisation() {
        for (used, total, processes, expected) in [
            (Some(0), 46_068, Some(0), Some(true)),
            (Some(599), 15_360, Some(0), Some(true)),
            (Some(600), 15_360, Some(0), Some(false)),
            (Some(812), 81_559, Some(0), Some(true)),
            (Some(815), 81_559, Some(0), Some(false)),
            (Some(0), 46_068, Some(1), Some(false)),
            (None, 46_068, Some(1), Some(false)),
            (None, 46_068, Some(0), None),
            (Some(0), 46_068, None, None),
            (Some(20_000), 46_068, None, Some(false)),
        ] {
            assert_eq!(
                card(used, total, processes).looks_idle(),
                expected,
                "{used:?} of {total}, {processes:?} processes"
            );
        }
    }

    #[test]
    fn recovery_actions_keep_the_word_of_the_driver() {
        for word in ["None", "Reset", "Reboot", "Drain P2P", "Drain and Reset", "Pray"] {
            let action = RecoveryAction::from(word.to_owned());
            assert_eq!(action.word(), word);
            assert_eq!(serde_json::to_string(&action).unwrap(), format!("{word:?}"));
        }
        assert_eq!(
            RecoveryAction::from("drain p2p".to_owned()),
            RecoveryAction::DrainP2p
        );
    }
}

//! One GPU card at one moment.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A card. What nvidia-smi does not say is `None`, in whichever of its spellings it says so.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GpuCard {
    /// Its number on the host.
    pub index: u32,
    /// Its UUID, `GPU-…`.
    pub uuid: String,
    /// The product, such as `NVIDIA A10G`.
    pub product: String,
    /// Share of the last sample period (up to a second) in which a kernel ran, percent. Not
    /// occupancy; and the query alone can wake an idle card up to 100.
    pub util_percent: Option<f64>,
    /// Memory in use, MiB.
    pub mem_used_mib: Option<f64>,
    /// Memory, MiB.
    pub mem_total_mib: Option<f64>,
    /// Temperature of the chip, °C.
    pub temp_c: Option<f64>,
    /// Temperature of the memory, °C.
    pub mem_temp_c: Option<f64>,
    /// Power drawn, W; from Ampere on the mean of a second.
    pub power_w: Option<f64>,
    /// Power it may draw, W.
    pub power_limit_w: Option<f64>,
    /// Performance state, `P0` (most) to `P12`.
    pub pstate: Option<String>,
    /// Clock of the multiprocessors, MHz.
    pub sm_clock_mhz: Option<f64>,
    /// Uncorrected ECC errors since the driver was loaded.
    pub ecc_uncorrected: Option<u64>,
    /// Why the clock is lower than it could be.
    pub throttle: Option<ThrottleReasons>,
    /// Whether a row remapping waits for a reset.
    pub remap_pending: Option<bool>,
    /// Whether a row could not be remapped: the card is to be replaced.
    pub remap_failed: Option<bool>,
    /// What the driver asks for: `Reset`, `Reboot`, `Drain P2P`, …; `None` also where it is fine.
    pub recovery_action: Option<String>,
    /// Whether it is split into instances (MIG); utilisation is then not given.
    pub mig: Option<bool>,
    /// Compute processes on it.
    pub processes: Vec<GpuProcess>,
}

/// A compute process on a card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GpuProcess {
    /// The process id on the host.
    pub pid: u32,
    /// The process's name; foreign text.
    pub name: String,
    /// Memory it uses, MiB.
    pub mem_mib: Option<f64>,
}

/// Why a clock is lower than it could be: the bit mask of `clocks_event_reasons.active`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThrottleReasons(pub u64);

/// Bits of the mask, by NVML's `nvmlClocksEventReasons`.
const REASONS: [(u64, &str); 9] = [
    (0x1, "idle"),
    (0x2, "application clocks"),
    (0x4, "power cap"),
    (0x8, "hardware slowdown"),
    (0x10, "sync boost"),
    (0x20, "heat (software)"),
    (0x40, "heat (hardware)"),
    (0x80, "power brake"),
    (0x100, "display clocks"),
];
/// Those that mean that something is wrong: heat and the power supply.
const HARMFUL: u64 = 0x20 | 0x40 | 0x80;

impl ThrottleReasons {
    /// Whether any of them means that something is wrong.
    pub const fn is_harmful(self) -> bool {
        self.0 & HARMFUL != 0
    }

    /// The harmful ones in words.
    pub fn harmful_words(self) -> String {
        Self(self.0 & HARMFUL).to_string()
    }
}

impl fmt::Display for ThrottleReasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = REASONS
            .iter()
            .filter(|(bit, _)| self.0 & bit != 0)
            .map(|(_, word)| *word)
            .collect();
        f.write_str(&words.join(", "))
    }
}

/// Memory that an idle card may have in use, MiB: drivers keep up to this without any process.
const IDLE_MEMORY_MIB: f64 = 600.0;

impl GpuCard {
    /// Whether this sample looks idle: no process, and no more memory than a driver keeps.
    /// Utilisation is no evidence: asking wakes an idle card. `None` where memory is not known.
    pub fn looks_idle(&self) -> Option<bool> {
        if !self.processes.is_empty() {
            return Some(false);
        }
        let used = self.mem_used_mib?;
        let allowed = self
            .mem_total_mib
            .map_or(IDLE_MEMORY_MIB, |total| (total / 100.0).max(IDLE_MEMORY_MIB));
        Some(used <= allowed)
    }

    /// Memory in use, percent.
    pub fn mem_percent(&self) -> Option<f64> {
        let (used, total) = (self.mem_used_mib?, self.mem_total_mib?);
        (total > 0.0).then(|| 100.0 * used / total)
    }
}

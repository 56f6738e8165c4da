//! Why a card runs its clocks lower than asked: nvidia-smi's `clocks_throttle_reasons.active`.

use std::fmt;
use std::ops::BitOr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of reasons, as the bit mask of NVML's `nvmlClocksEventReasons`. In JSON a list of names; a bit
/// that has no name here is `bit-N`.
/// <https://docs.nvidia.com/deploy/nvml-api/group__nvmlClocksEventReasons.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ThrottleReasons(u64);

impl ThrottleReasons {
    /// Nothing holds the clocks back.
    pub const NONE: Self = Self(0);
    /// Nothing runs on the card; clocks fall. Normal.
    pub const GPU_IDLE: Self = Self(0x1);
    /// Somebody set lower application clocks.
    pub const APPLICATIONS_CLOCKS: Self = Self(0x2);
    /// At the power limit. Normal under full load.
    pub const SW_POWER_CAP: Self = Self(0x4);
    /// Clocks halved or worse by hardware. Also seen in passing when clocks change, so it counts as
    /// harmful only with one of its causes.
    pub const HW_SLOWDOWN: Self = Self(0x8);
    /// Held to the slowest card of its sync boost group.
    pub const SYNC_BOOST: Self = Self(0x10);
    /// Above the highest operating temperature.
    pub const SW_THERMAL_SLOWDOWN: Self = Self(0x20);
    /// Too hot: clocks halved or worse.
    pub const HW_THERMAL_SLOWDOWN: Self = Self(0x40);
    /// The power supply pulled the brake.
    pub const HW_POWER_BRAKE: Self = Self(0x80);
    /// Held by display clocks.
    pub const DISPLAY_CLOCKS: Self = Self(0x100);

    const HARMFUL: Self =
        Self(Self::SW_THERMAL_SLOWDOWN.0 | Self::HW_THERMAL_SLOWDOWN.0 | Self::HW_POWER_BRAKE.0);

    const NAMED: [(Self, &'static str); 9] = [
        (Self::GPU_IDLE, "gpu-idle"),
        (Self::APPLICATIONS_CLOCKS, "applications-clocks"),
        (Self::SW_POWER_CAP, "sw-power-cap"),
        (Self::HW_SLOWDOWN, "hw-slowdown"),
        (Self::SYNC_BOOST, "sync-boost"),
        (Self::SW_THERMAL_SLOWDOWN, "sw-thermal-slowdown"),
        (Self::HW_THERMAL_SLOWDOWN, "hw-thermal-slowdown"),
        (Self::HW_POWER_BRAKE, "hw-power-brake"),
        (Self::DISPLAY_CLOCKS, "display-clocks"),
    ];

    /// The set behind a bit mask.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bit mask.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether nothing holds the clocks back.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all reasons of `other` are among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Those among them that say that something is wrong: heat, or the power supply.
    #[must_use]
    pub const fn harmful(self) -> Self {
        Self(self.0 & Self::HARMFUL.0)
    }

    /// The names of the reasons, lowest bit first.
    pub fn names(self) -> impl Iterator<Item = String> {
        (0..u64::BITS)
            .map(|bit| (bit, Self(1 << bit)))
            .filter(move |(_, reason)| self.contains(*reason))
            .map(|(bit, reason)| {
                Self::NAMED
                    .iter()
                    .find(|(named, _)| *named == reason)
                    .map_or_else(|| format!("bit-{bit}"), |(_, name)| (*name).to_owned())
            })
    }
}

impl BitOr for ThrottleReasons {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for ThrottleReasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.names().collect();
        f.write_str(&names.join(", "))
    }
}

/// A word that names no throttle reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown throttle reason {0:?}")]
pub struct UnknownThrottleReason(pub String);

impl FromStr for ThrottleReasons {
    type Err = UnknownThrottleReason;

    /// Reads one name, as [`ThrottleReasons::names`] writes it.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let by_number = || {
            let bit: u32 = name.strip_prefix("bit-")?.parse().ok()?;
            1u64.checked_shl(bit).map(Self)
        };
        Self::NAMED
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(reason, _)| *reason)
            .or_else(by_number)
            .ok_or_else(|| UnknownThrottleReason(name.to_owned()))
    }
}

impl Serialize for ThrottleReasons {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for ThrottleReasons {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .try_fold(Self::NONE, |all, name| Ok(all | name.parse()?))
            .map_err(|unknown: UnknownThrottleReason| serde::de::Error::custom(unknown))
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn heat_and_the_power_brake_are_harmful_and_nothing_else_is() {
        for (bits, harmful) in [
            (0x0, 0x0),
            (0x1, 0x0),
            (0x4, 0x0),
            (0x8, 0x0),
            (0x11f, 0x0),
            (0x68, 0x60),
            (0x88, 0x80),
            (0x1ff, 0xe0),
        ] {
            assert_eq!(
                ThrottleReasons::from_bits(bits).harmful().bits(),
                harmful,
                "{bits:#x}"
            );
        }
    }

    #[test]
    fn reasons_read_as_words() {
        assert_eq!(
            ThrottleReasons::from_bits(0x48).to_string(),
            "hw-slowdown, hw-thermal-slowdown"
        );
        assert_eq!(ThrottleReasons::from_bits(0x8001).to_string(), "gpu-idle, bit-15");
        assert_eq!(ThrottleReasons::NONE.to_string(), "");
        assert_eq!(
            "sideways".parse::<ThrottleReasons>(),
            Err(UnknownThrottleReason("sideways".to_owned()))
        );
        assert!("bit-64".parse::<ThrottleReasons>().is_err());
    }

    proptest! {
        #[test]
        fn every_mask_survives_json(bits: u64) {
            let reasons = ThrottleReasons::from_bits(bits);
            let json = serde_json::to_string(&reasons).unwrap();
            prop_assert_eq!(serde_json::from_str::<ThrottleReasons>(&json).unwrap(), reasons);
        }
    }
}

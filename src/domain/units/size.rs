//! Sizes of memory and storage. AWS mixes units: RDS storage comes in GiB, task memory in MiB, free
//! storage in bytes, and its price list says GB where it means GiB.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};

/// Bytes of a GiB, which AWS calls GB: for metrics, which are floating-point numbers.
pub const BYTES_PER_GIB: f64 = 1_073_741_824.0;

/// Bytes. Shown in the largest binary unit with at most one decimal: `512 MiB`, `3.1 GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// Mebibytes, 2²⁰ bytes. Shown as [`Bytes`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mib(pub u64);

/// Gibibytes, 2³⁰ bytes. Shown as [`Bytes`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gib(pub u64);

impl From<Mib> for Bytes {
    fn from(size: Mib) -> Self {
        Self(size.0.saturating_mul(1 << 20))
    }
}

impl From<Gib> for Bytes {
    fn from(size: Gib) -> Self {
        Self(size.0.saturating_mul(1 << 30))
    }
}

impl From<Gib> for Mib {
    fn from(size: Gib) -> Self {
        Self(size.0.saturating_mul(1 << 10))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let mut unit = 0;
        // Rounded to a tenth before the unit is chosen, so that 1023.99 MiB reads 1 GiB, not 1024 MiB.
        let tenths = |unit: usize| (u128::from(self.0) * 10 + (1_u128 << (10 * unit)) / 2) >> (10 * unit);
        while unit + 1 < UNITS.len() && tenths(unit) >= 10_240 {
            unit += 1;
        }
        let tenths = tenths(unit);
        let (whole, rest) = (tenths / 10, tenths % 10);
        let text = match rest {
            0 => format!("{whole} {}", UNITS[unit]),
            _ if whole >= 100 => format!("{} {}", (tenths + 5) / 10, UNITS[unit]),
            _ => format!("{whole}.{rest} {}", UNITS[unit]),
        };
        f.pad(&text)
    }
}

impl fmt::Display for Mib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Bytes::from(*self), f)
    }
}

impl fmt::Display for Gib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Bytes::from(*self), f)
    }
}

impl Add for Bytes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self(0), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn sizes_read_in_the_largest_unit() {
        const GIB: u64 = 1 << 30;
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (GIB / 2, "512 MiB"),
            (GIB - 1, "1 GiB"),
            (3 * GIB + GIB / 10, "3.1 GiB"),
            (12 * GIB + GIB / 2, "12.5 GiB"),
            (100 * GIB, "100 GiB"),
            (100 * GIB + GIB / 2, "101 GiB"),
            (1024 * GIB, "1 TiB"),
            (u64::MAX, "16 EiB"),
        ];
        for (bytes, shown) in cases {
            assert_eq!(Bytes(bytes).to_string(), shown, "{bytes}");
        }
        assert_eq!(format!("{:<9}|", Bytes(1536)), "1.5 KiB  |");
    }

    #[test]
    fn units_convert_and_never_overflow() {
        assert_eq!(Mib(1024).to_string(), "1 GiB");
        assert_eq!(Gib(20).to_string(), "20 GiB");
        assert_eq!(Mib::from(Gib(2)), Mib(2048));
        assert_eq!(Bytes::from(Gib(u64::MAX)), Bytes(u64::MAX));
        assert_eq!([Bytes(1), Bytes(2)].into_iter().sum::<Bytes>(), Bytes(3));
        assert_eq!(serde_json::to_string(&Gib(20)).unwrap(), "20");
    }
}

//! What a change does to the bill.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::price::Priced;
use crate::domain::units::{Usd, UsdPerHour};

/// What a change does to the bill, at list price; negative is a saving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CostDelta {
    /// It costs and saves nothing.
    None,
    /// It is not known: the reason.
    Unknown(String),
    /// So much.
    Known {
        /// US dollars per hour.
        usd_per_hour: UsdPerHour,
        /// The day of the oldest price in it.
        as_of: Date,
    },
}

/// An amount as it is written in a plan, which a plan that is read again must equal: storage is priced
/// by the month, and its hours have no end of digits.
fn as_written(amount: UsdPerHour) -> UsdPerHour {
    let micros = i64::try_from(amount.per_hour().micros()).unwrap_or(i64::MAX);
    UsdPerHour::new(Usd::from_micros(micros))
}

impl CostDelta {
    /// `count` more (or, if negative, fewer) of something at this price.
    pub fn of(price: Option<Priced<UsdPerHour>>, count: i64, what: &str) -> Self {
        match (price, count) {
            (_, 0) => Self::None,
            (None, _) => Self::Unknown(format!("no price for {what}")),
            (Some(price), _) => {
                let as_of = price.as_of();
                let amount = as_written(price.value * count.unsigned_abs());
                Self::Known {
                    usd_per_hour: if count < 0 { -amount } else { amount },
                    as_of,
                }
            }
        }
    }

    /// Both together: unknown if one is.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, delta) | (delta, Self::None) => delta,
            (Self::Unknown(why), _) | (_, Self::Unknown(why)) => Self::Unknown(why),
            (
                Self::Known { usd_per_hour, as_of },
                Self::Known {
                    usd_per_hour: more,
                    as_of: other_as_of,
                },
            ) => Self::Known {
                usd_per_hour: usd_per_hour + more,
                as_of: as_of.min(other_as_of),
            },
        }
    }

    /// What taking the change back does to the bill.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Known { usd_per_hour, as_of } => Self::Known {
                usd_per_hour: -usd_per_hour,
                as_of,
            },
            other => other,
        }
    }
}

//! Quantities with their unit in the type: money, sizes, shares, rates and lengths of time, each with
//! the one way in which people read it. What is unknown is `None` at the owner; none of these types has
//! a value for it.

mod duration;
mod money;
mod ratio;
mod size;

pub use duration::{DurationError, HumanDuration};
pub use money::{HOURS_PER_MONTH, MoneyError, Usd, UsdPerHour};
pub use ratio::{NotAPercentage, PerMinute, Percent};
pub use size::{BYTES_PER_GIB, Bytes, Gib, Mib};

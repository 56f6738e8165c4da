//! Simulated time, in whole milliseconds since 1970: cheap to compare, hash and step.

use jiff::Timestamp;

/// Milliseconds since 1970, UTC; also a span of milliseconds.
pub type Ms = i64;

/// One second.
pub const SECOND: Ms = 1_000;
/// One minute.
pub const MINUTE: Ms = 60 * SECOND;
/// One hour.
pub const HOUR: Ms = 60 * MINUTE;
/// One day.
pub const DAY: Ms = 24 * HOUR;

/// The moment as a timestamp. Worlds do not reach the end of time, so the fallback is never met.
pub fn stamp(at: Ms) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX)
}

/// The moment in milliseconds.
pub fn ms(at: Timestamp) -> Ms {
    at.as_millisecond()
}

/// The moment as AWS writes it in sentences: `2026-11-21T02:00:00Z`.
pub fn iso(at: Ms) -> String {
    stamp(at - at.rem_euclid(SECOND)).to_string()
}

/// The start of the minute.
pub const fn minute_of(at: Ms) -> Ms {
    at - at.rem_euclid(MINUTE)
}

/// A part of a hash.
pub const fn part(at: Ms) -> u64 {
    at.cast_unsigned()
}

//! What watching costs: calls, throttles and money, as shown in the header and in JSON.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// The state of the meter at a moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MeterReading {
    /// Attempts since the start, retries included.
    pub calls: u64,
    /// Attempts in the last minute.
    pub calls_last_minute: u32,
    /// Attempts that AWS throttled since the start.
    pub throttled: u64,
    /// Attempts by `service:Operation`.
    pub by_operation: BTreeMap<String, u64>,
    /// What AWS bills for them, micro-dollars.
    pub paid_micro_usd: u64,
    /// Operations that are held back after throttling, and until when.
    pub backing_off: Vec<(String, Timestamp)>,
}

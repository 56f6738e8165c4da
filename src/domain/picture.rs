//! What the console shows and the headless commands print: everything known at one moment, and
//! what follows from it.

use jiff::Timestamp;

use crate::domain::health::Finding;
use crate::domain::inventory::Inventory;
use crate::domain::meter::MeterReading;

/// One consistent view of all scopes.
#[derive(Debug, Clone)]
pub struct Picture {
    /// What is known.
    pub inventory: Inventory,
    /// What is wrong, most important first.
    pub findings: Vec<Finding>,
    /// What watching has cost.
    pub meter: MeterReading,
    /// When this was put together, by the cloud's clock.
    pub at: Timestamp,
}

//! What the console shows and the headless commands print: everything known at one moment, and
//! what follows from it.

use jiff::Timestamp;

use crate::domain::changes::Change;
use crate::domain::health::Finding;
use crate::domain::inventory::Inventory;
use crate::domain::meter::MeterReading;
use crate::domain::price::BurnRate;

impl Picture {
    /// Nothing is known yet.
    pub fn empty(inventory: Inventory, at: Timestamp) -> Self {
        Self {
            inventory,
            findings: Vec::new(),
            changes: Vec::new(),
            burn: BurnRate::of(Vec::new()),
            meter: MeterReading::default(),
            at,
        }
    }
}

/// One consistent view of all scopes.
#[derive(Debug, Clone)]
pub struct Picture {
    /// What is known.
    pub inventory: Inventory,
    /// What is wrong, most important first.
    pub findings: Vec<Finding>,
    /// What changed in the last two hours, newest first.
    pub changes: Vec<Change>,
    /// What runs now costs by the hour at list price.
    pub burn: BurnRate,
    /// What watching has cost.
    pub meter: MeterReading,
    /// When this was put together, by the cloud's clock.
    pub at: Timestamp,
}

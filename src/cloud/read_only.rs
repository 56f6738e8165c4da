//! The switch that keeps a process from changing anything.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether changes are refused. Shared by everybody who could make one; turned by whoever holds
/// the decision, and read anew at each change.
#[derive(Debug)]
pub struct ReadOnlySwitch(AtomicBool);

impl ReadOnlySwitch {
    /// A switch that refuses changes.
    pub const fn on() -> Self {
        Self(AtomicBool::new(true))
    }

    /// A switch that lets changes through.
    pub const fn off() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Whether changes are refused now.
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Refuses changes from now on.
    pub fn turn_on(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Lets changes through from now on.
    pub fn turn_off(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

//! Changes.

use super::sim::Sim;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::{Mutation, Receipt};

/// Makes a change now, or refuses it as AWS does.
pub fn apply(_sim: &mut Sim, change: &Mutation) -> Result<Receipt, Fault> {
    let operation = change.operation();
    Err(Fault::new(
        FaultKind::Unsupported,
        operation.service,
        operation.name,
        "not yet",
    ))
}

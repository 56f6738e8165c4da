//! Every action there is, one file each.

use super::action::Action;

/// Every action, by service and verb.
pub static ALL: &[&dyn Action] = &[];

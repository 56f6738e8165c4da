//! The demo as the rest of the program sees it: through the port.

mod bill;
mod data_writes;
pub mod findings;
mod fleet_writes;
mod kept;
mod logs;
mod reads;
mod replay;
mod scenarios;
mod service_writes;
pub mod stage;
mod told;

//! The machine against a small cloud of its own: groups of instances, an alarm, an identity.

mod crash;
mod driver;
mod flow;
mod trouble;
mod world;

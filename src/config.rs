//! Configuration as values.

pub mod keys;

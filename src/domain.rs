//! The words that every other layer speaks: plain values and pure rules, no I/O and no clock.

pub mod diagnostic;
pub mod document;
pub mod glob;
pub mod policy;

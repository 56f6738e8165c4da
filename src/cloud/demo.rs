//! Simulated estates.

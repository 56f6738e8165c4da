//! The integration tests, in one binary.

#[cfg(feature = "aws")]
mod adapter;
mod arch;
mod cli;
mod config;
mod console;
mod console_state;
mod demo;
mod gpu_probe_line;
<<<<<<< HEAD
mod logs;
=======
#[cfg(feature = "aws")]
mod moto;
>>>>>>> main
mod rules;
mod screens;
mod support;

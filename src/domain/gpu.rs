//! GPUs of EC2 instances: which types have them, the probe that asks nvidia-smi, what it answers.

pub mod card;
pub mod history;
pub mod instance_types;
pub mod probe;
pub mod reading;

pub use card::{GpuCard, GpuProcess, ThrottleReasons};
pub use instance_types::{expected_cards, is_gpu_type};
pub use reading::{HostReading, ProbeOutcome, ReadingSource};

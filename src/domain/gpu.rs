//! GPUs of EC2 instances: what nvidia-smi (or the CloudWatch agent) says of each card, what became of
//! asking each host, which instance types have GPUs, and how cards did while we watched.
//!
//! The shell line that hosts run is built here and its output is read here, so that both change
//! together. Sending it is the cloud's business, judging the readings that of the health rules.

pub mod agent_metrics;
mod card;
mod failure;
pub mod history;
mod host;
mod instance_type;
mod parse;
pub mod probe;
mod row;
mod sections;
mod throttle;
mod value;

pub use card::{GpuCard, GpuProcess, IDLE_MEMORY_MIB, IDLE_MEMORY_PERCENT, RecoveryAction};
pub use host::{HostFacts, HostReading, InstanceProfile, ProbeOutcome, ReadingSource};
pub use instance_type::{TypeGpus, Vendor, gpus_of_type, is_gpu_type, vendor_of};
pub use parse::{is_complete, parse};
pub use throttle::{ThrottleReasons, UnknownThrottleReason};

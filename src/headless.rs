//! Commands that print and end: one file each, over the same engine as the console. Results go to
//! standard output, progress and warnings to standard error, and how it ended is an [`Exit`].

mod amount;
pub mod doctor;
pub mod exit;
pub mod format;
pub mod iam_policy;
pub mod incident;
pub mod job;
pub mod keys;
pub mod logs;
mod moment;
pub mod out;
pub mod paint;
pub mod report;
pub mod runbook;
pub mod spend;
pub mod status;
pub mod table;
pub mod themes;

pub use exit::Exit;
pub use format::Format;
pub use job::Job;
pub use out::Out;

//! Commands that print and end: one file each, over the same engine as the console. Results go to
//! standard output, progress and warnings to standard error, and how it ended is an [`Exit`].

pub mod exit;
pub mod format;
pub mod job;
pub mod logs;
pub mod out;
pub mod paint;
pub mod table;

pub use exit::Exit;
pub use format::Format;
pub use job::Job;
pub use out::Out;

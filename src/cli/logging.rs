//! The program's own log: to a file, and nowhere else, since standard error may be the console's.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::launch::Usage;

/// Starts to write to the file, readable by its owner alone. Only our own words are logged, and those
/// of the libraries from `-vv` on if they warn: what they say below that holds whole requests.
pub fn start(file: &Path, verbose: u8) -> Result<(), Usage> {
    let unusable = |error: &dyn std::fmt::Display| Usage(format!("--log-file {}: {error}", file.display()));
    let opened = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)
        .map_err(|error| unusable(&error))?;
    let (ours, theirs) = match verbose {
        0 => (LevelFilter::INFO, LevelFilter::OFF),
        1 => (LevelFilter::DEBUG, LevelFilter::OFF),
        _ => (LevelFilter::TRACE, LevelFilter::WARN),
    };
    let filter = Targets::new()
        .with_default(theirs)
        .with_target("quarterdeck", ours);
    let lines = fmt::layer().with_ansi(false).with_writer(Mutex::new(opened));
    tracing_subscriber::registry()
        .with(lines)
        .with(filter)
        .try_init()
        .map_err(|error| unusable(&error))
}

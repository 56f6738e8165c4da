//! `qd spend`.

use clap::Args;

use crate::cli::launch::Launch;
use crate::headless::spend::{self, Paid};
use crate::headless::{Exit, Out};

/// What `qd spend` takes.
#[derive(Debug, Clone, Args)]
pub struct SpendArgs {
    /// Ask Cost Explorer again although each call is billed; else what was read in the last 18 hours
    /// is shown
    #[arg(long)]
    pub refresh: bool,
}

/// Runs it.
pub fn run(arguments: &SpendArgs, launch: &Launch, out: &Out) -> anyhow::Result<Exit> {
    let paid = if arguments.refresh {
        Paid::Renew
    } else {
        Paid::Reuse
    };
    spend::run(launch.job(paid), paid, out)
}

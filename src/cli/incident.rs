//! `qd incident`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::cli::launch::{Launch, Usage};
use crate::headless::incident::Desk;
use crate::headless::{Exit, Out};

/// What `qd incident` takes.
#[derive(Debug, Clone, Args)]
pub struct IncidentArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: IncidentCommand,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum IncidentCommand {
    /// List records of incidents, newest first
    List,
    /// Print the time line of one
    Show {
        /// Its name, the beginning of it or its last letters, or `last`
        incident: String,
    },
    /// Write one as a post-mortem in Markdown
    Export {
        /// Its name, the beginning of it or its last letters, or `last`
        incident: String,

        /// Write it to this new file instead of standard output
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: Option<PathBuf>,
    },
}

/// Runs it.
pub fn run(arguments: &IncidentArgs, launch: &Launch, out: &Out) -> anyhow::Result<Exit> {
    let now = launch.clocks.cloud.now();
    let Some((store, runs)) = launch.records() else {
        return Err(
            Usage("there is no folder for records: HOME is not set; give --state-dir".to_owned()).into(),
        );
    };
    let desk = Desk::new(store, runs, now);
    match &arguments.command {
        IncidentCommand::List => desk.list(out),
        IncidentCommand::Show { incident } => desk.show(incident, out),
        IncidentCommand::Export { incident, out: file } => desk.export(incident, file.as_deref(), out),
    }
}

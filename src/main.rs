//! `qd`: arguments → console or command → exit code.

use clap::Parser;
use quarterdeck::cli::global::Global;
use quarterdeck::cli::launch;
use quarterdeck::console::session;

/// A terminal operations console for AWS with runbook automation
#[derive(Debug, Parser)]
#[command(name = "qd", version)]
struct Cli {
    #[command(flatten)]
    global: Global,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    session::run(launch::console(&cli.global)?)?;
    Ok(())
}

//! `qd report`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::global::Global;
use crate::cli::launch::Launch;
use crate::domain::focus::Probing;
use crate::domain::health::Severity;
use crate::headless::report::{self, Heading, Request};
use crate::headless::spend::Paid;
use crate::headless::{Exit, Out};

/// What `qd report` takes.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// Write the page to this file instead of standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,

    /// Exit with 15 if there are findings of this severity or worse, what could not be read included
    #[arg(long, value_name = "SEVERITY", value_parser = super::status::severities())]
    pub fail_on: Option<Severity>,
}

/// Runs it.
pub fn run(arguments: &ReportArgs, global: &Global, launch: &Launch, out: &Out) -> anyhow::Result<Exit> {
    let request = Request {
        out: arguments.out.clone(),
        fail_on: arguments.fail_on,
        probing: if global.no_probe {
            Probing::No
        } else {
            Probing::Yes
        },
        heading: Heading {
            title: launch.title.clone().unwrap_or_else(|| {
                let names: Vec<&str> = launch.scopes.iter().map(|scope| scope.name.as_str()).collect();
                names.join(", ")
            }),
            environment: launch.frame.word().to_lowercase(),
        },
    };
    report::run(launch.job(Paid::Reuse), &request, out)
}

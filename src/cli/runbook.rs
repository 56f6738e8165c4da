//! `qd runbook`.

use std::io::{self, Read};

use clap::{Args, Subcommand};

use crate::cli::launch::{self, Usage};
use crate::cli::preferences::Preferences;
use crate::config::MOST_BYTES;
use crate::domain::diagnostic::{nearest, quoted};
use crate::engine::runbooks::Runbooks;
use crate::headless::runbook::{lint, list, show};
use crate::headless::{Exit, Out};
use crate::runbook::{File, Found, catalogue, json_schema};

/// What `qd runbook` takes.
#[derive(Debug, Args)]
pub struct RunbookArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: RunbookCommand,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum RunbookCommand {
    /// List the runbooks there are: beside the estate's file, your own, and those shipped
    List,
    /// Print what a runbook takes, does and checks
    Show {
        /// A name, or the path of a file
        runbook: String,
    },
    /// Check runbooks and print every mistake; exit code 2 if there is one
    Lint {
        /// Names or paths; `-` reads standard input. All runbooks there are if left out
        files: Vec<String>,
    },
    /// Print the JSON schema of runbooks, for editors
    Schema,
}

/// Runs it.
pub fn run(arguments: &RunbookArgs, preferences: &Preferences, out: &Out) -> anyhow::Result<Exit> {
    let runbooks = Runbooks::new(
        launch::estate_file(preferences).as_deref(),
        preferences.environment.config_dir().as_deref(),
    );
    match &arguments.command {
        RunbookCommand::List => list::run(&runbooks, catalogue(), out),
        RunbookCommand::Show { runbook } => {
            let file = opened(&runbooks, runbook)?;
            show::run(&file, &runbooks, catalogue(), out)
        }
        RunbookCommand::Lint { files } => {
            let files = if files.is_empty() {
                let listed = runbooks.list()?;
                listed
                    .iter()
                    .map(|listed| runbooks.open_listed(listed).map_err(|why| Usage(why).into()))
                    .collect::<anyhow::Result<Vec<File>>>()?
            } else {
                files
                    .iter()
                    .map(|file| opened(&runbooks, file))
                    .collect::<anyhow::Result<_>>()?
            };
            lint::run(&files, &runbooks, catalogue(), out)
        }
        RunbookCommand::Schema => super::show(&json_schema::json_schema(catalogue())),
    }
}

/// The runbook that somebody named.
pub fn opened(runbooks: &Runbooks, wanted: &str) -> anyhow::Result<File> {
    if wanted == "-" {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .take(MOST_BYTES as u64 + 1)
            .read_to_end(&mut bytes)?;
        return Ok(File {
            key: "-".to_owned(),
            name: "<stdin>".to_owned(),
            bytes,
        });
    }
    match runbooks.open(wanted) {
        Found::File(file) => Ok(file),
        Found::Missing(names) => {
            let guess = nearest(wanted, names.iter().map(String::as_str));
            let advice = match guess {
                Some(guess) => format!("; did you mean `{guess}`?"),
                None if names.is_empty() => String::new(),
                None => "; `qd runbook list` shows all".to_owned(),
            };
            Err(Usage(format!("there is no runbook {}{advice}", quoted(wanted))).into())
        }
        Found::Unreadable(why) => Err(Usage(format!("{}: {why}", quoted(wanted))).into()),
    }
}

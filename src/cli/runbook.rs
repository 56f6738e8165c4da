//! `qd runbook`.

mod live;
mod names;

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use crate::cli::global::Global;
use crate::cli::launch::{self, Maker, Usage};
use crate::cli::preferences::Preferences;
use crate::config::MOST_BYTES;
use crate::domain::diagnostic::{nearest, quoted};
use crate::engine::run::IfLocked;
use crate::engine::runbooks::Runbooks;
use crate::headless::runbook::{lint, list, show};
use crate::headless::{Exit, Out};
use crate::runbook::{File, Found, catalogue, json_schema};
use names::{KnownRuns, ShippedNames};

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
        #[arg(value_parser = ShippedNames, hide_possible_values = true)]
        runbook: String,
    },
    /// Check runbooks and print every mistake; exit code 2 if there is one
    Lint {
        /// Names or paths; `-` reads standard input. All runbooks there are if left out
        #[arg(value_parser = ShippedNames, hide_possible_values = true)]
        files: Vec<String>,
    },
    /// Print the JSON schema of runbooks, for editors
    Schema,
    /// Show what a run would do; changes nothing
    Plan(PlanArgs),
    /// Plan, confirm, apply and verify
    Run(RunArgs),
    /// Take up a run that was left, and go on
    Resume(ResumeArgs),
    /// Take back what a run has done
    Rollback(ResumeArgs),
    /// Give a run up, leaving everything as it is
    Abandon(TakeUpArgs),
    /// Follow a run that another process drives; Ctrl-C ends the following alone
    Attach(WhichRun),
    /// Print where a run stands
    Status(WhichRun),
    /// Print what a run has done, entry by entry
    Logs(WhichRun),
    /// List runs, newest first
    History {
        /// At most so many
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// List locks, or break one
    Lock {
        /// What to do
        #[command(subcommand)]
        command: LockCommand,
    },
}

/// What a runbook's parameters are given by: `--set`, then the file, then `QD_PARAM_*`, then defaults.
#[derive(Debug, Clone, Args)]
pub struct ParameterArgs {
    /// A parameter; lists take commas, or repeat it
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,

    /// A YAML file of parameters, name by name
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub params_file: Option<PathBuf>,
}

/// What `plan` takes.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// A name, or the path of a file
    #[arg(value_parser = ShippedNames, hide_possible_values = true)]
    pub runbook: String,

    /// Its parameters
    #[command(flatten)]
    pub parameters: ParameterArgs,

    /// Why, for runbooks that want to know
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,

    /// Write the plan to a file, for `run --plan`
    #[arg(long, value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,

    /// Exit with 3 if there is something to change
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// What confirms a plan.
#[derive(Debug, Clone, Args)]
pub struct ConsentArgs {
    /// Agree to the plan; not enough where a name has to be typed
    #[arg(long)]
    pub yes: bool,

    /// The name that the plan asks for: the resource that suffers most
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub confirm_name: Option<String>,

    /// Why, in your words; kept with the run
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub reason: Option<String>,

    /// What to do while somebody else changes the same: `fail`, `skip` or `wait=10m`
    #[arg(long, value_name = "WHAT", default_value = "fail", value_parser = |text: &str| text.parse::<IfLocked>())]
    pub if_locked: IfLocked,
}

/// What `run` takes.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// A name, or the path of a file
    #[arg(required_unless_present = "plan", value_parser = ShippedNames, hide_possible_values = true)]
    pub runbook: Option<String>,

    /// Its parameters
    #[command(flatten)]
    pub parameters: ParameterArgs,

    /// What confirms the plan
    #[command(flatten)]
    pub consent: ConsentArgs,

    /// Carry out a plan that `plan --out` wrote; `-` reads standard input
    #[arg(long, value_name = "PLAN", conflicts_with_all = ["set", "params_file"], value_hint = ValueHint::FilePath)]
    pub plan: Option<PathBuf>,

    /// The digest of the plan that was approved
    #[arg(long, value_name = "DIGEST", requires = "plan")]
    pub approve: Option<String>,

    /// Go on in a process of its own that outlives this one
    #[arg(long)]
    pub detach: bool,

    /// This is that process
    #[arg(long, hide = true, requires = "approve", conflicts_with = "detach")]
    pub on_its_own: bool,

    /// How the process that started this one had the plan confirmed
    #[arg(long, hide = true, requires = "on_its_own")]
    pub relayed: Option<Relayed>,
}

/// Who gave the answer that a process passes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Relayed {
    /// Flags.
    Flags,
    /// Somebody typed it.
    Person,
}

/// What `resume` and `rollback` take.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Which run, and what confirms it
    #[command(flatten)]
    pub taken_up: TakeUpArgs,

    /// Go on in a process of its own that outlives this one
    #[arg(long)]
    pub detach: bool,

    /// This is that process
    #[arg(long, hide = true, conflicts_with = "detach")]
    pub on_its_own: bool,
}

/// Which run, and what confirms it anew if its plan has expired.
#[derive(Debug, Args)]
pub struct TakeUpArgs {
    /// Its id, the beginning or the last letters of it, or `last`
    #[arg(value_parser = KnownRuns, hide_possible_values = true)]
    pub run: String,

    /// What confirms it
    #[command(flatten)]
    pub consent: ConsentArgs,
}

/// Which run.
#[derive(Debug, Args)]
pub struct WhichRun {
    /// Its id, the beginning or the last letters of it, or `last`
    #[arg(value_parser = KnownRuns, hide_possible_values = true)]
    pub run: String,
}

/// What to do with locks.
#[derive(Debug, Subcommand)]
pub enum LockCommand {
    /// List the locks that are held
    Ls,
    /// Take a lock away from whoever holds it: the run that holds it stops
    Break {
        /// The lock's id, of `lock ls`
        id: String,
        /// Why; kept
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        reason: String,
    },
}

/// `name=value`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("this is not NAME=VALUE".to_owned()),
    }
}

/// Runs it.
pub fn run(
    arguments: &RunbookArgs,
    (global, preferences, maker): (&Global, &Arc<Preferences>, Maker),
    out: &Out,
) -> anyhow::Result<Exit> {
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
        command => {
            let line = live::Line {
                global,
                preferences,
                maker,
                runbooks: &runbooks,
                out,
            };
            Ok(live::run(command, &line))
        }
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

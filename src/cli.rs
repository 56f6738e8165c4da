//! The command line: what can be typed, and which command that is.

pub mod argv;
pub mod completions;
pub mod doctor;
pub mod global;
pub mod iam_policy;
pub mod incident;
pub mod keys;
pub mod launch;
pub mod logging;
pub mod logs;
pub mod man;
pub mod preferences;
pub mod report;
pub mod runbook;
pub mod scopes;
pub mod spend;
pub mod status;
pub mod themes;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::cli::global::Global;
use crate::cli::launch::{Launch, Maker, Usage};
use crate::cli::preferences::Preferences;
use crate::config::settings::ColorChoice;
use crate::console::session::Ending;
use crate::engine::environment::Environment;
use crate::headless::out::{complain, print};
use crate::headless::runbook::document::RunDocument;
use crate::headless::runbook::failure::{Failed, Failure};
use crate::headless::{Exit, Format, Out};

/// A terminal operations console for AWS with runbook automation.
///
/// Without a command: the console. Results go to standard output, progress and warnings to standard
/// error.
#[derive(Debug, Parser)]
#[command(
    name = "qd",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_long_help = after_help(),
)]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,

    /// What to do instead of opening the console.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask for everything once and print it
    Status(status::StatusArgs),
    /// Print log groups, several merged in time order, and go on with --follow
    Logs(logs::LogsArgs),
    /// Month to date, forecast, budgets, and what runs now by the hour
    Spend(spend::SpendArgs),
    /// Write one Markdown page: findings, state, recovery, spend, what changed
    Report(report::ReportArgs),
    /// List, print or export records of incidents that the console kept
    Incident(incident::IncidentArgs),
    /// Find, read, check, plan and run runbooks
    Runbook(runbook::RunbookArgs),
    /// Check credentials, permissions, GPU hosts, clock and terminal, and say what to do
    Doctor,
    /// Print the least IAM policy that is needed; with --read-only that for looking alone
    IamPolicy,
    /// Print completions for a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual page
    Man,
    /// List the themes
    Themes,
    /// List the keys
    Keys,
}

/// Runs what the arguments say; the first of them is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>, maker: Maker) -> Exit {
    let arguments = argv::prepare(arguments);
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return refuse(&arguments, &error),
    };
    match perform(cli, maker) {
        Ok(exit) => exit,
        Err(error) => {
            let failure = Failure {
                exit: if error.is::<Usage>() {
                    Exit::Usage
                } else {
                    Exit::Internal
                },
                reasons: vec![format!("{error:#}")],
            };
            complain(&format!("qd: {error:#}"));
            document(&arguments, &failure);
            failure.exit
        }
    }
}

/// Prints help, version, or why the arguments are wrong.
fn refuse(arguments: &[OsString], error: &clap::Error) -> Exit {
    if let Some(advice) = argv::world_meant(arguments, error) {
        complain(&format!("qd: {advice}"));
        document(arguments, &Failure::usage(advice));
        return Exit::Usage;
    }
    if let ErrorKind::DisplayHelp | ErrorKind::DisplayVersion = error.kind() {
        // A reader that has gone away wants no help.
        let _ = error.print();
        return Exit::Done;
    }
    // It repeats what was typed, which a script may have taken from anywhere.
    let text = error.render().to_string();
    complain(&text);
    document(
        arguments,
        &Failure {
            exit: Exit::Usage,
            reasons: reasons(&text),
        },
    );
    Exit::Usage
}

/// What the parser says, without how to call the program: the mistake in one line, and each tip.
fn reasons(text: &str) -> Vec<String> {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    text.split("\n\n")
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|part| !part.is_empty())
        .filter(|part| !part.starts_with("Usage:") && !part.starts_with("For more information"))
        .collect()
}

/// Where a document is wanted there is one on standard output whatever happens.
fn document(arguments: &[OsString], failure: &Failure) {
    let format = argv::format_meant(arguments);
    if matches!(format, Format::Table | Format::Wide) {
        return;
    }
    let out = Out::standard(format, ColorChoice::Never, launch::utc(), &BTreeMap::new());
    let printed = if argv::is_about_a_run(arguments) {
        out.report(&RunDocument::failed(failure, None))
    } else {
        out.report(&Failed::of(failure))
    };
    if let Err(error) = printed {
        complain(&format!("qd: the result cannot be written: {error:#}"));
    }
}

fn perform(cli: Cli, maker: Maker) -> anyhow::Result<Exit> {
    let environment = Environment::read();
    let Cli { global, command } = cli;
    // These print what is compiled in, and work whatever state the machine is in.
    match &command {
        Some(Command::Completions(arguments)) => return completions::run(arguments),
        Some(Command::Man) => return man::run(),
        _ => {}
    }
    let preferences = Arc::new(Preferences::read(&global, environment));
    preferences.check(&global)?;
    // The console shows them itself.
    if command.is_some() {
        preferences.tell();
    }
    if let Some(file) = &preferences.settings.log_file {
        logging::start(file, global.verbose)?;
    }
    let format = global.output.unwrap_or(Format::Table);
    let out = |zone| {
        Out::standard(
            format,
            preferences.settings.color,
            zone,
            preferences.environment.variables(),
        )
    };
    let launch = || -> Result<Launch, Usage> {
        let launch = Launch::of(&global, &preferences, maker)?;
        launch.tell();
        Ok(launch)
    };
    match command {
        Some(Command::Themes) => themes::run(&preferences, &out(launch::utc())),
        Some(Command::Runbook(arguments)) => {
            runbook::run(&arguments, (&global, &preferences, maker), &out(launch::utc()))
        }
        Some(Command::Keys) => keys::run(&preferences, &out(launch::utc())),
        Some(Command::IamPolicy) => {
            let estate = launch::estate(&preferences)?;
            iam_policy::run(&global, estate.as_ref(), &out(launch::utc()))
        }
        Some(Command::Status(arguments)) => {
            let launch = launch()?;
            status::run(&arguments, &global, &launch, &out(launch.zone()))
        }
        Some(Command::Logs(arguments)) => {
            let launch = launch()?;
            logs::run(&arguments, &launch, &out(launch.zone()))
        }
        Some(Command::Spend(arguments)) => {
            let launch = launch()?;
            spend::run(&arguments, &launch, &out(launch.zone()))
        }
        Some(Command::Report(arguments)) => {
            let launch = launch()?;
            report::run(&arguments, &global, &launch, &out(launch.zone()))
        }
        Some(Command::Incident(arguments)) => {
            let launch = launch()?;
            incident::run(&arguments, &launch, &out(launch.zone()))
        }
        Some(Command::Doctor) => {
            let launch = launch();
            let zone = launch.as_ref().map_or_else(|_| launch::utc(), Launch::zone);
            doctor::run(
                launch.as_ref().map_err(Clone::clone),
                &global,
                &preferences,
                &out(zone),
            )
        }
        Some(Command::Completions(_) | Command::Man) => Ok(Exit::Done),
        None => {
            if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
                return Err(Usage(
                    "the console needs a terminal; `qd status` prints, `qd --help` lists the commands"
                        .to_owned(),
                )
                .into());
            }
            let launch = Launch::of(&global, &preferences, maker)?;
            Ok(match launch::run_console(&launch)? {
                Ending::Quit => Exit::Done,
                Ending::HangUp => Exit::HangUp,
                Ending::Terminated => Exit::Terminated,
            })
        }
    }
}

/// The whole command line, for help, completions and the manual page.
pub fn command() -> clap::Command {
    Cli::command()
}

fn after_help() -> String {
    let codes: Vec<String> = Exit::ALL
        .iter()
        .map(|exit| format!("  {:>3}  {}", exit.code(), exit.meaning()))
        .collect();
    format!(
        "Exit codes:\n{}\n\nTry it without AWS: qd --demo",
        codes.join("\n")
    )
}

/// Prints a text that is a result.
fn show(text: &str) -> anyhow::Result<Exit> {
    print(text)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Cli {
        let words = argv::prepare(line.split(' ').map(OsString::from));
        Cli::try_parse_from(words).unwrap()
    }

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn what_the_parser_says_becomes_reasons() {
        let words = argv::prepare("qd statsu".split(' ').map(OsString::from));
        let error = Cli::try_parse_from(words).unwrap_err();
        let reasons = reasons(&error.render().to_string());
        assert_eq!(reasons[0], "unrecognized subcommand 'statsu'");
        assert!(reasons[1].contains("status"), "{reasons:?}");
        assert!(!reasons.concat().contains("Usage"), "{reasons:?}");
    }

    #[test]
    fn global_flags_count_before_and_after_the_command() {
        for line in [
            "qd --profile a --profile b status",
            "qd status --profile a --profile b",
            "qd --profile a status --profile b",
        ] {
            assert_eq!(parsed(line).global.profile, ["a", "b"], "{line}");
        }
    }
}

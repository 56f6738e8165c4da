//! `qd logs`.

use clap::Args;
use regex::Regex;

use crate::cli::launch::Launch;
use crate::domain::units::HumanDuration;
use crate::headless::logs::{self, Follow, Request};
use crate::headless::spend::Paid;
use crate::headless::{Exit, Out};

/// What `qd logs` takes.
#[derive(Debug, Clone, Args)]
pub struct LogsArgs {
    /// Log groups by name or pattern, such as '/ecs/*'
    #[arg(value_name = "GROUP", required = true)]
    pub groups: Vec<String>,

    /// How far back to begin, such as 90s or 2h30m
    #[arg(long, value_name = "SPAN", default_value = "10m")]
    pub since: HumanDuration,

    /// Go on with new events until Ctrl-C
    #[arg(long)]
    pub follow: bool,

    /// Only events that match this CloudWatch filter pattern
    #[arg(long, value_name = "AWS_PATTERN")]
    pub filter: Option<String>,

    /// Only events in which this regular expression is found; repeat it for any of several
    #[arg(long, value_name = "RE")]
    pub grep: Vec<Regex>,

    /// No events in which this regular expression is found
    #[arg(long, value_name = "RE")]
    pub grep_v: Vec<Regex>,
}

/// Runs it.
pub fn run(arguments: &LogsArgs, launch: &Launch, out: &Out) -> anyhow::Result<Exit> {
    let request = Request {
        groups: arguments.groups.clone(),
        since: arguments.since,
        follow: if arguments.follow { Follow::Yes } else { Follow::No },
        pattern: arguments.filter.clone(),
        include: arguments.grep.clone(),
        exclude: arguments.grep_v.clone(),
    };
    logs::run(launch.job(Paid::Reuse), request, out)
}

//! Who runs something, and from where: for journals and locks.

use crate::engine::environment::Environment;
use crate::runbook::record::Who;

/// What somebody sits at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// The console.
    Console,
    /// A command in a terminal.
    Terminal,
    /// A command without a terminal: cron, a timer, a CI job.
    Unattended,
}

/// Who this process runs for. `arn` is the caller's in AWS, empty if it is not known.
pub fn here(environment: &Environment, seat: Seat, arn: &str) -> Who {
    Who {
        user: user(environment),
        host: host(),
        pid: std::process::id(),
        arn: arn.to_owned(),
        origin: origin(environment, seat),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// This machine's name.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn user(environment: &Environment) -> String {
    // Behind sudo the person matters, not root.
    ["SUDO_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| environment.variable(name))
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

fn origin(environment: &Environment, seat: Seat) -> String {
    let seat = match seat {
        Seat::Console => "console",
        Seat::Terminal => "terminal",
        Seat::Unattended if environment.variable("CI").is_some() => "ci",
        Seat::Unattended if environment.variable("INVOCATION_ID").is_some() => "systemd",
        Seat::Unattended => "unattended",
    };
    let client = ["SSH_CLIENT", "SSH_CONNECTION"]
        .into_iter()
        .find_map(|name| environment.variable(name));
    match client
        .as_deref()
        .and_then(|client| client.split_whitespace().next())
    {
        Some(address) => format!("{seat}, ssh {address}"),
        None => seat.to_owned(),
    }
}

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
        .unwrap_or_else(|| called(rustix::process::getuid().as_raw()))
}

/// What the password database calls a user: cron and timers may set no variable that says.
fn called(uid: u32) -> String {
    uzers::get_user_by_uid(uid).map_or_else(
        || format!("uid {uid}"),
        |user| user.name().to_string_lossy().into_owned(),
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_without_variables_has_the_name_of_the_password_database() {
        let of = |variables: &[(&str, &str)]| user(&Environment::of(variables));
        assert_eq!(of(&[("SUDO_USER", "kim"), ("USER", "root")]), "kim");
        let uid = rustix::process::getuid().as_raw();
        let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let line = known
            .lines()
            .find(|line| line.split(':').nth(2) == Some(&uid.to_string()));
        // Of a directory service this file knows nothing.
        if let Some(name) = line.and_then(|line| line.split(':').next()) {
            assert_eq!(of(&[]), name);
        }
        assert_eq!(called(4_294_967_000), "uid 4294967000");
    }
}

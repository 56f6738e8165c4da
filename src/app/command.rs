//! Everything that a key or a `:` line can do: one registry, from which the key bindings, the help,
//! the completion and `qd keys` all come.

/// A command of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// One level back; at the top it stays.
    Back,
    /// One level back; at the top it leaves the console.
    Close,
    /// Leaves the console.
    Quit,
    /// Cancels what is asked; quits when nothing is.
    Interrupt,
    /// Gives the terminal back to the shell until `fg`.
    Suspend,
    /// Opens the help.
    Help,
    /// Opens the command line.
    Palette,
    /// Opens the filter line.
    Filter,
    /// Sorts by the next column.
    Sort,
    /// Turns the sort order round.
    SortReverse,
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Scrolls to the left.
    Left,
    /// Scrolls to the right.
    Right,
    /// Opens the detail of what is selected.
    Open,
    /// To the pane before this one.
    PreviousPane,
    /// To the next pane.
    NextPane,
    /// To the overview.
    Overview,
    /// To the findings.
    Findings,
    /// To the ECS services.
    Services,
    /// To the GPU fleet.
    Gpu,
    /// To the data stores.
    Data,
    /// To load balancers and queues.
    Network,
    /// To the logs.
    Logs,
    /// To the spend.
    Spend,
    /// To the alarms.
    Alarms,
    /// To runs and runbooks.
    Runs,
    /// To SageMaker's endpoints, training jobs and notebooks.
    Models,
    /// To pipelines, builds and image repositories.
    Pipelines,
    /// To buckets and distributions.
    Web,
    /// To secrets and parameters.
    Secrets,
    /// To what would come back after a disaster.
    Recovery,
    /// The record of an incident.
    Incident,
    /// Pins a line of a log to the incident.
    Pin,
    /// To EKS clusters and node groups.
    Kubernetes,
    /// To Lambda functions.
    Functions,
    /// A runbook by its name.
    Runbook,
    /// Logs of what is selected.
    LogsOf,
    /// What changed, for what is selected.
    Changes,
    /// Runbooks for what is selected; in front of a run, what it offers next.
    Runbooks,
    /// Accepts the finding until the console ends.
    Accept,
    /// Copies the id of what is selected.
    CopyId,
    /// Shows and copies the console address and the equivalent aws command.
    Link,
    /// Another time zone.
    Zone,
    /// Pauses the view.
    Pause,
    /// Asks again now.
    Refresh,
    /// Marks what is selected.
    Mark,
    /// Shows masked values in the detail, on screen only.
    Reveal,
    /// CloudTrail writes of what is selected.
    Trail,
    /// Allows changes for a while.
    Write,
    /// The next error in the logs.
    NextError,
    /// The previous error in the logs.
    PreviousError,
    /// The next match.
    NextMatch,
    /// The previous match.
    PreviousMatch,
    /// Follows the end of the logs, or no longer.
    Follow,
    /// Wraps long lines, or no longer.
    Wrap,
    /// Saves the log lines to a file.
    Save,
    /// Searches in the logs.
    Search,
    /// Only lines that match.
    Include,
    /// No lines that match.
    Exclude,
    /// How far back the logs go.
    Since,
    /// Sets CloudWatch's own filter pattern.
    Pattern,
    /// Another theme.
    Theme,
}

/// Where a key means a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// Everywhere but in a text field.
    Global,
    /// In the logs, before the global ones.
    Logs,
    /// In a detail, before the global ones.
    Detail,
}

impl Context {
    /// The name in settings and help.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Logs => "logs",
            Self::Detail => "detail",
        }
    }
}

/// What is known of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The command.
    pub command: Command,
    /// The name after `:`, in settings, help and docs.
    pub id: &'static str,
    /// What it does, for the help.
    pub title: &'static str,
    /// Where its keys hold.
    pub context: Context,
    /// Its keys unless the settings say otherwise.
    pub keys: &'static [&'static str],
}

const fn entry(
    command: Command,
    id: &'static str,
    title: &'static str,
    context: Context,
    keys: &'static [&'static str],
) -> Entry {
    Entry {
        command,
        id,
        title,
        context,
        keys,
    }
}

/// All commands, in the order of the help.
pub const REGISTRY: &[Entry] = &[
    entry(
        Command::Overview,
        "overview",
        "what is wrong, what changed",
        Context::Global,
        &["0"],
    ),
    entry(
        Command::Findings,
        "findings",
        "every finding",
        Context::Global,
        &["1"],
    ),
    entry(
        Command::Services,
        "services",
        "ECS services",
        Context::Global,
        &["2"],
    ),
    entry(Command::Gpu, "gpu", "GPU fleet", Context::Global, &["3"]),
    entry(
        Command::Data,
        "data",
        "RDS, Aurora, ElastiCache",
        Context::Global,
        &["4"],
    ),
    entry(
        Command::Network,
        "network",
        "load balancers, NAT, certificates",
        Context::Global,
        &["5"],
    ),
    entry(Command::Logs, "logs", "log tails", Context::Global, &["6"]),
    entry(
        Command::Spend,
        "spend",
        "spend, budgets, burn rate",
        Context::Global,
        &["7"],
    ),
    entry(Command::Alarms, "alarms", "alarms", Context::Global, &["8"]),
    entry(
        Command::Runs,
        "runs",
        "runs, history, runbooks",
        Context::Global,
        &["9"],
    ),
    entry(
        Command::Models,
        "models",
        "SageMaker endpoints, training, notebooks",
        Context::Global,
        &[],
    ),
    entry(
        Command::Pipelines,
        "pipelines",
        "pipelines, builds, images",
        Context::Global,
        &[],
    ),
    entry(Command::Web, "web", "buckets, CloudFront", Context::Global, &[]),
    entry(
        Command::Secrets,
        "secrets",
        "secrets, parameters",
        Context::Global,
        &[],
    ),
    entry(
        Command::Recovery,
        "recovery",
        "what would come back, and how soon",
        Context::Global,
        &[],
    ),
    entry(
        Command::Incident,
        "incident",
        "record an incident: start, note, …",
        Context::Global,
        &[],
    ),
    entry(
        Command::Kubernetes,
        "kubernetes",
        "EKS clusters and node groups",
        Context::Global,
        &[],
    ),
    entry(
        Command::Functions,
        "functions",
        "Lambda functions",
        Context::Global,
        &[],
    ),
    entry(
        Command::PreviousPane,
        "previous",
        "previous pane",
        Context::Global,
        &["-"],
    ),
    entry(Command::NextPane, "next", "next pane", Context::Global, &["tab"]),
    entry(Command::Up, "up", "up", Context::Global, &["up", "k"]),
    entry(Command::Down, "down", "down", Context::Global, &["down", "j"]),
    entry(
        Command::PageUp,
        "page-up",
        "page up",
        Context::Global,
        &["pageup", "ctrl-b"],
    ),
    entry(
        Command::PageDown,
        "page-down",
        "page down",
        Context::Global,
        &["pagedown", "ctrl-f"],
    ),
    entry(
        Command::First,
        "first",
        "first row",
        Context::Global,
        &["home", "g"],
    ),
    entry(Command::Last, "last", "last row", Context::Global, &["end", "G"]),
    entry(
        Command::Left,
        "left",
        "scroll left",
        Context::Global,
        &["left", "h"],
    ),
    entry(
        Command::Right,
        "right",
        "scroll right",
        Context::Global,
        &["right"],
    ),
    entry(Command::Open, "open", "detail", Context::Global, &["enter"]),
    entry(Command::Back, "back", "one level back", Context::Global, &["esc"]),
    entry(
        Command::Close,
        "close",
        "one level back; leave at the top",
        Context::Global,
        &["q"],
    ),
    entry(Command::Quit, "quit", "leave", Context::Global, &[]),
    entry(
        Command::Interrupt,
        "interrupt",
        "cancel, or leave",
        Context::Global,
        &["ctrl-c"],
    ),
    entry(
        Command::Suspend,
        "suspend",
        "back to the shell until fg",
        Context::Global,
        &["ctrl-z"],
    ),
    entry(
        Command::Filter,
        "filter",
        "filter rows (! inverts)",
        Context::Global,
        &["/"],
    ),
    entry(
        Command::Sort,
        "sort",
        "sort by the next column",
        Context::Global,
        &["s"],
    ),
    entry(
        Command::SortReverse,
        "sort-reverse",
        "turn the order round",
        Context::Global,
        &["S"],
    ),
    entry(
        Command::Palette,
        "command",
        "command line",
        Context::Global,
        &[":"],
    ),
    entry(
        Command::LogsOf,
        "logs-of",
        "logs of this",
        Context::Global,
        &["l"],
    ),
    entry(
        Command::Changes,
        "changes",
        "what changed here",
        Context::Global,
        &["t"],
    ),
    entry(
        Command::Runbooks,
        "runbooks",
        "runbooks for this or after a run",
        Context::Global,
        &["x"],
    ),
    entry(
        Command::Runbook,
        "runbook",
        "a runbook by its name",
        Context::Global,
        &[],
    ),
    entry(
        Command::Accept,
        "accept",
        "accept until you leave",
        Context::Global,
        &["a"],
    ),
    entry(Command::CopyId, "copy", "copy the id", Context::Global, &["c"]),
    entry(
        Command::Link,
        "link",
        "console address, aws command",
        Context::Global,
        &["o"],
    ),
    entry(Command::Mark, "mark", "mark", Context::Global, &["space"]),
    entry(
        Command::Zone,
        "zone",
        "another time zone",
        Context::Global,
        &["T"],
    ),
    entry(Command::Pause, "pause", "pause the view", Context::Global, &["p"]),
    entry(
        Command::Refresh,
        "refresh",
        "ask again now",
        Context::Global,
        &["r"],
    ),
    entry(Command::Theme, "theme", "another theme", Context::Global, &[]),
    entry(
        Command::Write,
        "write",
        "allow changes for 30 minutes",
        Context::Global,
        &[],
    ),
    entry(Command::Help, "help", "help", Context::Global, &["?"]),
    entry(
        Command::Reveal,
        "reveal",
        "show masked values",
        Context::Detail,
        &["v"],
    ),
    entry(
        Command::Trail,
        "trail",
        "who wrote this (CloudTrail)",
        Context::Detail,
        &["w"],
    ),
    entry(
        Command::NextError,
        "next-error",
        "next error",
        Context::Logs,
        &["e"],
    ),
    entry(
        Command::PreviousError,
        "previous-error",
        "previous error",
        Context::Logs,
        &["E"],
    ),
    entry(
        Command::NextMatch,
        "next-match",
        "next match",
        Context::Logs,
        &["n"],
    ),
    entry(
        Command::PreviousMatch,
        "previous-match",
        "previous match",
        Context::Logs,
        &["N"],
    ),
    entry(Command::Search, "search", "search", Context::Logs, &["/"]),
    entry(
        Command::Include,
        "include",
        "only lines that match",
        Context::Logs,
        &["i"],
    ),
    entry(
        Command::Exclude,
        "exclude",
        "no lines that match",
        Context::Logs,
        &["x"],
    ),
    entry(Command::Since, "since", "how far back", Context::Logs, &["b"]),
    entry(
        Command::Pattern,
        "pattern",
        "CloudWatch filter pattern",
        Context::Logs,
        &["f"],
    ),
    entry(Command::Follow, "follow", "follow the end", Context::Logs, &["F"]),
    entry(
        Command::Wrap,
        "wrap",
        "whole lines, wrapped",
        Context::Logs,
        &["W"],
    ),
    entry(
        Command::Pin,
        "pin",
        "pin the line to the incident",
        Context::Logs,
        &["m"],
    ),
    entry(Command::Save, "save", "save to a file", Context::Logs, &["w"]),
];

impl Command {
    /// What is known of the command.
    pub fn entry(self) -> &'static Entry {
        REGISTRY
            .iter()
            .find(|entry| entry.command == self)
            .expect("the test holds every command to the registry")
    }

    /// The command of that name.
    pub fn of_id(id: &str) -> Option<Self> {
        REGISTRY
            .iter()
            .find(|entry| entry.id == id)
            .map(|entry| entry.command)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_no_key_means_two_commands_in_one_context() {
        let ids: BTreeSet<_> = REGISTRY.iter().map(|entry| entry.id).collect();
        assert_eq!(ids.len(), REGISTRY.len());
        let mut bound = BTreeSet::new();
        for entry in REGISTRY {
            for key in entry.keys {
                assert!(
                    bound.insert((entry.context, *key)),
                    "{key} twice in {:?}",
                    entry.context
                );
            }
        }
    }
}

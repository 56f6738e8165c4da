//! How a command ends: the exit codes, the same for every command, and which of several wins.

use serde::{Deserialize, Serialize};

/// The exit codes. Scripts rely on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// Done and verified, or there was nothing to do.
    Done,
    /// A mistake of ours.
    Internal,
    /// The command line, a runbook, parameters or a file are wrong, or changes are refused.
    Usage,
    /// `plan --detailed-exitcode`: something would change.
    ChangesPending,
    /// A precondition or limit failed; nothing was changed.
    Precondition,
    /// Somebody declined.
    Declined,
    /// A confirmation or a parameter is needed and there is no terminal to ask at.
    NeedsTerminal,
    /// Somebody else holds the lock.
    LockHeld,
    /// The estate is not as planned, or the plan is stale.
    Drift,
    /// A guard tripped.
    GuardTripped,
    /// Failed, and everything was rolled back.
    RolledBack,
    /// Failed, and some of it remains or is unknown.
    Partial,
    /// The rollback failed: a person is needed now.
    RollbackFailed,
    /// Out of time, or the endpoint cannot be reached.
    Deadline,
    /// Credentials are missing, have ended or are not allowed this.
    Credentials,
    /// There are findings at or above `--fail-on`.
    Findings,
    /// SIGHUP, after a clean stop with nothing changed.
    HangUp,
    /// SIGINT, after a clean stop with nothing changed.
    Interrupted,
    /// SIGTERM, after a clean stop with nothing changed.
    Terminated,
}

impl Exit {
    /// Every exit, in the order of the codes.
    pub const ALL: [Self; 19] = [
        Self::Done,
        Self::Internal,
        Self::Usage,
        Self::ChangesPending,
        Self::Precondition,
        Self::Declined,
        Self::NeedsTerminal,
        Self::LockHeld,
        Self::Drift,
        Self::GuardTripped,
        Self::RolledBack,
        Self::Partial,
        Self::RollbackFailed,
        Self::Deadline,
        Self::Credentials,
        Self::Findings,
        Self::HangUp,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::ChangesPending => 3,
            Self::Precondition => 4,
            Self::Declined => 5,
            Self::NeedsTerminal => 6,
            Self::LockHeld => 7,
            Self::Drift => 8,
            Self::GuardTripped => 9,
            Self::RolledBack => 10,
            Self::Partial => 11,
            Self::RollbackFailed => 12,
            Self::Deadline => 13,
            Self::Credentials => 14,
            Self::Findings => 15,
            Self::HangUp => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// What it means, in a few words for the help.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done and verified, or nothing to do",
            Self::Internal => "internal error",
            Self::Usage => "usage, invalid runbook, parameters or configuration, read-only",
            Self::ChangesPending => "changes pending (plan --detailed-exitcode)",
            Self::Precondition => "precondition or limit failed, nothing changed",
            Self::Declined => "declined",
            Self::NeedsTerminal => "confirmation or parameter needed and no terminal",
            Self::LockHeld => "lock held",
            Self::Drift => "drift, plan stale or expired",
            Self::GuardTripped => "guard tripped",
            Self::RolledBack => "failed and fully rolled back",
            Self::Partial => "failed, partial or unknown state remains",
            Self::RollbackFailed => "rollback failed: a person is needed now",
            Self::Deadline => "deadline exceeded, or endpoint unreachable",
            Self::Credentials => "credentials missing, expired or denied",
            Self::Findings => "findings at or above --fail-on",
            Self::HangUp => "hung up, nothing changed",
            Self::Interrupted => "interrupted, nothing changed",
            Self::Terminated => "terminated, nothing changed",
        }
    }

    /// How much it outranks others: what state the estate is in matters more than why it came to
    /// that. Those of the lowest ranks but one never meet another.
    const fn rank(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal | Self::Usage | Self::ChangesPending | Self::NeedsTerminal | Self::Findings => 1,
            Self::HangUp | Self::Interrupted | Self::Terminated => 2,
            Self::Precondition => 3,
            Self::Declined => 4,
            Self::LockHeld => 5,
            Self::Credentials => 6,
            Self::Deadline => 7,
            Self::Drift => 8,
            Self::GuardTripped => 9,
            Self::RolledBack => 10,
            Self::Partial => 11,
            Self::RollbackFailed => 12,
        }
    }

    /// The one that wins; [`Exit::Done`] if there is none. Of equals the first.
    pub fn worst(exits: impl IntoIterator<Item = Self>) -> Self {
        exits.into_iter().fold(
            Self::Done,
            |worst, exit| {
                if exit.rank() > worst.rank() { exit } else { worst }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_ordered_and_different() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }

    #[test]
    fn the_state_of_the_estate_outranks_the_reason() {
        let order = [
            Exit::RollbackFailed,
            Exit::Partial,
            Exit::RolledBack,
            Exit::GuardTripped,
            Exit::Drift,
            Exit::Deadline,
            Exit::Credentials,
            Exit::LockHeld,
            Exit::Declined,
            Exit::Precondition,
            Exit::Interrupted,
            Exit::Done,
        ];
        for pair in order.windows(2) {
            assert_eq!(Exit::worst([pair[1], pair[0]]), pair[0]);
            assert_eq!(Exit::worst([pair[0], pair[1]]), pair[0]);
        }
        assert_eq!(Exit::worst([]), Exit::Done);
    }

    #[test]
    fn a_signal_keeps_its_own_number() {
        assert_eq!(Exit::worst([Exit::Done, Exit::Terminated]).code(), 143);
        assert_eq!(Exit::worst([Exit::HangUp, Exit::Interrupted]).code(), 129);
    }
}

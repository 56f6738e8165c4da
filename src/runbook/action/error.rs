//! Why an action cannot be planned, and what a failed call means for the next one.

use serde::{Deserialize, Serialize};

use super::view::Unread;
use crate::domain::fault::{Fault, FaultKind};

/// Arguments that are not what the action takes. Lint finds these before a run; here they mean that
/// an expression gave something else than expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadArguments(pub String);

impl From<serde_json::Error> for BadArguments {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// Why an action cannot be planned here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{reason}")]
pub struct Refusal {
    /// What sort of reason: decides the exit code.
    pub kind: RefusalKind,
    /// The reason, with what to do about it.
    pub reason: String,
}

/// The sorts of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// The arguments make no sense.
    Arguments,
    /// The resource is not there.
    Absent,
    /// The resource could not be read, so nothing can be said of it.
    Unreadable,
    /// AWS could not be reached, or did not answer in time.
    Unreachable,
    /// Credentials or permissions are missing.
    Credentials,
    /// The resource's state, owner or form does not allow it.
    State,
}

impl Refusal {
    /// The resource's state, owner or form does not allow it.
    pub fn state(reason: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::State,
            reason: reason.into(),
        }
    }

    /// The resource is not there.
    pub fn absent(reason: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Absent,
            reason: reason.into(),
        }
    }
}

impl From<BadArguments> for Refusal {
    fn from(error: BadArguments) -> Self {
        Self {
            kind: RefusalKind::Arguments,
            reason: error.0,
        }
    }
}

impl From<Unread> for Refusal {
    fn from(unread: Unread) -> Self {
        let kind = match unread.class() {
            Some(ErrorClass::Credentials | ErrorClass::Denied) => RefusalKind::Credentials,
            Some(ErrorClass::Timeout | ErrorClass::Unreachable) => RefusalKind::Unreachable,
            _ => RefusalKind::Unreadable,
        };
        Self {
            kind,
            reason: unread.to_string(),
        }
    }
}

/// What a failed call means for the next one. The names are those of a runbook's `retry.errors`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Too many calls.
    Throttled,
    /// The resource is busy with something else: a scaling activity, a modification, a deployment.
    Conflict,
    /// AWS failed.
    Server,
    /// No answer in time.
    Timeout,
    /// The endpoint could not be reached, or the connection broke.
    Unreachable,
    /// The credentials are missing or have ended.
    Credentials,
    /// The identity may not do this.
    Denied,
    /// What it is about is not there.
    NotFound,
    /// The request was refused as wrong, unsupported, or because this console is read-only.
    Invalid,
    /// Anything else.
    Other,
}

/// Whether a call that failed may have changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It changed nothing: AWS said so, or it was never sent.
    None,
    /// It may have: only reading tells.
    Unknown,
}

impl ErrorClass {
    /// Every class, in the order in which they are listed.
    pub const ALL: [Self; 10] = [
        Self::Throttled,
        Self::Conflict,
        Self::Server,
        Self::Timeout,
        Self::Unreachable,
        Self::Credentials,
        Self::Denied,
        Self::NotFound,
        Self::Invalid,
        Self::Other,
    ];

    /// The word in runbooks.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Conflict => "conflict",
            Self::Server => "server",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Credentials => "credentials",
            Self::Denied => "denied",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
            Self::Other => "other",
        }
    }

    /// The class of a fault.
    pub fn of(fault: &Fault) -> Self {
        // Auto Scaling answers a busy group with HTTP 500, and ElastiCache throttles under its own name.
        match fault.code.as_deref() {
            Some("ResourceContention" | "ScalingActivityInProgress" | "ResourceInUse") => {
                return Self::Conflict;
            }
            // What AWS has not just then it may have a little later.
            Some(code) if code.starts_with("Insufficient") && code.ends_with("Capacity") => {
                return Self::Conflict;
            }
            Some("APICallRateForCustomerExceeded") => return Self::Throttled,
            _ => {}
        }
        match &fault.kind {
            FaultKind::Credentials(_) => Self::Credentials,
            FaultKind::AccessDenied => Self::Denied,
            FaultKind::Throttled => Self::Throttled,
            FaultKind::NotFound => Self::NotFound,
            FaultKind::Timeout => Self::Timeout,
            FaultKind::Unreachable => Self::Unreachable,
            FaultKind::Invalid | FaultKind::Unsupported | FaultKind::ReadOnly => Self::Invalid,
            FaultKind::Conflict => Self::Conflict,
            FaultKind::Server => Self::Server,
            FaultKind::NoData | FaultKind::Other => Self::Other,
        }
    }

    /// Whether a changing call that failed so may have changed something.
    pub const fn effect(self) -> Effect {
        match self {
            Self::Throttled
            | Self::Conflict
            | Self::Credentials
            | Self::Denied
            | Self::NotFound
            | Self::Invalid => Effect::None,
            Self::Server | Self::Timeout | Self::Unreachable | Self::Other => Effect::Unknown,
        }
    }

    /// Whether a later attempt can go better with nobody doing anything. What is refused for its
    /// content, or for who asks, is never tried again.
    pub const fn is_transient(self) -> bool {
        match self {
            Self::Throttled | Self::Conflict | Self::Server | Self::Timeout | Self::Unreachable => true,
            Self::Credentials | Self::Denied | Self::NotFound | Self::Invalid | Self::Other => false,
        }
    }
}

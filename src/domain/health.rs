//! How well something is, and what a health rule found.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::ResourceKey;

/// How well a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Nothing wrong that we can see.
    Ok,
    /// We cannot tell.
    Unknown,
    /// Wrong, and it can wait for the morning.
    Warn,
    /// Wrong, and somebody should look now.
    Crit,
}

impl Health {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Warn => "warn",
            Self::Crit => "crit",
        }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Wrong, and it can wait for the morning.
    Warn,
    /// Wrong, and somebody should look now.
    Crit,
}

impl Severity {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Crit => "crit",
        }
    }

    /// The health of a resource with such a finding.
    pub const fn health(self) -> Health {
        match self {
            Self::Info => Health::Ok,
            Self::Warn => Health::Warn,
            Self::Crit => Health::Crit,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a rule found wrong with a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's id, such as `ecs.running-below-desired`.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// Customer impact ranks before everything else of the same severity.
    pub impact: Impact,
    /// The resource.
    pub resource: ResourceKey,
    /// The resource's name; foreign text.
    pub name: String,
    /// What is wrong, short enough for a row: `rev 4 stuck 14m, 9 failed tasks`.
    pub title: String,
    /// Why we say so, in sentences with numbers and units.
    pub evidence: Vec<String>,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// Runbooks that help, the most likely one first.
    pub runbooks: Vec<String>,
    /// Why it is accepted, if the estate's operators or this session's user accepted it.
    pub accepted: Option<String>,
}

/// Whom a finding hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Impact {
    /// Customers see it.
    Customer,
    /// The service has less room than it should.
    Capacity,
    /// Something may go wrong later.
    Risk,
    /// It costs money.
    Cost,
}

/// Puts the findings that matter most first: severity, then impact, then age, then name.
pub fn rank(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then(a.impact.cmp(&b.impact))
            .then(
                a.since
                    .unwrap_or(Timestamp::MAX)
                    .cmp(&b.since.unwrap_or(Timestamp::MAX)),
            )
            .then_with(|| a.rule.cmp(&b.rule))
            .then_with(|| a.name.cmp(&b.name))
            .then_with(|| a.resource.cmp(&b.resource))
    });
}

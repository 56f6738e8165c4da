//! Lambda functions: what runs, under which aliases, who calls it, and how much of it may run at once.
//! Environment variables are never read: many functions keep their secrets there.

mod runtime;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{Tag, last_segment};

pub use runtime::{CHECKED as RUNTIMES_CHECKED, supported_until};

/// All functions of a region, and what they share.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Functions {
    /// By name.
    pub functions: Vec<Function>,
    /// What the account may run at once; `None` if it was not read.
    pub account: Option<AccountConcurrency>,
}

/// A function, as its unpublished version is configured.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html>
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// The function's ARN, without a version.
    pub arn: String,
    /// The function's name.
    pub name: String,
    /// `python3.13`, …; `None` of container images, which bring their own.
    pub runtime: Option<String>,
    /// Memory, MiB; CPU follows it.
    pub memory_mib: Option<u32>,
    /// After how many seconds Lambda ends an invocation.
    pub timeout_s: Option<u32>,
    /// When code or configuration was last changed.
    pub modified_at: Option<Timestamp>,
    /// `Active`, `Pending`, `Inactive`, `Failed`.
    pub state: Option<String>,
    /// Where its log lines go.
    pub log_group: String,
    /// The ARN of the queue or topic for events that could not be processed.
    pub dead_letter: Option<String>,
    /// The ARN of where events go that failed, as asynchronous invocation is configured.
    pub on_failure: Option<String>,
    /// Its aliases; `None` if they were not read.
    pub aliases: Option<Vec<Alias>>,
    /// What of the account's concurrency is kept for it.
    pub reserved: Reserved,
    /// What Lambda reads for it.
    pub sources: Vec<EventSource>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// What of the account's concurrency is kept for a function; also the most that it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reserved {
    /// It was not read.
    Unread,
    /// Nothing: it shares with all others.
    Nothing,
    /// So many at once; with 0 it never runs.
    Of(u32),
}

impl Reserved {
    /// How many at once, where some are reserved.
    pub const fn count(self) -> Option<u32> {
        match self {
            Self::Unread | Self::Nothing => None,
            Self::Of(count) => Some(count),
        }
    }
}

/// Where an alias leads: a version, and perhaps a share of the calls to another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Routing {
    /// The version that takes whatever no other one takes.
    pub version: String,
    /// The share of calls, 0 to 1, that another version takes.
    pub weights: BTreeMap<String, f64>,
}

impl Routing {
    /// All calls to one version.
    pub fn to(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            weights: BTreeMap::new(),
        }
    }

    /// Every version that takes calls, with its share.
    pub fn shares(&self) -> Vec<(&str, f64)> {
        let others: f64 = self.weights.values().sum();
        std::iter::once((self.version.as_str(), (1.0 - others).max(0.0)))
            .chain(
                self.weights
                    .iter()
                    .map(|(version, share)| (version.as_str(), *share)),
            )
            .filter(|(_, share)| *share > 0.0)
            .collect()
    }

    /// For people: `7`, `6, 10% to 7`.
    pub fn words(&self) -> String {
        let mut text = self.version.clone();
        for (version, share) in &self.weights {
            text.push_str(&format!(", {:.0}% to {version}", share * 100.0));
        }
        text
    }
}

/// An alias of a function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alias {
    /// The alias's name.
    pub name: String,
    /// Where it leads.
    pub routing: Routing,
    /// Changes with every change of the alias.
    pub revision: Option<String>,
    /// What somebody wrote about it.
    pub description: Option<String>,
}

/// A published version of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its number; the unpublished `$LATEST` is not among them.
    pub number: u64,
    /// When its code or configuration was made.
    pub modified_at: Option<Timestamp>,
    /// What somebody wrote about it.
    pub description: Option<String>,
    /// The hash of its code, in Base64.
    pub code_sha256: Option<String>,
    /// Its runtime.
    pub runtime: Option<String>,
}

/// A queue or stream that Lambda reads for a function.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventSource {
    /// The mapping's id.
    pub id: String,
    /// The ARN of what is read; `None` of self-managed brokers.
    pub source: Option<String>,
    /// `Enabled`, `Disabled`, `Creating`, `Updating`, `Enabling`, `Disabling`, …
    pub state: String,
    /// Why it is in that state: `USER_INITIATED`, `User action`, a failure.
    pub reason: Option<String>,
    /// The last result: `OK`, `No records processed`, `PROBLEM: …`.
    pub last_result: Option<String>,
    /// Records at once.
    pub batch_size: Option<u32>,
}

/// What the source of a mapping is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// An SQS queue: its lag is the age of its oldest message.
    Queue,
    /// A stream: its lag is the age of the last record that was read.
    Stream,
    /// Something else.
    Other,
}

impl EventSource {
    /// What is read.
    pub fn kind(&self) -> SourceKind {
        match self.source.as_deref().and_then(|arn| arn.split(':').nth(2)) {
            Some("sqs") => SourceKind::Queue,
            Some("kinesis" | "dynamodb") => SourceKind::Stream,
            _ => SourceKind::Other,
        }
    }

    /// The name of what is read; of a DynamoDB stream the table's.
    pub fn name(&self) -> &str {
        let Some(arn) = self.source.as_deref() else {
            return &self.id;
        };
        match arn.split_once(":table/") {
            Some((_, rest)) => rest.split('/').next().unwrap_or(rest),
            None => last_segment(arn),
        }
    }
}

/// What all functions of an account may run at once in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountConcurrency {
    /// Altogether.
    pub limit: u32,
    /// What is left for functions without a reservation.
    pub unreserved: Option<u32>,
}

/// An alias that led elsewhere when it was read the next time. AWS tells neither that it moved nor when.
#[derive(Debug, Clone, PartialEq)]
pub struct AliasMove {
    /// The function's ARN.
    pub function: String,
    /// The alias's name.
    pub alias: String,
    /// Where it led.
    pub from: Routing,
    /// Where it leads.
    pub to: Routing,
    /// When it was seen: by then it had moved.
    pub seen_at: Timestamp,
}

impl Functions {
    /// The aliases that lead elsewhere than they did `before`, as seen now.
    pub fn moved_since<'a>(
        &'a self,
        before: &'a Self,
        now: Timestamp,
    ) -> impl Iterator<Item = AliasMove> + 'a {
        self.functions.iter().flat_map(move |function| {
            let mut known = before.functions.iter();
            let led = known.find(|known| known.arn == function.arn);
            function.aliases.iter().flatten().filter_map(move |alias| {
                let mut led = led?.aliases.iter().flatten();
                let led = led.find(|known| known.name == alias.name)?;
                (led.routing != alias.routing).then(|| AliasMove {
                    function: function.arn.clone(),
                    alias: alias.name.clone(),
                    from: led.routing.clone(),
                    to: alias.routing.clone(),
                    seen_at: now,
                })
            })
        })
    }
}

impl Function {
    /// An alias by name; the only one there is for [`ONLY`].
    pub fn alias(&self, name: &str) -> Option<&Alias> {
        let aliases = self.aliases.as_deref()?;
        let named = aliases.iter().find(|alias| alias.name == name);
        named.or_else(|| match aliases {
            [only] if name == ONLY => Some(only),
            _ => None,
        })
    }

    /// Whether Lambda reads a stream for it.
    pub fn reads_streams(&self) -> bool {
        self.sources
            .iter()
            .any(|source| source.kind() == SourceKind::Stream)
    }
}

/// In place of an alias's name: the one that there is.
pub const ONLY: &str = "only";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_leave_the_rest_to_the_version_of_the_alias() {
        let mut routing = Routing::to("6");
        assert_eq!(routing.shares(), [("6", 1.0)]);
        routing.weights.insert("7".to_owned(), 0.25);
        assert_eq!(routing.shares(), [("6", 0.75), ("7", 0.25)]);
        assert_eq!(routing.words(), "6, 25% to 7");
        routing.weights.insert("7".to_owned(), 1.0);
        assert_eq!(routing.shares(), [("7", 1.0)]);
    }

    #[test]
    fn sources_are_told_apart_by_their_arns() {
        let source = |arn: Option<&str>| EventSource {
            id: "1f".to_owned(),
            source: arn.map(str::to_owned),
            state: "Enabled".to_owned(),
            reason: None,
            last_result: None,
            batch_size: Some(10),
        };
        for (arn, kind, name) in [
            (Some("arn:aws:sqs:us-east-1:1:jobs"), SourceKind::Queue, "jobs"),
            (
                Some("arn:aws:kinesis:us-east-1:1:stream/clicks"),
                SourceKind::Stream,
                "clicks",
            ),
            (
                Some("arn:aws:dynamodb:us-east-1:1:table/orders/stream/2026-01-01T00:00:00.000"),
                SourceKind::Stream,
                "orders",
            ),
            (
                Some("arn:aws:kafka:us-east-1:1:cluster/k/1"),
                SourceKind::Other,
                "1",
            ),
            (None, SourceKind::Other, "1f"),
        ] {
            let source = source(arn);
            assert_eq!((source.kind(), source.name()), (kind, name));
        }
    }
}

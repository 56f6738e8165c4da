//! The record of an incident: what was wrong, what changed, what somebody did and wrote down, in the
//! order in which it happened.
//!
//! A record is a list of [`Entry`]s that is only ever added to, by several consoles at once if need be;
//! [`Incident`] is its fold. What runs did is not in it: their journals have it, and [`RunStory`] is what
//! a time line takes from them.

mod export;
mod gather;
mod stretch;

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::changes::{Change, Word};
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::ResourceKey;
use crate::domain::redact::redact;
use crate::domain::text;

pub use export::{Places, markdown};
pub use stretch::Stretch;

/// The version of the format. Lines of another version are passed over.
pub const VERSION: u32 = 1;

/// The name of an incident; whoever keeps records mints it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(pub String);

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One line of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The format's version.
    pub v: u32,
    /// When, on the cloud's clock: that of findings and changes.
    pub at: Timestamp,
    /// When, on the user's clock.
    pub wall: Timestamp,
    /// Whose console wrote it: `user@host`.
    pub by: String,
    /// What.
    pub event: Event,
}

impl Entry {
    /// An entry of now, on the cloud's clock and on the user's.
    pub fn new(event: Event, by: &str, (at, wall): (Timestamp, Timestamp)) -> Self {
        Self {
            v: VERSION,
            at,
            wall,
            by: by.to_owned(),
            event,
        }
    }
}

/// A finding as a record keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The rule's id.
    pub rule: String,
    /// The resource.
    pub resource: ResourceKey,
    /// The resource's name; foreign text.
    pub name: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub title: String,
    /// Why we say so.
    pub evidence: Vec<String>,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
}

impl Seen {
    /// A finding, without what looks like a secret.
    pub fn of(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.clone(),
            resource: finding.resource.clone(),
            name: kept(&finding.name),
            severity: finding.severity,
            title: kept(&finding.title),
            evidence: finding.evidence.iter().map(|line| kept(line)).collect(),
            since: finding.since,
        }
    }

    /// What tells it from others.
    pub fn key(&self) -> FindingKey {
        (self.rule.clone(), self.resource.clone())
    }
}

/// A rule and a resource.
pub type FindingKey = (String, ResourceKey);

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Event {
    /// Somebody began the record.
    Started {
        /// What it is about, in words.
        title: String,
        /// The estate, if one was named.
        estate: Option<String>,
        /// Names of the accounts and regions that are watched.
        scopes: Vec<String>,
    },
    /// A finding is there.
    Appeared {
        /// Which.
        finding: Seen,
    },
    /// A finding is there no longer.
    Gone {
        /// The rule's id.
        rule: String,
        /// The resource.
        resource: ResourceKey,
    },
    /// Something changed in AWS.
    Changed {
        /// When.
        changed_at: Timestamp,
        /// What sort of change.
        sort: String,
        /// What; foreign text.
        text: String,
        /// Who or what did it, where AWS tells.
        who: Option<String>,
        /// What tells it from others of its sort that began about then, where the text does not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// Somebody wrote something down.
    Note {
        /// What.
        text: String,
    },
    /// Somebody pinned a line of a log.
    Pinned {
        /// The log group.
        group: String,
        /// When the line was written.
        logged_at: Timestamp,
        /// The line; foreign text, without what looks like a secret.
        text: String,
    },
    /// Somebody closed the record.
    Closed,
}

/// Foreign text as a record keeps it: cleaned, and without what looks like a secret.
pub fn kept(value: &str) -> String {
    redact(&text::clean_multiline(value)).into_owned()
}

/// What a record comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Its name.
    pub id: IncidentId,
    /// What it is about.
    pub title: String,
    /// The estate.
    pub estate: Option<String>,
    /// Accounts and regions.
    pub scopes: Vec<String>,
    /// When it began, on both clocks: the cloud's and the user's.
    pub started: (Timestamp, Timestamp),
    /// When it was closed, likewise.
    pub closed: Option<(Timestamp, Timestamp)>,
    /// Everybody who had a part in it, in the order in which they came.
    pub people: Vec<String>,
    /// Findings that are there now.
    pub open: BTreeMap<FindingKey, Seen>,
    /// Every finding that was there, when it appeared and when it went, in that order.
    pub findings: Vec<(Seen, Timestamp, Option<Timestamp>)>,
    /// What happened, as it was written down, without repetitions.
    pub entries: Vec<Entry>,
    /// Sort, identity and beginning of every change.
    changes: Vec<(String, String, Timestamp)>,
}

impl Incident {
    /// From a record; `None` unless it begins with the beginning of one.
    pub fn of(id: IncidentId, entries: impl IntoIterator<Item = Entry>) -> Option<Self> {
        let mut entries = entries.into_iter();
        let first = entries.next()?;
        let Event::Started {
            title,
            estate,
            scopes,
        } = &first.event
        else {
            return None;
        };
        let mut incident = Self {
            id,
            title: title.clone(),
            estate: estate.clone(),
            scopes: scopes.clone(),
            started: (first.at, first.wall),
            closed: None,
            people: vec![first.by.clone()],
            open: BTreeMap::new(),
            findings: Vec::new(),
            entries: vec![first],
            changes: Vec::new(),
        };
        for entry in entries {
            incident.apply(entry);
        }
        Some(incident)
    }

    /// Takes one more entry in. What is known already, since two consoles saw it, is not taken twice.
    pub fn apply(&mut self, entry: Entry) {
        if self.closed.is_some() {
            return;
        }
        let is_new = match &entry.event {
            // A record begins once.
            Event::Started { .. } => false,
            Event::Appeared { finding } if self.went_after(&finding.key(), entry.at) => false,
            Event::Appeared { finding } => {
                let is_new = self.open.insert(finding.key(), finding.clone()).is_none();
                if is_new {
                    self.findings.push((finding.clone(), entry.at, None));
                }
                is_new
            }
            Event::Gone { rule, resource } => {
                let was = self.open.remove(&(rule.clone(), resource.clone()));
                if let Some(was) = &was {
                    let key = was.key();
                    let last = self
                        .findings
                        .iter_mut()
                        .rev()
                        .find(|(seen, ..)| seen.key() == key);
                    if let Some((_, _, gone)) = last {
                        *gone = Some(entry.at);
                    }
                }
                was.is_some()
            }
            Event::Changed {
                changed_at,
                sort,
                text,
                id,
                ..
            } => {
                let identity = id.as_ref().unwrap_or(text);
                let is_new = !self.has_change(sort, identity, *changed_at);
                if is_new {
                    self.changes.push((sort.clone(), identity.clone(), *changed_at));
                }
                is_new
            }
            Event::Pinned { .. } => !self.entries.iter().any(|known| known.event == entry.event),
            Event::Note { .. } => true,
            Event::Closed => {
                self.closed = Some((entry.at, entry.wall));
                true
            }
        };
        if is_new {
            if !self.people.contains(&entry.by) {
                self.people.push(entry.by.clone());
            }
            self.entries.push(entry);
        }
    }

    /// Whether a finding was seen to be gone at that moment or later: whoever says that it appeared then looks
    /// at an older picture.
    pub fn went_after(&self, key: &FindingKey, at: Timestamp) -> bool {
        let last = self.findings.iter().rev().find(|(seen, ..)| seen.key() == *key);
        last.and_then(|(_, _, gone)| *gone).is_some_and(|gone| at <= gone)
    }

    /// Whether it goes on.
    pub const fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Whether a change is in the record, as this picture or an earlier one told it.
    pub fn knows_change(&self, change: &Change) -> bool {
        let identity = match &change.id {
            Some(id) => id.clone(),
            None => kept(&change.what),
        };
        self.has_change(change.word.as_str(), &identity, change.at)
    }

    fn has_change(&self, sort: &str, identity: &str, at: Timestamp) -> bool {
        let word = Word::ALL.into_iter().find(|word| word.as_str() == sort);
        let tolerance = word.map_or(SignedDuration::ZERO, Word::tolerance);
        self.changes.iter().any(|(known, its, began)| {
            known == sort && its == identity && at.duration_since(*began).abs() <= tolerance
        })
    }

    /// The moment that an entry is about, which may be before it was written down.
    pub fn moment(entry: &Entry) -> Timestamp {
        match &entry.event {
            Event::Changed { changed_at, .. } => *changed_at,
            Event::Pinned { logged_at, .. } => *logged_at,
            Event::Started { .. }
            | Event::Appeared { .. }
            | Event::Gone { .. }
            | Event::Note { .. }
            | Event::Closed => entry.at,
        }
    }
}

/// What a run did, as its journal tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStory {
    /// The run.
    pub run: String,
    /// The runbook.
    pub runbook: String,
    /// Who started it: `user@host`.
    pub who: String,
    /// Why, in their words.
    pub reason: Option<String>,
    /// What it has come to, in a word.
    pub status: String,
    /// When it was started, on the cloud's clock.
    pub started_at: Timestamp,
    /// What remains that should not, in words.
    pub remains: Vec<String>,
    /// What it did and when, oldest first.
    pub steps: Vec<(Timestamp, String)>,
}

/// The time line: entries and steps of runs, oldest first. A finding that comes and goes is told once for
/// each stretch of it.
pub fn timeline(incident: &Incident, runs: &[RunStory]) -> Vec<Moment> {
    let stretches = incident.stretches();
    let mut all: Vec<Moment> = incident
        .entries
        .iter()
        .filter(|entry| !stretch::is_passed_over(entry, &stretches))
        .map(|entry| Moment {
            at: Incident::moment(entry),
            sort: sort_of(&entry.event),
            who: whose(entry),
            text: words(incident, entry, &stretches),
        })
        .collect();
    for run in runs {
        all.extend(run.steps.iter().map(|(at, text)| Moment {
            at: *at,
            sort: "run",
            who: Some(run.who.clone()),
            text: format!("{} {}: {text}", run.runbook, run.run),
        }));
    }
    // Of the same moment the order in which it was written down.
    all.sort_by_key(|moment| moment.at);
    all
}

/// A line of the time line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// `begin`, `found`, `gone`, `changed`, `note`, `log`, `run` or `end`.
    pub sort: &'static str,
    /// Whose doing it is; `None` where nobody knows. Who keeps the record is not who changed something.
    pub who: Option<String>,
    /// What; foreign text.
    pub text: String,
}

fn whose(entry: &Entry) -> Option<String> {
    match &entry.event {
        Event::Changed { who, .. } => who.clone(),
        Event::Appeared { .. } | Event::Gone { .. } => None,
        Event::Started { .. } | Event::Note { .. } | Event::Pinned { .. } | Event::Closed => {
            Some(entry.by.clone())
        }
    }
}

const fn sort_of(event: &Event) -> &'static str {
    match event {
        Event::Started { .. } => "begin",
        Event::Appeared { .. } => "found",
        Event::Gone { .. } => "gone",
        Event::Changed { .. } => "changed",
        Event::Note { .. } => "note",
        Event::Pinned { .. } => "log",
        Event::Closed => "end",
    }
}

fn words(incident: &Incident, entry: &Entry, stretches: &[Stretch]) -> String {
    match &entry.event {
        Event::Started { title, .. } => format!("incident began: {title}"),
        Event::Appeared { finding } => {
            let stretch = stretches
                .iter()
                .find(|stretch| stretch.seen.key() == finding.key() && stretch.from == entry.at);
            let seen = stretch.map_or(finding, |stretch| &stretch.seen);
            let often = stretch.and_then(Stretch::often);
            format!(
                "{} {}: {}{}",
                seen.severity.word().to_uppercase(),
                seen.name,
                seen.title,
                often.map(|often| format!(" ({often})")).unwrap_or_default()
            )
        }
        Event::Gone { rule, resource } => {
            let known = incident
                .findings
                .iter()
                .find(|(seen, ..)| seen.rule == *rule && seen.resource == *resource);
            match known {
                Some((seen, ..)) => format!("over: {}: {}", seen.name, seen.title),
                None => format!("over: {rule}"),
            }
        }
        Event::Changed { sort, text, .. } => format!("{sort}: {text}"),
        Event::Note { text } => text.clone(),
        Event::Pinned { group, text, .. } => format!("{group}: {text}"),
        Event::Closed => "incident closed".to_owned(),
    }
}

#[cfg(test)]
mod tests;

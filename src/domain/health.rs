//! How well something is, and what a health rule found.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::ResourceKey;
use crate::domain::units::Usd;

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
    /// Other resources on which those runbooks help, the best one first: groups that work on a queue, a group with
    /// other instances.
    #[serde(default)]
    pub helped_at: Vec<ResourceKey>,
    /// Why it is accepted, if the estate's operators or this session's user accepted it.
    pub accepted: Option<String>,
    /// US dollars that would be saved in a month of 730 hours; `None` unless it is a possible saving
    /// whose price is known.
    #[serde(default)]
    pub saves: Option<Usd>,
}

impl Finding {
    /// Whether it is about money that could be saved, and nothing is wrong: such findings stand in a
    /// list of their own.
    pub fn is_saving(&self) -> bool {
        self.rule.starts_with("saving.")
    }
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

/// Makes findings of one rule about one resource one, the first of them: a target group behind two load
/// balancers is one trouble with the evidence of both.
pub fn unite(findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<(String, ResourceKey), usize> = BTreeMap::new();
    let mut united: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings.drain(..) {
        match seen.entry((finding.rule.clone(), finding.resource.clone())) {
            Entry::Vacant(place) => {
                place.insert(united.len());
                united.push(finding);
            }
            Entry::Occupied(place) => {
                let first = &mut united[*place.get()];
                for sentence in finding.evidence {
                    if !first.evidence.contains(&sentence) {
                        first.evidence.push(sentence);
                    }
                }
            }
        }
    }
    *findings = united;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Kind;
    use crate::domain::scope::ScopeName;

    fn finding(rule: &str, id: &str, evidence: &[&str]) -> Finding {
        Finding {
            rule: rule.to_owned(),
            severity: Severity::Warn,
            impact: Impact::Customer,
            resource: ResourceKey {
                scope: ScopeName::new("default/us-east-1"),
                kind: Kind::TargetGroup,
                id: id.into(),
            },
            name: id.to_owned(),
            title: "5xx".to_owned(),
            evidence: evidence.iter().map(|&sentence| sentence.to_owned()).collect(),
            since: None,
            runbooks: Vec::new(),
            accepted: None,
            helped_at: Vec::new(),
            saves: None,
        }
    }

    #[test]
    fn one_trouble_is_told_once_with_all_its_evidence() {
        let mut findings = vec![
            finding("alb.5xx", "a", &["through one", "in all"]),
            finding("alb.5xx", "b", &["through one"]),
            finding("alb.5xx", "a", &["in all", "through two"]),
            finding("alb.latency-p95", "a", &[]),
        ];
        unite(&mut findings);
        let told: Vec<(&str, &str)> = findings
            .iter()
            .map(|one| (one.rule.as_str(), one.name.as_str()))
            .collect();
        assert_eq!(
            told,
            [("alb.5xx", "a"), ("alb.5xx", "b"), ("alb.latency-p95", "a")]
        );
        assert_eq!(findings[0].evidence, ["through one", "in all", "through two"]);
    }
}

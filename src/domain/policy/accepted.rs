//! Findings that somebody has agreed to live with, for a while.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Zone;
use crate::domain::glob::Glob;

/// A finding that is shown as accepted, not as a problem, until its last day is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedFinding {
    /// Id of the rule, such as `rds.single-az-prod`; a pattern covers several.
    pub rule: Glob,
    /// Name or id of the resource; a pattern covers several.
    #[serde(rename = "match")]
    pub subject: Glob,
    /// Why it is acceptable, in the words of whoever decided it.
    pub reason: String,
    /// The last day of the acceptance in the estate's zone. There is always one: what is accepted
    /// for ever is forgotten.
    pub until: Date,
}

impl AcceptedFinding {
    /// Whether this covers a finding of a rule about a resource with any of these names (usually
    /// its name and its id).
    pub fn covers<'a>(&self, rule: &str, subjects: impl IntoIterator<Item = &'a str>) -> bool {
        self.rule.matches(rule) && subjects.into_iter().any(|subject| self.subject.matches(subject))
    }

    /// Whether the acceptance still holds at a moment.
    pub fn holds(&self, now: Timestamp, zone: &Zone) -> bool {
        now.to_zoned(zone.rules().clone()).date() <= self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted() -> AcceptedFinding {
        AcceptedFinding {
            rule: Glob::new("rds.*"),
            subject: Glob::new("ecommerce-db"),
            reason: "single zone by design".to_owned(),
            until: "2026-12-31".parse().expect("a date"),
        }
    }

    #[test]
    fn rule_and_any_name_must_match() {
        let accepted = accepted();
        assert!(accepted.covers("rds.multi-az-off", ["arn:aws:rds:x", "ecommerce-db"]));
        assert!(!accepted.covers("redis.failover-off", ["ecommerce-db"]));
        assert!(!accepted.covers("rds.multi-az-off", ["ecommerce-db-2"]));
        assert!(!accepted.covers("rds.multi-az-off", []));
    }

    #[test]
    fn the_last_day_ends_at_midnight_of_the_estates_zone() {
        let seoul = Zone::named("Asia/Seoul").expect("it exists");
        let before: Timestamp = "2026-12-31T14:59:59Z".parse().expect("a timestamp");
        let after: Timestamp = "2026-12-31T15:00:00Z".parse().expect("a timestamp");
        assert!(accepted().holds(before, &seoul));
        assert!(!accepted().holds(after, &seoul));
        assert!(accepted().holds(after, &Zone::utc()));
    }
}

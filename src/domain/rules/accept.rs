//! Findings that somebody lives with: by an estate file until a date, or for this session.

use crate::domain::health::Finding;
use crate::domain::ids::ResourceKey;
use crate::domain::rules::Context;

/// What a user has accepted until the console ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionAccept {
    /// The rule's id.
    pub rule: String,
    /// The resource.
    pub resource: ResourceKey,
}

/// Why a finding is accepted, if it is.
pub(super) fn reason(finding: &Finding, context: &Context<'_>, session: &[SessionAccept]) -> Option<String> {
    let by_estate = context
        .policy
        .accepted
        .iter()
        .filter(|accepted| accepted.holds(context.now, context.zone()))
        .find(|accepted| accepted.covers(&finding.rule, [finding.name.as_str(), &finding.resource.id]))
        .map(|accepted| format!("{} (until {})", accepted.reason, accepted.until));
    by_estate.or_else(|| {
        session
            .iter()
            .any(|accepted| accepted.rule == finding.rule && accepted.resource == finding.resource)
            .then(|| "accepted for this session".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::glob::Glob;
    use crate::domain::policy::{AcceptedFinding, Policy, Zone};
    use crate::domain::rules::sample::{Bench, at};

    fn accepting(rule: &str, subject: &str) -> Policy {
        Policy {
            time_zone: Zone::named("Asia/Seoul").unwrap(),
            accepted: vec![AcceptedFinding {
                rule: Glob::new(rule),
                subject: Glob::new(subject),
                reason: "known, being replaced".to_owned(),
                until: "2026-11-21".parse().unwrap(),
            }],
            ..Policy::default()
        }
    }

    #[test]
    fn an_estate_accepts_by_name_or_id_until_its_date() {
        let mut bench = Bench::new();
        bench.target_group("api-tg", &[("10.0.0.1", "unhealthy")]);
        for (rule, subject, accepted) in [
            ("alb.targets-unhealthy", "api-*", true),
            (
                "alb.*",
                "arn:aws:elasticloadbalancing:*targetgroup/api-tg/*",
                true,
            ),
            ("alb.*", "web-*", false),
            ("ecs.*", "api-*", false),
        ] {
            let findings = bench.with_policy(accepting(rule, subject)).evaluate();
            assert_eq!(findings.len(), 1);
            assert_eq!(
                findings[0].accepted.as_deref(),
                accepted.then_some("known, being replaced (until 2026-11-21)"),
                "{rule} {subject}"
            );
        }
        bench.now = at(15 * 60);
        assert_eq!(bench.evaluate()[0].accepted, None);
    }

    #[test]
    fn a_session_accepts_one_rule_of_one_resource() {
        let mut bench = Bench::new();
        bench.target_group("api-tg", &[("10.0.0.1", "unhealthy")]);
        bench.target_group("web-tg", &[("10.0.0.2", "unhealthy")]);
        let first = bench.evaluate()[0].clone();
        bench.session = vec![SessionAccept {
            rule: first.rule.clone(),
            resource: first.resource.clone(),
        }];
        for finding in bench.evaluate() {
            assert_eq!(
                finding.accepted.is_some(),
                finding.resource == first.resource,
                "{}",
                finding.name
            );
        }
    }
}

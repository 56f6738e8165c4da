//! Route 53: endpoints that its checkers do not find well. Once per account.

use crate::domain::dns::{CheckState, HEALTHY_ABOVE_PERCENT, HealthCheck};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};

/// Checkers find an endpoint ill.
pub const FAILING: Rule = Rule {
    id: "health-check.failing",
    kind: Kind::HealthCheck,
    title: "Route 53's checkers find an endpoint ill",
    what: "The share of a health check's checkers that find its endpoint ill. Route 53 calls it unhealthy, \
           and takes it out of DNS where records depend on it, unless more than 18% find it well. Checks \
           that are switched off, turned round, or made of others are not judged.",
    severities: &[
        (
            Severity::Crit,
            "Route 53 calls it unhealthy, or at the critical share",
        ),
        (Severity::Warn, "at the warning share"),
    ],
    thresholds: &["health_check_failing_percent"],
    runbooks: &[],
    reach: Reach::Account,
    check: failing,
};

fn failing(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().health_check_failing_percent;
    let checks = context
        .state
        .dns
        .get()
        .into_iter()
        .flat_map(|dns| &dns.health_checks);
    for check in checks.filter(|check| !check.disabled && !check.inverted) {
        let Some((well, all)) = check.well() else {
            continue;
        };
        let ill = (all - well) as f64 / all as f64 * 100.0;
        let is_out = check.state() == Some(CheckState::Unhealthy);
        let grade = limit
            .judge(ill)
            .map(severity)
            .max(is_out.then_some(Severity::Crit));
        let Some(grade) = grade else {
            continue;
        };
        findings.push(
            FAILING
                .on(context, &check.id, check.name())
                .in_scope(context.state.scope.global_name())
                .hurts(Impact::Customer)
                .because(format!(
                    "{} of {all} checkers find {} ill{}.",
                    all - well,
                    words::excerpt(check.target.as_deref().unwrap_or(check.name())),
                    if is_out {
                        format!(
                            ": not more than {} find it well, so Route 53 calls it unhealthy",
                            words::percent(HEALTHY_ABOVE_PERCENT)
                        )
                    } else {
                        String::new()
                    }
                ))
                .perhaps_because(reason(check))
                .report(grade, format!("{} of {all} checkers fail", all - well)),
        );
    }
}

/// What most of those that find it ill say.
fn reason(check: &HealthCheck) -> Option<String> {
    let ill: Vec<&str> = check
        .observations
        .iter()
        .flatten()
        .filter(|one| !one.is_well())
        .map(|one| one.said.as_str())
        .collect();
    let often = |said: &&str| ill.iter().filter(|other| *other == said).count();
    let most = ill.iter().copied().max_by_key(often)?;
    Some(format!("{} of them say: {}", often(&most), words::excerpt(most)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dns::{Dns, Observation};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::Bench;

    fn found(well: usize, ill: usize, disabled: bool) -> Vec<Finding> {
        let said = |said: &str| Observation {
            region: "us-east-1".to_owned(),
            said: said.to_owned(),
            at: None,
        };
        let mut observations = vec![said("Success: HTTP Status Code 200, OK"); well];
        observations.extend(vec![
            said("Failure: HTTP Status Code 503, Service Unavailable");
            ill
        ]);
        let check = HealthCheck {
            id: "c1".to_owned(),
            name: Some("api".to_owned()),
            form: "HTTPS".to_owned(),
            target: Some("https://api.example.com:443/health".to_owned()),
            disabled,
            inverted: false,
            observations: Some(observations),
        };
        let mut bench = Bench::new();
        bench.know(
            Source::Dns,
            ReplyData::Dns(Dns {
                health_checks: vec![check],
                hosted_zones: Some(1),
            }),
        );
        bench.check(&FAILING)
    }

    #[test]
    fn the_share_of_checkers_decides_and_their_reason_is_told() {
        let findings = found(1, 15, false);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Crit, "15 of 16 checkers fail")
        );
        assert_eq!(
            findings[0].evidence,
            [
                "15 of 16 checkers find https://api.example.com:443/health ill: not more than 18% find it \
                 well, so Route 53 calls it unhealthy.",
                "15 of them say: Failure: HTTP Status Code 503, Service Unavailable",
            ]
        );
        assert_eq!(found(9, 7, false)[0].severity, Severity::Warn);
        assert_eq!(found(15, 1, false), []);
        assert_eq!(found(0, 0, false), []);
        assert_eq!(found(0, 16, true), []);
        assert_eq!(Bench::new().check(&FAILING), []);
    }
}

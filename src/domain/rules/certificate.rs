//! Certificates: those that end before anybody renews them, and those that were never issued.

use crate::domain::certificate::{Certificate, Origin, Validation};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::{Kind, last_segment};
use crate::domain::rules::draft::{Draft, severity};
use crate::domain::rules::{Context, Reach, Rule, words};

/// It ends, and is not renewed.
pub const EXPIRING: Rule = Rule {
    id: "certificate.expiring",
    kind: Kind::Certificate,
    title: "A certificate ends and is not renewed",
    what: "Days until certificates end that something uses, those of CloudFront in us-east-1 included. ACM \
           renews its own sixty days before, as long as the records that prove the names are there: the \
           records that it does not find are named. Imported ones have to be imported again.",
    severities: &[
        (Severity::Crit, "at the critical number of days, or it has ended"),
        (
            Severity::Warn,
            "at the warning number of days, or ACM's renewal fails or waits for a proof",
        ),
    ],
    thresholds: &["certificate_days_left"],
    runbooks: &["acm-validate-certificate"],
    reach: Reach::Scope,
    check: expiring,
};

/// It was asked for and never issued.
pub const NOT_ISSUED: Rule = Rule {
    id: "certificate.not-issued",
    kind: Kind::Certificate,
    title: "A certificate was never issued",
    what: "Certificates that wait for the proof of their names, or that ACM has given up. After 72 hours \
           without a proof ACM does.",
    severities: &[(Severity::Warn, "it waits, or its issue failed")],
    thresholds: &[],
    runbooks: &["acm-validate-certificate"],
    reach: Reach::Scope,
    check: not_issued,
};

/// Certificates of the region, and those of us-east-1 that the account's scope reads.
fn certificates<'a>(context: &Context<'a>) -> impl Iterator<Item = (&'a Certificate, bool)> {
    let state = context.state;
    let own = state.certificates.get().into_iter().flatten();
    let edge = state.edge_certificates.get().into_iter().flatten();
    own.map(|one| (one, false)).chain(edge.map(|one| (one, true)))
}

fn begin(rule: &Rule, context: &Context<'_>, (one, edge): (&Certificate, bool)) -> Draft {
    let draft = rule.on(context, &one.arn, &one.domain);
    if edge {
        draft.in_scope(context.state.scope.global_name())
    } else {
        draft
    }
}

/// What proves a name and is not there, with the record to add.
fn proof(validation: &Validation) -> String {
    let domain = words::excerpt(&validation.domain);
    match &validation.record {
        Some((name, kind, value)) => format!(
            "For {domain} add the record {} {} {}",
            words::excerpt(name),
            words::excerpt(kind),
            words::excerpt(value)
        ),
        None => format!(
            "{domain} is to be proven by {}.",
            validation
                .method
                .as_deref()
                .unwrap_or("a way that AWS does not tell")
        ),
    }
}

fn users(one: &Certificate) -> String {
    let names: Vec<&str> = one
        .in_use_by
        .iter()
        .map(|arn| {
            let balancer = arn
                .split(":loadbalancer/")
                .nth(1)
                .and_then(|rest| rest.split('/').nth(1));
            balancer.unwrap_or_else(|| last_segment(arn))
        })
        .collect();
    words::excerpt(&names.join(", "))
}

fn expiring(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().certificate_days_left;
    for (one, edge) in certificates(context) {
        let Some((days, end)) = one.days_left(context.now).zip(one.not_after) else {
            continue;
        };
        if one.in_use_by.is_empty() {
            continue;
        }
        let stuck = one
            .renewal
            .as_deref()
            .filter(|renewal| ["FAILED", "PENDING_VALIDATION"].contains(renewal));
        let breach = limit.judge(days as f64).map(severity);
        let Some(grade) = breach.max(stuck.map(|_| Severity::Warn)) else {
            continue;
        };
        let when = if days < 0 {
            format!("It ended at {}.", words::moment(end, context.zone()))
        } else {
            format!(
                "It ends at {}, in {}.",
                words::moment(end, context.zone()),
                words::count(days as usize, "day")
            )
        };
        let title = match (days < 0, stuck) {
            (true, _) => "has ended".to_owned(),
            (false, Some(_)) => format!("{days}d left, renewal stuck"),
            (false, None) => format!("{days}d left"),
        };
        let mut draft = begin(&EXPIRING, context, (one, edge))
            .hurts(Impact::Customer)
            .because(format!("{when} Used by {}.", users(one)))
            .perhaps_because(renewal(one));
        for validation in one.unproven() {
            draft = draft.because(proof(validation));
        }
        findings.push(draft.report(grade, title));
    }
}

/// Who renews it, and what stands in the way.
fn renewal(one: &Certificate) -> Option<String> {
    let failure = one
        .failure
        .as_deref()
        .map(|why| format!(": {}", words::excerpt(why)));
    let failure = failure.unwrap_or_default();
    match (one.origin, one.renewal.as_deref()) {
        (Origin::Imported, _) => {
            Some("It was imported: ACM does not renew it. Import the next one under the same ARN.".to_owned())
        }
        (_, Some(renewal)) => Some(format!("ACM's renewal is {renewal}{failure}.")),
        (_, None) if one.renewable == Some(false) => {
            Some("ACM holds it not to be eligible for renewal.".to_owned())
        }
        (_, None) => None,
    }
}

fn not_issued(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (one, edge) in certificates(context) {
        let waits = one.status == "PENDING_VALIDATION";
        if !waits && !["FAILED", "VALIDATION_TIMED_OUT"].contains(&one.status.as_str()) {
            continue;
        }
        let failure = one
            .failure
            .as_deref()
            .map(|why| format!(": {}", words::excerpt(why)));
        let title = match (waits, one.created_at) {
            (true, Some(at)) => format!("unproven for {}", words::since(at, context.now)),
            (true, None) => "unproven".to_owned(),
            (false, _) => "was not issued".to_owned(),
        };
        let mut draft = begin(&NOT_ISSUED, context, (one, edge))
            .since(one.created_at)
            .because(format!("It is {}{}.", one.status, failure.unwrap_or_default()));
        for validation in one.unproven() {
            draft = draft.because(proof(validation));
        }
        findings.push(draft.report(Severity::Warn, title));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn, at};

    fn certificate(days: i64) -> Certificate {
        Certificate {
            arn: arn("acm", "certificate/1"),
            domain: "*.example.com".to_owned(),
            alternatives: Vec::new(),
            status: "ISSUED".to_owned(),
            origin: Origin::Amazon,
            created_at: Some(at(-1440 * 300)),
            not_after: Some(at(180 + 1440 * days)),
            in_use_by: vec![arn("elasticloadbalancing", "loadbalancer/app/main/1")],
            renewable: Some(true),
            renewal: None,
            failure: None,
            validations: vec![Validation {
                domain: "example.com".to_owned(),
                method: Some("DNS".to_owned()),
                status: Some("SUCCESS".to_owned()),
                record: Some((
                    "_a.example.com.".to_owned(),
                    "CNAME".to_owned(),
                    "_b.acm.".to_owned(),
                )),
            }],
        }
    }

    fn check(rule: &Rule, one: Certificate) -> Vec<Finding> {
        let mut bench = Bench::new();
        bench.know(Source::Certificates, ReplyData::Certificates(vec![one]));
        bench.check(rule)
    }

    #[test]
    fn a_stuck_renewal_names_the_record_to_add_long_before_the_end() {
        let mut one = certificate(41);
        one.renewal = Some("PENDING_VALIDATION".to_owned());
        one.validations[0].status = Some("PENDING_VALIDATION".to_owned());
        let findings = check(&EXPIRING, one);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Warn, "41d left, renewal stuck")
        );
        assert_eq!(
            findings[0].evidence,
            [
                "It ends at 2027-01-01 03:00 UTC, in 41 days. Used by main.",
                "ACM's renewal is PENDING_VALIDATION.",
                "For example.com add the record _a.example.com. CNAME _b.acm.",
            ]
        );
    }

    #[test]
    fn days_decide_for_what_is_used() {
        assert_eq!(check(&EXPIRING, certificate(60)), []);
        assert_eq!(check(&EXPIRING, certificate(20))[0].severity, Severity::Warn);
        assert_eq!(check(&EXPIRING, certificate(3))[0].severity, Severity::Crit);
        let ended = check(&EXPIRING, certificate(-2));
        assert_eq!(
            (ended[0].severity, ended[0].title.as_str()),
            (Severity::Crit, "has ended")
        );
        let mut unused = certificate(3);
        unused.in_use_by.clear();
        assert_eq!(check(&EXPIRING, unused), []);
        let mut imported = certificate(20);
        imported.origin = Origin::Imported;
        assert!(check(&EXPIRING, imported)[0].evidence[1].starts_with("It was imported"));
    }

    #[test]
    fn one_that_was_never_issued_says_since_when_and_why() {
        let mut one = certificate(0);
        one.status = "PENDING_VALIDATION".to_owned();
        one.not_after = None;
        one.created_at = Some(at(0));
        one.validations[0].status = Some("PENDING_VALIDATION".to_owned());
        let findings = check(&NOT_ISSUED, one.clone());
        assert_eq!(findings[0].title, "unproven for 3h");
        assert_eq!(findings[0].evidence.len(), 2);
        one.status = "FAILED".to_owned();
        one.failure = Some("CAA_ERROR".to_owned());
        assert_eq!(check(&NOT_ISSUED, one)[0].evidence[0], "It is FAILED: CAA_ERROR.");
        assert_eq!(check(&NOT_ISSUED, certificate(100)), []);
    }

    #[test]
    fn those_of_cloudfront_belong_to_the_account() {
        let mut bench = Bench::new();
        bench.know(
            Source::EdgeCertificates,
            ReplyData::Certificates(vec![certificate(3)]),
        );
        let findings = bench.check(&EXPIRING);
        assert_eq!(findings[0].resource.scope.as_str(), "default/global");
    }
}

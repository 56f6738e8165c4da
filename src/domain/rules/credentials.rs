//! Credentials that will end soon, and credentials that have failed.

use jiff::{SignedDuration, Timestamp};

use crate::domain::fault::{CredentialFault, FaultKind};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::inventory::Standing;
use crate::domain::rules::collect::sources;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};

/// The session ends soon.
pub const ENDING_SOON: Rule = Rule {
    id: "credentials.ending-soon",
    kind: Kind::Scope,
    title: "Credentials end soon",
    what: "When the credentials of a scope end, where AWS said so. Sessions of EC2 instances and of ECS \
           tasks renew themselves and are left out; those of IAM Identity Center do so while its own \
           session lasts, which is only good to know.",
    severities: &[
        (Severity::Crit, "at the critical time"),
        (Severity::Warn, "at the warning time"),
        (Severity::Info, "an Identity Center session at either"),
    ],
    thresholds: &["credentials_left_min"],
    runbooks: &[],
    reach: Reach::Scope,
    check: ending_soon,
};

/// The credentials are not accepted.
pub const FAILING: Rule = Rule {
    id: "credentials.failing",
    kind: Kind::Scope,
    title: "Credentials do not work",
    what: "The newest answer to any question of a scope was that its credentials are missing, have ended \
           or are not accepted, with the command that mends it.",
    severities: &[(Severity::Crit, "always")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: failing,
};

fn ending_soon(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(identity) = context.state.identity.get() else {
        return;
    };
    let Some(end) = identity.credentials_expire_at else {
        return;
    };
    if renews_itself(&identity.arn) {
        return;
    }
    let left = end.duration_since(context.now);
    let limit = context.limits().credentials_left_min;
    let Some(breach) = limit.judge(left.as_secs_f64() / 60.0) else {
        return;
    };
    let severity = if identity.arn.contains("/AWSReservedSSO_") {
        Severity::Info
    } else {
        severity(breach)
    };
    let scope = context.state.name().as_str();
    let title = if left > SignedDuration::ZERO {
        format!("credentials end in {}", words::span(left))
    } else {
        "credentials have ended".to_owned()
    };
    findings.push(
        ENDING_SOON
            .on(context, scope, scope)
            .hurts(Impact::Risk)
            .because(format!(
                "The credentials of {} end at {}; the limit is {} minutes.",
                identity.principal(),
                words::moment(end, context.zone()),
                words::number(limit.level(breach))
            ))
            .report(severity, title),
    );
}

/// Whether whoever hands the session out renews it: it is named after an instance or a task.
fn renews_itself(arn: &str) -> bool {
    let session = arn.rsplit('/').next().unwrap_or_default();
    let is_instance = session.starts_with("i-") && session[2..].chars().all(|c| c.is_ascii_hexdigit());
    let is_task = session.len() == 32 && session.chars().all(|c| c.is_ascii_hexdigit());
    is_instance || is_task
}

fn failing(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let failures: Vec<(Standing, CredentialFault)> = sources()
        .map(|source| context.state.standing(&source))
        .filter_map(|standing| {
            let fault = match &standing.failing.as_ref()?.fault.kind {
                FaultKind::Credentials(fault) => fault.clone(),
                _ => return None,
            };
            Some((standing, fault))
        })
        .collect();
    let Some((newest, fault)) = failures.first() else {
        return;
    };
    let Some(failing) = &newest.failing else {
        return;
    };
    let since: Option<Timestamp> = failures
        .iter()
        .filter_map(|(standing, _)| Some(standing.failing.as_ref()?.since))
        .min();
    let scope = context.state.name().as_str();
    findings.push(
        FAILING
            .on(context, scope, scope)
            .hurts(Impact::Capacity)
            .since(since)
            .because(failing.fault.hint(&context.state.scope))
            .because(format!(
                "{}:{} answered: {}",
                failing.fault.service,
                failing.fault.operation,
                words::excerpt(&failing.fault.message)
            ))
            .report(Severity::Crit, title(fault)),
    );
}

const fn title(fault: &CredentialFault) -> &'static str {
    match fault {
        CredentialFault::Missing => "no credentials",
        CredentialFault::NoSuchProfile => "no such profile",
        CredentialFault::SsoExpired => "the SSO session has ended",
        CredentialFault::SessionExpired => "the session has ended",
        CredentialFault::ClockSkew => "this machine's clock is wrong",
        CredentialFault::Rejected => "AWS does not accept the keys",
        CredentialFault::RoleDenied => "the role may not be assumed",
        CredentialFault::MfaRequired { .. } => "an MFA code is needed",
        CredentialFault::WrongAccount => "this is another account",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::Fault;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{ACCOUNT, Bench, at, prod};
    use crate::domain::scope::Identity;

    fn bench(session: &str, ends: Option<i64>) -> Bench {
        let mut bench = Bench::new();
        bench.know(
            Source::Identity,
            ReplyData::Identity(Identity {
                account: ACCOUNT.to_owned(),
                arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/{session}"),
                credentials_expire_at: ends.map(at),
                server_time: None,
            }),
        );
        bench
    }

    #[test]
    fn a_session_that_ends_soon_is_told_in_the_estates_zone() {
        let findings = bench("oncall/alice", Some(192))
            .with_policy(prod())
            .check(&ENDING_SOON);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Warn, "credentials end in 12m")
        );
        assert_eq!(
            findings[0].evidence,
            ["The credentials of oncall end at 2026-11-21 12:12 KST; the limit is 15 minutes."]
        );
        let ended = bench("oncall/alice", Some(170)).check(&ENDING_SOON);
        assert_eq!(
            (ended[0].severity, ended[0].title.as_str()),
            (Severity::Crit, "credentials have ended")
        );
        let sso = bench("AWSReservedSSO_Ops_1f/alice", Some(182)).check(&ENDING_SOON);
        assert_eq!(sso[0].severity, Severity::Info);
    }

    #[test]
    fn long_sessions_renewing_ones_and_unknown_ends_are_silent() {
        assert_eq!(bench("oncall/alice", Some(240)).check(&ENDING_SOON), []);
        assert_eq!(bench("oncall/alice", None).check(&ENDING_SOON), []);
        assert_eq!(
            bench("bastion/i-0abc123def4567890", Some(182)).check(&ENDING_SOON),
            []
        );
        assert_eq!(
            bench("task/0123456789abcdef0123456789abcdef", Some(182)).check(&ENDING_SOON),
            []
        );
    }

    #[test]
    fn failing_credentials_name_the_command_that_mends_them() {
        let mut bench = bench("oncall/alice", None);
        assert_eq!(bench.check(&FAILING), []);
        let denied = Fault::new(FaultKind::AccessDenied, "rds", "DescribeDBInstances", "no");
        bench.fail(Source::DbInstances, denied);
        assert_eq!(bench.check(&FAILING), [], "a permission is not a credential");
        bench.now = at(181);
        bench.fail(
            Source::EcsFleet,
            Fault::new(
                FaultKind::Credentials(CredentialFault::SsoExpired),
                "ecs",
                "ListClusters",
                "the SSO token has expired and cannot be refreshed",
            ),
        );
        let findings = bench.check(&FAILING);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].title.as_str(), findings[0].since),
            ("the SSO session has ended", Some(at(181)))
        );
        assert_eq!(
            findings[0].evidence,
            [
                "the SSO session of profile default has ended: run `aws sso login`",
                "ecs:ListClusters answered: the SSO token has expired and cannot be refreshed",
            ]
        );
    }
}

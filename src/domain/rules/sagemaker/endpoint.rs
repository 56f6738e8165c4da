//! Endpoints whose last change did not come about.

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::sagemaker::Endpoint;

/// An endpoint failed.
pub const FAILING: Rule = Rule {
    id: "sagemaker.endpoint-failing",
    kind: Kind::SagemakerEndpoint,
    title: "An endpoint failed",
    what: "Endpoints that could not be created or updated, that an update has left with a mix of two \
           configurations, or that are out of service.",
    severities: &[(Severity::Crit, "always")],
    thresholds: &[],
    runbooks: &["sagemaker-endpoint-rollback"],
    reach: Reach::Scope,
    check: failing,
};

/// AWS took an update back.
pub const ROLLED_BACK: Rule = Rule {
    id: "sagemaker.endpoint-rolled-back",
    kind: Kind::SagemakerEndpoint,
    title: "AWS took the update of an endpoint back",
    what: "Endpoints in service whose last update failed, so that the configuration before it still \
           serves. It stays until the next update.",
    severities: &[(Severity::Warn, "always")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: rolled_back,
};

/// A variant has too few instances.
pub const BELOW_DESIRED: Rule = Rule {
    id: "sagemaker.below-desired",
    kind: Kind::SagemakerEndpoint,
    title: "A variant has fewer instances than desired",
    what: "Instances of each variant that serve, against those that are wanted, and for how long, \
           reckoned from the endpoint's last change.",
    severities: &[
        (Severity::Crit, "for the critical time, or none serves"),
        (Severity::Warn, "for the warning time"),
    ],
    thresholds: &["sagemaker_below_desired_min"],
    runbooks: &["sagemaker-scale-endpoint"],
    reach: Reach::Scope,
    check: below_desired,
};

pub(super) fn endpoints<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Endpoint> {
    context.state.endpoints.get().into_iter().flatten()
}

fn reason(endpoint: &Endpoint) -> Option<String> {
    endpoint.failure_reason.as_deref().map(words::excerpt)
}

fn failing(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for endpoint in endpoints(context) {
        let title = match endpoint.status.as_str() {
            "Failed" => "failed, and nothing serves",
            "UpdateRollbackFailed" => "serves a mix of two configurations",
            "OutOfService" => "out of service",
            _ => continue,
        };
        let mut draft = FAILING
            .on(context, &endpoint.arn, &endpoint.name)
            .hurts(Impact::Customer)
            .since(endpoint.changed_at)
            .because(format!("Its status is {}.", endpoint.status))
            .perhaps_because(reason(endpoint));
        if endpoint.status == "Failed" {
            // AWS lets a failed endpoint only be deleted.
            draft = draft
                .because("AWS lets it only be deleted and created again.")
                .without_runbooks();
        }
        findings.push(draft.report(Severity::Crit, title));
    }
}

fn rolled_back(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for endpoint in endpoints(context).filter(|endpoint| endpoint.was_rolled_back()) {
        findings.push(
            ROLLED_BACK
                .on(context, &endpoint.arn, &endpoint.name)
                .hurts(Impact::Risk)
                .since(endpoint.changed_at)
                .because(format!("{} serves; the update after it failed.", endpoint.config))
                .perhaps_because(reason(endpoint))
                .report(Severity::Warn, "last update was taken back"),
        );
    }
}

fn below_desired(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().sagemaker_below_desired_min;
    let Some(as_of) = context.state.endpoints.at() else {
        return;
    };
    for endpoint in endpoints(context).filter(|endpoint| endpoint.serves()) {
        for variant in &endpoint.variants {
            let Some((current, desired)) = variant.counts().filter(|(current, desired)| current < desired)
            else {
                continue;
            };
            let lasts = endpoint.changed_at.map(|since| as_of.duration_since(since));
            let breach = lasts.and_then(|lasts| limit.judge(lasts.as_secs_f64() / 60.0));
            let Some(grade) = (if current == 0 {
                Some(Severity::Crit)
            } else {
                breach.map(severity)
            }) else {
                continue;
            };
            findings.push(
                BELOW_DESIRED
                    .on(context, &endpoint.arn, &endpoint.name)
                    .hurts(Impact::Capacity)
                    .since(endpoint.changed_at)
                    .because(format!(
                        "The variant {} has {current} of {} in service.",
                        variant.name,
                        words::count(desired as usize, "instance")
                    ))
                    .perhaps_because(variant.phase.as_deref().map(words::excerpt))
                    .report(
                        grade,
                        format!("{} {current} of {desired} in service", variant.name),
                    ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at};
    use crate::domain::sagemaker::Capacity;
    use crate::domain::sagemaker::sample::endpoint;

    fn bench(one: Endpoint) -> Bench {
        let mut bench = Bench::new();
        bench.know(Source::Endpoints, ReplyData::Endpoints(vec![one]));
        bench
    }

    #[test]
    fn a_failed_endpoint_is_critical_and_no_runbook_mends_it() {
        let mut one = endpoint("render");
        assert_eq!(bench(one.clone()).check(&FAILING), []);
        one.status = "Failed".to_owned();
        one.failure_reason = Some("CannotStartContainerError".to_owned());
        let found = bench(one.clone()).check(&FAILING);
        assert_eq!(found[0].severity, Severity::Crit);
        assert!(
            found[0]
                .evidence
                .contains(&"CannotStartContainerError".to_owned())
        );
        assert!(found[0].runbooks.is_empty());
        one.status = "UpdateRollbackFailed".to_owned();
        assert_eq!(bench(one).check(&FAILING)[0].runbooks, FAILING.runbooks);
    }

    #[test]
    fn an_update_that_was_taken_back_is_told_with_its_reason() {
        let mut one = endpoint("render");
        one.failure_reason = Some("Model container failed the ping".to_owned());
        let found = bench(one).check(&ROLLED_BACK);
        assert_eq!(found[0].severity, Severity::Warn);
        assert_eq!(found[0].title, "last update was taken back");
        assert_eq!(bench(endpoint("render")).check(&ROLLED_BACK), []);
    }

    #[test]
    fn too_few_instances_count_once_it_lasts() {
        let mut one = endpoint("render");
        one.variants[0].capacity = Capacity::Instances {
            instance_type: None,
            current: Some(1),
            desired: Some(3),
        };
        let minute = Bench::new().minute();
        one.changed_at = Some(at(minute - 5));
        assert_eq!(bench(one.clone()).check(&BELOW_DESIRED), [], "it is on its way");
        one.changed_at = Some(at(minute - 15));
        let found = bench(one.clone()).check(&BELOW_DESIRED);
        assert_eq!(
            (found[0].severity, found[0].title.as_str()),
            (Severity::Warn, "AllTraffic 1 of 3 in service")
        );
        one.variants[0].capacity = Capacity::Instances {
            instance_type: None,
            current: Some(0),
            desired: Some(3),
        };
        assert_eq!(bench(one).check(&BELOW_DESIRED)[0].severity, Severity::Crit);
    }
}

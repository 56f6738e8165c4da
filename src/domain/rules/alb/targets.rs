//! `alb.targets-unhealthy`: targets that get no requests because their health check fails.

use std::collections::BTreeMap;

use crate::domain::elb::{Target, TargetGroup};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::{target_group, target_group_dimensions};
use crate::domain::rules::draft::severity;
use crate::domain::rules::measured::{Run, together};
use crate::domain::rules::{Context, Reach, Rule, alb, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "alb.targets-unhealthy",
    kind: Kind::TargetGroup,
    title: "Targets are unhealthy",
    what: "The share of a target group's targets whose health check fails, with the reason that the \
           load balancer gives. Targets that drain or are unused do not count. A group without any \
           healthy target is critical, unless its targets are only being registered.",
    severities: &[
        (Severity::Crit, "at the critical share, or no target is healthy"),
        (Severity::Warn, "at the warning share"),
    ],
    thresholds: &["alb_unhealthy_percent"],
    runbooks: &["rollback-deploy", "ecs-restart"],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(balancing) = context.state.balancing.get() else {
        return;
    };
    for group in &balancing.target_groups {
        let Some(targets) = &group.targets else {
            continue;
        };
        let counted = targets.iter().filter(|target| !is_leaving(target)).count();
        let unhealthy: Vec<&Target> = targets.iter().filter(|target| is_unhealthy(target)).collect();
        if unhealthy.is_empty() {
            continue;
        }
        let share = unhealthy.len() as f64 / counted as f64 * 100.0;
        let healthy = targets.iter().filter(|target| target.state == "healthy").count();
        let breach = context.limits().alb_unhealthy_percent.judge(share);
        let severity = match breach {
            _ if healthy == 0 => Severity::Crit,
            Some(breach) => severity(breach),
            None => continue,
        };
        let title = if healthy == 0 {
            format!("no healthy target, {} of {counted} unhealthy", unhealthy.len())
        } else {
            format!("{} of {counted} targets unhealthy", unhealthy.len())
        };
        let mut draft = alb::about(context, &RULE, group)
            .hurts(Impact::Customer)
            .because(format!(
                "{} of {} {} the health check{}.",
                unhealthy.len(),
                words::count(counted, "target"),
                if unhealthy.len() == 1 { "fails" } else { "fail" },
                group
                    .health_check_path
                    .as_ref()
                    .map(|path| format!(" of {path}"))
                    .unwrap_or_default()
            ));
        for sentence in reasons(&unhealthy) {
            draft = draft.because(sentence);
        }
        findings.push(draft.held(context, run(context, group)).report(severity, title));
    }
}

fn is_leaving(target: &Target) -> bool {
    matches!(
        target.state.as_str(),
        "draining" | "unused" | "unhealthy.draining"
    )
}

fn is_unhealthy(target: &Target) -> bool {
    matches!(target.state.as_str(), "unhealthy" | "unavailable")
}

/// One sentence per reason, with the first target that has it.
fn reasons(unhealthy: &[&Target]) -> Vec<String> {
    let mut by_reason: BTreeMap<&str, Vec<&Target>> = BTreeMap::new();
    for target in unhealthy {
        if let Some(reason) = &target.reason {
            by_reason.entry(reason).or_default().push(target);
        }
    }
    by_reason
        .into_iter()
        .map(|(reason, targets)| {
            let said = targets
                .iter()
                .find_map(|target| target.description.as_deref())
                .map(|text| format!(" ({})", words::excerpt(text)))
                .unwrap_or_default();
            format!(
                "{reason}{said}: {}{}.",
                targets[0].id,
                match targets.len() - 1 {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                }
            )
        })
        .collect()
}

/// For how long the load balancer has counted an unhealthy target.
fn run(context: &Context<'_>, group: &TargetGroup) -> Option<Run> {
    together(
        target_group_dimensions(group).filter_map(|(dimension, balancer)| {
            let metric = if balancer.starts_with("net/") {
                target_group::NETWORK_UNHEALTHY
            } else {
                target_group::UNHEALTHY
            };
            context
                .metric(metric.of_both(dimension, balancer))?
                .run(|value| value > 0.0)
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::sample::{Bench, MAIN, at, target_group_dimension};

    #[test]
    fn unhealthy_targets_are_named_with_their_reason_and_since_when() {
        let mut bench = Bench::new();
        bench.target_group(
            "api-tg",
            &[
                ("10.0.0.1", "healthy"),
                ("10.0.0.2", "healthy"),
                ("10.0.0.3", "unhealthy"),
                ("10.0.0.4", "draining"),
            ],
        );
        bench.metric(
            target_group::UNHEALTHY.of_both(&target_group_dimension("api-tg"), MAIN),
            60,
            &[(150, 0.0), (176, 1.0), (177, 1.0), (178, 1.0)],
        );
        let findings = bench.check(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(finding.severity, Severity::Warn);
        assert_eq!(finding.title, "1 of 3 targets unhealthy");
        assert_eq!(finding.since, Some(at(176)));
        assert_eq!(
            finding.evidence,
            [
                "1 of 3 targets fails the health check of /health.",
                "Target.ResponseCodeMismatch (Health checks failed with these codes: [502]): 10.0.0.3.",
            ]
        );
    }

    #[test]
    fn what_was_so_from_the_first_value_on_is_so_at_least_since_then() {
        let mut bench = Bench::new();
        bench.target_group("api-tg", &[("10.0.0.1", "unhealthy"), ("10.0.0.2", "healthy")]);
        bench.metric(
            target_group::UNHEALTHY.of_both(&target_group_dimension("api-tg"), MAIN),
            60,
            &[(176, 1.0), (177, 1.0), (178, 1.0)],
        );
        let finding = bench.check(&RULE).remove(0);
        assert_eq!(finding.since, None);
        assert_eq!(
            finding.evidence.last().unwrap(),
            "It has been so at least since 2026-11-21 02:56 UTC, where the values that were read begin."
        );
    }

    #[test]
    fn a_group_without_a_healthy_target_is_critical() {
        let mut bench = Bench::new();
        bench.target_group(
            "api-tg",
            &[
                ("10.0.0.1", "unhealthy"),
                ("10.0.0.2", "initial"),
                ("10.0.0.3", "initial"),
            ],
        );
        let findings = bench.check(&RULE);
        assert_eq!(findings[0].severity, Severity::Crit);
        assert_eq!(findings[0].title, "no healthy target, 1 of 3 unhealthy");
        assert_eq!(findings[0].since, None);
    }

    #[test]
    fn half_of_the_targets_is_critical() {
        let mut bench = Bench::new();
        bench.target_group("api-tg", &[("10.0.0.1", "unhealthy"), ("10.0.0.2", "healthy")]);
        assert_eq!(bench.check(&RULE)[0].severity, Severity::Crit);
    }

    #[test]
    fn healthy_draining_starting_and_unread_targets_are_silent() {
        let mut bench = Bench::new();
        bench.target_group("good-tg", &[("10.0.0.1", "healthy"), ("10.0.0.2", "draining")]);
        bench.target_group("new-tg", &[("10.0.0.3", "initial")]);
        bench.target_group("idle-tg", &[("10.0.0.4", "unused")]);
        bench.target_group("empty-tg", &[]);
        let mut balancing = bench.state().balancing.get().cloned().unwrap();
        balancing.target_groups[3].targets = None;
        bench.now = at(181);
        bench.balancing(balancing);
        assert_eq!(bench.check(&RULE), []);
    }
}

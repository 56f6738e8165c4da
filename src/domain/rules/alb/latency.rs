//! `alb.latency-p95`: one customer in twenty waits too long.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::{load_balancer, target_group};
use crate::domain::policy::Breach;
use crate::domain::rules::draft::{Draft, severity};
use crate::domain::rules::{Context, Measured, Reach, Rule, alb, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "alb.latency-p95",
    kind: Kind::TargetGroup,
    title: "Targets answer slowly",
    what: "The time that targets take to answer, 95th percentile of each minute, mean of the newest \
           five minutes, per target group; per load balancer where no group of it is slow by itself.",
    severities: &[
        (Severity::Crit, "at the critical level"),
        (Severity::Warn, "at the warning level"),
    ],
    thresholds: &["alb_p95_s"],
    runbooks: &["rollback-deploy", "ecs-scale", "ecs-restart"],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut explained = BTreeSet::new();
    for (group, dimension, balancer) in alb::groups(context) {
        let measured = context.metric(target_group::LATENCY_P95.of_both(dimension, balancer));
        if let Some((slow, breach)) = measured.and_then(|measured| judge(context, measured)) {
            explained.insert(balancer);
            let draft = alb::about(context, &RULE, group);
            findings.push(report(draft, context, &slow, breach));
        }
    }
    for (balancer, dimension) in alb::balancers(context) {
        let measured = context.metric(load_balancer::LATENCY_P95.of(dimension));
        if !explained.contains(dimension)
            && let Some((slow, breach)) = measured.and_then(|measured| judge(context, measured))
        {
            let draft = RULE
                .on(context, &balancer.arn, &balancer.name)
                .of_kind(Kind::LoadBalancer);
            findings.push(report(draft, context, &slow, breach));
        }
    }
}

/// A percentile that is too high, seconds, with its values.
struct Slow<'a> {
    seconds: f64,
    measured: Measured<'a>,
}

fn judge<'a>(context: &Context<'_>, measured: Measured<'a>) -> Option<(Slow<'a>, Breach)> {
    let seconds = measured.mean(SignedDuration::from_mins(5))?;
    let breach = context.limits().alb_p95_s.judge(seconds)?;
    Some((Slow { seconds, measured }, breach))
}

fn report(draft: Draft, context: &Context<'_>, slow: &Slow<'_>, breach: Breach) -> Finding {
    let limit = context.limits().alb_p95_s;
    let level = words::number(limit.level(breach));
    // 1.004 is beyond 1, and has to look so.
    let seconds = match words::number(slow.seconds) {
        same if same == level => words::number_to(slow.seconds, 3),
        other => other,
    };
    draft
        .hurts(Impact::Customer)
        .since(slow.measured.since(|value| limit.judge(value).is_some()))
        .because(format!(
            "One request in twenty takes {seconds} s or longer (p95, mean of five minutes); the limit is {level} s."
        ))
        .report(severity(breach), format!("p95 {seconds} s, limit {level} s"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::sample::{Bench, MAIN, target_group_dimension};

    fn bench(seconds: f64) -> Bench {
        let mut bench = Bench::new();
        bench.target_group("api-tg", &[("10.0.0.1", "healthy")]);
        bench.steady(
            target_group::LATENCY_P95.of_both(&target_group_dimension("api-tg"), MAIN),
            seconds,
        );
        bench
    }

    #[test]
    fn slow_targets_are_named_with_the_limit_that_they_break() {
        for (seconds, severity, title) in [
            (1.8, Severity::Warn, "p95 1.8 s, limit 1 s"),
            (1.004, Severity::Warn, "p95 1.004 s, limit 1 s"),
            (2.4, Severity::Crit, "p95 2.4 s, limit 2 s"),
        ] {
            let findings = bench(seconds).check(&RULE);
            assert_eq!(findings.len(), 1);
            assert_eq!(
                (findings[0].severity, findings[0].title.as_str()),
                (severity, title)
            );
            assert_eq!(findings[0].since, None);
        }
        assert_eq!(
            bench(1.8).check(&RULE)[0].evidence,
            ["One request in twenty takes 1.8 s or longer (p95, mean of five minutes); the limit is 1 s."]
        );
    }

    #[test]
    fn fast_targets_and_unread_ones_are_silent() {
        assert_eq!(bench(0.3).check(&RULE), []);
        let mut unread = Bench::new();
        unread.target_group("api-tg", &[("10.0.0.1", "healthy")]);
        assert_eq!(unread.check(&RULE), []);
    }

    #[test]
    fn the_load_balancer_is_named_only_where_no_group_explains_it() {
        let mut both = bench(2.4);
        both.steady(load_balancer::LATENCY_P95.of(MAIN), 2.4);
        assert_eq!(both.check(&RULE).len(), 1);
        let mut alone = bench(0.5);
        alone.steady(load_balancer::LATENCY_P95.of(MAIN), 2.4);
        let findings = alone.check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].resource.kind, Kind::LoadBalancer);
    }
}

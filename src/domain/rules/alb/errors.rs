//! `alb.5xx`: answers with a server error, as customers get them.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::domain::elb::served::Served;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric::Series;
use crate::domain::metric_catalog::{load_balancer, target_group};
use crate::domain::policy::Breach;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Measured, Reach, Rule, alb, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "alb.5xx",
    kind: Kind::TargetGroup,
    title: "Server errors reach customers",
    what: "Answers with an HTTP status of 500 and above, counted per minute over the newest five \
           minutes and as a share of the requests: per target group those of the targets, per load \
           balancer also those that it gave by itself because no target answered. A share is judged \
           only with enough requests. The worse of both judgements counts. A load balancer is named \
           only for what none of its target groups explains.",
    severities: &[
        (Severity::Crit, "count or share at the critical level"),
        (Severity::Warn, "count or share at the warning level"),
    ],
    thresholds: &[
        "alb_5xx_per_minute",
        "alb_5xx_percent",
        "alb_requests_least_per_minute",
    ],
    runbooks: &["rollback-deploy", "ecs-restart"],
    reach: Reach::Scope,
    check,
};

/// Errors of a target group or load balancer, as far as they were read.
struct Errors {
    per_minute: f64,
    /// Requests per minute and the share that failed, if there were enough to tell.
    share: Option<(f64, f64)>,
    since: Option<Timestamp>,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    // Load balancers for which a target group already says what is wrong.
    let mut explained = BTreeSet::new();
    for (group, dimension, balancer) in alb::groups(context) {
        let Some(counted) = context.metric(target_group::TARGET_5XX.of_both(dimension, balancer)) else {
            continue;
        };
        let requests = context.metric(target_group::REQUESTS.of_both(dimension, balancer));
        let errors = Errors::of(context, &[counted], requests.as_slice());
        if let Some(breach) = errors.judge(context) {
            explained.insert(balancer);
            let draft = alb::about(context, &RULE, group).hurts(Impact::Customer);
            findings.push(
                draft
                    .since(errors.since)
                    .because(errors.counted_sentence(context, breach, "answers of the targets"))
                    .perhaps_because(errors.share_sentence(context))
                    .report(severity(breach), errors.title(context, breach)),
            );
        }
    }
    for (balancer, dimension) in alb::balancers(context) {
        let own = context.metric(load_balancer::OWN_5XX.of(dimension));
        let of_targets = context.metric(load_balancer::TARGET_5XX.of(dimension));
        let counted: Vec<Measured<'_>> = if explained.contains(dimension) {
            own.into_iter().collect()
        } else {
            own.into_iter().chain(of_targets).collect()
        };
        // The load balancer's own count is that of its groups, and is read by five minutes.
        let requests: Vec<Measured<'_>> = alb::groups(context)
            .filter(|(.., of)| *of == dimension)
            .filter_map(|(_, group, of)| context.metric(target_group::REQUESTS.of_both(group, of)))
            .collect();
        let errors = Errors::of(context, &counted, &requests);
        if let Some(breach) = errors.judge(context) {
            let own_rate = own.map_or(0.0, |own| own.per_minute());
            let draft = RULE
                .on(context, &balancer.arn, &balancer.name)
                .of_kind(Kind::LoadBalancer)
                .hurts(Impact::Customer);
            findings.push(
                draft
                    .since(errors.since)
                    .because(errors.counted_sentence(context, breach, "answers of load balancer and targets"))
                    .perhaps_because((own_rate > 0.0).then(|| {
                        format!(
                            "{} a minute came from the load balancer itself: no target answered it in time.",
                            words::number(own_rate)
                        )
                    }))
                    .perhaps_because(errors.share_sentence(context))
                    .report(severity(breach), errors.title(context, breach)),
            );
        }
    }
}

impl Errors {
    fn of(context: &Context<'_>, counted: &[Measured<'_>], requests: &[Measured<'_>]) -> Self {
        let mut errors = Self {
            per_minute: 0.0,
            share: None,
            since: None,
        };
        let counts = Counts::of(counted, requests);
        let read_at = counted.iter().map(|measured| measured.as_of).max();
        let served = read_at.and_then(|read_at| {
            Served::newest(
                counts.requests.iter().copied(),
                counts.errors.iter().copied(),
                read_at,
            )
        });
        let Some(served) = served else {
            return errors;
        };
        errors.per_minute = served.errors_per_minute();
        errors.share = share(context, &served);
        // When a limit was crossed, by count or by share, whichever is told and was first.
        let by_count = |served: &Served| by_count(context, served).is_some();
        let by_share = |served: &Served| by_share(context, served).is_some();
        let mut runs = Vec::new();
        if by_count(&served) {
            runs.push(counts.crossed(served, by_count));
        }
        if by_share(&served) {
            runs.push(counts.crossed(served, by_share));
        }
        // One start that is not known leaves the whole unknown.
        let starts: Option<Vec<Timestamp>> = runs.into_iter().collect();
        errors.since = starts.and_then(|starts| starts.into_iter().min());
        errors
    }

    fn judge(&self, context: &Context<'_>) -> Option<Breach> {
        if self.per_minute <= 0.0 {
            return None;
        }
        let limits = context.limits();
        let by_count = limits.alb_5xx_per_minute.judge(self.per_minute);
        let by_share = self
            .share
            .and_then(|(_, share)| limits.alb_5xx_percent.judge(share));
        by_count.max(by_share)
    }

    fn title(&self, context: &Context<'_>, breach: Breach) -> String {
        let limits = context.limits();
        let by_count = limits.alb_5xx_per_minute.judge(self.per_minute);
        match self.share {
            Some((_, share)) if by_count < Some(breach) => format!(
                "5xx {} of requests, limit {}",
                words::percent(share),
                words::percent(limits.alb_5xx_percent.level(breach))
            ),
            _ => format!(
                "5xx {}/min, limit {}",
                words::number(self.per_minute),
                words::number(limits.alb_5xx_per_minute.level(breach))
            ),
        }
    }

    fn counted_sentence(&self, context: &Context<'_>, breach: Breach, whose: &str) -> String {
        format!(
            "{} {whose} a minute are 5xx, mean of five minutes; the limit is {}.",
            words::number(self.per_minute),
            words::number(context.limits().alb_5xx_per_minute.level(breach))
        )
    }

    fn share_sentence(&self, context: &Context<'_>) -> Option<String> {
        let limit = context.limits().alb_5xx_percent;
        self.share.map(|(requests, share)| {
            format!(
                "That is {} of {} requests a minute; a warning begins at {}, critical is {}.",
                words::percent(share),
                words::number(requests),
                words::percent(limit.warn),
                words::percent(limit.crit)
            )
        })
    }
}

/// Requests per minute and the share that failed, if there were enough to tell.
fn share(context: &Context<'_>, served: &Served) -> Option<(f64, f64)> {
    let asked = served.requests_per_minute()?;
    let share = served.share_percent()?;
    (asked >= context.limits().alb_requests_least_per_minute).then_some((asked, share))
}

fn by_count(context: &Context<'_>, served: &Served) -> Option<Breach> {
    let limit = context.limits().alb_5xx_per_minute;
    limit.judge(served.errors_per_minute())
}

fn by_share(context: &Context<'_>, served: &Served) -> Option<Breach> {
    let (_, share) = share(context, served)?;
    context.limits().alb_5xx_percent.judge(share)
}

/// What was counted by the minute.
struct Counts<'a> {
    requests: Vec<&'a Series>,
    errors: Vec<&'a Series>,
}

impl<'a> Counts<'a> {
    fn of(errors: &[Measured<'a>], requests: &[Measured<'a>]) -> Self {
        let series = |all: &[Measured<'a>]| all.iter().map(|measured| measured.series).collect();
        Self {
            requests: series(requests),
            errors: series(errors),
        }
    }

    /// The beginning of the minute with which five minutes came to the limit and stayed there until now; `None`
    /// if they were there as far back as was read. A minute without an error has no value, so the requests help
    /// to tell how far back that is.
    fn crossed(&self, now: Served, is_over: impl Fn(&Served) -> bool) -> Option<Timestamp> {
        let minute = SignedDuration::from_mins(1);
        let all = self.requests.iter().chain(&self.errors);
        let first = all
            .filter_map(|series| series.points.first())
            .map(|(at, _)| *at)
            .min()?;
        let mut served = now;
        let mut crossed = None;
        while is_over(&served) {
            if served.from < first {
                return None;
            }
            crossed = Some(served.to - minute);
            served = Served::until(&self.requests, &self.errors, served.to - minute);
        }
        crossed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::sample::{Bench, MAIN, at, target_group_dimension};

    fn bench(errors: f64, requests: f64) -> Bench {
        let mut bench = Bench::new();
        bench.target_group("api-tg", &[("10.0.0.1", "healthy")]);
        let dimension = target_group_dimension("api-tg");
        bench.steady(target_group::TARGET_5XX.of_both(&dimension, MAIN), errors);
        bench.steady(target_group::REQUESTS.of_both(&dimension, MAIN), requests / 5.0);
        bench
    }

    #[test]
    fn many_errors_are_critical_with_count_and_share() {
        let findings = bench(30.0, 7000.0).check(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(
            (
                finding.severity,
                finding.impact,
                finding.name.as_str(),
                finding.since
            ),
            (Severity::Crit, Impact::Customer, "api-tg", None)
        );
        assert_eq!(finding.title, "5xx 30/min, limit 10");
        assert_eq!(
            finding.evidence,
            [
                "30 answers of the targets a minute are 5xx, mean of five minutes; the limit is 10.",
                "That is 2.1% of 1,400 requests a minute; a warning begins at 1%, critical is 5%.",
            ]
        );
        assert_eq!(finding.runbooks, ["rollback-deploy", "ecs-restart"]);
    }

    #[test]
    fn count_and_share_are_of_the_same_minutes_also_when_errors_have_just_begun() {
        let mut bench = bench(0.0, 500.0);
        let dimension = target_group_dimension("api-tg");
        let errors = target_group::TARGET_5XX.of_both(&dimension, MAIN);
        bench.metric(errors, 60, &[(177, 40.0), (178, 80.0), (179, 80.0)]);
        let finding = bench.check(&RULE).remove(0);
        assert_eq!(finding.title, "5xx 40/min, limit 10");
        assert_eq!(
            finding.evidence[1],
            "That is 40% of 100 requests a minute; a warning begins at 1%, critical is 5%."
        );
        // By share with the first minute, by count with the same one.
        assert_eq!(finding.since, Some(at(177)));
        // Two minutes later three of the five have no error; what was told fades with them.
        bench.metric(
            target_group::REQUESTS.of_both(&dimension, MAIN),
            60,
            &(150..182).map(|minute| (minute, 100.0)).collect::<Vec<_>>(),
        );
        bench.metric(errors, 60, &[(176, 40.0), (177, 80.0), (178, 40.0)]);
        assert_eq!(bench.check(&RULE)[0].title, "5xx 24/min, limit 10");
    }

    #[test]
    fn a_bad_share_of_little_traffic_counts() {
        let findings = bench(2.0, 100.0).check(&RULE);
        assert_eq!(findings[0].title, "5xx 10% of requests, limit 5%");
        assert_eq!(findings[0].severity, Severity::Crit);
    }

    #[test]
    fn a_share_of_too_few_requests_is_not_judged() {
        assert_eq!(bench(2.0, 40.0).check(&RULE), []);
    }

    #[test]
    fn few_errors_are_normal() {
        assert_eq!(bench(1.0, 7000.0).check(&RULE), []);
    }

    #[test]
    fn no_errors_and_nothing_read_are_both_silent() {
        let mut bench = Bench::new();
        bench.target_group("api-tg", &[("10.0.0.1", "healthy")]);
        assert_eq!(bench.check(&RULE), []);
        bench.metric(load_balancer::OWN_5XX.of(MAIN), 60, &[]);
        assert_eq!(bench.check(&RULE), []);
        assert_eq!(Bench::new().check(&RULE), []);
    }

    #[test]
    fn errors_of_long_ago_are_over() {
        let mut bench = bench(30.0, 7000.0);
        bench.now = at(240);
        assert_eq!(bench.check(&RULE), []);
    }

    #[test]
    fn what_the_targets_do_not_explain_is_the_load_balancers() {
        let mut bench = bench(30.0, 7000.0);
        bench.steady(load_balancer::TARGET_5XX.of(MAIN), 30.0);
        assert_eq!(bench.check(&RULE).len(), 1, "the target group explains it");
        bench.steady(load_balancer::OWN_5XX.of(MAIN), 6.0);
        let findings = bench.check(&RULE);
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[1].resource.kind, Kind::LoadBalancer);
        assert_eq!(findings[1].title, "5xx 6/min, limit 5");
        assert_eq!(
            findings[1].evidence,
            [
                "6 answers of load balancer and targets a minute are 5xx, mean of five minutes; the limit is 5.",
                "6 a minute came from the load balancer itself: no target answered it in time.",
                "That is 0.43% of 1,400 requests a minute; a warning begins at 1%, critical is 5%.",
            ]
        );
    }
}

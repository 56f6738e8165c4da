//! `alb.request-collapse`: customers stopped coming, or cannot reach us.

use jiff::{SignedDuration, Timestamp};

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::load_balancer;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, alb, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "alb.request-collapse",
    kind: Kind::LoadBalancer,
    title: "Requests stay away",
    what: "Requests per minute of a load balancer in the newest ten minutes that are complete, \
           against the hour around the same time yesterday. Not judged where yesterday had too few \
           requests, or where yesterday is not known. Values that are missing now count as none: a \
           load balancer that nobody reaches publishes none.",
    severities: &[
        (
            Severity::Crit,
            "at or below the critical share of yesterday's rate",
        ),
        (
            Severity::Warn,
            "at or below the warning share of yesterday's rate",
        ),
    ],
    thresholds: &["alb_request_collapse_percent", "alb_requests_least_per_minute"],
    runbooks: &["rollback-deploy"],
    reach: Reach::Scope,
    check,
};

const MINUTE: i64 = 60;
const BIN_S: i64 = 5 * MINUTE;
/// CloudWatch needs up to three minutes until a period is complete.
const LAG: SignedDuration = SignedDuration::from_mins(3);
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (balancer, dimension) in alb::balancers(context) {
        let Some(requests) = context.metric(load_balancer::REQUESTS.of(dimension)) else {
            continue;
        };
        if requests.series.partial {
            continue;
        }
        let Some(to) = start_of_bin(requests.as_of - LAG) else {
            continue;
        };
        let from = to - SignedDuration::from_mins(10);
        let around = SignedDuration::from_mins(25);
        let yesterday = requests
            .series
            .between(from - DAY - around, to - DAY + around)
            .fold((0.0, 0.0), |(sum, many), value| (sum + value, many + 1.0));
        let (sum, bins) = yesterday;
        // An hour has twelve periods; with half of them missing yesterday is not known.
        if bins < 6.0 {
            continue;
        }
        let then = sum / bins / 5.0;
        let now = requests.sum_between(from, to) / 10.0;
        if then < context.limits().alb_requests_least_per_minute {
            continue;
        }
        let share = now / then * 100.0;
        let limit = context.limits().alb_request_collapse_percent;
        if let Some(breach) = limit.judge(share) {
            let fallen = |value: f64| limit.judge(value / 5.0 / then * 100.0).is_some();
            let title = format!(
                "{}/min, {} of yesterday",
                words::number(now),
                words::percent(share)
            );
            findings.push(
                RULE.on(context, &balancer.arn, &balancer.name)
                    .hurts(Impact::Customer)
                    .since(requests.since(fallen).filter(|since| *since <= from))
                    .because(format!(
                        "{} requests a minute since {}, against {} around the same time yesterday: {}, the limit is {}.",
                        words::number(now),
                        words::moment(from, context.zone()),
                        words::number(then),
                        words::percent(share),
                        words::percent(limit.level(breach))
                    ))
                    .because(
                        "Look at DNS, certificates, the distribution in front and the clients before the service itself."
                    )
                    .report(severity(breach), title),
            );
        }
    }
}

fn start_of_bin(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_second(at.as_second().div_euclid(BIN_S) * BIN_S).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::sample::{Bench, MAIN, at};

    /// Requests per five minutes yesterday and, in the last half hour, today.
    fn bench(yesterday: f64, today: Option<f64>) -> Bench {
        let mut bench = Bench::new();
        bench.target_group("api-tg", &[("10.0.0.1", "healthy")]);
        let day = 24 * 60;
        let points: Vec<(i64, f64)> = (0..12)
            .map(|bin| (130 - day + 5 * bin, yesterday))
            .chain((0..6).filter_map(|bin| today.map(|today| (145 + 5 * bin, today))))
            .collect();
        bench.metric(load_balancer::REQUESTS.of(MAIN), 300, &points);
        bench
    }

    #[test]
    fn a_collapse_says_both_rates() {
        let findings = bench(5000.0, Some(400.0)).check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Crit);
        assert_eq!(findings[0].title, "80/min, 8% of yesterday");
        assert_eq!(findings[0].since, Some(at(145)));
        assert_eq!(
            findings[0].evidence[0],
            "80 requests a minute since 2026-11-21 02:45 UTC, against 1,000 around the same time yesterday: 8%, the limit is 20%."
        );
    }

    #[test]
    fn silence_is_a_collapse() {
        let findings = bench(5000.0, None).check(&RULE);
        assert_eq!(findings[0].title, "0/min, 0% of yesterday");
        assert_eq!(findings[0].since, None);
    }

    #[test]
    fn usual_traffic_and_little_traffic_are_silent() {
        assert_eq!(bench(5000.0, Some(4000.0)).check(&RULE), []);
        assert_eq!(bench(40.0, Some(0.0)).check(&RULE), []);
    }

    #[test]
    fn without_yesterday_nothing_is_said() {
        let mut bench = Bench::new();
        bench.target_group("api-tg", &[("10.0.0.1", "healthy")]);
        assert_eq!(bench.check(&RULE), []);
        bench.metric(load_balancer::REQUESTS.of(MAIN), 300, &[(165, 0.0), (170, 0.0)]);
        assert_eq!(bench.check(&RULE), []);
    }
}

//! How the requests of endpoints fare.

use super::endpoint::endpoints;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::endpoint as metric;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::sagemaker::newest_whole;

/// An endpoint answers with errors.
pub const ERRORS: Rule = Rule {
    id: "sagemaker.endpoint-5xx",
    kind: Kind::SagemakerEndpoint,
    title: "An endpoint answers with errors",
    what: "The share of a variant's requests that were answered with 5xx, in the newest five minutes that \
           CloudWatch has whole. Too few requests are not judged.",
    severities: &[
        (Severity::Crit, "at the critical share"),
        (Severity::Warn, "at the warning share"),
    ],
    thresholds: &["sagemaker_5xx_percent", "sagemaker_requests_least_per_minute"],
    runbooks: &["sagemaker-endpoint-rollback"],
    reach: Reach::Scope,
    check: errors,
};

/// An endpoint is slow.
pub const LATENCY: Rule = Rule {
    id: "sagemaker.endpoint-latency",
    kind: Kind::SagemakerEndpoint,
    title: "An endpoint is slow",
    what: "What the model takes and what SageMaker adds, together, 95th percentile of the newest minute of \
           each variant.",
    severities: &[
        (Severity::Crit, "at the critical time"),
        (Severity::Warn, "at the warning time"),
    ],
    thresholds: &["sagemaker_latency_s"],
    runbooks: &["sagemaker-endpoint-rollback", "sagemaker-scale-endpoint"],
    reach: Reach::Scope,
    check: latency,
};

fn errors(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limits = context.limits();
    for endpoint in endpoints(context) {
        for variant in &endpoint.variants {
            let of = |one: crate::domain::metric_catalog::Metric| {
                context.metric(one.of_both(&endpoint.name, &variant.name))
            };
            let (Some(requests), Some(failed)) = (of(metric::INVOCATIONS), of(metric::ERRORS_5XX)) else {
                continue;
            };
            let Some((from, to, asked)) = newest_whole(requests.series, requests.as_of) else {
                continue;
            };
            let minutes = to.duration_since(from).as_secs_f64() / 60.0;
            if asked / minutes < limits.sagemaker_requests_least_per_minute {
                continue;
            }
            let wrong = failed.sum_between(from, to);
            let percent = (wrong / asked * 100.0).min(100.0);
            let Some(breach) = limits.sagemaker_5xx_percent.judge(percent) else {
                continue;
            };
            let level = words::percent(limits.sagemaker_5xx_percent.level(breach));
            findings.push(
                ERRORS
                    .on(context, &endpoint.arn, &endpoint.name)
                    .hurts(Impact::Customer)
                    .since(failed.since(|count| count > 0.0))
                    .because(format!(
                        "{} of {} requests to the variant {} were answered with 5xx in five minutes; the \
                         limit is {level}.",
                        words::number(wrong),
                        words::number(asked),
                        variant.name
                    ))
                    .because(format!("It serves {}.", endpoint.config))
                    .report(
                        severity(breach),
                        format!("5xx {}, limit {level}", words::percent(percent)),
                    ),
            );
        }
    }
}

fn latency(context: &Context<'_>, findings: &mut Vec<Finding>) {
    const MICROS: f64 = 1e6;
    let limit = context.limits().sagemaker_latency_s;
    for endpoint in endpoints(context) {
        for variant in &endpoint.variants {
            let of = |one: crate::domain::metric_catalog::Metric| {
                context.metric(one.of_both(&endpoint.name, &variant.name))
            };
            let Some(model) = of(metric::MODEL_LATENCY) else {
                continue;
            };
            let overhead = of(metric::OVERHEAD_LATENCY).and_then(|measured| measured.latest());
            let Some(taken) = model.latest() else { continue };
            let added = overhead.unwrap_or(0.0);
            let seconds = (taken + added) / MICROS;
            let Some(breach) = limit.judge(seconds) else {
                continue;
            };
            let level = limit.level(breach);
            findings.push(
                LATENCY
                    .on(context, &endpoint.arn, &endpoint.name)
                    .hurts(Impact::Customer)
                    .since(model.since(|value| limit.judge((value + added) / MICROS).is_some()))
                    .because(format!(
                        "95 of 100 requests to the variant {} take up to {} s; the limit is {} s.",
                        variant.name,
                        words::number(seconds),
                        words::number(level)
                    ))
                    .perhaps_because(overhead.map(|added| {
                        format!("{} s of it are SageMaker's own.", words::number(added / MICROS))
                    }))
                    .report(
                        severity(breach),
                        format!("p95 {}s, limit {}s", words::number(seconds), words::number(level)),
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
    use crate::domain::rules::sample::Bench;
    use crate::domain::sagemaker::sample::endpoint;

    fn bench(requests: f64, failed: f64) -> Bench {
        let mut bench = Bench::new();
        let minute = bench.minute();
        bench.know(Source::Endpoints, ReplyData::Endpoints(vec![endpoint("render")]));
        let of = |one: crate::domain::metric_catalog::Metric| one.of_both("render", "AllTraffic");
        bench.metric(
            of(metric::INVOCATIONS),
            300,
            &[(minute - 12, requests), (minute - 7, requests), (minute - 2, 1.0)],
        );
        let errors: Vec<(i64, f64)> = (minute - 7..minute - 2).map(|at| (at, failed / 5.0)).collect();
        bench.metric(of(metric::ERRORS_5XX), 60, &errors);
        bench
    }

    #[test]
    fn errors_are_a_share_of_the_requests_of_the_same_minutes() {
        let found = bench(100.0, 40.0).check(&ERRORS);
        assert_eq!(
            (found[0].severity, found[0].title.as_str()),
            (Severity::Crit, "5xx 40%, limit 5%")
        );
        assert!(found[0].evidence[0].starts_with("40 of 100 requests"));
        assert_eq!(bench(1000.0, 5.0).check(&ERRORS), [], "half a percent");
        assert_eq!(bench(4.0, 4.0).check(&ERRORS), [], "too few to judge");
        assert_eq!(Bench::new().check(&ERRORS), []);
    }

    #[test]
    fn latency_is_that_of_model_and_overhead_together() {
        let mut bench = bench(100.0, 0.0);
        let of = |one: crate::domain::metric_catalog::Metric| one.of_both("render", "AllTraffic");
        bench.steady(of(metric::MODEL_LATENCY), 2_600_000.0);
        assert_eq!(bench.check(&LATENCY), []);
        bench.steady(of(metric::OVERHEAD_LATENCY), 600_000.0);
        let found = bench.check(&LATENCY);
        assert_eq!(
            (found[0].severity, found[0].title.as_str()),
            (Severity::Warn, "p95 3.2s, limit 3s")
        );
    }
}

//! `lambda.errors`, `lambda.throttled`, `lambda.near-timeout`: how invocations fare.

use jiff::SignedDuration;

use super::{changed, functions, routes, short_of_room};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::lambda as metric;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};

/// Invocations fail.
pub const ERRORS: Rule = Rule {
    id: "lambda.errors",
    kind: Kind::Lambda,
    title: "A function fails",
    what: "Errors as a share of a function's invocations over five minutes, all versions together. Fewer \
           errors than the least are too few to judge; throttled calls are no invocations.",
    severities: &[
        (Severity::Crit, "at the critical share"),
        (Severity::Warn, "at the warning share"),
    ],
    thresholds: &["lambda_error_percent", "lambda_errors_least_per_minute"],
    runbooks: &["lambda-rollback-alias", "lambda-throttle"],
    reach: Reach::Scope,
    check: errors,
};

/// Invocations are turned away.
pub const THROTTLED: Rule = Rule {
    id: "lambda.throttled",
    kind: Kind::Lambda,
    title: "A function is throttled",
    what: "Invocations that were turned away for want of concurrency, per minute over five minutes. A \
           function that is stopped on purpose, with no concurrency reserved for it at all, is \
           `lambda.stopped`. Where the function was changed today its version before may be faster; \
           otherwise no runbook is named.",
    severities: &[
        (Severity::Crit, "at the critical rate"),
        (Severity::Warn, "at the warning rate"),
    ],
    thresholds: &["lambda_throttles_per_minute"],
    runbooks: &["lambda-rollback-alias"],
    reach: Reach::Scope,
    check: throttled,
};

/// Invocations nearly run into their timeout.
pub const NEAR_TIMEOUT: Rule = Rule {
    id: "lambda.near-timeout",
    kind: Kind::Lambda,
    title: "A function nearly times out",
    what: "How long the slowest twentieth of invocations takes (p95 over five minutes), as a share of the \
           function's timeout. What runs into it is ended and counts as an error.",
    severities: &[
        (Severity::Crit, "at the critical share"),
        (Severity::Warn, "at the warning share"),
    ],
    thresholds: &["lambda_timeout_percent"],
    runbooks: &["lambda-rollback-alias"],
    reach: Reach::Scope,
    check: near_timeout,
};

const WINDOW: SignedDuration = SignedDuration::from_mins(5);

fn errors(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limits = context.limits();
    for function in functions(context) {
        let name = function.name.as_str();
        let (Some(errors), Some(calls)) = (
            context.metric(metric::ERRORS.of(name)),
            context.metric(metric::INVOCATIONS.of(name)),
        ) else {
            continue;
        };
        let (failed, all) = (errors.per_minute(), calls.per_minute());
        if all <= 0.0 || failed < limits.lambda_errors_least_per_minute {
            continue;
        }
        let share = (failed / all * 100.0).min(100.0);
        let Some(breach) = limits.lambda_error_percent.judge(share) else {
            continue;
        };
        findings.push(
            ERRORS
                .on(context, &function.arn, name)
                .hurts(Impact::Customer)
                .since(errors.since(|value| value > 0.0))
                .because(format!(
                    "{} of {} calls a minute fail; the limit is {}.",
                    words::number(failed),
                    words::number(all),
                    words::percent(limits.lambda_error_percent.level(breach))
                ))
                .perhaps_because(routes(function))
                .perhaps_because(changed(context, function))
                .report(
                    severity(breach),
                    format!("{} of calls fail", words::percent(share)),
                ),
        );
    }
}

fn throttled(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().lambda_throttles_per_minute;
    for function in functions(context) {
        let Some(measured) = context.metric(metric::THROTTLES.of(&function.name)) else {
            continue;
        };
        let rate = measured.per_minute();
        let Some(breach) = limit.judge(rate).filter(|_| function.reserved.count() != Some(0)) else {
            continue;
        };
        let room = match function.reserved.count() {
            Some(reserved) => format!("At most {reserved} may run at once, as is reserved for it."),
            None => "It shares the account's concurrency with all functions.".to_owned(),
        };
        let draft = THROTTLED
            .on(context, &function.arn, &function.name)
            .hurts(Impact::Customer)
            .since(measured.since(|value| value > 0.0))
            .because(format!(
                "{} calls a minute are turned away; the limit is {}.",
                words::number(rate),
                words::number(limit.level(breach))
            ))
            .because(room);
        findings.push(
            short_of_room(context, function, draft)
                .report(severity(breach), format!("{}/min throttled", words::number(rate))),
        );
    }
}

fn near_timeout(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().lambda_timeout_percent;
    for function in functions(context) {
        let name = function.name.as_str();
        let Some(timeout) = function.timeout_s.map(f64::from).filter(|timeout| *timeout > 0.0) else {
            continue;
        };
        let Some(measured) = context.metric(metric::DURATION_P95.of(name)) else {
            continue;
        };
        let Some(slow) = measured.mean(WINDOW).map(|ms| ms / 1000.0) else {
            continue;
        };
        let share = slow / timeout * 100.0;
        let Some(breach) = limit.judge(share) else {
            continue;
        };
        let longest = context
            .metric(metric::DURATION_MAX.of(name))
            .and_then(|measured| measured.latest())
            .map(|ms| format!("The longest took {} s.", words::number(ms / 1000.0)));
        findings.push(
            NEAR_TIMEOUT
                .on(context, &function.arn, name)
                .hurts(Impact::Customer)
                .since(measured.since(|ms| limit.judge(ms / 10.0 / timeout).is_some()))
                .because(format!(
                    "One call in twenty takes {} s or longer, of a timeout of {} s.",
                    words::number(slow),
                    words::number(timeout)
                ))
                .perhaps_because(longest)
                .report(
                    severity(breach),
                    format!("p95 {} s of {} s", words::number(slow), words::number(timeout)),
                ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bench, function};
    use super::*;
    use crate::domain::function::Reserved;

    #[test]
    fn a_share_of_errors_is_told_with_where_the_alias_leads() {
        let mut bench = bench(vec![function("resize")]);
        bench.steady(metric::INVOCATIONS.of("resize"), 40.0);
        bench.steady(metric::ERRORS.of("resize"), 14.0);
        let findings = bench.check(&ERRORS);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Crit, "35% of calls fail")
        );
        assert_eq!(
            findings[0].evidence,
            [
                "14 of 40 calls a minute fail; the limit is 20%.",
                "Alias live leads to version 7.",
            ]
        );
        assert_eq!(findings[0].runbooks[0], "lambda-rollback-alias");
    }

    #[test]
    fn few_errors_few_in_share_and_unread_ones_are_silent() {
        for (calls, errors) in [(1000.0, 10.0), (2.0, 0.5), (0.0, 0.0)] {
            let mut bench = bench(vec![function("resize")]);
            bench.steady(metric::INVOCATIONS.of("resize"), calls);
            bench.steady(metric::ERRORS.of("resize"), errors);
            assert_eq!(bench.check(&ERRORS), [], "{errors} of {calls}");
        }
        assert_eq!(bench(vec![function("resize")]).check(&ERRORS), []);
    }

    #[test]
    fn throttles_are_no_news_of_a_function_that_is_stopped() {
        let throttled = |reserved| {
            let mut one = function("resize");
            one.reserved = reserved;
            let mut bench = bench(vec![one]);
            bench.steady(metric::THROTTLES.of("resize"), 3.0);
            bench.check(&THROTTLED)
        };
        assert_eq!(throttled(Reserved::Of(0)), []);
        let findings = throttled(Reserved::Of(5));
        assert_eq!(findings[0].title, "3/min throttled");
        assert_eq!(
            findings[0].evidence[1],
            "At most 5 may run at once, as is reserved for it."
        );
    }

    #[test]
    fn slow_calls_are_judged_by_the_timeout() {
        let slow = |ms| {
            let mut bench = bench(vec![function("resize")]);
            bench.steady(metric::DURATION_P95.of("resize"), ms);
            bench.steady(metric::DURATION_MAX.of("resize"), ms);
            bench.check(&NEAR_TIMEOUT)
        };
        assert_eq!(slow(7900.0), []);
        let findings = slow(8500.0);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Warn, "p95 8.5 s of 10 s")
        );
        assert_eq!(slow(9700.0)[0].severity, Severity::Crit);
    }
}

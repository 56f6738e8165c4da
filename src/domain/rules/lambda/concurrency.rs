//! `lambda.concurrency` and `lambda.stopped`: how much may run at once.

use jiff::SignedDuration;

use super::{functions, short_of_room};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::{Kind, tag};
use crate::domain::metric_catalog::lambda as metric;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};

/// A function nears what it may run at once.
pub const NEAR_LIMIT: Rule = Rule {
    id: "lambda.concurrency",
    kind: Kind::Lambda,
    title: "A function nears its concurrency",
    what: "The most invocations at once in five minutes, as a share of what is reserved for the function; \
           without a reservation, of what the account leaves to all functions without one. Where the \
           function was changed today its version before may be faster; otherwise no runbook is named.",
    severities: &[
        (Severity::Crit, "at the critical share"),
        (Severity::Warn, "at the warning share"),
    ],
    thresholds: &["lambda_concurrency_percent"],
    runbooks: &["lambda-rollback-alias"],
    reach: Reach::Scope,
    check: near_limit,
};

/// A function was left stopped.
pub const STOPPED: Rule = Rule {
    id: "lambda.stopped",
    kind: Kind::Lambda,
    title: "A function is stopped",
    what: "Functions whose reserved concurrency is 0: every call is turned away. Whoever stopped one in an \
           incident may have forgotten to let it run again.",
    severities: &[(Severity::Warn, "it is stopped")],
    thresholds: &[],
    runbooks: &["lambda-throttle"],
    reach: Reach::Scope,
    check: stopped,
};

/// The tag in which `lambda-throttle` notes what was reserved before.
pub const THROTTLED_TAG: &str = "quarterdeck:throttled";

fn near_limit(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().lambda_concurrency_percent;
    let account = context.state.functions.get().and_then(|known| known.account);
    for function in functions(context) {
        let own = function.reserved.count().filter(|reserved| *reserved > 0);
        let shared = account.map(|account| account.unreserved.unwrap_or(account.limit));
        let Some(room) = own.or(shared.filter(|_| function.reserved.count().is_none())) else {
            continue;
        };
        let Some(measured) = context.metric(metric::CONCURRENT.of(&function.name)) else {
            continue;
        };
        let Some(most) = measured.mean(SignedDuration::from_mins(5)) else {
            continue;
        };
        let share = most / f64::from(room.max(1)) * 100.0;
        let Some(breach) = limit.judge(share) else {
            continue;
        };
        let whose = if own.is_some() {
            "are reserved for it"
        } else {
            "are left to all functions without a reservation"
        };
        let draft = NEAR_LIMIT
            .on(context, &function.arn, &function.name)
            .hurts(Impact::Capacity)
            .since(measured.since(|value| limit.judge(value / f64::from(room.max(1)) * 100.0).is_some()))
            .because(format!("{} run at once; {room} {whose}.", words::number(most)));
        findings.push(short_of_room(context, function, draft).report(
            severity(breach),
            format!("{} of {room} at once", words::number(most)),
        ));
    }
}

fn stopped(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for function in functions(context) {
        if function.reserved.count() != Some(0) {
            continue;
        }
        let turned_away = context
            .metric(metric::THROTTLES.of(&function.name))
            .map(|measured| measured.per_minute())
            .filter(|rate| *rate > 0.0);
        let note = match tag(&function.tags, THROTTLED_TAG) {
            Some(note) => format!(
                "The tag {THROTTLED_TAG} says what was there before: {}.",
                words::excerpt(note)
            ),
            None => "No tag says what was there before.".to_owned(),
        };
        findings.push(
            STOPPED
                .on(context, &function.arn, &function.name)
                .hurts(Impact::Customer)
                .because("Its reserved concurrency is 0: it never runs.")
                .because(note)
                .report(
                    Severity::Warn,
                    turned_away.map_or_else(
                        || "stopped: reserved 0".to_owned(),
                        |rate| format!("stopped, {}/min turned away", words::number(rate)),
                    ),
                ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bench, function};
    use super::*;
    use crate::domain::function::Reserved;
    use crate::domain::ids::Tag;

    #[test]
    fn the_room_is_the_reservation_or_what_is_shared() {
        let near = |reserved, most| {
            let mut one = function("resize");
            one.reserved = reserved;
            let mut bench = bench(vec![one]);
            bench.steady(metric::CONCURRENT.of("resize"), most);
            bench.check(&NEAR_LIMIT)
        };
        assert_eq!(near(Reserved::Of(10), 8.5)[0].title, "8.5 of 10 at once");
        assert_eq!(near(Reserved::Nothing, 8.5), []);
        let shared = near(Reserved::Nothing, 870.0);
        assert_eq!(
            (shared[0].severity, shared[0].title.as_str()),
            (Severity::Crit, "870 of 900 at once")
        );
        assert_eq!(near(Reserved::Of(0), 5.0), [], "that is lambda.stopped");
    }

    #[test]
    fn what_was_stopped_is_told_with_the_note_on_it() {
        let mut one = function("resize");
        one.reserved = Reserved::Of(0);
        one.tags = vec![Tag {
            key: THROTTLED_TAG.to_owned(),
            value: "v1 reserved=20 at=2026-11-20T11:00:00Z".to_owned(),
        }];
        let mut bench = bench(vec![one, function("other")]);
        bench.steady(metric::THROTTLES.of("resize"), 12.0);
        let findings = bench.check(&STOPPED);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "stopped, 12/min turned away");
        assert!(
            findings[0].evidence[1].contains("reserved=20"),
            "{:?}",
            findings[0].evidence
        );
        assert_eq!(findings[0].runbooks, ["lambda-throttle"]);
    }
}

//! `lambda.events-lost` and `lambda.event-source`: events that do not arrive.

use super::{functions, short_of_room};
use crate::domain::function::{EventSource, SourceKind};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::lambda as metric;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};

/// Failed events are lost.
pub const LOST: Rule = Rule {
    id: "lambda.events-lost",
    kind: Kind::Lambda,
    title: "Failed events are lost",
    what: "Events that failed for good and could not be put into the dead-letter queue or sent to the \
           destination that the function names for them, per minute over five minutes: a permission is \
           missing, or the target is gone. Asked only of functions that name one.",
    severities: &[(Severity::Crit, "one is lost or more")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: lost,
};

/// A source is not read.
pub const SOURCE: Rule = Rule {
    id: "lambda.event-source",
    kind: Kind::Lambda,
    title: "An event source is not read",
    what: "Queues and streams that Lambda reads for a function: mappings that are disabled, whose last \
           result is a problem, or that are behind their stream. A queue that waits is `queue.age`. A runbook \
           is named where the function is behind and was changed today.",
    severities: &[
        (Severity::Crit, "behind a stream at the critical age"),
        (
            Severity::Warn,
            "disabled, its last result is a problem, or behind a stream at the warning age",
        ),
    ],
    thresholds: &["lambda_stream_behind_s"],
    runbooks: &["lambda-rollback-alias"],
    reach: Reach::Scope,
    check: source,
};

fn lost(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for function in functions(context) {
        let rate = |metric: crate::domain::metric_catalog::Metric| {
            context
                .metric(metric.of(&function.name))
                .map_or(0.0, |measured| measured.per_minute())
        };
        let targets = [
            (
                rate(metric::DEAD_LETTER_ERRORS),
                &function.dead_letter,
                "dead-letter queue",
            ),
            (
                rate(metric::DESTINATION_FAILURES),
                &function.on_failure,
                "destination",
            ),
        ];
        let total: f64 = targets.iter().map(|(rate, ..)| rate).sum();
        if total <= 0.0 {
            continue;
        }
        let mut draft = LOST
            .on(context, &function.arn, &function.name)
            .hurts(Impact::Customer);
        for (rate, target, what) in targets {
            if rate > 0.0 {
                draft = draft.because(format!(
                    "{} a minute cannot be delivered to the {what} {}.",
                    words::number(rate),
                    words::excerpt(target.as_deref().unwrap_or("that it names"))
                ));
            }
        }
        findings.push(draft.report(
            Severity::Crit,
            format!("{}/min lost after they failed", words::number(total)),
        ));
    }
}

fn source(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for function in functions(context) {
        for source in &function.sources {
            if let Some(trouble) = trouble(source) {
                findings.push(
                    SOURCE
                        .on(context, &function.arn, &function.name)
                        .hurts(Impact::Capacity)
                        .because(trouble.1)
                        .without_runbooks()
                        .report(Severity::Warn, trouble.0),
                );
            }
        }
        behind(context, function, findings);
    }
}

/// What is wrong with a mapping: in a few words, and in a sentence.
fn trouble(source: &EventSource) -> Option<(String, String)> {
    let name = words::excerpt(source.name());
    let why = source.reason.as_deref().map(words::excerpt).unwrap_or_default();
    match (source.state.as_str(), source.last_result.as_deref()) {
        ("Disabled" | "Disabling", _) => Some((
            format!("{name} is not read: disabled"),
            format!("The mapping of {name} is disabled: {why}."),
        )),
        (_, Some(result)) if result.starts_with("PROBLEM") => Some((
            format!("{name} cannot be read"),
            format!("The mapping of {name}: {}.", words::excerpt(result)),
        )),
        _ => None,
    }
}

fn behind(context: &Context<'_>, function: &crate::domain::function::Function, findings: &mut Vec<Finding>) {
    let limit = context.limits().lambda_stream_behind_s;
    let Some(measured) = context.metric(metric::ITERATOR_AGE.of(&function.name)) else {
        return;
    };
    let Some(seconds) = measured.latest().map(|ms| ms / 1000.0) else {
        return;
    };
    let Some(breach) = limit.judge(seconds) else {
        return;
    };
    let span = |seconds: f64| words::span(jiff::SignedDuration::from_secs(seconds as i64));
    let streams: Vec<&str> = function
        .sources
        .iter()
        .filter(|source| source.kind() == SourceKind::Stream)
        .map(EventSource::name)
        .collect();
    let draft = SOURCE
        .on(context, &function.arn, &function.name)
        .hurts(Impact::Customer)
        .since(measured.since(|ms| limit.judge(ms / 1000.0).is_some()))
        .because(format!(
            "The last record that was read of {} was {} old; the limit is {}.",
            words::excerpt(&streams.join(", ")),
            span(seconds),
            span(limit.level(breach))
        ));
    findings.push(
        short_of_room(context, function, draft)
            .report(severity(breach), format!("{} behind its stream", span(seconds))),
    );
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bench, function};
    use super::*;
    use crate::domain::rules::sample::{arn, at};

    fn mapping(source: &str, state: &str, result: Option<&str>) -> EventSource {
        EventSource {
            id: "1f".to_owned(),
            source: Some(source.to_owned()),
            state: state.to_owned(),
            reason: Some("USER_INITIATED".to_owned()),
            last_result: result.map(str::to_owned),
            batch_size: Some(10),
        }
    }

    #[test]
    fn lost_events_name_where_they_were_to_go() {
        let mut one = function("resize");
        one.dead_letter = Some(arn("sqs", "resize-dlq"));
        let mut bench = bench(vec![one]);
        assert_eq!(bench.check(&LOST), []);
        bench.steady(metric::DEAD_LETTER_ERRORS.of("resize"), 2.0);
        let findings = bench.check(&LOST);
        assert_eq!(findings[0].title, "2/min lost after they failed");
        assert!(findings[0].evidence[0].contains("resize-dlq"));
    }

    #[test]
    fn disabled_and_broken_mappings_are_told() {
        let with = |mapping| {
            let mut one = function("resize");
            one.sources = vec![mapping];
            bench(vec![one]).check(&SOURCE)
        };
        let queue = arn("sqs", "uploads");
        assert_eq!(with(mapping(&queue, "Enabled", Some("OK"))), []);
        assert_eq!(
            with(mapping(&queue, "Disabled", None))[0].title,
            "uploads is not read: disabled"
        );
        let broken = with(mapping(&queue, "Enabled", Some("PROBLEM: Function call failed")));
        assert_eq!(broken[0].title, "uploads cannot be read");
    }

    #[test]
    fn a_stream_that_is_behind_is_judged_by_age() {
        let mut one = function("clicks");
        one.sources = vec![mapping(&arn("kinesis", "stream/clicks"), "Enabled", Some("OK"))];
        let mut bench = bench(vec![one]);
        bench.steady(metric::ITERATOR_AGE.of("clicks"), 20_000.0);
        assert_eq!(bench.check(&SOURCE), []);
        bench.steady(metric::ITERATOR_AGE.of("clicks"), 600_000.0);
        let findings = bench.check(&SOURCE);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Warn, "10m behind its stream")
        );
        assert_eq!(findings[0].runbooks, [""; 0], "nobody changed it");
        let mut one = function("clicks");
        one.sources = vec![mapping(&arn("kinesis", "stream/clicks"), "Enabled", Some("OK"))];
        one.modified_at = Some(at(150));
        let mut bench = super::super::tests::bench(vec![one]);
        bench.steady(metric::ITERATOR_AGE.of("clicks"), 600_000.0);
        let findings = bench.check(&SOURCE);
        assert_eq!(findings[0].runbooks, ["lambda-rollback-alias"]);
        assert_eq!(findings[0].evidence[1], "Alias live leads to version 7.");
    }
}

//! `ec2.status-check`: the instance or its host is broken.

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::ec2 as metric;
use crate::domain::rules::{Context, Reach, Rule, ec2, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "ec2.status-check",
    kind: Kind::Ec2Instance,
    title: "A status check fails",
    what: "The status check of a running instance, or of the host below it, has failed for two minutes \
           or more. A group replaces such an instance by itself; one of no group stays as it is.",
    severities: &[
        (Severity::Crit, "an instance of no group"),
        (Severity::Warn, "an instance of a group"),
    ],
    thresholds: &[],
    runbooks: &["drain-gpu-host"],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for instance in ec2::running(context) {
        let Some(measured) = context.metric(metric::STATUS_CHECK.of(&instance.id)) else {
            continue;
        };
        let Some(run) = measured.latest().and_then(|_| measured.run(|value| value >= 1.0)) else {
            continue;
        };
        let Some((newest, _)) = measured.series.points.last() else {
            continue;
        };
        if *newest == run.oldest {
            continue;
        }
        let (severity, owner) = match instance.group() {
            Some(group) => (Severity::Warn, format!("its group {group} should replace it")),
            None => (
                Severity::Crit,
                "it belongs to no group and stays as it is".to_owned(),
            ),
        };
        findings.push(
            RULE.on(context, &instance.id, ec2::name(instance))
                .hurts(Impact::Capacity)
                .since(run.since)
                .because(format!(
                    "The status check of {} ({}) has failed {}; {owner}.",
                    instance.id,
                    instance.instance_type,
                    match run.since {
                        Some(since) => format!("since {}", words::moment(since, context.zone())),
                        None => format!("for at least {}", words::span(run.lasts)),
                    }
                ))
                .report(severity, "status check failed"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Tag;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at, instance};

    fn bench(points: &[(i64, f64)], group: Option<&str>) -> Bench {
        let mut host = instance("i-7", "g5.xlarge");
        host.tags.extend(group.map(|group| Tag {
            key: "aws:autoscaling:groupName".to_owned(),
            value: group.to_owned(),
        }));
        let mut bench = Bench::new();
        bench.know(Source::Instances, ReplyData::Instances(vec![host]));
        bench.metric(metric::STATUS_CHECK.of("i-7"), 60, points);
        bench
    }

    #[test]
    fn a_check_that_fails_for_minutes_is_a_finding() {
        let failing = [(175, 0.0), (176, 1.0), (177, 1.0), (178, 1.0)];
        let findings = bench(&failing, None).check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].since),
            (Severity::Crit, Some(at(176)))
        );
        assert_eq!(
            findings[0].evidence,
            [
                "The status check of i-7 (g5.xlarge) has failed since 2026-11-21 02:56 UTC; it belongs to no group and stays as it is."
            ]
        );
        assert_eq!(
            bench(&failing, Some("workers")).check(&RULE)[0].severity,
            Severity::Warn
        );
    }

    #[test]
    fn one_bad_minute_passing_checks_and_unread_ones_are_silent() {
        assert_eq!(bench(&[(177, 0.0), (178, 1.0)], None).check(&RULE), []);
        assert_eq!(bench(&[(177, 0.0), (178, 0.0)], None).check(&RULE), []);
        assert_eq!(bench(&[], None).check(&RULE), []);
    }
}

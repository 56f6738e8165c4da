//! `ec2.cpu-credits`: a burstable instance will soon be slow, or dear.

use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::{self, ec2 as metric};
use crate::domain::rules::burst::{self, Burstable};
use crate::domain::rules::{Context, Reach, Rule, ec2};

/// The rule.
pub const RULE: Rule = Rule {
    id: "ec2.cpu-credits",
    kind: Kind::Ec2Instance,
    title: "CPU credits run out",
    what: "How long the CPU credits of a burstable instance last at the rate of the last hour. Only t2 \
           is throttled by default; t3 and later go on and cost more, which is a warning at most.",
    severities: &[
        (Severity::Crit, "t2 at the critical level"),
        (Severity::Warn, "at the warning level"),
    ],
    thresholds: &["cpu_credit_hours_left"],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for instance in ec2::running(context) {
        if metric_catalog::is_burstable(&instance.instance_type) {
            let burstable = Burstable {
                class: &instance.instance_type,
                credits: metric::CREDITS.of(&instance.id),
            };
            let draft = RULE.on(context, &instance.id, ec2::name(instance));
            findings.extend(burst::credits(context, draft, &burstable));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, instance};

    /// Credits at the end and what they lose an hour.
    fn bench(class: &str, left: f64, per_hour: f64) -> Bench {
        let mut bench = Bench::new();
        bench.know(
            Source::Instances,
            ReplyData::Instances(vec![instance("i-7", class)]),
        );
        let points: Vec<(i64, f64)> = (0..12)
            .map(|bin| (120 + 5 * bin, left + per_hour * f64::from(11 - bin as i32) / 12.0))
            .collect();
        bench.metric(metric::CREDITS.of("i-7"), 300, &points);
        bench
    }

    #[test]
    fn credits_are_told_in_hours() {
        let findings = bench("t2.medium", 30.0, 36.0).check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Crit);
        assert_eq!(findings[0].title, "CPU credits last 0.83 h");
        assert_eq!(
            findings[0].evidence,
            [
                "30 CPU credits are left, -36 an hour; at this rate they last 0.83 h, the limit is 1 h.",
                "Without credits t2.medium is throttled to its baseline, unless it runs in unlimited mode.",
            ]
        );
    }

    #[test]
    fn later_generations_are_a_warning_at_most() {
        let findings = bench("t3.medium", 30.0, 36.0).check(&RULE);
        assert_eq!(findings[0].severity, Severity::Warn);
        let spent = bench("t4g.small", 0.0, 0.0).check(&RULE);
        assert_eq!(spent[0].title, "CPU credits are spent");
    }

    #[test]
    fn enough_credits_growing_ones_other_types_and_unread_ones_are_silent() {
        assert_eq!(bench("t3.medium", 300.0, 36.0).check(&RULE), []);
        assert_eq!(bench("t3.medium", 10.0, -12.0).check(&RULE), []);
        assert_eq!(bench("m6i.large", 0.0, 0.0).check(&RULE), []);
        let mut unread = Bench::new();
        unread.know(
            Source::Instances,
            ReplyData::Instances(vec![instance("i-7", "t3.medium")]),
        );
        assert_eq!(unread.check(&RULE), []);
    }
}

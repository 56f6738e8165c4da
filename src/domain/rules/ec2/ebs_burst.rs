//! `ebs.burst-balance`: an instance's volumes will soon be slow.

use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::ec2 as metric;
use crate::domain::rules::{Context, Reach, Rule, burst, ec2};

/// The rule.
pub const RULE: Rule = Rule {
    id: "ebs.burst-balance",
    kind: Kind::Ec2Instance,
    title: "EBS burst credits run out",
    what: "What is left of the I/O and the throughput credits of an instance's volumes. Larger \
           instance types have none and need none.",
    severities: &[
        (Severity::Crit, "at the critical level"),
        (Severity::Warn, "at the warning level"),
    ],
    thresholds: &["burst_balance_percent"],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for instance in ec2::running(context) {
        let draft = RULE.on(context, &instance.id, ec2::name(instance));
        findings.extend(burst::balance(
            context,
            draft,
            &[
                ("EBS I/O credits", metric::EBS_IO_BALANCE.of(&instance.id)),
                (
                    "EBS throughput credits",
                    metric::EBS_BYTE_BALANCE.of(&instance.id),
                ),
            ],
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, instance};

    fn bench(io: f64, bytes: f64) -> Bench {
        let mut bench = Bench::new();
        bench.know(
            Source::Instances,
            ReplyData::Instances(vec![instance("i-7", "g4dn.xlarge")]),
        );
        bench.metric(
            metric::EBS_IO_BALANCE.of("i-7"),
            300,
            &[(160, 99.0), (165, io), (170, io)],
        );
        bench.metric(
            metric::EBS_BYTE_BALANCE.of("i-7"),
            300,
            &[(165, bytes), (170, bytes)],
        );
        bench
    }

    #[test]
    fn each_balance_that_runs_out_is_named() {
        let findings = bench(8.0, 25.0).check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "burst balance 8% left");
        assert_eq!((findings[0].severity, findings[0].since), (Severity::Crit, None));
        assert_eq!(
            findings[0].evidence,
            [
                "8% of the EBS I/O credits is left; the limit is 10%. At none the volume falls to its baseline.",
                "25% of the EBS throughput credits is left; the limit is 30%. At none the volume falls to its baseline.",
            ]
        );
    }

    #[test]
    fn full_balances_and_unread_ones_are_silent() {
        assert_eq!(bench(100.0, 99.0).check(&RULE), []);
        let mut unread = Bench::new();
        unread.know(
            Source::Instances,
            ReplyData::Instances(vec![instance("i-7", "g4dn.xlarge")]),
        );
        assert_eq!(unread.check(&RULE), []);
    }
}

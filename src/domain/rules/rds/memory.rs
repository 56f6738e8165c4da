//! `rds.memory` and `rds.swap`: a database that no longer fits its class.

use jiff::SignedDuration;

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::rds as metric;
use crate::domain::rules::draft::severity;
use crate::domain::rules::rds::{self, class_memory};
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::units::BYTES_PER_GIB;

/// Free memory is low.
pub const MEMORY: Rule = Rule {
    id: "rds.memory",
    kind: Kind::RdsInstance,
    title: "A database has little memory left",
    what: "Freeable memory of an instance, mean of the newest five minutes, as a share of the memory of \
           its class. Not judged for classes whose memory is not known.",
    severities: &[
        (Severity::Crit, "at the critical share"),
        (Severity::Warn, "at the warning share"),
    ],
    thresholds: &["rds_free_memory_percent"],
    runbooks: &["rds-reboot-failover"],
    reach: Reach::Scope,
    check: memory,
};

/// Swap is used.
pub const SWAP: Rule = Rule {
    id: "rds.swap",
    kind: Kind::RdsInstance,
    title: "A database swaps",
    what: "Swap that an instance uses, mean of the newest five minutes.",
    severities: &[
        (Severity::Crit, "at the critical level"),
        (Severity::Warn, "at the warning level"),
    ],
    thresholds: &["rds_swap_mib"],
    runbooks: &["rds-reboot-failover"],
    reach: Reach::Scope,
    check: swap,
};

const MIB: f64 = 1_048_576.0;
const FIVE_MINUTES: SignedDuration = SignedDuration::from_mins(5);

fn memory(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().rds_free_memory_percent;
    for db in rds::serving(context) {
        let Some(class) = class_memory::gib(&db.class).map(|gib| gib * BYTES_PER_GIB) else {
            continue;
        };
        let Some(measured) = context.metric(metric::FREEABLE_MEMORY.of(&db.name)) else {
            continue;
        };
        let Some(free) = measured.mean(FIVE_MINUTES) else {
            continue;
        };
        let share = free / class * 100.0;
        if let Some(breach) = limit.judge(share) {
            findings.push(
                MEMORY
                    .on(context, &db.arn, &db.name)
                    .hurts(Impact::Capacity)
                    .since(measured.since(|value| limit.judge(value / class * 100.0).is_some()))
                    .because(format!(
                        "{} of the {} of {} are free ({}); the limit is {}.",
                        words::bytes(free),
                        words::bytes(class),
                        db.class,
                        words::percent(share),
                        words::percent(limit.level(breach))
                    ))
                    .report(
                        severity(breach),
                        format!("memory {} free ({})", words::percent(share), words::bytes(free)),
                    ),
            );
        }
    }
}

fn swap(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().rds_swap_mib;
    for db in rds::serving(context) {
        let Some(measured) = context.metric(metric::SWAP.of(&db.name)) else {
            continue;
        };
        let Some(used) = measured.mean(FIVE_MINUTES) else {
            continue;
        };
        if let Some(breach) = limit.judge(used / MIB) {
            findings.push(
                SWAP.on(context, &db.arn, &db.name)
                    .hurts(Impact::Capacity)
                    .since(measured.since(|value| limit.judge(value / MIB).is_some()))
                    .because(format!(
                        "{} uses {} of swap, mean of five minutes; the limit is {} MiB.",
                        db.class,
                        words::bytes(used),
                        words::number(limit.level(breach))
                    ))
                    .report(severity(breach), format!("swap {}", words::bytes(used))),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, db};

    fn bench() -> Bench {
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db("shop-db")]));
        bench
    }

    #[test]
    fn little_memory_is_a_share_of_the_class() {
        let mut bench = bench();
        bench.steady(metric::FREEABLE_MEMORY.of("shop-db"), 0.16 * BYTES_PER_GIB);
        let findings = bench.check(&MEMORY);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "memory 4% free (164 MiB)");
        assert_eq!((findings[0].severity, findings[0].since), (Severity::Crit, None));
        assert_eq!(
            findings[0].evidence,
            ["164 MiB of the 4 GiB of db.t4g.medium are free (4%); the limit is 5%."]
        );
    }

    #[test]
    fn swap_is_told_in_mib() {
        let mut bench = bench();
        bench.steady(metric::SWAP.of("shop-db"), 300.0 * MIB);
        let findings = bench.check(&SWAP);
        assert_eq!(findings[0].title, "swap 300 MiB");
        assert_eq!(
            findings[0].evidence,
            ["db.t4g.medium uses 300 MiB of swap, mean of five minutes; the limit is 256 MiB."]
        );
    }

    #[test]
    fn enough_memory_little_swap_and_what_is_not_read_are_silent() {
        let mut good = bench();
        good.steady(metric::FREEABLE_MEMORY.of("shop-db"), BYTES_PER_GIB);
        good.steady(metric::SWAP.of("shop-db"), 0.0);
        for rule in [&MEMORY, &SWAP] {
            assert_eq!(good.check(rule), [], "{}", rule.id);
            assert_eq!(bench().check(rule), [], "{}", rule.id);
        }
    }

    #[test]
    fn memory_of_an_unknown_class_is_not_judged() {
        let mut serverless = db("shop-db");
        serverless.class = "db.serverless".to_owned();
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![serverless]));
        bench.steady(metric::FREEABLE_MEMORY.of("shop-db"), 1.0);
        assert_eq!(bench.check(&MEMORY), []);
    }
}

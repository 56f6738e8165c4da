//! `rds.cpu`, `rds.burst-balance` and `rds.cpu-credits`: how hard an instance works, and what it
//! has left for it.

use jiff::SignedDuration;

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::{self, rds as metric};
use crate::domain::rules::burst::{self, Burstable};
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, rds, words};

/// The CPU is busy.
pub const CPU: Rule = Rule {
    id: "rds.cpu",
    kind: Kind::RdsInstance,
    title: "A database's CPU is busy",
    what: "CPU of an instance, mean of the newest five minutes.",
    severities: &[
        (Severity::Crit, "at the critical level"),
        (Severity::Warn, "at the warning level"),
    ],
    thresholds: &["rds_cpu_percent"],
    runbooks: &[],
    reach: Reach::Scope,
    check: cpu,
};

/// The I/O credits of a gp2 volume run out.
pub const BURST_BALANCE: Rule = Rule {
    id: "rds.burst-balance",
    kind: Kind::RdsInstance,
    title: "A database's I/O credits run out",
    what: "What is left of the I/O credits of an instance on a gp2 volume; other volumes have none.",
    severities: &[
        (Severity::Crit, "at the critical level"),
        (Severity::Warn, "at the warning level"),
    ],
    thresholds: &["burst_balance_percent"],
    runbooks: &[],
    reach: Reach::Scope,
    check: burst_balance,
};

/// The CPU credits of a burstable class run out.
pub const CPU_CREDITS: Rule = Rule {
    id: "rds.cpu-credits",
    kind: Kind::RdsInstance,
    title: "A database's CPU credits run out",
    what: "How long the CPU credits of a burstable class last at the rate of the last hour. RDS runs t3 \
           and later in unlimited mode, where this costs money; only t2 is throttled.",
    severities: &[
        (Severity::Crit, "t2 at the critical level"),
        (Severity::Warn, "at the warning level"),
    ],
    thresholds: &["cpu_credit_hours_left"],
    runbooks: &[],
    reach: Reach::Scope,
    check: cpu_credits,
};

fn cpu(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().rds_cpu_percent;
    for db in rds::serving(context) {
        let Some(measured) = context.metric(metric::CPU.of(&db.name)) else {
            continue;
        };
        let mean = measured.mean(SignedDuration::from_mins(5));
        if let Some((mean, breach)) = mean.and_then(|mean| Some((mean, limit.judge(mean)?))) {
            let level = words::percent(limit.level(breach));
            let mean = words::percent(mean);
            findings.push(
                CPU.on(context, &db.arn, &db.name)
                    .hurts(Impact::Capacity)
                    .since(measured.since(|value| limit.judge(value).is_some()))
                    .because(format!(
                        "The CPU of {} is at {mean}, mean of five minutes; the limit is {level}.",
                        db.class
                    ))
                    .report(severity(breach), format!("CPU {mean}, limit {level}")),
            );
        }
    }
}

fn burst_balance(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for db in rds::serving(context) {
        let draft = BURST_BALANCE.on(context, &db.arn, &db.name);
        let balance = metric::BURST_BALANCE.of(&db.name);
        findings.extend(burst::balance(
            context,
            draft,
            &[("volume's I/O credits", balance)],
        ));
    }
}

fn cpu_credits(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for db in rds::serving(context) {
        if metric_catalog::is_burstable(&db.class) {
            let burstable = Burstable {
                class: &db.class,
                credits: metric::CREDITS.of(&db.name),
            };
            let draft = CPU_CREDITS.on(context, &db.arn, &db.name);
            findings.extend(burst::credits(context, draft, &burstable));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, db};

    fn bench(status: &str) -> Bench {
        let mut db = db("shop-db");
        db.status = status.to_owned();
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
        bench
    }

    #[test]
    fn a_busy_cpu_is_named_with_its_limit_and_start() {
        let mut bench = bench("available");
        bench.steady(metric::CPU.of("shop-db"), 88.0);
        let findings = bench.check(&CPU);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "CPU 88%, limit 80%");
        assert_eq!((findings[0].severity, findings[0].since), (Severity::Warn, None));
        assert_eq!(
            findings[0].evidence,
            ["The CPU of db.t4g.medium is at 88%, mean of five minutes; the limit is 80%."]
        );
    }

    #[test]
    fn an_idle_cpu_a_stopped_instance_and_an_unread_metric_are_silent() {
        let mut idle = bench("available");
        idle.steady(metric::CPU.of("shop-db"), 20.0);
        assert_eq!(idle.check(&CPU), []);
        let mut stopped = bench("stopped");
        stopped.steady(metric::CPU.of("shop-db"), 99.0);
        assert_eq!(stopped.check(&CPU), []);
        for rule in [&CPU, &BURST_BALANCE, &CPU_CREDITS] {
            assert_eq!(bench("available").check(rule), [], "{}", rule.id);
        }
    }

    #[test]
    fn io_credits_and_cpu_credits_run_out() {
        let mut bench = bench("available");
        bench.metric(
            metric::BURST_BALANCE.of("shop-db"),
            300,
            &[(165, 20.0), (170, 20.0)],
        );
        assert_eq!(bench.check(&BURST_BALANCE)[0].title, "burst balance 20% left");
        let points: Vec<(i64, f64)> = (0..12).map(|bin| (120 + 5 * bin, 48.0 - bin as f64)).collect();
        bench.metric(metric::CREDITS.of("shop-db"), 300, &points);
        let credits = bench.check(&CPU_CREDITS);
        assert_eq!(credits[0].title, "CPU credits last 3.1 h");
        assert_eq!(credits[0].severity, Severity::Warn);
    }

    #[test]
    fn full_credits_are_silent() {
        let mut bench = bench("available");
        bench.metric(
            metric::BURST_BALANCE.of("shop-db"),
            300,
            &[(165, 100.0), (170, 100.0)],
        );
        let points: Vec<(i64, f64)> = (0..12).map(|bin| (120 + 5 * bin, 576.0)).collect();
        bench.metric(metric::CREDITS.of("shop-db"), 300, &points);
        assert_eq!(bench.check(&BURST_BALANCE), []);
        assert_eq!(bench.check(&CPU_CREDITS), []);
    }
}

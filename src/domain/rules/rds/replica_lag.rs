//! `rds.replica-lag`: a replica that shows the past.

use jiff::SignedDuration;

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::{is_aurora, rds as metric};
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, rds, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "rds.replica-lag",
    kind: Kind::RdsInstance,
    title: "A replica is behind",
    what: "How far a read replica, or a reader of an Aurora cluster, is behind, mean of the newest five \
           minutes. RDS reports less than zero where replication has stopped: that is critical.",
    severities: &[
        (
            Severity::Crit,
            "at the critical level, or replication has stopped",
        ),
        (Severity::Warn, "at the warning level"),
    ],
    thresholds: &["rds_replica_lag_s"],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().rds_replica_lag_s;
    for db in rds::serving(context) {
        let (metric, per_second) = if is_aurora(db) {
            (metric::AURORA_REPLICA_LAG, 1000.0)
        } else {
            (metric::REPLICA_LAG, 1.0)
        };
        let Some(measured) = context.metric(metric.of(&db.name)) else {
            continue;
        };
        let Some(latest) = measured.latest() else {
            continue;
        };
        let source = db
            .replica_of
            .as_ref()
            .map(|source| format!(" {}", crate::domain::ids::last_segment(source)))
            .unwrap_or_default();
        let draft = RULE.on(context, &db.arn, &db.name).hurts(Impact::Capacity);
        if latest < 0.0 {
            findings.push(
                draft
                    .since(measured.since(|value| value < 0.0))
                    .because(format!(
                        "Replication from{source} has stopped: RDS reports a lag of {}.",
                        words::number(latest)
                    ))
                    .report(Severity::Crit, "replication has stopped"),
            );
            continue;
        }
        let Some(lag) = measured
            .mean(SignedDuration::from_mins(5))
            .map(|lag| lag / per_second)
        else {
            continue;
        };
        if let Some(breach) = limit.judge(lag) {
            let long = words::span(SignedDuration::from_secs(lag as i64));
            let level = words::number(limit.level(breach));
            findings.push(
                draft
                    .since(measured.since(|value| limit.judge(value / per_second).is_some()))
                    .because(format!(
                        "The replica is {} s behind{source}, mean of five minutes; the limit is {level} s.",
                        words::number(lag)
                    ))
                    .report(severity(breach), format!("{long} behind, limit {level} s")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::datastore::DbInstance;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, db};

    fn bench(change: impl FnOnce(&mut DbInstance)) -> Bench {
        let mut replica = db("shop-db-2");
        replica.replica_of = Some("arn:aws:rds:ap-northeast-2:123456789012:db:shop-db".to_owned());
        change(&mut replica);
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![replica]));
        bench
    }

    #[test]
    fn lag_is_told_with_its_source_and_limit() {
        let mut bench = bench(|_| ());
        bench.steady(metric::REPLICA_LAG.of("shop-db-2"), 95.0);
        let findings = bench.check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "1m behind, limit 30 s");
        assert_eq!(findings[0].severity, Severity::Warn);
        assert_eq!(
            findings[0].evidence,
            ["The replica is 95 s behind shop-db, mean of five minutes; the limit is 30 s."]
        );
    }

    #[test]
    fn stopped_replication_is_critical() {
        let mut bench = bench(|_| ());
        bench.steady(metric::REPLICA_LAG.of("shop-db-2"), -1.0);
        let findings = bench.check(&RULE);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Crit, "replication has stopped")
        );
    }

    #[test]
    fn aurora_reports_milliseconds() {
        let mut bench = bench(|db| db.engine = "aurora-postgresql".to_owned());
        bench.steady(metric::AURORA_REPLICA_LAG.of("shop-db-2"), 400_000.0);
        assert_eq!(bench.check(&RULE)[0].title, "6m behind, limit 300 s");
        bench.steady(metric::AURORA_REPLICA_LAG.of("shop-db-2"), 20.0);
        assert_eq!(bench.check(&RULE), []);
    }

    #[test]
    fn a_replica_that_keeps_up_and_an_unread_one_are_silent() {
        let mut good = bench(|_| ());
        good.steady(metric::REPLICA_LAG.of("shop-db-2"), 0.2);
        assert_eq!(good.check(&RULE), []);
        assert_eq!(bench(|_| ()).check(&RULE), []);
    }
}

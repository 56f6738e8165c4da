//! `recovery.rpo-missed`, `recovery.rto-missed` and `recovery.rto-unproven`: whether the estate's
//! recovery objectives can be met.

use jiff::SignedDuration;

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::recovery::{LOG_INTERVAL, Standing, Verdict, standings};
use crate::domain::rules::{Context, Reach, Rule, words};

/// More would be lost than may be.
pub const RPO_MISSED: Rule = Rule {
    id: "recovery.rpo-missed",
    kind: Kind::RdsInstance,
    title: "More would be lost than may be",
    what: "The newest data that would come back (the latest restorable moment, else the newest snapshot) \
           against the recovery point objective of the estate file; five minutes are allowed for, since \
           AWS keeps logs each five minutes. Databases without an objective, members of clusters, read \
           replicas and stopped databases are left out; caches are judged only if the file names them.",
    severities: &[(Severity::Crit, "in production"), (Severity::Warn, "elsewhere")],
    thresholds: &[],
    runbooks: &["rds-backup-now"],
    reach: Reach::Scope,
    check: rpo,
};

/// The last restore took longer than it may.
pub const RTO_MISSED: Rule = Rule {
    id: "recovery.rto-missed",
    kind: Kind::RdsInstance,
    title: "The last restore took longer than it may",
    what: "From the beginning of the newest restore run of the database (`restore-rds-snapshot`, \
           `restore-rds-point-in-time`, `dr-drill`) until its data could be used, by the run's journal, \
           against the recovery time objective of the estate file. Runs that were interrupted measure \
           nothing.",
    severities: &[(Severity::Warn, "it took longer")],
    thresholds: &[],
    runbooks: &["dr-drill"],
    reach: Reach::Scope,
    check: rto_missed,
};

/// Nobody knows how long a restore takes.
pub const RTO_UNPROVEN: Rule = Rule {
    id: "recovery.rto-unproven",
    kind: Kind::RdsInstance,
    title: "Nobody knows how long a restore takes",
    what: "A recovery time objective in the estate file, and no restore run of the database that was \
           measured within the time. Only runs of this machine's state folder are known.",
    severities: &[(Severity::Info, "no restore was measured in time")],
    thresholds: &["recovery_drill_days"],
    runbooks: &["dr-drill"],
    reach: Reach::Scope,
    check: rto_unproven,
};

fn rpo(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for standing in standings(context.state, context.policy) {
        if standing.rpo() != Verdict::Missed {
            continue;
        }
        let Some(rpo) = standing.objectives.rpo else {
            continue;
        };
        let severity = if context.is_prod() {
            Severity::Crit
        } else {
            Severity::Warn
        };
        let draft = RPO_MISSED
            .on(context, standing.arn, standing.name)
            .of_kind(standing.kind)
            .hurts(Impact::Risk);
        let Some((newest, age)) = standing.newest().zip(standing.exposure()) else {
            findings.push(
                draft
                    .because(format!(
                        "No moment can be restored and there is no snapshot; at most {} may be lost.",
                        words::span(rpo)
                    ))
                    .report(severity, "nothing would come back"),
            );
            continue;
        };
        let what = if standing.restorable_at == Some(newest) {
            "The latest moment that can be restored"
        } else {
            "No moment can be restored that is newer than the newest snapshot, which"
        };
        findings.push(
            draft
                .since(newest.saturating_add(rpo + LOG_INTERVAL).ok())
                .because(format!(
                    "{what} is {}, {} before it was read; at most {} may be lost.",
                    words::moment(newest, context.zone()),
                    words::span(age),
                    words::span(rpo)
                ))
                .perhaps_because(
                    (standing.backup_days == 0)
                        .then(|| "Automated backups are off: between snapshots nothing is kept.".to_owned()),
                )
                .report(
                    severity,
                    format!("{} would be lost, {} may be", words::span(age), words::span(rpo)),
                ),
        );
    }
}

fn rto_missed(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (standing, rto) in timed(context) {
        let Some(last) = standing
            .last
            .filter(|_| standing.rto(lasts(context)) == Verdict::Missed)
        else {
            continue;
        };
        findings.push(
            RTO_MISSED
                .on(context, standing.arn, standing.name)
                .of_kind(standing.kind)
                .hurts(Impact::Risk)
                .because(format!(
                    "{} ({}) took {} until {} could be used, on {}; {} is what it may take.",
                    last.run,
                    last.runbook,
                    words::span(last.took()),
                    last.into,
                    words::moment(last.ready_at, context.zone()),
                    words::span(rto)
                ))
                .because(format!(
                    "Of that AWS needed {} until the copy was available.",
                    words::span(SignedDuration::from_secs(last.restore_s))
                ))
                .report(
                    Severity::Warn,
                    format!(
                        "the last restore took {}, {} is the limit",
                        words::span(last.took()),
                        words::span(rto)
                    ),
                ),
        );
    }
}

fn rto_unproven(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lasts = lasts(context);
    for (standing, rto) in timed(context) {
        if standing.rto(lasts) != Verdict::Unknown {
            continue;
        }
        let known = match (standing.last, standing.estimate()) {
            (Some(last), _) => format!(
                "The last restore that was measured is of {}, more than {} ago.",
                words::moment(last.ready_at, context.zone()),
                words::span(lasts)
            ),
            (None, Some((took, like))) => format!(
                "No restore of it was measured; one of {} took {}.",
                like.source,
                words::span(took)
            ),
            (None, None) => "No restore of it was measured.".to_owned(),
        };
        findings.push(
            RTO_UNPROVEN
                .on(context, standing.arn, standing.name)
                .of_kind(standing.kind)
                .hurts(Impact::Risk)
                .because(known)
                .because(format!("It has to be back within {}.", words::span(rto)))
                .report(
                    Severity::Info,
                    format!("nobody knows whether it is back within {}", words::span(rto)),
                ),
        );
    }
}

/// Databases that have to be back within a time.
fn timed<'a>(context: &Context<'a>) -> impl Iterator<Item = (Standing<'a>, SignedDuration)> {
    standings(context.state, context.policy)
        .into_iter()
        // A backup of a cache is restored by no runbook.
        .filter(|standing| standing.kind != Kind::Redis)
        .filter_map(|standing| {
            let rto = standing.objectives.rto?;
            Some((standing, rto))
        })
}

/// How long a measured restore proves something.
fn lasts(context: &Context<'_>) -> SignedDuration {
    SignedDuration::from_secs_f64(context.limits().recovery_drill_days * 86_400.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::datastore::{DbInstance, DbSnapshot};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::policy::{Objectives, Policy, Recovery};
    use crate::domain::recovery::MeasuredRestore;
    use crate::domain::rules::sample::{ACCOUNT, Bench, at, db, prod};

    fn policy(rto: i64, rpo: i64) -> Policy {
        Policy {
            recovery: Recovery {
                estate: Objectives {
                    rto: Some(SignedDuration::from_mins(rto)),
                    rpo: Some(SignedDuration::from_mins(rpo)),
                },
                databases: BTreeMap::new(),
            },
            ..prod()
        }
    }

    fn bench(change: impl FnOnce(&mut DbInstance)) -> Bench {
        let mut db = db("shop-db");
        change(&mut db);
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
        bench.policy = policy(30, 15);
        bench
    }

    fn restore(source: &str, ready: i64, took_min: i64) -> MeasuredRestore {
        MeasuredRestore {
            run: "r-20261120-010000-abcd".to_owned(),
            runbook: "dr-drill".to_owned(),
            account: ACCOUNT.to_owned(),
            region: "ap-northeast-2".to_owned(),
            kind: Kind::RdsInstance,
            source: source.to_owned(),
            into: format!("{source}-copy"),
            started_at: at(ready - took_min),
            ready_at: at(ready),
            restore_s: took_min * 60 - 120,
            ready_s: took_min * 60,
            data_at: Some(at(ready - took_min - 5)),
        }
    }

    fn measured(mut bench: Bench, restores: Vec<MeasuredRestore>) -> Bench {
        bench.inventory.scopes[0].restores = restores.into();
        bench
    }

    fn snapshot(minute: i64) -> DbSnapshot {
        DbSnapshot {
            id: "before-launch".to_owned(),
            arn: String::new(),
            source: "shop-db".to_owned(),
            of_cluster: false,
            snapshot_type: "manual".to_owned(),
            status: "available".to_owned(),
            percent_progress: None,
            created_at: Some(at(minute)),
            storage_gib: Some(50),
            encrypted: false,
            kms_key: None,
        }
    }

    #[test]
    fn backups_that_fall_behind_miss_the_objective() {
        let late = bench(|db| db.latest_restorable_at = Some(at(120)));
        let findings = late.check(&RPO_MISSED);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Crit);
        assert_eq!(findings[0].title, "1h would be lost, 15m may be");
        assert_eq!(findings[0].since, Some(at(140)));
        assert!(
            findings[0].evidence[0].contains("1h before it was read; at most 15m may be lost"),
            "{findings:?}"
        );
        let in_time = bench(|db| db.latest_restorable_at = Some(at(161)));
        assert_eq!(in_time.check(&RPO_MISSED), []);
    }

    #[test]
    fn without_backups_the_newest_snapshot_counts() {
        let off = |db: &mut DbInstance| {
            db.backup_retention_days = 0;
            db.latest_restorable_at = None;
        };
        let none = bench(off).check(&RPO_MISSED);
        assert_eq!(none[0].title, "nothing would come back");
        let mut old = bench(off);
        old.know(Source::DbSnapshots, ReplyData::DbSnapshots(vec![snapshot(-60)]));
        let findings = old.check(&RPO_MISSED);
        assert_eq!(findings[0].title, "4h would be lost, 15m may be");
        assert_eq!(findings[0].evidence.len(), 2, "{findings:?}");
        let mut fresh = bench(off);
        fresh.know(Source::DbSnapshots, ReplyData::DbSnapshots(vec![snapshot(170)]));
        assert_eq!(fresh.check(&RPO_MISSED), []);
    }

    #[test]
    fn a_restore_that_took_too_long_is_told_and_one_in_time_is_not() {
        let slow = measured(bench(|_| ()), vec![restore("shop-db", -1_000, 47)]);
        let findings = slow.check(&RTO_MISSED);
        assert_eq!(findings[0].title, "the last restore took 47m, 30m is the limit");
        assert_eq!(slow.check(&RTO_UNPROVEN), []);
        let newer = vec![restore("shop-db", -1_000, 47), restore("shop-db", -100, 20)];
        let mended = measured(bench(|_| ()), newer);
        assert_eq!(mended.check(&RTO_MISSED), []);
        assert_eq!(mended.check(&RTO_UNPROVEN), []);
    }

    #[test]
    fn nothing_measured_or_too_long_ago_proves_nothing() {
        let findings = bench(|_| ()).check(&RTO_UNPROVEN);
        assert_eq!(findings[0].evidence[0], "No restore of it was measured.");
        assert_eq!(findings[0].runbooks, ["dr-drill"]);
        let old = measured(bench(|_| ()), vec![restore("shop-db", -100 * 24 * 60, 20)]);
        assert!(old.check(&RTO_UNPROVEN)[0].evidence[0].contains("more than 90d ago"));
        let like = measured(bench(|_| ()), vec![restore("other-db", -100, 20)]);
        assert_eq!(
            like.check(&RTO_UNPROVEN)[0].evidence[0],
            "No restore of it was measured; one of other-db took 20m."
        );
        let elsewhere = MeasuredRestore {
            account: "999999999999".to_owned(),
            ..restore("shop-db", -100, 20)
        };
        assert_eq!(
            measured(bench(|_| ()), vec![elsewhere])
                .check(&RTO_UNPROVEN)
                .len(),
            1
        );
    }

    #[test]
    fn what_nobody_wants_back_is_silent() {
        let gone = |db: &mut DbInstance| db.latest_restorable_at = Some(at(-9_000));
        for rule in [&RPO_MISSED, &RTO_MISSED, &RTO_UNPROVEN] {
            assert_eq!(bench(gone).with_policy(prod()).check(rule), [], "{}", rule.id);
            let dev = bench(|db| {
                gone(db);
                db.name = "shop-db-dev".to_owned();
            });
            assert_eq!(dev.check(rule), [], "{}", rule.id);
        }
        let stopped = bench(|db| {
            gone(db);
            db.status = "stopped".to_owned();
        });
        assert_eq!(stopped.check(&RPO_MISSED), []);
    }
}

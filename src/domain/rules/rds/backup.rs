//! `rds.no-backup` and `rds.backup-window-business-hours`: whether there is a way back, and when it
//! is made.

use jiff::civil::{Time, Weekday};
use jiff::{Timestamp, Zoned};

use crate::domain::datastore::DbInstance;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::{Kind, Tag};
use crate::domain::metric_catalog::is_aurora;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, rds, words};

/// There is no backup, or no new one.
pub const NO_BACKUP: Rule = Rule {
    id: "rds.no-backup",
    kind: Kind::RdsInstance,
    title: "A database has no backup, or no new one",
    what: "Automated backups that are switched off, and a latest restorable moment that falls behind; \
           it is about five minutes old while all is well. Read replicas and members of clusters are \
           left out: their source or cluster has the backups.",
    severities: &[
        (
            Severity::Crit,
            "off in production, or the latest restorable moment at the critical age",
        ),
        (
            Severity::Warn,
            "off elsewhere, or the latest restorable moment at the warning age",
        ),
    ],
    thresholds: &["rds_restorable_age_min"],
    runbooks: &["rds-backup-now"],
    reach: Reach::Scope,
    check: no_backup,
};

/// Backups are made while people work.
pub const BUSINESS_HOURS: Rule = Rule {
    id: "rds.backup-window-business-hours",
    kind: Kind::RdsInstance,
    title: "Backups are made during business hours",
    what: "The daily backup window, in the estate's time zone, against the estate's business hours; \
           estates without business hours are not judged. A database in one zone pauses I/O for a \
           moment; with a standby the backup is made there, which is only good to know.",
    severities: &[
        (Severity::Warn, "a database in one zone"),
        (Severity::Info, "a database with a standby"),
    ],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: business_hours,
};

fn no_backup(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (db, at) in rds::instances(context) {
        if db.replica_of.is_some() || db.cluster.is_some() || is_coming_or_going(&db.status) {
            continue;
        }
        let subject = Backed {
            kind: Kind::RdsInstance,
            arn: &db.arn,
            name: &db.name,
            tags: &db.tags,
            retention_days: db.backup_retention_days,
            restorable_at: db.latest_restorable_at,
            // A stopped database writes nothing that could be lost.
            writes: db.status != "stopped",
        };
        findings.extend(judge_backup(context, &subject, at));
    }
    let Some((clusters, at)) = &context.state.db_clusters.value else {
        return;
    };
    for cluster in clusters
        .iter()
        .filter(|cluster| !is_coming_or_going(&cluster.status))
    {
        let subject = Backed {
            kind: Kind::RdsCluster,
            arn: &cluster.arn,
            name: &cluster.name,
            tags: &cluster.tags,
            retention_days: cluster.backup_retention_days,
            restorable_at: cluster.latest_restorable_at,
            writes: cluster.status != "stopped",
        };
        findings.extend(judge_backup(context, &subject, *at));
    }
}

/// What has backups: an instance or a cluster.
struct Backed<'a> {
    kind: Kind,
    arn: &'a str,
    name: &'a str,
    tags: &'a [Tag],
    retention_days: u32,
    restorable_at: Option<Timestamp>,
    writes: bool,
}

fn judge_backup(context: &Context<'_>, subject: &Backed<'_>, at: Timestamp) -> Option<Finding> {
    let draft = NO_BACKUP
        .on(context, subject.arn, subject.name)
        .of_kind(subject.kind)
        .hurts(Impact::Risk);
    if subject.retention_days == 0 {
        let severity = if context.is_prod_resource(subject.name, subject.tags) {
            Severity::Crit
        } else {
            Severity::Warn
        };
        return Some(
            draft
                .because("Automated backups are off (retention of 0 days): no point in time can be restored.")
                .report(severity, "automated backups are off"),
        );
    }
    let restorable = subject.restorable_at.filter(|_| subject.writes)?;
    let age = at.duration_since(restorable);
    let limit = context.limits().rds_restorable_age_min;
    let breach = limit.judge(age.as_secs_f64() / 60.0)?;
    Some(
        draft
            .since(Some(restorable))
            .because(format!(
                "The latest moment that can be restored is {}, {} ago; the limit is {} minutes.",
                words::moment(restorable, context.zone()),
                words::span(age),
                words::number(limit.level(breach))
            ))
            .report(
                severity(breach),
                format!("nothing restorable for {}", words::span(age)),
            ),
    )
}

fn is_coming_or_going(status: &str) -> bool {
    matches!(
        status,
        "creating" | "deleting" | "backing-up" | "configuring-enhanced-monitoring"
    )
}

fn business_hours(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(hours) = &context.policy.business_hours else {
        return;
    };
    for (db, at) in rds::instances(context) {
        if db.backup_retention_days == 0 || is_aurora(db) || db.replica_of.is_some() {
            continue;
        }
        let Some((start, end)) = local_window(db, at, context) else {
            continue;
        };
        let days = [
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
            Weekday::Saturday,
            Weekday::Sunday,
        ];
        if !days
            .into_iter()
            .any(|day| hours.overlap(day, start.time(), end.time()))
        {
            continue;
        }
        let window = format!("{}-{}", start.strftime("%H:%M"), end.strftime("%H:%M %Z"));
        let (severity, effect) = if db.multi_az {
            (Severity::Info, "It is made on the standby.")
        } else {
            (
                Severity::Warn,
                "A database in one zone pauses I/O for a moment when it begins.",
            )
        };
        findings.push(
            BUSINESS_HOURS
                .on(context, &db.arn, &db.name)
                .hurts(Impact::Risk)
                .because(format!(
                    "The daily backup window is {window} ({} UTC), within the business hours {}-{}.",
                    db.backup_window.as_deref().unwrap_or_default(),
                    hours.from.strftime("%H:%M"),
                    hours.to.strftime("%H:%M")
                ))
                .because(effect)
                .report(severity, format!("backup at {window}")),
        );
    }
}

/// The backup window of that day in the estate's zone.
fn local_window(db: &DbInstance, at: Timestamp, context: &Context<'_>) -> Option<(Zoned, Zoned)> {
    let (start, end) = db.backup_window.as_deref()?.split_once('-')?;
    let today = at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let local = |time: &str| -> Option<Zoned> {
        let time: Time = Time::strptime("%H:%M", time.trim()).ok()?;
        let utc = today.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(utc.with_time_zone(context.zone().rules().clone()))
    };
    Some((local(start)?, local(end)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::policy::{BusinessHours, Policy};
    use crate::domain::rules::sample::{Bench, at, db, prod};

    fn bench(change: impl FnOnce(&mut DbInstance)) -> Bench {
        let mut db = db("shop-db");
        change(&mut db);
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
        bench
    }

    fn office() -> Policy {
        Policy {
            business_hours: Some(BusinessHours {
                days: vec![Weekday::Monday, Weekday::Friday],
                from: jiff::civil::time(9, 0, 0, 0),
                to: jiff::civil::time(18, 0, 0, 0),
            }),
            ..prod()
        }
    }

    #[test]
    fn backups_that_are_off_are_critical_in_production() {
        let off = |db: &mut DbInstance| db.backup_retention_days = 0;
        let findings = bench(off).check(&NO_BACKUP);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Warn, "automated backups are off")
        );
        assert_eq!(
            bench(off).with_policy(prod()).check(&NO_BACKUP)[0].severity,
            Severity::Crit
        );
    }

    #[test]
    fn a_restorable_moment_that_falls_behind_is_told_with_its_age() {
        let findings = bench(|db| db.latest_restorable_at = Some(at(90))).check(&NO_BACKUP);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "nothing restorable for 1h30m");
        assert_eq!(
            (findings[0].severity, findings[0].since),
            (Severity::Crit, Some(at(90)))
        );
        assert_eq!(
            findings[0].evidence,
            [
                "The latest moment that can be restored is 2026-11-21 01:30 UTC, 1h30m ago; the limit is 60 minutes."
            ]
        );
    }

    #[test]
    fn backups_replicas_stopped_and_unread_databases_are_silent() {
        assert_eq!(bench(|_| ()).check(&NO_BACKUP), []);
        assert_eq!(bench(|db| db.latest_restorable_at = None).check(&NO_BACKUP), []);
        let replica = bench(|db| {
            db.backup_retention_days = 0;
            db.replica_of = Some("shop-db".to_owned());
        });
        assert_eq!(replica.check(&NO_BACKUP), []);
        let stopped = bench(|db| {
            db.status = "stopped".to_owned();
            db.latest_restorable_at = Some(at(-9000));
        });
        assert_eq!(stopped.check(&NO_BACKUP), []);
        assert_eq!(Bench::new().check(&NO_BACKUP), []);
    }

    #[test]
    fn the_window_is_judged_in_the_estates_zone() {
        let noon = |db: &mut DbInstance| db.backup_window = Some("03:00-03:30".to_owned());
        let findings = bench(noon).with_policy(office()).check(&BUSINESS_HOURS);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Warn);
        assert_eq!(findings[0].title, "backup at 12:00-12:30 KST");
        assert_eq!(
            findings[0].evidence[0],
            "The daily backup window is 12:00-12:30 KST (03:00-03:30 UTC), within the business hours 09:00-18:00."
        );
        let standby = bench(|db| {
            noon(db);
            db.multi_az = true;
        })
        .with_policy(office())
        .check(&BUSINESS_HOURS);
        assert_eq!(standby[0].severity, Severity::Info);
    }

    #[test]
    fn night_windows_and_estates_without_hours_are_silent() {
        let night = bench(|db| db.backup_window = Some("18:00-19:00".to_owned()))
            .with_policy(office())
            .check(&BUSINESS_HOURS);
        assert_eq!(night, []);
        assert_eq!(
            bench(|db| db.backup_window = Some("03:00-03:30".to_owned())).check(&BUSINESS_HOURS),
            []
        );
        let unknown = bench(|db| db.backup_window = None)
            .with_policy(office())
            .check(&BUSINESS_HOURS);
        assert_eq!(unknown, []);
    }
}

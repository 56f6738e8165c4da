//! `rds.storage-low`: how much storage is left, and for how long.

use jiff::SignedDuration;

use crate::domain::datastore::DbInstance;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::{is_aurora, rds as metric};
use crate::domain::policy::Breach;
use crate::domain::rules::draft::severity;
use crate::domain::rules::measured::Run;
use crate::domain::rules::{Context, Reach, Rule, rds, words};
use crate::domain::units::BYTES_PER_GIB;

/// The rule.
pub const RULE: Rule = Rule {
    id: "rds.storage-low",
    kind: Kind::RdsInstance,
    title: "Storage runs out",
    what: "Free storage of an instance as a share of what is allocated, and the days until none is left \
           at the slope of the last day, by the least of each hour. The worse of both counts. Where \
           storage grows by itself and has room to, it is a warning at most. Aurora's storage grows by \
           itself and is not judged.",
    severities: &[
        (Severity::Crit, "share or days at the critical level"),
        (Severity::Warn, "share or days at the warning level"),
    ],
    thresholds: &["rds_free_storage_percent", "rds_storage_days_left"],
    runbooks: &["rds-grow-storage", "rds-restart"],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let by_share = context.limits().rds_free_storage_percent;
    let by_days = context.limits().rds_storage_days_left;
    for db in rds::serving(context) {
        let Some(storage_gib) = db.storage_gib.filter(|gib| *gib > 0 && !is_aurora(db)) else {
            continue;
        };
        let Some(measured) = context.metric(metric::FREE_STORAGE.of(&db.name)) else {
            continue;
        };
        let Some(free) = measured.latest() else {
            continue;
        };
        let allocated = f64::from(storage_gib) * BYTES_PER_GIB;
        let share = free / allocated * 100.0;
        // Six hours at least: less is no slope but a mood.
        let per_day = context
            .metric(metric::FREE_STORAGE_BY_HOUR.of(&db.name))
            .and_then(|by_hour| by_hour.slope_per_day(SignedDuration::from_hours(24), 6))
            .filter(|per_day| *per_day < 0.0);
        let days = per_day.map(|per_day| free / -per_day);
        let Some(breach) = by_share
            .judge(share)
            .max(days.and_then(|days| by_days.judge(days)))
        else {
            continue;
        };
        let grows = room_to_grow(db, storage_gib);
        let breach = if grows.is_some() { Breach::Warn } else { breach };
        let lasting = days.filter(|days| *days < 365.0);
        findings.push(
            RULE.on(context, &db.arn, &db.name)
                .hurts(Impact::Risk)
                .because(format!(
                    "{} of {storage_gib} GiB are free ({}); a warning begins at {}, critical is {}.",
                    words::bytes(free),
                    words::percent(share),
                    words::percent(by_share.warn),
                    words::percent(by_share.crit)
                ))
                .perhaps_because(per_day.map(|per_day| {
                    format!(
                        "It shrinks by {} a day, by the slope of the last day{}.",
                        words::bytes(-per_day),
                        lasting
                            .map(|days| format!(": {} days are left", words::number(days)))
                            .unwrap_or_default()
                    )
                }))
                .because(grows.unwrap_or_else(|| stands_still(db, storage_gib)))
                .held(context, low(context, db, allocated))
                .report(
                    severity(breach),
                    match lasting {
                        Some(days) => format!(
                            "{} free, {} days left",
                            words::percent(share),
                            words::number(days)
                        ),
                        None => format!("{} free of {storage_gib} GiB", words::bytes(free)),
                    },
                ),
        );
    }
}

/// For how long the share that is free has been low: by the minute, and where that does not reach back to the
/// beginning, by the least of each hour of the week.
fn low(context: &Context<'_>, db: &DbInstance, allocated: f64) -> Option<Run> {
    let limit = context.limits().rds_free_storage_percent;
    let is_low = |free: f64| limit.judge(free / allocated * 100.0).is_some();
    let run = context.metric(metric::FREE_STORAGE.of(&db.name))?.run(is_low)?;
    if run.since.is_some() {
        return Some(run);
    }
    let by_hour = context.metric(metric::FREE_STORAGE_BY_HOUR.of(&db.name));
    let longer = by_hour.and_then(|by_hour| by_hour.run(is_low));
    Some(longer.filter(|longer| longer.oldest < run.oldest).unwrap_or(run))
}

/// That nothing adds to it: a limit that is reached, or none.
fn stands_still(db: &DbInstance, storage_gib: u32) -> String {
    match db.max_storage_gib {
        Some(most) => format!("It does not grow by itself any more: its limit of {most} GiB is reached."),
        None => format!("It does not grow by itself: no limit above {storage_gib} GiB is set."),
    }
}

/// What storage autoscaling can still add.
fn room_to_grow(db: &DbInstance, storage_gib: u32) -> Option<String> {
    db.max_storage_gib
        .filter(|most| *most > storage_gib)
        .map(|most| format!("It grows by itself up to {most} GiB, six hours apart at the earliest."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at, db};

    /// Free GiB of 50, and how many GiB it loses a day.
    fn bench(free: f64, per_day: f64, most: Option<u32>) -> Bench {
        let mut db = db("ecommerce-db");
        db.storage_gib = Some(50);
        db.max_storage_gib = most;
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
        bench.steady(metric::FREE_STORAGE.of("ecommerce-db"), free * BYTES_PER_GIB);
        let points: Vec<(i64, f64)> = (0..24)
            .map(|hour| {
                let ago = 23 - hour;
                (
                    120 - 60 * ago,
                    (free + per_day * ago as f64 / 24.0) * BYTES_PER_GIB,
                )
            })
            .collect();
        bench.metric(metric::FREE_STORAGE_BY_HOUR.of("ecommerce-db"), 3600, &points);
        bench
    }

    #[test]
    fn share_and_days_left_are_told() {
        let findings = bench(3.1, 1.5, None).check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "6.2% free, 2.1 days left");
        assert_eq!((findings[0].severity, findings[0].since), (Severity::Crit, None));
        assert_eq!(
            findings[0].runbooks,
            ["rds-grow-storage", "rds-restart"],
            "no outage first"
        );
        assert_eq!(
            findings[0].evidence,
            [
                "3.1 GiB of 50 GiB are free (6.2%); a warning begins at 20%, critical is 10%.",
                "It shrinks by 1.5 GiB a day, by the slope of the last day: 2.1 days are left.",
                "It does not grow by itself: no limit above 50 GiB is set.",
                "It has been so at least since 2026-11-20 03:00 UTC, where the values that were read begin.",
            ]
        );
    }

    #[test]
    fn the_hour_in_which_it_became_low_is_told_where_the_minutes_do_not_reach_back() {
        let mut bench = bench(3.1, 0.0, None);
        let free = |hour: i64| if hour < 20 { 30.0 } else { 3.1 };
        let points: Vec<(i64, f64)> = (0..24)
            .map(|hour| (120 - 60 * (23 - hour), free(hour) * BYTES_PER_GIB))
            .collect();
        bench.metric(metric::FREE_STORAGE_BY_HOUR.of("ecommerce-db"), 3600, &points);
        let finding = bench.check(&RULE).remove(0);
        assert_eq!(finding.since, Some(at(120 - 60 * 3)));
        // Where the minutes know better they say so.
        bench.metric(
            metric::FREE_STORAGE.of("ecommerce-db"),
            60,
            &[
                (177, 30.0 * BYTES_PER_GIB),
                (178, 3.1 * BYTES_PER_GIB),
                (179, 3.1 * BYTES_PER_GIB),
            ],
        );
        assert_eq!(bench.check(&RULE)[0].since, Some(at(178)));
    }

    #[test]
    fn a_steep_slope_counts_while_there_is_still_room() {
        let findings = bench(20.0, 10.0, None).check(&RULE);
        assert_eq!(findings[0].title, "40% free, 2 days left");
        assert_eq!((findings[0].severity, findings[0].since), (Severity::Crit, None));
    }

    #[test]
    fn storage_that_grows_by_itself_is_a_warning() {
        let findings = bench(3.1, 0.0, Some(100)).check(&RULE);
        assert_eq!(findings[0].severity, Severity::Warn);
        assert_eq!(findings[0].title, "3.1 GiB free of 50 GiB");
        assert_eq!(
            findings[0].evidence[1],
            "It grows by itself up to 100 GiB, six hours apart at the earliest."
        );
        assert_eq!(bench(3.1, 0.0, Some(50)).check(&RULE)[0].severity, Severity::Crit);
    }

    #[test]
    fn room_enough_and_what_is_not_read_are_silent() {
        assert_eq!(bench(40.0, 0.1, None).check(&RULE), []);
        assert_eq!(bench(40.0, -5.0, None).check(&RULE), []);
        let mut unread = Bench::new();
        unread.know(
            Source::DbInstances,
            ReplyData::DbInstances(vec![db("ecommerce-db")]),
        );
        assert_eq!(unread.check(&RULE), []);
    }
}

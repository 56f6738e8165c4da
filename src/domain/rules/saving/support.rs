//! `saving.extended-support`: databases whose version AWS supports for a surcharge alone.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use crate::domain::datastore::DbInstance;
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::is_aurora;
use crate::domain::rules::saving::report;
use crate::domain::rules::{Context, Reach, Rule};
use crate::domain::units::{Usd, UsdPerHour};

/// The rule.
pub const RULE: Rule = Rule {
    id: "saving.extended-support",
    kind: Kind::RdsInstance,
    title: "A version that is supported for a surcharge",
    what: "Databases of RDS for PostgreSQL and MySQL whose major version is beyond its standard support, \
           for which AWS charges by the vCPU and hour until they are upgraded. Aurora has dates of its own \
           and is left out.",
    severities: &[(Severity::Info, "always")],
    thresholds: &["saving_usd"],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

/// Engine, major version, and the last day of standard support.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html>
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html>
const ENDS: [(&str, &str, Date); 5] = [
    ("postgres", "11", date(2024, 2, 29)),
    ("postgres", "12", date(2025, 2, 28)),
    ("postgres", "13", date(2026, 2, 28)),
    ("mysql", "5.7", date(2024, 2, 29)),
    ("mysql", "8.0", date(2026, 7, 31)),
];

/// Micro-dollars for a vCPU and hour in the first two years, where the price was seen: us-east-1, in
/// reference output of Infracost's tests, 2024-07-01.
const FIRST_YEARS: (&str, i64) = ("us-east-1", 100_000);

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let today = context.now.to_zoned(TimeZone::UTC).date();
    for db in context.state.db_instances.get().into_iter().flatten() {
        if is_aurora(db) || db.cluster.is_some() {
            continue;
        }
        let Some(end) = end_of_support(db).filter(|end| *end < today) else {
            continue;
        };
        let month = surcharge(&context.state.scope.region, db, end, today);
        let draft = RULE.on(context, &db.arn, &db.name).because(format!(
            "Standard support of {} {} ended on {end}; since then AWS charges for each vCPU and hour, twice \
             for a standby.",
            db.engine, db.engine_version
        ));
        findings.extend(report(context, draft, month, "upgrade the version"));
    }
}

fn end_of_support(db: &DbInstance) -> Option<Date> {
    ENDS.iter()
        .find(|(engine, major, _)| {
            db.engine == *engine
                && (db.engine_version == *major
                    || db
                        .engine_version
                        .strip_prefix(major)
                        .is_some_and(|rest| rest.starts_with('.')))
        })
        .map(|(.., end)| *end)
}

/// What the surcharge is a month; `None` where the price or the number of vCPUs is not known.
fn surcharge(region: &str, db: &DbInstance, end: Date, today: Date) -> Option<Usd> {
    let (known, micros) = FIRST_YEARS;
    let years = today.since(end).ok()?.get_days() / 365;
    // From the third year on it is another price.
    if region != known || years >= 2 {
        return None;
    }
    let hour = UsdPerHour::new(Usd::from_micros(micros));
    let standby = if db.multi_az { 2 } else { 1 };
    Some((hour * (vcpus(&db.class)? * standby)).per_month())
}

/// vCPUs of a burstable or general purpose class: two up to `large`, then doubling.
fn vcpus(class: &str) -> Option<u64> {
    match class.rsplit('.').next()? {
        "micro" | "small" | "medium" | "large" => Some(2),
        "xlarge" => Some(4),
        other => {
            let times: u64 = other.strip_suffix("xlarge")?.parse().ok()?;
            Some(4 * times)
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{self, Bench};

    fn check(engine: &str, version: &str) -> Vec<Finding> {
        let mut db = sample::db("shop");
        db.engine = engine.to_owned();
        db.engine_version = version.to_owned();
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
        bench.check(&RULE)
    }

    #[test]
    fn only_versions_beyond_their_support() {
        let old = check("mysql", "8.0.39");
        assert_eq!(old[0].title, "amount not known: upgrade the version");
        assert!(old[0].evidence[0].contains("2026-07-31"), "{:?}", old[0].evidence);
        for (engine, version) in [
            ("mysql", "8.4.3"),
            ("postgres", "16.4"),
            ("postgres", "1.1"),
            ("oracle-se2", "19"),
        ] {
            assert_eq!(check(engine, version), [], "{engine} {version}");
        }
    }

    #[test]
    fn the_surcharge_counts_vcpus_where_its_price_is_known() {
        let mut db = sample::db("shop");
        db.class = "db.m6g.2xlarge".to_owned();
        db.multi_az = true;
        let of = |region: &str, today| surcharge(region, &db, date(2026, 2, 28), today);
        // 8 vCPUs, twice, at 0.10 for 730 hours.
        assert_eq!(of("us-east-1", date(2026, 11, 21)), Some("1168".parse().unwrap()));
        assert_eq!(of("us-east-1", date(2028, 6, 1)), None);
        assert_eq!(of("ap-northeast-2", date(2026, 11, 21)), None);
        assert_eq!(vcpus("db.serverless"), None);
    }
}

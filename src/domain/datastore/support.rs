//! How long AWS supports a version of a database engine, and what its extended support is counted by.

use jiff::civil::{Date, date};

use super::DbInstance;
use crate::domain::metric_catalog::is_aurora;

/// Engine, major version, and the last day of standard support. Aurora has dates of its own.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html>
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html>
const ENDS: [(&str, &str, Date); 5] = [
    ("postgres", "11", date(2024, 2, 29)),
    ("postgres", "12", date(2025, 2, 28)),
    ("postgres", "13", date(2026, 2, 28)),
    ("mysql", "5.7", date(2024, 2, 29)),
    ("mysql", "8.0", date(2026, 7, 31)),
];

/// Which price extended support has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SupportYears {
    /// The first and the second year after standard support.
    FirstTwo,
    /// From the third year on.
    Third,
}

/// The extended support of an instance, which AWS charges for by the vCPU and hour until it is upgraded.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support-charges.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtendedSupport {
    /// The last day of standard support.
    pub ended: Date,
    /// Which price it has.
    pub years: SupportYears,
    /// The vCPUs that are charged for, a standby's included; `None` of a class whose vCPUs are not known.
    pub vcpus: Option<u64>,
}

impl ExtendedSupport {
    /// That of an instance on a day; `None` where its version is in standard support, or nothing is known of it.
    pub fn of(db: &DbInstance, today: Date) -> Option<Self> {
        if is_aurora(db) || db.cluster.is_some() {
            return None;
        }
        let ended = end_of(&db.engine, &db.engine_version).filter(|end| *end < today)?;
        let days = today.since(ended).ok()?.get_days();
        let standby = if db.multi_az { 2 } else { 1 };
        Some(Self {
            ended,
            years: if days / 365 < 2 {
                SupportYears::FirstTwo
            } else {
                SupportYears::Third
            },
            vcpus: vcpus(&db.class).map(|vcpus| vcpus * standby),
        })
    }
}

fn end_of(engine: &str, version: &str) -> Option<Date> {
    let is_major = |major: &str| {
        version == major
            || version
                .strip_prefix(major)
                .is_some_and(|rest| rest.starts_with('.'))
    };
    ENDS.iter()
        .find(|(known, major, _)| engine == *known && is_major(major))
        .map(|(.., end)| *end)
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
    use super::*;
    use crate::domain::rules::sample;

    fn support(engine: &str, version: &str, day: Date) -> Option<ExtendedSupport> {
        let mut db = sample::db("shop");
        db.engine = engine.to_owned();
        db.engine_version = version.to_owned();
        db.class = "db.r6g.4xlarge".to_owned();
        db.multi_az = true;
        ExtendedSupport::of(&db, day)
    }

    #[test]
    fn it_begins_the_day_after_standard_support_and_is_dearer_from_the_third_year_on() {
        assert_eq!(support("mysql", "8.0.39", date(2026, 7, 31)), None);
        assert_eq!(support("mysql", "8.4.3", date(2026, 11, 22)), None);
        assert_eq!(support("postgres", "110.1", date(2026, 11, 22)), None);
        let first = support("mysql", "8.0.39", date(2026, 8, 1)).unwrap();
        assert_eq!((first.years, first.vcpus), (SupportYears::FirstTwo, Some(32)));
        let third = support("postgres", "11.22", date(2026, 11, 22)).unwrap();
        assert_eq!(third.years, SupportYears::Third);
    }
}

//! `saving.extended-support`: databases whose version AWS supports for a surcharge alone.

use jiff::tz::TimeZone;

use crate::domain::datastore::support::ExtendedSupport;
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::price::PriceTable;
use crate::domain::rules::saving::report;
use crate::domain::rules::{Context, Reach, Rule};

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

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let today = context.now.to_zoned(TimeZone::UTC).date();
    for db in context.state.db_instances.get().into_iter().flatten() {
        let Some(support) = ExtendedSupport::of(db, today) else {
            continue;
        };
        let price = PriceTable::shipped().rds_extended_support(&context.state.scope.region, support.years);
        let priced = price.zip(support.vcpus);
        let month = priced
            .as_ref()
            .map(|(price, vcpus)| (price.value * *vcpus).per_month());
        let draft = RULE
            .on(context, &db.arn, &db.name)
            .because(format!(
                "Standard support of {} {} ended on {}; since then AWS charges for each vCPU and hour, twice for a \
                 standby.",
                db.engine, db.engine_version, support.ended
            ))
            .perhaps_because(priced.map(|(price, vcpus)| {
                format!("{vcpus} vCPUs at {} (prices of {}).", price.value, price.as_of())
            }));
        findings.extend(report(context, draft, month, "upgrade the version"));
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
        assert_eq!(old[0].title, "$175.20 a month: upgrade the version");
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
        db.engine = "mysql".to_owned();
        db.engine_version = "8.0.39".to_owned();
        db.class = "db.m6g.2xlarge".to_owned();
        db.multi_az = true;
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db.clone()]));
        let finding = bench.check(&RULE).remove(0);
        // 8 vCPUs, twice, at 0.12 for 730 hours.
        assert_eq!(finding.saves, Some("1401.6".parse().unwrap()));
        assert!(
            finding.evidence[1].starts_with("16 vCPUs at $0.12"),
            "{:?}",
            finding.evidence
        );
        db.class = "db.serverless".to_owned();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
        assert_eq!(bench.check(&RULE)[0].saves, None);
    }
}

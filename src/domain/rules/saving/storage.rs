//! `saving.gp3`: database storage of the older kind where the newer one costs less.

use crate::domain::datastore::DbInstance;
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::price::{DbStorage, DbVolumeKind, Deployment, PriceTable};
use crate::domain::rules::saving::report;
use crate::domain::rules::{Context, Reach, Rule};
use crate::domain::units::{Gib, Usd};

/// The rule.
pub const RULE: Rule = Rule {
    id: "saving.gp3",
    kind: Kind::RdsInstance,
    title: "gp2 storage that costs less as gp3",
    what: "Storage of databases on gp2, against gp3 of the same size with what that includes. In most \
           regions both cost the same. EBS volumes are not read.",
    severities: &[(Severity::Info, "always")],
    thresholds: &["saving_usd"],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for db in context.state.db_instances.get().into_iter().flatten() {
        findings.extend(of(context, db));
    }
}

fn of(context: &Context<'_>, db: &DbInstance) -> Option<Finding> {
    let kind = db.storage_type.as_deref().and_then(DbVolumeKind::from_api)?;
    if kind != DbVolumeKind::Gp2 {
        return None;
    }
    let size = Gib(u64::from(db.storage_gib?));
    let price = |kind| {
        PriceTable::shipped().rds_storage(
            &context.state.scope.region,
            DbStorage {
                kind,
                deployment: Deployment::of(db.multi_az),
                size,
                paid_iops: 0,
            },
        )
    };
    let (old, new) = (price(DbVolumeKind::Gp2)?, price(DbVolumeKind::Gp3)?);
    let month: Usd = (old.value - new.value).per_month();
    let draft = RULE.on(context, &db.arn, &db.name).because(format!(
        "{size} on gp2 cost {:.2} a month, on gp3 {:.2} (prices of {}).",
        old.value.per_month(),
        new.value.per_month(),
        new.as_of()
    ));
    report(
        context,
        draft,
        Some(month),
        "as gp3, which can be changed while it runs",
    )
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{self, Bench};

    fn bench(kind: &str, multi_az: bool) -> Bench {
        let mut db = sample::db("shop");
        db.storage_type = Some(kind.to_owned());
        db.storage_gib = Some(200);
        db.multi_az = multi_az;
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
        bench
    }

    #[test]
    fn where_gp3_costs_less_it_is_said() {
        // 200 × (0.276 − 0.262).
        let findings = bench("gp2", true).check(&RULE);
        assert_eq!(
            findings[0].title,
            "$2.80 a month: as gp3, which can be changed while it runs"
        );
        assert_eq!(bench("gp2", false).check(&RULE), []);
        assert_eq!(bench("gp3", true).check(&RULE), []);
    }
}

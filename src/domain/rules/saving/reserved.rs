//! `saving.reserved`: what runs all the time and is paid by the hour.

use jiff::SignedDuration;

use crate::domain::datastore::{Cache, CacheForm, DbInstance};
use crate::domain::ec2::{Instance, Purchase};
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::is_aurora;
use crate::domain::price::{CacheEngine, Checked, DbEngine, Deployment, PriceTable, Priced};
use crate::domain::rules::draft::Draft;
use crate::domain::rules::saving::report;
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::units::{Usd, UsdPerHour};

/// The rule.
pub const RULE: Rule = Rule {
    id: "saving.reserved",
    kind: Kind::RdsInstance,
    title: "What runs all the time could be reserved",
    what: "Databases, cache nodes, instances of no group, and the least size of groups, that run and have \
           for thirty days where that is known, at a year's commitment without upfront payment. What is \
           reserved already is not read, so check before buying; GPU instances outside production are left \
           out, since they should stop at night.",
    severities: &[(Severity::Info, "always")],
    thresholds: &["saving_usd"],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

/// Younger things may not stay.
const SETTLED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is paid now, and what would be.
struct Offer {
    listed: Option<Priced<UsdPerHour>>,
    reserved: Option<Priced<UsdPerHour>>,
    count: u64,
}

impl Offer {
    fn month(&self) -> Option<Usd> {
        let (listed, reserved) = (self.listed.as_ref()?.value, self.reserved.as_ref()?.value);
        Some(((listed - reserved) * self.count).per_month())
    }

    fn report(&self, context: &Context<'_>, draft: Draft, what: &str) -> Option<Finding> {
        let price = |price: Option<&Priced<UsdPerHour>>| {
            price.map_or_else(|| "not known".to_owned(), |price| price.value.to_string())
        };
        let checked = match &self.reserved {
            Some(price) if price.checked() == Checked::No => {
                format!(" It was not checked: {}.", price.source())
            }
            Some(_) | None => String::new(),
        };
        let draft = draft.because(format!(
            "{what}: the price on demand is {}, reserved for a year without upfront payment {}.{checked}",
            price(self.listed.as_ref()),
            price(self.reserved.as_ref())
        ));
        report(context, draft, self.month(), "reserved for a year, no upfront")
    }
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for db in context.state.db_instances.get().into_iter().flatten() {
        findings.extend(database(context, db));
    }
    for cache in context.state.caches.get().into_iter().flatten() {
        findings.extend(self::cache(context, cache));
    }
    for instance in context.state.instances.get().into_iter().flatten() {
        findings.extend(self::instance(context, instance));
    }
    for group in context.state.groups.get().into_iter().flatten() {
        let least = group.min;
        let types: Vec<&str> = group
            .instances
            .iter()
            .filter_map(|member| member.instance_type.as_deref())
            .collect();
        let Some(first) = types.first().filter(|_| least > 0) else {
            continue;
        };
        let members = context.state.instances.get().into_iter().flatten();
        let on_demand = members
            .filter(|one| one.is_running() && one.group() == Some(&group.name))
            .filter(|one| one.purchase == Purchase::OnDemand && one.instance_type == **first)
            .count();
        let count = on_demand.min(least as usize);
        let is_gpu = crate::domain::gpu::vendor_of(first).is_some();
        if count == 0 || (is_gpu && !context.is_prod_resource(&group.name, &group.tags)) {
            continue;
        }
        let region = &context.state.scope.region;
        let offer = Offer {
            listed: PriceTable::shipped().ec2(region, first),
            reserved: PriceTable::shipped().reserved_ec2(region, first),
            count: count as u64,
        };
        let draft = RULE.on(context, &group.arn, &group.name).of_kind(Kind::Asg);
        let what = format!("{count} × {first}, which the group never goes below");
        findings.extend(offer.report(context, draft, &what));
    }
}

fn is_settled(context: &Context<'_>, since: Option<jiff::Timestamp>) -> bool {
    since.is_none_or(|since| context.now.duration_since(since) >= SETTLED)
}

fn database(context: &Context<'_>, db: &DbInstance) -> Option<Finding> {
    if db.status != "available"
        || is_aurora(db)
        || db.cluster.is_some()
        || !is_settled(context, db.created_at)
    {
        return None;
    }
    let (table, region) = (PriceTable::shipped(), &context.state.scope.region);
    let engine = DbEngine::from_api(&db.engine, db.storage_type.as_deref())?;
    let deployment = Deployment::of(db.multi_az);
    let offer = Offer {
        listed: table.rds(region, &db.class, engine, deployment),
        reserved: table.reserved_rds(region, &db.class, engine, deployment),
        count: 1,
    };
    offer.report(context, RULE.on(context, &db.arn, &db.name), &db.class)
}

fn cache(context: &Context<'_>, cache: &Cache) -> Option<Finding> {
    if cache.form == CacheForm::Serverless || cache.status != "available" {
        return None;
    }
    let (table, region) = (PriceTable::shipped(), &context.state.scope.region);
    let node_type = cache.node_type.as_deref()?;
    let engine = CacheEngine::from_api(&cache.engine)?;
    let nodes = cache.node_count();
    let offer = Offer {
        listed: table.elasticache(region, node_type, engine),
        reserved: table.reserved_cache(region, node_type, engine),
        count: nodes as u64,
    };
    let draft = RULE.on(context, &cache.arn, &cache.name).of_kind(Kind::Redis);
    offer.report(
        context,
        draft,
        &format!("{} of {node_type}", words::count(nodes, "node")),
    )
}

fn instance(context: &Context<'_>, instance: &Instance) -> Option<Finding> {
    let name = instance.name.as_deref().unwrap_or(&instance.id);
    let is_gpu = crate::domain::gpu::vendor_of(&instance.instance_type).is_some();
    if !instance.is_running()
        || instance.purchase != Purchase::OnDemand
        || instance.group().is_some()
        || instance.foreign_owner().is_some()
        || !is_settled(context, instance.launched_at)
        || (is_gpu && !context.is_prod_resource(name, &instance.tags))
    {
        return None;
    }
    let (table, region) = (PriceTable::shipped(), &context.state.scope.region);
    let offer = Offer {
        listed: table.ec2(region, &instance.instance_type),
        reserved: table.reserved_ec2(region, &instance.instance_type),
        count: 1,
    };
    let draft = RULE.on(context, &instance.id, name).of_kind(Kind::Ec2Instance);
    offer.report(context, draft, &instance.instance_type)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{self, Bench, at, prod};

    #[test]
    fn a_database_a_cache_and_an_instance_that_run_all_the_time() {
        let mut bench = Bench::new();
        let mut db = sample::db("shop");
        db.engine = "mysql".to_owned();
        db.class = "db.t4g.medium".to_owned();
        db.multi_az = false;
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
        let mut cache = sample::cache("sessions", 2);
        cache.node_type = Some("cache.t4g.small".to_owned());
        cache.engine = "redis".to_owned();
        bench.know(Source::Caches, ReplyData::Caches(vec![cache]));
        let mut old = sample::instance("i-1", "t3.small");
        old.launched_at = Some(at(-60 * 24 * 90));
        bench.know(Source::Instances, ReplyData::Instances(vec![old]));
        let titles: Vec<String> = bench.check(&RULE).into_iter().map(|one| one.title).collect();
        assert_eq!(
            titles,
            [
                "$22.05 a month: reserved for a year, no upfront",
                "$21.75 a month: reserved for a year, no upfront",
                "$7.01 a month: reserved for a year, no upfront",
            ]
        );
        assert!(bench.check(&RULE)[0].evidence[0].contains("not checked"));
    }

    #[test]
    fn what_is_young_stopped_or_should_stop_at_night_is_silent() {
        let mut bench = Bench::new();
        let mut young = sample::instance("i-1", "t3.small");
        young.launched_at = Some(at(-60));
        let mut gpu = sample::instance("i-2", "g5.xlarge");
        gpu.launched_at = Some(at(-60 * 24 * 90));
        bench.know(Source::Instances, ReplyData::Instances(vec![young, gpu]));
        let mut stopped = sample::db("shop");
        stopped.status = "stopped".to_owned();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![stopped]));
        assert_eq!(bench.check(&RULE), []);
        assert_eq!(
            bench.with_policy(prod()).check(&RULE).len(),
            1,
            "the GPU instance of production"
        );
    }

    #[test]
    fn a_class_without_a_price_has_no_amount() {
        let mut bench = Bench::new();
        let mut db = sample::db("shop");
        db.class = "db.x9.huge".to_owned();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
        assert_eq!(bench.check(&RULE)[0].saves, None);
    }
}

//! Databases with their storage, and caches.

use jiff::tz::TimeZone;

use super::{Pricing, amount, in_an_hour, newest};
use crate::domain::datastore::support::ExtendedSupport;
use crate::domain::datastore::{Cache, CacheForm, DbInstance};
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog::{SERVERLESS, is_aurora, rds, serverless_cache};
use crate::domain::price::{
    BurnItem, BurnKind, CacheEngine, DbEngine, DbStorage, DbVolumeKind, Deployment, Priced, Unit,
};
use crate::domain::units::{BYTES_PER_GIB, Gib, UsdPerHour};

/// The least gigabytes that a serverless cache is billed for.
/// <https://aws.amazon.com/elasticache/pricing/>
const fn least_gb(engine: CacheEngine) -> f64 {
    match engine {
        CacheEngine::Valkey => 0.1,
        CacheEngine::Redis | CacheEngine::Memcached => 1.0,
    }
}

/// Instances of databases, and the storage of those that have their own.
pub(super) fn databases(state: &ScopeState, pricing: &Pricing<'_>, items: &mut Vec<BurnItem>) {
    for db in state.db_instances.get().into_iter().flatten() {
        if runs(db) {
            items.push(instance(state, db, pricing));
            items.extend(extended_support(state, db, pricing));
        }
        if !is_aurora(db) {
            items.push(storage(db, pricing));
        }
    }
    for cluster in state.db_clusters.get().into_iter().flatten() {
        if cluster.engine.starts_with("aurora") {
            items.push(
                BurnItem::new(BurnKind::RdsStorage, &cluster.arn, &cluster.name)
                    .noted("paid by the gigabytes in use, which are not read"),
            );
        }
    }
}

/// Whether it is paid by the hour: AWS bills every state but these.
fn runs(db: &DbInstance) -> bool {
    !matches!(
        db.status.as_str(),
        "stopped" | "creating" | "deleting" | "failed" | "restore-error"
    )
}

fn instance(state: &ScopeState, db: &DbInstance, pricing: &Pricing<'_>) -> BurnItem {
    let item = BurnItem::new(BurnKind::Rds, &db.arn, &db.name);
    if db.class == SERVERLESS {
        return capacity(state, db, pricing, item);
    }
    let aurora = is_aurora(db);
    // A member of a Multi-AZ cluster that is not Aurora is billed at a price of its own.
    let priced = db.cluster.is_none() || aurora;
    let engine = DbEngine::from_api(&db.engine, db.storage_type.as_deref()).filter(|_| priced);
    let price = engine.and_then(|engine| {
        pricing
            .table
            .rds(pricing.region, &db.class, engine, Deployment::of(db.multi_az))
    });
    let standby = if db.multi_az && !aurora { ", Multi-AZ" } else { "" };
    item.noted(format!("{} {}{standby}", db.class, db.engine))
        .priced(price)
}

/// What AWS charges for a version beyond its standard support, an item of its own: an upgrade ends it.
fn extended_support(state: &ScopeState, db: &DbInstance, pricing: &Pricing<'_>) -> Option<BurnItem> {
    let today = state.db_instances.at()?.to_zoned(TimeZone::UTC).date();
    let support = ExtendedSupport::of(db, today)?;
    let price = pricing.table.rds_extended_support(pricing.region, support.years);
    let item = BurnItem::new(
        BurnKind::Rds,
        format!("{}#extended-support", db.arn),
        format!("{} extended support", db.name),
    );
    let version = format!("{} {}", db.engine, db.engine_version);
    Some(match support.vcpus {
        Some(vcpus) => item
            .noted(format!("on top of the instance, {vcpus} vCPUs of {version}"))
            .priced(price.map(|price| price.map(|value| value * vcpus))),
        None => item.noted(format!(
            "on top of the instance, for {version}; its vCPUs are not known"
        )),
    })
}

/// An instance of Serverless v2: the capacity units that it has now.
fn capacity(state: &ScopeState, db: &DbInstance, pricing: &Pricing<'_>, item: BurnItem) -> BurnItem {
    let Some(units) = newest(state, rds::SERVERLESS_CAPACITY.of(&db.name)) else {
        return item.noted("Serverless v2, paid by the capacity in use, which is not known");
    };
    let price = DbEngine::from_api(&db.engine, db.storage_type.as_deref())
        .and_then(|engine| pricing.table.aurora_capacity_unit(pricing.region, engine))
        .and_then(|unit| amount(unit, units));
    item.noted(format!("Serverless v2, {units:.1} capacity units now"))
        .priced(price)
}

fn storage(db: &DbInstance, pricing: &Pricing<'_>) -> BurnItem {
    let item = BurnItem::new(BurnKind::RdsStorage, &db.arn, &db.name);
    let size = db.storage_gib.map(|gib| Gib(u64::from(gib)));
    let kind = db.storage_type.as_deref().and_then(DbVolumeKind::from_api);
    let note = match (size, &db.storage_type) {
        (Some(size), Some(kind)) => format!("{size} {kind}"),
        (Some(size), None) => size.to_string(),
        (None, _) => "size not known".to_owned(),
    };
    item.noted(note)
        .priced(storage_price(db, size.zip(kind), pricing))
}

/// Provisioned IOPS are not read, so volumes that pay for them have no price.
fn storage_price(
    db: &DbInstance,
    volume: Option<(Gib, DbVolumeKind)>,
    pricing: &Pricing<'_>,
) -> Option<Priced<UsdPerHour>> {
    let (size, kind) = volume?;
    match kind {
        DbVolumeKind::Io1 | DbVolumeKind::Io2 => None,
        DbVolumeKind::Gp2 | DbVolumeKind::Gp3 | DbVolumeKind::Magnetic => pricing.table.rds_storage(
            pricing.region,
            DbStorage {
                kind,
                deployment: Deployment::of(db.multi_az),
                size,
                paid_iops: 0,
            },
        ),
    }
}

/// Nodes of caches.
pub(super) fn caches(state: &ScopeState, pricing: &Pricing<'_>, items: &mut Vec<BurnItem>) {
    let caches = state.caches.get().into_iter().flatten();
    items.extend(
        caches
            .filter(|cache| !matches!(cache.status.as_str(), "creating" | "deleting" | "create-failed"))
            .map(|cache| self::cache(state, cache, pricing)),
    );
}

fn cache(state: &ScopeState, cache: &Cache, pricing: &Pricing<'_>) -> BurnItem {
    let item = BurnItem::new(BurnKind::Elasticache, &cache.arn, &cache.name);
    match cache.form {
        CacheForm::Serverless => serverless(state, cache, pricing, item),
        CacheForm::Cluster | CacheForm::ReplicationGroup => {
            let node_type = cache.node_type.as_deref();
            let price = node_type
                .zip(CacheEngine::from_api(&cache.engine))
                .and_then(|(node_type, engine)| pricing.table.elasticache(pricing.region, node_type, engine));
            item.times(u32::try_from(cache.node_count()).unwrap_or(u32::MAX))
                .noted(format!(
                    "{} {}",
                    node_type.unwrap_or("node type not known"),
                    cache.engine
                ))
                .priced(price)
        }
    }
}

/// A serverless cache: the data that it holds, and the processing units of the last hour where they are known.
fn serverless(state: &ScopeState, cache: &Cache, pricing: &Pricing<'_>, item: BurnItem) -> BurnItem {
    let engine = CacheEngine::from_api(&cache.engine);
    let held = newest(state, serverless_cache::BYTES.of(&cache.name));
    let Some((engine, bytes)) = engine.zip(held) else {
        return item.noted("serverless, paid by the data and the requests, which are not known");
    };
    let gigabytes = (bytes / BYTES_PER_GIB).max(least_gb(engine));
    let data = pricing.table.serverless_cache_gb(pricing.region, engine);
    let data = data.and_then(|price| amount(price, gigabytes));
    let requests = in_an_hour(state, serverless_cache::PROCESSING_UNITS.of(&cache.name)).and_then(|units| {
        let unit = pricing.table.unit(pricing.region, unit_of(engine))?;
        amount(unit.map(UsdPerHour::new), units)
    });
    let note = format!("serverless, {gigabytes:.2} GB");
    match requests {
        Some(requests) => item
            .noted(format!("{note} and requests"))
            .priced(data.map(|data| data.map(|value| value + requests.value))),
        None => item
            .noted(format!("{note}, without requests, which are not known"))
            .priced(data),
    }
}

/// The processing unit of an engine.
const fn unit_of(engine: CacheEngine) -> Unit {
    match engine {
        CacheEngine::Redis => Unit::RedisProcessingUnit,
        CacheEngine::Valkey => Unit::ValkeyProcessingUnit,
        CacheEngine::Memcached => Unit::MemcachedProcessingUnit,
    }
}

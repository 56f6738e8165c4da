//! What runs now, priced: the [`BurnRate`] of an inventory, for the console and the headless
//! commands alike.
//!
//! Capacity that follows the load is priced as it was measured last. What runs and has no price here (a
//! region or class outside the table, Fargate Spot, capacity that was not measured) is listed without one,
//! so that the total says that it is partial. Fixed costs that AWS does not know are not part of it: see
//! [`fixed_costs`].

mod compute;
mod kubernetes;
mod models;
mod network;
mod store;

use jiff::{SignedDuration, Timestamp};

use crate::domain::inventory::{Inventory, ScopeState, Source};
use crate::domain::metric::Series;
use crate::domain::metric_catalog::MetricRef;
use crate::domain::policy::Policy;
use crate::domain::price::{BurnItem, BurnRate, PriceTable, Priced, SpotPrices};
use crate::domain::units::{Usd, UsdPerHour};

/// What one scope's items are priced by.
struct Pricing<'a> {
    table: &'a PriceTable,
    spot: SpotPrices,
    region: &'a str,
}

/// The newest value of a metric as it was read; `None` if that is not known, or was old when it was read.
fn newest(state: &ScopeState, metric: MetricRef<'_>) -> Option<f64> {
    let (series, read_at) = read(state, metric)?;
    series.recent(read_at)
}

/// What a metric that is summed by period came to in an hour, by the mean of the last one that was read.
fn in_an_hour(state: &ScopeState, metric: MetricRef<'_>) -> Option<f64> {
    let (series, read_at) = read(state, metric)?;
    series.recent(read_at)?;
    let each = series.mean_over(read_at, SignedDuration::from_hours(1))?;
    Some(each * 3600.0 / f64::from(series.period_s.max(1)))
}

fn read<'a>(state: &'a ScopeState, metric: MetricRef<'_>) -> Option<(&'a Series, Timestamp)> {
    let id = metric.id();
    let batches = state.metrics.values().filter_map(|batch| batch.value.as_ref());
    batches
        .filter_map(|(batch, read_at)| Some((batch.get(&id)?, *read_at)))
        .max_by_key(|(_, read_at)| *read_at)
}

/// So much of what has a price by the hour.
fn amount(price: Priced<UsdPerHour>, units: f64) -> Option<Priced<UsdPerHour>> {
    let dollars = Usd::from_f64(price.value.per_hour().as_f64() * units)?;
    Some(price.map(|_| UsdPerHour::new(dollars)))
}

/// The burn rate of everything that is known to run.
pub fn of(inventory: &Inventory, table: &PriceTable) -> BurnRate {
    let items = inventory
        .shown()
        .flat_map(|state| items_of(state, table))
        .collect();
    let mut rate = BurnRate::of(items);
    let mut read = inventory.shown().flat_map(|state| {
        let is_read = |source: &Source| state.standing(source).at.is_some();
        LISTINGS.iter().map(is_read).collect::<Vec<_>>()
    });
    rate.unread = !read.all(|is_read| is_read);
    if rate.items.is_empty() && rate.unread {
        // Nothing read is not nothing running.
        rate.total = None;
    }
    rate
}

/// The listings that most of a rate comes from.
const LISTINGS: [Source; 6] = [
    Source::Balancing,
    Source::Caches,
    Source::DbInstances,
    Source::EcsFleet,
    Source::Instances,
    Source::NatGateways,
];

/// What runs in one scope.
fn items_of(state: &ScopeState, table: &PriceTable) -> Vec<BurnItem> {
    let spot = SpotPrices::known(&state.scope.region, &state.spot_prices);
    let pricing = Pricing {
        table,
        spot,
        region: &state.scope.region,
    };
    let mut items = Vec::new();
    compute::instances(state, &pricing, &mut items);
    compute::tasks(state, &pricing, &mut items);
    store::databases(state, &pricing, &mut items);
    store::caches(state, &pricing, &mut items);
    models::endpoints(state, &pricing, &mut items);
    models::training(state, &pricing, &mut items);
    models::notebooks(state, &pricing, &mut items);
    network::gateways(state, &pricing, &mut items);
    network::balancers(state, &pricing, &mut items);
    network::endpoints(state, &pricing, &mut items);
    network::addresses(state, &pricing, &mut items);
    kubernetes::clusters(state, &pricing, &mut items);
    items
}

/// Fixed costs of an estate by name, US dollars a calendar month; an amount that is no number is
/// left out.
pub fn fixed_costs(policy: &Policy) -> Vec<(String, Usd)> {
    policy
        .fixed_monthly_costs
        .iter()
        .filter_map(|cost| Some((cost.name.clone(), Usd::from_f64(cost.monthly_usd)?)))
        .collect()
}

#[cfg(test)]
mod tests;

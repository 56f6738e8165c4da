//! What could be saved: nothing is wrong, but money is spent that need not be. Each finding has the
//! amount that it would save in a month of 730 hours, from this estate's own numbers, or none where a
//! price is not known. Amounts of different findings must not be added up: what is switched off at
//! night is not worth reserving.

pub mod balancer;
pub mod endpoint;
pub mod ingestion;
pub mod logs;
pub mod nat;
pub mod night;
pub mod reserved;
pub mod spot;
pub mod storage;
pub mod support;

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::price::SpotPrices;
use crate::domain::rules::Context;
use crate::domain::rules::draft::Draft;
use crate::domain::units::Usd;

/// What a saving rule reports: nothing if the amount is known and not worth it.
fn report(context: &Context<'_>, draft: Draft, month: Option<Usd>, how: &str) -> Option<Finding> {
    let least = context.limits().saving_usd;
    if month.is_some_and(|month| month.as_f64() < least) {
        return None;
    }
    let title = match month {
        Some(month) => format!("{month:.2} a month: {how}"),
        None => format!("amount not known: {how}"),
    };
    Some(
        draft
            .hurts(Impact::Cost)
            .saves(month)
            .report(Severity::Info, title),
    )
}

/// The share of all hours that lie outside the estate's business hours; `None` if nobody has said
/// when they are.
fn share_off(context: &Context<'_>) -> Option<f64> {
    Some(context.policy.business_hours.as_ref()?.share_off())
}

/// The Spot prices that were read.
fn spot_prices(context: &Context<'_>) -> SpotPrices {
    SpotPrices::known(&context.state.scope.region, &context.state.spot_prices)
}

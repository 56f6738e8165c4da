//! SageMaker: endpoints that fail, are slow or serve nobody; training jobs that fail, run out of time or
//! stand still; notebooks that somebody left on.

pub mod endpoint;
pub mod idle;
pub mod notebook;
pub mod serving;
pub mod training;

use crate::domain::price::PriceTable;
use crate::domain::rules::{Context, words};
use crate::domain::sagemaker::Prices;
use crate::domain::units::UsdPerHour;

/// What instances cost where the context is.
fn prices<'a>(context: &Context<'a>) -> Prices<'a> {
    Prices {
        table: PriceTable::shipped(),
        region: &context.state.scope.region,
    }
}

/// A price for a title: `$0.91/h`, or that it is not known.
fn per_hour(rate: Option<UsdPerHour>) -> String {
    rate.map_or_else(
        || "price not known".to_owned(),
        |rate| format!("{}/h", words::usd(rate.per_hour().as_f64())),
    )
}

//! Actions on Lambda functions, one file each.

mod concurrency;
mod rollback;
mod throttle;

pub use concurrency::Concurrency;
pub use rollback::Rollback;
pub use throttle::THROTTLE;

use crate::domain::function::Function;
use crate::domain::ids::Kind;
use crate::domain::ops::{Query, lambda};
use crate::runbook::action::{Refusal, Site, Target, View};

/// What has to be asked to know a function.
pub(super) fn query(function: &str) -> Query {
    Query::Lambda(lambda::Read::Function {
        name: function.to_owned(),
    })
}

/// The function, which must exist.
fn function<'v>(view: &'v View, name: &str) -> Result<&'v Function, Refusal> {
    view.function(name)?
        .ok_or_else(|| Refusal::absent(format!("there is no function {name}")))
}

fn target(site: &Site<'_>, function: &Function) -> Target {
    site.target(Kind::Lambda, &function.arn, &function.name)
}

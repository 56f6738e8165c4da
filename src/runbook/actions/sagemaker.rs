//! Actions on SageMaker.

mod bounds;
mod lifecycle;
mod notebook;
mod scale;
mod update;

pub(super) use bounds::ScalingBounds;
pub(super) use lifecycle::{CREATE, DELETE};
pub(super) use notebook::{START, STOP};
pub(super) use scale::Scale;
pub(super) use update::UpdateEndpoint;

use crate::domain::ids::Kind;
use crate::domain::ops::{Query, application_auto_scaling, sagemaker};
use crate::domain::sagemaker::{Endpoint, Prices};
use crate::runbook::action::{Fields, Refusal, Sight, Site, Target, View};

fn endpoints() -> Query {
    Query::Sagemaker(sagemaker::Read::Endpoints)
}

fn targets() -> Query {
    Query::ApplicationAutoScaling(application_auto_scaling::Read::EndpointTargets)
}

/// The endpoint that is to be changed: it must be there and take changes.
fn endpoint<'v>(view: &'v View, name: &str) -> Result<&'v Endpoint, Refusal> {
    let found = view
        .endpoint(name)?
        .ok_or_else(|| Refusal::absent(format!("there is no endpoint {name}")))?;
    if found.is_busy() {
        return Err(Refusal::state(format!(
            "{} is {}: wait until it is over, and look again",
            found.name, found.status
        )));
    }
    if matches!(found.status.as_str(), "Failed" | "OutOfService") {
        return Err(Refusal::state(format!(
            "{} is {}: AWS lets it only be deleted and created again",
            found.name, found.status
        )));
    }
    Ok(found)
}

fn target(site: &Site<'_>, endpoint: &Endpoint) -> Target {
    site.target(Kind::SagemakerEndpoint, &endpoint.arn, &endpoint.name)
}

/// What an endpoint looks like, by a function of it.
fn sight(view: &View, name: &str, fields: impl FnOnce(&Endpoint) -> Option<Fields>) -> Sight {
    let seen = view.endpoint(name).map(|endpoint| fields(endpoint?));
    Sight::of(seen, |fields| fields)
}

/// What goes on with an endpoint that would make AWS refuse a change.
fn busy(view: &View, name: &str) -> Option<String> {
    let endpoint = view.endpoint(name).ok().flatten()?;
    endpoint
        .is_busy()
        .then(|| format!("{} is {}", endpoint.name, endpoint.status))
}

fn prices<'a>(site: &'a Site<'_>) -> Prices<'a> {
    Prices {
        table: site.prices,
        region: site.region,
    }
}

//! Topics, and what the services behind the load balancers answer from outside.

use super::super::sim::Sim;
use super::super::sim::target::Health;
use super::elb;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::sns::Topic;
use crate::domain::web::{Address, HttpAnswer};

/// Every estate has one topic, at which its people are told: `ops`.
pub fn topic(sim: &Sim, arn: &str) -> Option<Topic> {
    (arn == sim.plan.arn("sns", "ops")).then(|| Topic {
        arn: arn.to_owned(),
        confirmed: Some(2),
    })
}

/// What a load balancer answers to an address with its DNS name. With no target in service it says 503;
/// if all of them fail their checks it asks them all the same, and they fail. A group whose health check
/// has the path that was asked for is the one that answers, else the first.
pub fn get(sim: &Sim, url: &str) -> Result<HttpAnswer, Fault> {
    let fault = |kind, message: String| Fault::new(kind, "http", "Get", message);
    let address = Address::parse(url).map_err(|error| fault(FaultKind::Invalid, error.to_string()))?;
    let balancing = elb::balancing(sim);
    let balancer = balancing
        .load_balancers
        .iter()
        .find(|balancer| balancer.dns_name.as_deref() == Some(address.host()))
        .ok_or_else(|| {
            fault(
                FaultKind::Unreachable,
                format!("nothing answers at {}", address.host()),
            )
        })?;
    let plan = sim.plan.balancers.iter().find(|plan| plan.name == balancer.name);
    let groups = plan.map_or(&[][..], |plan| plan.target_groups.as_slice());
    let path = url
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]))
        .unwrap_or("/");
    let group = groups
        .iter()
        .find(|group| group.path == path)
        .or_else(|| groups.first());
    let targets = group
        .and_then(|group| sim.targets.get(&group.name))
        .map(|state| sim.list_targets(state, sim.now))
        .unwrap_or_default();
    let serves = |health: Health| targets.iter().any(|target| target.health == health);
    let status = if targets
        .iter()
        .any(|target| target.health == Health::Healthy && !target.broken)
    {
        200
    } else if serves(Health::Healthy) || serves(Health::Failing) {
        502
    } else if serves(Health::Silent) {
        504
    } else {
        503
    };
    Ok(HttpAnswer {
        status,
        elapsed_ms: 40,
        location: None,
    })
}

//! What customers of a load balancer see: errors, slowness, silence, and targets out of service.

pub mod collapse;
pub mod doors;
pub mod errors;
pub mod latency;
pub mod targets;

use crate::domain::elb::{self, LoadBalancer, TargetGroup};
use crate::domain::metric_catalog;
use crate::domain::rules::Context;

/// Application Load Balancers with the value of their CloudWatch dimension.
fn balancers<'a>(context: &Context<'a>) -> impl Iterator<Item = (&'a LoadBalancer, &'a str)> {
    context
        .state
        .balancing
        .get()
        .into_iter()
        .flat_map(|balancing| &balancing.load_balancers)
        .filter(|balancer| balancer.form == "application")
        .filter_map(|balancer| Some((balancer, elb::load_balancer_dimension(&balancer.arn)?)))
}

/// Target groups, once per Application Load Balancer in front, with the values of both dimensions.
fn groups<'a>(context: &Context<'a>) -> impl Iterator<Item = (&'a TargetGroup, &'a str, &'a str)> {
    context
        .state
        .balancing
        .get()
        .into_iter()
        .flat_map(|balancing| &balancing.target_groups)
        .flat_map(|group| {
            metric_catalog::target_group_dimensions(group)
                .filter(|(_, balancer)| balancer.starts_with("app/"))
                .map(move |(dimension, balancer)| (group, dimension, balancer))
        })
}

//! What customers of a load balancer see: errors, slowness, silence, and targets out of service.

pub mod collapse;
pub mod doors;
pub mod errors;
pub mod latency;
pub mod targets;

use crate::domain::changes;
use crate::domain::elb::{self, LoadBalancer, TargetGroup};
use crate::domain::metric_catalog;
use crate::domain::rules::draft::Draft;
use crate::domain::rules::{Context, Rule, eks, words};

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

/// Begins a finding about a target group. Its runbooks are those of ECS: where services were read and none stands
/// behind the group, they are left out; where its targets are nodes of EKS that are short of room, more nodes help.
fn about(context: &Context<'_>, rule: &Rule, group: &TargetGroup) -> Draft {
    let draft = rule.on(context, &group.arn, &group.name);
    let fleet = context.state.ecs.get();
    let has_service = fleet.is_none_or(|fleet| {
        fleet
            .services
            .iter()
            .any(|service| service.target_groups.contains(&group.arn))
    });
    if has_service && fleet.is_some() {
        return draft;
    }
    let nodes = changes::nodegroups_behind(context.state, &|arn| arn == group.arn);
    let short = nodes
        .into_iter()
        .find_map(|nodes| Some((nodes, eks::nodes::shortage(context, nodes)?)));
    match short {
        Some((nodes, cpu)) => draft
            .because(format!(
                "Its targets are nodes of the node group {}, which has {} of at most {} at a mean CPU of {}.",
                words::excerpt(&nodes.name),
                nodes.desired,
                nodes.max,
                words::percent(cpu)
            ))
            .helped_by(&["eks-scale-nodegroup"]),
        None if has_service => draft,
        None => draft.without_runbooks(),
    }
}

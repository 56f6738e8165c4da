//! What is paid for being there: NAT gateways, load balancers, public addresses.

use super::Pricing;
use crate::domain::inventory::ScopeState;
use crate::domain::price::{BurnItem, BurnKind, LoadBalancerKind};

/// NAT gateways, without what flows through them.
pub(super) fn gateways(state: &ScopeState, pricing: &Pricing<'_>, items: &mut Vec<BurnItem>) {
    let gateways = state.nat_gateways.get().into_iter().flatten();
    items.extend(
        gateways
            .filter(|gateway| gateway.state == "available")
            .map(|gateway| {
                BurnItem::new(
                    BurnKind::NatGateway,
                    &gateway.id,
                    gateway.name.as_deref().unwrap_or(&gateway.id),
                )
                .noted("without traffic")
                .priced(pricing.table.nat_gateway(pricing.region))
            }),
    );
}

/// Load balancers, without their capacity units.
pub(super) fn balancers(state: &ScopeState, pricing: &Pricing<'_>, items: &mut Vec<BurnItem>) {
    let balancers = state
        .balancing
        .get()
        .into_iter()
        .flat_map(|balancing| &balancing.load_balancers);
    items.extend(
        balancers
            .filter(|balancer| matches!(balancer.state.as_str(), "active" | "active_impaired"))
            .map(|balancer| {
                let price = LoadBalancerKind::from_api(&balancer.form)
                    .and_then(|kind| pricing.table.load_balancer(pricing.region, kind));
                BurnItem::new(BurnKind::LoadBalancer, &balancer.arn, &balancer.name)
                    .noted(format!("{}, without capacity units", balancer.form))
                    .priced(price)
            }),
    );
}

/// Interface endpoints, paid in each subnet that they are in, without what flows through them. Gateway endpoints
/// are free; those of Gateway Load Balancers have no price here.
pub(super) fn endpoints(state: &ScopeState, pricing: &Pricing<'_>, items: &mut Vec<BurnItem>) {
    let endpoints = state.vpc_endpoints.get().into_iter().flatten();
    items.extend(
        endpoints
            .filter(|one| one.form != "Gateway" && one.state.eq_ignore_ascii_case("available"))
            .map(|one| {
                let name = one.name.as_deref().unwrap_or(&one.id);
                let item = BurnItem::new(BurnKind::VpcEndpoint, &one.id, name);
                if one.form == "Interface" {
                    item.times(one.subnets)
                        .noted(format!("{} in each subnet, without traffic", one.short_service()))
                        .priced(pricing.table.interface_endpoint(pricing.region))
                } else {
                    item.noted(one.form.clone())
                }
            }),
    );
}

/// Public IPv4 addresses of instances and of NAT gateways. Those of load balancers are not read.
pub(super) fn addresses(state: &ScopeState, pricing: &Pricing<'_>, items: &mut Vec<BurnItem>) {
    let of_instances = state
        .instances
        .get()
        .into_iter()
        .flatten()
        .filter(|instance| instance.is_running() && instance.public_ip.is_some())
        .fold(0, |count, _| count + 1);
    let of_gateways = state
        .nat_gateways
        .get()
        .into_iter()
        .flatten()
        .filter(|gateway| gateway.state == "available")
        .map(|gateway| gateway.public_addresses)
        .sum();
    for (whose, count) in [("instances", of_instances), ("NAT gateways", of_gateways)] {
        if count > 0 {
            let name = format!("addresses of {whose}");
            items.push(
                BurnItem::new(BurnKind::PublicIpv4, pricing.region, &name)
                    .times(count)
                    .priced(pricing.table.public_ipv4(pricing.region)),
            );
        }
    }
}

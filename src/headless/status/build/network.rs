//! Target groups, load balancers, queues, NAT gateways.

use super::{Writing, names, rounded};
use crate::domain::edge_cost::{self, Bill};
use crate::domain::elb;
use crate::domain::ids::{Kind, last_segment};
use crate::domain::metric_catalog::{self, load_balancer, nat, queue};
use crate::headless::status::document::{
    Listener, LoadBalancer, NatGateway, Queue, Resource, Target, TargetGroup,
};

pub(super) fn target_groups(writing: &Writing<'_>) -> Option<Vec<Resource<TargetGroup>>> {
    let balancing = writing.state.balancing.get()?;
    let balancers = names(
        balancing
            .load_balancers
            .iter()
            .map(|balancer| (balancer.arn.as_str(), balancer.name.as_str())),
    );
    let groups = balancing.target_groups.iter().map(|group| {
        let facts = TargetGroup {
            // AWS allows one in front of a group.
            load_balancer: group.load_balancers.first().map(|arn| {
                let known = balancers.get(arn.as_str()).copied();
                known.unwrap_or_else(|| balancer_name(arn)).to_owned()
            }),
            healthy: group.count("healthy"),
            unhealthy: group.count("unhealthy"),
            targets: group.targets.as_ref().map(|targets| {
                targets
                    .iter()
                    .map(|target| Target {
                        id: target.id.clone(),
                        port: target.port,
                        state: target.state.clone(),
                        reason: target.reason.clone(),
                    })
                    .collect()
            }),
        };
        writing.resource(Kind::TargetGroup, &group.arn, &group.name, facts)
    });
    Some(groups.collect())
}

/// `…:loadbalancer/app/main/50dc6c495c0c9188` → `main`.
fn balancer_name(arn: &str) -> &str {
    elb::load_balancer_dimension(arn)
        .and_then(|dimension| dimension.split('/').nth(1))
        .unwrap_or_else(|| last_segment(arn))
}

pub(super) fn load_balancers(writing: &Writing<'_>) -> Option<Vec<Resource<LoadBalancer>>> {
    let balancers = &writing.state.balancing.get()?.load_balancers;
    let resources = balancers.iter().map(|balancer| {
        let dimension =
            elb::load_balancer_dimension(&balancer.arn).filter(|_| balancer.form == "application");
        let measured =
            |metric: &metric_catalog::Metric| dimension.and_then(|one| writing.metrics.get(metric.of(one)));
        // Requests are summed by five minutes, and the newest sum may still grow.
        let requests = measured(&load_balancer::REQUESTS)
            .and_then(|measured| measured.latest())
            .map(|sum| sum / 5.0);
        let errors = [load_balancer::OWN_5XX, load_balancer::TARGET_5XX]
            .iter()
            .filter_map(measured)
            .map(|measured| measured.per_minute())
            .reduce(|a, b| a + b);
        let facts = LoadBalancer {
            form: balancer.form.clone(),
            state: balancer.state.clone(),
            scheme: balancer.scheme.clone(),
            dns_name: balancer.dns_name.clone(),
            requests_per_minute: requests.map(rounded),
            errors_5xx_per_minute: errors.map(rounded),
            latency_p95_s: measured(&load_balancer::LATENCY_P95)
                .and_then(|measured| measured.latest())
                .map(|seconds| (seconds * 1000.0).round() / 1000.0),
            capacity_units_per_hour: edge_cost::capacity_units(writing.state, balancer, writing.now)
                .map(rounded),
            usd_per_month: edge_cost::balancer(writing.state, balancer, writing.now)
                .and_then(Bill::total)
                .map(|hour| rounded(hour.per_month().as_f64())),
            listeners: writing.state.listeners.get().map(|all| {
                let own = all
                    .iter()
                    .filter(|listener| listener.load_balancer == balancer.arn);
                own.map(|listener| Listener {
                    protocol: listener.protocol.clone(),
                    port: listener.port,
                    default_action: listener.default_action.clone(),
                })
                .collect()
            }),
        };
        writing.resource(Kind::LoadBalancer, &balancer.arn, &balancer.name, facts)
    });
    Some(resources.collect())
}

pub(super) fn queues(writing: &Writing<'_>) -> Option<Vec<Resource<Queue>>> {
    let queues = writing.state.queues.get()?.iter().map(|found| {
        let facts = Queue {
            visible: found.visible,
            in_flight: found.in_flight,
            oldest_s: writing.latest(queue::AGE.of(&found.name)),
        };
        writing.resource(Kind::Queue, &found.arn, &found.name, facts)
    });
    Some(queues.collect())
}

pub(super) fn nat_gateways(writing: &Writing<'_>) -> Option<Vec<Resource<NatGateway>>> {
    let gateways = writing.state.nat_gateways.get()?.iter().map(|gateway| {
        let bytes = edge_cost::nat_bytes_per_hour(writing.state, &gateway.id, writing.now);
        let facts = NatGateway {
            state: gateway.state.clone(),
            vpc: gateway.vpc.clone(),
            bytes_out_per_hour: bytes.map(|(out, _)| out.round()),
            bytes_in_per_hour: bytes.map(|(_, back)| back.round()),
            port_errors: writing.latest(nat::PORT_ERRORS.of(&gateway.id)),
            usd_per_month: edge_cost::nat(writing.state, &gateway.id, writing.now)
                .and_then(Bill::total)
                .map(|hour| rounded(hour.per_month().as_f64())),
        };
        let name = gateway.name.as_deref().unwrap_or(&gateway.id);
        writing.resource(Kind::NatGateway, &gateway.id, name, facts)
    });
    Some(gateways.collect())
}

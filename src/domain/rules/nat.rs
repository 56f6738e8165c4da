//! NAT gateways and VPC endpoints: bytes that need not be paid for, ports that run out.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::domain::ec2::{NatGateway, VpcEndpoint};
use crate::domain::edge_cost::{self, GB};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::nat as metric;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::units::HOURS_PER_MONTH;

/// Bytes to S3 are paid for though they need not be.
pub const NO_ENDPOINT: Rule = Rule {
    id: "nat.no-gateway-endpoint",
    kind: Kind::NatGateway,
    title: "Bytes to S3 go through a NAT gateway",
    what: "VPCs with a NAT gateway and without a gateway endpoint for S3, which is free: images of ECR, \
           logs and files are then paid for by the gigabyte. One finding for a VPC, about its gateway \
           with the most bytes; what costs less is left to `saving.nat-data`. How many of the bytes go to S3 \
           is in no metric. A gateway endpoint for \
           DynamoDB is free too; interface endpoints are not.",
    severities: &[
        (
            Severity::Crit,
            "the VPC's gateways process the critical cost a month",
        ),
        (Severity::Warn, "the warning cost"),
    ],
    thresholds: &["nat_traffic_usd_per_month"],
    runbooks: &[],
    reach: Reach::Scope,
    check: no_endpoint,
};

/// Connections fail for want of a port.
pub const PORTS: Rule = Rule {
    id: "nat.ports",
    kind: Kind::NatGateway,
    title: "A NAT gateway has no ports left",
    what: "Connections that got no port within five minutes: a gateway has 55,000 for each of its \
           addresses and each destination.",
    severities: &[
        (Severity::Crit, "at the critical number"),
        (Severity::Warn, "at the warning number"),
    ],
    thresholds: &["nat_port_errors"],
    runbooks: &[],
    reach: Reach::Scope,
    check: ports,
};

/// It is paid for and used by nobody.
pub const IDLE: Rule = Rule {
    id: "nat.idle",
    kind: Kind::NatGateway,
    title: "A NAT gateway is used by nobody",
    what: "Gateways through which less than a megabyte an hour went in the last day, with a full day of \
           metrics.",
    severities: &[(Severity::Info, "hardly a byte went through it")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: idle,
};

/// An endpoint does not work.
pub const ENDPOINT: Rule = Rule {
    id: "vpc-endpoint.not-available",
    kind: Kind::VpcEndpoint,
    title: "A VPC endpoint does not work",
    what: "VPC endpoints in the states failed, rejected, expired or partial.",
    severities: &[(Severity::Warn, "it is in such a state")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: endpoint,
};

/// Bytes an hour below which nobody uses a gateway: keep-alives and clocks are more.
const HARDLY: f64 = 1_048_576.0;

fn gateways<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a NatGateway> {
    let all = context.state.nat_gateways.get().into_iter().flatten();
    all.filter(|gateway| gateway.state == "available")
}

fn name(gateway: &NatGateway) -> &str {
    gateway.name.as_deref().unwrap_or(&gateway.id)
}

fn no_endpoint(context: &Context<'_>, findings: &mut Vec<Finding>) {
    // Without the list nobody can say that one is missing.
    let Some(endpoints) = context.state.vpc_endpoints.get() else {
        return;
    };
    let mut by_vpc: BTreeMap<&str, Vec<&NatGateway>> = BTreeMap::new();
    for gateway in gateways(context) {
        if let Some(vpc) = &gateway.vpc {
            by_vpc.entry(vpc).or_default().push(gateway);
        }
    }
    for (vpc, gateways) in by_vpc {
        let has = |service: &str| {
            let of_vpc = |endpoint: &&VpcEndpoint| endpoint.vpc.as_deref() == Some(vpc);
            endpoints
                .iter()
                .filter(of_vpc)
                .any(|one| one.is_gateway_to(service))
        };
        if !has("s3") {
            findings.extend(missing(context, vpc, &gateways, has("dynamodb")));
        }
    }
}

fn missing(
    context: &Context<'_>,
    vpc: &str,
    gateways: &[&NatGateway],
    has_dynamodb: bool,
) -> Option<Finding> {
    let bytes = |gateway: &NatGateway| {
        let known = edge_cost::nat_bytes_per_hour(context.state, &gateway.id, context.now);
        known.map(|(out, back)| out + back)
    };
    let flowing = |gateway: &NatGateway| {
        let bill = edge_cost::nat(context.state, &gateway.id, context.now)?;
        Some(bill.flowing?.per_month().as_f64())
    };
    let all: f64 = gateways
        .iter()
        .map(|gateway| bytes(gateway))
        .sum::<Option<f64>>()?;
    let cost: f64 = gateways
        .iter()
        .map(|gateway| flowing(gateway))
        .sum::<Option<f64>>()?;
    let breach = context.limits().nat_traffic_usd_per_month.judge(cost)?;
    let busiest = gateways
        .iter()
        .max_by(|a, b| bytes(a).unwrap_or(0.0).total_cmp(&bytes(b).unwrap_or(0.0)))?;
    let month = all * HOURS_PER_MONTH as f64;
    let zones = gateways.len();
    let pays_from = edge_cost::endpoint_pays_from_gb(&context.state.scope.region, zones as u64);
    Some(
        NO_ENDPOINT
            .on(context, &busiest.id, name(busiest))
            .hurts(Impact::Cost)
            .because(format!("{vpc} has no gateway endpoint for S3, which is free."))
            .because(format!(
                "Its {} processed {} an hour over the last day: {} a month at this rate, {} at list price. \
                 What of it goes to S3 would cost nothing; how much that is, no metric tells.",
                words::count(zones, "NAT gateway"),
                words::bytes(all),
                words::bytes(month),
                words::usd(cost)
            ))
            .perhaps_because(
                (!has_dynamodb).then(|| "One for DynamoDB, free as well, is missing too.".to_owned()),
            )
            .perhaps_because(pays_from.filter(|gb| month / GB > *gb).map(|gb| {
                format!(
                    "An interface endpoint, as for ECR or logs, in {} pays once more than {} GB a month go to \
                     its service.",
                    words::count(zones, "zone"),
                    words::number(gb)
                )
            }))
            .report(
                severity(breach),
                format!("no S3 endpoint, {} of bytes/month", words::usd(cost)),
            ),
    )
}

fn ports(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().nat_port_errors;
    for gateway in gateways(context) {
        let Some(measured) = context.metric(metric::PORT_ERRORS.of(&gateway.id)) else {
            continue;
        };
        let Some((errors, breach)) = measured
            .latest()
            .and_then(|count| Some((count, limit.judge(count)?)))
        else {
            continue;
        };
        findings.push(
            PORTS
                .on(context, &gateway.id, name(gateway))
                .hurts(Impact::Customer)
                .since(measured.since(|value| limit.judge(value).is_some()))
                .because(format!(
                    "{} got no port in five minutes; the limit is {}. Another address on the gateway, or \
                     fewer connections to one destination, help.",
                    words::count(errors as usize, "connection"),
                    words::number(limit.level(breach))
                ))
                .report(
                    severity(breach),
                    format!("{} without a port", words::number(errors)),
                ),
        );
    }
}

fn idle(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for gateway in gateways(context) {
        let measured = context.metric(metric::BYTES_OUT.of(&gateway.id));
        let oldest = measured.and_then(|measured| measured.series.points.first().map(|(at, _)| *at));
        let a_day = SignedDuration::from_hours(23);
        if oldest.is_none_or(|at| context.now.duration_since(at) < a_day) {
            continue;
        }
        let Some((out, back)) = edge_cost::nat_bytes_per_hour(context.state, &gateway.id, context.now) else {
            continue;
        };
        if out + back >= HARDLY {
            continue;
        }
        let cost = edge_cost::nat(context.state, &gateway.id, context.now);
        let cost = cost.map(|bill| words::usd(bill.standing.per_month().as_f64()));
        let title = cost.as_ref().map_or_else(
            || "hardly a byte in a day".to_owned(),
            |cost| format!("hardly a byte in a day, {cost}/month"),
        );
        findings.push(
            IDLE.on(context, &gateway.id, name(gateway))
                .hurts(Impact::Cost)
                .because(format!(
                    "{} an hour went through it over the last day.",
                    words::bytes(out + back)
                ))
                .perhaps_because(cost.map(|cost| format!("It costs {cost} a month for being there.")))
                .report(Severity::Info, title),
        );
    }
}

fn endpoint(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for one in context.state.vpc_endpoints.get().into_iter().flatten() {
        let state = one.state.to_ascii_lowercase();
        if !["failed", "rejected", "expired", "partial"].contains(&state.as_str()) {
            continue;
        }
        let name = one.name.as_deref().unwrap_or_else(|| one.short_service());
        findings.push(
            ENDPOINT
                .on(context, &one.id, name)
                .hurts(Impact::Customer)
                .because(format!("{} to {} is {state}.", one.form, one.service))
                .report(Severity::Warn, format!("{} {state}", one.short_service())),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::Bench;

    fn gateway(id: &str) -> NatGateway {
        NatGateway {
            id: id.to_owned(),
            name: Some(format!("shop-{id}")),
            state: "available".to_owned(),
            vpc: Some("vpc-1".to_owned()),
            subnet: None,
            public_addresses: 1,
        }
    }

    fn endpoint_to(service: &str, form: &str) -> VpcEndpoint {
        VpcEndpoint {
            id: format!("vpce-{service}"),
            name: None,
            service: format!("com.amazonaws.ap-northeast-2.{service}"),
            form: form.to_owned(),
            state: "available".to_owned(),
            vpc: Some("vpc-1".to_owned()),
            subnets: 0,
        }
    }

    /// Two gateways with this many bytes in five minutes, out and back, for a day.
    fn bench(bytes: f64) -> Bench {
        let mut bench = Bench::new();
        bench.know(
            Source::NatGateways,
            ReplyData::NatGateways(vec![gateway("nat-1"), gateway("nat-2")]),
        );
        bench.know(Source::VpcEndpoints, ReplyData::VpcEndpoints(Vec::new()));
        let minute = bench.minute();
        let points = |bytes: f64| -> Vec<(i64, f64)> {
            (1..=287).rev().map(|back| (minute - 5 * back, bytes)).collect()
        };
        for (id, share) in [("nat-1", 0.5), ("nat-2", 1.0)] {
            bench.metric(metric::BYTES_OUT.of(id), 300, &points(bytes * share));
            bench.metric(metric::BYTES_IN.of(id), 300, &points(bytes * share));
        }
        bench
    }

    #[test]
    fn a_vpc_without_an_endpoint_is_told_with_its_bytes() {
        let bench = bench(GB / 12.0);
        let findings = bench.check(&NO_ENDPOINT);
        assert_eq!(findings.len(), 1, "one for the VPC");
        // 1.5 gateways' worth of a gigabyte an hour each way, at 0.059.
        assert_eq!(
            (
                findings[0].severity,
                findings[0].title.as_str(),
                findings[0].name.as_str()
            ),
            (
                Severity::Warn,
                "no S3 endpoint, $129 of bytes/month",
                "shop-nat-2"
            )
        );
        assert_eq!(findings[0].evidence.len(), 4);
        assert_eq!(
            findings[0].evidence[1],
            "Its 2 NAT gateways processed 3 GiB an hour over the last day: 2,190 GiB a month at this rate, \
             $129 at list price. What of it goes to S3 would cost nothing; how much that is, no metric tells."
        );
    }

    #[test]
    fn an_endpoint_or_an_unread_list_silences_it() {
        let mut bench = bench(GB);
        for (endpoint, expected) in [
            (endpoint_to("s3", "Gateway"), 0),
            (endpoint_to("s3", "Interface"), 1),
            (endpoint_to("dynamodb", "Gateway"), 1),
        ] {
            bench.know(Source::VpcEndpoints, ReplyData::VpcEndpoints(vec![endpoint]));
            assert_eq!(bench.check(&NO_ENDPOINT).len(), expected);
        }
        bench.state().vpc_endpoints = crate::domain::loadable::Loadable::default();
        assert_eq!(bench.check(&NO_ENDPOINT), []);
    }

    #[test]
    fn little_and_unknown_traffic_are_silent_and_hardly_any_is_told() {
        assert_eq!(bench(1000.0).check(&NO_ENDPOINT), []);
        let mut unknown = bench(GB);
        unknown.state().metrics.clear();
        for rule in [&NO_ENDPOINT, &IDLE, &PORTS] {
            assert_eq!(unknown.check(rule), [], "{}", rule.id);
        }
        assert_eq!(bench(GB).check(&IDLE), []);
        let idle = bench(1000.0).check(&IDLE);
        assert_eq!(idle.len(), 2);
        assert_eq!(idle[0].title, "hardly a byte in a day, $43.07/month");
    }

    #[test]
    fn ports_and_broken_endpoints_are_told() {
        let mut bench = bench(GB);
        bench.steady(metric::PORT_ERRORS.of("nat-1"), 140.0);
        bench.steady(metric::PORT_ERRORS.of("nat-2"), 0.0);
        let findings = bench.check(&PORTS);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Crit, "140 without a port")
        );
        let mut broken = endpoint_to("ecr.dkr", "Interface");
        broken.state = "Failed".to_owned();
        bench.know(
            Source::VpcEndpoints,
            ReplyData::VpcEndpoints(vec![broken, endpoint_to("s3", "Gateway")]),
        );
        let findings = bench.check(&ENDPOINT);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "ecr.dkr failed");
    }
}

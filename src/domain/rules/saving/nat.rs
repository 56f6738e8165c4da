//! `saving.nat-instance` and `saving.nat-data`: NAT gateways are paid by the hour and by the gigabyte.

use jiff::SignedDuration;

use crate::domain::ec2::NatGateway;
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::nat as metric;
use crate::domain::price::{EbsKind, EbsVolume, PriceTable, Unit};
use crate::domain::rules::saving::report;
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::units::{BYTES_PER_GIB, Gib, HOURS_PER_MONTH, Usd};

/// A gateway where an instance would do.
pub const INSTANCE: Rule = Rule {
    id: "saving.nat-instance",
    kind: Kind::NatGateway,
    title: "A NAT instance would do",
    what: "NAT gateways, each against one t4g.nano with 8 GiB of gp3 that does the same \
           without standby and without AWS's care; the public address costs the same with both. The \
           gigabytes, which an instance does not pay, come on top. In production the risk is said with it: one \
           machine is then the way out of everything behind it.",
    severities: &[(Severity::Info, "always")],
    thresholds: &["saving_usd"],
    runbooks: &[],
    reach: Reach::Scope,
    check: instead,
};

/// Gigabytes that an endpoint would carry.
pub const DATA: Rule = Rule {
    id: "saving.nat-data",
    kind: Kind::NatGateway,
    title: "Traffic through NAT that endpoints would carry",
    what: "What a month of a NAT gateway's traffic costs by the gigabyte, at the mean rate of the metrics \
           that were read. A gateway endpoint carries what goes to S3 and DynamoDB for nothing; where the \
           traffic goes is not known, so that this is the most that can be saved.",
    severities: &[(Severity::Info, "always")],
    thresholds: &["saving_usd"],
    runbooks: &[],
    reach: Reach::Scope,
    check: data,
};

/// What stands in for a gateway.
const STAND_IN: &str = "t4g.nano";
/// Its disk.
const STAND_IN_DISK: EbsVolume = EbsVolume {
    kind: EbsKind::Gp3,
    size: Gib(8),
    iops: EbsVolume::GP3_IOPS,
    throughput_mibps: EbsVolume::GP3_THROUGHPUT_MIBPS,
};

fn instead(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let risk = context.is_prod().then_some(
        "This is production: while that machine is down or replaced, nothing behind it reaches the internet, \
         and its bandwidth is that of one small instance.",
    );
    let (table, region) = (PriceTable::shipped(), context.state.scope.region.as_str());
    let month = || -> Option<Usd> {
        let gateway = table.nat_gateway(region)?.value;
        let instance = table.ec2(region, STAND_IN)?.value;
        let disk = table.ebs(region, STAND_IN_DISK)?.value;
        Some((gateway - instance - disk).per_month())
    };
    for gateway in available(context) {
        let draft = INSTANCE
            .on(context, &gateway.id, name(gateway))
            .because(format!(
                "The gateway's hours cost {}, a {STAND_IN} with 8 GiB of gp3 does the same.",
                table
                    .nat_gateway(region)
                    .map_or_else(|| "an unknown price".to_owned(), |price| price.value.to_string())
            ))
            .because("It would be one machine in one zone that somebody has to patch.")
            .perhaps_because(risk.map(str::to_owned));
        findings.extend(report(
            context,
            draft,
            month(),
            &format!("a {STAND_IN} in its place"),
        ));
    }
}

fn data(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let region = context.state.scope.region.as_str();
    let price = PriceTable::shipped().unit(region, Unit::NatGatewayGb);
    for gateway in available(context).filter(|gateway| !has_endpoint(context, gateway)) {
        let Some(gigabytes) = gigabytes_a_month(context, gateway) else {
            continue;
        };
        let month = price
            .as_ref()
            .map(|price| price.value.scale((gigabytes * 1000.0).round() as u64, 1000));
        let draft = DATA
            .on(context, &gateway.id, name(gateway))
            .because(format!(
                "At the rate of the last hours {} GB a month go through it{}.",
                words::number(gigabytes),
                price
                    .as_ref()
                    .map(|price| format!(", at {} a GB", price.value))
                    .unwrap_or_default()
            ))
            .because(
                "A gateway endpoint for S3 and DynamoDB costs nothing; this is the most that it can save.",
            );
        findings.extend(report(
            context,
            draft,
            month,
            "at most, with an S3 gateway endpoint",
        ));
    }
}

/// Whether what goes from the gateway's network to S3 is known to go another way already.
fn has_endpoint(context: &Context<'_>, gateway: &NatGateway) -> bool {
    let mut endpoints = context.state.vpc_endpoints.get().into_iter().flatten();
    gateway.vpc.is_some()
        && endpoints.any(|endpoint| endpoint.vpc == gateway.vpc && endpoint.is_gateway_to("s3"))
}

/// Gigabytes in both directions a month of 730 hours, at the mean rate of what was read.
fn gigabytes_a_month(context: &Context<'_>, gateway: &NatGateway) -> Option<f64> {
    const WINDOW: SignedDuration = SignedDuration::from_hours(24);
    let mean = |metric| context.metric(metric)?.mean(WINDOW);
    let five_minutes = mean(metric::BYTES_OUT.of(&gateway.id))? + mean(metric::BYTES_IN.of(&gateway.id))?;
    Some(five_minutes * 12.0 * HOURS_PER_MONTH as f64 / BYTES_PER_GIB)
}

fn available<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a NatGateway> {
    let gateways = context.state.nat_gateways.get().into_iter().flatten();
    gateways.filter(|gateway| gateway.state == "available")
}

fn name(gateway: &NatGateway) -> &str {
    gateway.name.as_deref().unwrap_or(&gateway.id)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, prod};

    fn bench() -> Bench {
        let mut bench = Bench::new();
        bench.know(
            Source::NatGateways,
            ReplyData::NatGateways(
                [("nat-1", "available"), ("nat-2", "deleted")]
                    .map(|(id, state)| NatGateway {
                        id: id.to_owned(),
                        name: None,
                        state: state.to_owned(),
                        vpc: None,
                        subnet: None,
                        public_addresses: 1,
                    })
                    .into(),
            ),
        );
        bench
    }

    #[test]
    fn an_instance_would_do_and_in_production_its_risk_is_said() {
        let findings = bench().check(&INSTANCE);
        // 0.059 − 0.0052 an hour, and 8 GiB at 0.0912.
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "$38.54 a month: a t4g.nano in its place");
        let in_production = bench().with_policy(prod()).check(&INSTANCE);
        assert_eq!(in_production.len(), 1);
        assert_eq!(in_production[0].severity, Severity::Info);
        let risk = in_production[0].evidence.iter();
        assert_eq!(
            risk.filter(|line| line.starts_with("This is production")).count(),
            1
        );
    }

    #[test]
    fn traffic_is_priced_by_the_month_and_only_where_it_was_read() {
        assert_eq!(bench().check(&DATA), []);
        let mut bench = bench();
        // 10 GiB a day, both directions together.
        let share = 10.0 * BYTES_PER_GIB / 288.0 / 2.0;
        for one in [metric::BYTES_OUT, metric::BYTES_IN] {
            let points: Vec<(i64, f64)> = (0..12).map(|bin| (120 + 5 * bin, share)).collect();
            bench.metric(one.of("nat-1"), 300, &points);
        }
        let findings = bench.check(&DATA);
        let saved = findings[0].saves.unwrap().as_f64();
        assert!((saved - 10.0 * 730.0 / 24.0 * 0.059).abs() < 0.01, "{saved}");
    }
}

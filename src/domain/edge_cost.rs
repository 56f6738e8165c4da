//! What the ways in and out cost at the rate of the last day: NAT gateways, load balancers, buckets,
//! secrets. Unknown prices and unread metrics stay unknown.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::domain::bucket::BucketStorage;
use crate::domain::ec2::VpcEndpoint;
use crate::domain::elb::{self, LoadBalancer};
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog::{MetricRef, load_balancer, nat};
use crate::domain::price::{LoadBalancerKind, PriceTable, Priced, Unit};
use crate::domain::units::{Usd, UsdPerHour};

/// Bytes of a gigabyte as AWS bills data.
pub const GB: f64 = 1_073_741_824.0;

/// What something costs: for being there, and for what flows through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bill {
    /// For being there.
    pub standing: UsdPerHour,
    /// For what flows through it at the rate of the last day; `None` if that is not known.
    pub flowing: Option<UsdPerHour>,
    /// The day of the oldest price in it.
    pub as_of: Date,
}

impl Bill {
    /// Both together; `None` if one is not known.
    pub fn total(self) -> Option<UsdPerHour> {
        Some(self.standing + self.flowing?)
    }

    /// US dollars for a month of 730 hours; for being there alone where the rest is not known.
    pub fn usd_per_month(self) -> f64 {
        self.total().unwrap_or(self.standing).per_month().as_f64()
    }
}

/// The mean of an hour over the last day of a metric that is summed by period, as far as it was read.
fn per_hour(state: &ScopeState, metric: MetricRef<'_>, now: Timestamp) -> Option<f64> {
    let (series, read_at) = state.lasting_metric(&metric.id(), now)?;
    series.recent(read_at)?;
    let per_period = series.mean_over(read_at, SignedDuration::from_hours(24))?;
    Some(per_period * 3600.0 / f64::from(series.period_s.max(1)))
}

/// An amount of what is paid by use.
fn used(price: Priced<Usd>, amount: f64) -> Option<Priced<UsdPerHour>> {
    let dollars = Usd::from_f64(price.value.as_f64() * amount)?;
    Some(price.map(|_| UsdPerHour::new(dollars)))
}

/// Bytes through a NAT gateway in an hour, both ways: out to the internet, and back.
pub fn nat_bytes_per_hour(state: &ScopeState, gateway: &str, now: Timestamp) -> Option<(f64, f64)> {
    let of = |metric: &crate::domain::metric_catalog::Metric| per_hour(state, metric.of(gateway), now);
    Some((of(&nat::BYTES_OUT)?, of(&nat::BYTES_IN)?))
}

/// What a NAT gateway costs: its hours, and every gigabyte that it processes, whichever way.
pub fn nat(state: &ScopeState, gateway: &str, now: Timestamp) -> Option<Bill> {
    let table = PriceTable::shipped();
    let region = &state.scope.region;
    let hour = table.nat_gateway(region)?;
    let flowing = nat_bytes_per_hour(state, gateway, now).and_then(|(out, back)| {
        let gigabyte = table.unit(region, Unit::NatGatewayGb)?;
        used(gigabyte, (out + back) / GB)
    });
    Some(Bill {
        standing: hour.value,
        flowing: flowing.as_ref().map(|priced| priced.value),
        as_of: flowing.map_or(hour.as_of(), |priced| priced.as_of().min(hour.as_of())),
    })
}

/// Capacity units that a load balancer consumes in an hour, mean of the last day.
pub fn capacity_units(state: &ScopeState, balancer: &LoadBalancer, now: Timestamp) -> Option<f64> {
    let dimension = elb::load_balancer_dimension(&balancer.arn)?;
    per_hour(state, load_balancer::CAPACITY_UNITS.of(dimension), now)
}

/// What a load balancer costs: its hours, and its capacity units.
pub fn balancer(state: &ScopeState, balancer: &LoadBalancer, now: Timestamp) -> Option<Bill> {
    let table = PriceTable::shipped();
    let region = &state.scope.region;
    let kind = LoadBalancerKind::from_api(&balancer.form)?;
    let hour = table.load_balancer(region, kind)?;
    let unit = table.capacity_unit(region, kind);
    let flowing = capacity_units(state, balancer, now)
        .zip(unit)
        .and_then(|(units, price)| {
            let dollars = Usd::from_f64(price.value.per_hour().as_f64() * units)?;
            Some((UsdPerHour::new(dollars), price.as_of()))
        });
    Some(Bill {
        standing: hour.value,
        flowing: flowing.map(|(amount, _)| amount),
        as_of: flowing.map_or(hour.as_of(), |(_, as_of)| as_of.min(hour.as_of())),
    })
}

/// What a VPC endpoint costs for being there: nothing for a gateway endpoint, and its hours in each
/// subnet for an interface endpoint.
pub fn endpoint(state: &ScopeState, endpoint: &VpcEndpoint) -> Option<UsdPerHour> {
    match endpoint.form.as_str() {
        "Gateway" => Some(UsdPerHour::ZERO),
        "Interface" => {
            let hour = PriceTable::shipped().interface_endpoint(&state.scope.region)?;
            Some(hour.value * u64::from(endpoint.subnets))
        }
        _ => None,
    }
}

/// Gigabytes a month from which on an interface endpoint in so many zones is cheaper than the same
/// bytes through a NAT gateway.
pub fn endpoint_pays_from_gb(region: &str, zones: u64) -> Option<f64> {
    let table = PriceTable::shipped();
    let through_nat = table.unit(region, Unit::NatGatewayGb)?.value.as_f64();
    let through_endpoint = table.unit(region, Unit::InterfaceEndpointGb)?.value.as_f64();
    let month = (table.interface_endpoint(region)?.value * zones)
        .per_month()
        .as_f64();
    let saved = through_nat - through_endpoint;
    (saved > 0.0).then(|| month / saved)
}

/// What a month of keeping a bucket costs, US dollars, as far as the storage classes have a price;
/// `None` if a class has none.
pub fn bucket(region: &str, storage: &BucketStorage) -> Option<f64> {
    storage.bytes()?;
    let table = PriceTable::shipped();
    storage
        .by_class()
        .map(|(class, bytes)| {
            let unit = match class {
                "StandardStorage" => Unit::S3StandardGbMonth,
                "StandardIAStorage" => Unit::S3InfrequentGbMonth,
                _ => return None,
            };
            Some(table.unit(region, unit)?.value.as_f64() * bytes / GB)
        })
        .sum()
}

/// What a secret costs a month, US dollars.
pub fn secret(region: &str) -> Option<f64> {
    Some(
        PriceTable::shipped()
            .unit(region, Unit::SecretMonth)?
            .value
            .as_f64(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ec2::NatGateway;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::Bench;

    fn bench() -> Bench {
        let mut bench = Bench::new();
        let gateway = NatGateway {
            id: "nat-1".to_owned(),
            name: None,
            state: "available".to_owned(),
            vpc: Some("vpc-1".to_owned()),
            subnet: None,
            public_addresses: 1,
        };
        bench.know(Source::NatGateways, ReplyData::NatGateways(vec![gateway]));
        bench
    }

    #[test]
    fn a_gateway_costs_its_hours_and_every_byte_both_ways() {
        let mut bench = bench();
        let alone = nat(&bench.inventory.scopes[0], "nat-1", bench.now).unwrap();
        assert_eq!((alone.total(), alone.flowing), (None, None));
        assert!((alone.standing.per_month().as_f64() - 0.059 * 730.0).abs() < 1e-9);
        // A twelfth of a gigabyte in five minutes is one in an hour, out and back alike.
        let minute = bench.minute();
        let points: Vec<(i64, f64)> = (1..=12)
            .rev()
            .map(|back| (minute - 5 * back, GB / 12.0))
            .collect();
        bench.metric(nat::BYTES_OUT.of("nat-1"), 300, &points);
        bench.metric(nat::BYTES_IN.of("nat-1"), 300, &points);
        let state = &bench.inventory.scopes[0];
        let (out, back) = nat_bytes_per_hour(state, "nat-1", bench.now).unwrap();
        assert!((out - GB).abs() < 1.0 && (back - GB).abs() < 1.0);
        let bill = nat(state, "nat-1", bench.now).unwrap();
        assert!((bill.usd_per_month() - (0.059 + 2.0 * 0.059) * 730.0).abs() < 0.01);
    }

    #[test]
    fn an_interface_endpoint_pays_where_its_gigabytes_outweigh_its_hours() {
        // Seoul: 0.013 an hour and zone, 0.059 a gigabyte through NAT, 0.01 through the endpoint.
        let gigabytes = endpoint_pays_from_gb("ap-northeast-2", 2).unwrap();
        assert!((gigabytes - 0.013 * 2.0 * 730.0 / 0.049).abs() < 0.01);
        assert_eq!(endpoint_pays_from_gb("mars-1", 1), None);
    }
}

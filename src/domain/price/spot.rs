//! Spot prices, as the EC2 API gave them at run time.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Checked, Priced, Provenance};
use crate::domain::ec2::SpotPrice;
use crate::domain::loadable::Loadable;
use crate::domain::units::{Usd, UsdPerHour};

/// A price that was older when it was asked for is not believed.
const MOST_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// No instance is as cheap as less than this.
const LEAST_USD_PER_HOUR: f64 = 0.001;

/// The newest Spot price by region, instance type and zone (Linux).
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html>
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpotPrices {
    by_place: BTreeMap<(String, String), BTreeMap<String, (UsdPerHour, Timestamp)>>,
}

impl SpotPrices {
    /// Those of a region, as far as they have been read.
    pub fn known(region: &str, answer: &Loadable<Vec<SpotPrice>>) -> Self {
        let mut spot = Self::default();
        if let (Some(prices), Some(asked)) = (answer.get(), answer.at()) {
            for price in prices {
                spot.record(region, price, asked);
            }
        }
        spot
    }

    /// Takes in a price of an answer that was asked for at `asked`; an older one than is known, one
    /// that was more than seven days old then, and one below 0.001 USD an hour change nothing.
    pub fn record(&mut self, region: &str, price: &SpotPrice, asked: Timestamp) {
        if asked.duration_since(price.at) > MOST_AGE || price.usd_per_hour < LEAST_USD_PER_HOUR {
            return;
        }
        let Some(hour) = Usd::from_f64(price.usd_per_hour).filter(|hour| *hour > Usd::ZERO) else {
            return;
        };
        let zones = self
            .by_place
            .entry((region.to_owned(), price.instance_type.clone()))
            .or_default();
        let newest = zones
            .entry(price.zone.clone())
            .or_insert((UsdPerHour::new(hour), price.at));
        if price.at > newest.1 {
            *newest = (UsdPerHour::new(hour), price.at);
        }
    }

    /// The price in a zone; without a zone the highest of the region, so that an estimate does not
    /// flatter.
    pub fn get(&self, region: &str, instance_type: &str, zone: Option<&str>) -> Option<Priced<UsdPerHour>> {
        let zones = self
            .by_place
            .get(&(region.to_owned(), instance_type.to_owned()))?;
        let (zone, (hour, at)) = match zone {
            Some(zone) => zones.get_key_value(zone)?,
            None => zones.iter().max_by_key(|(_, (hour, _))| *hour)?,
        };
        let provenance = Provenance {
            as_of: at.to_zoned(TimeZone::UTC).date(),
            source: format!("EC2 Spot price in {zone} since {at}"),
            checked: Checked::Yes,
        };
        Some(Priced::new(*hour, Arc::new(provenance)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::ec2::{Instance, Purchase};
    use crate::domain::price::PriceTable;
    use crate::domain::rules::sample::instance;

    fn quote(zone: &str, usd_per_hour: f64, at: &str) -> SpotPrice {
        SpotPrice {
            instance_type: "g5.xlarge".to_owned(),
            zone: zone.to_owned(),
            usd_per_hour,
            at: at.parse().unwrap(),
        }
    }

    fn asked() -> Timestamp {
        "2026-11-21T03:00:00Z".parse().unwrap()
    }

    fn hour(text: &str) -> UsdPerHour {
        UsdPerHour::new(text.parse().unwrap())
    }

    #[test]
    fn an_instance_costs_what_it_was_bought_for() {
        let mut answer = Loadable::default();
        let quotes = vec![quote("us-east-1a", 0.41, "2026-11-20T22:00:00Z")];
        assert!(answer.settle(asked(), asked(), Ok((quotes, Vec::new()))));
        let spot = SpotPrices::known("us-east-1", &answer);
        let price = |purchase: Purchase, zone: &str| {
            let bought = Instance {
                purchase,
                zone: zone.to_owned(),
                ..instance("i-1", "g5.xlarge")
            };
            let price = PriceTable::shipped().instance("us-east-1", &bought, &spot);
            price.map(|price| price.value)
        };
        assert_eq!(price(Purchase::OnDemand, "us-east-1b"), Some(hour("1.006")));
        assert_eq!(price(Purchase::Spot, "us-east-1a"), Some(hour("0.41")));
        assert_eq!(price(Purchase::Spot, "us-east-1b"), None);
        assert_eq!(price(Purchase::CapacityBlock, "us-east-1a"), None);
    }

    #[test]
    fn the_newest_price_of_a_zone_wins_in_any_order() {
        let old = quote("us-east-1a", 0.41, "2026-11-20T22:00:00Z");
        let new = quote("us-east-1a", 0.3517, "2026-11-21T01:00:00Z");
        for order in [[&old, &new], [&new, &old]] {
            let mut spot = SpotPrices::default();
            for price in order {
                spot.record("us-east-1", price, asked());
            }
            let price = spot.get("us-east-1", "g5.xlarge", Some("us-east-1a")).unwrap();
            assert_eq!(price.value, hour("0.3517"));
            assert_eq!(price.as_of(), date(2026, 11, 21));
            assert_eq!(
                price.source(),
                "EC2 Spot price in us-east-1a since 2026-11-21T01:00:00Z"
            );
        }
    }

    #[test]
    fn without_a_zone_the_highest_price_counts() {
        let mut spot = SpotPrices::default();
        spot.record(
            "us-east-1",
            &quote("us-east-1a", 0.35, "2026-11-21T01:00:00Z"),
            asked(),
        );
        spot.record(
            "us-east-1",
            &quote("us-east-1b", 0.52, "2026-11-21T00:00:00Z"),
            asked(),
        );
        assert_eq!(
            spot.get("us-east-1", "g5.xlarge", None).unwrap().value,
            hour("0.52")
        );
    }

    #[test]
    fn what_was_not_given_is_unknown() {
        let mut spot = SpotPrices::default();
        spot.record(
            "us-east-1",
            &quote("us-east-1a", f64::NAN, "2026-11-21T01:00:00Z"),
            asked(),
        );
        spot.record(
            "us-east-1",
            &quote("us-east-1b", 0.0, "2026-11-21T01:00:00Z"),
            asked(),
        );
        spot.record(
            "us-east-1",
            &quote("us-east-1b", 0.0009, "2026-11-21T01:00:00Z"),
            asked(),
        );
        spot.record(
            "us-east-1",
            &quote("us-east-1b", 0.5, "2006-01-02T01:00:00Z"),
            asked(),
        );
        assert_eq!(spot, SpotPrices::default());
        spot.record(
            "us-east-1",
            &quote("us-east-1a", 0.35, "2026-11-21T01:00:00Z"),
            asked(),
        );
        assert_eq!(spot.get("us-east-1", "g5.xlarge", Some("us-east-1f")), None);
        assert_eq!(spot.get("us-east-1", "g5.2xlarge", None), None);
        assert_eq!(spot.get("ap-northeast-2", "g5.xlarge", None), None);
    }
}

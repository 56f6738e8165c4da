//! The burn rate: what runs now, times what it costs by the hour.
//!
//! An estimate from list prices. It knows nothing of discounts, commitments and credits, nor of what is
//! paid by use, and says so.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::Serialize;

use super::{Checked, Priced};
use crate::domain::units::UsdPerHour;

/// What something is paid as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BurnKind {
    /// EC2 instances at the on-demand price.
    Ec2,
    /// EC2 instances at the Spot price.
    Ec2Spot,
    /// Fargate tasks.
    Fargate,
    /// Fargate tasks on Spot.
    FargateSpot,
    /// Database instances and Aurora capacity.
    Rds,
    /// Storage of database instances.
    RdsStorage,
    /// Cache nodes.
    Elasticache,
    /// NAT gateways.
    NatGateway,
    /// Load balancers.
    LoadBalancer,
    /// Public IPv4 addresses.
    PublicIpv4,
    /// Interface VPC endpoints.
    VpcEndpoint,
    /// EBS volumes.
    Ebs,
    /// EKS control planes.
    Eks,
    /// SageMaker endpoints, jobs and notebooks.
    Sagemaker,
    /// Fixed monthly costs that AWS does not know, from the estate file.
    Fixed,
}

impl BurnKind {
    /// The name in JSON and on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Ec2Spot => "ec2-spot",
            Self::Fargate => "fargate",
            Self::FargateSpot => "fargate-spot",
            Self::Rds => "rds",
            Self::RdsStorage => "rds-storage",
            Self::Elasticache => "elasticache",
            Self::NatGateway => "nat-gateway",
            Self::LoadBalancer => "load-balancer",
            Self::PublicIpv4 => "public-ipv4",
            Self::VpcEndpoint => "vpc-endpoint",
            Self::Ebs => "ebs",
            Self::Eks => "eks",
            Self::Sagemaker => "sagemaker",
            Self::Fixed => "fixed",
        }
    }
}

impl fmt::Display for BurnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Things of one price that run now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BurnItem {
    /// What they are paid as.
    pub kind: BurnKind,
    /// The resource's id.
    pub id: String,
    /// The resource's name.
    pub name: String,
    /// How many there are.
    pub count: u32,
    /// What one costs; `None` if no price is known.
    #[serde(rename = "unit_usd_per_hour")]
    pub unit: Option<UsdPerHour>,
    /// The day on which that price was last known to hold; `None` if it is not from a dated list.
    pub as_of: Option<Date>,
    /// What was priced, such as `g5.xlarge` or `2 vCPU, 4 GiB, arm64`; empty if there is nothing to say.
    pub note: String,
}

impl BurnItem {
    /// One thing that has no price yet.
    pub fn new(kind: BurnKind, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
            name: name.into(),
            count: 1,
            unit: None,
            as_of: None,
            note: String::new(),
        }
    }

    /// So many of it.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// With a note on what is priced.
    #[must_use]
    pub fn noted(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// At the price of a table, if it has one; a price that was not checked is noted as such.
    #[must_use]
    pub fn priced(mut self, price: Option<Priced<UsdPerHour>>) -> Self {
        self.unit = price.as_ref().map(|price| price.value);
        self.as_of = price.as_ref().map(Priced::as_of);
        if price.is_some_and(|price| price.checked() == Checked::No) {
            let separator = if self.note.is_empty() { "" } else { ", " };
            self.note.push_str(separator);
            self.note.push_str("price not checked");
        }
        self
    }

    /// What all of them cost; nothing running costs nothing, whatever its price.
    pub fn per_hour(&self) -> Option<UsdPerHour> {
        if self.count == 0 {
            return Some(UsdPerHour::ZERO);
        }
        self.unit.map(|unit| unit * u64::from(self.count))
    }
}

/// What everything that runs now costs by the hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BurnRate {
    /// The sum of what has a price; `None` if something runs and none of it has one.
    pub total: Option<UsdPerHour>,
    /// The sum by kind; a kind of which nothing has a price is absent.
    pub by_kind: BTreeMap<BurnKind, UsdPerHour>,
    /// What runs, the largest first, what has no price last.
    pub items: Vec<BurnItem>,
    /// The names of what has no price, in the order of `items`. If there are any, `total` is partial.
    pub unknown: Vec<String>,
    /// The day of the oldest price of the table in it, so not of a Spot price; `None` without one.
    pub as_of: Option<Date>,
    /// Whether what it is made of was not read everywhere: more may run.
    pub unread: bool,
}

impl BurnRate {
    /// What every burn rate leaves out.
    pub const EXCLUDES: &str = "storage growth, data transfer, requests, discounts and credits";

    /// Of an estate of which nothing was read yet.
    pub fn not_read() -> Self {
        Self {
            total: None,
            unread: true,
            ..Self::of(Vec::new())
        }
    }

    /// Adds up what runs.
    pub fn of(mut items: Vec<BurnItem>) -> Self {
        items.sort_by(|a, b| {
            let rank = |item: &BurnItem| (item.per_hour().is_none(), Reverse(item.per_hour()));
            rank(a)
                .cmp(&rank(b))
                .then_with(|| a.kind.cmp(&b.kind))
                .then_with(|| a.name.cmp(&b.name))
                .then_with(|| a.id.cmp(&b.id))
        });
        let mut by_kind = BTreeMap::<_, UsdPerHour>::new();
        let mut unknown = Vec::new();
        for item in &items {
            match item.per_hour() {
                Some(rate) => *by_kind.entry(item.kind).or_default() += rate,
                None => unknown.push(item.name.clone()),
            }
        }
        let nothing_known = by_kind.is_empty() && !unknown.is_empty();
        let as_of = items
            .iter()
            // Spot prices are asked for: their own date says nothing of the table's.
            .filter(|item| item.count > 0 && item.kind != BurnKind::Ec2Spot)
            .filter_map(|item| item.as_of)
            .min();
        let total = (!nothing_known).then(|| by_kind.values().copied().sum());
        Self {
            total,
            by_kind,
            items,
            unknown,
            as_of,
            unread: false,
        }
    }

    /// Whether something that runs has no price or was not read, so that the true rate is higher.
    pub fn is_partial(&self) -> bool {
        self.unread || !self.unknown.is_empty()
    }

    /// What the number is, in one line to stand under it.
    pub fn label(&self) -> String {
        let dated = self
            .as_of
            .map(|day| format!(", prices of {day}"))
            .unwrap_or_default();
        let mut partial = match self.unknown.len() {
            0 => String::new(),
            without => format!(
                "; partial: {without} of {} items without a price",
                self.items.len()
            ),
        };
        if self.unread {
            partial.push_str("; partial: not everything that may run was read");
        }
        format!("list-price estimate{dated}; excludes {}{partial}", Self::EXCLUDES)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;
    use crate::domain::price::{Arch, FargateSize, PriceTable};
    use crate::domain::units::{Mib, Usd};

    fn hour(text: &str) -> UsdPerHour {
        UsdPerHour::new(text.parse().unwrap())
    }

    fn item(kind: BurnKind, name: &str, count: u32, unit: Option<&str>) -> BurnItem {
        let unit = unit.map(hour);
        BurnItem {
            unit,
            ..BurnItem::new(kind, format!("id-{name}"), name).times(count)
        }
    }

    fn names(rate: &BurnRate) -> Vec<&str> {
        rate.items.iter().map(|item| item.name.as_str()).collect()
    }

    #[test]
    fn two_gpu_workers_and_two_tasks_of_invokeai() {
        let table = PriceTable::shipped();
        let size = FargateSize::new(2048, Mib(4096));
        let workers = BurnItem::new(BurnKind::Ec2, "asg-1", "workers")
            .times(2)
            .noted("g5.xlarge")
            .priced(table.ec2("us-east-1", "g5.xlarge"));
        let api = BurnItem::new(BurnKind::Fargate, "arn", "invokeai-api")
            .times(2)
            .priced(table.fargate("us-east-1", Arch::X86, size));
        let rate = BurnRate::of(vec![api, workers]);
        // 2 × 1.006, and 2 × (2 × 0.04048 + 4 × 0.004445).
        assert_eq!(rate.by_kind[&BurnKind::Ec2], hour("2.012"));
        assert_eq!(rate.by_kind[&BurnKind::Fargate], hour("0.19748"));
        assert_eq!(rate.total, Some(hour("2.20948")));
        assert_eq!(
            rate.total.unwrap().per_month(),
            "1612.9204".parse::<Usd>().unwrap()
        );
        assert_eq!(rate.total.unwrap().to_string(), "$2.21/h");
        assert_eq!(names(&rate), ["workers", "invokeai-api"]);
        assert!(!rate.is_partial());
        assert_eq!(
            rate.label(),
            "list-price estimate, prices of 2026-06-01; excludes storage growth, data transfer, requests, \
             discounts and credits"
        );
    }

    #[test]
    fn what_has_no_price_is_named_and_makes_the_total_partial() {
        let rate = BurnRate::of(vec![
            item(BurnKind::Ec2, "odd", 1, None),
            item(BurnKind::Ec2, "small", 1, Some("0.0208")),
            item(BurnKind::NatGateway, "nat", 2, Some("0.045")),
            item(BurnKind::Rds, "oracle", 1, None),
        ]);
        assert_eq!(rate.total, Some(hour("0.1108")));
        assert!(rate.is_partial());
        assert_eq!(rate.unknown, ["odd", "oracle"]);
        assert_eq!(rate.by_kind.get(&BurnKind::Rds), None, "not known is not nothing");
        assert_eq!(names(&rate), ["nat", "small", "odd", "oracle"]);
        assert!(
            rate.label().ends_with("; partial: 2 of 4 items without a price"),
            "{}",
            rate.label()
        );
    }

    #[test]
    fn if_nothing_has_a_price_the_total_is_unknown() {
        let rate = BurnRate::of(vec![item(BurnKind::FargateSpot, "batch", 3, None)]);
        assert_eq!(rate.total, None);
        assert_eq!(serde_json::to_value(&rate).unwrap()["total"], json!(null));
    }

    #[test]
    fn nothing_running_costs_nothing() {
        let empty = BurnRate::of(Vec::new());
        assert_eq!(empty.total, Some(UsdPerHour::ZERO));
        assert!(!empty.is_partial());
        let asleep = BurnRate::of(vec![item(BurnKind::Ec2, "workers", 0, None)]);
        assert_eq!(asleep.total, Some(UsdPerHour::ZERO));
        assert!(
            !asleep.is_partial(),
            "a price that nothing is multiplied with is not missed"
        );
    }

    #[test]
    fn equal_amounts_have_a_stable_order() {
        let items = [
            item(BurnKind::Rds, "b", 1, Some("1")),
            item(BurnKind::Rds, "a", 1, Some("1")),
            item(BurnKind::Ec2, "z", 2, Some("0.5")),
        ];
        let forward = BurnRate::of(items.to_vec());
        let backward = BurnRate::of(items.into_iter().rev().collect());
        assert_eq!(forward, backward);
        assert_eq!(names(&forward), ["z", "a", "b"]);
    }

    #[test]
    fn json_has_numbers_under_the_kinds_names() {
        let mut balancer = item(BurnKind::LoadBalancer, "api", 1, Some("0.0225"));
        balancer.as_of = Some(date(2026, 10, 1));
        let rate = BurnRate::of(vec![balancer]);
        assert_eq!(
            serde_json::to_value(&rate).unwrap(),
            json!({
                "total": 0.0225,
                "by_kind": {"load-balancer": 0.0225},
                "items": [{
                    "kind": "load-balancer", "id": "id-api", "name": "api", "count": 1,
                    "unit_usd_per_hour": 0.0225, "as_of": "2026-10-01", "note": "",
                }],
                "unknown": [],
                "unread": false,
                "as_of": "2026-10-01",
            })
        );
    }

    #[test]
    fn a_price_that_was_not_checked_is_noted() {
        let table = PriceTable::shipped();
        let notebook = |item: BurnItem| item.priced(table.sagemaker("us-east-1", "ml.t3.medium"));
        let plain = notebook(BurnItem::new(BurnKind::Sagemaker, "n", "n"));
        assert_eq!(plain.note, "price not checked");
        let noted = notebook(BurnItem::new(BurnKind::Sagemaker, "n", "n").noted("ml.t3.medium"));
        assert_eq!(noted.note, "ml.t3.medium, price not checked");
        let unknown = BurnItem::new(BurnKind::Ec2, "i", "i").priced(table.ec2("us-east-1", "z9.huge"));
        assert_eq!(
            (unknown.unit, unknown.as_of, unknown.note.as_str()),
            (None, None, "")
        );
    }

    #[test]
    fn the_oldest_price_of_what_runs_dates_the_rate() {
        let dated = |count, day| {
            let mut item = item(BurnKind::Ec2, "a", count, Some("1"));
            item.as_of = Some(date(2026, 1, day));
            item
        };
        let rate = BurnRate::of(vec![dated(1, 9), dated(1, 5), dated(0, 1)]);
        assert_eq!(rate.as_of, Some(date(2026, 1, 5)));
    }

    #[test]
    fn kinds_are_named_as_they_are_serialised() {
        for kind in [
            BurnKind::Ec2Spot,
            BurnKind::PublicIpv4,
            BurnKind::RdsStorage,
            BurnKind::Fixed,
        ] {
            assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.name()));
        }
    }
}

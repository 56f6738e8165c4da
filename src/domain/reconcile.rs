//! The burn rate beside the bill: what runs now for 24 hours at list price, and what AWS has billed for the
//! newest day that it has counted, service by service, with what explains the difference.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::counted::counted;
use crate::domain::inventory::{Inventory, ScopeState};
use crate::domain::price::{BurnItem, BurnKind, BurnRate};
use crate::domain::units::{Usd, UsdPerHour};

/// The two views of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Reconciled {
    /// The day, UTC, as AWS bills: yesterday, or the day before while AWS still counts yesterday.
    pub day: Date,
    /// Whether AWS still counts it; `None` if the day is not in the bill.
    pub estimated: Option<bool>,
    /// By service, the largest difference first.
    pub lines: Vec<ReconciledLine>,
    /// What runs now, for 24 hours, US dollars; of what has a price.
    pub running: Option<Usd>,
    /// What was billed, US dollars; `None` if the day is not in the bill.
    pub billed: Option<f64>,
    /// What holds for all services.
    pub notes: Vec<String>,
}

/// One service.
#[derive(Debug, Clone, PartialEq)]
pub struct ReconciledLine {
    /// The service's name in the bill.
    pub service: String,
    /// What runs of it now, for 24 hours at list price, US dollars; `None` if nothing of it is priced by
    /// the hour, or none has a price.
    pub running: Option<Usd>,
    /// What was billed for it on that day, US dollars; `None` if the day is not in the bill.
    pub billed: Option<f64>,
    /// What explains the difference, the likeliest first; empty where there is none to speak of.
    pub because: Vec<String>,
}

/// Differences up to this many dollars need no explanation.
const SMALL_USD: f64 = 0.05;
/// Differences up to this share need none.
const SMALL_SHARE: f64 = 0.05;

impl ReconciledLine {
    /// Billed less running, US dollars.
    pub fn difference(&self) -> Option<f64> {
        let billed = self.billed?;
        Some(billed - self.running.map_or(0.0, Usd::as_f64))
    }
}

/// The newest day that AWS has counted: yesterday, or while that is still estimated the day before, if the bill
/// has it.
fn day_of(inventory: &Inventory, today: Date) -> Date {
    let yesterday = today.saturating_sub(1.day());
    let before = today.saturating_sub(2.days());
    let of = |day: Date| {
        let bills = inventory
            .account_leaders()
            .filter_map(|leader| leader.usage.get());
        bills.flat_map(move |usage| usage.daily.iter().filter(move |of| of.date == day))
    };
    let is_counting = of(yesterday).any(|day| day.estimated);
    let as_many = of(before).count() >= of(yesterday).count();
    if is_counting && as_many { before } else { yesterday }
}

/// Sets the burn rate beside the bill that all accounts have of a day.
pub fn reconcile(inventory: &Inventory, burn: &BurnRate, today: Date) -> Reconciled {
    let day = day_of(inventory, today);
    let mut billed: BTreeMap<&str, f64> = BTreeMap::new();
    let mut estimated = None;
    let mut unread = 0_usize;
    for leader in inventory.account_leaders() {
        let bill = leader.usage.get();
        match bill.and_then(|usage| usage.daily.iter().find(|of| of.date == day)) {
            Some(of) => {
                estimated = Some(estimated.unwrap_or(false) | of.estimated);
                for (service, amount) in &of.by_service {
                    *billed.entry(service).or_default() += amount;
                }
            }
            None => unread += 1,
        }
    }
    let mut running: BTreeMap<&str, Vec<&BurnItem>> = BTreeMap::new();
    for item in &burn.items {
        if let Some(service) = service_of(item.kind) {
            running.entry(service).or_default().push(item);
        }
    }
    let is_billed = estimated.is_some();
    let services: BTreeSet<&str> = billed.keys().chain(running.keys()).copied().collect();
    let late = late_instances(inventory, day);
    let mut lines: Vec<ReconciledLine> = services
        .into_iter()
        .map(|service| {
            let items = running.get(service).map_or(&[][..], Vec::as_slice);
            let amount = is_billed.then(|| billed.get(service).copied().unwrap_or(0.0));
            line(service, items, amount, late)
        })
        .collect();
    lines.sort_by(|a, b| {
        let size = |line: &ReconciledLine| line.difference().map_or(-1.0, f64::abs);
        size(b)
            .total_cmp(&size(a))
            .then_with(|| a.service.cmp(&b.service))
    });
    let mut notes = Vec::new();
    if estimated == Some(true) {
        notes.push(format!(
            "AWS still counts {day}: its amounts are estimated and grow for a day or two."
        ));
    }
    if unread > 0 && is_billed {
        notes.push(format!(
            "Of {} the bill of that day is not known.",
            counted(unread, "account")
        ));
    }
    if inventory.shown().any(|state| !state.selection.is_everything()) {
        notes.push(
            "The bill is that of whole accounts; what runs is only what belongs to the estate.".to_owned(),
        );
    }
    notes.push(
        "Both are without credits; discounts, reserved capacity and the free tier lower the bill alone."
            .to_owned(),
    );
    Reconciled {
        day,
        estimated,
        running: burn.total.map(UsdPerHour::per_day),
        billed: is_billed.then(|| billed.values().sum()),
        lines,
        notes,
    }
}

fn line(service: &str, items: &[&BurnItem], billed: Option<f64>, late: Late) -> ReconciledLine {
    let priced: Vec<UsdPerHour> = items.iter().filter_map(|item| item.per_hour()).collect();
    let running = (!priced.is_empty()).then(|| priced.iter().copied().sum::<UsdPerHour>().per_day());
    let mut line = ReconciledLine {
        service: service.to_owned(),
        running,
        billed,
        because: Vec::new(),
    };
    if let Some(difference) = line.difference() {
        let now = running.map_or(0.0, Usd::as_f64);
        let larger = now.max(billed.unwrap_or(0.0));
        if difference.abs() > SMALL_USD && difference.abs() > larger * SMALL_SHARE {
            line.because = reasons(service, items, difference, late);
        }
    }
    line
}

fn reasons(service: &str, items: &[&BurnItem], difference: f64, late: Late) -> Vec<String> {
    let mut because = Vec::new();
    if service == "Tax" {
        return vec!["tax is in no price list".to_owned()];
    }
    let unpriced = items.iter().filter(|item| item.per_hour().is_none()).count();
    if difference > 0.0 {
        if unpriced > 0 {
            because.push(format!("{unpriced} of {} items have no price here", items.len()));
        }
        if let Some(use_based) = paid_by_use(service) {
            because.push(format!("paid by use, not by the hour: {use_based}"));
        } else if items.is_empty() {
            because.push("nothing of it is priced by the hour here".to_owned());
        }
        if !items.is_empty() {
            because.push("more of it may have run that day than now".to_owned());
        }
    } else {
        if service == EC2 && late.started > 0 {
            because.push(format!(
                "{} of {} running instances were started after that day began",
                late.started, late.running
            ));
        } else {
            because.push("it may not have run for all 24 hours of that day".to_owned());
        }
        because.push("free tier, reserved capacity or a discount".to_owned());
    }
    because
}

/// Instances that did not run for the whole day.
#[derive(Debug, Clone, Copy)]
struct Late {
    started: usize,
    running: usize,
}

fn late_instances(inventory: &Inventory, day: Date) -> Late {
    let begin = day.to_zoned(TimeZone::UTC).map(|begin| begin.timestamp());
    let all: Vec<_> = inventory
        .shown()
        .flat_map(|state: &ScopeState| state.instances.get().into_iter().flatten())
        .filter(|instance| instance.is_running())
        .collect();
    let started = all
        .iter()
        .filter(|instance| {
            let (Some(launched), Ok(begin)) = (instance.launched_at, &begin) else {
                return false;
            };
            launched > *begin
        })
        .count();
    Late {
        started,
        running: all.len(),
    }
}

const EC2: &str = "Amazon Elastic Compute Cloud - Compute";
const EC2_OTHER: &str = "EC2 - Other";
const ECS: &str = "Amazon Elastic Container Service";
const RDS: &str = "Amazon Relational Database Service";
const ELASTICACHE: &str = "Amazon ElastiCache";
const ELB: &str = "Amazon Elastic Load Balancing";
const VPC: &str = "Amazon Virtual Private Cloud";
const EKS: &str = "Amazon Elastic Container Service for Kubernetes";
const SAGEMAKER: &str = "Amazon SageMaker";

/// The service under which Cost Explorer has what is paid as this kind; `None` for what is not AWS's.
pub const fn service_of(kind: BurnKind) -> Option<&'static str> {
    match kind {
        BurnKind::Ec2 | BurnKind::Ec2Spot => Some(EC2),
        BurnKind::Fargate | BurnKind::FargateSpot => Some(ECS),
        BurnKind::Rds | BurnKind::RdsStorage => Some(RDS),
        BurnKind::Elasticache => Some(ELASTICACHE),
        BurnKind::NatGateway | BurnKind::Ebs => Some(EC2_OTHER),
        BurnKind::LoadBalancer => Some(ELB),
        BurnKind::PublicIpv4 | BurnKind::VpcEndpoint => Some(VPC),
        BurnKind::Eks => Some(EKS),
        BurnKind::Sagemaker => Some(SAGEMAKER),
        BurnKind::Fixed => None,
    }
}

/// What of a service is paid by use, so that the burn rate does not see it.
fn paid_by_use(service: &str) -> Option<&'static str> {
    Some(match service {
        EC2_OTHER => "data through NAT gateways, EBS volumes and snapshots, transfer between zones",
        EC2 => "EBS-optimised surcharges, unlimited CPU credits, data out",
        ECS => "ephemeral storage above 20 GiB, tasks outside services",
        RDS => "backups beyond the free size, I/O, extended support, Performance Insights",
        ELASTICACHE => "serverless use, backups",
        ELB => "capacity units",
        VPC => "data through endpoints, addresses of load balancers and NAT gateways, idle addresses",
        SAGEMAKER => "storage, data, serverless inference",
        "AmazonCloudWatch" => "logs taken in and kept, custom metrics, alarms, dashboards",
        "Amazon Simple Storage Service" => "gigabytes and requests",
        "Amazon CloudFront" => "gigabytes and requests",
        "AWS Lambda" => "requests and gigabyte-seconds",
        "AWS Secrets Manager" => "secrets and requests",
        "Amazon Route 53" => "zones, queries, health checks",
        "AWS Data Transfer" => "gigabytes",
        "CodeBuild" => "minutes of builds",
        "AWS CodePipeline" => "active pipelines",
        "Amazon EC2 Container Registry (ECR)" => "gigabytes of images",
        "Amazon Simple Queue Service" => "requests",
        "AWS Cost Explorer" => "requests, those of this program among them",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::cost::{DailyCost, Usage};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at, instance};

    fn item(kind: BurnKind, unit: Option<&str>) -> BurnItem {
        let unit = unit.map(|unit| UsdPerHour::new(unit.parse().unwrap()));
        BurnItem {
            unit,
            ..BurnItem::new(kind, "id", "name")
        }
    }

    fn billed(by_service: &[(&str, f64)]) -> Bench {
        let mut bench = Bench::new();
        let by_service = by_service
            .iter()
            .map(|(service, amount)| ((*service).to_owned(), *amount))
            .collect();
        bench.know(
            Source::Usage,
            ReplyData::Usage(Usage {
                currency: "USD".to_owned(),
                metric: "UnblendedCost".to_owned(),
                daily: vec![DailyCost {
                    date: date(2026, 11, 20),
                    estimated: true,
                    by_service,
                }],
                by_account: Vec::new(),
                credits: None,
                by_tag: None,
                credits_used: None,
            }),
        );
        bench
    }

    fn of(bench: &Bench, items: Vec<BurnItem>) -> Reconciled {
        reconcile(&bench.inventory, &BurnRate::of(items), date(2026, 11, 21))
    }

    fn found<'a>(reconciled: &'a Reconciled, service: &str) -> &'a ReconciledLine {
        reconciled
            .lines
            .iter()
            .find(|line| line.service == service)
            .unwrap()
    }

    #[test]
    fn what_agrees_needs_no_words_and_what_differs_has_them() {
        let mut bench = billed(&[
            (RDS, 2.41),
            (EC2_OTHER, 5.0),
            (EC2, 6.0),
            ("Tax", 1.2),
            ("AmazonCloudWatch", 0.6),
        ]);
        let mut late = instance("i-1", "g5.xlarge");
        late.launched_at = Some(at(-60));
        bench.know(Source::Instances, ReplyData::Instances(vec![late]));
        let reconciled = of(
            &bench,
            vec![
                item(BurnKind::Rds, Some("0.1")),
                item(BurnKind::NatGateway, Some("0.059")),
                item(BurnKind::Ec2, Some("1.237")),
                item(BurnKind::Fixed, Some("1")),
            ],
        );
        assert_eq!(
            (reconciled.day, reconciled.estimated),
            (date(2026, 11, 20), Some(true))
        );
        assert_eq!(found(&reconciled, RDS).because, [""; 0]);
        assert_eq!(
            found(&reconciled, EC2_OTHER).because[0],
            "paid by use, not by the hour: data through NAT gateways, EBS volumes and snapshots, transfer \
             between zones"
        );
        assert_eq!(
            found(&reconciled, EC2).because[0],
            "1 of 1 running instances were started after that day began"
        );
        assert_eq!(found(&reconciled, "Tax").because, ["tax is in no price list"]);
        assert_eq!(found(&reconciled, "AmazonCloudWatch").running, None);
        assert_eq!(
            reconciled.lines[0].service, EC2,
            "the largest difference comes first"
        );
        assert!(
            reconciled.notes[0].contains("still counts"),
            "{:?}",
            reconciled.notes
        );
        let difference = found(&reconciled, EC2).difference().unwrap();
        assert!((difference - (6.0 - 1.237 * 24.0)).abs() < 1e-9, "{difference}");
    }

    #[test]
    fn a_day_that_aws_still_counts_is_not_compared_where_one_before_it_is_known() {
        let mut bench = billed(&[(RDS, 1.1)]);
        let bill = bench.state().usage.get().expect("it is known").clone();
        let before = DailyCost {
            date: date(2026, 11, 19),
            estimated: false,
            by_service: vec![(RDS.to_owned(), 2.4)],
        };
        bench.know(
            Source::Usage,
            ReplyData::Usage(Usage {
                daily: bill.daily.iter().cloned().chain([before]).collect(),
                ..bill.clone()
            }),
        );
        let reconciled = of(&bench, vec![item(BurnKind::Rds, Some("0.1"))]);
        assert_eq!(
            (reconciled.day, reconciled.estimated),
            (date(2026, 11, 19), Some(false))
        );
        assert_eq!(
            found(&reconciled, RDS).because,
            [""; 0],
            "2.40 a day is what runs"
        );
    }

    #[test]
    fn without_a_bill_nothing_is_called_a_difference() {
        let reconciled = of(&Bench::new(), vec![item(BurnKind::Rds, Some("0.1"))]);
        assert_eq!((reconciled.billed, reconciled.estimated), (None, None));
        assert_eq!(reconciled.lines[0].difference(), None);
        assert_eq!(reconciled.lines[0].because, [""; 0]);
    }

    #[test]
    fn what_has_no_price_is_named_as_the_reason() {
        let bench = billed(&[(ELASTICACHE, 3.0)]);
        let reconciled = of(&bench, vec![item(BurnKind::Elasticache, None)]);
        let line = found(&reconciled, ELASTICACHE);
        assert_eq!(line.running, None);
        assert_eq!(line.because[0], "1 of 1 items have no price here");
    }
}

//! The bill beside what runs: whoever sets one beside the other finds nothing to wonder about.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use pretty_assertions::assert_eq;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::cost::{DailyCost, Usage};
use quarterdeck::domain::inventory::{Inventory, ScopeState};
use quarterdeck::domain::ops::{self, Query, ReplyData};
use quarterdeck::domain::price::{BurnItem, BurnKind, PriceTable};
use quarterdeck::domain::{burn_rate, edge_cost, reconcile};

use super::findings::{findings, inventory};
use super::stage::Stage;

/// What may differ, as a share of the larger amount.
const SHARE: f64 = 0.05;
/// What may differ in any case, US dollars a day: a cent here and there, and Spot prices that drift.
const DOLLARS: f64 = 0.10;
/// What is paid by use varies with the hours of a day: how far it may be off, as a share of it.
const BY_USE: f64 = 0.5;

/// What runs now for a day, and how far the bill of yesterday may be off.
#[derive(Debug, Clone, Copy, Default)]
struct Expected {
    usd: f64,
    off: f64,
}

#[test]
fn yesterdays_bill_is_that_of_what_runs() {
    for world in World::ALL {
        // At sixteen AWS has counted all of yesterday; by then everyday's workers have grown beyond it.
        for (scenario, hours) in [(Scenario::Everyday, 0), (Scenario::Quiet, 16)] {
            let stage = Stage::open_at(world, scenario, hours);
            let known = counted_share(&stage);
            let inventory = inventory(&stage);
            let billed = billed_yesterday(&stage, &inventory);
            let mut wrong = Vec::new();
            for (service, expected) in expected(&stage, &inventory) {
                let billed = billed.get(&service).copied().unwrap_or_default();
                let runs = expected.usd * known;
                let off = DOLLARS + expected.off + SHARE * runs.max(billed);
                if (billed - runs).abs() > off {
                    wrong.push(format!(
                        "{service}: {billed:.2} billed, {runs:.2} runs (off by {off:.2} at most)"
                    ));
                }
            }
            assert_eq!(wrong, Vec::<String>::new(), "{world} {scenario}");
        }
    }
}

/// The share of yesterday that is in the bill, nine hours late as it is.
fn counted_share(stage: &Stage) -> f64 {
    let known = stage.now() - SignedDuration::from_hours(9);
    let hours = known.duration_since(begin_of_yesterday(stage)).as_secs_f64() / 3_600.0;
    (hours / 24.0).clamp(0.0, 1.0)
}

fn begin_of_yesterday(stage: &Stage) -> Timestamp {
    let yesterday = today(stage).yesterday().expect("time has begun");
    yesterday.to_zoned(TimeZone::UTC).expect("in range").timestamp()
}

/// The bill of the last whole day.
fn billed_yesterday(stage: &Stage, inventory: &Inventory) -> BTreeMap<String, f64> {
    let yesterday = today(stage).yesterday().expect("time has begun");
    let leader = inventory.account_leaders().next().expect("one account");
    let usage = leader.usage.get().expect("it was read");
    let day = usage.daily.iter().find(|day| day.date == yesterday);
    day.expect("the bill has it").by_service.iter().cloned().collect()
}

/// What runs, by service, without what has not run for the whole of yesterday.
fn expected(stage: &Stage, inventory: &Inventory) -> BTreeMap<String, Expected> {
    let state = inventory.shown().next().expect("one scope");
    let young = started_since(stage, state);
    let burn = burn_rate::of(inventory, PriceTable::shipped());
    let mut services: BTreeMap<String, Expected> = BTreeMap::new();
    for item in burn.items.iter().filter(|item| !young.contains(&item.id)) {
        let (Some(service), Some(rate)) = (reconcile::service_of(item.kind), item.per_hour()) else {
            continue;
        };
        let of = services.entry(service.to_owned()).or_default();
        of.usd += rate.per_day().as_f64();
        let flowing = flowing(stage, state, item);
        of.usd += flowing;
        of.off += flowing * BY_USE;
    }
    // The gigabytes of Aurora and the requests of serverless endpoints have no hour.
    for (service, off) in [
        ("Amazon Relational Database Service", 0.5),
        ("Amazon SageMaker", 1.0),
    ] {
        if let Some(of) = services.get_mut(service) {
            of.off += if stage.scope.profile_name() == "fashion" {
                off
            } else {
                0.0
            };
        }
    }
    services
}

/// Bytes and capacity units of a day, US dollars.
fn flowing(stage: &Stage, state: &ScopeState, item: &BurnItem) -> f64 {
    let bill = match item.kind {
        BurnKind::NatGateway => edge_cost::nat(state, &item.id, stage.now()),
        BurnKind::LoadBalancer => {
            let balancing = state.balancing.get().into_iter();
            balancing
                .flat_map(|all| &all.load_balancers)
                .find(|balancer| balancer.arn == item.id)
                .and_then(|balancer| edge_cost::balancer(state, balancer, stage.now()))
        }
        _ => None,
    };
    bill.and_then(|bill| bill.flowing)
        .map_or(0.0, |rate| rate.per_day().as_f64())
}

/// Training jobs, which take hours, and notebooks that have not been on for the whole of yesterday.
fn started_since(stage: &Stage, state: &ScopeState) -> Vec<String> {
    let begin = begin_of_yesterday(stage);
    let jobs = state.training_jobs.get().into_iter().flatten();
    let notebooks = state.notebooks.get().into_iter().flatten();
    jobs.map(|job| job.arn.clone())
        .chain(
            notebooks
                .filter(|notebook| notebook.running_since.is_some_and(|since| since > begin))
                .map(|notebook| notebook.arn.clone()),
        )
        .collect()
}

fn today(stage: &Stage) -> Date {
    stage.now().to_zoned(TimeZone::UTC).date()
}

fn usage(stage: &Stage) -> Usage {
    let month = today(stage).first_of_month();
    let query = Query::Cost(ops::cost::Read::Usage {
        from: month,
        to: today(stage).tomorrow().expect("not the end of time"),
        month,
        tag: None,
        credits_since: Some(month),
    });
    match stage.read(&query) {
        ReplyData::Usage(usage) => usage,
        other => panic!("{other:?}"),
    }
}

#[test]
fn credits_go_as_the_bill_grows() {
    let stage = Stage::open(World::Fashion, Scenario::Quiet);
    let used = |usage: &Usage| usage.credits_used.as_ref().expect("it lives on credits").amount;
    let billed = |usage: &Usage| usage.daily.iter().map(DailyCost::total).sum::<f64>();
    let first = usage(&stage);
    assert_eq!(used(&first), 100.0, "of 1,000, 900 are left when it opens");
    for hours in [0, 3, 20, 30] {
        stage.pass(SignedDuration::from_hours(hours));
        let now = usage(&stage);
        let (spent, grown) = (used(&now) - used(&first), billed(&now) - billed(&first));
        assert!(
            (spent - grown).abs() < 0.2,
            "{spent:.2} of {grown:.2} at {}",
            stage.now()
        );
    }
}

#[test]
fn an_anomaly_that_is_over_stands_out_of_its_days() {
    let stage = Stage::open(World::Invokeai, Scenario::Everyday);
    let anomalies = match stage.read(&Query::Cost(ops::cost::Read::Anomalies {
        from: today(&stage).first_of_month(),
    })) {
        ReplyData::Anomalies(anomalies) => anomalies,
        other => panic!("{other:?}"),
    };
    let anomaly = &anomalies[0];
    let day = |text: &Option<String>| text.as_deref().expect("known").parse::<Date>().expect("a day");
    let days = day(&anomaly.start)..=day(&anomaly.end);
    let (mut during, mut else_where) = (Vec::new(), Vec::new());
    for of in usage(&stage).daily.iter().filter(|of| !of.estimated) {
        let into = if days.contains(&of.date) {
            &mut during
        } else {
            &mut else_where
        };
        into.push(of.total());
    }
    let mean = |days: &[f64]| days.iter().sum::<f64>() / days.len() as f64;
    let above = (mean(&during) - mean(&else_where)) * during.len() as f64;
    assert!(
        (above - anomaly.impact_usd).abs() < anomaly.impact_usd * 0.2,
        "{above:.2} above the other days, the anomaly says {:.2}",
        anomaly.impact_usd
    );
    assert!(
        findings(&stage)
            .iter()
            .any(|finding| finding.rule == "cost.anomaly")
    );
}

use jiff::civil::date;
use pretty_assertions::assert_eq;

use crate::domain::burn_rate;
use crate::domain::ec2::{Instance, NatGateway, Purchase, SpotPrice, VpcEndpoint};
use crate::domain::ecs::{Fleet, Service, TaskDefinition};
use crate::domain::elb::Balancing;
use crate::domain::ids::Tag;
use crate::domain::inventory::Source;
use crate::domain::metric_catalog::{rds, serverless_cache};
use crate::domain::ops::ReplyData;
use crate::domain::policy::{FixedCost, Policy};
use crate::domain::price::{BurnItem, BurnKind, BurnRate, PriceTable};
use crate::domain::rules::sample::{
    Bench, at, cache, db, db_cluster, instance, load_balancer, serverless, service, task_definition,
};
use crate::domain::units::{Usd, UsdPerHour};

fn hour(text: &str) -> UsdPerHour {
    UsdPerHour::new(text.parse().unwrap())
}

fn burn(bench: &Bench) -> BurnRate {
    burn_rate::of(&bench.inventory, PriceTable::shipped())
}

/// Kind, name, how many, what they cost together, and the note.
fn line(item: &BurnItem) -> (BurnKind, &str, u32, Option<UsdPerHour>, &str) {
    (item.kind, &item.name, item.count, item.per_hour(), &item.note)
}

fn in_group(group: &str, instance: Instance) -> Instance {
    Instance {
        tags: vec![Tag {
            key: "aws:autoscaling:groupName".to_owned(),
            value: group.to_owned(),
        }],
        ..instance
    }
}

fn definition(family: &str, revision: u32, architecture: Option<&str>) -> TaskDefinition {
    TaskDefinition {
        cpu_units: Some(512),
        memory_mib: Some(1024),
        architecture: architecture.map(str::to_owned),
        ..task_definition(family, revision)
    }
}

#[test]
fn nothing_known_costs_nothing_known() {
    let rate = burn(&Bench::new());
    assert_eq!(rate.items, []);
    assert_eq!(rate.total, None);
    assert!(rate.is_partial(), "nothing was read");
}

#[test]
fn an_estate_without_anything_that_runs_costs_nothing() {
    let mut bench = Bench::new();
    bench.know(Source::EcsFleet, ReplyData::EcsFleet(Fleet::default()));
    bench.know(Source::Instances, ReplyData::Instances(Vec::new()));
    bench.know(Source::DbInstances, ReplyData::DbInstances(Vec::new()));
    bench.know(Source::Caches, ReplyData::Caches(Vec::new()));
    bench.know(Source::NatGateways, ReplyData::NatGateways(Vec::new()));
    let partial = burn(&bench);
    assert_eq!((partial.total, partial.unread), (None, true));
    bench.know(Source::Balancing, ReplyData::Balancing(Balancing::default()));
    let whole = burn(&bench);
    assert_eq!((whole.total, whole.unread), (Some(UsdPerHour::ZERO), false));
}

#[test]
fn instances_of_a_group_are_one_item_and_spot_has_the_price_of_its_zone() {
    let mut bench = Bench::new();
    let spot = |id: &str, zone: &str| Instance {
        purchase: Purchase::Spot,
        zone: zone.to_owned(),
        ..in_group("workers", instance(id, "g5.xlarge"))
    };
    let stopped = Instance {
        state: "stopped".to_owned(),
        ..instance("i-9", "g5.xlarge")
    };
    bench.know(
        Source::Instances,
        ReplyData::Instances(vec![
            in_group("workers", instance("i-1", "g5.xlarge")),
            in_group("workers", instance("i-2", "g5.xlarge")),
            spot("i-3", "ap-northeast-2a"),
            spot("i-4", "ap-northeast-2c"),
            stopped,
        ]),
    );
    bench.know(
        Source::SpotPrices,
        ReplyData::SpotPrices(vec![SpotPrice {
            instance_type: "g5.xlarge".to_owned(),
            zone: "ap-northeast-2a".to_owned(),
            usd_per_hour: 0.4119,
            at: at(0),
        }]),
    );
    let rate = burn(&bench);
    assert_eq!(
        rate.items.iter().map(line).collect::<Vec<_>>(),
        [
            (BurnKind::Ec2, "workers", 2, Some(hour("2.474")), "g5.xlarge"),
            (
                BurnKind::Ec2Spot,
                "workers",
                1,
                Some(hour("0.4119")),
                "g5.xlarge, Spot"
            ),
            // No Spot price of that zone was read, and the on-demand price would be wrong.
            (BurnKind::Ec2Spot, "workers", 1, None, "g5.xlarge, Spot"),
        ]
    );
    assert_eq!(rate.unknown, ["workers"]);
    assert_eq!(rate.total, Some(hour("2.8859")));
}

#[test]
fn what_linux_prices_do_not_cover_has_none() {
    let mut bench = Bench::new();
    let windows = Instance {
        platform: Some("windows".to_owned()),
        ..instance("i-1", "t3.small")
    };
    let block = Instance {
        purchase: Purchase::CapacityBlock,
        ..instance("i-2", "p5.48xlarge")
    };
    bench.know(Source::Instances, ReplyData::Instances(vec![windows, block]));
    let rate = burn(&bench);
    assert_eq!(rate.total, None);
    assert_eq!(rate.unknown, ["host-i-1", "host-i-2"]);
}

#[test]
fn fargate_tasks_cost_by_size_and_architecture_and_tasks_on_instances_nothing() {
    let on = |name: &str, capacity: &[&str], running: u32| Service {
        capacity: capacity.iter().map(|one| (*one).to_owned()).collect(),
        running,
        ..service(name, 1)
    };
    let mut bench = Bench::new();
    bench.services(vec![
        on("intel", &["FARGATE"], 2),
        on("arm", &["FARGATE", "FARGATE_SPOT"], 1),
        on("spot", &["FARGATE_SPOT"], 3),
        on("hosts", &["EC2"], 4),
        on("unread", &["FARGATE"], 1),
        on("asleep", &["FARGATE"], 0),
    ]);
    bench.know(
        Source::TaskDefinitions,
        ReplyData::TaskDefinitions(vec![
            definition("intel", 1, None),
            definition("arm", 1, Some("ARM64")),
            definition("spot", 1, None),
        ]),
    );
    let table = PriceTable::shipped();
    let price = |arch, running: u64| {
        let size = crate::domain::price::FargateSize::new(512, crate::domain::units::Mib(1024));
        table
            .fargate("ap-northeast-2", arch, size)
            .map(|price| price.value * running)
    };
    let rate = burn(&bench);
    assert_eq!(
        rate.items.iter().map(line).collect::<Vec<_>>(),
        [
            (
                BurnKind::Fargate,
                "intel",
                2,
                price(crate::domain::price::Arch::X86, 2),
                "0.5 vCPU, 1 GiB"
            ),
            (
                BurnKind::Fargate,
                "arm",
                1,
                price(crate::domain::price::Arch::Arm, 1),
                "0.5 vCPU, 1 GiB, arm64, at most: some may be on Spot"
            ),
            (BurnKind::Fargate, "unread", 1, None, "task size not read"),
            (BurnKind::FargateSpot, "spot", 3, None, "0.5 vCPU, 1 GiB"),
        ]
    );
}

#[test]
fn a_stopped_database_still_pays_for_its_storage() {
    let mut stopped = db("orders");
    stopped.status = "stopped".to_owned();
    let mut bench = Bench::new();
    bench.know(Source::DbInstances, ReplyData::DbInstances(vec![stopped]));
    let rate = burn(&bench);
    let kinds: Vec<BurnKind> = rate.items.iter().map(|item| item.kind).collect();
    assert_eq!(kinds, [BurnKind::RdsStorage]);
    assert!(rate.total > Some(UsdPerHour::ZERO));
}

#[test]
fn a_standby_costs_as_much_again() {
    let one = |multi_az: bool| {
        let mut db = db("orders");
        db.class = "db.t3.small".to_owned();
        db.multi_az = multi_az;
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
        burn(&bench).by_kind[&BurnKind::Rds]
    };
    assert_eq!(one(false), hour("0.056"));
    assert_eq!(one(true), hour("0.112"));
}

#[test]
fn provisioned_iops_serverless_and_aurora_storage_have_no_price_that_we_know() {
    let mut fast = db("fast");
    fast.storage_type = Some("io2".to_owned());
    let mut elastic = db("elastic");
    elastic.engine = "aurora-postgresql".to_owned();
    elastic.class = "db.serverless".to_owned();
    let mut bench = Bench::new();
    bench.know(Source::DbInstances, ReplyData::DbInstances(vec![fast, elastic]));
    bench.know(
        Source::DbClusters,
        ReplyData::DbClusters(vec![db_cluster("shop", 1)]),
    );
    bench.know(Source::Caches, ReplyData::Caches(vec![serverless("sessions")]));
    let mut unknown = burn(&bench).unknown;
    unknown.sort();
    assert_eq!(unknown, ["elastic", "fast", "sessions", "shop"]);
}

#[test]
fn capacity_that_follows_the_load_is_paid_as_it_was_measured() {
    let mut elastic = db("elastic");
    elastic.engine = "aurora-postgresql".to_owned();
    elastic.class = "db.serverless".to_owned();
    let mut sessions = serverless("sessions");
    sessions.engine = "valkey".to_owned();
    let mut bench = Bench::new();
    bench.know(Source::DbInstances, ReplyData::DbInstances(vec![elastic]));
    bench.know(Source::Caches, ReplyData::Caches(vec![sessions]));
    let minute = bench.minute();
    let every =
        |value: f64| -> Vec<(i64, f64)> { (1..=12).rev().map(|back| (minute - 5 * back, value)).collect() };
    bench.steady(rds::SERVERLESS_CAPACITY.of("elastic"), 2.5);
    bench.metric(
        serverless_cache::BYTES.of("sessions"),
        300,
        &every(3.0 * 1_073_741_824.0),
    );
    let rate = burn(&bench);
    // Seoul: 0.2 a capacity unit, 0.101 a gigabyte of Valkey, 0.0000000027 a processing unit.
    assert_eq!(rate.by_kind[&BurnKind::Rds], hour("0.5"));
    assert_eq!(rate.by_kind[&BurnKind::Elasticache], hour("0.303"));
    let note = |rate: &BurnRate| {
        let mut of = rate
            .items
            .iter()
            .filter(|item| item.kind == BurnKind::Elasticache);
        of.next().unwrap().note.clone()
    };
    assert_eq!(
        note(&rate),
        "serverless, 3.00 GB, without requests, which are not known"
    );
    bench.metric(
        serverless_cache::PROCESSING_UNITS.of("sessions"),
        300,
        &every(1_000_000.0),
    );
    let rate = burn(&bench);
    assert_eq!(rate.by_kind[&BurnKind::Elasticache], hour("0.3354"));
    assert_eq!(note(&rate), "serverless, 3.00 GB and requests");
    // What holds next to nothing is billed for the least that AWS bills.
    bench.metric(serverless_cache::BYTES.of("sessions"), 300, &every(1.0));
    assert_eq!(burn(&bench).by_kind[&BurnKind::Elasticache], hour("0.0425"));
}

#[test]
fn interface_endpoints_are_paid_in_each_subnet() {
    let endpoint = |id: &str, form: &str, state: &str| VpcEndpoint {
        id: id.to_owned(),
        name: None,
        service: "com.amazonaws.ap-northeast-2.ecr.dkr".to_owned(),
        form: form.to_owned(),
        state: state.to_owned(),
        vpc: None,
        subnets: 2,
    };
    let mut bench = Bench::new();
    let endpoints = vec![
        endpoint("vpce-1", "Interface", "available"),
        endpoint("vpce-2", "Interface", "deleting"),
        endpoint("vpce-3", "Gateway", "available"),
        endpoint("vpce-4", "GatewayLoadBalancer", "available"),
    ];
    bench.know(Source::VpcEndpoints, ReplyData::VpcEndpoints(endpoints));
    let rate = burn(&bench);
    assert_eq!(rate.by_kind[&BurnKind::VpcEndpoint], hour("0.026"));
    assert_eq!(rate.unknown, ["vpce-4"]);
}

#[test]
fn caches_gateways_balancers_and_addresses_are_counted() {
    let mut bench = Bench::new();
    bench.know(Source::Caches, ReplyData::Caches(vec![cache("sessions", 2)]));
    bench.know(
        Source::NatGateways,
        ReplyData::NatGateways(
            ["available", "deleted"]
                .map(|state| NatGateway {
                    id: format!("nat-{state}"),
                    name: None,
                    state: state.to_owned(),
                    vpc: None,
                    subnet: None,
                    public_addresses: 1,
                })
                .into(),
        ),
    );
    bench.balancing(Balancing {
        load_balancers: vec![load_balancer("main")],
        target_groups: Vec::new(),
    });
    let public = |id: &str| Instance {
        public_ip: Some("203.0.113.7".to_owned()),
        ..instance(id, "t3.small")
    };
    bench.know(
        Source::Instances,
        ReplyData::Instances(vec![public("i-1"), public("i-2"), instance("i-3", "t3.small")]),
    );
    let rate = burn(&bench);
    let many = |kind| {
        rate.items
            .iter()
            .filter(|item| item.kind == kind)
            .map(|item| item.count)
            .sum::<u32>()
    };
    assert_eq!(
        [
            BurnKind::Elasticache,
            BurnKind::NatGateway,
            BurnKind::LoadBalancer,
            BurnKind::PublicIpv4,
            BurnKind::Ec2
        ]
        .map(many),
        // Two addresses of instances, one of the NAT gateway that is there.
        [2, 1, 1, 3, 3]
    );
    assert_eq!(rate.unknown, [""; 0]);
    assert!(rate.as_of.is_some_and(|day| day > date(2020, 1, 1)));
}

#[test]
fn fixed_costs_stand_apart() {
    let policy = Policy {
        fixed_monthly_costs: vec![FixedCost {
            name: "AI API".to_owned(),
            monthly_usd: 60.0,
        }],
        ..Policy::default()
    };
    assert_eq!(
        burn_rate::fixed_costs(&policy),
        [("AI API".to_owned(), Usd::from_cents(6000))]
    );
}

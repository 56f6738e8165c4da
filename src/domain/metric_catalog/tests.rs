use pretty_assertions::assert_eq;

use super::*;
use crate::domain::ec2::NatGateway;
use crate::domain::inventory::Source;
use crate::domain::ops::ReplyData;
use crate::domain::rules::sample::{
    Bench, MAIN, cache as sample_cache, db, instance, load_balancer as balancer, serverless, service,
};

fn names(specs: &[MetricSpec]) -> Vec<&str> {
    specs.iter().map(|spec| spec.id.name.as_str()).collect()
}

#[test]
fn a_reference_and_its_full_name_have_one_fingerprint() {
    let reference = target_group::UNHEALTHY.of_both("targetgroup/api/1", "app/main/2");
    let id = reference.id();
    assert!(reference.is(&id));
    assert_eq!(reference.fingerprint(), fingerprint_of(&id));
    for other in [
        target_group::HEALTHY.of_both("targetgroup/api/1", "app/main/2"),
        target_group::UNHEALTHY.of_both("targetgroup/web/1", "app/main/2"),
        target_group::UNHEALTHY.of_both("targetgroup/api/1", "app/other/2"),
    ] {
        assert!(!other.is(&id));
        assert_ne!(other.fingerprint(), fingerprint_of(&id));
    }
}

#[test]
fn the_same_metric_by_minute_and_by_hour_are_two() {
    let (minute, hour) = (
        rds::FREE_STORAGE.of("shop-db").spec(),
        rds::FREE_STORAGE_BY_HOUR.of("shop-db").spec(),
    );
    assert_eq!((minute.period_s, hour.period_s), (60, 3600));
    assert_ne!(minute.id, hour.id, "values are kept by id");
}

#[test]
fn a_database_is_asked_for_what_its_class_and_storage_have() {
    let common = [
        "CPUUtilization",
        "DatabaseConnections",
        "FreeableMemory",
        "SwapUsage",
        "ReadLatency",
        "WriteLatency",
        "DiskQueueDepth",
    ];
    let asked = |db: &DbInstance| {
        names(&rds_metrics(db))
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let with = |more: &[&str]| {
        common
            .iter()
            .chain(more)
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let mut plain = db("shop-db");
    assert_eq!(
        asked(&plain),
        with(&["FreeStorageSpace", "FreeStorageSpace", "CPUCreditBalance"])
    );
    plain.class = "db.m6g.large".to_owned();
    plain.storage_type = Some("gp2".to_owned());
    plain.replica_of = Some("other".to_owned());
    assert_eq!(
        asked(&plain),
        with(&[
            "FreeStorageSpace",
            "FreeStorageSpace",
            "ReplicaLag",
            "BurstBalance"
        ])
    );
    plain.engine = "aurora-postgresql".to_owned();
    plain.storage_type = Some("aurora".to_owned());
    plain.replica_of = None;
    assert_eq!(asked(&plain), with(&["AuroraReplicaLag"]));
    plain.status = "stopped".to_owned();
    assert_eq!(asked(&plain), [""; 0]);
}

#[test]
fn only_what_runs_out_is_asked_of_an_instance() {
    assert_eq!(
        names(&ec2_metrics(&instance("i-1", "t3.medium"))),
        [
            "StatusCheckFailed",
            "CPUUtilization",
            "CPUCreditBalance",
            "EBSIOBalance%",
            "EBSByteBalance%"
        ]
    );
    assert_eq!(
        names(&ec2_metrics(&instance("i-1", "p4d.24xlarge"))),
        ["StatusCheckFailed", "CPUUtilization"]
    );
    let mut stopped = instance("i-1", "t3.medium");
    stopped.state = "stopped".to_owned();
    assert_eq!(ec2_metrics(&stopped), []);
}

#[test]
fn each_node_of_a_cache_is_asked_once_and_only_replicas_for_their_lag() {
    let specs = cache_metrics(&sample_cache("sessions", 2));
    let of = |node: &str| {
        specs
            .iter()
            .filter(|spec| spec.id.dimensions == [("CacheClusterId".to_owned(), node.to_owned())])
            .map(|spec| spec.id.name.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (of("sessions-001").len(), of("sessions-002").len(), specs.len()),
        (7, 8, 15)
    );
    assert!(!of("sessions-001").contains(&"ReplicationLag"));
    assert!(of("sessions-002").contains(&"ReplicationLag"));
    let mut memcached = sample_cache("pages", 1);
    memcached.engine = "memcached".to_owned();
    assert_eq!(
        names(&cache_metrics(&memcached)),
        [
            "CPUUtilization",
            "Evictions",
            "GetHits",
            "GetMisses",
            "CurrConnections"
        ]
    );
    let whole = cache_metrics(&serverless("tokens"));
    assert!(
        whole
            .iter()
            .all(|spec| spec.id.dimensions == [("clusterId".to_owned(), "tokens".to_owned())])
    );
}

#[test]
fn requests_reach_back_to_yesterday_and_network_balancers_have_only_hosts() {
    let specs = load_balancer_metrics(&balancer("main"));
    let requests = specs.iter().find(|spec| spec.id.name == "RequestCount").unwrap();
    assert_eq!(
        requests.id.dimensions,
        [("LoadBalancer".to_owned(), MAIN.to_owned())]
    );
    assert!(requests.lookback_s > 25 * 3600);
    let mut network = balancer("main");
    network.form = "network".to_owned();
    assert_eq!(load_balancer_metrics(&network), []);

    let mut bench = Bench::new();
    bench.target_group("api-tg", &[]);
    let mut group = bench.state().balancing.get().unwrap().target_groups[0].clone();
    assert_eq!(target_group_metrics(&group).len(), 5);
    group.load_balancers = vec![balancer("main").arn.replace("/app/", "/net/")];
    assert_eq!(
        names(&target_group_metrics(&group)),
        ["HealthyHostCount", "UnHealthyHostCount"]
    );
    group.load_balancers.clear();
    assert_eq!(target_group_metrics(&group), []);
}

#[test]
fn a_group_of_metrics_follows_the_resources_that_are_known() {
    let mut bench = Bench::new();
    for &group in MetricGroup::ALL {
        assert_eq!(specs(group, bench.state()), [], "{}", group.name());
    }
    let mut idle = service("batch", 1);
    (idle.desired, idle.running) = (0, 0);
    bench.services(vec![service("api", 1), idle]);
    assert_eq!(
        names(&specs(MetricGroup::Ecs, bench.state())),
        ["CPUUtilization", "MemoryUtilization"]
    );
    let gateway = |id: &str, state: &str| NatGateway {
        id: id.to_owned(),
        name: None,
        state: state.to_owned(),
        vpc: None,
        subnet: None,
        public_addresses: 1,
    };
    bench.know(
        Source::NatGateways,
        ReplyData::NatGateways(vec![gateway("nat-1", "available"), gateway("nat-2", "deleted")]),
    );
    assert_eq!(specs(MetricGroup::Nat, bench.state()).len(), 3);
    let agent = |name: &str| MetricId::new("CWAgent", name, &[("InstanceId", "i-1")], Stat::Maximum);
    bench.know(
        Source::GpuMetricList,
        ReplyData::MetricList(vec![
            agent("nvidia_smi_utilization_gpu"),
            agent("mem_used_percent"),
        ]),
    );
    let gpu = specs(MetricGroup::Gpu, bench.state());
    assert_eq!(names(&gpu), ["nvidia_smi_utilization_gpu"]);
    assert_eq!(gpu[0].id.stat, Stat::Average);
}

#[test]
fn a_whole_estate_stays_within_its_budget() {
    // Two databases, a cache of two nodes, a load balancer with two groups, four hosts, two queues.
    let mut bench = Bench::new();
    bench.target_group("api-tg", &[]);
    bench.target_group("web-tg", &[]);
    bench.know(
        Source::DbInstances,
        ReplyData::DbInstances(vec![db("shop-db"), db("shop-db-2")]),
    );
    bench.know(
        Source::Caches,
        ReplyData::Caches(vec![sample_cache("sessions", 2)]),
    );
    let hosts = ["i-1", "i-2", "i-3", "i-4"].map(|id| instance(id, "g5.xlarge"));
    bench.know(Source::Instances, ReplyData::Instances(hosts.to_vec()));
    let judged: usize = MetricGroup::ALL
        .iter()
        .copied()
        .filter(|group| group.feeds_rules())
        .map(|group| specs(group, bench.state()).len())
        .sum();
    let a_day_by_ten_minutes = judged as f64 * 144.0 * 0.01 / 1000.0;
    assert!(
        a_day_by_ten_minutes <= 0.25,
        "{judged} metrics cost {a_day_by_ten_minutes} USD a day"
    );
}

#[test]
fn burstable_classes_are_told_from_others() {
    for (class, burstable) in [
        ("t3.medium", true),
        ("db.t4g.small", true),
        ("cache.t2.micro", true),
        ("trn1.2xlarge", false),
        ("m6i.large", false),
        ("db.serverless", false),
    ] {
        assert_eq!(is_burstable(class), burstable, "{class}");
    }
}

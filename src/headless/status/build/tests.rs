use std::collections::BTreeSet;

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::*;
use crate::domain::asg::GroupInstance;
use crate::domain::bucket::{Bucket, Lifecycle, Versioning};
use crate::domain::ec2::{Instance, Purchase};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::gpu::{GpuCard, GpuProcess, HostReading, ProbeOutcome, ReadingSource};
use crate::domain::ids::Tag;
use crate::domain::inventory::Source;
use crate::domain::metric_catalog::{cache as cache_metrics, queue as queue_metrics, rds as rds_metrics};
use crate::domain::ops::{Reply, ReplyData};
use crate::domain::queue::Queue;
use crate::domain::rules::sample::{Bench, cache, db, group, in_state, instance, service};
use crate::headless::status::{KINDS, collected};

fn picture(bench: &Bench) -> Picture {
    let mut picture = Picture::empty(bench.inventory.clone(), bench.now);
    picture.findings = bench.evaluate();
    picture
}

fn document(bench: &Bench, kinds: &[Kind]) -> Value {
    let kinds: BTreeSet<Kind> = kinds.iter().copied().collect();
    serde_json::to_value(status(&picture(bench), &Policies::default(), &kinds)).unwrap()
}

/// The names of an object's fields.
fn fields(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_document_has_the_parts_of_the_contract() {
    let status = document(&Bench::new(), KINDS);
    assert_eq!(
        fields(&status),
        [
            "api",
            "at",
            "errors",
            "findings",
            "recovery",
            "resources",
            "schema",
            "scopes",
            "spend"
        ]
    );
    assert_eq!(status["schema"], "quarterdeck.status/1");
    assert_eq!(
        status["scopes"][0],
        json!({
            "name": "default/ap-northeast-2", "profile": "default", "account": "123456789012",
            "region": "ap-northeast-2", "arn": "arn:aws:sts::123456789012:assumed-role/oncall/alice",
        })
    );
}

#[test]
fn a_kind_that_was_not_read_is_absent_and_an_empty_one_is_empty() {
    let mut bench = Bench::new();
    bench.know(Source::Queues, ReplyData::Queues(Vec::new()));
    bench.fail(
        Source::LogGroups,
        Fault::new(FaultKind::AccessDenied, "logs", "DescribeLogGroups", "not you").with_code("AccessDenied"),
    );
    let status = document(&bench, &[Kind::Queue, Kind::LogGroup, Kind::Alarm]);
    assert_eq!(status["resources"], json!({"queue": []}));
    assert_eq!(
        status["errors"],
        json!([{
            "scope": "default/ap-northeast-2", "kind": "log-group", "operation": "logs:DescribeLogGroups",
            "code": "AccessDenied", "message": "not you",
            "hint": "allow logs:DescribeLogGroups for profile default; `qd iam-policy` prints the whole policy",
        }])
    );
    let rules: Vec<&str> = status["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["rule"].as_str())
        .collect();
    assert_eq!(rules, ["collect.unreadable"]);
}

#[test]
fn a_gap_is_an_error_beside_what_was_read() {
    let mut bench = Bench::new();
    let gap = Fault::timeout("sqs", "GetQueueAttributes");
    bench.answer(
        Source::Queues,
        Ok(std::sync::Arc::new(Reply {
            data: ReplyData::Queues(vec![queue("jobs")]),
            gaps: vec![gap.clone(), gap],
        })),
    );
    let status = document(&bench, &[Kind::Queue]);
    assert_eq!(status["resources"]["queue"][0]["name"], "jobs");
    let errors = status["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "an error is told once");
    assert_eq!(
        (&errors[0]["kind"], &errors[0]["code"]),
        (&json!("queue"), &json!("timeout"))
    );
}

fn queue(name: &str) -> Queue {
    Queue {
        arn: format!("arn:aws:sqs:ap-northeast-2:123456789012:{name}"),
        name: name.to_owned(),
        url: format!("https://sqs.ap-northeast-2.amazonaws.com/123456789012/{name}"),
        visible: 7,
        in_flight: 2,
        delayed: 0,
        visibility_timeout_s: None,
        dead_letter: None,
    }
}

#[test]
fn a_queue_has_the_age_of_its_oldest_message_only_if_it_was_measured() {
    let mut bench = Bench::new();
    bench.know(
        Source::Queues,
        ReplyData::Queues(vec![queue("jobs"), queue("idle")]),
    );
    bench.steady(queue_metrics::AGE.of("jobs"), 41.0);
    let status = document(&bench, &[Kind::Queue]);
    assert_eq!(
        status["resources"]["queue"][0],
        json!({
            "id": "arn:aws:sqs:ap-northeast-2:123456789012:jobs", "scope": "default/ap-northeast-2",
            "name": "jobs", "visible": 7, "in_flight": 2, "oldest_s": 41.0, "health": "ok", "reasons": [],
        })
    );
    assert_eq!(status["resources"]["queue"][1]["oldest_s"], Value::Null);
}

#[test]
fn a_service_that_lacks_tasks_says_so() {
    let mut short = service("api", 3);
    short.running = short.desired - 1;
    let mut bench = Bench::new();
    bench.services(vec![short]);
    let status = document(&bench, &[Kind::EcsService]);
    let api = &status["resources"]["ecs-service"][0];
    assert_eq!(
        fields(api),
        [
            "cluster",
            "desired",
            "health",
            "id",
            "images",
            "name",
            "pending",
            "reasons",
            "rollout",
            "running",
            "scope",
            "task_definition"
        ]
    );
    assert_eq!(api["health"], "warn");
    assert_eq!(api["images"], Value::Null, "the revision was not read");
    assert_eq!(api["reasons"].as_array().unwrap().len(), 1);
    let finding = &status["findings"][0];
    assert_eq!(
        fields(finding),
        [
            "accepted", "evidence", "id", "kind", "name", "rule", "runbooks", "scope", "severity", "since",
            "title"
        ]
    );
    assert_eq!(
        (&finding["kind"], &finding["severity"]),
        (&json!("ecs-service"), &json!("warn"))
    );
}

#[test]
fn findings_about_other_kinds_are_left_out() {
    let mut short = service("api", 3);
    short.running = 0;
    let mut bench = Bench::new();
    bench.services(vec![short]);
    assert_eq!(document(&bench, &[Kind::Queue])["findings"], json!([]));
}

#[test]
fn a_group_tells_how_each_instance_is_paid_for() {
    let mut workers = group("workers", 0);
    workers.instances = vec![
        GroupInstance {
            instance_type: Some("g5.xlarge".to_owned()),
            ..in_state("i-1", "InService")
        },
        GroupInstance {
            instance_type: None,
            ..in_state("i-2", "Pending")
        },
    ];
    let mut bench = Bench::new();
    bench.know(Source::Groups, ReplyData::Groups(vec![workers]));
    bench.know(
        Source::Instances,
        ReplyData::Instances(vec![Instance {
            purchase: Purchase::Spot,
            ..instance("i-1", "g5.xlarge")
        }]),
    );
    let status = document(&bench, &[Kind::Asg]);
    let workers = &status["resources"]["asg"][0];
    assert_eq!(workers["in_service"], 1);
    assert_eq!(workers["gpu"], true);
    let paid: Vec<&Value> = workers["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|instance| &instance["purchase"])
        .collect();
    assert_eq!(paid, [&json!("spot"), &Value::Null]);
}

fn reading(host: &str, card: GpuCard) -> HostReading {
    HostReading {
        instance_id: host.to_owned(),
        outcome: ProbeOutcome::Ok,
        detail: None,
        remedy: None,
        driver: Some("550.127.05".to_owned()),
        cards: vec![card],
        expected_cards: Some(1),
        lost_cards: Some(0),
        skipped_rows: 0,
        processes_left_out: 0,
        truncated: false,
        refused_fields: Vec::new(),
        source: ReadingSource::Ssm,
        sampled_at: "2026-11-21T02:59:58.25Z".parse().unwrap(),
    }
}

#[test]
fn a_card_is_told_with_its_host_group_and_processes_and_null_where_it_says_nothing() {
    let mut bench = Bench::new();
    bench.know(
        Source::Instances,
        ReplyData::Instances(vec![Instance {
            tags: vec![Tag {
                key: "aws:autoscaling:groupName".to_owned(),
                value: "workers".to_owned(),
            }],
            ..instance("i-1", "g5.xlarge")
        }]),
    );
    let card = GpuCard {
        uuid: Some("GPU-1".to_owned()),
        util_percent: Some(93.0),
        mem_used_mib: Some(13_000),
        mem_total_mib: Some(23_028),
        processes: Some(vec![GpuProcess {
            pid: 12,
            name: "python".to_owned(),
            mem_mib: None,
        }]),
        ..GpuCard::unknown(0)
    };
    let now = bench.now;
    bench
        .state()
        .gpu
        .settle(now, now, Ok((vec![reading("i-1", card)], Vec::new())));
    let status = document(&bench, &[Kind::Gpu, Kind::GpuHost]);
    assert_eq!(
        status["resources"]["gpu"][0],
        json!({
            "id": "GPU-1", "scope": "default/ap-northeast-2", "name": "i-1/0", "instance_id": "i-1",
            "asg": "workers", "index": 0, "uuid": "GPU-1", "product": null, "util_percent": 93.0,
            "mem_used_mib": 13_000, "mem_total_mib": 23_028, "temp_c": null, "power_w": null,
            "power_limit_w": null, "ecc_uncorrected": null, "throttle": null, "mig": null,
            "processes": [{"pid": 12, "name": "python", "mem_mib": null}], "idle": false, "source": "ssm",
            "sampled_at": "2026-11-21T02:59:58Z", "health": "ok", "reasons": [],
        })
    );
    let host = &status["resources"]["gpu-host"][0];
    assert_eq!(
        (&host["probe"], &host["driver"], &host["detail"], &host["asg"]),
        (
            &json!("ok"),
            &json!("550.127.05"),
            &Value::Null,
            &json!("workers")
        )
    );
}

#[test]
fn without_hosts_that_have_gpus_there_are_no_cards_rather_than_unknown_ones() {
    let mut bench = Bench::new();
    assert_eq!(document(&bench, &[Kind::Gpu])["resources"], json!({}));
    bench.know(
        Source::Instances,
        ReplyData::Instances(vec![instance("i-1", "t3.small")]),
    );
    assert_eq!(document(&bench, &[Kind::Gpu])["resources"], json!({"gpu": []}));
}

#[test]
fn a_database_has_its_measures_with_units() {
    let mut bench = Bench::new();
    bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db("orders")]));
    bench.steady(rds_metrics::CPU.of("orders"), 12.345_6);
    bench.steady(
        rds_metrics::FREE_STORAGE.of("orders"),
        1.5 * 1024.0 * 1024.0 * 1024.0,
    );
    let status = document(&bench, &[Kind::RdsInstance]);
    let orders = &status["resources"]["rds-instance"][0];
    assert_eq!(orders["cpu_percent"], 12.35);
    assert_eq!(orders["free_storage_gib"], 1.5);
    assert_eq!(orders["connections"], Value::Null);
    assert_eq!(orders["snapshots"], Value::Null, "they were not read");
}

#[test]
fn a_cache_is_as_full_as_its_fullest_node_and_evicts_what_all_evict() {
    let sessions = cache("sessions", 2);
    let nodes: Vec<String> = crate::domain::metric_catalog::nodes(&sessions)
        .map(|node| node.cluster_id.clone())
        .collect();
    let mut bench = Bench::new();
    bench.know(Source::Caches, ReplyData::Caches(vec![sessions]));
    for (node, (memory, evicted)) in nodes.iter().zip([(40.0, 1.0), (90.0, 2.0)]) {
        bench.steady(cache_metrics::MEMORY.of(node), memory);
        bench.steady(cache_metrics::EVICTIONS.of(node), evicted);
    }
    let status = document(&bench, &[Kind::Redis]);
    let sessions = &status["resources"]["redis"][0];
    assert_eq!(
        (
            &sessions["kind"],
            &sessions["nodes"],
            &sessions["memory_percent"],
            &sessions["evictions"]
        ),
        (&json!("replication-group"), &json!(2), &json!(90.0), &json!(3))
    );
    assert_eq!(sessions["hits"], Value::Null);
}

#[test]
fn what_a_kind_needs_is_collected_with_it_and_not_shown() {
    let needed = collected(&BTreeSet::from([Kind::Gpu]));
    assert!(needed.contains(&Kind::Ec2Instance) && needed.contains(&Kind::GpuHost));
    let mut bench = Bench::new();
    bench.know(
        Source::Instances,
        ReplyData::Instances(vec![instance("i-1", "g5.xlarge")]),
    );
    assert_eq!(
        document(&bench, &[Kind::Gpu])["resources"].get("ec2-instance"),
        None
    );
}

#[test]
fn what_belongs_to_an_account_is_told_with_its_scope_and_unknown_is_null() {
    let mut bench = Bench::new();
    let bucket = Bucket {
        name: "shop-images".to_owned(),
        region: Some("ap-northeast-2".to_owned()),
        created_at: None,
        block: None,
        account_block: None,
        policy_is_public: None,
        versioning: Some(Versioning::Enabled),
        lifecycle: Some(Lifecycle::default()),
    };
    bench.know(Source::Buckets, ReplyData::Buckets(vec![bucket]));
    let status = document(&bench, &[Kind::Bucket, Kind::Distribution]);
    assert_eq!(
        fields(&status["resources"]),
        ["bucket"],
        "distributions were not read"
    );
    let bucket = &status["resources"]["bucket"][0];
    assert_eq!(bucket["id"], "arn:aws:s3:::shop-images");
    assert_eq!(bucket["scope"], "default/global");
    assert_eq!(bucket["versioning"], "enabled");
    assert_eq!(bucket["lifecycle_rules"], 0);
    for unknown in ["access", "bytes", "objects", "storage_usd_per_month"] {
        assert_eq!(bucket[unknown], Value::Null, "{unknown}");
    }
}

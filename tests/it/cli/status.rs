//! `qd status`: the document that scripts rely on.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{WORLDS, typed};

/// Kinds that every scope has, be it with nothing in it.
const ALWAYS: [&str; 31] = [
    "alarm",
    "asg",
    "bucket",
    "certificate",
    "codebuild-project",
    "distribution",
    "ec2-instance",
    "ecr-repository",
    "ecs-service",
    "eks-cluster",
    "gpu",
    "gpu-host",
    "health-check",
    "lambda",
    "load-balancer",
    "log-group",
    "nat-gateway",
    "nodegroup",
    "notebook-instance",
    "parameter",
    "pipeline",
    "queue",
    "rds-cluster",
    "rds-instance",
    "redis",
    "sagemaker-endpoint",
    "scalable-target",
    "secret",
    "target-group",
    "training-job",
    "vpc-endpoint",
];

/// Fields beyond those that all resources have.
fn fields_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "ecs-service" => &[
            "cluster",
            "desired",
            "running",
            "pending",
            "task_definition",
            "images",
            "rollout",
        ],
        "asg" => &[
            "min",
            "max",
            "desired",
            "in_service",
            "instances",
            "suspended_processes",
            "scheduled_actions",
            "gpu",
        ],
        "ec2-instance" => &["type", "state", "gpu", "asg"],
        "gpu" => &[
            "instance_id",
            "asg",
            "index",
            "uuid",
            "product",
            "util_percent",
            "mem_used_mib",
            "mem_total_mib",
            "temp_c",
            "power_w",
            "power_limit_w",
            "ecc_uncorrected",
            "mig",
            "processes",
            "idle",
            "sampled_at",
        ],
        "gpu-host" => &["instance_id", "asg", "probe", "detail", "driver"],
        "rds-instance" => &[
            "engine",
            "engine_version",
            "class",
            "status",
            "multi_az",
            "storage_gib",
            "cpu_percent",
            "connections",
            "free_storage_gib",
            "latest_restorable_at",
            "snapshots",
        ],
        "redis" => &[
            "kind",
            "status",
            "node_type",
            "nodes",
            "cpu_percent",
            "memory_percent",
            "evictions",
            "hits",
            "misses",
        ],
        "target-group" => &["load_balancer", "healthy", "unhealthy", "targets"],
        "alarm" => &["state", "reason", "since"],
        "queue" => &["visible", "in_flight", "oldest_s"],
        "log-group" => &["retention_days", "stored_bytes"],
        "sagemaker-endpoint" => &["status", "config", "variants", "cost_usd_per_hour"],
        "training-job" => &[
            "status",
            "secondary_status",
            "elapsed_s",
            "max_runtime_s",
            "spot_saving_percent",
            "cost_usd",
        ],
        "notebook-instance" => &["form", "status", "running_h", "cost_usd_per_hour"],
        _ => &[],
    }
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn assert_contract(status: &Value) {
    assert_eq!(status["schema"], "quarterdeck.status/1");
    assert_eq!(
        keys(status),
        BTreeSet::from([
            "api",
            "at",
            "errors",
            "findings",
            "recovery",
            "resources",
            "schema",
            "scopes",
            "spend"
        ])
    );
    let scopes: BTreeSet<&str> = status["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| scope["name"].as_str().unwrap())
        .collect();
    for (kind, resources) in status["resources"].as_object().unwrap() {
        for resource in resources.as_array().unwrap() {
            let keys = keys(resource);
            let all = ["id", "scope", "name", "health", "reasons"];
            for field in all.iter().chain(fields_of(kind)) {
                assert!(keys.contains(field), "{kind} without {field}: {resource}");
            }
            let scope = resource["scope"].as_str().unwrap();
            // What is an account's is in none of its regions.
            assert!(scopes.contains(scope) || scope.ends_with("/global"), "{resource}");
            let health = resource["health"].as_str().unwrap();
            assert!(["ok", "warn", "crit", "unknown"].contains(&health), "{resource}");
            let has_reason = !resource["reasons"].as_array().unwrap().is_empty();
            assert_eq!(health != "ok", has_reason, "{resource}");
        }
    }
    for finding in status["findings"].as_array().unwrap() {
        let keys = keys(finding);
        for field in [
            "rule", "severity", "kind", "id", "scope", "title", "evidence", "since", "runbooks",
        ] {
            assert!(keys.contains(field), "{finding}");
        }
    }
    for field in ["calls", "throttled", "by_operation", "paid_usd"] {
        assert!(keys(&status["api"]).contains(field));
    }
}

#[test]
fn every_world_has_a_status_as_the_contract_says() {
    for world in WORLDS {
        let finished = typed(&format!("--demo {world} status -o json")).run();
        assert_eq!((finished.code(), finished.stderr.as_str()), (0, ""), "{world}");
        let status = finished.json();
        assert_contract(&status);
        // Advisers say nothing where the support plan has none.
        let mut collected = keys(&status["resources"]);
        collected.remove("advice");
        assert_eq!(collected, BTreeSet::from(ALWAYS), "{world}");
        assert_eq!(status["errors"], serde_json::json!([]), "{world}");
        assert_eq!(status["scopes"].as_array().unwrap().len(), 1);
        for field in [
            "currency",
            "month_to_date",
            "forecast",
            "budgets",
            "by_service",
            "by_account",
            "daily",
            "burn_rate_per_hour",
            "as_of",
            "source",
        ] {
            assert!(keys(&status["spend"]).contains(field), "{world}: {field}");
        }
        for field in ["total", "by_kind"] {
            assert!(keys(&status["spend"]["burn_rate_per_hour"]).contains(field));
        }
    }
}

#[test]
fn without_a_name_the_demo_is_all_worlds_at_once() {
    let status = typed("--demo status -o json").run().json();
    assert_contract(&status);
    let profiles: Vec<&str> = status["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| scope["profile"].as_str().unwrap())
        .collect();
    assert_eq!(profiles, WORLDS);
    let seen: BTreeSet<&str> = status["resources"]["ecs-service"]
        .as_array()
        .unwrap()
        .iter()
        .map(|service| service["scope"].as_str().unwrap())
        .collect();
    assert!(seen.len() > 1, "{seen:?}");
}

#[test]
fn only_the_kinds_that_are_asked_for_are_read() {
    let status = typed("--demo invokeai status queue alarm -o json").run().json();
    assert_eq!(keys(&status["resources"]), BTreeSet::from(["alarm", "queue"]));
    assert_eq!(status["spend"], Value::Null);
    let operations = keys(&status["api"]["by_operation"]);
    assert!(
        operations.iter().any(|operation| operation.starts_with("sqs:")),
        "{operations:?}"
    );
    for service in ["ecs:", "rds:", "ce:", "ssm:", "ec2:"] {
        assert!(
            !operations.iter().any(|operation| operation.starts_with(service)),
            "{operations:?}"
        );
    }
    for finding in status["findings"].as_array().unwrap() {
        assert!(
            ["queue", "alarm"].contains(&finding["kind"].as_str().unwrap()),
            "{finding}"
        );
    }
}

#[test]
fn without_the_probe_nothing_runs_on_the_hosts() {
    let status = typed("--demo invokeai status --no-probe -o json").run().json();
    let kinds = keys(&status["resources"]);
    assert!(!kinds.contains("gpu") && !kinds.contains("gpu-host"), "{kinds:?}");
    let operations = keys(&status["api"]["by_operation"]);
    assert!(!operations.contains("ssm:SendCommand"), "{operations:?}");
}

#[test]
fn flags_mean_the_same_before_and_after_the_command() {
    let resources = |line: &str| typed(line).run().json()["resources"]["asg"].clone();
    let before = resources("--demo invokeai --scenario quiet --seed 7 -o json status asg");
    let after = resources("status asg --demo invokeai --scenario quiet --seed 7 -o json");
    assert!(before.as_array().is_some_and(|groups| !groups.is_empty()));
    let names = |groups: &Value| -> Vec<String> {
        groups
            .as_array()
            .unwrap()
            .iter()
            .map(|group| format!("{} {}", group["name"], group["desired"]))
            .collect()
    };
    assert_eq!(names(&before), names(&after));
}

#[test]
fn a_line_of_jsonl_is_a_record_with_its_type() {
    let finished = typed("--demo invokeai status -o jsonl").run();
    let mut types = BTreeSet::new();
    for line in finished.stdout.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let kind = record["type"].as_str().unwrap().to_owned();
        assert!(record.get(&kind).is_some(), "{line}");
        types.insert(kind);
    }
    let expected = [
        "api", "finding", "recovery", "resource", "scope", "spend", "status",
    ];
    assert_eq!(types, expected.map(str::to_owned).into());
}

#[test]
fn yaml_says_what_json_says() {
    let yaml = typed("--demo ecommerce status redis -o yaml").run();
    let read: Value = serde_yaml::from_str(&yaml.stdout).unwrap();
    let json = typed("--demo ecommerce status redis -o json").run().json();
    assert_contract(&read);
    let names = |status: &Value| -> Vec<Value> {
        let caches = status["resources"]["redis"].as_array().unwrap();
        caches.iter().map(|cache| cache["name"].clone()).collect()
    };
    assert_eq!(names(&read), names(&json));
    assert_eq!(keys(&read), keys(&json));
}

#[test]
fn scenarios_are_seen_by_the_watch() {
    for (line, rule) in [
        ("--demo invokeai --scenario bad-deploy status -o json", "ecs."),
        (
            "--demo ecommerce --scenario db-storage-low status -o json",
            "rds.",
        ),
        (
            "--demo ecommerce --scenario redis-evictions status -o json",
            "redis.",
        ),
        (
            "--demo invokeai --scenario queue-backlog status -o json",
            "queue.",
        ),
    ] {
        let status = typed(line).run().json();
        let found = status["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|finding| finding["rule"].as_str().unwrap().starts_with(rule));
        assert!(found, "{line}: {}", status["findings"]);
    }
}

#[test]
fn a_training_job_on_spot_tells_what_it_has_cost_at_the_most() {
    let printed = typed("--demo fashion --no-probe -o json status training-job").run();
    assert_eq!((printed.code(), printed.stderr.as_str()), (0, ""));
    let document: Value = serde_json::from_str(&printed.stdout).unwrap();
    let jobs = document["resources"]["training-job"].as_array().unwrap();
    let running: Vec<_> = jobs.iter().filter(|job| job["status"] == "InProgress").collect();
    assert!(!running.is_empty(), "{jobs:?}");
    for job in running {
        let (exact, most) = (&job["cost_usd"], &job["cost_at_most_usd"]);
        assert!(exact.is_number() != most.is_number(), "{job}");
        if job["spot"] == true {
            assert!(most.as_f64().unwrap() > 0.0, "{job}");
        }
    }
    let mut done = jobs.iter().filter(|job| job["status"] == "Completed");
    assert!(done.all(|job| job["cost_at_most_usd"].is_null()));
}

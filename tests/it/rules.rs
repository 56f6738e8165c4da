//! The health rules seen from outside: their reference page, and how evaluation deals with a whole
//! inventory.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use quarterdeck::domain::fault::{Fault, FaultKind};
use quarterdeck::domain::health::{Finding, Severity};
use quarterdeck::domain::ids::Kind;
use quarterdeck::domain::inventory::{Answer, Inventory, Source, SourceKey};
use quarterdeck::domain::ops::{Reply, ReplyData};
use quarterdeck::domain::queue::Queue;
use quarterdeck::domain::rules::{self, Policies, Terms};
use quarterdeck::domain::scope::{Identity, Scope, ScopeName};

#[test]
fn the_reference_page_is_what_the_rules_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/health-rules.md");
    let made = rules::markdown();
    if std::env::var_os("QD_UPDATE_DOCS").is_some() {
        fs::write(&path, &made).expect("the page can be written");
    }
    let held = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        held == made,
        "docs/health-rules.md is out of date; run the tests once with QD_UPDATE_DOCS=1"
    );
}

#[test]
fn the_rules_that_are_promised_exist() {
    let promised = [
        "alb.5xx",
        "alb.latency-p95",
        "alb.request-collapse",
        "alb.targets-unhealthy",
        "ecs.running-below-desired",
        "ecs.deployment-failing",
        "ecs.deployment-stuck",
        "ecs.deployment-rolled-back",
        "ecs.tasks-stopping",
        "asg.below-desired",
        "asg.launch-failed",
        "asg.spot-interruption",
        "asg.process-suspended",
        "asg.schedule-without-time-zone",
        "ec2.status-check",
        "ec2.cpu-credits",
        "ebs.burst-balance",
        "gpu.hot",
        "gpu.throttled",
        "gpu.ecc",
        "gpu.lost",
        "gpu.idle-paid",
        "gpu.host-silent",
        "rds.not-available",
        "rds.cpu",
        "rds.connections",
        "rds.storage-low",
        "rds.memory",
        "rds.swap",
        "rds.replica-lag",
        "rds.no-backup",
        "rds.backup-window-business-hours",
        "rds.single-az-prod",
        "rds.burst-balance",
        "rds.cpu-credits",
        "rds.pending-maintenance",
        "redis.memory",
        "redis.evictions",
        "redis.hit-rate",
        "redis.engine-cpu",
        "redis.failover-off-prod",
        "alarm.firing",
        "alarm.without-action",
        "alarm.insufficient-data",
        "queue.age",
        "queue.depth-per-worker",
        "queue.dead-letters",
        "cost.over-budget",
        "cost.forecast-over-budget",
        "cost.anomaly",
        "credentials.ending-soon",
        "credentials.failing",
        "collect.unreadable",
    ];
    for id in promised {
        assert!(rules::find(id).is_some(), "{id} is gone");
    }
}

fn now() -> Timestamp {
    "2026-11-21T03:00:00Z".parse().expect("a timestamp")
}

fn scope(profile: &str, region: &str) -> Arc<Scope> {
    Arc::new(Scope {
        name: ScopeName::new(&format!("{profile}/{region}")),
        profile: Some(profile.to_owned()),
        region: region.to_owned(),
        role: None,
        expected_account: None,
        account_name: None,
    })
}

fn answer(inventory: &mut Inventory, scope: &ScopeName, source: Source, result: Result<ReplyData, Fault>) {
    inventory.apply(&Answer {
        key: SourceKey {
            scope: scope.clone(),
            source,
        },
        epoch: 0,
        asked_at: now(),
        at: now(),
        result: result.map(|data| Arc::new(Reply::whole(data))),
    });
}

fn identify(inventory: &mut Inventory, scope: &ScopeName, account: &str) {
    let identity = Identity {
        account: account.to_owned(),
        arn: format!("arn:aws:iam::{account}:user/alice"),
        credentials_expire_at: None,
        server_time: None,
    };
    answer(
        inventory,
        scope,
        Source::Identity,
        Ok(ReplyData::Identity(identity)),
    );
}

fn evaluate(inventory: &Inventory) -> Vec<Finding> {
    let policies = Policies::default();
    let terms = Terms {
        policies: &policies,
        session: &[],
    };
    rules::evaluate(inventory, &terms, now())
}

fn queue(name: &str, visible: u64, dead_letter: Option<&str>) -> Queue {
    let arn = |name: &str| format!("arn:aws:sqs:us-east-1:111111111111:{name}");
    Queue {
        arn: arn(name),
        name: name.to_owned(),
        url: format!("https://sqs/{name}"),
        visible,
        in_flight: 0,
        delayed: 0,
        visibility_timeout_s: None,
        dead_letter: dead_letter.map(|name| (arn(name), 3)),
    }
}

#[test]
fn an_empty_inventory_has_no_findings() {
    assert_eq!(evaluate(&Inventory::default()), []);
    assert_eq!(evaluate(&Inventory::new([scope("a", "us-east-1")])), []);
}

#[test]
fn merged_scopes_are_judged_once_and_each_scope_for_itself() {
    let scopes = [
        scope("a", "us-east-1"),
        scope("b", "us-east-1"),
        scope("a", "ap-northeast-2"),
    ];
    let mut inventory = Inventory::new(scopes.clone());
    for scope in &scopes {
        identify(&mut inventory, &scope.name, "111111111111");
        let queues = vec![queue("jobs", 0, Some("jobs-dlq")), queue("jobs-dlq", 2, None)];
        answer(
            &mut inventory,
            &scope.name,
            Source::Queues,
            Ok(ReplyData::Queues(queues)),
        );
    }
    let found: Vec<(String, String)> = evaluate(&inventory)
        .into_iter()
        .map(|finding| (finding.rule, finding.resource.scope.to_string()))
        .collect();
    assert_eq!(
        found,
        [
            ("queue.dead-letters".to_owned(), "a/ap-northeast-2".to_owned()),
            ("queue.dead-letters".to_owned(), "a/us-east-1".to_owned()),
        ],
        "the second scope reaches the account and region of the first"
    );
}

#[test]
fn account_wide_rules_are_asked_once_for_each_account() {
    let scopes = [
        scope("a", "us-east-1"),
        scope("a", "ap-northeast-2"),
        scope("b", "us-east-1"),
    ];
    let mut inventory = Inventory::new(scopes.clone());
    for (scope, account) in scopes
        .iter()
        .zip(["111111111111", "111111111111", "222222222222"])
    {
        identify(&mut inventory, &scope.name, account);
        let budget = quarterdeck::domain::cost::Budget {
            name: "monthly".to_owned(),
            limit: Some(100.0),
            unit: Some("USD".to_owned()),
            period: "MONTHLY".to_owned(),
            actual: Some(120.0),
            forecast: None,
        };
        answer(
            &mut inventory,
            &scope.name,
            Source::Budgets,
            Ok(ReplyData::Budgets(vec![budget])),
        );
    }
    let found = evaluate(&inventory);
    let of: BTreeSet<&str> = found
        .iter()
        .map(|finding| finding.resource.scope.as_str())
        .collect();
    assert_eq!((found.len(), of), (2, BTreeSet::from(["a/global", "b/global"])));
}

#[test]
fn a_scope_of_which_nothing_can_be_read_is_critical_and_leads() {
    let scopes = [scope("a", "us-east-1"), scope("b", "us-east-1")];
    let mut inventory = Inventory::new(scopes.clone());
    identify(&mut inventory, &scopes[0].name, "111111111111");
    let queues = vec![queue("jobs", 0, Some("jobs-dlq")), queue("jobs-dlq", 2, None)];
    answer(
        &mut inventory,
        &scopes[0].name,
        Source::Queues,
        Ok(ReplyData::Queues(queues)),
    );
    for source in [Source::Identity, Source::Queues, Source::EcsFleet] {
        let fault = Fault::new(
            FaultKind::Unreachable,
            "sts",
            "GetCallerIdentity",
            "connection refused",
        );
        answer(&mut inventory, &scopes[1].name, source, Err(fault));
    }
    let found: Vec<(String, Severity, Kind)> = evaluate(&inventory)
        .into_iter()
        .map(|finding| (finding.rule, finding.severity, finding.resource.kind))
        .collect();
    assert_eq!(
        found,
        [
            ("collect.unreadable".to_owned(), Severity::Crit, Kind::Scope),
            ("queue.dead-letters".to_owned(), Severity::Warn, Kind::Queue),
        ]
    );
}

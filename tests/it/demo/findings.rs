//! What an operator would be told: the health rules over what the demo answers.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::focus::{Focus, Probing};
use quarterdeck::domain::health::{Finding, Severity};
use quarterdeck::domain::ids::Kind;
use quarterdeck::domain::inventory::{Answer, Inventory};
use quarterdeck::domain::rules::{self, Policies, Terms};
use quarterdeck::engine::schedule::{self, Wishes};

use super::stage::{self, Stage};

/// What the rules find in a world of which everything has been asked once.
fn findings(stage: &Stage) -> Vec<Finding> {
    let now = stage.now();
    let mut inventory = Inventory::new([Arc::new(stage.scope.clone())]);
    let focus = Focus::once(Kind::ALL, Probing::Yes);
    let mut asked = BTreeSet::new();
    // Some questions are about the answers to others.
    loop {
        let mut wants = schedule::wants(&inventory, &focus, &Wishes::default(), now);
        wants.retain(|want| asked.insert((want.key.clone(), want.basis)));
        if wants.is_empty() {
            break;
        }
        for want in wants {
            let result = stage::wait(stage.demo.read(&stage.scope, &want.query)).map(Arc::new);
            inventory.apply(&Answer {
                key: want.key,
                epoch: 0,
                asked_at: now,
                at: now,
                result,
            });
        }
    }
    let policies = Policies::default();
    let terms = Terms {
        policies: &policies,
        session: &[],
    };
    rules::evaluate(&inventory, &terms, now)
}

fn said(finding: &Finding) -> String {
    format!(
        "{} {} {}: {}",
        finding.severity, finding.rule, finding.name, finding.title
    )
}

#[test]
fn nothing_is_wrong_when_it_is_quiet() {
    for world in World::ALL {
        for hours in [0, 10, 40] {
            let stage = Stage::open_at(world, Scenario::Quiet, hours);
            for _ in 0..2 {
                let wrong: Vec<String> = findings(&stage)
                    .iter()
                    .filter(|finding| finding.severity > Severity::Info)
                    .map(said)
                    .collect();
                assert_eq!(wrong, Vec::<String>::new(), "{world} at {}", stage.now());
                stage.pass(SignedDuration::from_mins(90));
            }
        }
    }
}

#[test]
fn an_ordinary_day_has_warnings_and_no_crisis() {
    let mut all = Vec::new();
    for world in World::ALL {
        let found = findings(&Stage::open(world, Scenario::Everyday));
        let crises: Vec<String> = found
            .iter()
            .filter(|finding| finding.severity == Severity::Crit)
            .map(said)
            .collect();
        assert_eq!(crises, Vec::<String>::new(), "{world}");
        all.extend(found);
    }
    let rules: BTreeSet<&str> = all.iter().map(|finding| finding.rule.as_str()).collect();
    for rule in [
        "gpu.idle-paid",
        "gpu.host-silent",
        "alarm.without-action",
        "cost.anomaly",
    ] {
        assert!(rules.contains(rule), "{rule} of {rules:?}");
    }
}

#[test]
fn every_incident_is_found_when_the_demo_opens() {
    let crit = |rule| (Severity::Crit, rule);
    type Said<'a> = &'a [(Severity, &'a str)];
    let cases: [(Scenario, World, Said); 7] = [
        (
            Scenario::BadDeploy,
            World::Invokeai,
            &[
                crit("alb.5xx"),
                crit("ecs.deployment-stuck"),
                crit("ecs.tasks-stopping"),
            ],
        ),
        (
            Scenario::BadDeploy,
            World::Codemate,
            &[
                crit("alb.5xx"),
                crit("alb.latency-p95"),
                crit("ecs.deployment-failing"),
                crit("ecs.running-below-desired"),
            ],
        ),
        (
            Scenario::GpuIdleNight,
            World::Invokeai,
            &[(Severity::Info, "gpu.idle-paid")],
        ),
        (
            Scenario::SpotReclaim,
            World::Invokeai,
            &[
                crit("asg.launch-failed"),
                (Severity::Warn, "asg.below-desired"),
                (Severity::Warn, "asg.spot-interruption"),
            ],
        ),
        (
            Scenario::DbStorageLow,
            World::Ecommerce,
            &[crit("rds.storage-low"), (Severity::Warn, "alarm.firing")],
        ),
        (
            Scenario::RedisEvictions,
            World::Ecommerce,
            &[
                crit("redis.memory"),
                crit("redis.evictions"),
                (Severity::Warn, "redis.hit-rate"),
            ],
        ),
        (
            Scenario::QueueBacklog,
            World::Invokeai,
            &[crit("queue.age"), (Severity::Warn, "asg.process-suspended")],
        ),
    ];
    for (scenario, world, expected) in cases {
        let found = findings(&Stage::open(world, scenario));
        for (severity, rule) in expected {
            assert!(
                found
                    .iter()
                    .any(|finding| finding.rule == *rule && finding.severity == *severity),
                "{scenario}, {world}: {severity} {rule} is not among {:?}",
                found.iter().map(said).collect::<Vec<_>>()
            );
        }
    }
}

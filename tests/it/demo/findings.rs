//! What an operator would be told: the health rules over what the demo answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::config::estate;
use quarterdeck::domain::focus::{Focus, Probing};
use quarterdeck::domain::health::{Finding, Severity};
use quarterdeck::domain::ids::Kind;
use quarterdeck::domain::inventory::{Answer, Inventory};
use quarterdeck::domain::ops::{self, Mutation, Query, ReplyData, cloudwatch};
use quarterdeck::domain::rules::{self, Policies, Terms};
use quarterdeck::engine::schedule::{self, Wishes};

use super::stage::{self, Stage};

/// A world of which everything has been asked once.
pub fn inventory(stage: &Stage) -> Inventory {
    let now = stage.now();
    let mut inventory = Inventory::new([Arc::new(stage.scope.clone())]);
    let focus = Focus::once(Kind::ALL.iter().copied(), Probing::Yes);
    let wishes = Wishes {
        policies: Arc::new(policies(stage)),
        ..Wishes::default()
    };
    let mut asked = BTreeSet::new();
    // Some questions are about the answers to others.
    loop {
        let mut wants = schedule::wants(&inventory, &focus, &wishes, now);
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
    inventory
}

/// What the rules find in a world of which everything has been asked once.
pub fn findings(stage: &Stage) -> Vec<Finding> {
    let now = stage.now();
    let policies = policies(stage);
    let terms = Terms {
        policies: &policies,
        session: &[],
    };
    let found = rules::evaluate(&inventory(stage), &terms, now);
    for finding in &found {
        assert!(
            finding.since.is_none_or(|since| since <= now),
            "{}",
            said(finding)
        );
    }
    found
}

/// What counts as wrong in the world: what its estate's file says, as `qd --demo` takes it.
fn policies(stage: &Stage) -> Policies {
    let name = stage.scope.profile_name();
    let (_, text) = estate::SHIPPED
        .iter()
        .find(|(shipped, _)| *shipped == name)
        .expect("every world has an estate file");
    let loaded = estate::parse(name, text.as_bytes()).expect("the shipped files are right");
    let mut policies = Policies::default();
    policies
        .of_scope
        .insert(stage.scope.name.clone(), Arc::new(loaded.estate.policy));
    policies
}

fn said(finding: &Finding) -> String {
    format!(
        "{} {} {}: {}",
        finding.severity, finding.rule, finding.name, finding.title
    )
}

/// Hours after the usual epoch, a Saturday morning in Seoul: a night, a Sunday evening, a Monday morning
/// and noon, a Thursday afternoon, the last day of a month, and the second of another.
const HOURS: [i64; 7] = [16, 35, 47, 50, 125, 233, 260];

/// What the estates' owners could have done better long ago, and a budget that is nearly used up when
/// a month is nearly over. It has nothing to do with the hour.
const STANDING: &[&str] = &[
    "asg.schedule-without-time-zone",
    "cost.forecast-over-budget",
    "cost.over-budget",
    "rds.backup-window-business-hours",
    "rds.single-az-prod",
    "redis.failover-off-prod",
];

#[test]
fn nothing_is_wrong_when_it_is_quiet() {
    for world in World::ALL {
        for hours in [0].into_iter().chain(HOURS) {
            let stage = Stage::open_at(world, Scenario::Quiet, hours);
            for _ in 0..2 {
                let wrong: Vec<String> = findings(&stage)
                    .iter()
                    .filter(|finding| finding.severity > Severity::Info)
                    .filter(|finding| {
                        finding.severity == Severity::Crit || !STANDING.contains(&finding.rule.as_str())
                    })
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
        for hours in [0].into_iter().chain(HOURS) {
            let stage = Stage::open_at(world, Scenario::Everyday, hours);
            let found = findings(&stage);
            let crises: Vec<String> = found
                .iter()
                .filter(|finding| finding.severity == Severity::Crit)
                .map(said)
                .collect();
            assert_eq!(crises, Vec::<String>::new(), "{world} at {}", stage.now());
            all.extend(found);
        }
    }
    let rules: BTreeSet<&str> = all.iter().map(|finding| finding.rule.as_str()).collect();
    for rule in [
        "gpu.idle-paid",
        "gpu.host-silent",
        "alarm.without-action",
        "cost.anomaly",
        "sagemaker.training-failed",
    ] {
        assert!(rules.contains(rule), "{rule} of {rules:?}");
    }
}

#[test]
fn every_incident_is_found_when_the_demo_opens() {
    let crit = |rule| (Severity::Crit, rule);
    type Said<'a> = &'a [(Severity, &'a str)];
    let cases: &[(Scenario, World, Said)] = &[
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
            &[(Severity::Warn, "gpu.idle-paid")],
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
        (Scenario::StaleCdn, World::Ecg, &[crit("distribution.errors")]),
        (
            Scenario::CertExpiring,
            World::Codemate,
            &[(Severity::Warn, "certificate.expiring")],
        ),
        (
            Scenario::EndpointDegraded,
            World::Fashion,
            &[crit("sagemaker.endpoint-5xx"), crit("sagemaker.endpoint-latency")],
        ),
        (
            Scenario::NotebookLeftOn,
            World::Fashion,
            &[(Severity::Warn, "sagemaker.notebook-left-on")],
        ),
        (
            Scenario::DrGap,
            World::Ecommerce,
            &[crit("rds.no-backup"), crit("recovery.rpo-missed")],
        ),
    ];
    for (scenario, world, expected) in cases.iter().copied() {
        for hours in [0, 16, 35, 50] {
            let stage = Stage::open_at(world, scenario, hours);
            let found = findings(&stage);
            for (severity, rule) in expected {
                assert!(
                    found
                        .iter()
                        .any(|finding| finding.rule == *rule && finding.severity == *severity),
                    "{scenario}, {world} at {}: {severity} {rule} is not among {:?}",
                    stage.now(),
                    found.iter().map(said).collect::<Vec<_>>()
                );
            }
        }
    }
}

/// An alarm's transitions in the hours before and after the demo opens, in minutes from then, oldest
/// first.
fn transitions(stage: &Stage, epoch: Timestamp) -> BTreeMap<String, Vec<i64>> {
    let since = epoch - SignedDuration::from_hours(6);
    let history = Query::CloudWatch(cloudwatch::Read::AlarmHistory { since });
    let ReplyData::AlarmHistory(newest_first) = stage.read(&history) else {
        panic!("the history of alarms is no such")
    };
    let mut of_alarm: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for transition in newest_first.iter().rev() {
        let minute = transition.at.duration_since(epoch).as_mins();
        of_alarm.entry(transition.alarm.clone()).or_default().push(minute);
    }
    of_alarm
}

#[test]
fn alarms_begin_with_the_incident_and_do_not_flap() {
    for (scenario, world, began) in [
        (Scenario::BadDeploy, World::Invokeai, -14),
        (Scenario::BadDeploy, World::Codemate, -14),
        (Scenario::SpotReclaim, World::Invokeai, -15),
        (Scenario::RedisEvictions, World::Ecommerce, -280),
        (Scenario::QueueBacklog, World::Invokeai, -100),
        (Scenario::GpuIdleNight, World::Invokeai, 0),
        (Scenario::Everyday, World::Invokeai, 0),
    ] {
        for hours in [0, 5, 11, 18, 40, 50] {
            let stage = Stage::open_at(world, scenario, hours);
            let epoch = stage.now();
            stage.pass(SignedDuration::from_hours(3));
            for (alarm, minutes) in transitions(&stage, epoch) {
                let told = format!("{scenario}, {world} at {epoch}: {alarm} at {minutes:?}");
                assert!(minutes.iter().all(|minute| *minute >= began), "too early: {told}");
                let busiest = minutes
                    .iter()
                    .map(|from| {
                        minutes
                            .iter()
                            .filter(|at| (0..60).contains(&(*at - from)))
                            .count()
                    })
                    .max();
                assert!(busiest.is_none_or(|most| most <= 4), "too often: {told}");
            }
        }
    }
}

#[test]
fn a_forgotten_instance_burns_the_credits_until_it_is_stopped() {
    let stage = Stage::open(World::Fashion, Scenario::CreditBurn);
    let gauge = |found: &[Finding]| {
        let mut gauges = found.iter().filter(|finding| finding.rule == "cost.credits");
        let gauge = gauges.next().expect("the estate lives on credits");
        (gauge.severity, gauge.title.clone())
    };
    let is_idle = |found: &[Finding]| {
        found
            .iter()
            .any(|finding| finding.rule == "gpu.idle-paid" && finding.name == "fashion-ai-train-01")
    };
    let found = findings(&stage);
    assert_eq!(gauge(&found).0, Severity::Warn, "{:?}", gauge(&found));
    assert!(is_idle(&found));
    assert!(
        found
            .iter()
            .any(|finding| finding.rule == "cost.anomaly" && finding.name.contains("g5.4xlarge")),
        "{:#?}",
        found.iter().map(said).collect::<Vec<_>>()
    );
    let box_of = |stage: &Stage| match stage.read(&Query::Ec2(ops::ec2::Read::Instances)) {
        ReplyData::Instances(all) => all
            .into_iter()
            .find(|one| one.name.as_deref() == Some("fashion-ai-train-01"))
            .expect("it is in the world"),
        other => panic!("{other:?}"),
    };
    stage
        .write(Mutation::Ec2(ops::ec2::Write::StopInstances {
            instances: vec![box_of(&stage).id],
        }))
        .expect("it can be stopped");
    stage.until(SignedDuration::from_mins(15), |stage| {
        box_of(stage).state == "stopped"
    });
    assert!(!is_idle(&findings(&stage)));
    // The rate is the mean of a week, so the gauge follows slowly.
    stage.pass(SignedDuration::from_hours(24));
    let healed = findings(&stage);
    assert!(gauge(&healed).0 <= Severity::Warn, "{:?}", gauge(&healed));
}

#[test]
fn every_world_has_savings_with_amounts_and_spend_near_its_documents() {
    // What the documents say that AWS costs a month; fashion has none. That of invokeai counts two Spot workers
    // for 500 and one Redis; the world has three workers on demand, four on Spot, and a second Redis.
    let invokeai = 875.0 - 500.0 + 730.0 * (3.0 * 1.006 + 4.0 * 0.4218 + 2.0 * 0.206);
    // That of the shop is older than the end of MySQL 8.0: two vCPUs in extended support come on top.
    let ecommerce = 215.0 + 2.0 * 0.12 * 730.0;
    for (world, document) in [
        (World::Codemate, 672.66),
        (World::Ecg, 498.0),
        (World::Ecommerce, ecommerce),
        (World::Invokeai, invokeai),
    ] {
        let stage = Stage::open(world, Scenario::Quiet);
        let today = stage.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let week: f64 = (2..=8)
            .map(|back| stage.cost_of(today - jiff::Span::new().days(back)))
            .sum();
        let month = week / 7.0 * 730.0 / 24.0;
        assert!(
            (month - document).abs() < document * 0.1,
            "{world}: {month:.0} a month, the documents say {document}"
        );
    }
    for world in World::ALL {
        let found = findings(&Stage::open(world, Scenario::Everyday));
        let savings: Vec<&Finding> = found.iter().filter(|finding| finding.is_saving()).collect();
        assert!(savings.iter().any(|saving| saving.saves.is_some()), "{world}");
        for saving in savings {
            assert_eq!(saving.severity, Severity::Info, "{}", said(saving));
        }
    }
}

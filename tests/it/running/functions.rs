//! Functions and node groups: what is found wrong, the runbook that is offered for it, and that it is gone
//! afterwards.

use std::time::Duration;

use jiff::Timestamp;
use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::function::{Function, Reserved};
use quarterdeck::domain::health::Finding;
use quarterdeck::domain::ids::{Kind, tag};
use quarterdeck::domain::kubernetes::Nodegroup;
use quarterdeck::domain::ops::{Mutation, Query, ReplyData, Token, eks, lambda};
use quarterdeck::domain::rules::{Policies, THROTTLED_TAG};
use quarterdeck::engine::clock::Clock;
use quarterdeck::runbook::machine::Summary;

use super::models::refused;
use super::stage::{EPOCH, Stage, run};

const RESIZE: &str = "fashion-ai-image-resize";
const NODES: &str = "fashion-ai-app";

fn open(scenario: Scenario, home: &tempfile::TempDir) -> Stage {
    let now: Timestamp = EPOCH.parse().unwrap();
    Stage::new((World::Fashion, scenario), Vec::new(), now, home.path())
}

async fn function(stage: &Stage) -> Function {
    let query = Query::Lambda(lambda::Read::Function {
        name: RESIZE.to_owned(),
    });
    match stage.cloud.read(&stage.scope, &query).await.unwrap().data {
        ReplyData::Functions(mut known) => known.functions.remove(0),
        other => panic!("{other:?}"),
    }
}

async fn nodegroup(stage: &Stage) -> Nodegroup {
    let query = Query::Eks(eks::Read::Clusters);
    match stage.cloud.read(&stage.scope, &query).await.unwrap().data {
        ReplyData::Kubernetes(known) => {
            let mut groups = known.nodegroups.into_iter();
            groups.find(|group| group.name == NODES).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

/// What is wrong with the resources of a kind.
pub(super) async fn findings(stage: &Stage, kinds: &[Kind]) -> Vec<Finding> {
    stage.findings(kinds, Policies::default()).await
}

pub(super) fn found<'a>(findings: &'a [Finding], rule: &str) -> Option<&'a Finding> {
    findings.iter().find(|finding| finding.rule == rule)
}

pub(super) async fn carry_out(stage: &Stage, runbook: &str, set: &[(&str, &str)]) -> Summary {
    let plan = stage.plan(runbook, set).await.plan;
    let start = stage.unattended(&plan);
    let (summary, watch) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?} {:#?}", watch.happenings);
    summary
}

#[tokio::test(start_paused = true)]
async fn a_version_that_fails_is_found_and_left_again() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::LambdaErrors, &home);
    let wrong = findings(&stage, &[Kind::Lambda]).await;
    let errors = found(&wrong, "lambda.errors").expect("the new version fails");
    assert_eq!(
        (errors.name.as_str(), errors.runbooks[0].as_str()),
        (RESIZE, "lambda-rollback-alias")
    );
    assert_eq!(function(&stage).await.aliases.unwrap()[0].routing.words(), "5");

    carry_out(&stage, "lambda-rollback-alias", &[("function", RESIZE)]).await;
    assert_eq!(function(&stage).await.aliases.unwrap()[0].routing.words(), "4");
    stage.clock.sleep(Duration::from_mins(15)).await;
    let wrong = findings(&stage, &[Kind::Lambda]).await;
    assert_eq!(found(&wrong, "lambda.errors"), None);
}

#[tokio::test(start_paused = true)]
async fn an_alias_is_led_back_once_unless_the_version_is_named() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::LambdaErrors, &home);
    carry_out(&stage, "lambda-rollback-alias", &[("function", RESIZE)]).await;
    let told = refused(&stage, "lambda-rollback-alias", &[("function", RESIZE)])
        .await
        .to_string();
    assert!(told.contains("version 5 took its calls"), "{told}");
    assert_eq!(function(&stage).await.aliases.unwrap()[0].routing.words(), "4");
    carry_out(
        &stage,
        "lambda-rollback-alias",
        &[("function", RESIZE), ("version", "3")],
    )
    .await;
    assert_eq!(function(&stage).await.aliases.unwrap()[0].routing.words(), "3");
}

#[tokio::test(start_paused = true)]
async fn a_version_that_does_not_keep_up_with_its_stream_is_left_again() {
    const EVENTS: &str = "fashion-ai-style-events";
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::EventSourceLag, &home);
    let wrong = findings(&stage, &[Kind::Lambda]).await;
    for rule in ["lambda.event-source", "lambda.throttled", "lambda.concurrency"] {
        let finding = found(&wrong, rule).unwrap_or_else(|| panic!("{rule}: {wrong:#?}"));
        assert_eq!(
            (finding.name.as_str(), finding.runbooks.as_slice()),
            (EVENTS, ["lambda-rollback-alias".to_owned()].as_slice())
        );
    }
    carry_out(&stage, "lambda-rollback-alias", &[("function", EVENTS)]).await;
    stage.clock.sleep(Duration::from_mins(20)).await;
    let wrong = findings(&stage, &[Kind::Lambda]).await;
    assert!(wrong.iter().all(|finding| finding.name != EVENTS), "{wrong:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_keeps_up_with_its_stream_is_quiet() {
    for scenario in [Scenario::Quiet, Scenario::Everyday] {
        let home = tempfile::tempdir().unwrap();
        let stage = open(scenario, &home);
        let wrong = findings(&stage, &[Kind::Lambda]).await;
        assert_eq!(wrong, [], "{scenario}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_alias_that_somebody_else_moves_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::LambdaErrors, &home);
    let plan = stage
        .plan("lambda-rollback-alias", &[("function", RESIZE)])
        .await
        .plan;
    let alias = function(&stage).await.aliases.unwrap().remove(0);
    let change = Mutation::Lambda(lambda::Write::RouteAlias {
        function: RESIZE.to_owned(),
        alias: alias.name,
        from: alias.routing,
        to: quarterdeck::domain::function::Routing::to("3"),
    });
    let token = Token("somebody else".to_owned());
    stage.cloud.write(&stage.scope, &change, &token).await.unwrap();
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Drift, "{summary:#?}");
    assert_eq!(function(&stage).await.aliases.unwrap()[0].routing.words(), "3");
}

#[tokio::test(start_paused = true)]
async fn a_function_is_stopped_and_comes_back_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::Quiet, &home);
    assert_eq!(function(&stage).await.reserved, Reserved::Of(50));
    carry_out(
        &stage,
        "lambda-throttle",
        &[("function", RESIZE), ("state", "stop")],
    )
    .await;
    let stopped = function(&stage).await;
    assert_eq!(stopped.reserved, Reserved::Of(0));
    assert!(tag(&stopped.tags, THROTTLED_TAG).unwrap().contains("reserved=50"));
    let wrong = findings(&stage, &[Kind::Lambda]).await;
    assert_eq!(
        found(&wrong, "lambda.stopped").unwrap().runbooks,
        ["lambda-throttle"]
    );

    carry_out(
        &stage,
        "lambda-throttle",
        &[("function", RESIZE), ("state", "release")],
    )
    .await;
    let back = function(&stage).await;
    assert_eq!(back.reserved, Reserved::Of(50));
    assert_eq!(tag(&back.tags, THROTTLED_TAG), None);
    let wrong = findings(&stage, &[Kind::Lambda]).await;
    assert_eq!(found(&wrong, "lambda.stopped"), None);
}

#[tokio::test(start_paused = true)]
async fn a_full_node_group_gets_room() {
    const KINDS: [Kind; 5] = [
        Kind::EksCluster,
        Kind::Nodegroup,
        Kind::Asg,
        Kind::Ec2Instance,
        Kind::TargetGroup,
    ];
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::NodegroupShort, &home);
    let wrong = findings(&stage, &KINDS).await;
    let full = found(&wrong, "eks.nodegroup-full").expect("it is full and busy");
    assert_eq!(
        (full.name.as_str(), full.runbooks[0].as_str()),
        (NODES, "eks-scale-nodegroup")
    );
    let slow = found(&wrong, "alb.latency-p95").expect("customers wait");
    assert_eq!(
        slow.runbooks,
        ["eks-scale-nodegroup"],
        "nothing of ECS stands behind it"
    );

    let plan = stage
        .plan("eks-scale-nodegroup", &[("nodegroup", NODES), ("desired", "4")])
        .await
        .plan;
    let told = plan.warnings.join("\n");
    assert!(told.contains("Cluster Autoscaler"), "{told}");
    assert_eq!(plan.changes[0].summary, "desired 2 → 4, min 1, max 2 → 4");
    carry_out(
        &stage,
        "eks-scale-nodegroup",
        &[("nodegroup", NODES), ("desired", "4")],
    )
    .await;
    let group = nodegroup(&stage).await;
    assert_eq!((group.min, group.max, group.desired), (1, 4, 4));
    stage.clock.sleep(Duration::from_mins(30)).await;
    let wrong = findings(&stage, &KINDS).await;
    assert_eq!(found(&wrong, "eks.nodegroup-full"), None);
}

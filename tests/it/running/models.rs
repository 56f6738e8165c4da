//! SageMaker in the demo: what is found, the runbook that mends it, and that it is found no more.

use std::collections::BTreeSet;
use std::sync::Arc;

use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::fault::{Fault, FaultKind};
use quarterdeck::domain::focus::{Focus, Probing};
use quarterdeck::domain::health::Finding;
use quarterdeck::domain::ids::Kind;
use quarterdeck::domain::inventory::{Answer, Inventory};
use quarterdeck::domain::ops::{Mutation, Query, ReplyData, Token, application_auto_scaling, sagemaker};
use quarterdeck::domain::rules::{self, Policies, Terms};
use quarterdeck::domain::sagemaker::{Endpoint, Notebook};
use quarterdeck::engine::clock::Clock;
use quarterdeck::engine::schedule::{self, Wishes};
use quarterdeck::runbook::machine::Summary;
use quarterdeck::runbook::plan::Plan;
use quarterdeck::runbook::planner::Refused;

use super::stage::{EPOCH, Stage, given, run, who};

const RENDER: &str = "fashion-ai-avatar-render";

fn open(scenario: Scenario, home: &tempfile::TempDir) -> Stage {
    let now = EPOCH.parse().unwrap();
    Stage::new((World::Fashion, scenario), Vec::new(), now, home.path())
}

/// What the rules find about SageMaker, of which everything has been asked once.
async fn findings(stage: &Stage) -> Vec<Finding> {
    let now = stage.clock.now();
    let mut inventory = Inventory::new([stage.scope.clone()]);
    let kinds = [Kind::SagemakerEndpoint, Kind::TrainingJob, Kind::NotebookInstance];
    let focus = Focus::once(kinds, Probing::No);
    let mut asked = BTreeSet::new();
    loop {
        let mut wants = schedule::wants(&inventory, &focus, &Wishes::default(), now);
        wants.retain(|want| asked.insert((want.key.clone(), want.basis)));
        if wants.is_empty() {
            break;
        }
        for want in wants {
            let result = stage.cloud.read(&stage.scope, &want.query).await.map(Arc::new);
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
    let mut found = rules::evaluate(&inventory, &terms, now);
    found.retain(|finding| finding.rule.starts_with("sagemaker."));
    found
}

fn about<'a>(findings: &'a [Finding], rule: &str) -> Vec<&'a Finding> {
    findings.iter().filter(|finding| finding.rule == rule).collect()
}

async fn read(stage: &Stage, query: sagemaker::Read) -> ReplyData {
    let query = Query::Sagemaker(query);
    stage.cloud.read(&stage.scope, &query).await.unwrap().data
}

async fn endpoint(stage: &Stage, name: &str) -> Option<Endpoint> {
    match read(stage, sagemaker::Read::Endpoints).await {
        ReplyData::Endpoints(all) => all.into_iter().find(|endpoint| endpoint.name == name),
        other => panic!("{other:?}"),
    }
}

async fn notebooks(stage: &Stage) -> Vec<Notebook> {
    match read(stage, sagemaker::Read::Notebooks).await {
        ReplyData::Notebooks(all) => all,
        other => panic!("{other:?}"),
    }
}

async fn change(stage: &Stage, change: Mutation) {
    let token = Token("before".to_owned());
    stage.cloud.write(&stage.scope, &change, &token).await.unwrap();
}

async fn wait(stage: &Stage, minutes: u64) {
    stage.clock.sleep(std::time::Duration::from_mins(minutes)).await;
}

async fn carry_out(stage: &Stage, plan: Plan) -> Summary {
    let start = stage.unattended(&plan);
    run(&stage.engine, plan, start).await.0
}

pub(super) async fn refused(stage: &Stage, runbook: &str, set: &[(&str, &str)]) -> Refused {
    let mut preparation = stage.preparation(runbook).await;
    let given = given(preparation.runbook(), set);
    let resolved = preparation.resolve(given).await.result.unwrap();
    match preparation.plan(&resolved, (&who("alice"), None)).await {
        Ok(prepared) => panic!("planned: {:#?}", prepared.plan),
        Err(refused) => refused,
    }
}

#[tokio::test(start_paused = true)]
async fn a_degraded_endpoint_is_rolled_back_and_heals() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::EndpointDegraded, &home);
    let before = findings(&stage).await;
    for rule in ["sagemaker.endpoint-5xx", "sagemaker.endpoint-latency"] {
        let found = about(&before, rule);
        assert_eq!(found.len(), 1, "{rule}: {before:#?}");
        assert_eq!(found[0].name, RENDER);
        assert_eq!(found[0].runbooks[0], "sagemaker-endpoint-rollback");
    }
    let plan = stage
        .plan("sagemaker-endpoint-rollback", &[("endpoint", RENDER)])
        .await
        .plan;
    assert_eq!(
        plan.changes[0].summary,
        "configuration fashion-ai-avatar-render-v14 → fashion-ai-avatar-render-v13"
    );
    let said = plan.warnings.join("\n");
    assert!(said.contains("AWS keeps no history of an endpoint"), "{said}");
    let summary = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    let now = endpoint(&stage, RENDER).await.unwrap();
    assert_eq!(
        (now.status.as_str(), now.config.as_str()),
        ("InService", "fashion-ai-avatar-render-v13")
    );
    // Who sees the findings for some minutes more and asks again does not go back twice.
    let again = refused(&stage, "sagemaker-endpoint-rollback", &[("endpoint", RENDER)]).await;
    assert!(again.to_string().contains("-v14 is newer"), "{again}");
    wait(&stage, 12).await;
    let after = findings(&stage).await;
    assert_eq!(about(&after, "sagemaker.endpoint-5xx"), [] as [&Finding; 0]);
    assert_eq!(about(&after, "sagemaker.endpoint-latency"), [] as [&Finding; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_names_what_it_cannot_do() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::Quiet, &home);
    let set = |to| [("endpoint", RENDER), ("to", to)];
    let runbook = "sagemaker-endpoint-rollback";
    let mut preparation = stage.preparation(runbook).await;
    let absent = given(preparation.runbook(), &set("fashion-ai-avatar-render-v99"));
    let unresolved = preparation.resolve(absent).await.result.unwrap_err();
    let said = &unresolved.problems[0].message;
    assert!(
        said.starts_with("there is no `fashion-ai-avatar-render-v99`"),
        "{said}"
    );
    change(
        &stage,
        Mutation::Sagemaker(sagemaker::Write::UpdateEndpoint {
            endpoint: RENDER.to_owned(),
            config: "fashion-ai-avatar-render-v12".to_owned(),
        }),
    )
    .await;
    let busy = refused(&stage, runbook, &set("last-good")).await;
    assert!(busy.to_string().contains("is Updating"), "{busy}");
}

#[tokio::test(start_paused = true)]
async fn instances_beyond_the_bounds_move_the_bounds_and_stay() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::Quiet, &home);
    let plan = stage
        .plan(
            "sagemaker-scale-endpoint",
            &[("endpoint", RENDER), ("count", "4")],
        )
        .await
        .plan;
    let steps: Vec<&str> = plan
        .changes
        .iter()
        .map(|change| change.summary.as_str())
        .collect();
    assert_eq!(
        steps,
        [
            "AllTraffic scaled by itself between 1 and 3 → 1 and 4",
            "AllTraffic: instances 1 → 4"
        ]
    );
    let summary = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    wait(&stage, 10).await;
    let now = endpoint(&stage, RENDER).await.unwrap();
    assert_eq!(now.variants[0].counts(), Some((4, 4)));
    let query = Query::ApplicationAutoScaling(application_auto_scaling::Read::EndpointTargets);
    match stage.cloud.read(&stage.scope, &query).await.unwrap().data {
        ReplyData::ScalableTargets(targets) => assert_eq!((targets[0].min, targets[0].max), (1, 4)),
        other => panic!("{other:?}"),
    }
    let serverless = refused(
        &stage,
        "sagemaker-scale-endpoint",
        &[("endpoint", "fashion-ai-recommend"), ("count", "2")],
    )
    .await;
    assert!(serverless.to_string().contains("serverless"), "{serverless}");
}

#[tokio::test(start_paused = true)]
async fn notebooks_that_were_left_on_are_stopped_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::NotebookLeftOn, &home);
    let before = findings(&stage).await;
    let names: Vec<&str> = about(&before, "sagemaker.notebook-left-on")
        .iter()
        .map(|finding| finding.name.as_str())
        .collect();
    assert_eq!(names, ["fashion-ai-research", "fashion-ai-sungkwang/default"]);
    // Nothing has been on for a thousand hours.
    let none = stage
        .plan("sagemaker-stop-idle", &[("on_hours", "1000")])
        .await
        .plan;
    assert!(none.is_empty(), "{none:#?}");
    let plan = stage
        .plan("sagemaker-stop-idle", &[("on_hours", "12")])
        .await
        .plan;
    assert_eq!(plan.changes.len(), 2, "{:#?}", plan.changes);
    let summary = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    let left: Vec<(String, String)> = notebooks(&stage)
        .await
        .into_iter()
        .map(|notebook| (notebook.name, notebook.status))
        .collect();
    assert_eq!(
        left,
        [
            ("fashion-ai-research".to_owned(), "Stopped".to_owned()),
            ("fashion-ai-labeling".to_owned(), "Stopped".to_owned()),
        ]
    );
    let after = findings(&stage).await;
    assert_eq!(about(&after, "sagemaker.notebook-left-on"), [] as [&Finding; 0]);
    assert!(endpoint(&stage, RENDER).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_notebook_that_was_read_is_stopped_though_applications_could_not_be_listed() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::NotebookLeftOn, &home);
    *stage.cloud.differs.lock().unwrap() = Some(|reply| {
        if matches!(reply.data, ReplyData::Notebooks(_)) {
            let denied = Fault::new(FaultKind::AccessDenied, "sagemaker", "ListApps", "not authorized");
            reply.gaps.push(denied.with_code("AccessDeniedException"));
        }
    });
    let prepared = stage
        .plan("sagemaker-stop-idle", &[("notebooks", "fashion-ai-research")])
        .await;
    let [caution, ..] = prepared.cautions.as_slice() else {
        panic!("nothing was said");
    };
    assert!(
        caution.starts_with("parameter `notebooks`: `fashion-ai-research` was found in what could be listed"),
        "{caution}"
    );
    assert!(
        caution.contains("sagemaker:ListApps: AccessDeniedException"),
        "{caution}"
    );
    let summary = carry_out(&stage, prepared.plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");

    let mut preparation = stage.preparation("sagemaker-stop-idle").await;
    for (set, said) in [
        (
            vec![("notebooks", "somebody/default")],
            "`somebody/default` could not be looked up because",
        ),
        (vec![], "all that there is is wanted, and not all could be listed"),
    ] {
        let given = given(preparation.runbook(), &set);
        let unresolved = preparation.resolve(given).await.result.unwrap_err();
        assert_eq!(unresolved.problems, []);
        let [unlisted] = unresolved.unlisted.as_slice() else {
            panic!("{unresolved:?}");
        };
        assert!(unlisted.message.contains(said), "{unlisted}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_used_is_not_deleted() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::Quiet, &home);
    let recommend = "fashion-ai-recommend";
    let set = [("notebooks", ""), ("endpoints", recommend)];
    let used = refused(&stage, "sagemaker-stop-idle", &set).await;
    assert!(used.to_string().contains("it is not idle"), "{used}");
    let scaled = refused(
        &stage,
        "sagemaker-stop-idle",
        &[("notebooks", ""), ("endpoints", RENDER)],
    )
    .await;
    assert!(
        scaled.to_string().contains("it is not idle") || scaled.to_string().contains("scales the variant"),
        "{scaled}"
    );
}

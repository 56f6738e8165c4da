//! Pipelines that failed, wait or must go back, in the demo: the finding, the runbook, and then none.

use std::sync::Arc;

use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::delivery::{Execution, Pipeline};
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::health::Finding;
use quarterdeck::domain::inventory::{Answer, Inventory, Source, SourceKey};
use quarterdeck::domain::ops::{Query, ReplyData, codebuild, codepipeline, ecr, ecs};
use quarterdeck::domain::rules::{self, Policies, Terms};
use quarterdeck::engine::clock::Clock;

use super::stage::{EPOCH, Stage, given, run, who};

const PIPELINE: &str = "codemate-pipeline-prod";

fn open(world: World, scenario: Scenario, home: &tempfile::TempDir) -> Stage {
    Stage::new((world, scenario), Vec::new(), EPOCH.parse().unwrap(), home.path())
}

async fn read(stage: &Stage, query: Query) -> ReplyData {
    stage.cloud.read(&stage.scope, &query).await.unwrap().data
}

async fn pipeline(stage: &Stage) -> Pipeline {
    match read(stage, Query::CodePipeline(codepipeline::Read::Pipelines)).await {
        ReplyData::Pipelines(pipelines) => {
            let mut found = pipelines.into_iter();
            found.find(|pipeline| pipeline.name == PIPELINE).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

async fn executions(stage: &Stage) -> Vec<Execution> {
    let query = codepipeline::Read::Executions {
        pipelines: vec![PIPELINE.to_owned()],
    };
    match read(stage, Query::CodePipeline(query)).await {
        ReplyData::PipelineExecutions(executions) => executions,
        other => panic!("{other:?}"),
    }
}

/// What the rules say of pipelines, builds and repositories.
async fn findings(stage: &Stage) -> Vec<Finding> {
    let now = stage.clock.now();
    let mut inventory = Inventory::new([stage.scope.clone()]);
    let pipelines = vec![PIPELINE.to_owned()];
    let asked = [
        (
            Source::Pipelines,
            Query::CodePipeline(codepipeline::Read::Pipelines),
        ),
        (
            Source::PipelineExecutions,
            Query::CodePipeline(codepipeline::Read::Executions { pipelines }),
        ),
        (Source::BuildProjects, Query::CodeBuild(codebuild::Read::Projects)),
        (Source::Repositories, Query::Ecr(ecr::Read::Repositories)),
    ];
    for (source, query) in asked {
        let result = stage.cloud.read(&stage.scope, &query).await.map(Arc::new);
        inventory.apply(&Answer {
            key: SourceKey {
                scope: stage.scope.name.clone(),
                source,
            },
            epoch: 0,
            asked_at: now,
            at: now,
            result,
        });
    }
    let policies = Policies::default();
    let terms = Terms {
        policies: &policies,
        session: &[],
    };
    rules::evaluate(&inventory, &terms, now)
        .into_iter()
        .filter(|finding| finding.rule.starts_with("pipeline."))
        .collect()
}

fn rules_of(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.rule.as_str()).collect()
}

async fn carry_out(stage: &Stage, runbook: &str, set: &[(&str, &str)]) {
    let plan = stage.plan(runbook, set).await.plan;
    let start = stage.unattended(&plan);
    let (summary, watch) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}\n{:#?}", watch.happenings);
}

#[tokio::test(start_paused = true)]
async fn a_failed_build_is_retried_and_the_change_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, Scenario::PipelineFailed, &home);
    let before = findings(&stage).await;
    assert_eq!(rules_of(&before), ["pipeline.stage-failed"]);
    assert!(
        before[0]
            .evidence
            .iter()
            .any(|one| one.contains("pull rate limit")),
        "{before:#?}"
    );
    assert_eq!(before[0].runbooks[0], "pipeline-retry-stage");
    let failed = pipeline(&stage).await.failed().unwrap().clone();
    carry_out(
        &stage,
        "pipeline-retry-stage",
        &[("pipeline", PIPELINE), ("stage", "Build")],
    )
    .await;
    let after = pipeline(&stage).await;
    assert_eq!(after.failed(), None);
    let build = after.stage("Build").unwrap();
    assert_eq!(build.execution, failed.execution, "the very execution goes on");
    // The change that was on its way waits for its approval now.
    assert_eq!(rules_of(&findings(&stage).await), ["pipeline.approval-waiting"]);
    let ReplyData::BuildProjects(projects) = read(&stage, Query::CodeBuild(codebuild::Read::Projects)).await
    else {
        panic!("no projects");
    };
    let project = projects
        .iter()
        .find(|one| one.name == "codemate-backend-build")
        .unwrap();
    let newest: Vec<&str> = project
        .builds
        .iter()
        .flatten()
        .take(2)
        .map(|build| build.status.as_str())
        .collect();
    assert_eq!(newest, ["SUCCEEDED", "FAILED"]);
}

#[tokio::test(start_paused = true)]
async fn an_approval_shows_the_change_and_lets_it_through() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, Scenario::ApprovalWaiting, &home);
    let before = findings(&stage).await;
    assert_eq!(rules_of(&before), ["pipeline.approval-waiting"]);
    assert_eq!(before[0].runbooks, ["pipeline-approve"]);
    let waiting = executions(&stage).await.into_iter().next().unwrap();
    let set = [
        ("pipeline", PIPELINE),
        ("answer", "approve"),
        ("summary", "확인함"),
    ];
    let plan = stage.plan("pipeline-approve", &set).await.plan;
    let summary = &plan.changes[0].summary;
    assert!(summary.contains(&waiting.change()), "{summary}");
    assert!(summary.ends_with("it goes on into Deploy"), "{summary}");
    assert!(
        plan.changes[0]
            .impact
            .dependents
            .contains("codemate-backend-service of codemate-cluster")
    );
    let start = stage.unattended(&plan);
    let (done, watch) = run(&stage.engine, plan, start).await;
    assert_eq!(done.exit, Exit::Done, "{:#?}", watch.happenings);
    assert_eq!(findings(&stage).await, []);
    let after = pipeline(&stage).await;
    let approval = &after.stage("Approve").unwrap().actions[0];
    assert_eq!(approval.status.as_deref(), Some("Succeeded"));
    assert!(
        approval
            .summary
            .as_deref()
            .unwrap()
            .starts_with("확인함 (quarterdeck run ")
    );
    assert_eq!(after.stage("Deploy").unwrap().execution, Some(waiting.id));
}

#[tokio::test(start_paused = true)]
async fn a_rejected_change_stops_before_production() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, Scenario::ApprovalWaiting, &home);
    let deployed = pipeline(&stage).await.stage("Deploy").unwrap().execution.clone();
    carry_out(
        &stage,
        "pipeline-approve",
        &[("pipeline", PIPELINE), ("answer", "reject"), ("summary", "회귀")],
    )
    .await;
    let after = pipeline(&stage).await;
    assert_eq!(after.failed().map(|stage| stage.name.as_str()), Some("Approve"));
    assert_eq!(after.stage("Deploy").unwrap().execution, deployed);
}

#[tokio::test(start_paused = true)]
async fn a_stage_goes_back_to_the_last_change_that_was_well() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, Scenario::BadDeploy, &home);
    assert_eq!(rules_of(&findings(&stage).await), ["pipeline.stage-failed"]);
    let failed = pipeline(&stage).await.stage("Deploy").unwrap().execution.clone();
    carry_out(
        &stage,
        "pipeline-rollback-stage",
        &[("pipeline", PIPELINE), ("stage", "Deploy")],
    )
    .await;
    assert_eq!(findings(&stage).await, []);
    let after = pipeline(&stage).await;
    let deploy = after.stage("Deploy").unwrap();
    assert_ne!(deploy.execution, failed);
    let newest = executions(&stage).await.into_iter().next().unwrap();
    assert_eq!(Some(&newest.id), deploy.execution.as_ref());
    assert!(newest.rollback_of.is_some());
    // Both services of the stage went back, the one that the execution was not about too.
    let fleet = match read(&stage, Query::Ecs(ecs::Read::Fleet)).await {
        ReplyData::EcsFleet(fleet) => fleet,
        other => panic!("{other:?}"),
    };
    let backend = fleet
        .services
        .iter()
        .find(|service| service.name == "codemate-backend-service")
        .unwrap();
    assert_ne!(backend.task_definition, "codemate-backend:5");
    assert_eq!(backend.running, backend.desired);
    assert_eq!(backend.deployments.len(), 1);
}

/// A runbook, what is set, and why it is refused.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

#[tokio::test(start_paused = true)]
async fn what_does_not_wait_or_has_not_failed_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, Scenario::Quiet, &home);
    let cases: [Case; 3] = [
        (
            "pipeline-retry-stage",
            &[("pipeline", PIPELINE), ("stage", "Build")],
            "has not failed",
        ),
        (
            "pipeline-approve",
            &[("pipeline", PIPELINE), ("answer", "approve")],
            "waits for an answer",
        ),
        (
            "pipeline-rollback-stage",
            &[("pipeline", PIPELINE), ("stage", "Deploy"), ("to", "none")],
            "none of the executions",
        ),
    ];
    for (runbook, set, why) in cases {
        let mut preparation = stage.preparation(runbook).await;
        let given = given(preparation.runbook(), set);
        let resolved = preparation.resolve(given).await.result.unwrap();
        let said = match preparation.plan(&resolved, (&who("alice"), None)).await {
            Ok(prepared) => panic!("planned: {:#?}", prepared.plan),
            Err(refused) => format!("{refused:?}"),
        };
        assert!(said.contains(why), "{runbook}: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_rollback_held_is_released_by_a_runbook_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, Scenario::BadDeploy, &home);
    let release = [("pipeline", PIPELINE), ("stage", "Deploy")];
    let nothing = stage.plan("pipeline-release", &release).await.plan;
    assert!(nothing.is_empty(), "{nothing:#?}");
    carry_out(
        &stage,
        "rollback-deploy",
        &[
            ("cluster", "codemate-cluster"),
            ("service", "codemate-backend-service"),
            ("hold_pipeline", "true"),
        ],
    )
    .await;
    assert_eq!(pipeline(&stage).await.held().unwrap().name, "Deploy");
    let plan = stage.plan("pipeline-release", &release).await.plan;
    let said = plan.warnings.join("\n");
    assert!(said.contains("is held because: quarterdeck run"), "{said}");
    carry_out(&stage, "pipeline-release", &release).await;
    assert_eq!(pipeline(&stage).await.held(), None);
}

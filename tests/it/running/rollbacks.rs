//! Services, images and messages taken back in the demo, from the plan to what can be read afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::asg::{GroupInstance, LaunchTemplate, RefreshSettings, Spared};
use quarterdeck::domain::delivery::Pipeline;
use quarterdeck::domain::ecr::Image;
use quarterdeck::domain::ecs::{Fleet, Service, Task};
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::fault::{Fault, FaultKind};
use quarterdeck::domain::ops::{
    Mutation, Query, Reply, ReplyData, Token, application_auto_scaling, autoscaling, codepipeline, ecr, ecs,
    elb, sqs,
};
use quarterdeck::domain::scalable::ScalableTarget;
use quarterdeck::domain::units::UsdPerHour;
use quarterdeck::engine::clock::Clock;
use quarterdeck::runbook::action::{Arguments, View};
use quarterdeck::runbook::check::{self, Verdict};
use quarterdeck::runbook::machine::{Happening, Summary};
use quarterdeck::runbook::plan::Plan;
use quarterdeck::runbook::planner::Refused;

use super::stage::{EPOCH, Stage, Watch, given, load_text, run, who};

const CLUSTER: &str = "codemate-cluster";
const BACKEND: &str = "codemate-backend-service";

fn open(world: World, scenario: Scenario, home: &tempfile::TempDir) -> Stage {
    Stage::new((world, scenario), Vec::new(), EPOCH.parse().unwrap(), home.path())
}

async fn read(stage: &Stage, query: Query) -> ReplyData {
    stage.cloud.read(&stage.scope, &query).await.unwrap().data
}

async fn service(stage: &Stage, cluster: &str, name: &str) -> Service {
    let ReplyData::EcsFleet(Fleet { services, .. }) = read(stage, Query::Ecs(ecs::Read::Fleet)).await else {
        panic!("no fleet");
    };
    let mut services = services.into_iter();
    services
        .find(|service| service.cluster == cluster && service.name == name)
        .unwrap()
}

async fn tasks(stage: &Stage, cluster: &str, service: &str) -> Vec<Task> {
    let query = Query::Ecs(ecs::Read::Tasks {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
    });
    match read(stage, query).await {
        ReplyData::EcsTasks(tasks) => tasks,
        other => panic!("{other:?}"),
    }
}

async fn pipelines(stage: &Stage) -> Vec<Pipeline> {
    match read(stage, Query::CodePipeline(codepipeline::Read::Pipelines)).await {
        ReplyData::Pipelines(pipelines) => pipelines,
        other => panic!("{other:?}"),
    }
}

async fn bounds(stage: &Stage) -> Vec<ScalableTarget> {
    let query = Query::ApplicationAutoScaling(application_auto_scaling::Read::EcsTargets);
    match read(stage, query).await {
        ReplyData::ScalableTargets(targets) => targets,
        other => panic!("{other:?}"),
    }
}

async fn carry_out(stage: &Stage, plan: Plan) -> (Summary, Watch) {
    let start = stage.unattended(&plan);
    run(&stage.engine, plan, start).await
}

async fn refused(stage: &Stage, set: &[(&str, &str)]) -> Refused {
    let mut preparation = stage.preparation("rollback-deploy").await;
    let given = given(preparation.runbook(), set);
    let resolved = preparation.resolve(given).await.result.unwrap();
    match preparation.plan(&resolved, (&who("alice"), None)).await {
        Ok(prepared) => panic!("planned: {:#?}", prepared.plan),
        Err(refused) => refused,
    }
}

fn steps(plan: &Plan) -> Vec<&str> {
    plan.changes
        .iter()
        .map(|change| change.summary.as_str())
        .collect()
}

fn backend<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut set = vec![("cluster", CLUSTER), ("service", BACKEND)];
    set.extend_from_slice(more);
    set
}

/// The service runs this revision and nothing else.
async fn settled(stage: &Stage, cluster: &str, name: &str, revision: &str) {
    let service = service(stage, cluster, name).await;
    assert_eq!(service.task_definition, revision);
    assert_eq!((service.deployments.len(), service.running), (1, service.desired));
}

#[tokio::test(start_paused = true)]
async fn a_bad_deployment_is_rolled_back_and_heals() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, Scenario::BadDeploy, &home);
    let plan = stage.plan("rollback-deploy", &backend(&[])).await.plan;
    assert_eq!(steps(&plan), ["codemate-backend:5 → codemate-backend:4"]);
    let said = plan.warnings.join("\n");
    assert!(said.contains("migrations of databases"), "{said}");
    assert!(said.contains("codemate-pipeline-prod deploys"), "{said}");
    let (summary, _) = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    settled(&stage, CLUSTER, BACKEND, "codemate-backend:4").await;
    let [write] = stage.log.writes().try_into().unwrap();
    assert_eq!(
        write.change,
        Mutation::Ecs(ecs::Write::UpdateService {
            cluster: CLUSTER.to_owned(),
            service: BACKEND.to_owned(),
            task_definition: Some("codemate-backend:4".to_owned()),
            desired: None,
            force_new_deployment: false,
        })
    );
    // The last of the new tasks has to pass its health checks first.
    stage.clock.sleep(std::time::Duration::from_mins(3)).await;
    let ReplyData::Balancing(balancing) = read(&stage, Query::Elb(elb::Read::Balancing)).await else {
        panic!("no target groups");
    };
    let group = balancing
        .target_groups
        .iter()
        .find(|group| group.name == "codemate-backend-tg");
    let targets = group.and_then(|group| group.targets.as_deref()).unwrap();
    let healthy = targets.iter().filter(|target| target.state == "healthy").count();
    assert_eq!(healthy, 3, "{targets:#?}");
    // Whoever asks again is not led back to the bad build.
    let again = stage.plan("rollback-deploy", &backend(&[])).await.plan;
    assert_eq!(steps(&again), ["codemate-backend:4 → codemate-backend:2"]);
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_is_held_with_the_run_as_reason_and_released_by_hand() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, Scenario::BadDeploy, &home);
    let plan = stage
        .plan("rollback-deploy", &backend(&[("hold_pipeline", "true")]))
        .await
        .plan;
    assert_eq!(
        steps(&plan),
        [
            "let no execution enter the stage Deploy",
            "codemate-backend:5 → codemate-backend:4",
        ]
    );
    let said = plan.warnings.join("\n");
    assert!(
        said.contains(
            "qd runbook run pipeline-release --set pipeline=codemate-pipeline-prod --set stage=Deploy"
        ),
        "{said}"
    );
    assert!(!said.contains("hold it with hold_pipeline"), "{said}");
    let (summary, _) = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    let held = pipelines(&stage).await;
    let stage_of = |pipelines: &[Pipeline]| {
        let prod = pipelines
            .iter()
            .find(|pipeline| pipeline.name == "codemate-pipeline-prod")
            .unwrap();
        prod.stages
            .iter()
            .find(|stage| stage.name == "Deploy")
            .unwrap()
            .clone()
    };
    let deploy = stage_of(&held);
    assert!(!deploy.enabled);
    assert!(deploy.disabled_reason.unwrap().contains(&summary.run_id.0));
    let release = load_text(
        "apiVersion: quarterdeck/v1\nkind: Runbook\nname: release\ntitle: Release\nsteps:\n  - id: go\n    \
         action: codepipeline.release\n    with: {pipeline: codemate-pipeline-prod, stage: Deploy}\n",
    );
    let mut preparation = stage.preparation_of(release).await;
    let given = given(preparation.runbook(), &[]);
    let resolved = preparation.resolve(given).await.result.unwrap();
    let plan = preparation
        .plan(&resolved, (&who("alice"), None))
        .await
        .unwrap()
        .plan;
    let (summary, _) = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    assert!(stage_of(&pipelines(&stage).await).enabled);
}

#[tokio::test(start_paused = true)]
async fn an_inactive_revision_comes_back_and_its_environment_is_written_down_nowhere() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, Scenario::BadDeploy, &home);
    let plan = stage
        .plan("rollback-deploy", &backend(&[("to", "codemate-backend:1")]))
        .await
        .plan;
    assert_eq!(
        steps(&plan),
        [
            "register codemate-backend:6 as a copy of codemate-backend:1",
            "codemate-backend:5 → codemate-backend:6",
        ]
    );
    let told = serde_json::to_string(&plan).unwrap();
    let (summary, watch) = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    settled(&stage, CLUSTER, BACKEND, "codemate-backend:6").await;
    let journal = serde_json::to_string(&watch.entries).unwrap();
    for secret in [
        "DATABASE_HOST",
        "codemate-db-prod.cx1q8zkd2m4p",
        "codemate/prod/anthropic",
    ] {
        assert!(!told.contains(secret) && !journal.contains(secret), "{secret}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_number_before_was_the_bad_build() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.plan("rollback-deploy", &backend(&[])).await.plan;
    assert_eq!(steps(&plan), ["codemate-backend:4 → codemate-backend:2"]);
}

#[tokio::test(start_paused = true)]
async fn a_stuck_deployment_is_stopped_and_goes_back() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Invokeai, Scenario::BadDeploy, &home);
    let set = [("cluster", "invokeai-cluster"), ("service", "invokeai-api")];
    let plan = stage.plan("rollback-deploy", &set).await.plan;
    assert_eq!(
        steps(&plan),
        ["stop the deployment of invokeai-api:4 and go back"]
    );
    let (summary, _) = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    settled(&stage, "invokeai-cluster", "invokeai-api", "invokeai-api:3").await;
    let again = stage.plan("rollback-deploy", &set).await.plan;
    assert!(
        again.is_empty()
            && again
                .warnings
                .join("")
                .contains("taken back invokeai-api:4 already")
    );
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_moved_is_pinned() {
    const NAME: &str = "ecg-project-pipeline-dev-api";
    const ECG: &str = "ecg-project-pipeline-dev-cluster";
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Ecg, Scenario::Everyday, &home);
    let before: Vec<Option<String>> = digests(&tasks(&stage, ECG, NAME).await, &format!("{NAME}:4"));
    let plan = stage
        .plan("rollback-deploy", &[("cluster", ECG), ("service", NAME)])
        .await
        .plan;
    let steps = steps(&plan);
    assert!(
        steps[0].contains(&format!("register {NAME}:5 as a copy of {NAME}:3, api with")),
        "{steps:?}"
    );
    assert!(steps[0].contains("@sha256:"), "{steps:?}");
    assert_eq!(steps[1], format!("{NAME}:4 → {NAME}:5"));
    assert!(
        plan.warnings.join("").contains("CloudFormation stack"),
        "{:?}",
        plan.warnings
    );
    let (summary, _) = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    let after = digests(&tasks(&stage, ECG, NAME).await, &format!("{NAME}:5"));
    assert!(
        !after.is_empty() && after.iter().all(|digest| !before.contains(digest)),
        "{after:?}"
    );
}

fn digests(tasks: &[Task], revision: &str) -> Vec<Option<String>> {
    let of = tasks
        .iter()
        .filter(|task| task.task_definition == revision && task.last_status == "RUNNING");
    of.flat_map(|task| {
        task.containers
            .iter()
            .map(|container| container.image_digest.clone())
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_that_deploys_is_a_failed_precondition() {
    let home = tempfile::tempdir().unwrap();
    let now = EPOCH.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(110);
    let stage = Stage::new(
        (World::Codemate, Scenario::Everyday),
        Vec::new(),
        now,
        home.path(),
    );
    let refused = refused(&stage, &backend(&[])).await;
    assert_eq!(refused.exit, Exit::Precondition);
    assert!(
        refused.to_string().contains("a pipeline is deploying"),
        "{refused}"
    );
    assert_eq!(stage.log.writes().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_fails_leads_back_to_what_ran() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    // Revision 3 never ran well; the circuit breaker stops it.
    let plan = stage
        .plan("rollback-deploy", &backend(&[("to", "codemate-backend:3")]))
        .await
        .plan;
    let (summary, watch) = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::RolledBack, "{summary:#?}");
    settled(&stage, CLUSTER, BACKEND, "codemate-backend:4").await;
    let journal = serde_json::to_string(&watch.entries).unwrap();
    assert!(journal.contains("circuit breaker"), "{journal}");
}

#[tokio::test(start_paused = true)]
async fn a_count_takes_its_bounds_along_and_back() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Invokeai, Scenario::Quiet, &home);
    let set = |desired| {
        [
            ("cluster", "invokeai-cluster"),
            ("service", "invokeai-api"),
            ("desired", desired),
        ]
    };
    let plan = stage.plan("ecs-scale", &set("0")).await.plan;
    assert_eq!(
        steps(&plan),
        ["scaled by itself between 2 and 6 → 0 and 6", "desired 2 → 0"]
    );
    // Two tasks of Fargate that are paid no more.
    let saved = plan.cost.usd_per_hour.expect("a known size");
    assert!(plan.cost.as_of.is_some() && saved < UsdPerHour::ZERO, "{saved:?}");
    let (summary, _) = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    // Application Auto Scaling would have brought it back by now.
    stage.clock.sleep(std::time::Duration::from_mins(5)).await;
    assert_eq!(
        service(&stage, "invokeai-cluster", "invokeai-api").await.desired,
        0
    );
    let [target] = bounds(&stage).await.try_into().unwrap();
    assert_eq!((target.min, target.max), (0, 6));
    // Nothing proves a revision of which no task runs.
    let rollback = [("cluster", "invokeai-cluster"), ("service", "invokeai-api")];
    let plan = stage.plan("rollback-deploy", &rollback).await.plan;
    assert!(
        plan.warnings.join("").contains("nothing will prove"),
        "{:?}",
        plan.warnings
    );
    let (summary, _) = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    settled(&stage, "invokeai-cluster", "invokeai-api", "invokeai-api:2").await;
    // Within the bounds nothing but the count moves.
    let plan = stage.plan("ecs-scale", &set("3")).await.plan;
    assert_eq!(steps(&plan), ["desired 0 → 3"]);
}

#[tokio::test(start_paused = true)]
async fn dead_letters_go_back() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Invokeai, Scenario::Everyday, &home);
    let plan = stage
        .plan("sqs-redrive", &[("queue", "invokeai-generation-dlq")])
        .await
        .plan;
    assert!(plan.changes.iter().all(|change| !change.reversible));
    let (summary, _) = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    let ReplyData::Queues(queues) = read(&stage, Query::Sqs(sqs::Read::Queues)).await else {
        panic!("no queues");
    };
    let dead = queues
        .iter()
        .find(|queue| queue.name == "invokeai-generation-dlq")
        .unwrap();
    assert_eq!(dead.visible, 0);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_hosts_pull_is_taken_back_by_its_tag() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Ecommerce, Scenario::Quiet, &home);
    let set = [("group", "ecommerce-app-asg"), ("repository", "ecommerce-app")];
    let plan = stage.plan("asg-rollback-image", &set).await.plan;
    assert!(steps(&plan)[0].contains("1.15.1"), "{:?}", steps(&plan));
    // What stands prepared has pulled the bad image at its first start.
    let members = async || {
        let query = Query::AutoScaling(autoscaling::Read::Groups);
        let ReplyData::Groups(mut groups) = read(&stage, query).await else {
            panic!("no groups");
        };
        let group = groups.remove(0);
        let ids = |all: &[GroupInstance]| all.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
        let pool = group
            .warm_pool
            .as_ref()
            .map_or_else(Vec::new, |pool| ids(&pool.instances));
        (ids(&group.instances), pool)
    };
    let (serving, prepared) = members().await;
    assert!(!prepared.is_empty());
    let warnings = plan.warnings.join("\n");
    assert!(warnings.contains("of the warm pool"), "{warnings}");
    let (summary, _) = carry_out(&stage, plan).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    let (now, pool) = members().await;
    let old = |id: &&String| serving.contains(id) || prepared.contains(id);
    assert_eq!(now.iter().chain(&pool).find(old), None);
    let images = images(&stage).await;
    let latest = images
        .iter()
        .find(|image| image.tags.iter().any(|tag| tag == "latest"))
        .unwrap();
    assert!(latest.tags.iter().any(|tag| tag == "1.15.1"), "{images:#?}");

    // What proved it is no formality: each part of it alone fails.
    let digest = latest.digest.clone();
    let (view, _) = image_check(&stage, &digest, |_| {}).await;
    assert!(matches!(view, Verdict::Pass(_)), "{view:?}");
    let (wrong, _) = image_check(&stage, "sha256:other", |_| {}).await;
    assert!(wrong.detail().contains("not sha256:other"), "{wrong:?}");
    for (part, spoil) in SPOILT {
        let (verdict, spoilt) = image_check(&stage, &digest, spoil).await;
        assert!(spoilt > 0, "{part}");
        assert!(
            matches!(&verdict, Verdict::Fail(why) if why.contains(part)),
            "{part}: {verdict:?}"
        );
    }
}

/// How answers differ.
type Spoil = fn(&mut ReplyData);

/// What may be wrong though every instance is in service: part of what is said, and how the answers differ.
const SPOILT: [(&str, Spoil); 3] = [
    ("is older than the refresh", |data| {
        if let ReplyData::Instances(instances) = data {
            for one in instances {
                one.launched_at = Some(Timestamp::UNIX_EPOCH);
            }
        }
    }),
    ("is unhealthy in", |data| {
        if let ReplyData::Balancing(balancing) = data {
            let targets = balancing
                .target_groups
                .iter_mut()
                .filter_map(|group| group.targets.as_mut());
            targets
                .flatten()
                .for_each(|target| "unhealthy".clone_into(&mut target.state));
        }
    }),
    ("the instance refresh of ecommerce-app-asg is Cancelled", |data| {
        if let ReplyData::InstanceRefreshes(refreshes) = data {
            for one in refreshes {
                "Cancelled".clone_into(&mut one.status);
            }
        }
    }),
];

/// What the check says of the group, with answers that differ, and how many do.
async fn image_check(stage: &Stage, digest: &str, spoil: Spoil) -> (Verdict, usize) {
    let check = check::find("asg.runs_tag").unwrap();
    let with =
        serde_json::json!({"group": "ecommerce-app-asg", "repository": "ecommerce-app", "digest": digest});
    let with: Arguments = serde_json::from_value(with).unwrap();
    let mut answers = Vec::new();
    let mut spoilt = 0;
    for query in check.reads(&with, stage.clock.now()).unwrap() {
        let mut reply = stage.cloud.read(&stage.scope, &query).await.unwrap();
        let before = reply.data.clone();
        spoil(&mut reply.data);
        spoilt += usize::from(reply.data != before);
        answers.push((query, Ok(reply)));
    }
    let verdict = check
        .judge(&with, &View::new(answers), stage.clock.now())
        .unwrap();
    (verdict, spoilt)
}

async fn images(stage: &Stage) -> Vec<Image> {
    let query = Query::Ecr(ecr::Read::Images {
        registry: None,
        repository: "ecommerce-app".to_owned(),
    });
    match read(stage, query).await {
        ReplyData::Images(images) => images,
        other => panic!("{other:?}"),
    }
}

/// Every way that is offered leads somewhere, in every world.
#[tokio::test(start_paused = true)]
async fn every_service_of_the_demo_can_be_planned() {
    for world in [World::Codemate, World::Ecg, World::Invokeai] {
        let home = tempfile::tempdir().unwrap();
        let stage = open(world, Scenario::Quiet, &home);
        let ReplyData::EcsFleet(fleet) = read(&stage, Query::Ecs(ecs::Read::Fleet)).await else {
            panic!("no fleet");
        };
        assert!(!fleet.services.is_empty());
        for service in &fleet.services {
            let set = [
                ("cluster", service.cluster.as_str()),
                ("service", service.name.as_str()),
            ];
            let plan = Arc::new(stage.plan("rollback-deploy", &set).await.plan);
            assert!(!plan.changes.is_empty(), "{}: {:?}", service.name, plan.warnings);
        }
        assert_eq!(stage.log.writes().len(), 0);
    }
}

fn refreshing(happening: &Happening) -> bool {
    matches!(happening, Happening::Waiting { detail, .. } if detail.contains("InProgress"))
}

/// Instances must not go on being replaced while the tag already means the other image again.
#[tokio::test(start_paused = true)]
async fn taking_an_image_back_calls_the_refresh_off_before_the_tag_is_moved() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Ecommerce, Scenario::Quiet, &home);
    let set = [("group", "ecommerce-app-asg"), ("repository", "ecommerce-app")];
    let before = images(&stage).await;
    let plan = stage.plan("asg-rollback-image", &set).await.plan;
    let mut watch = stage.begin(plan);
    watch.until(refreshing).await;
    let summary = watch.taken_back().await;
    // What was replaced stays so, and is said.
    assert_eq!(
        (summary.exit, summary.rolled_back),
        (Exit::Partial, false),
        "{summary:#?}"
    );
    assert!(
        summary.remains[0].contains("replaced again"),
        "{:?}",
        summary.remains
    );
    let made: Vec<&str> = stage
        .log
        .writes()
        .iter()
        .filter_map(|write| match &write.change {
            Mutation::Ecr(ecr::Write::PutTag { .. }) => Some("tag"),
            Mutation::AutoScaling(autoscaling::Write::StartInstanceRefresh { .. }) => Some("refresh"),
            Mutation::AutoScaling(autoscaling::Write::CancelInstanceRefresh { .. }) => Some("cancel"),
            _ => None,
        })
        .collect();
    assert_eq!(made, ["tag", "refresh", "cancel", "tag"]);
    assert_eq!(images(&stage).await, before);
}

/// What was there before may be gone by the time it is to come back.
#[tokio::test(start_paused = true)]
async fn an_image_that_was_deleted_meanwhile_is_a_failed_rollback_that_names_it() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Ecommerce, Scenario::Quiet, &home);
    let set = [("group", "ecommerce-app-asg"), ("repository", "ecommerce-app")];
    let had_the_tag = images(&stage)
        .await
        .into_iter()
        .find(|image| image.tags.iter().any(|tag| tag == "latest"))
        .unwrap()
        .digest;
    *stage.cloud.refuses.lock().unwrap() = Some(Box::new(move |change| match change {
        Mutation::Ecr(ecr::Write::PutTag { digest, .. }) if *digest == had_the_tag => {
            let gone = Fault::new(FaultKind::NotFound, "ecr", "BatchGetImage", "no such image");
            Some(gone.with_code("ImageNotFoundException"))
        }
        _ => None,
    }));
    let plan = stage.plan("asg-rollback-image", &set).await.plan;
    let mut watch = stage.begin(plan);
    watch.until(refreshing).await;
    let summary = watch.taken_back().await;
    assert_eq!(
        (summary.exit, summary.rolled_back),
        (Exit::RollbackFailed, false),
        "{summary:#?}"
    );
    let remains = summary.remains.join("\n");
    assert!(remains.contains("ecommerce-app: latest: "), "{remains}");
    assert!(remains.contains("ImageNotFoundException"), "{remains}");
    // The replacement was called off all the same.
    let last = stage.log.writes().pop().unwrap().change;
    assert!(
        matches!(
            last,
            Mutation::AutoScaling(autoscaling::Write::CancelInstanceRefresh { .. })
        ),
        "{last:?}"
    );
}

/// The application's group, whose instances are being replaced by those of another version.
const REFRESHED: &str = "ecommerce-app-asg";

async fn begin_refresh(stage: &Stage) {
    let groups = match read(stage, Query::AutoScaling(autoscaling::Read::Groups)).await {
        ReplyData::Groups(groups) => groups,
        other => panic!("{other:?}"),
    };
    let group = groups.into_iter().find(|group| group.name == REFRESHED).unwrap();
    let change = Mutation::AutoScaling(autoscaling::Write::StartInstanceRefresh {
        group: REFRESHED.to_owned(),
        settings: RefreshSettings {
            min_healthy_percent: 90,
            max_healthy_percent: None,
            warmup_s: None,
            skip_matching: false,
            spared: Spared::Ignore,
            template: Some(LaunchTemplate {
                version: "2".to_owned(),
                ..group.launch_template.unwrap()
            }),
        },
    });
    let token = Token("before".to_owned());
    stage.cloud.write(&stage.scope, &change, &token).await.unwrap();
}

/// The newest refresh has this status instead of another one.
fn told_as(reply: &mut Reply, (status, instead): (&str, &str)) -> bool {
    let ReplyData::InstanceRefreshes(all) = &mut reply.data else {
        return false;
    };
    match all.first_mut().filter(|newest| newest.status == status) {
        Some(newest) => {
            instead.clone_into(&mut newest.status);
            newest.reason = Some("an instance did not become healthy".to_owned());
            true
        }
        None => false,
    }
}

/// What answers say otherwise than the demo.
type Differing = fn(&mut Reply);

#[tokio::test(start_paused = true)]
async fn a_rollback_of_a_refresh_that_does_not_end_well_fails_the_run_and_says_how_it_ended() {
    /// Whether the rollback has been seen to succeed.
    static SEEN: AtomicBool = AtomicBool::new(false);
    let ends: [(Differing, &str); 4] = [
        (
            |reply| {
                told_as(reply, ("RollbackInProgress", "RollbackFailed"));
            },
            "the refresh is RollbackFailed",
        ),
        (
            |reply| {
                told_as(reply, ("RollbackInProgress", "Failed"));
            },
            "the refresh is Failed",
        ),
        (
            |reply| {
                told_as(reply, ("RollbackInProgress", "Cancelled"));
            },
            "the refresh is Cancelled",
        ),
        // The step was done: the end is looked at by itself.
        (
            |reply| {
                if SEEN.load(Ordering::SeqCst) {
                    told_as(reply, ("RollbackSuccessful", "RollbackFailed"));
                } else if told_as(reply, ("RollbackSuccessful", "RollbackSuccessful")) {
                    SEEN.store(true, Ordering::SeqCst);
                }
            },
            "the rollback of the instance refresh of ecommerce-app-asg has failed",
        ),
    ];
    for (differs, said) in ends {
        let home = tempfile::tempdir().unwrap();
        let stage = open(World::Ecommerce, Scenario::Quiet, &home);
        begin_refresh(&stage).await;
        let set = [("group", REFRESHED)];
        let plan = stage.plan("asg-instance-refresh-rollback", &set).await.plan;
        *stage.cloud.differs.lock().unwrap() = Some(differs);
        let start = stage.unattended(&plan);
        let (summary, watch) = run(&stage.engine, plan, start).await;
        assert_eq!(summary.exit, Exit::Partial, "{said}: {:#?}", watch.happenings);
        let reasons = summary.reasons.join("\n");
        assert!(
            reasons.contains(said) && reasons.contains("an instance did not become healthy"),
            "{reasons}"
        );
    }
}

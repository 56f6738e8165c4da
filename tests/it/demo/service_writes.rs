//! Changes of ECS services and what hangs on them.

use jiff::SignedDuration;
use pretty_assertions::assert_eq;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::ecs::{DeploymentRole, RolloutState};
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::metric::Stat;
use quarterdeck::domain::ops::{
    self, Mutation, Query, ReplyData, application_auto_scaling, cloudwatch, ecs, elb, sqs,
};

use super::stage::Stage;

const CLUSTER: &str = "codemate-cluster";
const BACKEND: &str = "codemate-backend-service";
const MINUTES: fn(i64) -> SignedDuration = SignedDuration::from_mins;

fn update(revision: Option<&str>, desired: Option<u32>, force: bool) -> Mutation {
    Mutation::Ecs(ecs::Write::UpdateService {
        cluster: CLUSTER.to_owned(),
        service: BACKEND.to_owned(),
        task_definition: revision.map(str::to_owned),
        desired,
        force_new_deployment: force,
    })
}

/// A world in which the pipeline is not about to deploy.
fn quiet() -> Stage {
    let stage = Stage::open(World::Codemate, Scenario::BadDeploy);
    stage
        .write(update(Some("codemate-backend:4"), None, false))
        .expect("a good revision");
    stage.until(MINUTES(4), |stage| {
        !stage.service(CLUSTER, BACKEND).is_deploying()
    });
    stage
}

#[test]
fn a_rollout_replaces_tasks_bit_by_bit() {
    let stage = quiet();
    let before: Vec<String> = running(&stage);
    let events = stage.service(CLUSTER, BACKEND).events.len();
    stage
        .write(update(Some("codemate-backend:2"), None, false))
        .unwrap();
    let took = stage.until(MINUTES(4), |stage| {
        let service = stage.service(CLUSTER, BACKEND);
        let active = service
            .deployments
            .iter()
            .any(|deployment| deployment.role == DeploymentRole::Active && deployment.running > 0);
        let rollout = service.primary().unwrap().rollout;
        assert!(service.running + service.pending <= 6, "at most twice as many");
        assert!(service.running >= 2, "at least half as many");
        if active {
            assert_eq!(rollout, Some(RolloutState::InProgress));
        }
        rollout == Some(RolloutState::Completed)
    });
    let service = stage.service(CLUSTER, BACKEND);
    assert_eq!((service.deployments.len(), service.running), (1, 3));
    assert!(
        took >= SignedDuration::from_secs(45) && took <= SignedDuration::from_secs(120),
        "{took:?}"
    );
    let after = running(&stage);
    assert!(after.iter().all(|task| !before.contains(task)));
    assert_eq!(service.task_definition, "codemate-backend:2");
    assert!(service.events.len() > events);
    assert!(service.events[0].message.contains("has reached a steady state"));
    assert_eq!(stage.deployments(CLUSTER, BACKEND)[0].status, "SUCCESSFUL");
}

fn running(stage: &Stage) -> Vec<String> {
    stage
        .tasks(CLUSTER, BACKEND)
        .into_iter()
        .filter(|task| task.last_status == "RUNNING")
        .map(|task| task.arn)
        .collect()
}

#[test]
fn revisions_that_cannot_be_deployed_are_refused() {
    let stage = quiet();
    assert_eq!(
        stage.refused(update(Some("codemate-backend:1"), None, false)),
        "ClientException"
    );
    assert_eq!(
        stage.refused(update(Some("codemate-backend:99"), None, false)),
        "ClientException"
    );
    assert_eq!(
        stage.refused(update(Some("nobody:1"), None, false)),
        "ClientException"
    );
    let elsewhere = Mutation::Ecs(ecs::Write::UpdateService {
        cluster: "no-cluster".to_owned(),
        service: BACKEND.to_owned(),
        task_definition: None,
        desired: Some(1),
        force_new_deployment: false,
    });
    assert_eq!(stage.refused(elsewhere), "ClusterNotFoundException");
    let ReplyData::TaskDefinitions(definitions) = stage.read(&Query::Ecs(ops::ecs::Read::TaskDefinitions {
        revisions: vec!["codemate-backend:1".to_owned(), "codemate-backend:4".to_owned()],
    })) else {
        panic!("no definitions");
    };
    let status: Vec<&str> = definitions.iter().map(|one| one.status.as_str()).collect();
    assert_eq!(status, ["INACTIVE", "ACTIVE"]);
}

#[test]
fn a_bare_family_is_its_latest_revision_even_if_that_is_the_bad_one() {
    let stage = quiet();
    stage
        .write(update(Some("codemate-backend"), None, false))
        .unwrap();
    assert_eq!(
        stage.service(CLUSTER, BACKEND).task_definition,
        "codemate-backend:5"
    );
    stage.pass(MINUTES(4));
    let primary = stage.service(CLUSTER, BACKEND).primary().unwrap().clone();
    assert_eq!(
        primary.rollout,
        Some(RolloutState::Failed),
        "it crashes as it did before"
    );
}

#[test]
fn the_same_revision_is_no_deployment_unless_forced() {
    let stage = quiet();
    let history = stage.deployments(CLUSTER, BACKEND).len();
    stage
        .write(update(Some("codemate-backend:4"), None, false))
        .unwrap();
    assert_eq!(stage.deployments(CLUSTER, BACKEND).len(), history);
    stage.write(update(None, None, true)).unwrap();
    let deployments = stage.deployments(CLUSTER, BACKEND);
    assert_eq!(deployments.len(), history + 1);
    assert_eq!(deployments[0].status, "IN_PROGRESS");
    assert!(stage.service(CLUSTER, BACKEND).is_deploying());
}

#[test]
fn a_count_changes_without_a_deployment() {
    let stage = quiet();
    let history = stage.deployments(CLUSTER, BACKEND).len();
    for desired in [5, 1] {
        stage.write(update(None, Some(desired), false)).unwrap();
        stage.until(MINUTES(2), |stage| {
            let service = stage.service(CLUSTER, BACKEND);
            service.running == desired && service.pending == 0
        });
        assert_eq!(stage.deployments(CLUSTER, BACKEND).len(), history);
        assert!(!stage.service(CLUSTER, BACKEND).is_deploying());
    }
    // Application Auto Scaling brings up again what is below its bounds.
    let bounds = application_auto_scaling::Write::SetBounds {
        resource: format!("service/{CLUSTER}/{BACKEND}"),
        min: 0,
        max: 10,
    };
    stage.write(Mutation::ApplicationAutoScaling(bounds)).unwrap();
    stage.write(update(None, Some(0), false)).unwrap();
    stage.pass(MINUTES(14));
    assert!(
        stage
            .target_group("codemate-backend-tg")
            .targets
            .unwrap()
            .is_empty()
    );
    let refused = stage.lately("codemate-backend-tg", "HTTPCode_Target_5XX_Count", Stat::Sum);
    assert_eq!(refused, 0.0, "nobody is there to answer 5xx");
    assert!(stage.lately("codemate-backend-tg", "RequestCount", Stat::Sum) > 100.0);
}

#[test]
fn a_finished_deployment_cannot_be_stopped() {
    let stage = quiet();
    let stop = |arn: &str| Mutation::Ecs(ecs::Write::StopServiceDeployment { arn: arn.to_owned() });
    let over = stage.deployments(CLUSTER, BACKEND).remove(0);
    let fault = stage.write(stop(&over.arn)).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict);
    assert_eq!(fault.code.as_deref(), Some("ConflictException"));
    assert_eq!(
        stage.refused(stop("arn:none")),
        "ServiceDeploymentNotFoundException"
    );

    // One that already goes back is left to it.
    stage
        .write(update(Some("codemate-backend:2"), None, false))
        .unwrap();
    let running = stage.deployments(CLUSTER, BACKEND).remove(0);
    stage.pass(SignedDuration::from_secs(10));
    stage.write(stop(&running.arn)).unwrap();
    stage.write(stop(&running.arn)).unwrap();
    stage.until(MINUTES(3), |stage| {
        stage.deployments(CLUSTER, BACKEND)[0].status == "ROLLBACK_SUCCESSFUL"
    });
    assert_eq!(
        stage.service(CLUSTER, BACKEND).task_definition,
        "codemate-backend:4"
    );
}

#[test]
fn a_newer_deployment_takes_the_place_of_one_under_way() {
    let stage = quiet();
    stage
        .write(update(Some("codemate-backend:2"), None, false))
        .unwrap();
    stage.pass(SignedDuration::from_secs(15));
    stage
        .write(update(Some("codemate-backend:4"), None, false))
        .unwrap();
    let status: Vec<String> = stage
        .deployments(CLUSTER, BACKEND)
        .into_iter()
        .take(2)
        .map(|entry| entry.status)
        .collect();
    assert_eq!(status, ["IN_PROGRESS", "STOPPED"]);
    stage.until(MINUTES(4), |stage| {
        stage.deployments(CLUSTER, BACKEND)[0].status == "SUCCESSFUL"
    });
    assert_eq!(stage.service(CLUSTER, BACKEND).running, 3);
}

#[test]
fn a_stopped_task_is_replaced() {
    let stage = quiet();
    let task = running(&stage).remove(0);
    let stop = |task: &str| {
        Mutation::Ecs(ecs::Write::StopTask {
            cluster: CLUSTER.to_owned(),
            task: task.to_owned(),
            reason: "재시작".to_owned(),
        })
    };
    assert_eq!(
        stage.refused(stop("arn:aws:ecs:x:y:task/none")),
        "InvalidParameterException"
    );
    stage.write(stop(&task)).unwrap();
    let stopping = |stage: &Stage| {
        stage
            .tasks(CLUSTER, BACKEND)
            .into_iter()
            .find(|other| other.arn == task)
            .unwrap()
    };
    assert_eq!(stopping(&stage).desired_status, "STOPPED");
    stage.until(MINUTES(2), |stage| {
        stopping(stage).last_status == "STOPPED" && running(stage).len() == 3
    });
    assert_eq!(stopping(&stage).stopped_reason.as_deref(), Some("재시작"));
    assert_eq!(stopping(&stage).stop_code.as_deref(), Some("UserInitiated"));
}

#[test]
fn targets_drain_before_they_are_gone() {
    let stage = quiet();
    let group = stage.target_group("codemate-backend-tg");
    let target = group.targets.as_ref().unwrap()[0].clone();
    let out = Mutation::Elb(elb::Write::DeregisterTargets {
        target_group: group.arn.clone(),
        targets: vec![(target.id.clone(), target.port)],
    });
    stage.write(out).unwrap();
    let state = |stage: &Stage| {
        let group = stage.target_group("codemate-backend-tg");
        group
            .targets
            .unwrap()
            .into_iter()
            .find(|other| other.id == target.id)
            .map(|target| target.state)
    };
    assert_eq!(state(&stage).as_deref(), Some("draining"));
    stage.until(MINUTES(1), |stage| state(stage).is_none());
    let back = Mutation::Elb(elb::Write::RegisterTargets {
        target_group: group.arn,
        targets: vec![(target.id.clone(), target.port)],
    });
    stage.write(back).unwrap();
    assert_eq!(state(&stage).as_deref(), Some("healthy"));
    let nowhere = Mutation::Elb(elb::Write::DeregisterTargets {
        target_group: "arn:none".to_owned(),
        targets: Vec::new(),
    });
    assert_eq!(stage.refused(nowhere), "TargetGroupNotFound");
}

#[test]
fn actions_of_alarms_can_be_turned_off_and_on() {
    let stage = Stage::open(World::Codemate, Scenario::Quiet);
    let alarms = vec!["codemate-5xx-errors".to_owned(), "codemate-prod-down".to_owned()];
    let off = cloudwatch::Write::DisableAlarmActions {
        alarms: alarms.clone(),
    };
    stage.write(Mutation::CloudWatch(off)).unwrap();
    assert!(alarms.iter().all(|name| !stage.alarm(name).actions_enabled));
    assert!(stage.alarm("codemate-rds-connections").actions_enabled);
    let on = cloudwatch::Write::EnableAlarmActions {
        alarms: alarms.clone(),
    };
    stage.write(Mutation::CloudWatch(on)).unwrap();
    assert!(alarms.iter().all(|name| stage.alarm(name).actions_enabled));
}

#[test]
fn dead_letters_go_back_to_where_they_came_from() {
    let stage = Stage::open(World::Invokeai, Scenario::Everyday);
    let dead = stage.queue("invokeai-generation-dlq");
    assert!(dead.visible >= 3);
    let redrive = |source: &str| {
        Mutation::Sqs(sqs::Write::StartMessageMoveTask {
            source: source.to_owned(),
        })
    };
    let live = stage.queue("invokeai-generation-queue");
    assert_eq!(live.dead_letter.as_ref().unwrap().0, dead.arn);
    assert_eq!(stage.refused(redrive(&live.arn)), "InvalidParameterValue");
    assert_eq!(
        stage.refused(redrive("arn:aws:sqs:x:y:none")),
        "ResourceNotFoundException"
    );
    assert!(stage.write(redrive(&dead.arn)).unwrap().created.is_some());
    assert_eq!(stage.refused(redrive(&dead.arn)), "UnsupportedOperation");
    stage.until(MINUTES(5), |stage| {
        stage.queue("invokeai-generation-dlq").visible == 0
    });
    stage.pass(MINUTES(1));
    stage.write(redrive(&dead.arn)).unwrap();
}

#[test]
fn cloudtrail_knows_who_did_it() {
    let stage = quiet();
    let lookup = |stage: &Stage| match stage.read(&Query::CloudTrail(ops::cloudtrail::Read::Lookup {
        resource: BACKEND.to_owned(),
        since: stage.now() - MINUTES(60),
        region: None,
    })) {
        ReplyData::Trail(events) => events,
        other => panic!("{other:?}"),
    };
    stage.pass(MINUTES(3));
    stage.write(update(None, Some(4), false)).unwrap();
    let before = lookup(&stage).len();
    stage.pass(MINUTES(3));
    let events = lookup(&stage);
    assert_eq!(
        events.len(),
        before + 1,
        "it takes minutes until CloudTrail has it"
    );
    assert_eq!(
        (events[0].name.as_str(), events[0].user.as_deref()),
        ("UpdateService", Some("jiwon.kim"))
    );
    let by_pipeline = events
        .iter()
        .filter(|event| event.user.as_deref() == Some("github-actions"));
    assert_eq!(by_pipeline.count(), 1, "the bad deployment");
}

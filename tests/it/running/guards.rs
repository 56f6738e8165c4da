//! The alarms of the shipped estates, under watch in runs of shipped runbooks.

use jiff::Timestamp;
use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::alarm::AlarmState;
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::ops::{Query, Reply, ReplyData, cloudwatch};
use quarterdeck::runbook::machine::Happening;
use quarterdeck::runbook::plan::GuardBaseline;
use quarterdeck::runbook::record::Status;

use super::stage::{EPOCH, Stage, load_shipped};

const GUARD: &str = "codemate-5xx-errors";
const RENDERING: &str = "invokeai-api-5xx";

/// Customers see errors from now on, for as long as anybody looks.
fn errors_begin(reply: &mut Reply) {
    if let ReplyData::Alarms(all) = &mut reply.data {
        for alarm in all
            .iter_mut()
            .filter(|alarm| [GUARD, RENDERING].contains(&alarm.name.as_str()))
        {
            alarm.state = AlarmState::Alarm;
            alarm.since = Some(Timestamp::MAX);
        }
    }
}

/// They have been seen since long before.
fn errors_go_on(reply: &mut Reply) {
    errors_begin(reply);
    if let ReplyData::Alarms(all) = &mut reply.data {
        for alarm in all
            .iter_mut()
            .filter(|alarm| [GUARD, RENDERING].contains(&alarm.name.as_str()))
        {
            alarm.since = Some(Timestamp::UNIX_EPOCH);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_shipped_estate_names_alarms_that_its_world_has() {
    for world in World::ALL {
        let home = tempfile::tempdir().unwrap();
        let now = EPOCH.parse().unwrap();
        let stage = Stage::new((world, Scenario::Quiet), Vec::new(), now, home.path());
        let query = Query::CloudWatch(cloudwatch::Read::Alarms);
        let ReplyData::Alarms(alarms) = stage.cloud.read(&stage.scope, &query).await.unwrap().data else {
            panic!("no alarms");
        };
        assert_ne!(stage.guard_alarms, Vec::<String>::new(), "{world:?}");
        for guard in &stage.guard_alarms {
            let known = alarms.iter().any(|alarm| alarm.name == *guard);
            assert!(known, "{world:?} has no {guard}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_lists_the_alarms_of_its_estate() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.scale(2).await;
    let guards: Vec<_> = plan
        .guards
        .iter()
        .map(|guard| (guard.alarm.as_str(), guard.baseline))
        .collect();
    assert_eq!(guards, [(GUARD, GuardBaseline::Transition)]);
}

/// Somebody has deleted or renamed them.
fn no_alarms(reply: &mut Reply) {
    if let ReplyData::Alarms(all) = &mut reply.data {
        all.clear();
    }
}

/// Found out before anybody confirms anything.
#[tokio::test(start_paused = true)]
async fn an_alarm_that_does_not_exist_is_a_refused_plan() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    *stage.cloud.differs.lock().unwrap() = Some(no_alarms);
    let set = [
        ("cluster", "codemate-cluster"),
        ("service", "codemate-backend-service"),
        ("desired", "2"),
    ];
    let refused = stage
        .try_plan(load_shipped("ecs-scale"), &set)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.exit, Exit::Precondition, "{refused}");
    let said = refused.to_string();
    assert!(
        said.contains("guard codemate-5xx-errors: there is no such alarm"),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_begins_to_fire_has_the_run_taken_back() {
    let home = tempfile::tempdir().unwrap();
    let now = EPOCH.parse().unwrap();
    let stage = Stage::new((World::Invokeai, Scenario::Quiet), Vec::new(), now, home.path());
    let set = [("group", "invokeai-gpu-workers"), ("desired", "1")];
    let plan = stage.plan("asg-scale", &set).await.plan;
    let mut watch = stage.begin(plan);
    watch
        .until(|happening| matches!(happening, Happening::Waiting { .. }))
        .await;
    *stage.cloud.differs.lock().unwrap() = Some(errors_begin);
    let summary = watch.end().await;
    assert_eq!(
        (summary.exit, summary.status),
        (Exit::RolledBack, Status::RolledBack),
        "{summary:#?}"
    );
    let why = format!("{summary:?}");
    assert!(why.contains("invokeai-api-5xx: ALARM"), "{why}");
    assert_eq!(stage.log.writes().len(), 2, "made, and taken back");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_fires_already_holds_nothing_up() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    *stage.cloud.differs.lock().unwrap() = Some(errors_go_on);
    let plan = stage.scale(2).await;
    let start = stage.unattended(&plan);
    let (summary, _) = super::stage::run(&stage.engine, plan, start).await;
    assert_eq!((summary.exit, summary.status), (Exit::Done, Status::Succeeded));
}

/// An alarm that fires while help is on its way is no reason to take it back.
#[tokio::test(start_paused = true)]
async fn nothing_is_watched_where_a_run_only_helps() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.scale(5).await;
    assert_eq!(plan.guards, []);
    let now = EPOCH.parse().unwrap();
    let stage = Stage::new(
        (World::Codemate, Scenario::BadDeploy),
        Vec::new(),
        now,
        home.path(),
    );
    let set = [
        ("cluster", "codemate-cluster"),
        ("service", "codemate-backend-service"),
    ];
    let plan = stage.plan("rollback-deploy", &set).await.plan;
    assert_eq!(plan.guards, []);
}

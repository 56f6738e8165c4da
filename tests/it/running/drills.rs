//! Drills and backups: a copy that is made, timed and removed, and nothing else that ever is.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::config::estate;
use quarterdeck::domain::datastore::DbInstance;
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::ids::{Kind, Tag};
use quarterdeck::domain::ops::rds::{OwnCopy, RestoreSettings};
use quarterdeck::domain::ops::{Mutation, Query, ReplyData, Token, rds};
use quarterdeck::domain::policy::ConfirmLevel;
use quarterdeck::domain::rules::Policies;
use quarterdeck::engine::clock::Clock;
use quarterdeck::runbook::machine::Summary;
use quarterdeck::runbook::plan::Plan;
use quarterdeck::runbook::record::{self, Record, Resume, RunId, Status};

use super::stage::{EPOCH, Stage, Watch, run};

const SHOP: &str = "ecommerce-db";

fn open(scenario: Scenario, home: &tempfile::TempDir) -> Stage {
    let now: Timestamp = EPOCH.parse().unwrap();
    Stage::new((World::Ecommerce, scenario), Vec::new(), now, home.path())
}

async fn databases(stage: &Stage) -> Vec<DbInstance> {
    let query = Query::Rds(rds::Read::Instances);
    match stage.cloud.read(&stage.scope, &query).await.unwrap().data {
        ReplyData::DbInstances(databases) => databases,
        other => panic!("{other:?}"),
    }
}

async fn names(stage: &Stage) -> BTreeSet<String> {
    databases(stage).await.into_iter().map(|db| db.name).collect()
}

async fn write(stage: &Stage, change: rds::Write) {
    let token = Token("somebody else".to_owned());
    let change = Mutation::Rds(change);
    stage.cloud.write(&stage.scope, &change, &token).await.unwrap();
}

/// What is wrong, by the shipped estate's own policy, with what runs have measured.
async fn findings(stage: &Stage) -> BTreeSet<String> {
    let (_, text) = estate::SHIPPED
        .iter()
        .find(|(name, _)| *name == "ecommerce")
        .unwrap();
    let policy = estate::parse("ecommerce", text.as_bytes()).unwrap().estate.policy;
    let policies = Policies {
        otherwise: Arc::new(policy),
        ..Policies::default()
    };
    let found = stage
        .findings(&[Kind::RdsInstance, Kind::RdsCluster], policies)
        .await;
    found
        .iter()
        .filter(|finding| finding.name == SHOP)
        .map(|finding| finding.rule.clone())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_drill_times_a_restore_and_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::Quiet, &home);
    let before = databases(&stage).await;
    assert!(findings(&stage).await.contains("recovery.rto-unproven"));
    let plan = stage.plan("dr-drill", &[("instance", SHOP)]).await.plan;
    assert_eq!(plan.confirm.level, ConfirmLevel::Ack);
    let removals: Vec<&str> = plan
        .changes
        .iter()
        .filter(|change| change.action == "rds.delete_instance")
        .map(|change| change.target.name.as_str())
        .collect();
    assert!(
        removals.iter().all(|name| name.starts_with("ecommerce-db-r-")),
        "{removals:?}"
    );
    let start = stage.unattended(&plan);
    let (summary, watch) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?} {:#?}", watch.happenings);
    assert_eq!(summary.remains, Vec::<String>::new());

    let after = databases(&stage).await;
    let kept = |all: &[DbInstance]| -> Vec<(String, Option<String>, String)> {
        all.iter()
            .map(|db| (db.name.clone(), db.resource_id.clone(), db.status.clone()))
            .collect()
    };
    assert_eq!(kept(&after), kept(&before));
    let head = stage.engine.store().unwrap().head(&summary.run_id).unwrap();
    let measured = head.measured.expect("it measured");
    assert_eq!(measured.source, SHOP);
    assert!((15 * 60..30 * 60).contains(&measured.ready_s), "{measured:#?}");
    assert!(measured.restore_s <= measured.ready_s, "{measured:#?}");
    let age = measured.data_age().unwrap();
    assert!(age < SignedDuration::from_mins(10), "{age}");
    let found = findings(&stage).await;
    assert!(
        !found.contains("recovery.rto-unproven") && !found.contains("recovery.rto-missed"),
        "{found:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_drill_of_a_snapshot_is_a_drill_too() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::Quiet, &home);
    let before = names(&stage).await;
    let set = [("instance", SHOP), ("snapshot", "latest")];
    let plan = stage.plan("dr-drill", &set).await.plan;
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    assert_eq!(names(&stage).await, before);
}

/// Another process that can take a drill up right before its copy is removed.
async fn before_removal(home: &tempfile::TempDir) -> (Stage, RunId, Plan) {
    let first = tempfile::tempdir().unwrap();
    let stage = open(Scenario::Quiet, &first);
    let plan = stage.plan("dr-drill", &[("instance", SHOP)]).await.plan;
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan.clone(), start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    let id = summary.run_id;
    let text = fs::read_to_string(stage.engine.store().unwrap().journal_path(&id)).unwrap();
    let entries = record::read(&text).unwrap().entries;
    let removes = |place: usize| plan.changes[place].action == "rds.delete_instance";
    let lines = entries
        .iter()
        .position(|entry| matches!(&entry.record, Record::Intent { act, .. } if removes(act.change)))
        .unwrap();
    let journal: String = text.split_inclusive('\n').take(lines).collect();
    let mut writes = stage.log.writes();
    writes.retain(|write| {
        !matches!(
            write.change,
            Mutation::Rds(rds::Write::DeleteCopy { .. } | rds::Write::UnprotectCopy { .. })
        )
    });
    let folder = home.path().join("runs").join(&id.0);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("journal.jsonl"), journal).unwrap();
    let now = entries[lines - 1].at.cloud + SignedDuration::from_secs(2);
    let stage = Stage::new((World::Ecommerce, Scenario::Quiet), writes, now, home.path());
    (stage, id, plan)
}

async fn taken_up(stage: &Stage, (id, plan): (&RunId, &Plan)) -> Summary {
    let start = stage.unattended(plan);
    let handle = stage.engine.resume(id, Resume::Forward, start).unwrap();
    Watch::new(handle).end().await
}

/// The run goes on, and nothing is deleted.
async fn left_alone(stage: &Stage, run: (&RunId, &Plan)) {
    let before = names(stage).await;
    let summary = taken_up(stage, run).await;
    assert_ne!(summary.exit, Exit::Done, "{summary:#?}");
    assert_ne!(summary.status, Status::Succeeded);
    stage.clock.sleep(Duration::from_mins(20)).await;
    assert_eq!(names(stage).await, before);
    let deletions = stage.log.writes();
    let deletions = deletions
        .iter()
        .filter(|write| matches!(&write.change, Mutation::Rds(rds::Write::DeleteCopy { .. })));
    assert_eq!(deletions.count(), 0);
}

async fn rename(stage: &Stage, plan: &Plan) {
    write(
        stage,
        rds::Write::Rename {
            instance: plan.changes[0].target.name.clone(),
            to: "kept-by-somebody".to_owned(),
        },
    )
    .await;
    // A rename takes its time.
    stage.clock.sleep(Duration::from_mins(20)).await;
    assert!(names(stage).await.contains("kept-by-somebody"));
}

#[tokio::test(start_paused = true)]
async fn a_drill_that_was_left_before_the_removal_removes_its_copy() {
    let home = tempfile::tempdir().unwrap();
    let (stage, id, plan) = before_removal(&home).await;
    let summary = taken_up(&stage, (&id, &plan)).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    assert!(!names(&stage).await.contains(&plan.changes[0].target.name));
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_somebody_renamed_stays() {
    let home = tempfile::tempdir().unwrap();
    let (stage, id, plan) = before_removal(&home).await;
    rename(&stage, &plan).await;
    left_alone(&stage, (&id, &plan)).await;
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_somebody_made_under_the_copys_name_stays() {
    let home = tempfile::tempdir().unwrap();
    let (stage, id, plan) = before_removal(&home).await;
    rename(&stage, &plan).await;
    // Even with the tags of the copy, as a restore of it would have them.
    let tag = Tag {
        key: OwnCopy::TAG.to_owned(),
        value: id.0.clone(),
    };
    write(
        &stage,
        rds::Write::RestoreToPointInTime {
            source: SHOP.to_owned(),
            instance: plan.changes[0].target.name.clone(),
            at: None,
            settings: Box::new(RestoreSettings {
                tags: vec![tag],
                ..RestoreSettings::default()
            }),
        },
    )
    .await;
    stage.clock.sleep(Duration::from_mins(30)).await;
    left_alone(&stage, (&id, &plan)).await;
}

#[tokio::test(start_paused = true)]
async fn the_call_itself_is_refused_for_anything_but_the_copy() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::Quiet, &home);
    let production = databases(&stage)
        .await
        .into_iter()
        .find(|db| db.name == SHOP)
        .unwrap();
    let own = OwnCopy {
        instance: SHOP.to_owned(),
        resource_id: production.resource_id.clone().unwrap(),
        run: "r-20261121-020000-kqzt".to_owned(),
    };
    let nameless = OwnCopy {
        run: String::new(),
        ..own.clone()
    };
    let guessed = OwnCopy {
        resource_id: String::new(),
        ..own.clone()
    };
    for copy in [own, nameless, guessed] {
        for change in [
            rds::Write::DeleteCopy { copy: copy.clone() },
            rds::Write::UnprotectCopy { copy: copy.clone() },
        ] {
            let token = Token("t".to_owned());
            let refused = stage
                .cloud
                .write(&stage.scope, &Mutation::Rds(change), &token)
                .await;
            assert!(refused.unwrap_err().message.contains("left alone"), "{copy:?}");
        }
    }
    let after = databases(&stage).await;
    assert!(after.contains(&production), "{after:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_refused_with_what_to_do_instead() {
    let home = tempfile::tempdir().unwrap();
    let now: Timestamp = EPOCH.parse().unwrap();
    let stage = Stage::new((World::Fashion, Scenario::Quiet), Vec::new(), now, home.path());
    let mut preparation = stage.preparation("dr-drill").await;
    let given = super::stage::given(preparation.runbook(), &[("instance", "fashion-ai-aurora-1")]);
    let resolved = preparation.resolve(given).await.result.unwrap();
    let refused = preparation
        .plan(&resolved, (&super::stage::who("alice"), None))
        .await
        .map(|prepared| prepared.plan)
        .unwrap_err();
    assert!(refused.to_string().contains("cluster"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn backups_that_were_switched_off_are_mended() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(Scenario::DrGap, &home);
    let found = findings(&stage).await;
    assert!(
        found.contains("rds.no-backup") && found.contains("recovery.rpo-missed"),
        "{found:?}"
    );
    let plan = stage.plan("rds-backup-now", &[("instance", SHOP)]).await.plan;
    assert_eq!(plan.changes.len(), 2, "{:#?}", plan.changes);
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    stage.clock.sleep(Duration::from_mins(15)).await;
    let found = findings(&stage).await;
    assert!(
        !found.contains("rds.no-backup") && !found.contains("recovery.rpo-missed"),
        "{found:?}"
    );
}

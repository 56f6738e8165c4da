//! Restores and failovers, from the plan to the last record, against a demo that drops what AWS drops.

use jiff::Timestamp;
use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::datastore::{Cache, DbCluster, DbInstance};
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::ops::{Mutation, Query, ReplyData, elasticache, rds};
use quarterdeck::domain::policy::ConfirmLevel;
use quarterdeck::runbook::machine::Happening;
use quarterdeck::runbook::record::Status;
use quarterdeck::runbook::tell::{self, Commands};

use super::stage::{EPOCH, Stage, given, load_text, run, who};

const PROD: &str = "codemate-db-prod";
const OLD: &str = "codemate-db-prod-old-2026-11-21";

fn open(world: World, home: &tempfile::TempDir) -> Stage {
    let now: Timestamp = EPOCH.parse().unwrap();
    Stage::new((world, Scenario::Quiet), Vec::new(), now, home.path())
}

async fn read(stage: &Stage, query: Query) -> ReplyData {
    stage.cloud.read(&stage.scope, &query).await.unwrap().data
}

async fn databases(stage: &Stage) -> Vec<DbInstance> {
    match read(stage, Query::Rds(rds::Read::Instances)).await {
        ReplyData::DbInstances(databases) => databases,
        other => panic!("{other:?}"),
    }
}

async fn database(stage: &Stage, name: &str) -> DbInstance {
    let all = databases(stage).await;
    all.into_iter()
        .find(|database| database.name == name)
        .unwrap_or_else(|| panic!("no database {name}"))
}

async fn cluster(stage: &Stage, name: &str) -> DbCluster {
    match read(stage, Query::Rds(rds::Read::Clusters)).await {
        ReplyData::DbClusters(clusters) => clusters
            .into_iter()
            .find(|cluster| cluster.name == name)
            .unwrap_or_else(|| panic!("no cluster {name}")),
        other => panic!("{other:?}"),
    }
}

/// Everything that makes one database as good as another.
fn configured(db: &DbInstance) -> String {
    format!(
        "{} {} {:?} {:?} {:?} {:?} {} {} {:?} {:?} {:?}",
        db.class,
        db.multi_az,
        db.storage_gib,
        db.max_storage_gib,
        db.storage_type,
        db.parameter_group,
        db.deletion_protection,
        db.publicly_accessible,
        db.backup_window,
        db.maintenance_window,
        db.settings.security_groups,
    )
}

/// Why a plan is refused.
pub(super) async fn refused(stage: &Stage, runbook: &str, set: &[(&str, &str)]) -> (Exit, String) {
    let mut preparation = stage.preparation(runbook).await;
    let given = given(preparation.runbook(), set);
    let resolution = preparation.resolve(given).await;
    let resolved = match resolution.result {
        Ok(resolved) => resolved,
        Err(unresolved) => return (Exit::Usage, format!("{unresolved:?}")),
    };
    match preparation.plan(&resolved, (&who("alice"), None)).await {
        Err(refused) => (refused.exit, refused.to_string()),
        Ok(prepared) => panic!("{runbook} {set:?}: {:#?}", prepared.plan),
    }
}

fn writes(stage: &Stage) -> Vec<Mutation> {
    stage.log.writes().into_iter().map(|write| write.change).collect()
}

#[tokio::test(start_paused = true)]
async fn a_restored_database_is_as_the_old_one_beside_it() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, &home);
    let before = database(&stage, PROD).await;
    let plan = stage
        .plan("restore-rds-snapshot", &[("instance", PROD)])
        .await
        .plan;
    assert_eq!(plan.confirm.level, ConfirmLevel::Ack);
    let warned = |words: &str| plan.warnings.iter().any(|warning| warning.contains(words));
    for words in [
        "what was written in the last",
        "a day",
        "s3Import",
        before.resource_id.as_deref().unwrap(),
        "slow for hours",
    ] {
        assert!(warned(words), "{words}: {:#?}", plan.warnings);
    }
    assert!(writes(&stage).is_empty(), "planning changes nothing");
    let start = stage.unattended(&plan);
    let (summary, watch) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?} {:#?}", watch.happenings);
    let new = database(&stage, "codemate-db-prod-restored").await;
    assert_eq!(configured(&new), configured(&before));
    let (mut own, mut old) = (new.settings.clone(), before.settings.clone());
    // Roles belong to the old one, as the plan says.
    (own.roles, old.roles) = (Vec::new(), Vec::new());
    assert_eq!(own, old);
    assert_eq!(new.status, "available");
    assert!(new.endpoint.is_some());
    for tag in &before.tags {
        assert!(new.tags.contains(tag), "{tag:?}: {:?}", new.tags);
    }
    let origin = |key: &str| {
        new.tags
            .iter()
            .find(|tag| tag.key == key)
            .map(|tag| tag.value.as_str())
    };
    assert_eq!(origin("quarterdeck:run"), Some(summary.run_id.0.as_str()));
    assert!(origin("quarterdeck:restored-from").is_some_and(|id| id.starts_with("rds:codemate-db-prod")));
    // The old one was not touched, and nothing had to be restarted.
    assert_eq!(database(&stage, PROD).await.resource_id, before.resource_id);
    let kinds: Vec<&str> = writes(&stage)
        .iter()
        .map(|write| write.operation().name)
        .collect();
    assert_eq!(kinds, ["RestoreDBInstanceFromDBSnapshot", "ModifyDBInstance"]);
}

#[tokio::test(start_paused = true)]
async fn a_swap_puts_the_restored_database_in_the_place_of_the_old_one() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, &home);
    let before = database(&stage, PROD).await;
    let set = [("instance", PROD), ("swap", "true")];
    let plan = stage.plan("restore-rds-point-in-time", &set).await.plan;
    assert_eq!(
        (plan.confirm.level, plan.confirm.name.as_str()),
        (ConfirmLevel::TypeName, PROD)
    );
    let plan_offers = plan.afterwards.clone();
    for words in ["codemate-proxy", "connection pools", "alarms and metrics follow"] {
        assert!(
            plan.warnings.iter().any(|warning| warning.contains(words)),
            "{words}: {:#?}",
            plan.warnings
        );
    }
    let start = stage.unattended(&plan);
    let (summary, watch) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?} {:#?}", watch.happenings);
    let (now, old) = (database(&stage, PROD).await, database(&stage, OLD).await);
    assert_eq!(old.resource_id, before.resource_id, "the old one is kept");
    assert_ne!(now.resource_id, before.resource_id);
    assert_eq!(now.endpoint, before.endpoint, "clients find it where it was");
    assert_eq!(configured(&now), configured(&old));
    assert!(old.deletion_protection && old.status == "available");
    let lines = tell::summary(&summary, &Commands::of(["qd"]));
    let said: Vec<String> = lines.iter().map(|line| line.text().trim().to_owned()).collect();
    for (cluster, service) in [
        ("codemate-cluster", "codemate-backend-service"),
        ("codemate-cluster", "codemate-frontend-service"),
        ("codemate-cluster-dev", "codemate-backend-service"),
    ] {
        let command = format!("qd runbook run ecs-restart --set cluster={cluster} --set service={service}");
        assert!(said.contains(&command), "{said:#?}");
    }
    assert_eq!(summary.afterwards, plan_offers);

    // The same once more, on the same day: the name for the old one is taken, which is said before.
    let (exit, why) = refused(&stage, "restore-rds-point-in-time", &set).await;
    assert_eq!(exit, Exit::Precondition);
    assert!(why.contains(OLD) && why.contains("taken"), "{why}");
}

/// Interrupts a swap where its last step has come to, and takes it back.
async fn swapped_back(moment: impl Fn(&Happening) -> bool) {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, &home);
    let before = database(&stage, PROD).await;
    let set = [("instance", PROD), ("swap", "true")];
    let plan = stage.plan("restore-rds-snapshot", &set).await.plan;
    let mut watch = stage.begin(plan);
    watch
        .until(|happening| matches!(happening, Happening::StepBegan { step } if step == "put-in-place"))
        .await;
    watch.until(moment).await;
    let summary = watch.taken_back().await;
    assert_eq!(
        (summary.exit, summary.rolled_back),
        (Exit::Partial, false),
        "{summary:#?} {:#?}",
        watch.happenings
    );
    assert!(
        summary
            .remains
            .iter()
            .any(|left| left.contains("codemate-db-prod-restored") && left.contains("a day")),
        "{summary:#?}"
    );
    let now = database(&stage, PROD).await;
    assert_eq!(
        (now.resource_id, now.endpoint),
        (before.resource_id, before.endpoint)
    );
    let restored = database(&stage, "codemate-db-prod-restored").await;
    assert_eq!(restored.status, "available");
    let all = databases(&stage).await;
    assert!(all.iter().all(|db| db.name != OLD), "{all:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_swapped_is_swapped_back_and_no_data_is_deleted() {
    swapped_back(|happening| matches!(happening, Happening::Writing { .. })).await;
}

#[tokio::test(start_paused = true)]
async fn a_rename_that_is_under_way_is_waited_for_before_it_is_taken_back() {
    swapped_back(
        |happening| matches!(happening, Happening::Waiting { detail, .. } if detail.contains("still called")),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn parameters_that_wait_for_a_restart_get_one() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Ecommerce, &home);
    let set = [("instance", "ecommerce-db"), ("new_instance", "ecommerce-db-2")];
    let plan = stage.plan("restore-rds-snapshot", &set).await.plan;
    let start = stage.unattended(&plan);
    let (summary, watch) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?} {:#?}", watch.happenings);
    assert!(
        writes(&stage)
            .iter()
            .any(|write| matches!(write, Mutation::Rds(rds::Write::Reboot { instance, failover: false }) if instance == "ecommerce-db-2")),
        "{:#?}",
        writes(&stage)
    );
    let new = database(&stage, "ecommerce-db-2").await;
    assert_eq!(new.parameter_group.unwrap().1, "in-sync");
    assert_eq!(new.max_storage_gib, Some(200));
}

#[tokio::test(start_paused = true)]
async fn of_a_member_of_aurora_the_cluster_is_restored_and_swapped() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Fashion, &home);
    let before = cluster(&stage, "fashion-ai-aurora").await;
    let set = [
        ("instance", "fashion-ai-aurora-2"),
        ("new_instance", "fashion-ai-again"),
        ("swap", "true"),
    ];
    let plan = stage.plan("restore-rds-snapshot", &set).await.plan;
    assert_eq!(
        (plan.confirm.level, plan.confirm.name.as_str()),
        (ConfirmLevel::TypeName, "fashion-ai-aurora")
    );
    let start = stage.unattended(&plan);
    let (summary, watch) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?} {:#?}", watch.happenings);
    let now = cluster(&stage, "fashion-ai-aurora").await;
    let old = cluster(&stage, "fashion-ai-aurora-old-2026-11-21").await;
    assert_eq!(old.settings.resource_id, before.settings.resource_id);
    assert_ne!(now.settings.resource_id, before.settings.resource_id);
    assert_eq!(now.endpoint, before.endpoint);
    assert_eq!(now.settings.http_endpoint, Some(true));
    assert_eq!(now.settings.security_groups, before.settings.security_groups);
    assert_eq!(
        now.settings.maintenance_window,
        before.settings.maintenance_window
    );
    assert!(now.deletion_protection);
    let names: Vec<(&str, bool)> = now
        .members
        .iter()
        .map(|(name, writes)| (name.as_str(), *writes))
        .collect();
    assert_eq!(
        names,
        [("fashion-ai-again-1", true), ("fashion-ai-again-2", false)]
    );
    let member = database(&stage, "fashion-ai-again-1").await;
    assert_eq!(
        (member.class.as_str(), member.cluster.as_deref()),
        ("db.r6g.large", Some("fashion-ai-aurora"))
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_restored_is_refused_with_the_reason() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, &home);
    let snapshot = "restore-rds-snapshot";
    let to = |name: &'static str| [("instance", PROD), ("new_instance", name)];
    let (exit, why) = refused(&stage, snapshot, &to("codemate-db-dev")).await;
    assert_eq!(exit, Exit::Precondition);
    assert!(why.contains("the name codemate-db-dev is taken"), "{why}");
    let (_, why) = refused(&stage, snapshot, &to("a--b")).await;
    assert!(why.contains("no name for a database"), "{why}");
    let other = [("instance", PROD), ("snapshot", "of-nobody")];
    let (exit, why) = refused(&stage, snapshot, &other).await;
    assert_eq!(exit, Exit::Usage);
    assert!(why.contains("of-nobody"), "{why}");
    let future = [("instance", PROD), ("at", "2026-11-21T03:00:00Z")];
    let (_, why) = refused(&stage, "restore-rds-point-in-time", &future).await;
    assert!(why.contains("can be restored up to"), "{why}");
    let past = [("instance", PROD), ("at", "2026-11-01T03:00:00Z")];
    let (_, why) = refused(&stage, "restore-rds-point-in-time", &past).await;
    assert!(why.contains("keeps backups for 7 days"), "{why}");
    assert!(writes(&stage).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_used_ends_the_run_before_anything_is_made() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Ecommerce, &home);
    let set = [("instance", "ecommerce-db"), ("snapshot", "ecommerce-db-launch")];
    let plan = stage.plan("restore-rds-snapshot", &set).await.plan;
    let start = stage.unattended(&plan);
    let (summary, watch) = run(&stage.engine, plan, start).await;
    assert!(!summary.changed && summary.remains.is_empty(), "{summary:#?}");
    assert_eq!(summary.status, Status::Failed);
    let told = format!("{:?}", watch.happenings);
    assert!(told.contains("The specified KMS key"), "{told}");
    assert!(writes(&stage).is_empty());
}

#[tokio::test(start_paused = true)]
async fn failovers_make_somebody_else_primary() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Codemate, &home);
    let zone = database(&stage, PROD).await.zone;
    let plan = stage
        .plan("rds-reboot-failover", &[("instance", PROD)])
        .await
        .plan;
    assert_eq!(plan.confirm.level, ConfirmLevel::TypeName);
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    assert_ne!(database(&stage, PROD).await.zone, zone);
    let (exit, why) = refused(&stage, "rds-reboot-failover", &[("instance", "codemate-db-dev")]).await;
    assert_eq!(exit, Exit::Precondition);
    assert!(why.contains("no standby"), "{why}");

    let plan = stage
        .plan("redis-failover", &[("group", "codemate-redis-prod")])
        .await
        .plan;
    assert_eq!(plan.confirm.level, ConfirmLevel::TypeName);
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    let caches: Vec<Cache> = match read(&stage, Query::ElastiCache(elasticache::Read::Caches)).await {
        ReplyData::Caches(caches) => caches,
        other => panic!("{other:?}"),
    };
    assert!(
        caches.iter().all(|cache| cache.status == "available"),
        "{caches:#?}"
    );
    let (_, why) = refused(&stage, "redis-failover", &[("group", "codemate-redis-dev")]).await;
    assert!(why.contains("replica"), "{why}");

    let home = tempfile::tempdir().unwrap();
    let stage = open(World::Fashion, &home);
    let set = [("instance", "fashion-ai-aurora-1")];
    let plan = stage.plan("rds-reboot-failover", &set).await.plan;
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    let now = cluster(&stage, "fashion-ai-aurora").await;
    assert!(
        now.members.contains(&("fashion-ai-aurora-2".to_owned(), true)),
        "{:?}",
        now.members
    );
}

/// Settings of a cluster, and an end that is found wrong if asked to.
const AURORA: &str = "apiVersion: quarterdeck/v1
kind: Runbook
name: test
title: Change settings of a cluster
params:
  healthy: {type: bool, about: Whether the end is as it should be}
limits: {max_targets: 1, deadline: 2h, rollback_deadline: 2h}
confirm: {level: ack}
steps:
  - id: modify
    action: rds.modify_cluster
    with:
      cluster: fashion-ai-aurora
      backup_retention_days: 14
      copy_tags_to_snapshots: true
      iam_authentication: false
      log_exports: [instance, postgresql]
    wait: {timeout: 30m}
verify:
  - check: expr
    that: params.healthy
    message: it is not as it should be
on_failure: rollback
";

#[tokio::test(start_paused = true)]
async fn settings_of_a_cluster_are_changed_at_once_and_set_back() {
    for healthy in ["true", "false"] {
        let home = tempfile::tempdir().unwrap();
        let stage = open(World::Fashion, &home);
        let before = cluster(&stage, "fashion-ai-aurora").await;
        let plan = stage
            .plan_of(load_text(AURORA), &[("healthy", healthy)])
            .await
            .plan;
        assert_eq!(
            plan.changes[0].summary,
            "backup_retention_days 7 → 14, copy_tags_to_snapshots false → true, iam_authentication true → \
             false, log_exports [\"postgresql\"] → [\"instance\",\"postgresql\"]"
        );
        let start = stage.unattended(&plan);
        let (summary, watch) = run(&stage.engine, plan, start).await;
        let now = cluster(&stage, "fashion-ai-aurora").await;
        let logs = |cluster: &DbCluster| cluster.settings.log_exports.clone();
        let seen = (
            now.backup_retention_days,
            now.settings.iam_authentication,
            logs(&now),
        );
        if healthy == "true" {
            assert_eq!(summary.exit, Exit::Done, "{summary:#?} {:#?}", watch.happenings);
            let both = vec!["instance".to_owned(), "postgresql".to_owned()];
            assert_eq!(seen, (14, Some(false), both));
        } else {
            assert_eq!(
                summary.exit,
                Exit::RolledBack,
                "{summary:#?} {:#?}",
                watch.happenings
            );
            assert_eq!(seen, (7, Some(true), logs(&before)));
        }
    }
}

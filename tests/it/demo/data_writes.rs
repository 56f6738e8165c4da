//! Changes of databases and caches.

use jiff::{SignedDuration, Timestamp};
use pretty_assertions::assert_eq;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::datastore::{DbInstance, StoreEvent};
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::metric::Stat;
use quarterdeck::domain::ops::rds::RestoreSettings;
use quarterdeck::domain::ops::{self, Mutation, Query, ReplyData, elasticache, rds};

use super::stage::Stage;

const PROD: &str = "codemate-db-prod";
const SNAPSHOT: &str = "codemate-db-prod-before-v2-3-0";
const MINUTES: fn(i64) -> SignedDuration = SignedDuration::from_mins;

fn open() -> Stage {
    Stage::open(World::Codemate, Scenario::Quiet)
}

fn restore(snapshot: &str, instance: &str, settings: RestoreSettings) -> Mutation {
    Mutation::Rds(rds::Write::RestoreFromSnapshot {
        snapshot: snapshot.to_owned(),
        instance: instance.to_owned(),
        settings: Box::new(settings),
    })
}

fn rename(instance: &str, to: &str) -> Mutation {
    Mutation::Rds(rds::Write::Rename {
        instance: instance.to_owned(),
        to: to.to_owned(),
    })
}

fn reboot(instance: &str, failover: bool) -> Mutation {
    Mutation::Rds(rds::Write::Reboot {
        instance: instance.to_owned(),
        failover,
    })
}

fn database(stage: &Stage, name: &str) -> DbInstance {
    stage.database(name).expect("the world has it")
}

fn events(stage: &Stage, source: &str) -> Vec<StoreEvent> {
    let since = stage.now() - MINUTES(60);
    match stage.read(&Query::Rds(ops::rds::Read::Events { since })) {
        ReplyData::StoreEvents(events) => events
            .into_iter()
            .filter(|event| event.source == source)
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// The statuses that a database goes through, until it is `available`.
fn statuses(stage: &Stage, name: &str, limit: SignedDuration) -> (Vec<String>, SignedDuration) {
    let seen = std::cell::RefCell::new(Vec::<String>::new());
    let took = stage.until(limit, |stage| {
        let Some(database) = stage.database(name) else {
            return false;
        };
        let mut seen = seen.borrow_mut();
        if seen.last() != Some(&database.status) {
            seen.push(database.status.clone());
        }
        database.status == "available"
    });
    (seen.into_inner(), took)
}

#[test]
fn a_restore_takes_a_quarter_of_an_hour_and_keeps_nothing_by_itself() {
    let stage = open();
    let source = database(&stage, PROD);
    assert!(source.multi_az && source.deletion_protection);
    let receipt = stage
        .write(restore(
            SNAPSHOT,
            "codemate-db-restored",
            RestoreSettings::default(),
        ))
        .unwrap();
    assert!(receipt.created.unwrap().starts_with("db-"));
    let new = database(&stage, "codemate-db-restored");
    assert_eq!((new.status.as_str(), new.endpoint.clone()), ("creating", None));
    assert_eq!(new.latest_restorable_at, None);
    let (seen, took) = statuses(&stage, "codemate-db-restored", MINUTES(30));
    assert_eq!(seen, ["creating", "backing-up", "modifying", "available"]);
    assert_eq!(took, MINUTES(15));
    let new = database(&stage, "codemate-db-restored");
    assert_eq!(
        (new.multi_az, new.deletion_protection, new.publicly_accessible),
        (false, false, false)
    );
    assert_eq!(new.parameter_group.unwrap().0, "default.postgres17");
    assert_eq!(new.storage_gib, source.storage_gib);
    assert_eq!(
        new.tags, source.tags,
        "without tags of its own it gets the source's"
    );
    assert!(new.endpoint.is_some());
    assert_ne!(new.resource_id, source.resource_id);
    let told: Vec<String> = events(&stage, "codemate-db-restored")
        .into_iter()
        .map(|event| event.message)
        .collect();
    assert_eq!(
        told,
        [
            "Restored from snapshot",
            "DB instance created",
            "Restoring DB instance"
        ]
    );
}

#[test]
fn settings_that_are_passed_are_kept() {
    let stage = open();
    let settings = RestoreSettings {
        class: Some("db.t4g.medium".to_owned()),
        multi_az: Some(true),
        parameter_group: Some("codemate-postgres17".to_owned()),
        deletion_protection: Some(true),
        ..RestoreSettings::default()
    };
    stage.write(restore(SNAPSHOT, "copy", settings)).unwrap();
    stage.pass(MINUTES(16));
    let new = database(&stage, "copy");
    assert_eq!(
        (new.class.as_str(), new.multi_az, new.deletion_protection),
        ("db.t4g.medium", true, true)
    );
    assert_eq!(new.parameter_group.unwrap().0, "codemate-postgres17");
}

#[test]
fn restores_that_cannot_be_are_refused() {
    let stage = open();
    let fine = RestoreSettings::default;
    assert_eq!(
        stage.refused(restore("none", "copy", fine())),
        "DBSnapshotNotFound"
    );
    assert_eq!(
        stage.refused(restore(SNAPSHOT, PROD, fine())),
        "DBInstanceAlreadyExists"
    );
    for name in ["1copy", "copy-", "co--py", "코피", ""] {
        assert_eq!(
            stage.refused(restore(SNAPSHOT, name, fine())),
            "InvalidParameterValue",
            "{name}"
        );
    }
    let unknown = RestoreSettings {
        parameter_group: Some("nobodys".to_owned()),
        ..fine()
    };
    assert_eq!(
        stage.refused(restore(SNAPSHOT, "copy", unknown)),
        "DBParameterGroupNotFound"
    );

    let snapshot = |id: &str| {
        Mutation::Rds(rds::Write::CreateSnapshot {
            instance: PROD.to_owned(),
            snapshot: id.to_owned(),
        })
    };
    stage.write(snapshot("now")).unwrap();
    assert_eq!(database(&stage, PROD).status, "backing-up");
    assert_eq!(stage.refused(snapshot("again")), "InvalidDBInstanceState");
    let fault = stage.write(restore("now", "copy", fine())).unwrap_err();
    assert_eq!(fault.code.as_deref(), Some("InvalidDBSnapshotState"));
    assert_eq!(fault.kind, FaultKind::Conflict);
    stage.pass(MINUTES(4));
    let taken = stage.snapshots().into_iter().find(|one| one.id == "now").unwrap();
    assert_eq!(
        (taken.status.as_str(), taken.percent_progress),
        ("available", Some(100))
    );
    assert_eq!(stage.refused(snapshot("now")), "DBSnapshotAlreadyExists");
    stage.write(restore("now", "copy", fine())).unwrap();
}

#[test]
fn automated_snapshots_and_points_in_time_can_be_restored() {
    let stage = open();
    let newest = stage
        .snapshots()
        .into_iter()
        .find(|snapshot| snapshot.snapshot_type == "automated" && snapshot.source == PROD)
        .unwrap();
    assert!(newest.id.starts_with("rds:codemate-db-prod-2026-11-20-18-"));
    stage
        .write(restore(&newest.id, "of-last-night", RestoreSettings::default()))
        .unwrap();

    let to = |at: Option<Timestamp>, instance: &str| {
        Mutation::Rds(rds::Write::RestoreToPointInTime {
            source: PROD.to_owned(),
            instance: instance.to_owned(),
            at,
            settings: Box::new(RestoreSettings::default()),
        })
    };
    let latest = database(&stage, PROD).latest_restorable_at.unwrap();
    stage.write(to(None, "of-now")).unwrap();
    stage.write(to(Some(latest), "of-latest")).unwrap();
    let future = latest + SignedDuration::from_secs(1);
    assert_eq!(
        stage.refused(to(Some(future), "of-future")),
        "InvalidParameterValue"
    );
    let old = stage.now() - SignedDuration::from_hours(24 * 8);
    assert_eq!(stage.refused(to(Some(old), "of-old")), "InvalidParameterValue");

    let aurora = Stage::open(World::Fashion, Scenario::Quiet);
    let member = Mutation::Rds(rds::Write::RestoreToPointInTime {
        source: "fashion-ai-aurora-1".to_owned(),
        instance: "copy".to_owned(),
        at: None,
        settings: Box::new(RestoreSettings::default()),
    });
    assert_eq!(aurora.refused(member), "InvalidParameterCombination");
}

#[test]
fn a_swap_by_rename_is_an_outage_of_minutes() {
    let stage = open();
    stage
        .write(restore(SNAPSHOT, "codemate-db-new", RestoreSettings::default()))
        .unwrap();
    stage.pass(MINUTES(16));
    let (old, new) = (database(&stage, PROD), database(&stage, "codemate-db-new"));
    assert_eq!(
        stage.refused(rename("codemate-db-new", PROD)),
        "DBInstanceAlreadyExists"
    );
    stage.write(rename(PROD, "codemate-db-old")).unwrap();
    let renaming = database(&stage, PROD);
    assert_eq!((renaming.status.as_str(), renaming.endpoint), ("renaming", None));
    // The name is taken until the rename has gone through.
    assert_eq!(
        stage.refused(rename("codemate-db-new", PROD)),
        "DBInstanceAlreadyExists"
    );
    stage.until(MINUTES(2), |stage| stage.database(PROD).is_none());
    assert_eq!(database(&stage, "codemate-db-old").resource_id, old.resource_id);
    stage.write(rename("codemate-db-new", PROD)).unwrap();
    stage.until(MINUTES(3), |stage| stage.database(PROD).is_some());
    let (seen, took) = statuses(&stage, PROD, MINUTES(15));
    assert_eq!(seen, ["renaming", "rebooting", "available"]);
    assert!(
        took >= MINUTES(7),
        "the new name resolves only after minutes: {took:?}"
    );
    let swapped = database(&stage, PROD);
    assert_eq!(swapped.resource_id, new.resource_id);
    assert!(swapped.endpoint.unwrap().0.starts_with("codemate-db-prod."));

    // Those who need the database felt it.
    let during = stage.lately("codemate-backend-tg", "HTTPCode_Target_5XX_Count", Stat::Sum);
    assert!(during > 100.0, "{during}");
    stage.pass(MINUTES(15));
    let after = stage.lately("codemate-backend-tg", "HTTPCode_Target_5XX_Count", Stat::Sum);
    assert!(after < 5.0, "{after}");
}

#[test]
fn a_failover_moves_the_primary_to_the_other_zone() {
    let stage = open();
    let zone = database(&stage, PROD).zone;
    assert_eq!(
        stage.refused(reboot("codemate-db-dev", true)),
        "InvalidParameterCombination"
    );
    assert_eq!(stage.refused(reboot("none", false)), "DBInstanceNotFound");
    stage.write(reboot(PROD, true)).unwrap();
    assert_eq!(database(&stage, PROD).status, "rebooting");
    assert_eq!(stage.refused(reboot(PROD, false)), "InvalidDBInstanceState");
    let (_, took) = statuses(&stage, PROD, MINUTES(4));
    assert!(took >= SignedDuration::from_secs(60), "{took:?}");
    assert_ne!(database(&stage, PROD).zone, zone);
    let told = events(&stage, PROD);
    assert!(
        told.iter()
            .any(|event| event.message == "Multi-AZ instance failover completed")
    );

    stage.write(reboot("codemate-db-dev", false)).unwrap();
    let (seen, _) = statuses(&stage, "codemate-db-dev", MINUTES(3));
    assert_eq!(seen, ["rebooting", "available"]);
}

#[test]
fn a_stopped_database_starts_by_itself_after_a_week() {
    let stage = open();
    let stop = |name: &str| {
        Mutation::Rds(rds::Write::Stop {
            instance: name.to_owned(),
        })
    };
    let start = |name: &str| {
        Mutation::Rds(rds::Write::Start {
            instance: name.to_owned(),
        })
    };
    let dev = "codemate-db-dev";
    assert_eq!(stage.refused(start(dev)), "InvalidDBInstanceState");
    stage.write(stop(dev)).unwrap();
    assert_eq!(stage.refused(stop(dev)), "InvalidDBInstanceState");
    stage.until(MINUTES(4), |stage| database(stage, dev).status == "stopped");
    assert_eq!(stage.refused(rename(dev, "other")), "InvalidDBInstanceState");
    stage.write(start(dev)).unwrap();
    let (seen, _) = statuses(&stage, dev, MINUTES(6));
    assert_eq!(seen, ["starting", "available"]);

    stage.write(stop(dev)).unwrap();
    stage.pass(SignedDuration::from_hours(24 * 6));
    assert_eq!(database(&stage, dev).status, "stopped");
    stage.pass(SignedDuration::from_hours(25));
    assert_eq!(database(&stage, dev).status, "available");

    let aurora = Stage::open(World::Fashion, Scenario::Quiet);
    assert_eq!(
        aurora.refused(stop("fashion-ai-aurora-1")),
        "InvalidParameterCombination"
    );
}

#[test]
fn a_redis_failover_promotes_a_replica_and_recovers_later() {
    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    let failover = |group: &str, shard: &str| {
        Mutation::ElastiCache(elasticache::Write::TestFailover {
            group: group.to_owned(),
            shard: shard.to_owned(),
        })
    };
    let group = "invokeai-redis-ha";
    assert_eq!(
        stage.refused(failover("invokeai-redis", "0001")),
        "ReplicationGroupNotFoundFault"
    );
    assert_eq!(stage.refused(failover(group, "0002")), "NodeGroupNotFoundFault");
    assert_eq!(stage.refused(failover(group, "1")), "NodeGroupNotFoundFault");
    // Where a replica takes over by itself, AWS chooses which.
    let promote = Mutation::ElastiCache(elasticache::Write::Promote {
        group: group.to_owned(),
        node: format!("{group}-002"),
    });
    assert_eq!(stage.refused(promote), "InvalidParameterCombination");
    let primary = |stage: &Stage| {
        let nodes = stage.cache(group).shards.remove(0).nodes;
        nodes
            .into_iter()
            .find(|node| node.role.as_deref() == Some("primary"))
            .unwrap()
            .cluster_id
    };
    assert_eq!(primary(&stage), "invokeai-redis-ha-001");
    stage.write(failover(group, "0001")).unwrap();
    assert_eq!(stage.cache(group).status, "modifying");
    assert_eq!(
        stage.refused(failover(group, "0001")),
        "InvalidReplicationGroupState"
    );
    stage.until(MINUTES(1), |stage| primary(stage) == "invokeai-redis-ha-002");
    assert_eq!(
        stage.cache(group).status,
        "modifying",
        "the old node is still being replaced"
    );
    stage.until(MINUTES(6), |stage| stage.cache(group).status == "available");
    let since = stage.now() - MINUTES(30);
    let ReplyData::StoreEvents(told) =
        stage.read(&Query::ElastiCache(ops::elasticache::Read::Events { since }))
    else {
        panic!("no events");
    };
    let told: Vec<&str> = told.iter().map(|event| event.message.as_str()).collect();
    assert_eq!(
        told,
        [
            "Finished recovery for cache nodes 0001",
            "Failover from primary node invokeai-redis-ha-001 to replica node invokeai-redis-ha-002 completed",
            "Test Failover API called for node group 0001",
        ]
    );
    for _ in 0..14 {
        stage.write(failover(group, "0001")).unwrap();
        stage.pass(MINUTES(6));
    }
    let fault = stage.write(failover(group, "0001")).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Throttled);
    assert_eq!(fault.code.as_deref(), Some("APICallRateForCustomerExceeded"));
}

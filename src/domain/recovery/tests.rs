use std::collections::BTreeMap;

use super::*;
use crate::domain::inventory::Source;
use crate::domain::ops::ReplyData;
use crate::domain::policy::Recovery;
use crate::domain::rules::sample::{Bench, at, cache, db, prod};

fn policy() -> Policy {
    Policy {
        recovery: Recovery {
            estate: Objectives {
                rto: None,
                rpo: Some(SignedDuration::from_mins(15)),
            },
            databases: BTreeMap::from([(
                "sessions".to_owned(),
                Objectives {
                    rto: None,
                    rpo: Some(SignedDuration::from_hours(24)),
                },
            )]),
        },
        ..prod()
    }
}

#[test]
fn members_and_replicas_come_back_with_their_source() {
    let mut member = db("member");
    member.cluster = Some("aurora".to_owned());
    let mut replica = db("replica");
    replica.replica_of = Some("shop-db".to_owned());
    let mut new = db("new");
    new.status = "creating".to_owned();
    let mut bench = Bench::new();
    bench.know(
        Source::DbInstances,
        ReplyData::DbInstances(vec![db("shop-db"), member, replica, new]),
    );
    let names: Vec<&str> = standings(&bench.inventory.scopes[0], &policy())
        .into_iter()
        .map(|standing| standing.name)
        .collect();
    assert_eq!(names, ["shop-db"]);
}

#[test]
fn the_copy_of_a_drill_owes_nobody_a_backup() {
    let mut bench = Bench::new();
    for (name, expected) in [
        ("shop-db-r-7f3a", Verdict::NotSet),
        // What was swapped in, or has a name of its own, may well be what customers use.
        ("shop-db", Verdict::Missed),
    ] {
        let mut copy = db(name);
        copy.latest_restorable_at = None;
        copy.tags = vec![Tag {
            key: OwnCopy::TAG.to_owned(),
            value: "r-7f3a".to_owned(),
        }];
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![copy]));
        let standing = &standings(&bench.inventory.scopes[0], &policy())[0];
        assert_eq!(standing.rpo(), expected, "{name}");
    }
}

#[test]
fn an_interval_of_logs_is_allowed_for() {
    let mut bench = Bench::new();
    let judge = |bench: &mut Bench, minute| {
        let mut db = db("shop-db");
        db.latest_restorable_at = Some(at(minute));
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
        standings(&bench.inventory.scopes[0], &policy())[0].rpo()
    };
    let now = bench.minute();
    assert_eq!(judge(&mut bench, now - 20), Verdict::Met);
    assert_eq!(judge(&mut bench, now - 21), Verdict::Missed);
}

#[test]
fn a_cache_is_judged_only_if_it_is_named() {
    let mut bench = Bench::new();
    let mut kept = cache("sessions", 1);
    kept.snapshot_retention_days = 3;
    let mut bare = cache("sessions", 1);
    bare.snapshot_retention_days = 0;
    for (cache, expected) in [
        (kept, Verdict::Unknown),
        (bare, Verdict::Missed),
        (cache("other", 1), Verdict::NotSet),
    ] {
        bench.know(Source::Caches, ReplyData::Caches(vec![cache]));
        assert_eq!(
            standings(&bench.inventory.scopes[0], &policy())[0].rpo(),
            expected
        );
    }
}

//! A deletion that can only ever hit the copy that its own run made.

use serde_json::json;

use super::world::{COPY, RUN, World, arguments, seen, site, world};
use crate::domain::datastore::DbInstance;
use crate::domain::ids::{Kind, Tag};
use crate::domain::ops::rds::Write;
use crate::domain::ops::{Mutation, Token};
use crate::domain::rules::sample;
use crate::runbook::action::{Action, Change, Made, Stamp, Standing, find, standing};

fn action() -> &'static dyn Action {
    find("rds.delete_instance").unwrap()
}

fn changes() -> Vec<Change> {
    let with = arguments(&json!({"instance": COPY, "run": RUN}));
    action().plan(&with, &seen(&world()), &site()).unwrap().changes
}

fn tagged(name: &str, run: &str) -> DbInstance {
    let mut db = sample::db(name);
    db.deletion_protection = true;
    db.tags = vec![Tag {
        key: "quarterdeck:run".to_owned(),
        value: run.to_owned(),
    }];
    db
}

/// The world with these instances in place of the copy that the plan makes.
fn with_instances(instances: Vec<DbInstance>) -> World {
    let mut world = world();
    world.dbs.retain(|db| db.name != COPY);
    world.dbs.extend(instances);
    world
}

fn apply(change: &Change, run: &str, made: Option<&Made>) -> Result<Mutation, String> {
    let stamp = Stamp {
        run,
        token: &Token("t".to_owned()),
        status: "running",
        made,
    };
    action().apply(change, &stamp).map_err(|error| error.to_string())
}

#[test]
fn nothing_that_exists_can_be_planned_away() {
    let cases = [
        // Production, by its name.
        ("main", RUN, with_instances(Vec::new())),
        // Something that carries the run's id, and even its tag, but is not made by this plan.
        (COPY, RUN, with_instances(vec![tagged(COPY, RUN)])),
        (COPY, RUN, with_instances(vec![tagged(COPY, "this plan")])),
        // Another run's copy.
        (COPY, "r-20261120-000000-zzzz", world()),
        (COPY, "", world()),
    ];
    for (instance, run, world) in cases {
        let with = arguments(&json!({"instance": instance, "run": run}));
        let refusal = action().plan(&with, &seen(&world), &site()).unwrap_err();
        assert!(
            refusal
                .to_string()
                .contains("only a copy that the run itself makes is deleted"),
            "{instance} {run}: {refusal}"
        );
    }
}

#[test]
fn the_call_names_the_id_that_aws_gave_the_copy() {
    let made = Made::from([((Kind::RdsInstance, COPY.to_owned()), "db-COPY".to_owned())]);
    let changes = changes();
    assert_eq!(changes.len(), 2);
    assert!(
        matches!(
            apply(&changes[0], RUN, Some(&made)).unwrap(),
            Mutation::Rds(Write::UnprotectCopy { copy }) if copy.resource_id == "db-COPY"
        ),
        "{changes:#?}"
    );
    let Mutation::Rds(Write::DeleteCopy { copy }) = apply(&changes[1], RUN, Some(&made)).unwrap() else {
        panic!("{changes:#?}");
    };
    assert_eq!(
        (copy.instance.as_str(), copy.resource_id.as_str()),
        (COPY, "db-COPY")
    );
}

#[test]
fn without_that_id_or_for_another_run_no_call_is_made() {
    let made = Made::from([((Kind::RdsInstance, COPY.to_owned()), "db-COPY".to_owned())]);
    for change in changes() {
        let unknown = apply(&change, RUN, Some(&Made::new())).unwrap_err();
        assert!(unknown.contains("is not in the journal"), "{unknown}");
        let other = apply(&change, "r-20261120-000000-zzzz", Some(&made)).unwrap_err();
        assert!(other.contains("not of this one"), "{other}");
    }
}

#[test]
fn what_was_renamed_or_made_anew_is_left_alone() {
    let mine = || tagged(COPY, RUN);
    let renamed = || tagged("somebody-took-it", RUN);
    let recreated = || sample::db(COPY);
    let mut unprotected = mine();
    unprotected.deletion_protection = false;
    let standing_of = |change: &Change, instances| {
        let view = seen(&with_instances(instances));
        standing(change, action().sight(change, &view))
    };
    let [unprotect, delete] = <[Change; 2]>::try_from(changes()).unwrap();
    assert_eq!(standing_of(&unprotect, vec![mine()]), Standing::AsPlanned);
    assert_eq!(standing_of(&delete, vec![unprotected]), Standing::AsPlanned);
    assert_eq!(standing_of(&delete, Vec::new()), Standing::AlreadyThere);
    for change in [&unprotect, &delete] {
        for others in [vec![renamed()], vec![recreated()], vec![recreated(), renamed()]] {
            let is = standing_of(change, others);
            assert!(matches!(is, Standing::Drifted(_)), "{is:?}");
        }
    }
    // Somebody has protected it again: somebody wants it.
    assert!(matches!(standing_of(&delete, vec![mine()]), Standing::Drifted(_)));
}

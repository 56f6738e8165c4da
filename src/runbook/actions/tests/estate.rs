//! What a development estate's rest does to Aurora clusters.

use pretty_assertions::assert_eq;
use serde_json::json;

use super::world::{self, World, arguments, environment, seen, world};
use crate::domain::datastore::DbCluster;
use crate::domain::ids::tag;
use crate::runbook::action::{Proposal, View, find};
use crate::runbook::actions::estate::STOPPED;

fn cluster<'w>(world: &'w mut World, name: &str) -> &'w mut DbCluster {
    let found = world.clusters.iter_mut().find(|cluster| cluster.name == name);
    found.unwrap()
}

fn databases(action: &str, view: &View) -> Proposal {
    let with = arguments(&json!({"estate": "lab", "part": "databases"}));
    find(action).unwrap().plan(&with, view, &world::site()).unwrap()
}

fn made(proposal: &Proposal) -> Vec<(&str, &str)> {
    let changes = proposal.changes.iter();
    changes
        .map(|change| (change.action.as_str(), change.target.name.as_str()))
        .collect()
}

#[test]
fn a_cluster_rests_as_a_whole_and_comes_back() {
    let mut lab = world();
    let aurora = cluster(&mut lab, "aurora");
    aurora.tags.push(environment("dev"));
    let mut view = seen(&lab);
    let down = databases("estate.stop", &view);
    assert_eq!(
        made(&down),
        [("tags.put", "aurora"), ("rds.stop_cluster", "aurora")],
        "{:?}",
        down.skipped
    );
    // When it wakes by itself, and what is billed on.
    for expected in ["seven days, on 20", "database storage"] {
        assert!(
            down.warnings.iter().any(|warning| warning.contains(expected)),
            "{expected}: {:?}",
            down.warnings
        );
    }
    for change in &down.changes {
        find(&change.action).unwrap().project(change, &mut view);
    }
    assert_eq!(databases("estate.stop", &view).changes, []);
    let up = databases("estate.start", &view);
    assert_eq!(
        made(&up),
        [("rds.start_cluster", "aurora"), ("tags.remove", "aurora")]
    );
    for change in &up.changes {
        find(&change.action).unwrap().project(change, &mut view);
    }
    let awake = view.db_cluster("aurora").unwrap().unwrap();
    assert_eq!(
        (awake.status.as_str(), tag(&awake.tags, STOPPED)),
        ("available", None)
    );
}

#[test]
fn what_aws_does_not_stop_is_listed_with_the_reason() {
    type Bend = fn(&mut DbCluster);
    let cases: [(Bend, &str); 4] = [
        (
            |cluster| cluster.engine = "mysql".to_owned(),
            "Multi-AZ DB cluster",
        ),
        (
            |cluster| cluster.settings.global = Some("world".to_owned()),
            "global database",
        ),
        (|cluster| cluster.engine = "docdb".to_owned(), "another service"),
        (
            |cluster| cluster.status = "backing-up".to_owned(),
            "is backing-up",
        ),
    ];
    for (change, expected) in cases {
        let mut lab = world();
        let aurora = cluster(&mut lab, "aurora");
        aurora.tags.push(environment("dev"));
        change(aurora);
        let down = databases("estate.stop", &seen(&lab));
        assert!(down.changes.is_empty(), "{:?}", made(&down));
        assert!(
            down.skipped.iter().any(|why| why.contains(expected)),
            "{expected}: {:?}",
            down.skipped
        );
    }
}

//! Signals, and a process that dies.

use rustix::process::Signal;
use serde_json::Value;

use super::{desired, document, exits, faster, runs, scale, under_way, with, world};
use crate::support::qd::Qd;

/// A run that has changed something and would go on for long.
fn slow() -> Qd {
    scale(&world(1), 6, "--yes -o json")
}

#[test]
fn asked_to_stop_it_takes_back_what_it_has_begun() {
    for signal in [Signal::TERM, Signal::INT] {
        let world = world(20);
        let running = under_way(&scale(&world, 6, "--yes -o json"));
        running.signal(signal);
        let finished = running.finish();
        exits(&finished, 10);
        let result = finished.json();
        assert_eq!(result["status"], "rolled-back");
        assert_eq!(
            (&result["changed"], &result["rolled_back"]),
            (&true.into(), &true.into())
        );
        assert_eq!(result["targets"]["unknown"], 0);
        assert_eq!(desired(&world), 3);
    }
}

#[test]
fn where_the_terminal_goes_away_the_next_login_decides() {
    let qd = slow();
    let running = under_way(&qd);
    running.signal(Signal::HUP);
    let finished = running.finish();
    exits(&finished, 11);
    let left = finished.json();
    assert_eq!(left["status"], "interrupted");
    let resume = left["resume_cmd"].as_str().unwrap();
    assert!(
        resume.contains("runbook resume r-") && resume.contains("--demo=codemate"),
        "{resume}"
    );
    let world = faster(&qd, 100);
    assert_eq!(runs(&world)[0]["status"], "interrupted");
    let back = document(&with(&world, "runbook rollback last"), 0);
    assert_eq!(back["rolled_back"], true);
    assert_eq!(desired(&world), 3);
}

#[test]
fn told_twice_it_leaves_at_once_with_the_way_back() {
    let qd = slow();
    let running = under_way(&qd);
    running.signal(Signal::TERM);
    // Another signal: two of one kind may arrive as one.
    running.signal(Signal::INT);
    let finished = running.finish();
    exits(&finished, 11);
    assert!(finished.stderr.contains("runbook resume r-"), "{finished:#?}");
    assert_eq!(finished.json()["exit_code"], 11);
    // It was on its way back, and resuming goes on with that.
    exits(&with(&faster(&qd, 100), "runbook resume last").run(), 10);
    assert_eq!(desired(&faster(&qd, 100)), 3);
}

#[test]
fn killed_it_is_taken_up_where_it_was() {
    let qd = slow();
    let running = under_way(&qd);
    running.signal(Signal::KILL);
    assert_eq!(running.finish().status.code(), None);
    let world = faster(&qd, 100);
    let left = document(&with(&world, "runbook status last"), 0);
    assert_eq!(
        (&left["status"], &left["exit_code"]),
        (&"interrupted".into(), &Value::Null)
    );
    assert_eq!(
        document(&with(&world, "runbook attach last"), 11)["status"],
        "interrupted"
    );
    let done = document(&with(&world, "runbook resume last"), 0);
    assert_eq!(
        (&done["status"], &done["run_id"]),
        (&"succeeded".into(), &left["run_id"])
    );
    let journal = document(&with(&world, "runbook logs last"), 0);
    let intents = journal["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["record"]["intent"].is_object())
        .count();
    assert_eq!(intents, 1, "it was asked for once");
    assert_eq!(desired(&world), 6);
}

#[test]
fn given_up_it_can_still_be_taken_back() {
    let qd = slow();
    let running = under_way(&qd);
    running.signal(Signal::KILL);
    running.finish();
    let world = faster(&qd, 100);
    let given_up = document(&with(&world, "runbook abandon last --reason enough"), 11);
    assert_eq!(given_up["status"], "abandoned");
    assert_eq!(desired(&world), 6);
    exits(&with(&world, "runbook resume last").run(), 2);
    exits(&with(&world, "runbook rollback last").run(), 0);
    assert_eq!(desired(&world), 3);
}

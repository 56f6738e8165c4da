//! Several at once on one host: locks, runs in processes of their own, and whoever watches.

use rustix::process::Signal;

use super::prompts::asks;
use super::{desired, document, exits, faster, runs, scale, under_way, with, world};
use crate::support::PATIENCE;
use crate::support::qd::Qd;
use crate::support::wait::{wait_for, wait_until};

#[test]
fn two_operators_do_not_change_the_same_at_once() {
    let base = world(1);
    let first = under_way(&scale(&base, 6, "--yes"));
    let world = faster(&base, 100);

    let refused = document(&scale(&world, 2, "--yes"), 7);
    assert_eq!(refused["changed"], false);
    assert!(refused["reasons"].to_string().contains("locked by"), "{refused}");
    let skipped = document(&scale(&world, 2, "--yes --if-locked skip"), 0);
    assert_eq!(
        (&skipped["changed"], &skipped["exit_code"]),
        (&false.into(), &0.into())
    );
    exits(&scale(&world, 2, "--yes --if-locked wait=1s").run(), 7);
    exits(&scale(&world, 2, "--yes --if-locked sometimes").run(), 2);

    let locks = document(&with(&world, "runbook lock ls"), 0);
    assert_eq!(locks["schema"], "quarterdeck.locks/1");
    let lock = &locks["locks"][0];
    assert_eq!(lock["runbook"], "ecs-scale");
    // Another resource is nobody's business.
    let other = with(
        &world,
        "runbook run ecs-scale --set cluster=codemate-cluster --set service=codemate-frontend-service \
         --set desired=3 --yes",
    );
    exits(&other.run(), 0);

    let id = lock["id"].as_str().unwrap();
    exits(&with(&world, &format!("runbook lock break {id}")).run(), 2);
    exits(&with(&world, "runbook lock break nothing --reason x").run(), 2);
    let broken = with(&world, &format!("runbook lock break {id} --reason stuck")).run();
    exits(&broken, 0);
    assert!(broken.stderr.contains("taken away"), "{broken:#?}");
    let none = document(&with(&world, "runbook lock ls"), 0);
    assert_eq!(none["locks"], serde_json::json!([]));
    drop(first);
}

#[test]
fn a_lock_is_free_again_once_its_holder_has_died() {
    let base = world(1);
    let first = under_way(&scale(&base, 6, "--yes"));
    first.signal(Signal::KILL);
    first.finish();
    let world = faster(&base, 100);
    let locks = document(&with(&world, "runbook lock ls"), 0);
    assert_eq!(locks["locks"], serde_json::json!([]));
    exits(&scale(&world, 4, "--yes").run(), 0);
    assert_eq!(desired(&world), 4);
}

#[test]
fn a_run_of_its_own_outlives_who_started_it_and_can_be_followed() {
    let world = world(20);
    let started = document(&scale(&world, 6, "--yes --detach --reason later"), 0);
    assert_eq!(started["status"], "running");
    let run = started["run_id"].as_str().unwrap();
    let followed = with(&world, &format!("runbook attach {run} -o json")).run();
    exits(&followed, 0);
    assert_eq!(followed.json()["status"], "succeeded");
    assert!(followed.stderr.contains("verified"), "{followed:#?}");
    assert_eq!(runs(&world)[0]["reason"], "later");
    assert_eq!(desired(&world), 6);
    // How it was confirmed, not how the answer came to the other process.
    assert!(confirmed(&world, run).contains("confirmed with --yes"));
}

/// What the journal says of how a run was confirmed.
fn confirmed(world: &Qd, run: &str) -> String {
    let logs = with(world, &format!("runbook logs {run}")).run();
    exits(&logs, 0);
    let line = logs.stdout.lines().find(|line| line.contains("confirmed"));
    line.unwrap_or_else(|| panic!("{logs:#?}")).to_owned()
}

#[test]
fn a_run_of_its_own_that_a_person_confirmed_says_so() {
    let world = world(20);
    let mut screen = scale(&world, 6, "--detach").screen(120, 40);
    asks(&screen, "type apply");
    screen.send_keys("apply\r");
    screen.wait_for_text("DETACHED");
    let listed = runs(&world);
    let run = listed[0]["run_id"].as_str().unwrap();
    let said = confirmed(&world, run);
    assert!(said.contains("who typed apply"), "{said}");
}

#[test]
fn a_run_of_its_own_that_cannot_begin_says_why() {
    let base = world(1);
    let first = under_way(&scale(&base, 6, "--yes"));
    let world = faster(&base, 100);
    exits(&scale(&world, 2, "--detach").run(), 6);
    let taken = document(&scale(&world, 2, "--yes --detach"), 0);
    // It has a journal by then; what became of it is told by who follows it.
    let run = taken["run_id"].as_str().unwrap();
    exits(&with(&world, &format!("runbook attach {run}")).run(), 7);
    drop(first);
}

#[test]
fn who_stops_following_stops_nothing_else() {
    let base = world(10);
    let running = under_way(&scale(&base, 6, "--yes -o json"));
    let run = wait_for(PATIENCE, "the run in the history", || {
        runs(&base)
            .first()
            .map(|run| run["run_id"].as_str().unwrap().to_owned())
    });
    exits(&with(&base, &format!("runbook resume {run}")).run(), 7);
    let mut screen = with(&base, &format!("runbook attach {run}")).screen(120, 30);
    screen.wait_for_text("accepted");
    screen.send_keys("\u{3}");
    screen.wait_for_text("goes on");
    assert_eq!(screen.wait_for_end().exit_code(), 130);
    exits(&running.finish(), 0);
    wait_until(PATIENCE, "success", || runs(&base)[0]["status"] == "succeeded");
}

#[test]
fn what_happens_in_the_demo_is_nobodys_history() {
    let demo = world(100);
    exits(&scale(&demo, 4, "--yes").run(), 0);
    assert_eq!(runs(&demo).len(), 1);
    let real = demo.only_flags().without("--demo").without("--speed");
    assert_eq!(runs(&real).len(), 0);
    exits(&with(&real, "runbook status last").run(), 2);
    let locks = document(&with(&real, "runbook lock ls"), 0);
    assert_eq!(locks["locks"], serde_json::json!([]));
    assert!(!demo.home().join("state/runs").exists());
}

#[test]
fn a_run_that_was_left_goes_on_in_a_process_of_its_own() {
    let base = world(1);
    let first = under_way(&scale(&base, 6, "--yes"));
    first.signal(Signal::HUP);
    exits(&first.finish(), 11);
    let world = faster(&base, 100);
    let resumed = document(&with(&world, "runbook resume last --detach"), 0);
    assert!(resumed["run_id"].is_string(), "{resumed}");
    wait_until(PATIENCE, "the run to end", || {
        runs(&world)[0]["status"] == "succeeded"
    });
    assert_eq!(desired(&world), 6);
    // It is over: there is nothing to resume once its process has ended too, and whoever finds that out says so.
    wait_until(PATIENCE, "the run's process to end", || {
        with(&world, "runbook resume last --detach").run().code() == 2
    });
}

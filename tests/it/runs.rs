//! Runs without the console, as scripts, cron and people at a shell start them: every exit code, what is
//! on standard output, signals, and two at once. The demo stands in for AWS.

mod consent;
mod plan;
mod prompts;
mod signals;
mod together;
mod unattended;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::PATIENCE;
use crate::support::qd::{Finished, Qd, Running, qd};
use crate::support::wait::wait_for;

/// The cluster and service that most tests scale; three tasks run.
const SERVICE: &str = "--set cluster=codemate-cluster --set service=codemate-backend-service";

/// `qd` in one world of the demo, so many times faster than the machine; clones share the world.
fn world(speed: u32) -> Qd {
    qd().args(["--demo=codemate".to_owned(), format!("--speed={speed}")])
}

fn with(qd: &Qd, line: &str) -> Qd {
    qd.clone().args(line.split_whitespace())
}

/// The same world at another speed, and nothing to do in it yet.
fn faster(qd: &Qd, speed: u32) -> Qd {
    qd.only_flags()
        .without("--speed=")
        .args([format!("--speed={speed}")])
}

/// Scales the service.
fn scale(qd: &Qd, desired: u32, more: &str) -> Qd {
    with(
        qd,
        &format!("runbook run ecs-scale {SERVICE} --set desired={desired} {more}"),
    )
}

#[track_caller]
fn exits(finished: &Finished, code: i32) {
    assert_eq!(finished.code(), code, "{finished:#?}");
}

/// Runs it and gives the document on its standard output.
#[track_caller]
fn document(qd: &Qd, code: i32) -> Value {
    let finished = qd.clone().args(["-o", "json"]).run();
    exits(&finished, code);
    finished.json()
}

fn runs(qd: &Qd) -> Vec<Value> {
    let history = document(&with(qd, "runbook history"), 0);
    assert_eq!(history["schema"], "quarterdeck.history/1");
    history["runs"].as_array().unwrap().clone()
}

/// The tasks that the service is to run.
fn desired(qd: &Qd) -> u64 {
    let status = document(&with(qd, "status ecs-service"), 0);
    let services = status["resources"]["ecs-service"].as_array().unwrap();
    let service = services
        .iter()
        .find(|service| {
            service["cluster"] == "codemate-cluster" && service["name"] == "codemate-backend-service"
        })
        .unwrap();
    service["desired"].as_u64().unwrap()
}

fn journals(qd: &Qd) -> Vec<PathBuf> {
    let runs = fs::read_dir(qd.home().join("state/demo/runs"));
    let mut journals: Vec<PathBuf> = runs
        .into_iter()
        .flatten()
        .map(|run| run.unwrap().path().join("journal.jsonl"))
        .filter(|journal| journal.is_file())
        .collect();
    journals.sort();
    journals
}

/// Starts a run, and waits until AWS has accepted its change.
fn under_way(qd: &Qd) -> Running {
    let running = qd.spawn();
    wait_for(PATIENCE, "an accepted change", || {
        let accepted = |path: &PathBuf| {
            fs::read_to_string(path).is_ok_and(|journal| journal.contains(r#""outcome":{"accepted""#))
        };
        journals(qd).iter().rev().any(accepted).then_some(())
    });
    running
}

/// A runbook of one's own that scales, with this level of confirmation.
fn own_runbook(qd: &Qd, level: &str) -> PathBuf {
    let text = include_str!("../../runbooks/ecs-scale.yaml")
        .replace("level: ack", &format!("level: {level}"))
        .replace("name: ecs-scale", "name: own-scale");
    qd.file("own-scale.yaml", &text)
}

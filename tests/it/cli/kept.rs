//! The demo between invocations: three commands are about one world.

use std::path::PathBuf;

use quarterdeck::cloud::demo::{AcceptedWrite, World};
use quarterdeck::domain::ops::{Mutation, Token, autoscaling};
use serde_json::{Value, json};

use super::typed;
use crate::support::qd::Qd;

const GROUP: &str = "invokeai-gpu-workers";

/// The folder of the demo, below the home of an invocation.
fn folder(invocation: &Qd) -> PathBuf {
    invocation.home().join("demo")
}

/// What `qd status` says, with more arguments.
#[track_caller]
fn status(invocation: &Qd, more: &str) -> Value {
    let finished = invocation
        .clone()
        .args("--demo invokeai --demo-dir demo --no-probe -o json status".split(' '))
        .args(more.split_whitespace())
        .run();
    assert_eq!((finished.code(), finished.stderr.as_str()), (0, ""), "{more}");
    finished.json()
}

fn desired(status: &Value) -> &Value {
    let groups = status["resources"]["asg"].as_array().unwrap();
    &groups.iter().find(|group| group["name"] == GROUP).unwrap()["desired"]
}

/// A night in which somebody lowered a group, an hour ago.
fn record_of_a_night(scenario: &str) -> String {
    let began = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
    let header =
        json!({"format": "quarterdeck.demo/1", "scenario": scenario, "seed": 0, "epoch": began.to_string()});
    let write = AcceptedWrite {
        at: began + jiff::SignedDuration::from_mins(5),
        world: World::Invokeai,
        change: Mutation::AutoScaling(autoscaling::Write::UpdateGroup {
            group: GROUP.to_owned(),
            min: Some(0),
            max: Some(0),
            desired: Some(0),
        }),
        token: Token("night".to_owned()),
    };
    format!("{header}\n{}\n", serde_json::to_string(&write).unwrap())
}

#[test]
fn what_was_changed_stays_until_it_is_to_be_forgotten() {
    let invocation = typed("");
    invocation.file(
        "demo/gpu-idle-night-0.jsonl",
        &record_of_a_night("gpu-idle-night"),
    );
    let night = "--scenario gpu-idle-night asg";
    assert_eq!(desired(&status(&invocation, night)), 0);
    assert_eq!(desired(&status(&invocation, night)), 0);
    // Another scenario and another seed are other worlds.
    assert_ne!(desired(&status(&invocation, "asg")), 0);
    assert_ne!(
        desired(&status(&invocation, "--scenario gpu-idle-night --seed 1 asg")),
        0
    );
    assert_eq!(desired(&status(&invocation, night)), 0);
    assert_ne!(
        desired(&status(&invocation, "--demo-fresh --scenario gpu-idle-night asg")),
        0
    );
    assert_ne!(desired(&status(&invocation, night)), 0);
}

#[test]
fn two_commands_see_the_same_things_by_the_same_names() {
    let invocation = typed("");
    let ids = |status: &Value| -> Vec<String> {
        let instances = status["resources"]["ec2-instance"].as_array().unwrap();
        instances
            .iter()
            .map(|instance| instance["id"].to_string())
            .collect()
    };
    let first = status(&invocation, "ec2-instance");
    let second = status(&invocation, "ec2-instance");
    assert!(!ids(&first).is_empty());
    assert_eq!(ids(&first), ids(&second));
}

#[test]
fn time_does_not_go_back_between_commands_however_fast_it_runs() {
    let invocation = typed("");
    let mut last: Option<jiff::Timestamp> = None;
    for speed in ["3600", "3600", "1", "0.1", "600"] {
        let at: jiff::Timestamp = status(&invocation, &format!("--speed {speed} queue"))["at"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(last.is_none_or(|last| at >= last), "{at} after {last:?}");
        last = Some(at);
    }
}

#[test]
fn half_a_line_is_left_out_and_said() {
    let invocation = typed("--demo invokeai --demo-dir demo --no-probe status asg -o json");
    let whole = record_of_a_night("everyday");
    invocation.file(
        "demo/everyday-0.jsonl",
        &format!("{whole}{}", &whole[whole.len() / 2..whole.len() - 9]),
    );
    let finished = invocation.run();
    assert_eq!(finished.code(), 0, "{finished:#?}");
    assert!(finished.stderr.contains("cut off"), "{}", finished.stderr);
    assert_eq!(desired(&finished.json()), 0);
}

#[test]
fn a_record_that_is_not_understood_is_refused_and_kept() {
    let whole = record_of_a_night("everyday");
    for (text, said) in [
        (
            whole.replace("demo/1", "demo/2"),
            "another version of quarterdeck",
        ),
        (whole.replacen("quarterdeck.demo/1", "tape", 1), "something else"),
        ("shopping list\n".to_owned(), "--demo-dir looks elsewhere"),
        (whole.replacen("everyday", "quiet", 1), "renamed"),
        (
            format!(
                "{whole}half a wri\n{}",
                whole.lines().last().unwrap().to_owned() + "\n"
            ),
            "--demo-fresh forgets",
        ),
    ] {
        let invocation = typed("--demo invokeai --demo-dir demo status asg");
        let file = invocation.file("demo/everyday-0.jsonl", &text);
        let finished = invocation.run();
        assert_eq!((finished.code(), finished.stdout.as_str()), (2, ""), "{text}");
        assert!(finished.stderr.contains(said), "{text}: {}", finished.stderr);
        assert!(finished.stderr.contains("--demo-fresh"), "{}", finished.stderr);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        let fresh = invocation.clone().args(["--demo-fresh"]).run();
        assert_eq!((fresh.code(), fresh.stderr.as_str()), (0, ""), "{text}");
    }
}

#[test]
fn a_folder_that_cannot_be_used_is_refused_if_it_was_named_and_else_said() {
    let named = typed("--demo ecg --demo-dir file/demo status asg");
    named.file("file", "not a folder");
    let finished = named.run();
    assert_eq!((finished.code(), finished.stdout.as_str()), (2, ""));
    assert!(finished.stderr.contains("file/demo"), "{}", finished.stderr);

    let default = typed("--demo ecg status asg");
    default.file("state", "not a folder");
    let finished = default.run();
    assert_eq!(finished.code(), 0, "{finished:#?}");
    assert!(
        finished.stderr.contains("forgotten at its end"),
        "{}",
        finished.stderr
    );
    assert!(!folder(&default).exists());
}

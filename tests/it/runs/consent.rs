//! What confirms a run where nobody can be asked, and what does not.

use super::{SERVICE, desired, document, exits, own_runbook, runs, scale, with, world};

#[test]
fn a_run_is_confirmed_carried_out_and_kept() {
    let qd = world(100);
    let done = document(&scale(&qd, 5, "--yes --reason because"), 0);
    assert_eq!(done["schema"], "quarterdeck.run/1");
    assert_eq!(done["status"], "succeeded");
    assert_eq!(done["targets"]["ok"], 1);
    assert_eq!(
        (&done["changed"], &done["rolled_back"]),
        (&true.into(), &false.into())
    );
    assert!(done["resume_cmd"].is_null(), "{done}");
    assert!(std::path::Path::new(done["journal"].as_str().unwrap()).is_file());
    assert_eq!(desired(&qd), 5);

    let history = runs(&qd);
    assert_eq!(history.len(), 1);
    assert_eq!(history[0]["run_id"], done["run_id"]);
    assert_eq!(
        (&history[0]["status"], &history[0]["exit_code"]),
        (&"succeeded".into(), &0.into())
    );
    assert_eq!(history[0]["reason"], "because");
    let run = done["run_id"].as_str().unwrap();
    let status = document(&with(&qd, &format!("runbook status {run}")), 0);
    assert_eq!(status["targets"], done["targets"]);
    let journal = document(&with(&qd, &format!("runbook logs {run}")), 0);
    let entries = journal["entries"].as_array().unwrap();
    assert!(entries[0]["record"]["started"].is_object(), "{}", entries[0]);
    let text = with(&qd, "runbook logs last").run();
    assert!(text.stdout.contains("accepted, request "), "{}", text.stdout);
    // It is over.
    for command in ["resume", "rollback", "abandon"] {
        let refused = with(&qd, &format!("runbook {command} {run}")).run();
        exits(&refused, 2);
        for next in [
            format!("runbook status {run}"),
            "runbook plan ecs-scale".to_owned(),
        ] {
            assert!(refused.stderr.contains(&next), "{refused:#?}");
        }
        let unknown = with(&qd, &format!("runbook {command} r-nosuch")).run();
        assert!(unknown.stderr.contains("runbook history"), "{unknown:#?}");
    }

    // Again there is nothing to do, and nobody has to agree to that.
    let again = document(&scale(&qd, 5, ""), 0);
    assert_eq!(
        (&again["changed"], &again["status"]),
        (&false.into(), &"succeeded".into())
    );
}

#[test]
fn nothing_is_assumed_where_nobody_can_be_asked() {
    let qd = world(100);
    let refused = scale(&qd, 5, "").run();
    exits(&refused, 6);
    assert!(refused.stderr.contains("--yes"), "{refused:#?}");
    let yes = qd.file("yes", &"yes\napply\ny\n".repeat(20));
    exits(&scale(&qd, 5, "").run_reading(&yes), 6);
    assert!(runs(&qd).is_empty());
    assert_eq!(desired(&qd), 3);
}

#[test]
fn a_name_that_must_be_typed_is_not_replaced_by_yes() {
    let qd = world(100);
    let own = own_runbook(&qd, "type_name");
    let run = |more: &str| {
        with(
            &qd,
            &format!("runbook run {} {SERVICE} --set desired=5 {more}", own.display()),
        )
    };
    let refused = run("--yes").run();
    exits(&refused, 6);
    assert!(
        refused.stderr.contains("--confirm-name codemate-backend-service"),
        "{refused:#?}"
    );
    for wrong in ["codemate", "Codemate-Backend-Service", "apply"] {
        assert_eq!(
            document(&run(&format!("--confirm-name {wrong}")), 5)["changed"],
            false
        );
    }
    let spaced = run("")
        .args(["--confirm-name", "codemate-backend-service "])
        .run();
    exits(&spaced, 5);
    assert_eq!(desired(&qd), 3);
    exits(&run("--confirm-name codemate-backend-service").run(), 0);
    assert_eq!(desired(&qd), 5);
}

#[test]
fn read_only_refuses_a_run_and_not_a_plan() {
    let qd = world(100);
    let refused = scale(&qd, 5, "--yes --read-only").run();
    exits(&refused, 2);
    assert!(refused.stderr.contains("--read-only"), "{refused:#?}");
    let prod = "--estate codemate";
    let refused = scale(&qd, 5, &format!("--yes {prod}")).run();
    exits(&refused, 2);
    assert!(refused.stderr.contains("--read-write"), "{refused:#?}");
    let line = format!("runbook plan ecs-scale {SERVICE} --set desired=5 {prod}");
    exits(&with(&qd, &line).run(), 0);
    assert_eq!(desired(&qd), 3);
    exits(&scale(&qd, 5, &format!("--yes {prod} --read-write")).run(), 0);
    assert_eq!(desired(&qd), 5);
}

#[test]
fn every_event_is_a_line_of_json_and_the_last_is_the_result() {
    let qd = world(100);
    let finished = scale(&qd, 5, "--yes -o jsonl").run();
    exits(&finished, 0);
    let lines: Vec<serde_json::Value> = finished
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (last, events) = lines.split_last().unwrap();
    assert_eq!(last["schema"], "quarterdeck.run/1");
    assert!(
        events
            .iter()
            .all(|event| event["schema"] == "quarterdeck.event/1")
    );
    let names: Vec<&str> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    for name in ["began", "step-began", "writing", "ended", "verifying"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
}

//! `qd runbook plan`: it reads, and changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use quarterdeck::runbook::plan::Plan;

use super::{SERVICE, desired, document, exits, faster, journals, own_runbook, scale, with, world};

#[test]
fn a_plan_shows_the_change_and_makes_none() {
    let qd = world(100);
    let plan = with(&qd, &format!("runbook plan ecs-scale {SERVICE} --set desired=5"));
    let text = plan.run();
    exits(&text, 0);
    for wanted in [
        "111122223333",
        "ap-northeast-2",
        "desired  3 → 5",
        "--yes",
        "sha256:",
    ] {
        assert!(text.stdout.contains(wanted), "{wanted}: {}", text.stdout);
    }
    let json = document(&plan, 0);
    assert_eq!(json["schema"], "quarterdeck.plan/1");
    assert_eq!(json["confirm"]["level"], "ack");
    assert_eq!(json["changes"][0]["before"]["desired"], 3);
    assert_eq!(json["changes"][0]["after"]["desired"], 5);
    assert_eq!(json["changes"][0]["reversible"], true);
    assert_eq!(json["identity"]["account"], "111122223333");
    for known in ["digest", "expires_at", "blast_radius", "cost", "warnings"] {
        assert!(!json[known].is_null(), "{known}");
    }
    assert_eq!(desired(&qd), 3);
    assert!(journals(&qd).is_empty());
    for entry in fs::read_dir(qd.home().join("state/demo")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("codemate-backend-service"), "{text}");
    }
}

#[test]
fn pending_changes_have_an_exit_code_of_their_own() {
    let qd = world(100);
    let plan = |desired: u32| {
        with(
            &qd,
            &format!("runbook plan ecs-scale {SERVICE} --set desired={desired} --detailed-exitcode"),
        )
    };
    exits(&plan(5).run(), 3);
    let nothing = plan(3).run();
    exits(&nothing, 0);
    assert!(nothing.stdout.contains("Nothing to do"), "{}", nothing.stdout);
}

#[test]
fn whoever_is_nearest_gives_a_parameter() {
    let qd = world(100);
    let file = qd.file("params.yaml", "desired: 6\n");
    let plan = |more: &str| {
        let plan = with(
            &qd.clone().env("QD_PARAM_DESIRED", "5"),
            &format!("runbook plan ecs-scale {SERVICE} {more}"),
        );
        document(&plan, 0)["changes"][0]["after"]["desired"].clone()
    };
    let file = format!("--params-file {}", file.display());
    assert_eq!(plan(""), 5);
    assert_eq!(plan(&file), 6);
    assert_eq!(plan(&format!("{file} --set desired=4")), 4);
}

#[test]
fn what_cannot_be_planned_says_so_in_json_too() {
    let qd = world(100);
    let cases = [
        ("plan no-such-runbook", 2, "no-such-runbook"),
        ("plan ecs-scale", 6, "--set cluster="),
        ("plan ecs-scale --set clutser=x", 2, "cluster"),
        (
            "plan ecs-scale --set cluster=codemate-cluster --set service=codemate-backend --set desired=1",
            2,
            "codemate-backend-service",
        ),
        (
            "plan ecs-scale --set cluster=codemate-cluster --set service=x --set desired=many",
            2,
            "desired",
        ),
        ("plan ecs-scale --params-file /nowhere.yaml", 2, "/nowhere.yaml"),
        ("status r-20200101-000000-aaaa", 2, "r-20200101-000000-aaaa"),
        ("resume r-20200101-000000-aaaa", 2, "r-20200101-000000-aaaa"),
        ("run ecs-scale --yes", 6, "QD_PARAM_SERVICE"),
        ("run no-such-runbook --yes", 2, "no-such-runbook"),
    ];
    for (line, code, said) in cases {
        let finished = with(&qd, &format!("runbook {line} -o json")).run();
        exits(&finished, code);
        assert!(finished.stderr.contains(said), "{line}: {finished:#?}");
        let document = finished.json();
        assert_eq!(document["exit_code"], code, "{line}: {document}");
        assert!(
            document["reasons"].to_string().contains(said),
            "{line}: {document}"
        );
    }
}

#[test]
fn a_run_has_one_scope() {
    let finished = with(
        &super::qd(),
        "--demo runbook plan ecs-restart --set cluster=a --set service=b -o json",
    )
    .run();
    exits(&finished, 2);
    assert!(finished.stderr.contains("exactly one scope"), "{finished:#?}");
    finished.json();
}

#[test]
fn a_secret_is_refused_on_the_command_line() {
    let qd = world(100);
    let text = include_str!("../../../runbooks/ecs-scale.yaml").replace(
        "params:\n",
        "params:\n  hook:\n    type: secret\n    about: A hook\n    from: {ssm: /ops/hook}\n",
    );
    let file = qd.file("secret.yaml", &text);
    let line = format!("runbook plan {} --set hook=hunter2", file.display());
    let finished = with(&qd, &line).run();
    exits(&finished, 2);
    assert!(
        finished.stderr.contains("never given on the command line"),
        "{finished:#?}"
    );
    assert!(
        !finished.stderr.contains("hunter2") && !finished.stdout.contains("hunter2"),
        "{finished:#?}"
    );
}

#[test]
fn a_plan_is_written_approved_and_carried_out() {
    let qd = world(100);
    let file = qd.home().join("plan.json");
    let out = file.display();
    let made = with(
        &qd,
        &format!("runbook plan ecs-scale {SERVICE} --set desired=5 --out {out}"),
    )
    .run();
    exits(&made, 0);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    let plan = Plan::from_text(&text).unwrap();
    let approve = format!("--approve {}", plan.digest);

    // Another digest, none at all, a changed file, an expired plan.
    let run = |more: &str| with(&qd, &format!("runbook run --plan {out} {more}"));
    assert_eq!(document(&run("--approve sha256:00"), 8)["changed"], false);
    exits(&run("").run(), 6);
    exits(&with(&qd, "runbook run ecs-scale --approve sha256:00").run(), 2);
    exits(
        &with(&qd, &format!("runbook run ecs-restart --plan {out} {approve}")).run(),
        2,
    );
    fs::write(&file, text.replace("\"desired\": 5", "\"desired\": 50")).unwrap();
    exits(&run(&approve).run(), 8);
    let mut expired = plan.clone();
    expired.expires_at = "2026-01-01T00:00:00Z".parse().unwrap();
    let expired = expired.sealed().unwrap();
    fs::write(&file, expired.to_text()).unwrap();
    let late = document(&run(&format!("--approve {}", expired.digest)), 8);
    assert!(late["reasons"].to_string().contains("expired"), "{late}");
    assert_eq!(desired(&qd), 3);

    fs::write(&file, &text).unwrap();
    let done = document(&run(&approve), 0);
    assert_eq!(
        (&done["status"], &done["changed"]),
        (&"succeeded".into(), &true.into())
    );
    assert_eq!(desired(&qd), 5);
    // The same plan is not carried out twice.
    let twice = run(&approve).run();
    assert_ne!(twice.code(), 0, "{twice:#?}");
    assert_eq!(desired(&qd), 5);
}

#[test]
fn drift_between_plan_and_run_stops_it() {
    let qd = world(100);
    let file = qd.home().join("plan.json");
    let out = file.display();
    let line = format!("runbook plan ecs-scale {SERVICE} --set desired=5 --out {out}");
    exits(&with(&qd, &line).run(), 0);
    exits(&scale(&qd, 4, "--yes").run(), 0);
    let plan = Plan::from_text(&fs::read_to_string(&file).unwrap()).unwrap();
    let run = with(
        &qd,
        &format!("runbook run --plan {out} --approve {}", plan.digest),
    );
    assert_eq!(document(&run, 8)["changed"], false);
    assert_eq!(desired(&faster(&qd, 100)), 4);
}

#[test]
fn a_runbook_that_was_changed_since_is_planned_again() {
    let qd = world(100);
    let own = own_runbook(&qd, "ack");
    let name = own.display();
    let out = qd.home().join("plan.json");
    let line = format!(
        "runbook plan {name} {SERVICE} --set desired=5 --out {}",
        out.display()
    );
    exits(&with(&qd, &line).run(), 0);
    let text = fs::read_to_string(&own).unwrap();
    fs::write(&own, text.replace("deadline: 45m", "deadline: 44m")).unwrap();
    let plan = Plan::from_text(&fs::read_to_string(&out).unwrap()).unwrap();
    let run = format!(
        "runbook run {name} --plan {} --approve {}",
        out.display(),
        plan.digest
    );
    exits(&with(&qd, &run).run(), 8);
}

#[test]
fn a_mistake_on_the_command_line_is_a_document_too() {
    let qd = world(100);
    for (line, schema) in [
        ("status --wrong", "quarterdeck.error/1"),
        ("runbook history --limit many", "quarterdeck.error/1"),
        ("runbook run ecs-scale --wrong", "quarterdeck.run/1"),
        ("runbook resume", "quarterdeck.run/1"),
        ("status --estate nowhere", "quarterdeck.error/1"),
    ] {
        let said = document(&with(&qd, line), 2);
        assert_eq!(said["schema"], schema, "{line}: {said}");
        assert_eq!(said["exit_code"], 2, "{line}: {said}");
        let reasons = said["reasons"].as_array().unwrap();
        assert!(!reasons.is_empty(), "{line}: {said}");
        assert!(!said.to_string().contains("Usage:"), "{line}: {said}");
    }
    // Without `-o` standard output stays empty.
    let plain = with(&qd, "status --wrong").run();
    exits(&plain, 2);
    assert!(
        plain.stdout.is_empty() && plain.stderr.contains("--wrong"),
        "{plain:#?}"
    );
}

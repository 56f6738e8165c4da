//! Runs as scripts see them: nothing is assumed where nobody can be asked, and what is printed is a
//! document whatever happens.

use pretty_assertions::assert_eq;
use serde_json::Value;

use super::typed;

const RESTART: &str = "ecs-restart --set cluster=invokeai-cluster --set service=invokeai-api";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn without_a_terminal_nothing_is_assumed() {
    let demo = "--demo invokeai --read-write runbook run";
    // A confirmation, then a parameter.
    for rest in [RESTART, "ecs-restart --set cluster=invokeai-cluster --yes"] {
        let run = typed(&format!("{demo} {rest}")).run();
        assert_eq!(run.code(), 6, "{rest}\n{}\n{}", run.stdout, run.stderr);
    }
}

#[test]
fn what_a_run_prints_is_a_document_whatever_happens() {
    let demo = "--demo invokeai --read-write -o json runbook";
    for (rest, code) in [
        (format!("run {RESTART}"), 6),
        ("run no-such-runbook".to_owned(), 2),
        (
            "run ecs-restart --set cluster=nowhere --set service=x --yes".to_owned(),
            2,
        ),
        (format!("plan {RESTART}"), 0),
        (format!("plan {RESTART} --detailed-exitcode"), 3),
    ] {
        let run = typed(&format!("{demo} {rest}")).run();
        assert_eq!(run.code(), code, "{rest}\n{}\n{}", run.stdout, run.stderr);
        assert!(json(&run.stdout).is_object(), "{rest}");
    }
}

#[test]
fn a_runbook_that_waits_for_a_person_is_refused_where_there_is_none() {
    let text = "apiVersion: quarterdeck/v1\nkind: Runbook\nname: asks\ntitle: Asks\n\
        steps:\n  - {id: look, pause: Is it quiet?, timeout: 5m}\n  \
        - {action: ecs.restart, with: {cluster: invokeai-cluster, service: invokeai-api}, wait: {timeout: 10m}}\n\
        verify:\n  - {check: expr, that: region != ''}\n";
    for verb in ["plan", "run --yes"] {
        let qd = typed("--demo invokeai --read-write runbook");
        let file = qd.file("asks.yaml", text);
        let run = qd
            .args(verb.split(' '))
            .args([file.to_string_lossy().into_owned()])
            .run();
        assert_eq!(run.code(), 6, "{verb}\n{}\n{}", run.stdout, run.stderr);
        assert!(run.stderr.contains("look"), "{}", run.stderr);
    }
}

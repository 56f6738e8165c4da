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
fn what_a_used_runbook_refuses_from_people_it_refuses_from_runbooks() {
    let text = "apiVersion: quarterdeck/v1\nkind: Runbook\nname: more\ntitle: More\n\
        params:\n  cluster: {type: string}\n  \
        service: {type: aws/ecs-service, from: {list: ecs-service, where: {cluster: \"${params.cluster}\"}}}\n  \
        tasks: {type: int}\n\
        steps:\n  - use: ecs-scale\n    with: {cluster: \"${params.cluster}\", service: \"${params.service}\", \
        desired: \"${params.tasks}\"}\n\
        verify:\n  - {check: expr, that: region != ''}\n";
    for (tasks, code, told) in [
        ("3", 0, ""),
        (
            "100000",
            2,
            "`desired` of ecs-scale: 100000 is not allowed, at most 1000",
        ),
        ("-5", 2, "`desired` of ecs-scale: -5 is not allowed, at least 0"),
    ] {
        let qd = typed("--demo invokeai runbook plan");
        let file = qd.file("more.yaml", text);
        let run = qd
            .args([file.to_string_lossy().into_owned()])
            .args("--set cluster=invokeai-cluster --set service=invokeai-api".split(' '))
            .args(["--set".to_owned(), format!("tasks={tasks}")])
            .run();
        assert_eq!(run.code(), code, "{tasks}\n{}\n{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(told), "{}", run.stderr);
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

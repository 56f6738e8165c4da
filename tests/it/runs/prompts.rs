//! A person at a terminal: what is asked, what counts as an answer.

use std::time::Duration;

use super::{SERVICE, desired, runs, scale, with, world};
use crate::support::screen::Screen;

/// Until a question stands there and is listened to: what is typed before its mark is thrown away.
pub(super) fn asks(screen: &Screen, question: &str) {
    screen.wait_until(&format!("the question {question:?}"), |seen| {
        let shown = seen.contents();
        let shown = shown.trim_end();
        shown
            .rfind(question)
            .is_some_and(|at| shown[at..].lines().last() == Some(">"))
    });
}

#[test]
fn what_is_missing_is_asked_for_and_the_word_applies() {
    let qd = world(100);
    let mut screen = with(&qd, "runbook run ecs-scale").screen(100, 60);
    asks(&screen, "cluster: The cluster");
    assert!(screen.contents().contains("codemate-cluster-dev"));
    screen.send_keys("codemate-cluster\r");
    asks(&screen, "service: The service");
    screen.send_keys("codemate-backend-service\r");
    asks(&screen, "desired: Tasks");
    screen.send_keys("many\r");
    screen.wait_for_text("not a whole number");
    asks(&screen, "not a whole number");
    screen.send_keys("4\r");
    asks(&screen, "To carry it out, type apply");
    let shown = screen.contents();
    assert!(
        shown.contains("in account 111122223333") && shown.contains("ap-northeast-2"),
        "{shown}"
    );
    screen.send_keys("apply\r");
    screen.wait_for_text("SUCCEEDED");
    assert_eq!(screen.wait_for_end().exit_code(), 0);
    assert_eq!(desired(&qd), 4);
}

#[test]
fn anything_else_declines() {
    let qd = world(100);
    for (keys, code) in [("yes\r", 5), ("\r", 5), ("\u{4}", 5), ("\u{3}", 130)] {
        let mut screen = scale(&qd, 4, "").screen(100, 60);
        asks(&screen, "type apply");
        screen.send_keys(keys);
        assert_eq!(screen.wait_for_end().exit_code(), code, "{keys:?}");
    }
    assert!(runs(&qd).is_empty());
    assert_eq!(desired(&qd), 3);
}

#[test]
fn what_was_typed_before_the_question_is_no_answer() {
    let qd = world(100);
    let mut screen = scale(&qd, 4, "").screen(100, 60);
    screen.send_keys("apply\rapply\r");
    screen.wait_for_text("To carry it out, type apply");
    screen.wait_for_silence(Duration::from_millis(300));
    assert!(!screen.contents().contains("SUCCEEDED"), "{}", screen.contents());
    asks(&screen, "To carry it out, type apply");
    screen.send_keys("no\r");
    assert_eq!(screen.wait_for_end().exit_code(), 5);
    assert_eq!(desired(&qd), 3);
}

#[test]
fn an_empty_answer_gives_no_parameter() {
    let qd = world(100);
    let mut screen = with(&qd, "runbook run ecs-scale").screen(100, 60);
    asks(&screen, "cluster: The cluster");
    screen.send_keys("\r");
    assert_eq!(screen.wait_for_end().exit_code(), 5);
}

#[test]
fn a_terminal_in_ci_is_nobody() {
    let qd = world(100).env("CI", "true");
    let mut screen = with(&qd, &format!("runbook run ecs-scale {SERVICE} --set desired=4")).screen(100, 60);
    assert_eq!(screen.wait_for_end().exit_code(), 6);
}

#[test]
fn a_secret_is_typed_unseen_and_is_nowhere_afterwards() {
    const SECRET: &str = "https://hooks.example.com/T0k3n";
    let qd = world(100);
    let text = include_str!("../../../runbooks/ecs-scale.yaml")
        .replace(
            "params:\n",
            "params:\n  hook:\n    type: secret\n    about: Whom to tell\n",
        )
        .replace(
            "\nverify:",
            "  - id: tell\n    action: notify.webhook\n    with: {url: \"${params.hook}\", title: scaled}\n    allow_failure: false\n\nverify:",
        );
    let file = qd.file("told.yaml", &text);
    let line = format!("runbook run {} {SERVICE} --set desired=4", file.display());
    let mut screen = with(&qd, &line).screen(100, 60);
    asks(&screen, "hook (a secret, not shown)");
    screen.send_keys(&format!("{SECRET}\r"));
    asks(&screen, "To carry it out, type apply");
    screen.send_keys("apply\r");
    screen.wait_for_text("SUCCEEDED");
    let shown = screen.contents();
    assert!(!shown.contains("T0k3n"), "{shown}");
    assert_eq!(screen.wait_for_end().exit_code(), 0);
    for journal in super::journals(&qd) {
        let journal = std::fs::read_to_string(journal).unwrap();
        assert!(!journal.contains("T0k3n") && journal.contains("secret(asked for hook)"));
    }
    // Where nobody can be asked it is said what to do, and nothing is done.
    let refused = with(&qd, &format!("{line} --yes")).run();
    super::exits(&refused, 6);
    assert!(refused.stderr.contains("QD_PARAM_HOOK"), "{refused:#?}");
}

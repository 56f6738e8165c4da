//! What is refused, how, and with which exit code.

use rustix::process::Signal;

use super::typed;
use crate::support::qd::Qd;
use crate::support::screen::Screen;

#[test]
fn exit_codes_are_those_of_the_contract() {
    for (line, code) in [
        ("--help", 0),
        ("--version", 0),
        ("--demo ecg --scenario quiet status", 0),
        ("--demo ecg spend", 0),
        ("--demo ecg doctor", 0),
        // The console without a terminal.
        ("", 2),
        ("--demo", 2),
        // Words that mean nothing.
        ("stats", 2),
        ("status nonsense", 2),
        ("--demo status gpu gpu-host --no-probe", 2),
        ("--demo --speed nan status", 2),
        ("--demo --speed 1e9 status", 2),
        ("--demo --seed -1 status", 2),
        ("--demo atlantis", 2),
        ("--demo=atlantis status", 2),
        ("--demo --scenario nonsense status", 2),
        ("--demo --speed 0 status", 2),
        ("--demo status -o xml", 2),
        ("--demo status --fail-on info", 2),
        ("--demo status --theme nonsense", 2),
        ("--demo status --estate nonsense", 2),
        ("--demo status --read-only --read-write", 2),
        ("completions tcsh", 2),
        // A scenario of the demo without the demo, and no region to ask.
        ("--scenario quiet --region us-east-1 status", 2),
        ("status", 2),
        ("doctor", 2),
        // The gpu-idle scenario has findings, the quiet one has none that are critical.
        ("--demo invokeai --scenario bad-deploy status --fail-on crit", 15),
        (
            "--demo codemate --scenario quiet status ecs-service --fail-on crit",
            0,
        ),
    ] {
        let finished = typed(line).run();
        assert_eq!(finished.code(), code, "{line}: {finished:#?}");
        // The doctor's report says it among the rest.
        let explains = !finished.stderr.trim().is_empty() || finished.stdout.contains("FAIL");
        assert!(code != 2 || explains, "{line}: nothing says what is wrong");
    }
}

#[test]
fn a_word_that_is_nearly_right_is_corrected() {
    for (line, hint) in [
        ("--demo codemat status", "did you mean codemate?"),
        ("--demo=codemat status", "'codemate'"),
        ("--demo --scenario bad-deplyo status", "'bad-deploy'"),
        ("status ecs-servce", "'ecs-service'"),
        ("stauts", "'status'"),
        ("--demo status --theme nihgt", "night"),
    ] {
        let finished = typed(line).run();
        assert_eq!(finished.code(), 2, "{line}");
        assert!(finished.stderr.contains(hint), "{line}: {}", finished.stderr);
        assert_eq!(finished.stdout, "", "{line}");
    }
}

#[test]
fn without_a_terminal_the_console_says_what_to_do_instead() {
    let finished = typed("--demo").run();
    assert_eq!(
        finished.stderr,
        "qd: the console needs a terminal; `qd status` prints, `qd --help` lists the commands\n"
    );
}

#[test]
fn an_empty_environment_is_enough() {
    for line in [
        "--demo ecg status",
        "--demo ecg spend",
        "--demo ecg doctor",
        "keys",
        "themes",
        "iam-policy --no-probe",
        "completions bash",
        "man",
    ] {
        let finished = Qd::bare().args(line.split(' ')).run();
        assert_eq!((finished.code(), finished.stderr.as_str()), (0, ""), "{line}");
        assert_ne!(finished.stdout, "", "{line}");
    }
}

#[test]
fn doctor_without_a_region_still_looks_at_the_machine() {
    let finished = typed("doctor -o json").run();
    assert_eq!(finished.code(), 2);
    let report = finished.json();
    let checks = report["checks"].as_array().unwrap();
    let state = |group: &str| {
        checks
            .iter()
            .find(|check| check["group"] == group)
            .map(|check| check["state"].as_str().unwrap())
    };
    assert_eq!(state("credentials"), Some("fail"));
    assert_eq!(state("state"), Some("info"));
}

/// A command that goes on for ever, once it has begun.
fn followed() -> Screen {
    let screen = typed("--demo invokeai logs /ecs/invokeai-api --follow").screen(120, 40);
    screen.wait_for_text("/ecs/invokeai-api");
    screen
}

#[test]
fn an_interrupt_ends_with_its_own_code() {
    let mut screen = followed();
    screen.send_keys("\x03");
    assert_eq!(screen.wait_for_end().exit_code(), 130);
}

#[test]
fn a_request_to_end_is_obeyed() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut screen = followed();
        let process = rustix::process::Pid::from_raw(screen.process_id().cast_signed()).unwrap();
        rustix::process::kill_process(process, signal).unwrap();
        assert_eq!(screen.wait_for_end().exit_code(), code);
    }
}

/// An endpoint that takes every connection and says nothing.
#[cfg(feature = "aws")]
#[test]
fn while_nobody_answers_progress_is_shown_and_taken_away_again() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut screen = typed("--region us-east-1 status --endpoint-url")
        .args([format!("http://{}", silent.local_addr().unwrap())])
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .screen(80, 24);
    screen.wait_for_text("asking AWS");
    screen.send_keys("\x03");
    assert_eq!(screen.wait_for_end().exit_code(), 130);
    assert!(!screen.contents().contains("asking AWS"), "{}", screen.contents());
}

#[cfg(not(feature = "aws"))]
#[test]
fn a_build_without_aws_says_how_to_get_one_with_it() {
    for line in [
        "status",
        "--region us-east-1 status",
        "--region us-east-1 logs /ecs/api",
        "--estate invokeai spend",
        "--profile prod --region us-east-1 doctor",
    ] {
        let finished = typed(line).run();
        assert_eq!(finished.code(), 2, "{line}: {finished:#?}");
        let said = format!("{}{}", finished.stdout, finished.stderr);
        for part in ["knows no AWS", "cargo build --release", "qd --demo"] {
            assert!(said.contains(part), "{line}: {said}");
        }
    }
}

//! Where results go, how wide and in which colours; and what happens when nobody reads them.

use std::process::{Command, Stdio};

use unicode_width::UnicodeWidthStr;

use super::{WORLDS, is_safe, typed};
use crate::support::qd::BINARY;

const SCENARIOS: [&str; 7] = [
    "quiet",
    "bad-deploy",
    "gpu-idle-night",
    "spot-reclaim",
    "db-storage-low",
    "redis-evictions",
    "queue-backlog",
];

#[test]
fn tables_fit_eighty_columns_and_every_line_is_safe() {
    for scenario in SCENARIOS {
        for command in ["status", "spend", "doctor"] {
            let finished = typed(&format!("--demo --scenario {scenario} {command}"))
                .env("COLUMNS", "80")
                .run();
            assert_eq!(finished.code(), 0, "{finished:#?}");
            assert!(is_safe(&finished.stdout));
            for line in finished.stdout.lines() {
                assert!(line.width() <= 80, "{scenario} {command}: {line:?}");
                assert!(!line.ends_with(' '), "{scenario} {command}: {line:?}");
            }
        }
    }
}

#[test]
fn the_other_forms_are_as_wide_as_they_are_and_safe() {
    for world in WORLDS {
        for form in ["wide", "json", "jsonl", "yaml"] {
            let finished = typed(&format!("--demo {world} status -o {form}"))
                .env("COLUMNS", "40")
                .run();
            assert_eq!(
                (finished.code(), finished.stderr.as_str()),
                (0, ""),
                "{world} {form}"
            );
            assert!(is_safe(&finished.stdout), "{world} {form}");
            assert!(finished.stdout.ends_with('\n'));
        }
    }
}

/// Whether a text is what a form promises.
fn is_of(form: &str, text: &str) -> bool {
    match form {
        "json" => serde_json::from_str::<serde_json::Value>(text).is_ok(),
        "jsonl" => text.lines().all(|line| {
            serde_json::from_str::<serde_json::Value>(line).is_ok_and(|record| record.is_object())
        }),
        "yaml" => serde_yaml::from_str::<serde_json::Value>(text).is_ok_and(|document| !document.is_string()),
        _ => true,
    }
}

#[test]
fn every_command_prints_in_every_form() {
    for command in [
        "--demo invokeai status",
        "--demo invokeai status gpu queue",
        "--demo invokeai --scenario bad-deploy logs /ecs/* /ec2/* --since 3m",
        "--demo codemate spend",
        "--demo invokeai doctor",
        "iam-policy --no-probe",
        "themes",
        "keys",
    ] {
        for form in ["table", "wide", "json", "jsonl", "yaml"] {
            let finished = typed(&format!("{command} -o {form}")).run();
            assert_eq!(
                (finished.code(), finished.stderr.as_str()),
                (0, ""),
                "{command} {form}"
            );
            let text = &finished.stdout;
            assert_ne!(text, "", "{command} {form}");
            assert!(is_of(form, text), "{command} {form}: {text}");
            assert!(is_safe(text), "{command} {form}");
        }
    }
}

#[test]
fn what_was_typed_or_set_cannot_speak_to_the_terminal() {
    // A title, a colour, a C1 introducer, a bell, a carriage return, a change of direction.
    let hostile = "x\u{1b}]0;owned\u{7}\u{1b}[31m\u{9b}2J\r\u{202e}y";
    for line in [
        "HOSTILE",
        "status HOSTILE",
        "--demo ecg logs HOSTILE",
        "--demo ecg logs /ecs/* --grep (HOSTILE",
        "--demo ecg logs /ecs/* --since HOSTILE",
        "--demo ecg logs /ecs/* --filter {HOSTILE",
        "--demo HOSTILE",
        "--demo=HOSTILE status",
        "--demo --scenario HOSTILE status",
        "--demo --demo-dir /dev/null/HOSTILE status",
        "--demo --theme HOSTILE status",
        "--demo --estate HOSTILE status",
        "--log-file /dev/null/HOSTILE status",
        "--profile HOSTILE status",
        "completions HOSTILE",
    ] {
        let finished = typed("")
            .args(line.split(' ').map(|word| word.replace("HOSTILE", hostile)))
            .run();
        assert_ne!(finished.code(), 0, "{line}");
        assert!(is_safe(&finished.stdout), "{line}: {:?}", finished.stdout);
        assert!(is_safe(&finished.stderr), "{line}: {:?}", finished.stderr);
        assert_ne!(finished.stderr, "", "{line}");
    }
    let invocation = typed("--demo ecg status asg").env("QD_THEME", hostile);
    invocation.file(
        ".config/quarterdeck/config.toml",
        &format!("color = \"{hostile}\"\n"),
    );
    invocation.file(
        &format!(".config/quarterdeck/themes/{}.toml", hostile.replace('/', "")),
        "name = 3\n",
    );
    let finished = invocation.run();
    assert_eq!(finished.code(), 0, "{finished:#?}");
    assert_ne!(finished.stderr, "");
    assert!(is_safe(&finished.stderr), "{:?}", finished.stderr);
}

#[test]
fn a_terminal_gets_colours_unless_somebody_minds() {
    let coloured = |line: &str, variable: Option<(&str, &str)>| {
        let mut invocation = typed(line);
        if let Some((name, value)) = variable {
            invocation = invocation.env(name, value);
        }
        let mut screen = invocation.screen(100, 200);
        assert_eq!(screen.wait_for_end().exit_code(), 0);
        let bytes = String::from_utf8_lossy(&screen.bytes()).into_owned();
        assert!(bytes.contains("invokeai-api"), "{bytes}");
        bytes.contains("\u{1b}[3") || bytes.contains("\u{1b}[1;3")
    };
    let status = "--demo invokeai --scenario bad-deploy status";
    assert!(coloured(status, None));
    assert!(!coloured(status, Some(("NO_COLOR", "1"))));
    assert!(!coloured(status, Some(("TERM", "dumb"))));
    assert!(!coloured(&format!("{status} --color never"), None));
    assert!(coloured(
        &format!("{status} --color always"),
        Some(("NO_COLOR", "1"))
    ));
}

#[test]
fn a_pipe_gets_no_colours_unless_somebody_asks() {
    let status = "--demo invokeai --scenario bad-deploy status";
    assert!(!typed(status).run().stdout.contains('\u{1b}'));
    let asked = typed(&format!("{status} --color always")).run();
    assert!(asked.stdout.contains("\u{1b}[1;31m"), "{}", asked.stdout);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for line in [
        "--demo status -o json",
        "--demo status",
        "--demo doctor",
        "completions bash",
        "man",
        "--help",
    ] {
        let mut child = Command::new(BINARY)
            .args(line.split(' '))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let finished = child.wait_with_output().unwrap();
        assert_eq!(finished.status.code(), Some(0), "{line}: {finished:?}");
        assert_eq!(String::from_utf8_lossy(&finished.stderr), "", "{line}");
    }
}

#[test]
fn a_log_goes_to_its_file_alone_and_only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let invocation = typed("--demo ecg status -v --log-file log");
    let finished = invocation.run();
    assert_eq!((finished.code(), finished.stderr.as_str()), (0, ""));
    let file = invocation.home().join("log");
    let log = std::fs::read_to_string(&file).unwrap();
    assert!(log.contains("ecs:DescribeServices"), "{log}");
    assert!(is_safe(&log));
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_log_file_that_cannot_be_written_is_said_at_once() {
    let finished = typed("--demo ecg status --log-file /nowhere/log").run();
    assert_eq!(finished.code(), 2);
    assert!(finished.stderr.contains("/nowhere/log"), "{}", finished.stderr);
}

#[test]
fn mistakes_in_the_settings_are_told_and_stop_nothing() {
    let invocation = typed("--demo ecg status ecs-service");
    invocation.file(".config/quarterdeck/config.toml", "thme = \"night\"\n");
    let finished = invocation.run();
    assert_eq!(finished.code(), 0);
    assert!(finished.stderr.contains("theme"), "{}", finished.stderr);
    assert!(finished.stdout.contains("ECS services"), "{}", finished.stdout);
}

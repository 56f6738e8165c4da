//! `qd runbook list`, `show`, `lint` and `schema`.

use std::fs;
use std::path::{Path, PathBuf};

use pretty_assertions::assert_eq;
use serde_json::Value;

use super::{is_safe, typed};
use crate::support::qd::Qd;

fn json(finished: &str) -> Value {
    serde_json::from_str(finished).unwrap_or_else(|error| panic!("{error}: {finished}"))
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/runbooks")
        .join(name)
}

const LEAST: &str = "apiVersion: quarterdeck/v1\nkind: Runbook\nname: mine\ntitle: Mine\n\
    steps:\n  - {action: ecs.restart, with: {cluster: a, service: b}, wait: {timeout: 5m}}\n\
    verify:\n  - {check: expr, that: region != ''}\n";

/// A configuration folder with these runbooks.
fn with_runbooks(files: &[(&str, &str)]) -> (tempfile::TempDir, Qd) {
    let folder = tempfile::tempdir().unwrap();
    let runbooks = folder.path().join("quarterdeck/runbooks");
    fs::create_dir_all(&runbooks).unwrap();
    for (name, text) in files {
        fs::write(runbooks.join(name), text).unwrap();
    }
    let qd = typed("runbook list").env("XDG_CONFIG_HOME", folder.path());
    (folder, qd)
}

#[test]
fn the_shipped_runbooks_are_listed_shown_and_clean() {
    let listed = typed("runbook list -o json").run();
    assert_eq!((listed.code(), listed.stderr.as_str()), (0, ""));
    let listed = json(&listed.stdout);
    assert_eq!(listed["schema"], "quarterdeck.runbooks/1");
    let rows = listed["runbooks"].as_array().unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        assert_eq!(
            (&row["usable"], &row["source"]),
            (&Value::Bool(true), &"shipped".into()),
            "{row}"
        );
        let name = row["name"].as_str().unwrap();
        let shown = typed(&format!("runbook show {name}")).env("COLUMNS", "80").run();
        assert_eq!((shown.code(), shown.stderr.as_str()), (0, ""), "{name}");
        assert!(is_safe(&shown.stdout), "{}", shown.stdout);
        assert!(shown.stdout.starts_with(&format!("{name}: ")), "{}", shown.stdout);
    }
    let linted = typed("runbook lint").run();
    assert_eq!(
        (linted.code(), linted.stderr.as_str()),
        (0, ""),
        "{}",
        linted.stdout
    );
    assert_eq!(
        linted.stdout,
        format!("{} runbooks: nothing is wrong\n", rows.len())
    );
}

#[test]
fn a_runbook_of_ones_own_hides_the_shipped_one() {
    let own = LEAST
        .replace("name: mine", "name: ecs-restart")
        .replace("title: Mine", "title: My own");
    let (_folder, qd) = with_runbooks(&[("ecs-restart.yaml", &own), ("broken.yaml", "apiVersion: 1\n")]);
    let listed = qd.clone().args(["-o", "json"]).run();
    assert_eq!(listed.code(), 0);
    assert!(listed.stderr.contains("broken.yaml:1:"), "{}", listed.stderr);
    let listed = json(&listed.stdout);
    let rows: Vec<(String, String, bool, bool)> = listed["runbooks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["name"] == "broken" || row["name"] == "ecs-restart")
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            let is = |key: &str| row[key].as_bool().unwrap();
            (text("name"), text("source"), is("hidden"), is("usable"))
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("broken".to_owned(), "user".to_owned(), false, false),
            ("ecs-restart".to_owned(), "user".to_owned(), false, true),
            ("ecs-restart".to_owned(), "shipped".to_owned(), true, true),
        ]
    );
}

#[test]
fn lint_says_everything_and_ends_with_2() {
    let path = fixture("bad/time.yaml");
    let finished = typed("runbook lint").args([&path]).run();
    assert_eq!((finished.code(), finished.stderr.as_str()), (2, ""));
    assert!(is_safe(&finished.stdout));
    let place = format!("{}:5:20: error: `deadline` cannot be `30d`", path.display());
    assert!(finished.stdout.contains(&place), "{}", finished.stdout);
    let finished = typed("runbook lint -o json").args([&path]).run();
    assert_eq!(finished.code(), 2);
    let linted = json(&finished.stdout);
    assert_eq!(linted["schema"], "quarterdeck.lint/1");
    let first = &linted["files"][0]["diagnostics"][0];
    assert_eq!(
        (
            &first["line"],
            &first["column"],
            &first["severity"],
            &first["label"]
        ),
        (&5.into(), &20.into(), &"error".into(), &"at most 7d".into())
    );
    assert!(linted["errors"].as_u64().unwrap() > 10);
    assert_eq!(linted["files"][0]["digest"], Value::Null);
}

#[test]
fn warnings_alone_are_no_failure() {
    let unproven = LEAST.split("verify:").next().unwrap().to_owned();
    let (folder, _) = with_runbooks(&[("mine.yaml", &unproven)]);
    let path = folder.path().join("quarterdeck/runbooks/mine.yaml");
    let finished = typed("runbook lint -o json").args([&path]).run();
    assert_eq!(
        (finished.code(), finished.stderr.as_str()),
        (0, ""),
        "{}",
        finished.stdout
    );
    let linted = json(&finished.stdout);
    assert_eq!((&linted["errors"], &linted["warnings"]), (&0.into(), &1.into()));
    assert!(
        linted["files"][0]["digest"]
            .as_str()
            .unwrap()
            .starts_with("sha256:")
    );
}

#[test]
fn what_is_not_there_is_exit_2_with_the_nearest_name() {
    for (line, words) in [
        (
            "runbook show ecs-restrat",
            "there is no runbook `ecs-restrat`; did you mean `ecs-restart`?",
        ),
        (
            "runbook show zzz",
            "there is no runbook `zzz`; `qd runbook list` shows all",
        ),
        (
            "runbook lint ./no-such-file.yaml",
            "there is no runbook `./no-such-file.yaml`",
        ),
        ("runbook lint /", "`/`: it is a folder"),
    ] {
        let finished = typed(line).run();
        assert_eq!((finished.code(), finished.stdout.as_str()), (2, ""), "{line}");
        assert!(finished.stderr.contains(words), "{line}: {}", finished.stderr);
    }
    let broken = typed("runbook show").args([&fixture("bad/time.yaml")]).run();
    assert_eq!((broken.code(), broken.stdout.as_str()), (2, ""));
    assert!(
        broken.stderr.contains("`deadline` cannot be `30d`"),
        "{}",
        broken.stderr
    );
}

#[test]
fn the_schema_is_the_one_in_the_repository_and_needs_no_environment() {
    let finished = Qd::bare().args(["runbook", "schema"]).run();
    assert_eq!((finished.code(), finished.stderr.as_str()), (0, ""));
    let held = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/runbook.schema.json"));
    assert_eq!(finished.stdout, held.unwrap());
}

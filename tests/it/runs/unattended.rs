//! Where little is there: no home, no locale, no reader.

use super::{SERVICE, desired, exits, faster, runs, scale, with, world};
use crate::support::qd::Qd;

/// As cron starts it: a path, and nothing else.
fn cron() -> Qd {
    Qd::bare().env("PATH", "/usr/bin:/bin")
}

#[test]
fn cron_has_no_home_no_terminal_and_no_locale() {
    let qd = cron();
    let state = qd.home().join("state");
    let qd = with(
        &qd,
        &format!("--state-dir {} --demo=codemate --speed=100", state.display()),
    );
    let done = scale(&qd, 5, "--yes -o json").run();
    exits(&done, 0);
    assert_eq!(done.json()["status"], "succeeded");
    assert!(done.stderr.contains("3 → 5"), "{done:#?}");
    assert_eq!(desired(&qd), 5);
    assert_eq!(runs(&qd).len(), 1);
    // Times are the estate's, wherever the machine stands, and say so.
    let history = with(&qd, "runbook history").run();
    assert!(history.stdout.starts_with("times in KST\n"), "{history:#?}");
    let journal = with(&qd, "runbook logs last").run();
    let first = journal.stdout.lines().next().unwrap_or_default().to_owned();
    assert!(journal.stdout.contains("confirmed with --yes"), "{first}");
    assert!(journal.stdout.contains("times are KST"), "{first}");
}

#[test]
fn without_a_place_for_runs_none_begins() {
    if std::path::Path::new("/var/lib/quarterdeck").exists() {
        return;
    }
    let qd = with(&cron(), "--demo=codemate --speed=100");
    let plan = with(&qd, &format!("runbook plan ecs-scale {SERVICE} --set desired=5")).run();
    exits(&plan, 0);
    for line in [
        format!("runbook run ecs-scale {SERVICE} --set desired=5 --yes"),
        "runbook history".to_owned(),
        "runbook lock ls".to_owned(),
    ] {
        let refused = with(&qd, &line).run();
        exits(&refused, 2);
        assert!(refused.stderr.contains("--state-dir"), "{refused:#?}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_no_run() {
    let qd = world(100);
    let finished = scale(&qd, 5, "--yes -o jsonl").run_in_shell("\"$@\" | head -1");
    assert_eq!(finished.stdout.lines().count(), 1, "{finished:#?}");
    assert_eq!(runs(&qd)[0]["status"], "succeeded");
    let finished = scale(&faster(&qd, 100), 4, "--yes").run_in_shell("\"$@\" 2>&- >&-");
    exits(&finished, 0);
    assert_eq!(desired(&qd), 4);
}

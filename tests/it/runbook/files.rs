//! Whole files. A bad fixture says itself what is wrong with it: `#~ words` at the end of a line is a
//! mistake on that line whose message or label has these words, `#~ warning: words` a warning; several
//! are parted by ` ;; `. All of them, and no others, must be reported in one pass.

use std::fs;

use pretty_assertions::assert_eq;
use quarterdeck::domain::diagnostic::{Diagnostic, Report, Severity, Source};
use quarterdeck::runbook::model::{Body, Presence};
use quarterdeck::runbook::{NoLibrary, load};

use super::catalogue::catalogue;
use super::{Shelf, file, fixtures, root};

#[test]
fn good_files_load_without_a_complaint() {
    for path in fixtures("good") {
        let loaded = load(&file(&path), &Shelf::default(), catalogue())
            .unwrap_or_else(|error| panic!("{}\n{error}", path.display()));
        let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings, Vec::<String>::new(), "{}", path.display());
    }
}

#[test]
fn every_key_reaches_the_runbook() {
    let path = root().join("tests/fixtures/runbooks/good/gpu-night-down.yaml");
    let runbook = load(&file(&path), &NoLibrary, catalogue()).unwrap().runbook;
    insta::with_settings!({
        snapshot_path => root().join("tests/fixtures/runbooks/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("everything", without_places(&format!("{runbook:#?}")));
    });
    assert_eq!(runbook.param("fleet").unwrap().presence, Presence::All);
    assert_eq!(runbook.all_steps().len(), 6);
}

/// A debug print in which places do not count.
fn without_places(text: &str) -> String {
    let mut out = Vec::new();
    let mut skipping = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if let Some(until) = skipping {
            if indent > until {
                continue;
            }
            skipping = None;
            if matches!(line.trim(), "}," | "}") {
                continue;
            }
        }
        let starts = ["span: Span {", "place: Place {", "scalar: Span {"];
        if starts.iter().any(|start| line.trim_start().starts_with(start)) {
            skipping = Some(indent);
            continue;
        }
        out.push(line);
    }
    out.join("\n")
}

/// Line, whether it is an error, and words.
type Expected = Vec<(usize, Severity, String)>;

fn expected(text: &str) -> Expected {
    let mut expected = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some((_, marks)) = line.split_once("#~ ") else {
            continue;
        };
        for mark in marks.split(" ;; ") {
            let (severity, words) = match mark.strip_prefix("warning: ") {
                Some(words) => (Severity::Warning, words),
                None => (Severity::Error, mark),
            };
            expected.push((index + 1, severity, words.trim().to_owned()));
        }
    }
    expected
}

fn says(
    source: &Source,
    diagnostic: &Diagnostic,
    (line, severity, words): &(usize, Severity, String),
) -> bool {
    source.position(diagnostic.span.start).line == *line
        && diagnostic.severity == *severity
        && words
            .split(" … ")
            .all(|part| diagnostic.message.contains(part) || diagnostic.label.contains(part))
}

/// How a report differs from what its file says of itself.
fn unlike(report: &Report, text: &str) -> Option<String> {
    let mut expected = expected(text);
    let mut surprises = Vec::new();
    for diagnostic in report.diagnostics() {
        match expected
            .iter()
            .position(|one| says(report.source(), diagnostic, one))
        {
            Some(at) => {
                expected.remove(at);
            }
            None => surprises.push((
                report.source().position(diagnostic.span.start).line,
                diagnostic.severity,
                format!("{} / {}", diagnostic.message, diagnostic.label),
            )),
        }
    }
    let differs = !(expected.is_empty() && surprises.is_empty());
    differs.then(|| {
        let name = report.source().name();
        format!("{name}\nnot reported: {expected:#?}\nnot expected: {surprises:#?}")
    })
}

#[test]
fn bad_files_are_refused_with_every_mistake_in_one_pass() {
    let mut wrong = Vec::new();
    for path in fixtures("bad") {
        let text = fs::read_to_string(&path).expect("a readable fixture");
        let marks = expected(&text);
        assert!(
            !marks.is_empty(),
            "{} says nothing of its mistakes",
            path.display()
        );
        let reports = match load(&file(&path), &Shelf::default(), catalogue()) {
            Ok(loaded) => loaded.warnings,
            Err(unusable) => unusable.reports,
        };
        let has_errors = reports.iter().any(Report::has_errors);
        let wants_errors = marks.iter().any(|(_, severity, _)| *severity == Severity::Error);
        assert_eq!(has_errors, wants_errors, "{}\n{}", path.display(), reports[0]);
        wrong.extend(unlike(&reports[0], &text));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_report_reads_like_this() {
    let path = root().join("tests/fixtures/runbooks/bad/steps.yaml");
    let unusable = load(&file(&path), &Shelf::default(), catalogue()).unwrap_err();
    insta::with_settings!({
        snapshot_path => root().join("tests/fixtures/runbooks/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("report", unusable.to_string());
    });
}

const PLAIN: &str = "apiVersion: quarterdeck/v1\nkind: Runbook\nname: NAME\ntitle: A title\n\
    steps:\n  - action: notify.sns\n    with: {topic: a, text: b}\n\
    verify:\n  - {check: http.health, with: {url: x}}\n";

fn using(name: &str, used: &[&str]) -> String {
    let mut text = PLAIN.replace("NAME", name);
    let steps: String = used
        .iter()
        .enumerate()
        .map(|(index, used)| format!("  - {{id: u{index}, use: {used}}}\n"))
        .collect();
    text = text.replace("verify:", &format!("{steps}verify:"));
    text
}

fn load_text(name: &str, text: &str, shelf: &Shelf) -> Result<quarterdeck::runbook::Loaded, String> {
    let file = quarterdeck::runbook::File {
        key: name.to_owned(),
        name: format!("{name}.yaml"),
        bytes: text.as_bytes().to_vec(),
    };
    load(&file, shelf, catalogue()).map_err(|unusable| unusable.to_string())
}

#[test]
fn runbooks_that_use_each_other_in_a_circle_are_refused() {
    let shelf = Shelf(vec![
        ("a", using("a", &["b"])),
        ("b", using("b", &["c"])),
        ("c", using("c", &["a"])),
        ("self", using("self", &["self"])),
    ]);
    let error = load_text("a", &using("a", &["b"]), &shelf).unwrap_err();
    assert!(
        error.contains("c.yaml:8:19: error: `a` uses this runbook in turn"),
        "{error}"
    );
    assert!(error.contains("a.yaml:8:19: error: `b` has errors"), "{error}");
    let error = load_text("self", &using("self", &["self"]), &shelf).unwrap_err();
    assert!(error.contains("a runbook cannot use itself"), "{error}");
}

#[test]
fn runbooks_may_be_five_deep_and_each_is_read_once() {
    let chain = |length: usize| {
        const NAMES: [&str; 7] = ["r0", "r1", "r2", "r3", "r4", "r5", "r6"];
        let texts = (0..length).map(|level| {
            // Two uses of the next at each level: read once each, or time would double per level.
            let used: Vec<&str> = if level + 1 < length {
                vec![NAMES[level + 1]; 2]
            } else {
                Vec::new()
            };
            (NAMES[level], using(NAMES[level], &used))
        });
        Shelf(texts.collect())
    };
    let shelf = chain(5);
    load_text("r0", &shelf.0[0].1, &shelf).unwrap();
    let shelf = chain(6);
    let error = load_text("r0", &shelf.0[0].1, &shelf).unwrap_err();
    assert!(error.contains("more than 5 runbooks use each other"), "{error}");
}

#[test]
fn the_digest_covers_what_is_used() {
    let digest = |inner: &str| {
        let shelf = Shelf(vec![("inner", inner.to_owned())]);
        load_text("outer", &using("outer", &["inner"]), &shelf)
            .unwrap()
            .runbook
            .digest
            .clone()
    };
    let plain = PLAIN.replace("NAME", "inner");
    assert_eq!(digest(&plain), digest(&plain));
    assert_ne!(digest(&plain), digest(&format!("{plain}# a comment\n")));
    let own = load_text("inner", &plain, &Shelf::default())
        .unwrap()
        .runbook
        .digest
        .clone();
    // `printf … | sha256sum` says the same.
    assert!(own.starts_with("sha256:") && own.len() == 71, "{own}");
    let pinned = |digest: &str| {
        let shelf = Shelf(vec![("inner", plain.clone())]);
        load_text("outer", &using("outer", &[&format!("inner@{digest}")]), &shelf)
    };
    assert!(pinned(&own).is_ok());
    let error = pinned(&own.replace("sha256:", "sha256:0")[..71]).unwrap_err();
    assert!(
        error.contains("is not what it was when this was written"),
        "{error}"
    );
    assert!(pinned("sha256:12").unwrap_err().contains("is not a digest"));
}

#[test]
fn a_used_runbook_raises_the_level_and_wants_its_parameters() {
    let demanding = PLAIN.replace("NAME", "demanding").replace(
        "steps:\n",
        "params:\n  size: {type: int, min: 1}\n\
         steps:\n  - action: rds.restore_snapshot\n    wait: {timeout: '${x}'}\n    with: {snapshot: \"s${params.size}\"}\n",
    );
    let shelf = Shelf(vec![("demanding", demanding.replace("'${x}'", "5m"))]);
    let outer = |with: &str| {
        PLAIN.replace("NAME", "outer").replace(
            "steps:\n",
            &format!("confirm: {{level: ack}}\nsteps:\n  - {{use: demanding, with: {{{with}}}}}\n"),
        )
    };
    let error = load_text("outer", &outer("size: 1"), &shelf).unwrap_err();
    assert!(
        error.contains("the level `ack` is below what `demanding` demands"),
        "{error}"
    );
    for (with, message) in [
        ("", "`demanding` needs `size`"),
        ("sise: 1", "`demanding` has no parameter `sise`"),
        ("size: a", "`size`: a whole number is wanted, found the text `a`"),
        ("size: 0", "`size`: 0 is not allowed, at least 1"),
    ] {
        let error = load_text("outer", &outer(with), &shelf).unwrap_err();
        assert!(error.contains(message), "{with}: {error}");
    }
}

#[test]
fn a_used_runbook_takes_no_resource_by_its_name() {
    let inner = PLAIN.replace("NAME", "inner").replace(
        "steps:\n",
        "params:\n  service: {type: aws/ecs-service, from: {list: ecs-service}}\nsteps:\n",
    );
    let shelf = Shelf(vec![("inner", inner)]);
    let outer = |params: &str, with: &str| {
        PLAIN.replace("NAME", "outer").replace(
            "steps:\n",
            &format!("{params}steps:\n  - {{use: inner, with: {{service: {with}}}}}\n"),
        )
    };
    let error = load_text("outer", &outer("", "api"), &shelf).unwrap_err();
    let message = "a used runbook is given the resource itself, not its name";
    assert!(error.contains(message), "{error}");
    let own = "params:\n  api: {type: aws/ecs-service, from: {list: ecs-service}}\n";
    load_text("outer", &outer(own, "'${params.api}'"), &shelf).unwrap();
}

#[test]
fn steps_without_a_name_get_one() {
    let runbook = load_text("plain", &PLAIN.replace("NAME", "plain"), &Shelf::default())
        .unwrap()
        .runbook;
    assert_eq!(runbook.steps[0].id.value, "step-1");
    assert!(matches!(runbook.steps[0].body, Body::Action(_)));
}

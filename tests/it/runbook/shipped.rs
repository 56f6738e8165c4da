//! What comes with the program: its runbooks, the schema for editors, the reference.

use std::fs;
use std::path::Path;

use pretty_assertions::assert_eq;
use quarterdeck::domain::diagnostic::Severity;
use quarterdeck::domain::rules;
use quarterdeck::runbook::expr::Expr;
use quarterdeck::runbook::model::{CheckCall, Presence, Runbook};
use quarterdeck::runbook::shipped::{self, SHIPPED};
use quarterdeck::runbook::{File, NoLibrary, catalogue, json_schema, load, reference};

use super::{Shelf, fixtures, root};

/// Compares a file with what the code makes of it, or rewrites it if `QD_UPDATE_SCHEMAS` is set.
fn assert_generated(path: &Path, made: &str) {
    if std::env::var_os("QD_UPDATE_SCHEMAS").is_some() {
        fs::write(path, made).expect("the file can be written");
    }
    let held = fs::read_to_string(path).unwrap_or_default();
    assert!(
        held == made,
        "{} is out of date; run the tests once with QD_UPDATE_SCHEMAS=1",
        path.display()
    );
}

#[test]
fn the_schema_for_editors_is_the_one_of_the_code() {
    let made = json_schema::json_schema(catalogue());
    assert_generated(&root().join("schemas/runbook.schema.json"), &made);
}

#[test]
fn the_references_are_those_of_the_code() {
    let actions = format!(
        "# Actions and checks of runbooks\n\nMade from the code. How a runbook is written is in \
         [runbook-format.md](runbook-format.md).\n\n{}",
        reference::action_reference(catalogue())
    );
    assert_generated(&root().join("docs/runbook-actions.md"), &actions);
    let path = root().join("docs/runbook-format.md");
    let text = fs::read_to_string(&path).expect("the document");
    let (begin, end) = ("<!-- reference: begin -->", "<!-- reference: end -->");
    let (before, rest) = text.split_once(begin).expect("a place for the reference");
    let (_, after) = rest.split_once(end).expect("the end of the reference");
    let made = format!(
        "{before}{begin}\n\n{}\n{end}{after}",
        reference::format_reference()
    );
    assert_generated(&path, &made);
}

#[test]
fn the_example_of_the_documentation_loads() {
    let text = fs::read_to_string(root().join("docs/runbook-format.md")).expect("the document");
    let (_, rest) = text.split_once("```yaml\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let file = File {
        key: "example".to_owned(),
        name: "docs/runbook-format.md".to_owned(),
        bytes: example.as_bytes().to_vec(),
    };
    let loaded = load(&file, &NoLibrary, catalogue()).unwrap_or_else(|error| panic!("{error}"));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings[0]);
}

#[test]
fn every_shipped_runbook_is_listed_and_clean() {
    let mut on_disk: Vec<String> = fs::read_dir(root().join("runbooks"))
        .expect("the folder")
        .map(|entry| entry.expect("a readable folder").path())
        .map(|path| path.file_stem().expect("a file").to_string_lossy().into_owned())
        .collect();
    on_disk.sort();
    let listed: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, on_disk);
    for (name, text) in SHIPPED {
        let schema = "# yaml-language-server: $schema=../schemas/runbook.schema.json\n";
        assert!(text.starts_with(schema), "{name} does not name its schema");
        let file = shipped::get(name).expect("it is there");
        let loaded = load(&file, &Shelf::default(), catalogue()).unwrap_or_else(|error| panic!("{error}"));
        assert!(loaded.warnings.is_empty(), "{}", loaded.warnings[0]);
        assert_eq!(loaded.runbook.name.value, *name);
        assert!(!loaded.runbook.verify.is_empty(), "{name} proves nothing");
        for param in &loaded.runbook.params {
            assert!(
                !param.about.is_empty(),
                "{name}: {} says nothing of itself",
                *param.name
            );
        }
    }
}

/// What a shipped runbook offers afterwards is shipped too, and takes what it is given.
#[test]
fn what_comes_afterwards_is_there_and_takes_what_it_is_given() {
    let loaded = |name: &str| {
        let file = shipped::get(name).unwrap_or_else(|| panic!("{name} is not shipped"));
        load(&file, &NoLibrary, catalogue())
            .unwrap_or_else(|error| panic!("{error}"))
            .runbook
    };
    let mut offered = 0;
    for (name, _) in SHIPPED {
        for next in &loaded(name).afterwards {
            let other = loaded(&next.runbook.value);
            for (param, _) in &next.set {
                assert!(
                    other.param(param).is_some(),
                    "{name}: {} has no {}",
                    *next.runbook,
                    **param
                );
            }
            offered += 1;
        }
    }
    assert_eq!(offered, 2, "after each of the two restores");
}

/// Every key of the format is used by some fixture, so that none is only documented.
#[test]
fn every_key_of_the_format_is_tried() {
    let schema: serde_json::Value = serde_json::from_str(&json_schema::json_schema(catalogue())).unwrap();
    let mut keys = Vec::new();
    let mut collect = |object: &serde_json::Value| {
        if let Some(properties) = object["properties"].as_object() {
            keys.extend(properties.keys().cloned());
        }
    };
    collect(&schema);
    for definition in schema["definitions"].as_object().expect("definitions").values() {
        collect(definition);
    }
    let texts: Vec<String> = fixtures("good")
        .into_iter()
        .chain(fixtures("bad"))
        .map(|path| fs::read_to_string(path).expect("a readable fixture"))
        .collect();
    let untried: Vec<&String> = keys
        .iter()
        .filter(|key| !texts.iter().any(|text| text.contains(&format!("{key}:"))))
        .collect();
    assert_eq!(untried, Vec::<&String>::new());
}

/// What a page says of preconditions: those of the runbook, or a reason of its own why there are none.
fn preconditions(runbook: &Runbook) -> Option<String> {
    if runbook.preconditions.is_empty() {
        return None;
    }
    let simple = regex::Regex::new(r"\$\{params\.(\w+)(?:\.name)?\}").expect("a pattern");
    let fact = regex::Regex::new(r"\$\{params\.\w+\.(\w+) \?\? '[^']*'\}").expect("a pattern");
    let lines = runbook.preconditions.iter().map(|check| {
        let message = check.message.as_ref().expect("what to do is said").source();
        let message = simple.replace_all(&message, "*$1*");
        let message = fact.replace_all(&message, "*$1*");
        let outcome = match check.severity {
            Severity::Error => "Refused",
            Severity::Warning => "A warning",
        };
        let what = match &check.call {
            CheckCall::Expr(expr) => format!("`{}`", expr.source()),
            CheckCall::Named { name, .. } => format!("`{}`", name.value),
        };
        let when = check.when.as_ref().map_or_else(String::new, |when| {
            format!(", looked at where `{}`", when.source())
        });
        format!("- {outcome} unless {what}{when}: {message}.\n")
    });
    Some(format!(
        "## Preconditions\n\nLooked at in the plan, and again right before the first change.\n\n{}",
        lines.collect::<String>()
    ))
}

#[test]
fn every_page_says_what_must_hold_before_the_first_change_what_is_watched_and_what_is_taken_back() {
    for (name, _) in SHIPPED {
        let file = shipped::get(name).expect("it is there");
        let loaded = load(&file, &Shelf::default(), catalogue()).unwrap_or_else(|error| panic!("{error}"));
        let path = root().join(format!("docs/runbooks/{name}.md"));
        let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let section = |heading: &str| {
            let begin = page.find(&format!("\n## {heading}\n"))? + 1;
            let end = page[begin..]
                .find("\n\n## ")
                .map_or(page.len(), |end| begin + end + 1);
            Some((begin, end))
        };
        let reason = |heading: &str| {
            let (begin, end) = section(heading).unwrap_or_else(|| panic!("{name} says nothing of {heading}"));
            let said = page[begin..end].lines().nth(2).unwrap_or_default();
            let reason = said.strip_prefix("None: ").unwrap_or_default();
            assert!(
                reason.len() > 20,
                "{name} has no {heading}, and the page no reason: {said}"
            );
        };
        match preconditions(&loaded.runbook) {
            None => reason("Preconditions"),
            Some(made) => {
                let whole = match (section("Preconditions"), page.find("\n## Guards\n")) {
                    (Some((begin, end)), _) => format!("{}{made}{}", &page[..begin], &page[end..]),
                    (None, Some(at)) => format!("{}{made}\n{}", &page[..=at], &page[at + 1..]),
                    (None, None) => format!("{page}\n{made}"),
                };
                assert_generated(&path, &whole);
            }
        }
        if loaded.runbook.guards.is_empty() {
            reason("Guards");
        }
        let (begin, end) =
            section("Undo").unwrap_or_else(|| panic!("{name} says nothing of what is taken back"));
        let said = page[begin..end].lines().nth(2).unwrap_or_default();
        assert!(
            said.len() > 20,
            "{name} says too little of what is taken back: {said}"
        );
    }
}

/// A form shows a default as soon as it is known; one that follows a number somebody types would show what
/// followed the number before.
#[test]
fn no_default_follows_what_somebody_types() {
    for (name, _) in SHIPPED {
        let file = shipped::get(name).expect("it is there");
        let loaded = load(&file, &Shelf::default(), catalogue()).unwrap_or_else(|error| panic!("{error}"));
        for param in &loaded.runbook.params {
            let Presence::Default(default) = &param.presence else {
                continue;
            };
            for path in default.exprs().into_iter().flat_map(Expr::references) {
                let followed = path.get(1).and_then(|other| loaded.runbook.param(other));
                assert!(
                    followed.is_none_or(|other| other.from.is_some()),
                    "{name}: {} follows {path:?}",
                    *param.name
                );
            }
        }
    }
}

/// An offer that is made for some rules is taken for findings of those alone: a finding that names a runbook
/// must find an offer that fits, or the form opens empty.
#[test]
fn a_rule_finds_an_offer_of_the_runbooks_that_it_names() {
    let mut met = 0;
    for rule in rules::ALL {
        for name in rule.runbooks {
            let file = shipped::get(name).unwrap_or_else(|| panic!("{}: {name}", rule.id));
            let loaded =
                load(&file, &Shelf::default(), catalogue()).unwrap_or_else(|error| panic!("{error}"));
            let offers = loaded.runbook.offers.iter();
            let of_kind: Vec<_> = offers.filter(|offer| offer.kind.value == rule.kind).collect();
            let fits = of_kind
                .iter()
                .any(|offer| offer.rules.is_empty() || offer.rules.iter().any(|glob| glob.matches(rule.id)));
            assert!(of_kind.is_empty() || fits, "{} of {}", name, rule.id);
            met += usize::from(fits);
        }
    }
    assert!(met > 40, "{met}");
}

//! What is carried away: reports and records of incidents.

use std::fs;

use jiff::Timestamp;
use quarterdeck::domain::incident::{Entry, Event};
use quarterdeck::engine::incident::IncidentStore;
use quarterdeck::engine::run::StateFolder;

use super::{is_safe, typed};

#[test]
fn a_report_is_one_page_of_markdown() {
    let printed = typed("--demo ecommerce --scenario dr-gap --no-probe report").run();
    assert_eq!((printed.code(), printed.stderr.as_str()), (0, ""));
    let page = &printed.stdout;
    assert!(page.starts_with("# ecommerce (demo): "), "{page}");
    for part in [
        "## Findings",
        "## Recovery",
        "## State",
        "## Spend",
        "### rds-instance",
        "`rds-backup-now`",
        "**missed**",
        "KST",
    ] {
        assert!(page.contains(part), "{part} is missing:\n{page}");
    }
    assert!(is_safe(page), "{page}");
}

#[test]
fn a_report_tells_what_the_tables_of_the_further_families_are_read_for() {
    let printed = typed("--demo fashion --no-probe report").run();
    assert_eq!((printed.code(), printed.stderr.as_str()), (0, ""));
    let page = &printed.stdout;
    let titles = |kind: &str| {
        let after = page.split(&format!("### {kind}, ")).nth(1)?;
        after.lines().find(|line| line.starts_with('|'))
    };
    for (kind, titled) in [
        ("distribution", "| ERRORS 5XX PERCENT |"),
        ("sagemaker-endpoint", "| VARIANTS | INSTANCES |"),
        ("nat-gateway", "| BYTES OUT PER HOUR |"),
        ("nat-gateway", "| USD PER MONTH |"),
        ("lambda", "| THROTTLES PER MINUTE |"),
        ("bucket", "| BYTES | OBJECTS |"),
        ("scalable-target", "| KEPT BY | AT |"),
    ] {
        let found = titles(kind).unwrap_or_else(|| panic!("no {kind}:\n{page}"));
        assert!(found.contains(titled), "{kind}: {found}");
    }
    assert!(
        page.contains("SageMakerVariantInvocationsPerInstance | 30 |"),
        "{page}"
    );
    assert!(page.contains(" GiB |"), "{page}");
    assert!(page.contains("- Credits: "), "{page}");
    assert!(page.contains("### What runs now"), "{page}");
    assert!(is_safe(page), "{page}");
}

#[test]
fn a_report_ends_as_status_does_and_can_go_to_a_file() {
    let invocation =
        typed("--demo ecommerce --scenario dr-gap --no-probe report --fail-on crit --out page.md");
    invocation.file("page.md", "an older page");
    let finished = invocation.run();
    assert_eq!((finished.code(), finished.stdout.as_str()), (15, ""));
    let page = fs::read_to_string(invocation.home().join("page.md")).unwrap();
    assert!(page.starts_with("# ecommerce"), "{page}");
    assert!(!invocation.home().join("page.md.new").exists());

    let refused = typed("--demo ecommerce -o json report").run();
    assert_eq!((refused.code(), refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("qd status -o json"), "{}", refused.stderr);
}

#[test]
fn records_are_listed_shown_and_exported() {
    let none = typed("--demo ecommerce incident list").run();
    assert_eq!(
        (none.code(), none.stdout.as_str()),
        (0, "no incident was recorded yet\n")
    );

    let invocation = typed("--demo ecommerce");
    let state = invocation.home().join("state/demo");
    fs::create_dir_all(&state).unwrap();
    let store = IncidentStore::of_demo(&StateFolder::at(&state), "ecommerce", "everyday");
    let at = Timestamp::now();
    let started = Event::Started {
        title: "결제 | `slow`".to_owned(),
        estate: Some("ecommerce".to_owned()),
        scopes: vec!["ecommerce/ap-northeast-2".to_owned()],
    };
    let id = store
        .begin(Entry::new(started, "kim@bastion", (at, at)))
        .unwrap()
        .id;
    let note = Event::Note {
        text: "\u{1b}[31m다시 시작했다\u{202e}".to_owned(),
    };
    store
        .append(&id, &[Entry::new(note, "lee@bastion", (at, at))])
        .unwrap();

    let with = |more: &str| invocation.clone().args(more.split(' ')).run();
    // What happens in another scenario is another story.
    for other in [
        "--scenario bad-deploy incident list",
        "--scenario bad-deploy incident show last",
    ] {
        assert!(!with(other).stdout.contains(&id.0), "{other}");
    }
    let listed = with("incident list -o json").json();
    assert_eq!(listed["schema"], "quarterdeck.incidents/1");
    assert_eq!(listed["incidents"][0]["id"], id.0);
    assert_eq!(listed["incidents"][0]["closed_at"], serde_json::Value::Null);
    let shown = with("incident show last");
    assert!(
        shown.stdout.contains("다시 시작했다") && is_safe(&shown.stdout),
        "{}",
        shown.stdout
    );
    let page = with("incident export last").stdout;
    assert!(page.starts_with(r"# Incident: 결제 \| \`slow\`"), "{page}");
    assert!(is_safe(&page), "{page}");
    assert_eq!(with("incident export last --out page.md").code(), 0);
    let again = with("incident export last --out page.md");
    assert_eq!(again.code(), 2, "{}", again.stderr);
    assert_eq!(with("incident show nope").code(), 2);
}

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::*;
use crate::domain::changes::Word;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ids::Kind;
use crate::domain::inventory::Source;
use crate::domain::logs::LogGroup;
use crate::domain::ops::ReplyData;
use crate::domain::picture::Picture;
use crate::domain::policy::{Objectives, Recovery};
use crate::domain::queue::Queue;
use crate::domain::rules::Policies;
use crate::domain::rules::sample::{Bench, at, db, prod, service};
use crate::headless::status::{KINDS, build};

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.policy = prod();
    bench.policy.recovery = Recovery {
        estate: Objectives {
            rto: Some(jiff::SignedDuration::from_mins(60)),
            rpo: Some(jiff::SignedDuration::from_mins(15)),
        },
        ..Recovery::default()
    };
    let mut down = service("주문|api", 3);
    down.running = 1;
    bench.services(vec![service("web", 2), down]);
    let mut late = db("shop-db");
    late.latest_restorable_at = Some(at(100));
    bench.know(Source::DbInstances, ReplyData::DbInstances(vec![late]));
    bench.know(
        Source::Queues,
        ReplyData::Queues(vec![Queue {
            arn: "arn:aws:sqs:ap-northeast-2:123456789012:jobs".to_owned(),
            name: "`jobs`\n|x|".to_owned(),
            url: String::new(),
            visible: 7,
            in_flight: 2,
            delayed: 0,
            visibility_timeout_s: None,
            dead_letter: None,
        }]),
    );
    bench.fail(
        Source::LogGroups,
        Fault::new(
            FaultKind::AccessDenied,
            "logs",
            "DescribeLogGroups",
            "no | token=abcdef for you",
        )
        .with_code("AccessDenied"),
    );
    bench
}

fn page(bench: &Bench) -> String {
    let mut picture = Picture::empty(bench.inventory.clone(), bench.now);
    picture.findings = bench.evaluate();
    picture.changes = vec![Change {
        at: at(150),
        resource: None,
        word: Word::Deploy,
        what: "주문|api rev 7 → 8\n**done**".to_owned(),
        who: Some("minho.park".to_owned()),
        id: None,
    }];
    let policies = Policies {
        otherwise: std::sync::Arc::new(bench.policy.clone()),
        ..Policies::default()
    };
    let kinds: BTreeSet<Kind> = KINDS.iter().copied().collect();
    let status = build::status(&picture, &policies, &kinds);
    write(&Page {
        heading: &Heading {
            title: "shop".to_owned(),
            environment: "prod".to_owned(),
        },
        status: &status,
        changes: &picture.changes,
        zone: &(TimeZone::get("Asia/Seoul").unwrap(), "KST".to_owned()),
    })
    .unwrap()
}

#[test]
fn a_page_has_what_is_wrong_first_and_everything_else_after_it() {
    let version = env!("CARGO_PKG_VERSION");
    insta::assert_snapshot!("page", page(&bench()).replace(version, "VERSION"));
}

#[test]
fn an_objective_that_is_met_by_the_interval_of_logs_alone_says_so() {
    let mut bench = bench();
    // 80 minutes would be lost.
    bench.policy.recovery.estate.rpo = Some(jiff::SignedDuration::from_mins(76));
    let text = page(&bench);
    assert!(text.contains("| 1h20m | 1h16m+5m met |"), "{text}");
    assert!(
        text.contains("Five minutes are allowed on top of an RPO"),
        "{text}"
    );
    bench.policy.recovery.estate.rpo = Some(jiff::SignedDuration::from_mins(80));
    let text = page(&bench);
    assert!(text.contains("| 1h20m | 1h20m met |"), "{text}");
}

#[test]
fn tables_hold_against_foreign_text() {
    let text = page(&bench());
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let mut bars = 0;
        let mut escaped = false;
        for character in line.chars() {
            bars += usize::from(character == '|' && !escaped);
            escaped = character == '\\' && !escaped;
        }
        assert!((3..20).contains(&bars), "{line}");
    }
    let heads: Vec<usize> = text.lines().map(|line| line.split(" | ").count()).collect();
    for pair in heads.windows(2).filter(|pair| pair[0] > 1 && pair[1] > 1) {
        assert_eq!(pair[0], pair[1], "a table changes its number of columns:\n{text}");
    }
    assert!(!text.contains("abcdef"), "{text}");
}

#[test]
fn a_kind_that_nobody_has_described_shows_its_plain_fields() {
    let resource = serde_json::json!({
        "id": "arn", "name": "n", "scope": "s", "health": "ok", "reasons": [],
        "age_days": 3, "state": "ISSUED", "names": ["a"],
    });
    assert_eq!(columns("certificate", &resource), ["age_days", "state"]);
}

#[test]
fn an_estate_that_is_well_says_so() {
    let mut calm = Bench::new();
    calm.services(vec![service("web", 2)]);
    let text = page(&calm);
    assert!(text.contains("0 critical, 0 warnings"), "{text}");
    assert!(text.contains("Nothing is known to be wrong"), "{text}");
}

#[test]
fn a_pipeline_says_where_it_is_and_since_when_and_bytes_have_a_unit() {
    let pipeline = serde_json::json!({
        "name": "release",
        "stages": [
            {"name": "Source", "status": "Succeeded", "actions": [{"changed_at": "2026-11-21T01:00:00Z"}]},
            {"name": "Approve", "status": "InProgress", "actions": [
                {"changed_at": "2026-11-21T01:20:00Z"}, {"changed_at": null},
            ]},
            {"name": "Deploy", "status": null, "actions": []},
        ],
        "executions": [{"commit": "0123456789ab", "message": "fix login\n\nlong"}],
    });
    let told = with_told("pipeline", &pipeline);
    let of = |field: &str| told[field].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        (of("stage"), of("status")),
        ("Approve".to_owned(), "InProgress".to_owned())
    );
    assert_eq!(
        (of("since"), of("change")),
        ("2026-11-21T01:20:00Z".to_owned(), "0123456 fix login".to_owned())
    );
    assert_eq!(columns("pipeline", &told), ["stage", "status", "since", "change"]);
    assert_eq!(with_told("queue", &pipeline), pipeline);

    let mut bench = bench();
    bench.know(
        Source::LogGroups,
        ReplyData::LogGroups(vec![LogGroup {
            arn: "arn:aws:logs:ap-northeast-2:123456789012:log-group:/app".to_owned(),
            name: "/app".to_owned(),
            retention_days: Some(14),
            stored_bytes: Some(5 << 30),
            class: None,
            created_at: None,
        }]),
    );
    let text = page(&bench);
    assert!(text.contains("| RETENTION DAYS | STORED |"), "{text}");
    assert!(
        text.contains("| 5.0 GiB |") || text.contains("| 5 GiB |"),
        "{text}"
    );
}

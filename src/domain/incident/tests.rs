use jiff::tz::TimeZone;

use super::*;
use crate::domain::changes::{Change, Word};
use crate::domain::fault::Fault;
use crate::domain::inventory::Source;
use crate::domain::ops::ReplyData;
use crate::domain::picture::Picture;
use crate::domain::rules::sample::{Bench, at, db, prod};

fn entry(minute: i64, by: &str, event: Event) -> Entry {
    Entry {
        v: VERSION,
        at: at(minute),
        wall: at(minute),
        by: by.to_owned(),
        event,
    }
}

fn started() -> Entry {
    entry(
        100,
        "kim@bastion",
        Event::Started {
            title: "주문이 느려요 | \"slow\"".to_owned(),
            estate: Some("shop".to_owned()),
            scopes: vec!["default/ap-northeast-2".to_owned()],
        },
    )
}

fn incident() -> Incident {
    Incident::of(IncidentId("i-20261121-014000-abcd".to_owned()), [started()]).unwrap()
}

fn bench(restorable: i64) -> Bench {
    let mut db = db("shop-db");
    db.latest_restorable_at = Some(at(restorable));
    let mut bench = Bench::new();
    bench.policy = prod();
    bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
    for source in [
        Source::DbSnapshots,
        Source::Maintenance,
        Source::DbEvents,
        Source::ConnectionLimits,
    ] {
        bench.fail(source, Fault::timeout("rds", "Describe"));
    }
    bench
}

fn picture(bench: &Bench) -> Picture {
    let mut picture = Picture::empty(bench.inventory.clone(), bench.now);
    picture.findings = bench.evaluate();
    picture.findings.retain(|finding| finding.rule == "rds.no-backup");
    picture
}

fn take(incident: &mut Incident, minute: i64, by: &str, events: Vec<Event>) {
    for event in events {
        incident.apply(entry(minute, by, event));
    }
}

#[test]
fn findings_come_and_go_and_two_consoles_write_them_down_once() {
    let mut incident = incident();
    let bad = picture(&bench(0));
    let events = incident.gather(&bad);
    assert_eq!(events.len(), 1, "{events:#?}");
    take(&mut incident, 101, "kim@bastion", events.clone());
    take(&mut incident, 101, "lee@bastion", events);
    assert_eq!(incident.gather(&bad), []);
    assert_eq!((incident.open.len(), incident.entries.len()), (1, 2));
    assert_eq!(incident.people, ["kim@bastion"]);

    let mut blind = picture(&bench(178));
    blind.inventory = Bench::new().inventory;
    assert_eq!(incident.gather(&blind), [], "what was not read is not over");

    let mut well = bench(178);
    well.steady(crate::domain::metric_catalog::rds::CPU.of("shop-db"), 3.0);
    let over = incident.gather(&picture(&well));
    assert!(matches!(over.as_slice(), [Event::Gone { .. }]), "{over:?}");
    take(&mut incident, 120, "lee@bastion", over);
    assert!(incident.open.is_empty());
    assert_eq!(incident.findings[0].2, Some(at(120)));
}

#[test]
fn changes_of_the_hour_before_belong_to_it() {
    let mut incident = incident();
    let mut picture = picture(&bench(178));
    let change = |minute, what: &str| Change {
        at: at(minute),
        resource: None,
        word: Word::Deploy,
        what: what.to_owned(),
        who: None,
        id: None,
    };
    picture.changes = vec![
        change(110, "after"),
        Change {
            who: Some("deployer".to_owned()),
            ..change(90, "before")
        },
        change(10, "long before"),
    ];
    let events = incident.gather(&picture);
    take(&mut incident, 111, "kim@bastion", events);
    let texts: Vec<String> = timeline(&incident, &[])
        .into_iter()
        .map(|line| line.text)
        .collect();
    assert_eq!(
        texts,
        [
            "deploy: before",
            "incident began: 주문이 느려요 | \"slow\"",
            "deploy: after"
        ]
    );
    // What was changed is not the doing of whoever keeps the record.
    let whose: Vec<Option<String>> = timeline(&incident, &[])
        .into_iter()
        .map(|line| line.who)
        .collect();
    assert_eq!(
        whose,
        [Some("deployer".to_owned()), Some("kim@bastion".to_owned()), None]
    );
    assert_eq!(incident.gather(&picture), []);
}

#[test]
fn a_change_that_pictures_tell_in_different_words_is_entered_once() {
    let mut incident = incident();
    let mut picture = picture(&bench(178));
    let change = |at, word, what: &str, id: Option<&str>| Change {
        at,
        resource: None,
        word,
        what: what.to_owned(),
        who: None,
        id: id.map(str::to_owned),
    };
    let (second, deploy) = (SignedDuration::from_secs(1), Some("shop api:4"));
    // Before the history of the service is read, with it, and once the service has forgotten it.
    for (began, what) in [
        (at(110), "api:4"),
        (at(110), "api:4 (was :3)"),
        (at(110) + 20 * second, "api:4 (was :3, rolled back)"),
    ] {
        picture.changes = vec![change(began, Word::Deploy, what, deploy)];
        let events = incident.gather(&picture);
        take(&mut incident, 111, "kim@bastion", events);
    }
    // Two consoles that looked at the same moment.
    let again = Event::Changed {
        changed_at: at(110) + second,
        sort: "deploy".to_owned(),
        text: "api:4 (was :3)".to_owned(),
        who: None,
        id: deploy.map(str::to_owned),
    };
    take(&mut incident, 112, "lee@bastion", vec![again]);
    let told = |incident: &Incident| -> Vec<String> {
        let lines = timeline(incident, &[]).into_iter();
        lines
            .map(|line| line.text)
            .filter(|text| !text.starts_with("incident"))
            .collect()
    };
    assert_eq!(told(&incident), ["deploy: api:4"]);
    // The same revision an hour later is another deployment, and an alarm that comes and goes within
    // a minute does so twice.
    picture.changes = vec![
        change(at(170), Word::Deploy, "api:4 (again)", deploy),
        change(at(120), Word::Alarm, "slow OK>ALARM", None),
        change(at(120) + 30 * second, Word::Alarm, "slow OK>ALARM", None),
    ];
    let events = incident.gather(&picture);
    take(&mut incident, 171, "kim@bastion", events);
    assert_eq!(told(&incident).len(), 4, "{:?}", told(&incident));
}

#[test]
fn what_is_closed_takes_nothing_more() {
    let mut incident = incident();
    take(&mut incident, 130, "kim@bastion", vec![Event::Closed]);
    take(
        &mut incident,
        131,
        "kim@bastion",
        vec![Event::Note {
            text: "late".to_owned(),
        }],
    );
    assert_eq!(incident.entries.len(), 2);
    assert_eq!(incident.gather(&picture(&bench(0))), []);
}

#[test]
fn a_record_begins_with_its_beginning() {
    let note = entry(1, "kim@bastion", Event::Note { text: "x".to_owned() });
    assert_eq!(Incident::of(IncidentId("i".to_owned()), [note]), None);
    let text = serde_json::to_string(&started()).unwrap();
    assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), started());
}

#[test]
fn a_post_mortem_tells_it_in_order_and_keeps_secrets() {
    let mut incident = incident();
    let events = incident.gather(&picture(&bench(0)));
    take(&mut incident, 101, "kim@bastion", events);
    take(
        &mut incident,
        105,
        "lee@bastion",
        vec![
            Event::Pinned {
                group: "/aws/ec2/shop".to_owned(),
                logged_at: at(99),
                text: kept("ERROR |DB| password=hunter2\n```\nat Order.java:7"),
            },
            Event::Note {
                text: "복구 시작 <b>now</b>".to_owned(),
            },
        ],
    );
    let run = RunStory {
        run: "r-20261121-015000-kqzt".to_owned(),
        runbook: "restore-rds-snapshot".to_owned(),
        who: "lee@bastion".to_owned(),
        reason: Some("orders".to_owned()),
        status: "partial".to_owned(),
        started_at: at(110),
        remains: vec!["shop-db-restored: costs $1.20 a day".to_owned()],
        steps: vec![
            (at(110), "began".to_owned()),
            (at(125), "shop-db-restored: failed".to_owned()),
        ],
    };
    take(&mut incident, 140, "kim@bastion", vec![Event::Closed]);
    let places = Places {
        zone: TimeZone::get("Asia/Seoul").unwrap(),
        label: "KST".to_owned(),
    };
    let text = markdown(&incident, &[run], &places, at(200));
    assert!(!text.contains("hunter2"), "{text}");
    insta::assert_snapshot!("post_mortem", text);
}

#[test]
fn a_finding_that_comes_and_goes_is_one_line_and_one_finding() {
    let mut incident = incident();
    let there = picture(&bench(0));
    let finding = Seen::of(&there.findings[0]);
    let gone = Event::Gone {
        rule: finding.rule.clone(),
        resource: finding.resource.clone(),
    };
    let appeared = || Event::Appeared {
        finding: finding.clone(),
    };
    for time in 0..18 {
        take(&mut incident, 101 + 2 * time, "kim@bastion", vec![appeared()]);
        take(&mut incident, 102 + 2 * time, "kim@bastion", vec![gone.clone()]);
    }
    // An hour later it is a thing of its own.
    take(&mut incident, 200, "kim@bastion", vec![appeared()]);
    let lines = timeline(&incident, &[]);
    let told: Vec<(&str, Timestamp)> = lines.iter().map(|line| (line.sort, line.at)).collect();
    assert_eq!(
        told,
        [
            ("begin", at(100)),
            ("found", at(101)),
            ("gone", at(136)),
            ("found", at(200)),
        ]
    );
    assert!(lines[1].text.ends_with("(18 times in 35m)"), "{}", lines[1].text);
    let places = Places {
        zone: TimeZone::UTC,
        label: "UTC".to_owned(),
    };
    let record = markdown(&incident, &[], &places, at(210));
    assert_eq!(record.matches("| open | 19 |").count(), 1, "{record}");
    let all = usize::from(finding.severity == Severity::Crit);
    let counts = format!("- Findings: {all} critical, {} warnings, 1 open", 1 - all);
    assert!(record.contains(&counts), "{record}");
}

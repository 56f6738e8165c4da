use jiff::civil::date;
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::domain::exit::Exit;
use crate::domain::ids::Kind;
use crate::domain::policy::ConfirmLevel;
use crate::domain::units::{Usd, UsdPerHour};
use crate::runbook::action::{CostDelta, Difference, known_after};
use crate::runbook::machine::tests_support::{World, moment, run, sample_journal, sample_plan};
use crate::runbook::machine::{Happening, Ledger, Question, Summary};
use crate::runbook::plan::{Cost, Plan};
use crate::runbook::record::{self, Act, End, RunId, Status};
use crate::runbook::schema::Risk;

fn clock() -> Clock {
    Clock {
        zone: TimeZone::UTC,
        now: moment().wall,
    }
}

fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| line.text() + "\n").collect()
}

fn told(plan: &Plan) -> String {
    text(&super::plan(plan, &clock()))
}

#[test]
fn a_plan_names_every_target_field_and_place() {
    let plan = sample_plan();
    let text = told(&plan);
    for wanted in [
        "123456789012",
        "us-east-1",
        plan.digest.as_str(),
        "arn:aws:sts::123456789012:assumed-role/oncall/alice",
        "Step down: asg.set_capacity",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing:\n{text}");
    }
    for change in &plan.changes {
        assert!(text.contains(&format!("{}: {}", change.target.name, change.summary)));
        for (name, after) in &change.after {
            let line = text
                .lines()
                .find(|line| line.contains(name.as_str()) && line.contains(&value(after)));
            assert!(line.is_some(), "{name} is missing:\n{text}");
        }
    }
}

#[test]
fn what_changes_has_its_sign_without_colour() {
    let mut plan = sample_plan();
    let change = &mut plan.changes[0];
    change.before = crate::runbook::action::fields([
        ("desired", json!(8)),
        ("gone", json!("x")),
        ("kept", json!(true)),
        ("made", json!(null)),
    ]);
    change.after = crate::runbook::action::fields([
        ("desired", json!(0)),
        ("gone", json!(null)),
        ("kept", json!(true)),
        ("made", known_after("restore")),
    ]);
    let text = told(&plan);
    for line in [
        "    ~ desired  8 → 0",
        "    - gone     x → –",
        "      kept     true",
        "    + made     – → (known after restore)",
    ] {
        assert!(text.lines().any(|found| found == line), "{line:?}:\n{text}");
    }
}

#[test]
fn wide_names_line_up() {
    let mut plan = sample_plan();
    plan.changes[0].before = crate::runbook::action::fields([("결제", json!(1)), ("desired", json!(1))]);
    plan.changes[0].after = crate::runbook::action::fields([("결제", json!(2)), ("desired", json!(2))]);
    let lines = super::plan(&plan, &clock());
    let columns: Vec<usize> = lines
        .iter()
        .map(Line::text)
        .filter_map(|line| line.split_once("1 → 2").map(|(before, _)| before.width()))
        .collect();
    assert_eq!(columns.len(), 2);
    assert_eq!(columns[0], columns[1]);
}

#[test]
fn what_cannot_be_taken_back_is_said() {
    let mut plan = sample_plan();
    plan.changes[0].reversible = false;
    plan.changes[0].undo = "a deleted snapshot is gone".to_owned();
    plan.changes[0].risk = Risk::Irreversible;
    plan.blast_radius = crate::runbook::plan::BlastRadius::of(&plan.changes);
    let text = told(&plan);
    assert!(
        text.contains("NOT REVERSIBLE: a deleted snapshot is gone"),
        "{text}"
    );
    assert!(text.contains("risk irreversible"), "{text}");
    assert!(text.contains("1 change cannot be taken back"), "{text}");
}

#[test]
fn an_unknown_price_is_unknown_and_a_known_one_has_its_day() {
    let mut plan = sample_plan();
    let saving = -UsdPerHour::new(Usd::from_cents(201));
    plan.changes[0].cost = CostDelta::Known {
        usd_per_hour: saving,
        as_of: date(2026, 11, 1),
    };
    plan.changes[1].cost = CostDelta::None;
    plan.cost = Cost::of(&plan.changes);
    assert!(
        told(&plan).contains("cost        -$2.01/h, -$1,467.30/month, list prices of 2026-11-01"),
        "{}",
        told(&plan)
    );
    plan.changes[1].cost = CostDelta::Unknown("no price for p9.48xlarge".to_owned());
    plan.cost = Cost::of(&plan.changes);
    let text = told(&plan);
    assert!(text.contains("cost        unknown\n"), "{text}");
    assert!(text.contains("no price for p9.48xlarge"), "{text}");
    assert!(!text.contains("$0.00"), "{text}");
}

#[test]
fn the_way_to_confirm_is_that_of_the_level() {
    let mut plan = sample_plan();
    plan.confirm.level = ConfirmLevel::Ack;
    assert!(told(&plan).contains("type apply, or pass --yes"));
    plan.confirm.level = ConfirmLevel::TypeName;
    plan.confirm.name = "orders db".to_owned();
    assert!(told(&plan).contains("type orders db, or pass --confirm-name 'orders db'"));
    assert!(!told(&plan).contains("--yes"));
    let asked = Question::Confirm {
        level: ConfirmLevel::TypeName,
        name: "orders db".to_owned(),
        digest: plan.digest.clone(),
    };
    let asked = text(&question(&asked, &plan, &clock()));
    for wanted in ["123456789012", "us-east-1", "type orders db"] {
        assert!(asked.contains(wanted), "{asked}");
    }
}

#[test]
fn an_empty_plan_says_that_there_is_nothing_to_do() {
    let mut plan = sample_plan();
    plan.changes.clear();
    plan.warnings = vec!["the autoscaler may differ".to_owned()];
    let text = text(&totals(&plan));
    assert_eq!(
        text,
        "WARNING     the autoscaler may differ\nNothing to do: all is as wanted.\n"
    );
}

#[test]
fn foreign_text_reaches_no_terminal_as_it_is() {
    let mut plan = sample_plan();
    plan.changes[0].target.name = "a\u{1b}]0;owned\u{7}\u{202e}b\nc".to_owned();
    plan.warnings.push("\u{1b}[2Jgone".to_owned());
    plan.skipped.push("x\r\ny".to_owned());
    for line in super::plan(&plan, &clock()) {
        let text = line.text();
        assert_eq!(crate::domain::text::clean(&text), text);
    }
}

#[test]
fn what_ends_is_told_with_its_reason() {
    let plan = sample_plan();
    let act = Act::make(0);
    let drifted = Happening::Ended {
        act,
        end: End::Drifted {
            differences: vec![Difference {
                field: "desired".to_owned(),
                planned: json!(8),
                live: json!(9),
                wanted: json!(0),
            }],
        },
    };
    let line = happening(&drifted, &plan).unwrap().text();
    assert!(
        line.contains("desired was 8 when planned, is 9, was to become 0"),
        "{line}"
    );
    let waiting = Happening::Waiting {
        act,
        detail: "1 of 3 running".to_owned(),
        elapsed_s: 90,
        limit_s: 1_800,
    };
    let line = happening(&waiting, &plan).unwrap().text();
    assert!(line.ends_with("1 of 3 running (1m of at most 30m)"), "{line}");
}

#[test]
fn every_entry_of_a_journal_is_one_line() {
    let journal = record::read(&sample_journal()).unwrap();
    let plan = sample_plan();
    let lines: Vec<String> = journal
        .entries
        .iter()
        .map(|entry| super::record(entry, &plan, &clock()).text())
        .collect();
    assert!(lines[0].contains("began: test by alice@bastion"), "{}", lines[0]);
    assert!(lines.last().unwrap().contains("succeeded"), "{lines:#?}");
    assert!(lines.iter().all(|line| line.as_bytes()[2] == b':'), "{lines:#?}");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("autoscaling:UpdateAutoScalingGroup"))
    );
}

#[test]
fn a_ledger_shows_where_every_target_stands() {
    let journal = record::read(&sample_journal()).unwrap();
    let whole = Ledger::replay(&journal.entries).unwrap();
    assert_eq!(standings(&whole), [Standing::Done, Standing::Done]);
    // Up to the first intent.
    let intent = journal
        .entries
        .iter()
        .position(|entry| matches!(entry.record, record::Record::Intent { .. }))
        .unwrap();
    let early = Ledger::replay(&journal.entries[..=intent]).unwrap();
    assert_eq!(standings(&early), [Standing::UnderWay, Standing::Pending]);
    let text = text(&state(&early));
    assert!(text.contains("~ under way"), "{text}");
    assert!(text.contains("· pending"), "{text}");
}

fn ended(status: Status, exit: Exit) -> Summary {
    let mut summary = run(sample_plan(), &mut World::new(&["a", "b"]));
    summary.run_id = RunId("r-20261121-020000-kqzt".to_owned());
    summary.status = status;
    summary.exit = exit;
    summary
}

#[test]
fn the_summary_names_the_next_command() {
    let commands = Commands::of(["qd", "--demo=codemate", "--state-dir", "/tmp/a b"]);
    let mut interrupted = ended(Status::Interrupted, Exit::Partial);
    interrupted.resumable = true;
    let lines = text(&summary(&interrupted, &commands));
    for wanted in [
        "INTERRUPTED test r-20261121-020000-kqzt",
        "(exit 11)",
        "qd --demo=codemate --state-dir '/tmp/a b' runbook resume r-20261121-020000-kqzt",
        "qd --demo=codemate --state-dir '/tmp/a b' runbook rollback r-20261121-020000-kqzt",
    ] {
        assert!(lines.contains(wanted), "{lines}");
    }
    let done = text(&summary(&ended(Status::Succeeded, Exit::Done), &commands));
    assert!(done.starts_with("SUCCEEDED test"), "{done}");
    assert!(!done.contains("resume") && !done.contains("remains"), "{done}");
    assert!(done.contains("2 changes made and verified (exit 0)"), "{done}");
    let mut none = ended(Status::Succeeded, Exit::Done);
    (none.changed, none.made) = (false, 0);
    none.warnings = vec!["step tell: the notification to ops was not delivered: denied".to_owned()];
    let none = text(&summary(&none, &commands));
    assert!(none.contains("nothing had to be changed (exit 0)"), "{none}");
    assert!(
        none.contains("warning step tell: the notification to ops"),
        "{none}"
    );
    let lost = text(&summary(&ended(Status::Partial, Exit::RollbackFailed), &commands));
    assert!(lost.contains("a person is needed now"), "{lost}");
}

proptest! {
    #[test]
    fn a_fitted_line_loses_nothing_and_stays_within(
        text in "[a-z가-힣 ]{0,80}", indent in 0_usize..12, columns in 8_usize..60,
    ) {
        let line = Line::indented(indent).with(Role::Dim, "- ").hanging().with(Role::Plain, &text);
        let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
        let whole = letters(&line.text());
        let fitted = line.fit(columns);
        for line in &fitted {
            prop_assert!(line.text().width() <= columns, "{:?}", line);
        }
        prop_assert_eq!(letters(&fitted.iter().map(Line::text).collect::<String>()), whole);
    }
}

#[test]
fn every_time_of_a_plan_is_in_the_zone_that_is_shown() {
    let seoul = Clock {
        zone: jiff::tz::TimeZone::get("Asia/Seoul").unwrap(),
        now: clock().now,
    };
    for (text, told) in [
        ("at = 2026-11-21T18:00:00Z", "at = 2026-11-22 03:00:00 KST"),
        (
            "restore orders as of 2026-11-21T18:00:00.5Z: into x.",
            "restore orders as of 2026-11-22 03:00:00 KST: into x.",
        ),
        ("rds:db-2026-11-20-18-05 stays", "rds:db-2026-11-20-18-05 stays"),
        ("orders-2026-11-21T18:00:00Z", "orders-2026-11-21T18:00:00Z"),
        ("한글, 2026-11-21", "한글, 2026-11-21"),
    ] {
        assert_eq!(seoul.in_zone(text), told);
    }
    let mut plan = sample_plan();
    plan.params.insert("at".to_owned(), json!("2026-11-21T18:00:00Z"));
    plan.changes[0].summary = "as of 2026-11-21T18:00:00Z".to_owned();
    for lines in [super::plan(&plan, &seoul), super::framed_plan(&plan, &seoul)] {
        let text: Vec<String> = lines.iter().map(super::Line::text).collect();
        let text = text.join("\n");
        assert!(!text.contains("18:00:00Z"), "{text}");
        assert!(text.contains("as of 2026-11-22 03:00:00 KST"), "{text}");
    }
}

#[test]
fn where_a_frame_says_where_the_changes_come_first() {
    let plan = sample_plan();
    let text = |lines: Vec<super::Line>| -> Vec<String> { lines.iter().map(super::Line::text).collect() };
    let (whole, framed) = (
        text(super::plan(&plan, &clock())),
        text(super::framed_plan(&plan, &clock())),
    );
    assert!(framed[0].starts_with("Step "), "{framed:#?}");
    for line in whole.iter().skip(1).filter(|line| !line.is_empty()) {
        assert!(framed.contains(line), "{line} is left out");
    }
}

#[test]
fn targets_of_one_name_are_told_apart() {
    let mut plan = sample_plan();
    let act_of = |plan: &Plan, change: usize| act_words(plan, Act::make(change));
    let before = act_of(&plan, 0);
    let name = plan.changes[0].target.name.clone();
    assert!(before.starts_with(&format!("{name}: ")), "{before}");
    for (change, cluster) in [(0, "blue"), (1, "green")] {
        let target = &mut plan.changes[change].target;
        target.kind = Kind::EcsService;
        "web".clone_into(&mut target.name);
        target.id = format!("arn:aws:ecs:us-east-1:123456789012:service/{cluster}/web");
    }
    assert!(act_of(&plan, 0).starts_with("blue/web: "), "{}", act_of(&plan, 0));
    assert!(
        act_of(&plan, 1).starts_with("green/web: "),
        "{}",
        act_of(&plan, 1)
    );
    // Instances of one name have only their ids.
    for (change, id) in [(0, "i-0a"), (1, "i-0b")] {
        id.clone_into(&mut plan.changes[change].target.id);
    }
    assert!(
        act_of(&plan, 1).starts_with("web (i-0b): "),
        "{}",
        act_of(&plan, 1)
    );
    // Two changes of one resource are no two resources.
    "i-0b".clone_into(&mut plan.changes[0].target.id);
    assert!(act_of(&plan, 1).starts_with("web: "), "{}", act_of(&plan, 1));
}

#[test]
fn what_can_no_longer_be_taken_back_is_planned_again_with_its_parameters() {
    let commands = Commands::of(["qd", "--state-dir", "/srv/qd"]);
    let mut partial = ended(Status::Partial, Exit::Partial);
    partial.takes_back = true;
    partial.set = vec![
        ("fleet".to_owned(), "workers,i-1".to_owned()),
        ("reason".to_owned(), "a b".to_owned()),
    ];
    let lines = text(&summary(&partial, &commands));
    assert!(
        lines.contains("take back:    qd --state-dir /srv/qd runbook rollback"),
        "{lines}"
    );
    partial.takes_back = false;
    let lines = text(&summary(&partial, &commands));
    assert!(!lines.contains("rollback"), "{lines}");
    assert!(
        lines.contains("qd --state-dir /srv/qd runbook plan test --set fleet=workers,i-1 --set 'reason=a b'"),
        "{lines}"
    );
}

#[test]
fn a_hand_over_is_no_terminal_that_went_away() {
    let halt = |signal| record::Halt::Interrupted {
        signal,
        then: record::Then::Stop,
    };
    let told = |signal| {
        let line = happening(&Happening::Halted(halt(signal)), &sample_plan());
        line.expect("it is told").text()
    };
    assert_eq!(
        told(record::Signal::HandOver),
        "stops: handed over: a process of its own takes it up at once"
    );
    assert_eq!(
        told(record::Signal::HangUp),
        "stops: the terminal went away: it can be resumed"
    );
}

#[test]
fn what_a_run_tells_is_in_the_zone_that_is_shown() {
    let seoul = Clock {
        zone: jiff::tz::TimeZone::get("Asia/Seoul").unwrap(),
        now: clock().now,
    };
    let journal = record::read(&sample_journal()).unwrap();
    let mut entry = journal.entries[0].clone();
    entry.record = record::Record::Checked {
        check: "gpu.is_down".to_owned(),
        passed: true,
        detail: "2 ended from 2026-11-21T18:00:00Z to 2026-11-21T18:05:00Z".to_owned(),
        savings: None,
    };
    let told = record(&entry, &sample_plan(), &seoul).text();
    assert!(
        told.contains("from 2026-11-22 03:00:00 KST to 2026-11-22 03:05:00 KST"),
        "{told}"
    );
    let mut late = ended(Status::Failed, Exit::Precondition);
    late.reasons = vec!["not before 2026-11-21T18:00:00Z".to_owned()];
    let lines = in_zone(summary(&late, &Commands::of(["qd"])), &seoul.zone);
    assert!(text(&lines).contains("not before 2026-11-22 03:00:00 KST"));
}

#[test]
fn a_check_is_told_as_its_author_says_what_is_wrong_without_it() {
    let mut plan = sample_plan();
    plan.verify = vec![crate::runbook::plan::CheckItem {
        check: "expr".to_owned(),
        with: serde_json::from_value(json!({"that": "params.service.running == params.desired"})).unwrap(),
        message: Some("backend does not run 5 tasks".to_owned()),
        severity: crate::runbook::plan::Severity::Error,
        timeout_s: 300,
        every_s: 10,
        names: std::collections::BTreeMap::new(),
    }];
    let text = told(&plan);
    assert!(
        text.contains(
            "Proven at the end, by reading\n  failed if backend does not run 5 tasks, looked at for up to 5m\n    \
             by params.service.running == params.desired\n"
        ),
        "{text}"
    );
}

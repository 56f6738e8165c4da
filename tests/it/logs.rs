//! Logs: the pane driven by keys against a demo, its pictures, and `qd logs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use pretty_assertions::assert_eq;
use quarterdeck::app::effect::Effect;
use quarterdeck::app::logs::{LogsEffect, LogsMsg};
use quarterdeck::app::msg::Msg;
use quarterdeck::app::pane::Pane;
use quarterdeck::app::state::{Environment, Level, Setup, State, WriteState, Zone, default_bindings};
use quarterdeck::app::update::update;
use quarterdeck::config::keys::{Chord, Keymap};
use quarterdeck::config::theme::Themes;
use quarterdeck::console::logs::find;
use quarterdeck::domain::focus::Probing;
use quarterdeck::domain::glob::Glob;
use quarterdeck::domain::inventory::{Answer, Inventory, Source, SourceKey};
use quarterdeck::domain::logs::{LogEvent, LogGroup, TailLine, TailState};
use quarterdeck::domain::ops::{Reply, ReplyData};
use quarterdeck::domain::picture::Picture;
use quarterdeck::domain::scope::{Scope, ScopeName};
use quarterdeck::view;
use quarterdeck::view::styles::{Glyphs, Styles};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use unicode_width::UnicodeWidthStr;

use crate::support::qd::{Qd, qd};

const NOW: i64 = 1_795_226_400;

/// A console with log groups, and no cloud behind it.
struct Desk {
    state: State,
    effects: Vec<Effect>,
    size: (u16, u16),
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW + seconds).unwrap()
}

fn group(name: &str, class: &str) -> LogGroup {
    LogGroup {
        arn: format!("arn:aws:logs:ap-northeast-2:123456789012:log-group:{name}"),
        name: name.to_owned(),
        retention_days: (class == "STANDARD").then_some(14),
        stored_bytes: Some(48_318_382),
        class: Some(class.to_owned()),
        created_at: None,
    }
}

impl Desk {
    fn new(size: (u16, u16)) -> Self {
        let scope = Arc::new(Scope {
            name: ScopeName::new("shop/ap-northeast-2"),
            profile: Some("shop".to_owned()),
            region: "ap-northeast-2".to_owned(),
            role: None,
            expected_account: None,
            account_name: None,
        });
        let mut inventory = Inventory::new([scope.clone()]);
        inventory.apply(&Answer {
            key: SourceKey {
                scope: scope.name.clone(),
                source: Source::LogGroups,
            },
            epoch: 0,
            asked_at: at(-1),
            at: at(0),
            result: Ok(Arc::new(Reply::whole(ReplyData::LogGroups(vec![
                group("/ecs/shop-api", "STANDARD"),
                group("/ecs/shop-worker", "STANDARD"),
                group("/aws/codebuild/shop", "INFREQUENT_ACCESS"),
            ])))),
        });
        let seoul = TimeZone::get("Asia/Seoul").unwrap();
        let setup = Setup {
            estate: Some("shop".to_owned()),
            environment: Environment::Staging,
            write: WriteState::ReadOnly,
            zones: vec![Zone {
                label: "KST".to_owned(),
                zone: seoul,
            }],
            monthly_budget: None,
            probing: Probing::Yes,
            open: None,
            pinned_logs: vec![Glob::new("/ecs/*-worker")],
            keymap: Keymap::build(&default_bindings(), &[]).unwrap(),
            themes: Vec::new(),
            again: vec!["qd".to_owned()],
            reach: None,
            policies: Arc::default(),
            who: "kim@bastion".to_owned(),
            notices: Vec::new(),
        };
        let picture = Arc::new(Picture::empty(inventory, at(0)));
        let mut desk = Self {
            state: State::new(setup, picture, at(0)),
            effects: Vec::new(),
            size,
        };
        desk.picture();
        desk
    }

    fn happen(&mut self, msg: Msg) {
        let effects = update(&mut self.state, msg);
        self.effects.extend(effects.list);
    }

    /// Types keys, named as in the settings, and draws.
    fn keys(&mut self, keys: &str) {
        for key in keys.split(' ') {
            let chord: Chord = key.parse().unwrap();
            self.happen(Msg::Key(chord));
        }
        self.picture();
    }

    /// Types text into a prompt and accepts it.
    fn answer(&mut self, text: &str) {
        for character in text.chars() {
            self.happen(Msg::Key(character.to_string().parse().unwrap()));
        }
        self.keys("enter");
    }

    /// Does the jobs that were asked for, as the console does.
    fn work(&mut self) {
        for effect in std::mem::take(&mut self.effects) {
            if let Effect::Logs(LogsEffect::Find(job)) = effect {
                let mut found = Vec::new();
                find(&job, |msg| {
                    found.push(msg);
                    true
                });
                for msg in found {
                    self.happen(msg);
                }
            }
        }
    }

    fn tail(&self) -> &quarterdeck::app::logs::tail::Tail {
        self.state.logs.tail.as_ref().unwrap()
    }

    fn receive(&mut self, lines: Vec<TailLine>) {
        let tail = self.tail().id;
        self.happen(Msg::Logs(LogsMsg::Lines { tail, lines, lost: 0 }));
        self.picture();
    }

    /// What is on screen, as text; what drawing found out goes back as in the console.
    fn picture(&mut self) -> String {
        let themes = Themes::shipped();
        let styles = Styles::of(themes.get("quarterdeck").unwrap(), Glyphs::Unicode);
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        for _ in 0..2 {
            let mut geometry = None;
            terminal
                .draw(|frame| geometry = Some(view::draw(frame, &self.state, &styles)))
                .unwrap();
            self.happen(Msg::Drawn(geometry.unwrap()));
        }
        let buffer = terminal.backend().buffer();
        let mut text = String::new();
        for row in 0..self.size.1 {
            let mut column = 0;
            let mut line = String::new();
            while column < self.size.0 {
                let symbol = buffer[(column, row)].symbol();
                line.push_str(symbol);
                // The cell after a wide character is hidden by it.
                column += u16::try_from(symbol.width()).unwrap().max(1);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

fn line(group: u16, second: i64, message: &str) -> TailLine {
    let at_ms = at(second).as_millisecond() + 123;
    TailLine {
        group,
        event: LogEvent {
            id: format!("{at_ms:056}"),
            stream: "api/api/6b04c6f2".to_owned(),
            at_ms,
            ingested_ms: at_ms + 2_400,
            message: message.to_owned(),
        },
    }
}

/// Two groups, every kind of line that a terminal finds hard.
fn story(desk: &mut Desk) {
    desk.keys("6 space space enter");
    let tail = desk.tail().id;
    for group in 0..2 {
        desk.happen(Msg::Logs(LogsMsg::State {
            tail,
            group,
            state: TailState::Live(at(0)),
        }));
    }
    let mut lines = Vec::new();
    for nth in 0..30 {
        lines.push(line(
            0,
            nth - 60,
            &format!("INFO  주문 {nth} 처리 완료 ms={}", nth * 7),
        ));
    }
    lines.push(line(
        1,
        -25,
        r#"{"level":"error","msg":"결제 실패","order":{"id":9,"tries":[1,2]}}"#,
    ));
    lines.push(line(
        1,
        -20,
        "WARN  \x1b[31mretry\x1b[0m \u{202e}later\u{202c} 🙂",
    ));
    lines.push(line(
        0,
        -15,
        "ERROR java.lang.IllegalState\n\tat shop.Api.pay(Api.java:41)\n\tat shop.Main",
    ));
    lines.push(line(1, -10, &format!("DEBUG {}", "가나다 ".repeat(60))));
    lines.push(line(1, -40, "INFO  late, and in its place"));
    desk.receive(lines);
}

fn opened(desk: &Desk) -> Vec<String> {
    desk.effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Logs(LogsEffect::Open { targets, .. }) => Some(targets),
            _ => None,
        })
        .next_back()
        .map(|targets| targets.iter().map(|target| target.group.clone()).collect())
        .unwrap_or_default()
}

/// Holds a picture to the snapshot of that name, beside those of the other panes.
#[track_caller]
fn hold(name: &str, picture: &str) {
    insta::with_settings!({
        prepend_module_to_snapshot => false,
        snapshot_path => "snapshots/screens",
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, picture);
    });
}

#[test]
fn the_list_and_the_tail_at_both_sizes() {
    for size in [(80, 24), (120, 40)] {
        let mut desk = Desk::new(size);
        desk.keys("6");
        hold(&format!("logs_list_{}x{}", size.0, size.1), &desk.picture());
        story(&mut desk);
        hold(&format!("logs_tail_{}x{}", size.0, size.1), &desk.picture());
        desk.keys("W up up");
        hold(&format!("logs_wrapped_{}x{}", size.0, size.1), &desk.picture());
    }
}

#[test]
fn a_line_in_detail_is_laid_out_and_complete() {
    let mut desk = Desk::new((80, 24));
    story(&mut desk);
    desk.keys("E E enter");
    hold("logs_line_detail", &desk.picture());
    desk.keys("q");
    assert_eq!(desk.state.levels.last(), Some(&Level::Tail));
}

#[test]
fn marked_groups_are_opened_together_and_back_ends_the_tail() {
    let mut desk = Desk::new((80, 24));
    desk.keys("6 space space enter");
    assert_eq!(
        opened(&desk).into_iter().collect::<BTreeSet<_>>(),
        BTreeSet::from(["/ecs/shop-worker".to_owned(), "/aws/codebuild/shop".to_owned()]),
        "the pinned one and the first of the others"
    );
    desk.keys("q");
    assert!(desk.effects.contains(&Effect::Logs(LogsEffect::Close)));
    assert_eq!((desk.state.pane, desk.state.levels.len()), (Pane::Logs, 0));
}

#[test]
fn a_tail_goes_on_behind_other_panes_and_is_found_again() {
    let mut desk = Desk::new((80, 24));
    story(&mut desk);
    let id = desk.tail().id;
    desk.keys("2");
    desk.receive(vec![line(0, -1, "meanwhile")]);
    desk.keys("6");
    assert_eq!(desk.tail().id, id);
    assert!(desk.picture().contains("meanwhile"));
    let looks = desk
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Logs(LogsEffect::Look(_))))
        .count();
    assert_eq!(looks, 2, "away and back");
}

#[test]
fn search_filters_and_wrong_expressions() {
    let mut desk = Desk::new((120, 40));
    story(&mut desk);
    let all = desk.tail().count();
    desk.keys("/");
    desk.answer("주문");
    desk.work();
    assert_eq!(desk.tail().hit_count().1, 30);
    desk.keys("x");
    desk.answer("완료");
    desk.work();
    assert_eq!(desk.tail().count(), all - 30);
    desk.keys("i");
    desk.answer("(unclosed");
    assert!(
        desk.picture().contains("unclosed group at character 1"),
        "{}",
        desk.picture()
    );
    assert_eq!(desk.tail().count(), all - 30, "the old patterns stay");
    desk.keys("x");
    desk.answer("");
    desk.work();
    assert_eq!(desk.tail().count(), all);
    desk.keys("b");
    desk.answer("");
    desk.keys("b");
    desk.keys("ctrl-u");
    desk.answer("2h30m");
    assert_eq!(
        desk.tail().from,
        at(0).checked_sub(SignedDuration::from_mins(150)).unwrap()
    );
    assert_eq!(desk.tail().count(), 0, "it begins anew");
}

#[test]
fn where_no_error_is_that_way_the_other_key_is_named() {
    let mut desk = Desk::new((120, 40));
    story(&mut desk);
    desk.keys("G e");
    assert!(
        desk.picture().contains("no error below: E goes up"),
        "{}",
        desk.picture()
    );
    desk.keys("g E");
    assert!(
        desk.picture().contains("no error above: e goes down"),
        "{}",
        desk.picture()
    );
}

#[test]
fn paused_lines_stand_still_and_new_ones_are_counted() {
    let mut desk = Desk::new((80, 24));
    story(&mut desk);
    desk.keys("p");
    let before = desk.picture();
    desk.receive(vec![line(0, -2, "one more"), line(0, -1, "and another")]);
    let after = desk.picture();
    assert!(after.contains("PAUSED 2 new lines"), "{after}");
    let body = |picture: &str| {
        picture
            .lines()
            .skip(3)
            .take(19)
            .map(ToOwned::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(body(&before), body(&after));
    desk.keys("F");
    assert!(desk.picture().contains("and another"));
}

fn events(qd: &Qd, arguments: &[&str]) -> Vec<serde_json::Value> {
    let finished = qd.clone().args(arguments.iter().copied()).run();
    assert_eq!(finished.code(), 0, "{finished:?}");
    finished
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn qd_logs_prints_several_groups_in_order_and_each_event_once() {
    let base = qd().args(["--demo", "codemate", "logs"]);
    let all = events(&base, &["/aws/ecs/*", "--since", "5m", "-o", "jsonl"]);
    assert!(all.len() > 50, "{}", all.len());
    let times: Vec<Timestamp> = all
        .iter()
        .map(|event| event["at"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(times.is_sorted());
    let ids: BTreeSet<&str> = all.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), all.len());
    let groups: BTreeSet<&str> = all.iter().map(|event| event["group"].as_str().unwrap()).collect();
    assert!(groups.len() > 1, "{groups:?}");
    let some = events(
        &base,
        &[
            "/aws/ecs/*",
            "--since",
            "5m",
            "-o",
            "jsonl",
            "--grep",
            "GET",
            "--grep-v",
            "health",
        ],
    );
    assert!(!some.is_empty() && some.len() < all.len());
    for event in &some {
        let message = event["message"].as_str().unwrap();
        assert!(
            message.contains("GET") && !message.contains("health"),
            "{message}"
        );
    }
}

#[test]
fn qd_logs_as_one_document_names_its_form() {
    let base = qd().args(["--demo", "codemate", "logs", "/aws/ecs/*", "-o", "json"]);
    for (since, is_empty) in [("5m", false), ("0s", true)] {
        let finished = base.clone().args(["--since", since]).run();
        assert_eq!(finished.code(), 0, "{finished:?}");
        let document: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
        assert_eq!(document["schema"], "quarterdeck.logs/1");
        let events = document["events"].as_array().unwrap();
        assert_eq!(events.is_empty(), is_empty, "{}", finished.stdout);
        for event in events {
            assert!(event["at"].is_string() && event["message"].is_string(), "{event}");
        }
    }
}

#[test]
fn qd_logs_names_what_was_probably_meant() {
    let finished = qd()
        .args(["--demo", "codemate", "logs", "/aws/ecs/codemate-backed"])
        .run();
    assert_eq!(finished.code(), 2);
    assert_eq!(finished.stdout, "");
    assert!(
        finished.stderr.contains("/aws/ecs/codemate-backend"),
        "{}",
        finished.stderr
    );
}

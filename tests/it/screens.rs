//! Every pane as a person sees it: snapshots of text and styles, out of the demo, with a clock that
//! stands and a seed.

mod paint;
pub mod stage;

use std::sync::Arc;

use insta::{assert_snapshot, with_settings};
use jiff::SignedDuration;
use quarterdeck::app::effect::Effect;
use quarterdeck::app::incident::{IncidentEffect, IncidentMsg, Known};
use quarterdeck::app::msg::Msg;
use quarterdeck::app::state::Environment;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::config::keys::{Chord, Key};
use quarterdeck::config::theme::ColorDepth;
use quarterdeck::domain::ids::Kind;
use quarterdeck::domain::incident::{Incident, IncidentId, RunStory};
use quarterdeck::domain::reach::Reach;
use quarterdeck::domain::recovery::MeasuredRestore;
use quarterdeck::view::styles::{Glyphs, Styles};

pub use paint::Look;
pub use paint::frame;
use paint::{paint, styles};
use stage::Stage;

/// The styles of a terminal that can do everything.
pub fn styles_of_default() -> Styles {
    styles(Look::default())
}

/// What is drawn, and at which sizes.
const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

/// Draws what the stage shows in both sizes, and holds it to the snapshots of that name.
#[track_caller]
pub fn hold(name: &str, stage: &mut Stage) {
    for (width, height) in SIZES {
        hold_at(
            &format!("{name}_{width}x{height}"),
            stage,
            (width, height),
            Look::default(),
        );
    }
}

#[track_caller]
pub fn hold_at(name: &str, stage: &mut Stage, size: (u16, u16), look: Look) {
    let styles = styles(look);
    let picture = paint(stage, size, &styles);
    with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots/screens", omit_expression => true }, {
        assert_snapshot!(name, picture);
    });
}

#[test]
fn overview_of_every_estate() {
    hold("overview", &mut Stage::all(Scenario::Everyday));
}

#[test]
fn overview_when_nothing_is_wrong() {
    hold(
        "overview_quiet",
        &mut Stage::one(World::Codemate, Scenario::Quiet),
    );
}

#[test]
fn overview_of_a_bad_deployment() {
    hold(
        "overview_bad_deploy",
        &mut Stage::one(World::Invokeai, Scenario::BadDeploy),
    );
}

#[test]
fn overview_before_anything_is_known() {
    hold("overview_first_frame", &mut Stage::unread(World::Invokeai));
}

#[test]
fn overview_in_few_colours_none_and_ascii() {
    let mut stage = Stage::one(World::Invokeai, Scenario::BadDeploy);
    for (name, look) in [
        (
            "16_colours",
            Look {
                depth: ColorDepth::Ansi16,
                ..Look::default()
            },
        ),
        (
            "no_colour",
            Look {
                depth: ColorDepth::None,
                ..Look::default()
            },
        ),
        (
            "mono",
            Look {
                theme: "mono",
                ..Look::default()
            },
        ),
        (
            "ascii",
            Look {
                glyphs: Glyphs::Ascii,
                ..Look::default()
            },
        ),
    ] {
        hold_at(&format!("overview_{name}"), &mut stage, SIZES[0], look);
    }
}

#[test]
fn ascii_needs_no_other_glyph() {
    let styles = styles(Look {
        glyphs: Glyphs::Ascii,
        ..Look::default()
    });
    let mut stage = Stage::all(Scenario::Everyday);
    for pane in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] {
        stage.keys(&[pane]);
        for keys in [&[][..], &["enter"], &["t"], &["?"]] {
            stage.keys(keys);
            let text = paint::text(&paint::frame(&mut stage, (120, 40), &styles));
            // Tags and messages of others keep their script: here, Korean.
            let foreign = |character: &char| character.is_ascii() || ('가'..='힣').contains(character);
            let other: String = text.chars().filter(|character| !foreign(character)).collect();
            assert_eq!(other, "", "pane {pane}, keys {keys:?}\n{text}");
            stage.keys(if keys == ["?"] { &["esc"] } else { &[] });
        }
    }
}

#[test]
fn a_refresh_writes_little() {
    let mut stage = Stage::all(Scenario::Everyday);
    let styles = styles_of_default();
    for pane in ["0", "1", "2", "4", "5", "8"] {
        stage.keys(&[pane]);
        let mut screen = paint::Wire::new(SIZES[0]);
        let first = screen.draw(&mut stage, &styles);
        assert!(first > 1_500, "pane {pane}: a whole screen in {first} bytes");
        assert_eq!(
            screen.draw(&mut stage, &styles),
            0,
            "pane {pane}: nothing changed"
        );
        stage.clock.advance(SignedDuration::from_secs(30));
        stage.collect_again();
        let refresh = screen.draw(&mut stage, &styles);
        assert!(
            (1..=2_048).contains(&refresh),
            "pane {pane}: {refresh} bytes for a refresh"
        );
    }
}

#[test]
fn panes() {
    let mut stage = Stage::all(Scenario::Everyday);
    for (key, name) in [
        ("1", "findings"),
        ("2", "services"),
        ("3", "gpu"),
        ("4", "data"),
        ("5", "network"),
        ("6", "logs"),
        ("7", "spend"),
        ("8", "alarms"),
    ] {
        stage.keys(&[key]);
        hold(name, &mut stage);
    }
}

/// Types a command after the colon.
fn command(stage: &mut Stage, name: &str) {
    let letters: Vec<String> = name.chars().map(String::from).collect();
    stage.keys(&[":"]);
    stage.keys(&letters.iter().map(String::as_str).collect::<Vec<_>>());
    stage.keys(&["enter"]);
}

#[test]
fn the_header_says_where_nobody_else_sees_the_locks() {
    let mut stage = Stage::one(World::Codemate, Scenario::Quiet);
    let styles = styles_of_default();
    for (environment, reach, said) in [
        (Environment::Prod, Some(Reach::Login), true),
        (Environment::Prod, Some(Reach::Host), false),
        (Environment::Prod, None, false),
        (Environment::Demo, Some(Reach::Login), false),
    ] {
        stage.state.setup.environment = environment;
        stage.state.setup.reach = reach;
        let picture = paint::text(&frame(&mut stage, (80, 24), &styles));
        let header = picture.lines().nth(1).unwrap();
        assert_eq!(header.contains("locks: this login only"), said, "{header}");
    }
}

#[test]
fn what_stands_at_the_edge() {
    let mut stage = Stage::one(World::Codemate, Scenario::CertExpiring);
    let mut held = std::collections::BTreeSet::new();
    for (pane, filter, name) in [
        ("web", "static.code1398.io", "distribution"),
        ("web", "codemate-files-prod", "bucket"),
        ("network", "*.code1398.io", "certificate"),
        ("network", "codemate-api", "health_check"),
        ("network", "codemate-nat-a", "nat_gateway"),
        ("secrets", "codemate/prod/database", "secret"),
    ] {
        command(&mut stage, pane);
        // Later the cursor is where the detail was left.
        if held.insert(pane) {
            hold(&format!("{pane}_of_one"), &mut stage);
        }
        stage.filter(filter);
        stage.keys(&["home", "enter"]);
        hold(&format!("detail_{name}"), &mut stage);
        stage.keys(&["esc", "esc"]);
    }
}

#[test]
fn details() {
    let mut stage = Stage::all(Scenario::Everyday);
    for (pane, filter, name) in [
        ("1", "Multi-AZ", "finding"),
        ("2", "invokeai-api", "ecs_service"),
        ("3", "invokeai-gpu-workers-spot", "asg"),
        ("4", "ecommerce-db", "rds_instance"),
        ("4", "fashion-ai-aurora", "rds_cluster"),
        ("4", "codemate-redis-prod", "redis"),
        ("5", "invokeai-api-tg", "target_group"),
        ("5", "generation-queue", "queue"),
        ("7", "invokeai-monthly", "budget"),
        ("8", "codemate-prod-down", "alarm"),
    ] {
        stage.keys(&[pane]);
        stage.filter(filter);
        stage.keys(&["home", "enter"]);
        hold(&format!("detail_{name}"), &mut stage);
        stage.keys(&["esc", "esc"]);
    }
}

#[test]
fn details_of_gpu_hosts() {
    let mut stage = Stage::one(World::Invokeai, Scenario::GpuIdleNight);
    stage.keys(&["3"]);
    hold("gpu_idle_night", &mut stage);
    stage.keys(&["end", "enter"]);
    hold("detail_gpu", &mut stage);
}

#[test]
fn a_failing_service_says_why() {
    let mut stage = Stage::one(World::Invokeai, Scenario::BadDeploy);
    stage.keys(&["2"]);
    stage.filter("invokeai-api");
    stage.keys(&["home", "enter"]);
    hold("detail_failing_service", &mut stage);
}

#[test]
fn what_lies_over_a_pane() {
    let mut stage = Stage::all(Scenario::Everyday);
    stage.keys(&["?"]);
    hold("help", &mut stage);
    stage.keys(&["esc", ":", "g"]);
    hold("command_line", &mut stage);
    stage.keys(&["esc", "2", "/", "f", "r", "o", "n", "t"]);
    hold("filter", &mut stage);
    stage.keys(&["enter", "o"]);
    hold("link", &mut stage);
    stage.keys(&["esc", "esc", "-", "t"]);
    hold("changes_of_one", &mut stage);
    stage.keys(&["esc", "8", "space", "space", "p"]);
    hold("marked_and_paused", &mut stage);
}

#[test]
fn changes_of_everything() {
    let mut stage = Stage::one(World::Ecommerce, Scenario::Everyday);
    stage.keys(&["2", "t"]);
    hold("changes", &mut stage);
}

#[test]
fn a_terminal_that_is_too_small_says_so() {
    let mut stage = Stage::one(World::Invokeai, Scenario::Quiet);
    for size in [(79, 24), (80, 23), (20, 3), (1, 1)] {
        hold_at(
            &format!("too_small_{}x{}", size.0, size.1),
            &mut stage,
            size,
            Look::default(),
        );
    }
}

#[test]
fn wide_characters_line_up() {
    let mut stage = Stage::one(World::Invokeai, Scenario::Everyday);
    stage.rename_queues(|index| ["이미지-생성-대기열", "결제", "plain", "カメラ"][index % 4].to_owned());
    stage.keys(&["5"]);
    hold("wide_characters", &mut stage);
}

/// Runs a line after `:`.
fn line(stage: &mut Stage, text: &str) {
    stage.keys(&[":"]);
    for character in text.chars() {
        stage.send(Msg::Key(Chord::plain(Key::Char(character))));
    }
    stage.keys(&["enter"]);
}

#[test]
fn recovery_that_cannot_be_met() {
    let mut stage = Stage::one(World::Ecommerce, Scenario::DrGap);
    line(&mut stage, "recovery");
    hold("recovery_dr_gap", &mut stage);
}

#[test]
fn recovery_with_a_measured_restore() {
    let mut stage = Stage::one(World::Codemate, Scenario::Quiet);
    let mut picture = (*stage.state.picture).clone();
    let at = picture.at;
    for scope in &mut picture.inventory.scopes {
        let source = scope
            .db_instances
            .get()
            .and_then(|all| all.first())
            .map(|db| db.name.clone());
        let Some(source) = source else { continue };
        scope.restores = vec![MeasuredRestore {
            run: "r-20261120-010000-kqzt".to_owned(),
            runbook: "dr-drill".to_owned(),
            account: scope.account().unwrap().to_owned(),
            region: scope.scope.region.clone(),
            kind: Kind::RdsInstance,
            into: format!("{source}-copy"),
            source,
            started_at: at - SignedDuration::from_hours(25),
            ready_at: at - SignedDuration::from_hours(24),
            restore_s: 1_900,
            ready_s: 3_600,
            data_at: None,
        }]
        .into();
    }
    stage.send(Msg::Picture(Arc::new(picture)));
    line(&mut stage, "recovery");
    hold("recovery_measured", &mut stage);
}

#[test]
fn an_incident_from_its_beginning_to_its_end() {
    let mut stage = Stage::one(World::Ecommerce, Scenario::DrGap);
    line(&mut stage, "incident");
    hold("incident_none", &mut stage);
    line(&mut stage, "incident note too early");
    assert!(stage.effects.is_empty(), "{:?}", stage.effects);
    line(&mut stage, "incident start 백업이 꺼져 있다");
    let Some(Effect::Incident(effect)) = stage.effects.pop() else {
        panic!("{:?}", stage.effects);
    };
    let IncidentEffect::Begin(first) = *effect else {
        panic!("{effect:?}");
    };
    let id = IncidentId("i-20261121-020000-kqzt".to_owned());
    let incident = Incident::of(id, [*first]).unwrap();
    let known = Known {
        incident,
        runs: vec![RunStory {
            run: "r-20261121-020100-abcd".to_owned(),
            runbook: "rds-backup-now".to_owned(),
            who: "lee@bastion".to_owned(),
            reason: None,
            status: "succeeded".to_owned(),
            started_at: stage.state.picture.at,
            remains: Vec::new(),
            steps: vec![(stage.state.picture.at, "ecommerce-db: backups on".to_owned())],
        }],
    };
    stage.send(Msg::Incident(IncidentMsg::Known(Box::new(known))));
    // What is wrong when it begins is written down at once, and only once.
    let appended: Vec<Effect> = stage.effects.drain(..).collect();
    let is_append = |effect: &Effect| matches!(effect, Effect::Incident(effect) if matches!(**effect, IncidentEffect::Append { .. }));
    assert!(
        appended.iter().all(is_append) && appended.len() == 1,
        "{appended:?}"
    );
    let again = stage.state.picture.clone();
    stage.send(Msg::Picture(again));
    assert!(!stage.effects.iter().any(is_append), "{:?}", stage.effects);
    line(&mut stage, "incident note 재시작 전 password=hunter2 확인");
    let noted = format!("{:?}", stage.effects);
    assert!(
        noted.contains("password=***") && !noted.contains("hunter2"),
        "{noted}"
    );
    hold("incident_open", &mut stage);
    // An entry is wider than its row: Enter has all of it.
    stage.keys(&["enter"]);
    let level = stage.state.levels.last().expect("the entry is open").clone();
    let entry = quarterdeck::app::detail::build(&stage.state, &level);
    assert!(entry.title.starts_with("incident entry "), "{}", entry.title);
    let said = format!("{:?}", entry.blocks);
    assert!(
        said.contains("ecommerce-db: backups on") || said.contains("found"),
        "{said}"
    );
    stage.keys(&["esc"]);
    line(&mut stage, "incident close");
    hold("incident_closed", &mut stage);
    let incident = &stage.state.incident.as_ref().unwrap().incident;
    assert!(!incident.is_open());
}

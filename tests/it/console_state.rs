//! The console's state under keys, pictures and time: what must hold whatever somebody does.

use std::sync::Arc;

use jiff::SignedDuration;
use proptest::prelude::*;
use quarterdeck::app::detail::Block;
use quarterdeck::app::effect::Effect;
use quarterdeck::app::estate_line;
use quarterdeck::app::geometry::Geometry;
use quarterdeck::app::msg::Msg;
use quarterdeck::app::overlay::{Overlay, Prompt, Purpose, completions};
use quarterdeck::app::pane::Pane;
use quarterdeck::app::state::{Level, WriteState};
use quarterdeck::app::table::{Cell, RowKey};
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::config::keys::{Chord, Key};
use quarterdeck::domain::cost::TagCosts;
use quarterdeck::domain::fault::{CredentialFault, Fault, FaultKind};
use quarterdeck::domain::gpu::ReadingSource;
use quarterdeck::domain::ids::Kind;
use quarterdeck::domain::loadable::Failing;
use quarterdeck::domain::picture::Picture;
use quarterdeck::domain::trail::Back;

use crate::screens::stage::Stage;

/// The names of the visible rows, from top to bottom.
fn visible(stage: &Stage) -> Vec<RowKey> {
    let tables = &stage.state.tables;
    let rows = &stage.state.view().visible;
    rows.iter()
        .map(|(section, row)| tables.sections[*section].rows[*row].key.clone())
        .collect()
}

fn selected(stage: &Stage) -> RowKey {
    stage.state.view().selected().expect("a row is selected").clone()
}

/// The picture without a service.
fn without(picture: &Picture, key: &RowKey) -> Arc<Picture> {
    let id = key.resource().expect("it is a resource").id.to_string();
    let mut picture = picture.clone();
    for scope in &mut picture.inventory.scopes {
        if let Some((fleet, _)) = &mut scope.ecs.value {
            Arc::make_mut(fleet).services.retain(|service| service.arn != id);
        }
    }
    Arc::new(picture)
}

fn services() -> Stage {
    let mut stage = Stage::one(World::Codemate, Scenario::Quiet);
    stage.send(Msg::Drawn(Geometry {
        width: 80,
        height: 24,
        body: 21,
        body_width: 80,
    }));
    stage.keys(&["2"]);
    stage
}

#[test]
fn going_to_the_top_shows_the_heading_again() {
    let mut stage = Stage::all(Scenario::Everyday);
    stage.send(Msg::Drawn(Geometry {
        width: 80,
        height: 24,
        body: 21,
        body_width: 80,
    }));
    for pane in ["2", "3", "4", "5", "7", "8"] {
        stage.keys(&[pane, "G"]);
        let below = stage.state.view().offset;
        stage.keys(&["g"]);
        assert_eq!(
            stage.state.view().offset,
            0,
            "pane {pane}, which scrolled to {below}"
        );
    }
}

#[test]
fn the_selection_stays_on_the_resource() {
    let mut stage = services();
    stage.keys(&["down", "down"]);
    let chosen = selected(&stage);
    assert_eq!(visible(&stage)[2], chosen);

    let mut picture = (*stage.state.picture).clone();
    for scope in &mut picture.inventory.scopes {
        if let Some((fleet, _)) = &mut scope.ecs.value {
            Arc::make_mut(fleet).services.reverse();
        }
    }
    stage.send(Msg::Picture(Arc::new(picture)));
    assert_eq!(selected(&stage), chosen, "after a refresh in another order");

    for _ in 0..4 {
        stage.keys(&["s"]);
        assert_eq!(
            selected(&stage),
            chosen,
            "sorted by {:?}",
            stage.state.view().sort
        );
        stage.keys(&["S"]);
        assert_eq!(selected(&stage), chosen, "sorted the other way");
    }
    stage.filter("nonesuch");
    assert_eq!(visible(&stage), []);
    stage.keys(&["esc"]);
    assert_eq!(selected(&stage), chosen, "after a filter that hid it");
}

#[test]
fn a_vanished_resource_is_not_replaced_by_its_neighbour() {
    let mut stage = services();
    stage.keys(&["down"]);
    let (gone, next) = (selected(&stage), visible(&stage)[2].clone());
    let whole = stage.state.picture.clone();
    stage.send(Msg::Picture(without(&whole, &gone)));
    assert_eq!(selected(&stage), gone);
    assert_eq!(
        stage.state.view().find(&stage.state.tables),
        None,
        "no row is under the cursor"
    );

    stage.keys(&["c"]);
    let copied = gone.resource().expect("it is a resource").id.to_string();
    assert_eq!(
        stage.effects,
        [Effect::Copy(copied)],
        "what acts, acts on what was chosen"
    );

    stage.send(Msg::Picture(whole.clone()));
    assert_eq!(
        stage.state.view().find(&stage.state.tables),
        Some(1),
        "it may come back"
    );
    stage.send(Msg::Picture(without(&whole, &gone)));
    stage.keys(&["down"]);
    assert_eq!(selected(&stage), next, "a step goes to whoever took its place");
}

#[test]
fn what_a_filter_hides_is_not_what_the_next_key_is_about() {
    let mut stage = services();
    stage.keys(&["end"]);
    let (first, last) = (visible(&stage)[0].clone(), selected(&stage));
    assert_ne!(first, last);
    let id = first.resource().expect("it is a resource").id.to_string();
    stage.filter(id.rsplit('/').next().expect("it has a name"));
    assert_eq!(selected(&stage), first);
    stage.keys(&["esc"]);
    stage.filter("no service is called this");
    assert_eq!(stage.state.subject(), None);
    stage.keys(&["esc"]);
    assert_eq!(stage.state.subject(), Some(&first), "something is selected again");
}

#[test]
fn an_open_detail_of_a_vanished_resource_stays_open() {
    let mut stage = services();
    stage.keys(&["down", "enter"]);
    let gone = stage.state.subject().cloned().expect("a detail is open");
    let whole = stage.state.picture.clone();
    stage.send(Msg::Picture(without(&whole, &gone)));
    assert_eq!(stage.state.subject(), Some(&gone));
    assert!(matches!(stage.state.levels.as_slice(), [Level::Detail { .. }]));
}

#[test]
fn escape_goes_one_level_back() {
    let mut stage = services();
    stage.filter("backend");
    stage.keys(&["enter", "t", "?"]);
    assert_eq!(stage.state.overlay, Some(Overlay::Help(0)));
    stage.keys(&["esc"]);
    assert_eq!(stage.state.overlay, None);
    assert_eq!(stage.state.levels.len(), 2);
    stage.keys(&["esc"]);
    assert!(matches!(stage.state.levels.as_slice(), [Level::Detail { .. }]));
    stage.keys(&["q"]);
    assert_eq!(stage.state.levels.len(), 0);
    assert_eq!(stage.state.view().filter, "backend");
    stage.keys(&["esc"]);
    assert_eq!(stage.state.view().filter, "");
    stage.keys(&["q"]);
    assert_eq!(stage.state.pane, Pane::Overview);
    stage.keys(&["esc", "esc", ":", "esc", "esc"]);
    assert_eq!(stage.effects, [], "at the top it leaves nothing");
    assert_eq!(said(&stage).as_deref(), Some("this is the top; q leaves"));
    stage.keys(&["q"]);
    assert_eq!(stage.effects, [Effect::Quit]);
}

/// What stands at the bottom.
fn said(stage: &Stage) -> Option<String> {
    stage.state.notices.back().map(|notice| notice.text.clone())
}

fn typed(stage: &mut Stage, line: &str) {
    stage.keys(&[":"]);
    for letter in line.chars() {
        stage.send(Msg::Key(Chord::plain(Key::Char(letter))));
    }
}

#[test]
fn a_warning_goes_with_the_next_key_that_means_something() {
    let mut stage = services();
    typed(&mut stage, "xyz");
    stage.keys(&["enter"]);
    assert_eq!(
        said(&stage).as_deref(),
        Some("no command xyz: Tab completes, ? lists them")
    );
    stage.keys(&["Q"]);
    assert!(said(&stage).is_some(), "this key means nothing");
    stage.keys(&["down"]);
    assert_eq!(said(&stage), None);
    stage.keys(&["T"]);
    assert_eq!(said(&stage).as_deref(), Some("times are in UTC"));
    stage.keys(&["T"]);
    assert_eq!(said(&stage).as_deref(), Some("times are in Asia/Seoul (KST)"));
    typed(&mut stage, "theme mono");
    stage.keys(&["enter"]);
    assert_eq!(said(&stage).as_deref(), Some("theme mono"));
}

#[test]
fn arguments_are_completed_and_open_goes_there() {
    let mut stage = services();
    typed(&mut stage, "theme m");
    assert_eq!(completions(&stage.state, "theme m"), ["theme mono"]);
    stage.keys(&["tab", "esc"]);
    assert!(!completions(&stage.state, "logs /").is_empty());
    let known = completions(&stage.state, "open ");
    assert!(!known.is_empty());
    // Some names are those of several resources, and then nothing is opened.
    let opens = known.iter().any(|line| {
        typed(&mut stage, line);
        stage.keys(&["enter"]);
        matches!(stage.state.levels.as_slice(), [Level::Detail { .. }])
    });
    assert!(opens, "{known:?}");
}

/// The picture while a scope waits for the code of an MFA device, for the n-th time.
fn waiting_for_a_code(picture: &Picture, times: u32) -> Arc<Picture> {
    let mut picture = picture.clone();
    let kind = FaultKind::Credentials(CredentialFault::MfaRequired {
        serial: "arn:aws:iam::123456789012:mfa/jiwon".to_owned(),
    });
    let fault = Fault::new(kind, "sts", "AssumeRole", "the role wants a code");
    picture.inventory.scopes[0].identity.failing = Some(Failing {
        fault: Arc::new(fault),
        since: picture.at,
        count: times,
    });
    Arc::new(picture)
}

fn asks_for_a_code(stage: &Stage) -> bool {
    matches!(&stage.state.overlay, Some(Overlay::Prompt(prompt)) if matches!(prompt.purpose, Purpose::MfaCode(_)))
}

#[test]
fn a_code_is_asked_for_when_it_is_needed_and_not_again_when_it_was_refused() {
    let mut stage = services();
    let whole = stage.state.picture.clone();
    stage.send(Msg::Picture(waiting_for_a_code(&whole, 1)));
    assert!(asks_for_a_code(&stage));
    stage.keys(&["esc"]);
    stage.send(Msg::Picture(waiting_for_a_code(&whole, 2)));
    assert!(!asks_for_a_code(&stage), "somebody wanted to look around first");
    stage.keys(&["r"]);
    assert!(asks_for_a_code(&stage), "asked for again");

    stage.keys(&["1", "2", "3", "4", "5", "6", "enter"]);
    let codes: Vec<&str> = stage
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::MfaCode { code, .. } => Some(code.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(codes, ["123456"]);
    stage.send(Msg::Picture(waiting_for_a_code(&whole, 2)));
    assert!(!asks_for_a_code(&stage), "the answer is still to come");
    stage.send(Msg::Picture(waiting_for_a_code(&whole, 3)));
    assert!(asks_for_a_code(&stage), "the code was not accepted");
    stage.keys(&["esc"]);
    stage.send(Msg::Picture(whole.clone()));
    stage.send(Msg::Picture(waiting_for_a_code(&whole, 1)));
    assert!(asks_for_a_code(&stage), "a later session needs a code of its own");
}

#[test]
fn a_filter_that_is_given_up_is_as_it_was() {
    let mut stage = services();
    stage.filter("backend");
    let rows = visible(&stage);
    stage.keys(&["/", "ctrl-u", "x", "y", "z"]);
    assert_eq!(visible(&stage), [], "a filter holds while it is typed");
    stage.keys(&["esc"]);
    assert_eq!(stage.state.view().filter, "backend");
    assert_eq!(visible(&stage), rows);
    stage.keys(&["/", "ctrl-u", "!", "b", "a", "c", "k", "e", "n", "d", "enter"]);
    let without = visible(&stage);
    assert_eq!(without.len(), 3, "a leading ! turns it round");
    assert!(rows.iter().all(|row| !without.contains(row)));
}

#[test]
fn who_wrote_something_is_looked_for_further_back_each_time() {
    let mut stage = services();
    stage.keys(&["enter"]);
    let asked = |stage: &Stage| stage.state.trails.values().next().copied();
    let headings = |stage: &Stage| -> Vec<String> {
        let blocks = stage.state.detail.blocks.iter();
        let all = blocks.filter_map(|block| match block {
            Block::Heading(text) => Some(text.clone()),
            _ => None,
        });
        all.filter(|text| text.starts_with("CloudTrail")).collect()
    };
    for (back, said) in [
        (Back::Hours, "last 2 hours; w for 24 hours"),
        (Back::Day, "last 24 hours; w for 7 days"),
        (Back::Week, "last 7 days, times"),
    ] {
        stage.keys(&["w"]);
        assert_eq!(asked(&stage), Some(back));
        let headings = headings(&stage);
        assert!(headings.len() == 1 && headings[0].contains(said), "{headings:?}");
    }
    stage.keys(&["w"]);
    let said = stage.state.notices.back().expect("a notice").text.clone();
    assert!(said.contains("7 days already"), "{said}");
}

/// What is written below the heading of CloudTrail.
fn trail(stage: &Stage) -> Vec<String> {
    let mut blocks = stage.state.detail.blocks.iter();
    blocks
        .find(|block| matches!(block, Block::Heading(text) if text.starts_with("CloudTrail")))
        .expect("CloudTrail was asked");
    let Some(Block::Lines(lines)) = blocks.next() else {
        panic!("lines below the heading");
    };
    let text = |line: &Vec<Cell>| line.iter().map(|cell| cell.text.as_str()).collect();
    lines.iter().map(text).collect()
}

#[test]
fn who_wrote_to_what_the_account_has_once_is_answered_too() {
    let mut stage = Stage::one(World::Ecg, Scenario::StaleCdn);
    stage.keys(&[":", "w", "e", "b", "enter"]);
    for (kind, name, expected) in [
        (Kind::Distribution, "", "no write in the last 24 hours"),
        (Kind::Bucket, "-frontend-", "PutBucketPolicy by github-actions"),
    ] {
        let row = visible(&stage)
            .into_iter()
            .find(|row| {
                row.resource()
                    .is_some_and(|key| key.kind == kind && key.id.contains(name))
            })
            .expect("it is listed");
        stage.keys(&["g"]);
        while selected(&stage) != row {
            stage.keys(&["down"]);
        }
        stage.keys(&["enter", "w", "w"]);
        let lines = trail(&stage);
        assert!(lines[0].contains(expected), "{kind}: {lines:?}");
        assert!(
            lines.last().is_some_and(|line| line.contains("data events")),
            "{lines:?}"
        );
        stage.keys(&["l"]);
        let said = stage.state.notices.back().expect("a notice").text.clone();
        assert!(said.contains("lie in a bucket"), "{said}");
        stage.keys(&["esc"]);
    }
}

#[test]
fn what_hurts_customers_is_asked_as_often_as_if_its_pane_were_in_front() {
    let asks = |scenario| {
        let stage = Stage::one(World::Ecg, scenario);
        let mut state = stage.state;
        // Something else, so that the focus is told again.
        state.paused = true;
        let Some(Effect::Focus(focus)) = state.changed_focus() else {
            panic!("nothing was told yet");
        };
        focus.front.contains(&Kind::Distribution)
    };
    assert!(asks(Scenario::StaleCdn));
    assert!(!asks(Scenario::Quiet));
}

#[test]
fn who_wrote_something_is_seen_where_it_was_asked_for() {
    let mut stage = services();
    // Its detail is longer than the screen, and somebody has read on to its end.
    stage.keys(&["enter", "G"]);
    let scroll = |stage: &Stage| match stage.state.levels.last() {
        Some(Level::Detail { scroll, .. }) => *scroll,
        other => panic!("{other:?}"),
    };
    assert!(scroll(&stage) > 0);
    stage.keys(&["w"]);
    let first = |stage: &Stage| match stage.state.detail.blocks.first() {
        Some(Block::Heading(text)) => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(scroll(&stage), 0);
    assert!(
        first(&stage).starts_with("CloudTrail, last 2 hours"),
        "{}",
        first(&stage)
    );
}

#[test]
fn what_changed_of_a_target_group_is_what_changed_behind_it() {
    let mut stage = Stage::one(World::Codemate, Scenario::BadDeploy);
    stage.keys(&["5"]);
    let group = "codemate-backend-tg";
    stage.filter(group);
    stage.keys(&["t"]);
    let Some(Level::Changes { of: Some(of), .. }) = stage.state.levels.last() else {
        panic!("{:?}", stage.state.levels);
    };
    assert_eq!(of.kind, Kind::TargetGroup);
    let said: Vec<String> = (stage.state.detail.blocks.iter())
        .filter_map(|block| match block {
            Block::Lines(lines) => Some(lines),
            _ => None,
        })
        .flatten()
        .map(|line| line.iter().map(|cell| cell.text.as_str()).collect())
        .collect();
    assert!(
        said.iter()
            .any(|line| line.contains("deploy") && line.contains("codemate-backend")),
        "{said:?}"
    );
    // Their history is read for as long as somebody looks.
    let read = &stage.state.picture.inventory.scopes[0].deployments;
    assert!(!read.is_empty() && read.values().all(|history| history.get().is_some()));
}

#[test]
fn what_changed_of_a_function_are_its_versions() {
    let mut stage = Stage::one(World::Fashion, Scenario::LambdaErrors);
    stage.keys(&[":", "f", "u", "n", "c", "t", "i", "o", "n", "s", "enter"]);
    stage.filter("image-resize");
    stage.keys(&["t"]);
    let said: Vec<String> = (stage.state.detail.blocks.iter())
        .filter_map(|block| match block {
            Block::Lines(lines) => Some(lines),
            _ => None,
        })
        .flatten()
        .map(|line| line.iter().map(|cell| cell.text.as_str()).collect())
        .collect();
    assert!(
        said.iter()
            .any(|line| line.contains("image-resize: version 5 published, serves live")),
        "{said:?}"
    );
}

#[test]
fn an_estate_is_set_against_its_own_budget() {
    let mut stage = Stage::one(World::Ecommerce, Scenario::Quiet);
    let spend = |stage: &Stage| {
        let entries = estate_line::entries(&stage.state);
        let spend = entries.iter().find(|entry| entry.pane == Pane::Spend);
        spend.expect("it is there").text.clone()
    };
    // The bill is not split by the tag: the account's is nothing to set the estate's budget against.
    stage.state.setup.monthly_budget = Some(250.0);
    let text = spend(&stage);
    assert!(
        text.starts_with("spend account $") && text.contains(", budget $250"),
        "{text}"
    );
    let mut picture = (*stage.state.picture).clone();
    for scope in &mut picture.inventory.scopes {
        if let Some((usage, _)) = &mut scope.usage.value {
            Arc::make_mut(usage).by_tag = Some(TagCosts {
                key: "Project".to_owned(),
                by_value: vec![("ecommerce".to_owned(), 151.0), (String::new(), 10.0)],
            });
        }
    }
    stage.send(Msg::Picture(Arc::new(picture)));
    let text = spend(&stage);
    assert!(text.starts_with("spend $151/$425"), "{text}");
}

#[test]
fn the_mark_of_what_the_cloudwatch_agent_told_is_explained() {
    let mut stage = Stage::one(World::Invokeai, Scenario::Quiet);
    stage.keys(&["3"]);
    let title = |stage: &Stage| {
        let mut sections = stage.state.tables.sections.iter();
        let cards = sections.find(|section| section.title.starts_with("GPU cards"));
        cards.expect("cards are shown").title.clone()
    };
    assert!(!title(&stage).contains("cw"), "{}", title(&stage));
    let mut picture = (*stage.state.picture).clone();
    for scope in &mut picture.inventory.scopes {
        if let Some((readings, _)) = &mut scope.gpu.value {
            Arc::make_mut(readings)[0].source = ReadingSource::CloudwatchAgent;
        }
    }
    stage.send(Msg::Picture(Arc::new(picture)));
    assert!(
        title(&stage).ends_with("cw: by the CloudWatch agent"),
        "{}",
        title(&stage)
    );
}

#[test]
fn nothing_is_confirmed_by_pasting() {
    let mut stage = services();
    let allow = |stage: &mut Stage| {
        stage.keys(&[":", "w", "r", "i", "t", "e", "enter"]);
        assert!(
            matches!(
                &stage.state.overlay,
                Some(Overlay::Prompt(Prompt {
                    purpose: Purpose::AllowWrites,
                    ..
                }))
            ),
            "{:?}",
            stage.state.overlay
        );
    };
    allow(&mut stage);
    stage.send(Msg::Paste("codemate\n".to_owned()));
    stage.keys(&["enter"]);
    assert_eq!(stage.effects, []);

    stage.keys(&["esc"]);
    allow(&mut stage);
    stage.keys(&["c", "o", "d", "e", "m", "a", "t", "e", "enter"]);
    assert_eq!(stage.effects, [Effect::AllowWrites]);
    let until = stage.state.now + SignedDuration::from_mins(30);
    stage.send(Msg::WritesAllowed(Some(until)));
    assert_eq!(stage.state.setup.write, WriteState::ReadWriteUntil(until));
    stage.effects.clear();
    stage.send(Msg::Tick(until));
    assert_eq!(stage.state.setup.write, WriteState::ReadOnly);
    assert_eq!(stage.effects, [Effect::RefuseWrites]);
}

#[test]
fn pasted_text_is_one_line_of_no_control_characters() {
    let mut stage = services();
    stage.keys(&["/"]);
    stage.send(Msg::Paste("back\u{1b}[31mend\nq\nq\n".to_owned()));
    assert_eq!(stage.state.view().filter, "back[31mend");
    stage.keys(&["esc"]);
    stage.send(Msg::Paste("qqq".to_owned()));
    assert_eq!(
        stage.effects,
        [],
        "without a line to type in, pasted keys are no keys"
    );
    assert_eq!(stage.state.pane, Pane::Services);
}

#[test]
fn a_paused_view_holds_and_then_shows_the_newest() {
    let mut stage = services();
    let whole = stage.state.picture.clone();
    let rows = visible(&stage);
    stage.keys(&["p"]);
    let less = without(&whole, &rows[0]);
    assert!(!stage.send(Msg::Picture(less)), "nothing to draw");
    stage.send(Msg::Picture(without(&whole, &rows[3])));
    assert_eq!(visible(&stage), rows);
    stage.keys(&["p"]);
    let left: Vec<RowKey> = rows.iter().filter(|row| **row != rows[3]).cloned().collect();
    assert_eq!(visible(&stage), left);
}

#[test]
fn an_accepted_finding_goes_below_the_open_ones() {
    let mut stage = Stage::one(World::Invokeai, Scenario::BadDeploy);
    stage.keys(&["1"]);
    let first = selected(&stage);
    stage.keys(&["home", "a"]);
    assert_eq!(selected(&stage), first);
    assert_ne!(visible(&stage)[0], first);
    assert!(visible(&stage).contains(&first));
}

/// Anything that a person may press, and what else happens meanwhile.
#[derive(Debug, Clone)]
enum Event {
    Key(&'static str),
    Letter(char),
    Paste(String),
    Picture(usize),
    Resize(u16, u16),
    Later(i64),
}

fn event() -> impl Strategy<Value = Event> {
    const KEYS: &[&str] = &[
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "9",
        "-",
        "tab",
        "up",
        "down",
        "pageup",
        "pagedown",
        "home",
        "end",
        "left",
        "right",
        "enter",
        "esc",
        "q",
        "/",
        ":",
        "s",
        "S",
        "t",
        "l",
        "x",
        "a",
        "c",
        "o",
        "space",
        "T",
        "p",
        "r",
        "?",
        "v",
        "w",
        "e",
        "n",
        "N",
        "E",
        "F",
        "W",
        "ctrl-u",
        "ctrl-w",
        "backspace",
        "delete",
        "ctrl-c",
    ];
    prop_oneof![
        12 => prop::sample::select(KEYS).prop_map(Event::Key),
        2 => any::<char>().prop_map(Event::Letter),
        1 => ".{0,12}".prop_map(Event::Paste),
        3 => (0_usize..4).prop_map(Event::Picture),
        1 => (0_u16..200, 0_u16..60).prop_map(|(width, height)| Event::Resize(width, height)),
        1 => (0_i64..4000).prop_map(Event::Later),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_breaks_the_console(events in prop::collection::vec(event(), 1..60)) {
        thread_local! {
            static PICTURES: [Arc<Picture>; 4] = [
                Stage::unread(World::Invokeai).state.picture,
                Stage::one(World::Invokeai, Scenario::Everyday).state.picture,
                Stage::one(World::Invokeai, Scenario::SpotReclaim).state.picture,
                Stage::one(World::Invokeai, Scenario::QueueBacklog).state.picture,
            ];
        }
        let pictures = PICTURES.with(Clone::clone);
        let mut stage = Stage::unread(World::Invokeai);
        let styles = crate::screens::styles_of_default();
        let mut size = (80, 24);
        for event in events {
            let held = stage.state.paused.then(|| stage.state.picture.clone());
            match event {
                Event::Key(key) => stage.keys(&[key]),
                Event::Letter(letter) => {
                    let chord = quarterdeck::config::keys::Chord::plain(quarterdeck::config::keys::Key::Char(letter));
                    stage.send(Msg::Key(chord));
                }
                Event::Paste(text) => {
                    stage.send(Msg::Paste(text));
                }
                Event::Picture(index) => {
                    stage.send(Msg::Picture(pictures[index].clone()));
                    if let Some(held) = held {
                        prop_assert!(Arc::ptr_eq(&held, &stage.state.picture), "a paused view holds");
                    }
                }
                Event::Resize(width, height) => size = (width.max(1), height.max(1)),
                Event::Later(seconds) => {
                    let now = stage.state.now + SignedDuration::from_secs(seconds);
                    stage.send(Msg::Tick(now));
                }
            }
            let buffer = crate::screens::frame(&mut stage, size, &styles);
            let state = &stage.state;
            let view = state.view();
            for (section, row) in &view.visible {
                prop_assert!(state.tables.sections[*section].rows.len() > *row);
            }
            if let Some(position) = view.find(&state.tables) {
                let (section, row) = view.visible[position];
                prop_assert_eq!(view.selected(), Some(&state.tables.sections[section].rows[row].key));
            }
            prop_assert!(state.notices.len() <= 3);
            prop_assert!(!stage.effects.contains(&Effect::AllowWrites), "only a typed name allows changes");
            for cell in &buffer.content {
                prop_assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
            }
        }
    }
}

#[test]
fn an_estate_without_cards_is_not_asked_for_them_for_ever() {
    let mut stage = Stage::one(World::Ecommerce, Scenario::Quiet);
    stage.keys(&["3"]);
    let cards = |stage: &Stage| {
        let sections = stage.state.tables.sections.iter();
        let mut cards = sections.filter(|section| section.title.starts_with("GPU cards"));
        cards.next().expect("the pane has them").empty.clone()
    };
    assert_eq!(cards(&stage), "no GPU hosts here");
}

//! Runs that are looked at, stopped, taken up, handed over.

use std::sync::Arc;

use jiff::Timestamp;
use quarterdeck::app::effect::Effect;
use quarterdeck::app::msg::Msg;
use quarterdeck::app::overlay::Overlay;
use quarterdeck::app::pane::Pane;
use quarterdeck::app::runs::head::Head;
use quarterdeck::app::runs::menu::Menu;
use quarterdeck::app::runs::offers::Offer;
use quarterdeck::app::runs::{News, RunsEffect, RunsMsg};
use quarterdeck::app::state::{Level, WriteState};
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::ops::{Mutation, Receipt, Token, ecs};
use quarterdeck::domain::scope::ScopeName;
use quarterdeck::runbook::machine::{Happening, Question, Ticket};
use quarterdeck::runbook::plan::Plan;
use quarterdeck::runbook::record::{
    Act, Approval, End, Entry, Moment, Outcome, Record, Resume, RunId, Status, Then,
};

use super::desk::{AGAIN, AGAIN_AND_NEXT, Desk, who};
use crate::screens::stage::EPOCH;

pub const RUN: &str = "r-20261121-020000-test";

pub fn id() -> RunId {
    RunId(RUN.to_owned())
}

pub fn moment(seconds: i64) -> Moment {
    let at: Timestamp = EPOCH.parse().expect("a time");
    let at = at + jiff::SignedDuration::from_secs(seconds);
    Moment { cloud: at, wall: at }
}

pub fn entry(seq: u64, record: Record) -> Entry {
    Entry {
        v: 1,
        seq,
        at: moment(i64::try_from(seq).expect("few")),
        prev: String::new(),
        record,
    }
}

/// What the journal of a run has that has just made its first change.
pub fn journal(plan: &Arc<Plan>) -> Vec<Entry> {
    let target = &plan.changes[0].target;
    let call = Mutation::Ecs(ecs::Write::StopTask {
        cluster: "codemate-cluster".to_owned(),
        task: target.id.clone(),
        reason: "test".to_owned(),
    });
    let records = vec![
        Record::Started {
            run: id(),
            plan: Box::new((**plan).clone()),
            who: who(),
            reason: Some("INC-7".to_owned()),
            approval: Approval {
                digest: plan.digest.clone(),
                how: "yes".to_owned(),
            },
        },
        Record::Locked {
            keys: plan.lock_keys(),
        },
        Record::Rechecked {
            baseline: std::collections::BTreeMap::new(),
        },
        Record::Intent {
            act: Act::make(0),
            attempt: 1,
            token: Token("t".to_owned()),
            call,
            before: plan.changes[0].before.clone(),
        },
        Record::Outcome {
            act: Act::make(0),
            attempt: 1,
            outcome: Outcome::Accepted(Receipt::default()),
        },
    ];
    records
        .into_iter()
        .zip(0..)
        .map(|(record, seq)| entry(seq, record))
        .collect()
}

/// What the history says of it.
pub fn head(status: Status) -> Head {
    Head {
        id: id(),
        runbook: "again".to_owned(),
        status,
        started_at: moment(0).wall,
        ended_at: (status != Status::Running).then(|| moment(95).wall),
        exit: (status != Status::Running).then_some(Exit::Done),
        who: "jiwon@bastion".to_owned(),
        scope: ScopeName::new("codemate/ap-northeast-2"),
        account: "111122223333".to_owned(),
        region: "ap-northeast-2".to_owned(),
        targets: vec!["codemate-backend-service".to_owned()],
        changed: true,
        takes_back: true,
        remains: Vec::new(),
        warnings: Vec::new(),
        reason: None,
        trouble: None,
    }
}

/// A run of this console that waits for its first change.
pub fn running() -> Desk {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN]);
    desk.select("2", "backend-service").keys(&["x"]);
    desk.serve();
    desk.draw();
    let plan = desk.shown_plan();
    desk.keys(&["enter"]).draw().type_text("apply").keys(&["enter"]);
    let effects = desk.take();
    let [RunsEffect::Start { ticket, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let ticket = Some(*ticket);
    desk.stage.send(Msg::Runs(RunsMsg::Started { ticket, run: id() }));
    let mut news: Vec<News> = journal(&plan)
        .into_iter()
        .map(|entry| News::Entry(Box::new(entry)))
        .collect();
    let told = [
        (1, Happening::Began),
        (
            2,
            Happening::StepBegan {
                step: "again".to_owned(),
            },
        ),
        (
            3,
            Happening::Writing {
                act: Act::make(0),
                attempt: 1,
            },
        ),
        (
            19,
            Happening::Waiting {
                act: Act::make(0),
                detail: "2 of 3 tasks run".to_owned(),
                elapsed_s: 15,
                limit_s: 1_800,
            },
        ),
    ];
    news.extend(
        told.into_iter()
            .map(|(at, happening)| News::Happened(moment(at), happening)),
    );
    desk.stage.send(Msg::Runs(RunsMsg::News { run: id(), news }));
    desk
}

/// What is on screen of a detail.
fn text(desk: &Desk) -> String {
    use quarterdeck::app::detail::Block;
    let mut out = desk.stage.state.detail.title.clone();
    for block in &desk.stage.state.detail.blocks {
        if let Block::Lines(lines) = block {
            for line in lines {
                out.push('\n');
                out.extend(line.iter().map(|cell| cell.text.as_str()));
            }
        }
    }
    out
}

#[test]
fn a_run_shows_each_target_how_long_it_waits_and_how_long_it_may() {
    let desk = running();
    let seen = text(&desk);
    for part in ["under way", "15s of 30m", "2 of 3 tasks run", "INC-7"] {
        assert!(seen.contains(part), "{part} is missing:\n{seen}");
    }
    assert_eq!(desk.stage.state.runs.live(), 1);
}

#[test]
fn a_wait_goes_on_between_two_words_of_the_driver() {
    let mut desk = running();
    let mut later = (*desk.stage.state.picture).clone();
    later.at = moment(3 + 50).cloud;
    desk.stage.send(Msg::Picture(Arc::new(later)));
    let seen = text(&desk);
    assert!(seen.contains(", 50s of 30m"), "{seen}");
    assert!(seen.contains("2 of 3 tasks run"), "{seen}");
}

#[test]
fn ctrl_c_asks_and_the_first_choice_does_nothing() {
    let mut desk = running();
    desk.keys(&["ctrl-c"]);
    assert!(matches!(desk.stage.state.overlay, Some(Overlay::Menu(_))));
    desk.keys(&["enter"]);
    assert_eq!(desk.take(), []);
    // A restart of tasks has nothing to go back to, so that nobody is offered it.
    desk.keys(&["ctrl-c"]);
    let Some(Overlay::Menu(menu)) = &desk.stage.state.overlay else {
        panic!("it asks");
    };
    let labels: Vec<&str> = menu.items.iter().map(|item| item.label).collect();
    assert_eq!(labels, ["Let it run", "Detach this view", "Stop"]);
    desk.keys(&["end", "enter"]);
    let then = Then::Stop;
    assert_eq!(desk.take(), [RunsEffect::Interrupt { run: id(), then }]);
    assert!(text(&desk).contains("stopping"), "{}", text(&desk));
}

#[test]
fn a_rollback_is_offered_where_something_can_be_taken_back() {
    let offered = |takes_back| {
        let menu = Menu::of_running(&id(), "scale", takes_back);
        menu.items.iter().any(|item| item.label == "Stop and roll back")
    };
    assert_eq!((offered(true), offered(false)), (true, false));
    let allowed = |status, takes_back| {
        let head = Head {
            takes_back,
            ..head(status)
        };
        (head.allowed().to_vec(), head.ways())
    };
    assert_eq!(
        allowed(Status::Partial, false),
        (vec![Resume::Abandon], Some("give up"))
    );
    assert_eq!(
        allowed(Status::Interrupted, false),
        (vec![Resume::Forward, Resume::Abandon], Some("resume, give up"))
    );
    assert_eq!(
        allowed(Status::Partial, true),
        (
            vec![Resume::RollBack, Resume::Abandon],
            Some("roll back, give up")
        )
    );
    assert_eq!(allowed(Status::Abandoned, false), (vec![], None));
}

#[test]
fn leaving_the_view_leaves_the_run_going() {
    let mut desk = running();
    desk.keys(&["ctrl-c", "down", "enter"]);
    assert!(desk.stage.state.levels.is_empty());
    assert_eq!(desk.take(), []);
    assert_eq!(desk.stage.state.runs.live(), 1);
    // Its end is said wherever one is.
    let summary = ended(Status::Succeeded, Exit::Done);
    desk.stage.effects.clear();
    desk.stage.send(Msg::Runs(RunsMsg::News {
        run: id(),
        news: vec![News::Ended(Box::new(summary))],
    }));
    assert!(desk.said().contains("again succeeded"), "{}", desk.said());
    assert_eq!(desk.stage.state.runs.live(), 0);
    // What it changed is read again at once.
    let effects = &desk.stage.effects;
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Refresh)),
        "{effects:?}"
    );
}

pub fn ended(status: Status, exit: Exit) -> quarterdeck::runbook::machine::Summary {
    let text = format!(
        r#"{{"run_id":"{RUN}","runbook":"again","status":"{}","exit":{},"changed":true,"made":1,
            "targets":{{"ok":1,"failed":0,"skipped":0,"unknown":0}},"rolled_back":false,
            "resumable":false,"reasons":[],"remains":[],"journaled":true}}"#,
        status.word(),
        serde_json::to_string(&exit).expect("a word"),
    );
    serde_json::from_str(&text).expect("a summary")
}

#[test]
fn leaving_the_console_hands_a_live_run_over_first() {
    let mut desk = running();
    desk.keys(&["q", "q", "q", "q"]);
    let Some(Overlay::Menu(menu)) = &desk.stage.state.overlay else {
        panic!("{:?}", desk.stage.state.overlay);
    };
    assert!(
        menu.items.iter().all(|item| !item.label.contains("Stop")),
        "{menu:?}"
    );
    desk.keys(&["enter"]);
    assert!(desk.stage.effects.is_empty(), "it stays");
    desk.keys(&["q", "down", "enter"]);
    assert_eq!(desk.take(), [RunsEffect::HandOver(id())]);
    desk.stage.send(Msg::Runs(RunsMsg::HandedOver {
        run: id(),
        result: Err("no such file".to_owned()),
    }));
    assert!(desk.said().contains("was not taken up"), "{}", desk.said());
    assert!(
        desk.stage.effects.is_empty(),
        "it stays, since somebody has to know"
    );
    desk.keys(&["q", "down", "enter"]);
    desk.take();
    desk.stage.send(Msg::Runs(RunsMsg::HandedOver {
        run: id(),
        result: Ok(()),
    }));
    assert_eq!(desk.stage.effects, [Effect::Quit]);
}

#[test]
fn without_a_live_run_q_leaves_at_once() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN]);
    desk.keys(&["q"]);
    assert_eq!(desk.stage.effects, [Effect::Quit]);
}

#[test]
fn a_run_that_was_confirmed_is_carried_out_though_the_permission_ends() {
    let mut desk = running();
    let until = moment(60).wall;
    desk.stage.state.setup.write = WriteState::ReadWriteUntil(until);
    desk.stage.send(Msg::Tick(until));
    assert_eq!(desk.stage.state.setup.write, WriteState::ReadOnly);
    assert!(!desk.stage.effects.contains(&Effect::RefuseWrites));
    desk.stage.send(Msg::Runs(RunsMsg::News {
        run: id(),
        news: vec![News::Ended(Box::new(ended(Status::Succeeded, Exit::Done)))],
    }));
    assert!(desk.stage.effects.contains(&Effect::RefuseWrites));
}

#[test]
fn an_interrupted_run_is_taken_up_by_typing_what_for() {
    for (downs, word, to) in [
        (1, "resume", Resume::Forward),
        (2, "rollback", Resume::RollBack),
        (3, "abandon", Resume::Abandon),
    ] {
        let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN]);
        let heads = vec![head(Status::Interrupted)];
        desk.stage.send(Msg::Runs(RunsMsg::Heads(heads)));
        desk.keys(&["9", "home", "enter"]);
        assert!(matches!(desk.stage.state.levels.last(), Some(Level::Run { run, .. }) if *run == id()));
        desk.keys(&["enter"]);
        for _ in 0..downs {
            desk.keys(&["down"]);
        }
        desk.keys(&["enter"]).draw();
        assert_eq!(desk.confirm().expect("a box").word, word);
        desk.type_text(word).keys(&["enter"]);
        if to == Resume::Abandon {
            assert_eq!(desk.take(), [], "a reason is needed");
            desk.type_text("superseded").keys(&["enter", "enter"]);
        }
        let effects = desk.take();
        let [
            RunsEffect::TakeUp {
                to: taken, reason, ..
            },
        ] = effects.as_slice()
        else {
            panic!("{effects:?}");
        };
        assert_eq!(*taken, to);
        assert_eq!(reason.is_some(), to == Resume::Abandon);
        desk.stage.send(Msg::Runs(RunsMsg::Started {
            ticket: None,
            run: id(),
        }));
        assert!(desk.confirm().is_none());
        assert_eq!(desk.stage.state.runs.live(), 1);
    }
}

#[test]
fn a_pause_of_the_runbook_is_answered_by_a_word() {
    let mut desk = running();
    let question = Question::Continue {
        step: "look".to_owned(),
        message: "is the queue empty?".to_owned(),
        until: moment(600).cloud,
    };
    desk.stage.send(Msg::Runs(RunsMsg::News {
        run: id(),
        news: vec![News::Asked(Ticket(9), question)],
    }));
    assert!(text(&desk).contains("is the queue empty?"), "{}", text(&desk));
    desk.keys(&["enter", "down", "enter"]).draw();
    desk.type_text("continue").keys(&["enter"]);
    let effects = desk.take();
    assert!(
        matches!(
            effects.as_slice(),
            [RunsEffect::Answer {
                ticket: Ticket(9),
                ..
            }]
        ),
        "{effects:?}"
    );
}

#[test]
fn a_run_that_waits_for_credentials_says_so_and_goes_on() {
    let mut desk = running();
    let news = |happening| {
        Msg::Runs(RunsMsg::News {
            run: id(),
            news: vec![News::Happened(moment(30), happening)],
        })
    };
    desk.stage.send(news(Happening::Parked {
        reason: "the session has expired".to_owned(),
    }));
    assert!(
        text(&desk).contains("goes on by itself after a login"),
        "{}",
        text(&desk)
    );
    desk.stage.send(news(Happening::Unparked));
    assert!(!text(&desk).contains("goes on by itself"), "{}", text(&desk));
}

#[test]
fn a_run_of_another_process_is_followed_by_its_journal() {
    let plan = {
        let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN]);
        desk.select("2", "backend-service").keys(&["x"]);
        desk.serve();
        desk.shown_plan()
    };
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN]);
    desk.stage
        .send(Msg::Runs(RunsMsg::Heads(vec![head(Status::Running)])));
    desk.keys(&["9", "home", "enter"]);
    let mut entries = journal(&plan);
    let later = entries.split_off(3);
    desk.stage.send(Msg::Runs(RunsMsg::News {
        run: id(),
        news: vec![News::Journal(entries)],
    }));
    assert!(text(&desk).contains("pending"), "{}", text(&desk));
    desk.stage.send(Msg::Runs(RunsMsg::News {
        run: id(),
        news: later
            .into_iter()
            .map(|entry| News::Entry(Box::new(entry)))
            .collect(),
    }));
    assert!(text(&desk).contains("under way"), "{}", text(&desk));
    assert_eq!(desk.stage.state.runs.live(), 1);
    desk.keys(&["ctrl-c"]);
    let Some(Overlay::Menu(menu)) = &desk.stage.state.overlay else {
        panic!("it asks");
    };
    assert!(
        menu.items.iter().any(|item| item.label == "Interrupt it"),
        "{menu:?}"
    );
    desk.keys(&["esc", "q", "q", "q"]);
    assert!(
        desk.stage.effects.contains(&Effect::Quit),
        "it is not ours to wait for"
    );
    assert_eq!(desk.stage.state.pane, Pane::Overview);
}

#[test]
fn what_a_run_that_succeeded_offers_next_is_a_key_away_and_filled_in() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN_AND_NEXT, AGAIN]);
    desk.select("2", "backend-service").keys(&["x"]);
    let place = desk
        .offers()
        .iter()
        .position(|offer| offer.book.name == "again-and-next");
    for _ in 0..place.expect("it is offered") {
        desk.keys(&["down"]);
    }
    desk.keys(&["enter"]);
    desk.serve();
    desk.keys(&["enter"]);
    desk.serve();
    let plan = desk.shown_plan();
    desk.keys(&["esc", "esc", "esc", "esc"]);

    let mut entries = journal(&plan);
    let end = [
        Record::Ended {
            act: Act::make(0),
            end: End::Done,
        },
        Record::StepEnded { step: 0, failures: 0 },
        Record::Verified,
    ];
    entries.extend(end.into_iter().zip(5..).map(|(record, seq)| entry(seq, record)));
    let closed = Record::Closed {
        status: Status::Succeeded,
        exit: Exit::Done,
        remains: Vec::new(),
    };
    let look = |desk: &mut Desk, entries: Vec<Entry>| {
        desk.stage.send(Msg::Runs(RunsMsg::News {
            run: id(),
            news: vec![News::Journal(entries)],
        }));
    };
    desk.stage
        .send(Msg::Runs(RunsMsg::Heads(vec![head(Status::Succeeded)])));
    desk.keys(&["9", "home", "enter"]);
    // Until it has succeeded nothing is offered.
    look(&mut desk, entries.clone());
    assert!(!text(&desk).contains("offered next"), "{}", text(&desk));
    entries.push(entry(8, closed));
    look(&mut desk, entries);
    let shown = text(&desk);
    assert!(
        shown.contains("offered next: again of codemate-") && shown.contains("and 3 more"),
        "{shown}"
    );
    // Broken where 80 columns end.
    let words: Vec<&str> = shown.split_whitespace().collect();
    let shown = words.join(" ");
    assert!(
        shown.contains(
            "runbook run again --set cluster=codemate-cluster-dev --set service=codemate-backend-service"
        ),
        "{shown}"
    );
    desk.keys(&["x"]);
    let of = |offer: &Offer| (offer.set["cluster"].clone(), offer.set["service"].clone());
    let offered: Vec<_> = desk.offers().iter().map(of).collect();
    assert_eq!(offered.len(), 4);
    desk.keys(&["end", "enter"]);
    let left = desk.serve();
    assert_eq!(left, []);
    let plan = desk.shown_plan();
    assert_eq!(
        (
            plan.runbook.name.as_str(),
            plan.params["cluster"].as_str().map(str::to_owned)
        ),
        ("again", Some(offered[3].0.clone()))
    );
    // Back out of it is the run again.
    desk.keys(&["ctrl-c"]);
    assert!(matches!(desk.stage.state.levels.last(), Some(Level::Run { .. })));
}

//! What confirms a plan, and what does not.

use jiff::SignedDuration;
use quarterdeck::app::geometry::Geometry;
use quarterdeck::app::msg::Msg;
use quarterdeck::app::runs::flow::{PlanState, Stage as Step};
use quarterdeck::app::runs::{RunsEffect, RunsMsg};
use quarterdeck::app::state::{Level, WriteState};
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::runbook::machine::Answer;
use quarterdeck::runbook::record::RunId;

use super::desk::{AGAIN, Desk, NIGHT, SCALE};

/// A plan that is on screen.
fn planned() -> Desk {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN]);
    desk.select("2", "backend-service").keys(&["x"]);
    desk.serve();
    desk.draw();
    desk.shown_plan();
    desk
}

#[test]
fn the_word_carries_out_the_plan_that_was_shown_and_no_other() {
    let mut desk = planned();
    let plan = desk.shown_plan();
    desk.keys(&["enter"]).draw();
    let confirm = desk.confirm().expect("a box");
    assert!(
        confirm.place.contains(&plan.identity.account),
        "{}",
        confirm.place
    );
    assert!(confirm.place.contains(&plan.identity.region), "{}", confirm.place);
    desk.keys(&["tab"]).type_text("INC-7").keys(&["tab"]);
    desk.type_text("apply").keys(&["enter"]);
    let effects = desk.take();
    let [
        RunsEffect::Start {
            plan: started,
            answer,
            reason,
            ..
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    assert_eq!(started.digest, plan.digest);
    assert_eq!(*answer, Answer::Yes);
    assert_eq!(reason.as_deref(), Some("INC-7"));
    // Once is enough, and Esc does not take back what is on its way.
    desk.keys(&["enter", "esc"]).type_text("apply").keys(&["enter"]);
    assert_eq!(desk.take(), []);
    assert!(desk.confirm().is_some_and(|confirm| confirm.is_sent));
}

#[test]
fn neither_enter_nor_a_paste_nor_another_word_confirms() {
    let mut desk = planned();
    desk.keys(&["enter"]).draw();
    desk.keys(&["enter", "enter", "enter"]);
    desk.stage.send(Msg::Paste("apply\n".to_owned()));
    let wrong = desk.confirm().and_then(|confirm| confirm.wrong.clone());
    assert_eq!(wrong.as_deref(), Some("a confirmation is typed, not pasted"));
    desk.keys(&["enter"]);
    for wrong in ["appl", "apply ", "Apply", "yes", "y"] {
        desk.type_text(wrong).keys(&["enter"]);
        assert_eq!(desk.take(), [], "{wrong}");
        assert!(desk.confirm().is_some());
    }
    desk.keys(&["esc"]);
    assert!(desk.confirm().is_none());
    assert_eq!(desk.take(), []);
}

#[test]
fn keys_before_the_plan_was_on_screen_count_for_nothing() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN]);
    desk.select("2", "backend-service").keys(&["x"]);
    // All of it is typed ahead.
    desk.keys(&["enter"]).type_text("apply").keys(&["enter"]);
    desk.serve();
    desk.keys(&["enter"]);
    assert!(desk.confirm().is_none(), "the plan was not drawn yet");
    desk.draw().keys(&["enter"]).type_text("apply").keys(&["enter"]);
    assert_eq!(desk.confirm().expect("a box").typed.text, "", "nor was the box");
    assert_eq!(desk.take(), []);
    desk.draw().type_text("apply").keys(&["enter"]);
    assert!(matches!(desk.take().as_slice(), [RunsEffect::Start { .. }]));
}

#[test]
fn after_a_resize_it_counts_only_once_it_is_drawn_again() {
    let mut desk = planned();
    desk.keys(&["enter"]).draw();
    desk.type_text("app");
    desk.stage.send(Msg::Resized);
    desk.type_text("ly").keys(&["enter"]);
    assert_eq!(desk.confirm().expect("it stays").typed.text, "app");
    // Too small to show anything: nothing can be confirmed.
    desk.stage.send(Msg::Drawn(Geometry {
        width: 40,
        height: 10,
        body: 0,
        body_width: 40,
    }));
    desk.type_text("ly").keys(&["enter"]);
    assert_eq!(desk.take(), []);
    desk.stage.send(Msg::Resized);
    desk.stage.send(Msg::Drawn(Geometry {
        width: 100,
        height: 30,
        body: 27,
        body_width: 100,
    }));
    desk.type_text("ly").keys(&["enter"]);
    assert!(matches!(desk.take().as_slice(), [RunsEffect::Start { .. }]));
}

#[test]
fn a_plan_that_has_expired_is_made_again() {
    let mut desk = planned();
    let first = desk.shown_plan();
    desk.keys(&["enter"]).draw().type_text("apply");
    // While the word is typed, its time runs out.
    let late = first.expires_at + SignedDuration::from_secs(1);
    desk.stage.send(Msg::Tick(late));
    desk.keys(&["enter"]);
    assert_eq!(desk.take(), []);
    assert!(
        desk.said().contains("expired: r makes it again"),
        "{}",
        desk.said()
    );
    desk.keys(&["enter"]);
    assert!(desk.confirm().is_none(), "nor does the box open again");
    desk.keys(&["r"]);
    let Step::Plan(planning) = desk.front() else {
        panic!("{:?}", desk.front());
    };
    assert_eq!(planning.state, PlanState::Making);
    desk.stage.clock.advance(SignedDuration::from_hours(1));
    desk.serve();
    assert!(desk.shown_plan().expires_at > first.expires_at);
}

#[test]
fn read_only_shows_the_plan_and_refuses_to_carry_it_out() {
    let mut desk = planned();
    desk.stage.state.setup.write = WriteState::ReadOnly;
    desk.keys(&["enter"]);
    assert!(desk.confirm().is_none());
    assert!(desk.said().contains(":write"), "{}", desk.said());
    // Permission that ends while the word is typed is no permission.
    desk.stage.state.setup.write = WriteState::ReadWrite;
    desk.keys(&["enter"]).draw().type_text("apply");
    desk.stage.state.setup.write = WriteState::ReadOnly;
    desk.keys(&["enter"]);
    assert_eq!(desk.take(), []);
}

#[test]
fn a_plan_that_asks_for_a_name_takes_the_very_name() {
    let mut desk = Desk::new(World::Invokeai, Scenario::Everyday, &[NIGHT]);
    desk.keys(&["3", "home", "x"]);
    desk.serve();
    desk.draw().keys(&["enter"]).draw();
    let name = desk.shown_plan().confirm.name.clone();
    assert_eq!(desk.confirm().expect("a box").word, name);
    desk.type_text("apply").keys(&["enter"]);
    assert_eq!(desk.take(), []);
    desk.type_text(&name).keys(&["enter"]);
    let effects = desk.take();
    let [RunsEffect::Start { answer, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(*answer, Answer::Name(name));
}

#[test]
fn a_plan_without_changes_asks_for_nothing() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[SCALE]);
    desk.select("2", "backend-service").keys(&["x"]);
    desk.serve();
    desk.keys(&["enter"]);
    desk.serve();
    desk.draw();
    assert!(desk.shown_plan().is_empty(), "as many as there are");
    desk.keys(&["enter"]);
    assert!(desk.confirm().is_none());
    assert!(desk.said().contains("nothing to change"), "{}", desk.said());
}

#[test]
fn what_could_not_be_started_is_said_and_the_plan_stays() {
    let mut desk = planned();
    desk.keys(&["enter"]).draw().type_text("apply").keys(&["enter"]);
    let effects = desk.take();
    let [RunsEffect::Start { ticket, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    desk.stage.send(Msg::Runs(RunsMsg::NotStarted {
        ticket: Some(*ticket),
        reason: "somebody holds the lock".to_owned(),
    }));
    assert!(desk.confirm().is_none());
    assert!(desk.said().contains("somebody holds the lock"), "{}", desk.said());
    desk.shown_plan();
    desk.stage.send(Msg::Runs(RunsMsg::Started {
        ticket: None,
        run: RunId("r-20261121-020000-othr".to_owned()),
    }));
    assert!(matches!(desk.stage.state.levels.last(), Some(Level::Run { .. })));
}

//! What all of it looks like.

use quarterdeck::app::msg::Msg;
use quarterdeck::app::runs::{News, RunsMsg};
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::config::theme::ColorDepth;
use quarterdeck::domain::exit::Exit;
use quarterdeck::runbook::record::{RunId, Status};
use quarterdeck::view::styles::Glyphs;

use super::desk::{AGAIN, Desk, NIGHT, SCALE};
use super::looking::{ended, head, id, running};
use crate::screens::{Look, hold, hold_at};

#[test]
fn choosing_a_runbook() {
    let mut desk = Desk::new(World::Codemate, Scenario::BadDeploy, &[AGAIN, SCALE]);
    desk.select("2", "backend-service").keys(&["x"]);
    hold("runs_choose", &mut desk.stage);
}

#[test]
fn a_form_with_what_is_wrong_in_it() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[SCALE]);
    desk.select("2", "backend-service").keys(&["x"]);
    desk.serve();
    desk.keys(&["ctrl-u"]).type_text("many").keys(&["enter"]);
    desk.serve();
    hold("runs_form", &mut desk.stage);
}

#[test]
fn a_form_that_offers_what_there_is() {
    let mut desk = Desk::new(World::Invokeai, Scenario::Everyday, &[NIGHT]);
    desk.keys(&[":"]).type_text("runbook night").keys(&["enter"]);
    desk.serve();
    desk.keys(&["down", "space"]);
    hold("runs_picker", &mut desk.stage);
}

#[test]
fn a_plan_and_its_confirmation() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN]);
    desk.select("2", "backend-service").keys(&["x"]);
    desk.serve();
    hold("runs_plan", &mut desk.stage);
    desk.draw().keys(&["enter"]).draw();
    desk.type_text("appl");
    hold("runs_confirm", &mut desk.stage);
    let look = Look::default();
    for (name, look) in [
        (
            "16_colours",
            Look {
                depth: ColorDepth::Ansi16,
                ..look
            },
        ),
        (
            "no_colour",
            Look {
                depth: ColorDepth::None,
                ..look
            },
        ),
        (
            "ascii",
            Look {
                glyphs: Glyphs::Ascii,
                ..look
            },
        ),
    ] {
        hold_at(&format!("runs_confirm_{name}"), &mut desk.stage, (80, 24), look);
    }
}

#[test]
fn a_run_under_way_and_over() {
    let mut desk = running();
    hold("runs_run", &mut desk.stage);
    hold_at("runs_run_200x50", &mut desk.stage, (200, 50), Look::default());
    desk.keys(&["ctrl-c"]);
    hold("runs_interrupt", &mut desk.stage);
    desk.keys(&["esc", "q", "q", "q", "q"]);
    hold_at("runs_leaving_80x24", &mut desk.stage, (80, 24), Look::default());
    desk.keys(&["esc"]);
    desk.stage.send(Msg::Runs(RunsMsg::News {
        run: id(),
        news: vec![News::Ended(Box::new(ended(Status::Succeeded, Exit::Done)))],
    }));
    desk.stage
        .send(Msg::Runs(RunsMsg::Heads(vec![head(Status::Succeeded)])));
    desk.keys(&["9", "home", "enter"]);
    hold("runs_over", &mut desk.stage);
}

#[test]
fn the_list_of_runs_and_runbooks() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN, SCALE, NIGHT]);
    let named = |name: &str, runbook: &str, status| {
        let mut one = head(status);
        one.id = RunId(format!("r-20261121-0{name}"));
        one.runbook = runbook.to_owned();
        one
    };
    let mut korean = named("15500-korn", "야간-축소", Status::Partial);
    korean.targets = vec!["이미지-작업자".to_owned(), "workers-b".to_owned()];
    let heads = vec![
        named("20000-aaaa", "again", Status::Running),
        named("15800-bbbb", "scale", Status::Interrupted),
        korean,
        named("15300-cccc", "again", Status::Succeeded),
        named("15200-dddd", "scale", Status::RolledBack),
    ];
    desk.stage.send(Msg::Runs(RunsMsg::Heads(heads)));
    desk.keys(&["9"]);
    hold("runs_list", &mut desk.stage);
}

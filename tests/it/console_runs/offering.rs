//! Which runbooks are offered, and how their parameters are filled in.

use std::sync::Arc;

use quarterdeck::app::msg::Msg;
use quarterdeck::app::overlay::completions;
use quarterdeck::app::pane::Pane;
use quarterdeck::app::runs::RunsEffect;
use quarterdeck::app::runs::flow::Stage as Step;
use quarterdeck::app::runs::offers::Why;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::health::{Finding, Impact, Severity};
use quarterdeck::domain::ids::{Kind, ResourceKey};

use super::desk::{AGAIN, Desk, NIGHT, SCALE};

const SERVICE: &str = "codemate-backend-service";

fn named_by_finding(text: &str, name: &str) -> String {
    text.replace("name: again", &format!("name: {name}"))
}

#[test]
fn the_runbook_that_a_finding_names_comes_first() {
    let rollback = named_by_finding(AGAIN, "rollback-deploy");
    let books = [AGAIN, SCALE, rollback.as_str()];
    let mut desk = Desk::new(World::Codemate, Scenario::BadDeploy, &books);
    desk.select("1", "given up").keys(&["x"]);
    let offers = desk.offers();
    let names: Vec<&str> = offers.iter().map(|offer| offer.book.name.as_str()).collect();
    assert_eq!(names, ["rollback-deploy", "again", "scale"]);
    assert!(matches!(offers[0].why, Why::Named(_)), "{:?}", offers[0].why);
    assert_eq!(offers[1].why, Why::Kind);
    assert_eq!(offers[0].about, SERVICE);
    assert_eq!(offers[0].set["cluster"], "codemate-cluster");
    assert!(offers[0].set["service"].starts_with("arn:aws:ecs:"), "by its id");
}

#[test]
fn a_finding_of_a_target_group_leads_to_the_service_behind_it() {
    let rollback = named_by_finding(AGAIN, "rollback-deploy");
    let mut desk = Desk::new(World::Codemate, Scenario::BadDeploy, &[rollback.as_str()]);
    desk.select("1", "codemate-backend-tg").keys(&["x"]);
    // The only one, and everything is filled in: the plan follows by itself.
    desk.serve();
    let plan = desk.shown_plan();
    let targets: Vec<&str> = plan
        .changes
        .iter()
        .map(|change| change.target.name.as_str())
        .collect();
    assert_eq!(targets, [SERVICE]);
}

#[test]
fn from_opening_the_console_to_the_word_it_takes_three_keys() {
    let rollback = named_by_finding(AGAIN, "rollback-deploy");
    let books = [rollback.as_str(), AGAIN, SCALE];
    let mut desk = Desk::new(World::Codemate, Scenario::BadDeploy, &books);
    desk.keys(&["x", "enter"]);
    desk.serve();
    desk.draw().keys(&["enter"]);
    assert_eq!(desk.confirm().expect("a box to type in").word, "apply");
    assert_eq!(desk.shown_plan().runbook.name, "rollback-deploy");
}

#[test]
fn what_only_a_person_can_decide_on_is_asked_for() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[SCALE]);
    desk.select("2", "backend-service").keys(&["x"]);
    desk.serve();
    let form = desk.form();
    assert_eq!(form.fields[form.at].name, "desired");
    assert_eq!(form.fields[form.at].line.text, "3", "as it is now");
    assert!(form.resolved.is_some());
    desk.keys(&["ctrl-u", "5", "enter"]);
    desk.serve();
    assert_eq!(desk.shown_plan().params["desired"], 5);
    // Back to the parameters, which are as they were left.
    desk.keys(&["esc"]);
    assert_eq!(desk.form().fields[2].given.as_deref(), Some("5"));
    desk.keys(&["esc"]);
    assert!(desk.stage.state.levels.is_empty());
    assert!(desk.stage.state.runs.flow.is_none());
}

#[test]
fn what_is_wrong_stands_beside_its_field() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[SCALE]);
    desk.select("2", "backend-service").keys(&["x"]);
    desk.serve();
    for (typed, problem) in [("many", "not a whole number"), ("1000", "100"), ("-1", "0")] {
        desk.keys(&["ctrl-u"]).type_text(typed).keys(&["enter"]);
        desk.serve();
        let form = desk.form();
        let said = form.fields[2].problem.clone().expect("a problem");
        assert!(said.contains(problem), "{typed}: {said}");
        assert_eq!(form.at, 2);
    }
    desk.keys(&["ctrl-u", "2", "enter"]);
    desk.serve();
    assert_eq!(desk.shown_plan().params["desired"], 2);
}

#[test]
fn a_runbook_called_by_name_is_filled_in_by_choosing() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN, SCALE]);
    assert_eq!(completions(&desk.stage.state, "runbook s"), ["runbook scale"]);
    desk.keys(&[":"]).type_text("runbook sca").keys(&["enter"]);
    desk.serve();
    let form = desk.form();
    assert_eq!(form.at, 0);
    let clusters: Vec<&str> = form.fields[0].shown().map(|one| one.label.as_str()).collect();
    assert_eq!(clusters, ["codemate-cluster", "codemate-cluster-dev"]);
    desk.type_text("dev");
    assert_eq!(desk.form().fields[0].shown().count(), 1, "typing narrows");
    desk.keys(&["ctrl-u", "enter"]);
    desk.serve();
    let form = desk.form();
    assert_eq!(form.fields[0].value.as_deref(), Some("codemate-cluster"));
    assert_eq!(form.at, 1);
    desk.type_text("backend").keys(&["enter"]);
    desk.serve();
    desk.type_text("4").keys(&["enter"]);
    desk.serve();
    let plan = desk.shown_plan();
    assert_eq!(plan.params["service"], SERVICE);
    assert_eq!(plan.params["desired"], 4);
}

/// What rests is an estate, which nobody lists.
const REST: &str = r"
apiVersion: quarterdeck/v1
kind: Runbook
name: rest
title: Put the estate to rest
params:
  estate: {type: string, about: The estate}
confirm: {level: ack}
steps:
  - id: services
    action: estate.stop
    with: {estate: '${params.estate}', part: services}
    wait: {timeout: 30m}
";

#[test]
fn a_runbook_called_by_name_takes_what_is_selected_and_the_estate() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN, SCALE, REST]);
    desk.select("2", "backend-service");
    desk.keys(&[":"]).type_text("runbook sca").keys(&["enter"]);
    desk.serve();
    let form = desk.form();
    assert_eq!(form.fields[0].value.as_deref(), Some("codemate-cluster"));
    assert_eq!(form.fields[1].value.as_deref(), Some(SERVICE));
    assert_eq!(form.fields[form.at].name, "desired");
    // What is selected is no estate: the one at hand is.
    desk.stage.state.setup.estate = Some("codemate".to_owned());
    desk.keys(&["esc", ":"])
        .type_text("runbook rest")
        .keys(&["enter"]);
    desk.serve();
    let flow = desk.stage.state.runs.flow.as_ref().expect("a flow");
    let given = flow.stages.iter().find_map(|stage| match stage {
        Step::Form(form) => form.fields[0].given.clone(),
        _ => None,
    });
    assert_eq!(given.as_deref(), Some("codemate"));
}

#[test]
fn an_unknown_runbook_is_named_and_guessed_at() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN, SCALE]);
    desk.keys(&[":"]).type_text("runbook scael").keys(&["enter"]);
    assert!(desk.said().contains("did you mean scale?"), "{}", desk.said());
    assert!(desk.stage.state.levels.is_empty());
    desk.keys(&[":"]).type_text("runs").keys(&["enter"]);
    assert_eq!(desk.stage.state.pane, Pane::Runs);
}

#[test]
fn marks_fill_one_list_and_those_that_a_filter_hides_are_named() {
    let mut desk = Desk::new(World::Invokeai, Scenario::Everyday, &[NIGHT]);
    desk.keys(&["3", "home"]);
    let groups: Vec<String> = {
        let state = &desk.stage.state;
        let rows = state.tables.sections[0].rows.iter();
        rows.map(|row| row.cells[1].text.clone()).take(2).collect()
    };
    desk.keys(&["space", "space"]);
    desk.stage.filter(&groups[1]);
    desk.keys(&["x"]);
    let title = desk.stage.state.runs.flow.as_ref().expect("a flow").title.clone();
    assert!(
        title.contains(&format!("hidden by the filter: {}", groups[0])),
        "{title}"
    );
    desk.serve();
    let plan = desk.shown_plan();
    let fleet = plan.params["fleet"].as_array().expect("a list");
    assert_eq!(fleet.len(), 2, "{fleet:?}");
    for group in &groups {
        assert!(fleet.iter().any(|one| one == group), "{group} in {fleet:?}");
    }
}

#[test]
fn what_takes_one_at_a_time_is_not_offered_for_two() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[AGAIN]);
    desk.keys(&["2", "home", "space", "space", "x"]);
    assert!(
        desk.said().contains("no runbook takes these 2"),
        "{}",
        desk.said()
    );
}

#[test]
fn what_can_do_nothing_for_a_resource_is_not_offered_for_it() {
    let redis = include_str!("../../../runbooks/redis-failover.yaml");
    let rds = include_str!("../../../runbooks/rds-reboot-failover.yaml");
    for (world, name, helps) in [
        (World::Ecommerce, "ecommerce-redis", false),
        (World::Invokeai, "invokeai-redis-ha", true),
        (World::Ecommerce, "ecommerce-db", false),
        (World::Codemate, "codemate-db-prod", true),
    ] {
        let mut desk = Desk::new(world, Scenario::Quiet, &[redis, rds]);
        desk.select("4", name).keys(&["x"]);
        let is_offered = desk.stage.state.runs.flow.is_some();
        assert_eq!(is_offered, helps, "{name}: {}", desk.said());
    }
}

#[test]
fn the_group_of_a_node_group_leads_to_the_runbook_that_scales_that() {
    let night = include_str!("../../../runbooks/gpu-night-down.yaml");
    let nodes = include_str!("../../../runbooks/eks-scale-nodegroup.yaml");
    let mut desk = Desk::new(World::Fashion, Scenario::Everyday, &[night, nodes]);
    desk.select("3", "eks-fashion-ai-gpu-8ac71e3d").keys(&["x"]);
    let form = desk.form();
    assert_eq!(form.offer.book.name, "eks-scale-nodegroup");
    assert!(
        form.offer.set["nodegroup"].contains("fashion-ai-gpu"),
        "{:?}",
        form.offer.set
    );
}

const ASG_SCALE: &str = include_str!("../../../runbooks/asg-scale.yaml");
const MORNING: &str = include_str!("../../../runbooks/gpu-morning-up.yaml");
const NIGHT_DOWN: &str = include_str!("../../../runbooks/gpu-night-down.yaml");
const REDRIVE: &str = include_str!("../../../runbooks/sqs-redrive.yaml");

/// Which runbook is offered on what, best first.
fn offered(desk: &Desk) -> Vec<(&str, &str)> {
    let offers = desk.offers().iter();
    offers
        .map(|offer| (offer.book.name.as_str(), offer.about.as_str()))
        .collect()
}

#[test]
fn target_groups_and_alarms_lead_to_what_is_behind_them() {
    let refresh = include_str!("../../../runbooks/asg-instance-refresh-rollback.yaml");
    let mut desk = Desk::new(World::Ecommerce, Scenario::DbStorageLow, &[ASG_SCALE, refresh]);
    desk.select("5", "ecommerce-app-tg").keys(&["x"]);
    assert_eq!(
        offered(&desk),
        [
            ("asg-instance-refresh-rollback", "ecommerce-app-asg"),
            ("asg-scale", "ecommerce-app-asg"),
        ]
    );
    let restart = include_str!("../../../runbooks/rds-restart.yaml");
    let drill = include_str!("../../../runbooks/dr-drill.yaml");
    let mut desk = Desk::new(World::Ecommerce, Scenario::DbStorageLow, &[drill, restart]);
    desk.select("8", "rds").keys(&["x"]);
    // What helps against the database's own finding comes before what is made for any database.
    assert_eq!(
        offered(&desk),
        [("rds-restart", "ecommerce-db"), ("dr-drill", "ecommerce-db")]
    );
    assert!(matches!(desk.offers()[0].why, Why::BeneathFinding(..)));
}

#[test]
fn a_queue_leads_to_the_groups_that_work_on_it() {
    let books = [ASG_SCALE, MORNING, REDRIVE, SCALE];
    let mut desk = Desk::new(World::Invokeai, Scenario::QueueBacklog, &books);
    desk.select("1", "waiting").keys(&["x"]);
    assert_eq!(
        offered(&desk),
        [
            ("asg-scale", "invokeai-gpu-workers"),
            ("asg-scale", "invokeai-gpu-workers-spot"),
        ]
    );
    let first = &desk.offers()[0];
    assert_eq!(first.set["resume"], "AlarmNotification", "held back, so first");
}

#[test]
fn where_there_is_no_capacity_the_group_that_does_the_same_work_comes_first() {
    let books = [ASG_SCALE, MORNING, NIGHT_DOWN];
    let mut desk = Desk::new(World::Invokeai, Scenario::SpotReclaim, &books);
    desk.select("1", "failed").keys(&["x"]);
    let offers = offered(&desk);
    assert_eq!(offers[0], ("asg-scale", "invokeai-gpu-workers"));
    assert_eq!(offers[1], ("asg-scale", "invokeai-gpu-workers-spot"));
    assert!(
        offers.iter().all(|(name, _)| *name != "gpu-morning-up"),
        "nothing was noted"
    );
    desk.keys(&["esc"]);
    // What could be saved at night is no answer to a shortage.
    desk.select("3", "invokeai-gpu-workers").keys(&["x"]);
    assert_eq!(offered(&desk)[0].0, "asg-scale");
}

#[test]
fn what_is_filled_in_is_made_for_the_finding_at_hand() {
    let nodes = include_str!("../../../runbooks/eks-scale-nodegroup.yaml");
    // Where nodes are short one more is filled in, from whatever finding it was that led there.
    for name in ["fashion-ai-app", "fashion-ai-spring-tg"] {
        let mut desk = Desk::new(World::Fashion, Scenario::NodegroupShort, &[nodes]);
        desk.select("1", name).keys(&["x"]);
        assert_eq!(desk.form().offer.set["desired"], "3", "{name}");
        assert_eq!(desk.form().offer.why, Why::Named(0), "{name}");
    }
    // Where they cost too much, nobody has said how many are to be left.
    let mut desk = Desk::new(World::Fashion, Scenario::Everyday, &[nodes]);
    let mut picture = (*desk.stage.state.picture).clone();
    let (scope, group) = picture
        .inventory
        .shown()
        .find_map(|scope| {
            let mut groups = scope.groups.get()?.iter();
            let group = groups.find(|group| group.name.contains("ai-gpu"))?;
            Some((scope.name().clone(), group.arn.clone()))
        })
        .expect("the group of the GPU nodes");
    picture.savings = vec![Finding {
        rule: "saving.night-scale-down".to_owned(),
        severity: Severity::Info,
        impact: Impact::Cost,
        resource: ResourceKey::new(&scope, Kind::Asg, &group),
        name: "eks-fashion-ai-gpu-8ac71e3d".to_owned(),
        title: "$1,322 a month: 0 instead of 2 at night".to_owned(),
        evidence: Vec::new(),
        since: None,
        helped_at: Vec::new(),
        runbooks: vec!["gpu-night-down".to_owned(), "eks-scale-nodegroup".to_owned()],
        accepted: None,
        saves: None,
    }];
    desk.stage.send(Msg::Picture(Arc::new(picture)));
    desk.select("7", "0 instead of 2 at night").keys(&["x"]);
    let offer = &desk.form().offer;
    assert_eq!(offer.why, Why::Named(1));
    assert!(offer.set["nodegroup"].contains("fashion-ai-gpu"));
    assert_eq!(offer.set.get("desired"), None);
}

#[test]
fn what_an_anomaly_comes_from_is_what_its_runbook_is_filled_in_with() {
    let night = include_str!("../../../runbooks/gpu-night-down.yaml");
    let mut desk = Desk::new(World::Fashion, Scenario::CreditBurn, &[night, SCALE]);
    desk.select("1", "g5.4xlarge").keys(&["x"]);
    let flow = desk.stage.state.runs.flow.as_ref().expect("a runbook is offered");
    let offer = flow.stages.iter().find_map(|stage| match stage {
        Step::Form(form) => Some(form.offer.clone()),
        _ => None,
    });
    let offer = offer.expect("one runbook alone is offered");
    assert_eq!(offer.book.name, "gpu-night-down");
    assert_eq!(offer.about, "fashion-ai-train-01");
    assert!(offer.set["fleet"].starts_with("i-"), "{:?}", offer.set);
}

#[test]
fn what_eks_would_undo_is_not_offered_for_its_groups_and_hosts() {
    let books = [
        include_str!("../../../runbooks/eks-scale-nodegroup.yaml"),
        include_str!("../../../runbooks/asg-scale.yaml"),
        include_str!("../../../runbooks/asg-rollback-image.yaml"),
        include_str!("../../../runbooks/asg-instance-refresh-rollback.yaml"),
    ];
    for name in ["eks-fashion-ai-gpu-8ac71e3d", "fashion-ai-gpu-node"] {
        let mut desk = Desk::new(World::Fashion, Scenario::Everyday, &books);
        desk.select("3", name).keys(&["x"]);
        let form = desk.form();
        assert_eq!(form.offer.book.name, "eks-scale-nodegroup", "{name}");
        assert_eq!(form.offer.set["desired"], "2", "{name}");
    }
}

#[test]
fn an_answer_to_what_nobody_asks_any_more_is_dropped() {
    let mut desk = Desk::new(World::Codemate, Scenario::Quiet, &[SCALE]);
    desk.select("2", "backend-service").keys(&["x"]);
    let effects = desk.take();
    let Some(RunsEffect::Resolve { ticket, .. }) = effects.first() else {
        panic!("{effects:?}");
    };
    let stale = ticket - 1;
    desk.stage
        .send(Msg::Runs(quarterdeck::app::runs::RunsMsg::Planned {
            ticket: stale,
            result: Err(vec!["late".to_owned()]),
        }));
    assert!(matches!(desk.front(), Step::Form(_)));
    // Whoever goes elsewhere gives it up.
    desk.keys(&["ctrl-c", "0"]);
    assert!(desk.stage.state.runs.flow.is_none());
}

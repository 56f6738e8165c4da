//! Where `ecs.rollback` goes from each situation.

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::world::{World, arguments, digest, read, service_deployment, site, world};
use crate::domain::ecs::{Container, Controller, ServiceDeployment, Task, TaskDefinition};
use crate::domain::ids::Tag;
use crate::domain::ops::{Query, Receipt};
use crate::domain::rules::sample;
use crate::runbook::action::{Applied, Progress, Proposal, Refusal, View, find};

const REPOSITORY: &str = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/api";

/// Plans as the planner does: what is asked for is read, until nothing more is.
fn view(world: &World, with: &Value) -> View {
    let action = find("ecs.rollback").unwrap();
    let with = arguments(with);
    let answer = |query: Query| {
        let reply = read(world, &query);
        (query, Ok(reply))
    };
    let mut view = View::new(action.reads(&with).unwrap().into_iter().map(answer).collect());
    for _ in 0..3 {
        let more = action.follow_up(&with, &view);
        view.extend(View::new(more.into_iter().map(answer).collect()));
    }
    view
}

fn rollback(world: &World, to: &str) -> Result<Proposal, Refusal> {
    let with = json!({"cluster": "main", "service": "api", "task_definition": to});
    let view = view(world, &with);
    find("ecs.rollback")
        .unwrap()
        .plan(&arguments(&with), &view, &site())
}

fn planned(world: &World, to: &str) -> Vec<String> {
    let proposal = rollback(world, to).unwrap_or_else(|refusal| panic!("{refusal}"));
    proposal
        .changes
        .iter()
        .map(|change| format!("{}: {}", change.action, change.summary))
        .collect()
}

fn refused(world: &World, to: &str) -> String {
    match rollback(world, to) {
        Ok(proposal) => panic!("planned: {proposal:#?}"),
        Err(refusal) => refusal.to_string(),
    }
}

fn warnings(world: &World, to: &str) -> String {
    rollback(world, to).unwrap().warnings.join("\n")
}

/// A world in which revision 6 runs after 5 and 4, each with its own tag; 5 never ran well.
fn plain() -> World {
    let mut world = world();
    let template = world.definitions[0].clone();
    world.definitions = [(4, "1.0"), (5, "1.1"), (6, "1.2")]
        .map(|(revision, tag)| definition(&template, revision, &format!("{REPOSITORY}:{tag}")))
        .to_vec();
    world.deployments = vec![
        ("api", deployment(4, 'a', "SUCCESSFUL")),
        ("api", deployment(5, 'b', "ROLLBACK_SUCCESSFUL")),
        ("api", deployment(6, 'c', "SUCCESSFUL")),
    ];
    world
}

fn definition(template: &TaskDefinition, revision: u32, image: &str) -> TaskDefinition {
    let mut definition = template.clone();
    definition.revision = revision;
    definition.arn = sample::arn("ecs", &format!("task-definition/api:{revision}"));
    image.clone_into(&mut definition.containers[0].image);
    definition
}

fn deployment(revision: u32, image: char, status: &str) -> ServiceDeployment {
    let mut deployment = service_deployment(&format!("d{revision}"), &format!("api:{revision}"), status);
    deployment.started_at = Some(sample::at(i64::from(revision)));
    deployment.target.as_mut().unwrap().images = vec![(
        "api".to_owned(),
        format!("{REPOSITORY}:{revision}"),
        Some(digest(image)),
    )];
    deployment
}

/// The same, but that every revision names `:latest`, which means the newest image.
fn mutable() -> World {
    let mut world = plain();
    for definition in &mut world.definitions {
        definition.containers[0].image = format!("{REPOSITORY}:latest");
    }
    world
}

#[test]
fn the_revision_that_was_well_is_deployed_and_not_the_number_before() {
    let world = plain();
    assert_eq!(planned(&world, "last-good"), ["ecs.deploy: api:6 → api:4"]);
    // Whoever names a revision gets it.
    assert_eq!(planned(&world, "api:5"), ["ecs.deploy: api:6 → api:5"]);
    let proposal = rollback(&world, "last-good").unwrap();
    let sent = find("ecs.deploy")
        .unwrap()
        .apply(
            &proposal.changes[0],
            &crate::runbook::action::Stamp {
                run: "r1",
                token: &crate::domain::ops::Token("t".to_owned()),
                status: "running",
                made: None,
            },
        )
        .unwrap();
    assert!(format!("{sent:?}").contains("desired: None"), "{sent:?}");
}

#[test]
fn a_tag_that_moved_is_pinned_to_what_it_was() {
    let pinned = [
        format!(
            "ecs.register_copy: register api:7 as a copy of api:4, api with {REPOSITORY}@{}",
            digest('a')
        ),
        "ecs.deploy: api:6 → api:7".to_owned(),
    ];
    assert_eq!(planned(&mutable(), "last-good"), pinned);
    // Old endpoints have no digests in their history; tasks of the revision may still tell.
    let mut untold = mutable();
    for (_, deployment) in &mut untold.deployments {
        deployment.target.as_mut().unwrap().images.clear();
    }
    assert!(refused(&untold, "last-good").contains("is not recorded"));
    untold.tasks.push(task("api:4", 'a'));
    assert_eq!(planned(&untold, "last-good"), pinned);
    // Tasks of one revision with two images prove nothing.
    untold.tasks.push(task("api:4", 'b'));
    assert!(refused(&untold, "last-good").contains("is not recorded"));
}

fn task(revision: &str, image: char) -> Task {
    let mut task = world().tasks.remove(0);
    revision.clone_into(&mut task.task_definition);
    task.containers = vec![Container {
        name: "api".to_owned(),
        image: None,
        image_digest: Some(digest(image)),
        last_status: None,
        exit_code: None,
        reason: None,
    }];
    task
}

#[test]
fn one_revision_with_two_images_is_taken_back_by_its_digest() {
    let mut world = mutable();
    world.definitions.retain(|definition| definition.revision == 6);
    world.deployments = vec![
        ("api", deployment(6, 'b', "SUCCESSFUL")),
        ("api", deployment(6, 'c', "SUCCESSFUL")),
    ];
    world.deployments[1].1.started_at = Some(sample::at(60));
    assert_eq!(
        planned(&world, "last-good"),
        [
            format!(
                "ecs.register_copy: register api:7 as a copy of api:6, api with {REPOSITORY}@{}",
                digest('b')
            ),
            "ecs.deploy: api:6 → api:7".to_owned(),
        ]
    );
}

#[test]
fn an_image_that_is_gone_is_no_way_back() {
    let mut world = plain();
    world.images.retain(|image| image.digest != digest('a'));
    let reason = refused(&world, "last-good");
    assert!(reason.contains("is gone from the repository api"), "{reason}");
    let mut pinned = plain();
    pinned.definitions[0].containers[0].image = format!("{REPOSITORY}@{}", digest('9'));
    assert!(refused(&pinned, "api:4").contains("is gone"));
}

#[test]
fn a_tag_that_was_built_anew_is_deployed_with_a_warning() {
    let mut world = plain();
    for image in world
        .images
        .iter_mut()
        .filter(|image| image.digest == digest('a'))
    {
        image.digest = digest('e');
    }
    let proposal = rollback(&world, "last-good").unwrap();
    assert_eq!(planned(&world, "last-good"), ["ecs.deploy: api:6 → api:4"]);
    assert!(
        proposal
            .warnings
            .iter()
            .any(|warning| warning.contains("another build may start")),
        "{:?}",
        proposal.warnings
    );
}

#[test]
fn an_inactive_revision_is_registered_again() {
    let mut world = plain();
    world.definitions[0].status = "INACTIVE".to_owned();
    world.definitions[0].containers[0].environment = vec![(
        "PASSWORD".to_owned(),
        crate::domain::sensitive::Sensitive::new("hunter2"),
    )];
    assert_eq!(
        planned(&world, "last-good"),
        [
            "ecs.register_copy: register api:7 as a copy of api:4",
            "ecs.deploy: api:6 → api:7",
        ]
    );
    let proposal = rollback(&world, "last-good").unwrap();
    assert!(
        proposal
            .warnings
            .iter()
            .any(|warning| warning.contains("INACTIVE"))
    );
    let told = serde_json::to_string(&proposal.changes).unwrap();
    assert!(!told.contains("hunter2") && !told.contains("PASSWORD"), "{told}");
    world.definitions[0].status = "DELETE_IN_PROGRESS".to_owned();
    assert!(refused(&world, "last-good").contains("DELETE_IN_PROGRESS"));
}

#[test]
fn what_is_under_way_is_stopped() {
    let mut world = plain();
    world.deployments[2].1.status = "IN_PROGRESS".to_owned();
    let stop = "ecs.stop_deployment: stop the deployment of api:6 and go back";
    assert_eq!(planned(&world, "last-good"), [stop]);
    // What it goes back to is what was asked for, or it is deployed then.
    assert_eq!(planned(&world, "api:4"), [stop]);
    assert_eq!(planned(&world, "api:5"), [stop, "ecs.deploy: api:4 → api:5"]);
    // With nothing to go back to, only a named revision can replace it.
    world.deployments[0].1.status = "STOPPED".to_owned();
    assert!(refused(&world, "last-good").contains("no successful one is known"));
    assert_eq!(planned(&world, "api:4"), ["ecs.deploy: api:6 → api:4"]);
    for status in ["STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"] {
        world.deployments[2].1.status = status.to_owned();
        assert!(refused(&world, "last-good").contains("taking back"), "{status}");
    }
}

#[test]
fn what_needs_nothing_says_so() {
    let mut world = plain();
    assert_eq!(planned(&world, "api:6"), [""; 0]);
    assert!(warnings(&world, "api:6").contains("runs already"));
    world.deployments[2].1.status = "ROLLBACK_SUCCESSFUL".to_owned();
    world.fleet.services[0].task_definition = "api:4".to_owned();
    assert_eq!(planned(&world, "last-good"), [""; 0]);
    assert!(warnings(&world, "last-good").contains("taken back api:6 already"));
}

#[test]
fn others_controllers_and_unknown_revisions_are_refused() {
    for (controller, words) in [
        (Controller::CodeDeploy, "CodeDeploy"),
        (Controller::External, "external controller"),
    ] {
        let mut world = plain();
        world.fleet.services[0].controller = controller;
        assert!(refused(&world, "last-good").contains(words));
    }
    assert!(refused(&plain(), "api:44").contains("no task definition api:44"));
    let mut only = plain();
    only.deployments.remove(0);
    assert!(refused(&only, "last-good").contains("name the revision"));
    let with = arguments(&json!({"cluster": "main", "service": "api", "task_definition": "api"}));
    assert!(find("ecs.rollback").unwrap().reads(&with).is_err());
}

#[test]
fn what_a_rollback_does_not_undo_is_said() {
    let mut world = plain();
    world.fleet.services[0].desired = 0;
    world.fleet.services[0].tags.push(Tag {
        key: "aws:cloudformation:stack-name".to_owned(),
        value: "api-stack".to_owned(),
    });
    let said = warnings(&world, "last-good");
    for words in [
        "migrations of databases",
        "api-stack",
        "nothing will prove",
        "fewer than the 1 that Application Auto Scaling keeps",
        "the pipeline api-pipeline deploys api in its stage Deploy",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    world.pipelines[0].stages[1].enabled = false;
    assert!(!warnings(&world, "last-good").contains("the pipeline"));
}

#[test]
fn a_breaker_that_goes_back_again_and_a_stable_service_are_no_success() {
    let world = plain();
    let proposal = rollback(&world, "last-good").unwrap();
    let change = &proposal.changes[0];
    let action = find("ecs.rollback").unwrap();
    let applied = Applied {
        at: sample::at(100),
        receipt: Receipt::default(),
    };
    let with = json!({"cluster": "main", "service": "api"});
    // The service is stable: one completed deployment. It is not the wanted one.
    let still = action.progress(change, &applied, &view(&world, &with));
    assert!(matches!(still, Progress::Waiting(_)), "{still:?}");
    let mut again = plain();
    let mut ours = deployment(4, 'a', "ROLLBACK_SUCCESSFUL");
    ours.started_at = Some(sample::at(100));
    ours.status_reason = Some("tasks failed to start".to_owned());
    again.deployments.push(("api", ours));
    let Progress::Failed(reason) = action.progress(change, &applied, &view(&again, &with)) else {
        panic!("the breaker's rollback passed for ours");
    };
    assert!(reason.contains("tasks failed to start"), "{reason}");
}

#[test]
fn a_number_that_somebody_else_took_stops_the_run() {
    let mut world = plain();
    world.definitions[0].status = "INACTIVE".to_owned();
    let with = json!({"cluster": "main", "service": "api"});
    let change = rollback(&world, "last-good").unwrap().changes.remove(0);
    let action = find(&change.action).unwrap();
    let applied = |created: &str| Applied {
        at: sample::at(100),
        receipt: Receipt {
            request_id: None,
            created: Some(sample::arn("ecs", &format!("task-definition/{created}"))),
        },
    };
    let waits = action.progress(&change, &applied("api:7"), &view(&world, &with));
    assert!(matches!(waits, Progress::Waiting(_)), "{waits:?}");
    let other = action.progress(&change, &applied("api:8"), &view(&world, &with));
    assert!(matches!(other, Progress::Failed(_)), "{other:?}");
}

#[test]
fn undo_deploys_what_ran_only_if_that_was_well() {
    use crate::runbook::action::Undo;
    let undo = |world: &World| {
        let change = rollback(world, "last-good").unwrap().changes.remove(0);
        find(&change.action).unwrap().invert(&change)
    };
    let mut world = plain();
    assert!(matches!(undo(&world), Undo::By(_)));
    // The circuit breaker gave it up.
    world.deployments[2].1.status = "STOPPED".to_owned();
    let Undo::Impossible(why) = undo(&world) else {
        panic!("the broken revision would come back");
    };
    assert!(why.contains("api:6 was not well"), "{why}");
}

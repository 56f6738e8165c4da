//! A world is what its seed, its epoch, its writes and the time make it, and nothing else.

use jiff::SignedDuration;
use pretty_assertions::assert_eq;
use quarterdeck::cloud::demo::{AcceptedWrite, Append, Scenario, World, WriteLog, WriteLogError};
use quarterdeck::domain::ops::rds::RestoreSettings;
use quarterdeck::domain::ops::{Mutation, autoscaling, ec2, ecs, elasticache, rds, sqs};

use super::stage::{self, Stage};

/// Everything that can be asked, as text.
fn picture(stage: &Stage) -> Vec<String> {
    let mut answers: Vec<String> = stage::everything(stage)
        .iter()
        .map(|query| serde_json::to_string(&stage.read(query)).expect("answers are data"))
        .collect();
    answers.push(format!("{:?}", stage.probe()));
    let range = (stage.now() - SignedDuration::from_mins(5), stage.now());
    for group in [
        "/aws/ecs/codemate-backend",
        "/ecs/invokeai-api",
        "/aws/ec2/ecommerce-app",
    ] {
        let known = answers
            .iter()
            .any(|answer| answer.contains(&format!("\"name\":\"{group}\"")));
        if known {
            answers.push(format!("{:?}", stage.log_events(group, range, "")));
        }
    }
    answers
}

/// Writes of every service that the world has, with time between them.
fn changes(world: World, stage: &Stage) -> Vec<Mutation> {
    let group = |group: &str, max: u32, desired: u32| {
        Mutation::AutoScaling(autoscaling::Write::UpdateGroup {
            group: group.to_owned(),
            min: Some(0),
            max: Some(max),
            desired: Some(desired),
        })
    };
    let reboot = |name: &str| {
        Mutation::Rds(rds::Write::Reboot {
            instance: name.to_owned(),
            failover: false,
        })
    };
    match world {
        World::Codemate => vec![
            Mutation::Ecs(ecs::Write::UpdateService {
                cluster: "codemate-cluster".to_owned(),
                service: "codemate-backend-service".to_owned(),
                task_definition: Some("codemate-backend:4".to_owned()),
                desired: Some(4),
                force_new_deployment: false,
            }),
            Mutation::Rds(rds::Write::RestoreFromSnapshot {
                snapshot: "codemate-db-prod-before-v2-3-0".to_owned(),
                instance: "copy".to_owned(),
                settings: Box::new(RestoreSettings::default()),
            }),
            Mutation::ElastiCache(elasticache::Write::TestFailover {
                group: "codemate-redis-prod".to_owned(),
                shard: "0001".to_owned(),
            }),
        ],
        World::Invokeai => vec![
            group("invokeai-gpu-workers", 4, 3),
            group("invokeai-gpu-workers-spot", 20, 2),
            Mutation::Sqs(sqs::Write::StartMessageMoveTask {
                source: stage.queue("invokeai-generation-dlq").arn,
            }),
            Mutation::Ecs(ecs::Write::StopServiceDeployment {
                arn: stage.deployments("invokeai-cluster", "invokeai-api")[0]
                    .arn
                    .clone(),
            }),
        ],
        World::Ecommerce => vec![group("ecommerce-app-asg", 6, 4), reboot("ecommerce-db")],
        World::Ecg => vec![Mutation::Ec2(ec2::Write::StopInstances {
            instances: vec![stage.instances()[0].id.clone()],
        })],
        World::Fashion => vec![reboot("fashion-ai-db")],
    }
}

#[test]
fn a_world_that_was_closed_comes_back_as_if_it_had_run_on() {
    for world in World::ALL {
        let stage = Stage::open(world, Scenario::BadDeploy);
        for change in changes(world, &stage) {
            stage.pass(SignedDuration::from_millis(47_311));
            stage.write(change).unwrap();
        }
        stage.pass(SignedDuration::from_secs(83));
        let log = stage.log.writes();
        assert!(!log.is_empty());
        let text = serde_json::to_string(&log).unwrap();
        let again: Vec<AcceptedWrite> = serde_json::from_str(&text).unwrap();
        assert_eq!(again, log, "the record survives a file");

        // Killed and opened again: the same, at once and hours later.
        let reopened = Stage::with(world, Scenario::BadDeploy, again);
        reopened.pass(stage.now().duration_since(reopened.now()));
        assert_eq!(picture(&reopened), picture(&stage), "{world}");
        for stage in [&stage, &reopened] {
            stage.pass(SignedDuration::from_hours(9));
        }
        assert_eq!(picture(&reopened), picture(&stage), "{world}, hours later");
    }
}

#[test]
fn how_often_a_world_is_asked_does_not_matter() {
    for world in World::ALL {
        let (often, seldom) = (
            Stage::open(world, Scenario::BadDeploy),
            Stage::open(world, Scenario::BadDeploy),
        );
        for _ in 0..40 {
            often.pass(SignedDuration::from_millis(28_873));
            often.fleet();
        }
        seldom.pass(often.now().duration_since(seldom.now()));
        assert_eq!(picture(&often), picture(&seldom), "{world}");
    }
}

#[test]
fn asking_changes_nothing() {
    let stage = Stage::open(World::Invokeai, Scenario::Everyday);
    assert_eq!(picture(&stage), picture(&stage));
}

/// A record whose disk is full.
#[derive(Debug)]
struct Full;

impl WriteLog for Full {
    fn news(&self) -> Result<Vec<AcceptedWrite>, WriteLogError> {
        Ok(Vec::new())
    }

    fn append(&self, _write: &AcceptedWrite) -> Result<Append, WriteLogError> {
        Err(WriteLogError("no space left on device".to_owned()))
    }
}

#[test]
fn a_write_that_cannot_be_recorded_does_not_happen() {
    let stage = Stage::recorded_by(World::Invokeai, Scenario::Quiet, Box::new(Full));
    let before = picture(&stage);
    let change = changes(World::Invokeai, &stage).remove(0);
    let fault = stage.write(change).unwrap_err();
    assert!(fault.message.contains("no space left"), "{fault}");
    assert_eq!(picture(&stage), before);
}

#[test]
fn another_seed_is_another_world_of_the_same_shape() {
    let (one, other) = (
        Stage::seeded(World::Codemate, 1),
        Stage::seeded(World::Codemate, 2),
    );
    let tasks = |stage: &Stage| stage.tasks("codemate-cluster", "codemate-backend-service");
    assert_eq!(tasks(&one).len(), tasks(&other).len());
    assert_ne!(tasks(&one)[0].arn, tasks(&other)[0].arn);
    assert_eq!(one.fleet().services[0].name, other.fleet().services[0].name);
}

//! Messages, commands on hosts, programs, and what services answer from outside.

use jiff::SignedDuration;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::ops::http::Destination;
use quarterdeck::domain::ops::{Mutation, Query, ReplyData, exec, http, sns, ssm};
use quarterdeck::domain::ssm::{CommandRun, CommandState, Ping};

use super::stage::Stage;

fn publish(topic: &str) -> Mutation {
    Mutation::Sns(sns::Write::Publish {
        topic: topic.to_owned(),
        subject: "done".to_owned(),
        message: "done".to_owned(),
        group: "r1".to_owned(),
    })
}

#[test]
fn an_estate_has_one_topic_and_takes_messages_for_it() {
    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    let account = stage.scope.expected_account.clone().unwrap();
    let arn = format!("arn:aws:sns:{}:{account}:ops", stage.scope.region);
    for (arn, exists) in [(arn.as_str(), true), ("arn:aws:sns:us-east-1:1:no", false)] {
        let query = Query::Sns(sns::Read::Topic { arn: arn.to_owned() });
        match stage.read(&query) {
            ReplyData::Topic(topic) => assert_eq!(topic.is_some(), exists, "{arn}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(stage.write(publish(&arn)).unwrap().created.is_some());
    assert_eq!(stage.refused(publish("arn:aws:sns:us-east-1:1:no")), "NotFound");
}

fn command(stage: &Stage, instance: &str, id: Option<String>) -> Option<CommandRun> {
    let query = Query::Ssm(ssm::Read::Command {
        document: "drain-host".to_owned(),
        instance: instance.to_owned(),
        id,
        since: stage.now() - SignedDuration::from_mins(5),
    });
    match stage.read(&query) {
        ReplyData::Command(command) => command,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_document_runs_on_a_host_that_answers() {
    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    let ReplyData::ManagedHosts(hosts) = stage.read(&Query::Ssm(ssm::Read::Hosts)) else {
        panic!("hosts");
    };
    let host = hosts
        .iter()
        .find(|host| host.ping == Ping::Online)
        .expect("a host that answers");
    let run = |instance: &str| {
        Mutation::Ssm(ssm::Write::RunDocument {
            document: "drain-host".to_owned(),
            instance: instance.to_owned(),
            parameters: std::collections::BTreeMap::new(),
            comment: "quarterdeck r1".to_owned(),
            deliver_within_s: 60,
        })
    };
    assert_eq!(stage.refused(run("i-nowhere")), "InvalidInstanceId");
    assert_eq!(command(&stage, &host.instance_id, None), None);
    let id = stage.write(run(&host.instance_id)).unwrap().created;
    let running = command(&stage, &host.instance_id, id.clone()).unwrap();
    assert_eq!(running.state, CommandState::Running);
    // Whoever has lost the answer finds it too.
    assert_eq!(Some(running.id), id);
    assert_eq!(command(&stage, &host.instance_id, None).map(|found| found.id), id);
    stage.pass(SignedDuration::from_secs(10));
    let done = command(&stage, &host.instance_id, id).unwrap();
    assert_eq!((done.state, done.exit_code), (CommandState::Done, Some(0)));
}

#[test]
fn services_answer_as_their_targets_are() {
    let answers = |scenario: Scenario| {
        let stage = Stage::open(World::Invokeai, scenario);
        let ReplyData::Balancing(balancing) =
            stage.read(&Query::Elb(quarterdeck::domain::ops::elb::Read::Balancing))
        else {
            panic!("load balancers");
        };
        let balancer = &balancing.load_balancers[0];
        let group = balancing
            .target_groups
            .iter()
            .find(|group| group.load_balancers.contains(&balancer.arn))
            .unwrap();
        let url = format!(
            "http://{}{}",
            balancer.dns_name.as_ref().unwrap(),
            group.health_check_path.as_ref().unwrap()
        );
        let healthy = group.count("healthy").unwrap();
        match stage.read(&Query::Http(http::Read::Get { url, timeout_s: 5 })) {
            ReplyData::HttpAnswer(answer) => (answer.status, healthy > 0),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(answers(Scenario::Quiet), (200, true));
    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    let nowhere = Query::Http(http::Read::Get {
        url: "https://example.com/".to_owned(),
        timeout_s: 5,
    });
    assert!(stage.try_read(&nowhere).is_err());
}

#[test]
fn nothing_leaves_the_process() {
    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    let post = |url: &str| {
        Mutation::Http(http::Write::Post {
            to: Destination::Url(url.to_owned()),
            body: "{}".to_owned(),
        })
    };
    stage.write(post("https://hooks.example.com/x")).unwrap();
    assert_eq!(
        stage.refused(post("http://hooks.example.com/x")),
        "InvalidAddress"
    );
    let program = Mutation::Exec(exec::Write::Run {
        program: "/bin/false".to_owned(),
        arguments: Vec::new(),
        timeout_s: 1,
    });
    let said = stage.write(program).unwrap().created.unwrap();
    let outcome: exec::Outcome = serde_json::from_str(&said).unwrap();
    assert_eq!(outcome.exit_code, Some(0), "it is not run: false would fail");
}

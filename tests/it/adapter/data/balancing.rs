//! Elastic Load Balancing and SQS.

use pretty_assertions::assert_eq;
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::ops::{Query, elb, sqs};
use serde_json::json;

use super::super::server::{Answer, Request};
use super::{Canned, data, result, whole, with_gaps};

fn target_group(name: &str) -> String {
    format!(
        "<member><TargetGroupArn>arn:tg/{name}</TargetGroupArn><TargetGroupName>{name}</TargetGroupName></member>"
    )
}

/// Two pages of target groups, of which one cannot be asked and one is gone when it is.
fn balancing(call: &Request) -> Answer {
    let operation = call.operation();
    match (
        operation.as_str(),
        call.form("Marker"),
        call.form("TargetGroupArn"),
    ) {
        ("DescribeLoadBalancers", _, _) => result(
            call,
            "<LoadBalancers><member><LoadBalancerArn>arn:lb</LoadBalancerArn></member></LoadBalancers>",
        ),
        ("DescribeTargetGroups", None, _) => {
            let groups = [target_group("web"), target_group("gone")].concat();
            let page = format!("<TargetGroups>{groups}</TargetGroups><NextMarker>2</NextMarker>");
            result(call, &page)
        }
        ("DescribeTargetGroups", Some(_), _) => result(
            call,
            &format!("<TargetGroups>{}</TargetGroups>", target_group("api")),
        ),
        ("DescribeTargetHealth", _, Some(group)) => match group.as_str() {
            "arn:tg/web" => result(
                call,
                "<TargetHealthDescriptions><member><Target><Id>i-1</Id><Port>80</Port></Target>\
                 <TargetHealth><State>unhealthy</State><Reason>Target.Timeout</Reason></TargetHealth>\
                 </member></TargetHealthDescriptions>",
            ),
            "arn:tg/gone" => Answer::refuse(call, 400, "TargetGroupNotFound", "no such group"),
            _ => Answer::refuse(call, 403, "AccessDenied", "not this one"),
        },
        other => panic!("not expected: {other:?}"),
    }
}

#[tokio::test]
async fn a_group_that_cannot_be_asked_keeps_its_targets_unknown() {
    let server = Canned::start(balancing);
    let (found, gaps) = with_gaps(server.read(Query::Elb(elb::Read::Balancing)).await);
    let found = data!(Balancing, found);
    assert_eq!(found.load_balancers.len(), 1);
    let groups: Vec<_> = found
        .target_groups
        .iter()
        .map(|group| (group.name.as_str(), group.count("unhealthy")))
        .collect();
    assert_eq!(groups, [("api", None), ("web", Some(1))]);
    let gap = (
        FaultKind::AccessDenied,
        "DescribeTargetHealth".to_owned(),
        "api: not this one".to_owned(),
    );
    assert_eq!(gaps, [gap]);
    assert_eq!(server.arrived_as("DescribeTargetHealth").len(), 3);
}

#[tokio::test]
async fn target_groups_are_read_though_load_balancers_are_denied() {
    let server = Canned::start(|call| match call.operation().as_str() {
        "DescribeLoadBalancers" => Answer::refuse(call, 403, "AccessDenied", "no"),
        _ => balancing(call),
    });
    let (found, gaps) = with_gaps(server.read(Query::Elb(elb::Read::Balancing)).await);
    assert_eq!(data!(Balancing, found).target_groups.len(), 2);
    assert_eq!(gaps[0].1, "DescribeLoadBalancers");
}

fn url(name: &str) -> String {
    format!("http://127.0.0.1/123456789012/{name}")
}

fn queues(call: &Request) -> Answer {
    let asked = call.json();
    if call.operation() == "ListQueues" {
        assert_eq!(asked["MaxResults"], 1000);
        return match asked.get("NextToken") {
            None => Answer::json(&json!({ "QueueUrls": [url("jobs"), url("gone")], "NextToken": "2" })),
            Some(token) => {
                assert_eq!(token, "2");
                Answer::json(&json!({ "QueueUrls": [url("denied")] }))
            }
        };
    }
    assert!(
        asked["AttributeNames"]
            .as_array()
            .is_some_and(|names| !names.is_empty())
    );
    match asked["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()) {
        Some("jobs") => Answer::json(&json!({ "Attributes": {
            "QueueArn": "arn:aws:sqs:ap-northeast-2:123456789012:jobs",
            "ApproximateNumberOfMessages": "43",
            "ApproximateNumberOfMessagesNotVisible": "4",
            "ApproximateNumberOfMessagesDelayed": "0",
            "RedrivePolicy": "{\"deadLetterTargetArn\":\"dead\",\"maxReceiveCount\":3}",
        }})),
        Some("gone") => Answer::refuse(call, 400, "QueueDoesNotExist", "no such queue"),
        _ => Answer::refuse(call, 403, "AccessDenied", "not this one"),
    }
}

#[tokio::test]
async fn a_queue_that_is_denied_is_a_gap_and_one_that_is_gone_is_not() {
    let server = Canned::start(queues);
    let (found, gaps) = with_gaps(server.read(Query::Sqs(sqs::Read::Queues)).await);
    let found = data!(Queues, found);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].name.as_str(), found[0].visible, found[0].in_flight),
        ("jobs", 43, 4)
    );
    assert_eq!(found[0].dead_letter, Some(("dead".to_owned(), 3)));
    let gap = (
        FaultKind::AccessDenied,
        "GetQueueAttributes".to_owned(),
        "denied: not this one".to_owned(),
    );
    assert_eq!(gaps, [gap]);
}

#[tokio::test]
async fn a_queue_whose_counts_are_missing_is_not_shown_as_empty() {
    let server = Canned::start(|call| match call.operation().as_str() {
        "ListQueues" => Answer::json(&json!({ "QueueUrls": [url("jobs")] })),
        _ => Answer::json(&json!({})),
    });
    let fault = server
        .read(Query::Sqs(sqs::Read::Queues))
        .await
        .expect_err("nothing was read");
    assert_eq!(fault.message, "jobs: the answer lacks the queue's counts");
}

#[tokio::test]
async fn no_queues_are_an_answer() {
    let server = Canned::start(|_| Answer::json(&json!({})));
    let answer = server.read(Query::Sqs(sqs::Read::Queues)).await;
    assert_eq!(data!(Queues, whole(answer)), []);
}

//! Changes through Application Auto Scaling, SNS and Systems Manager, as they are sent.

use std::collections::BTreeMap;

use pretty_assertions::assert_eq;
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::ops::{Mutation, application_auto_scaling, sns, ssm};
use serde_json::json;

use super::fixture::Fixture;
use super::server::{Answer, Server};

fn bounds(resource: &str, max: u32) -> Mutation {
    Mutation::ApplicationAutoScaling(application_auto_scaling::Write::SetBounds {
        resource: resource.to_owned(),
        min: 1,
        max,
    })
}

fn publish(topic: &str) -> Mutation {
    Mutation::Sns(sns::Write::Publish {
        topic: topic.to_owned(),
        subject: "night down".to_owned(),
        message: "2 of 5 hosts were stopped".to_owned(),
        group: "run-7".to_owned(),
    })
}

fn document(name: &str, deliver_within_s: u32) -> Mutation {
    Mutation::Ssm(ssm::Write::RunDocument {
        document: name.to_owned(),
        instance: "i-1".to_owned(),
        parameters: BTreeMap::from([("unit".to_owned(), vec!["worker".to_owned()])]),
        comment: format!("{}run-7", ssm::COMMENT),
        deliver_within_s,
    })
}

#[tokio::test]
async fn bounds_move_and_nothing_else_of_a_target_does() {
    let server = Server::start(|_| Answer::json(&json!({})).with("x-amzn-requestid", "req-1"));
    let fixture = Fixture::new(&server);
    let receipt = fixture.change(bounds("service/main/api", 4)).await.unwrap();
    assert_eq!(receipt.request_id.as_deref(), Some("req-1"));
    fixture
        .change(bounds("endpoint/ranker/variant/main", 2))
        .await
        .unwrap();
    let sent = server.requests("RegisterScalableTarget");
    assert_eq!(
        sent[0].header("x-amz-target"),
        "AnyScaleFrontendService.RegisterScalableTarget"
    );
    // Without a role and without what is suspended: AWS keeps both.
    assert_eq!(
        sent[0].json(),
        json!({
            "ServiceNamespace": "ecs", "ResourceId": "service/main/api",
            "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 1, "MaxCapacity": 4,
        })
    );
    assert_eq!(
        sent[1].json(),
        json!({
            "ServiceNamespace": "sagemaker", "ResourceId": "endpoint/ranker/variant/main",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount", "MinCapacity": 1, "MaxCapacity": 2,
        })
    );
    let fault = fixture
        .change(bounds("service/main/api", u32::MAX))
        .await
        .unwrap_err();
    assert_eq!((fault.kind, server.total()), (FaultKind::Invalid, 2));
}

#[tokio::test]
async fn bounds_of_a_target_that_somebody_else_moves_are_a_conflict() {
    let cases = [
        ("ConcurrentUpdateException", FaultKind::Conflict),
        ("ObjectNotFoundException", FaultKind::NotFound),
        ("ValidationException", FaultKind::Invalid),
        ("LimitExceededException", FaultKind::Other),
    ];
    for (code, kind) in cases {
        let server = Server::start(move |_| Answer::json_error(code, "no"));
        let fixture = Fixture::new(&server);
        let fault = fixture.change(bounds("service/main/api", 4)).await.unwrap_err();
        assert_eq!((fault.kind, fault.code.as_deref()), (kind, Some(code)));
        assert_eq!(server.total(), 1);
    }
}

#[tokio::test]
async fn a_message_is_ordered_and_told_once_only_where_the_topic_can() {
    let server = Server::start(|request| {
        Answer::query(&request.operation(), "<MessageId>m-1</MessageId>").with("x-amzn-requestid", "req-1")
    });
    let fixture = Fixture::new(&server);
    let plain = "arn:aws:sns:ap-northeast-2:123456789012:ops";
    let receipt = fixture.change(publish(plain)).await.unwrap();
    assert_eq!(receipt.created.as_deref(), Some("m-1"));
    fixture.change(publish(&format!("{plain}.fifo"))).await.unwrap();
    let sent = server.requests("Publish");
    let fields = |index: usize| {
        [
            "TopicArn",
            "Subject",
            "Message",
            "MessageGroupId",
            "MessageDeduplicationId",
        ]
        .map(|name| sent[index].form(name))
    };
    let said = |topic: &str, group: Option<&str>, token: Option<&str>| {
        [
            Some(topic),
            Some("night down"),
            Some("2 of 5 hosts were stopped"),
            group,
            token,
        ]
        .map(|field| field.map(str::to_owned))
    };
    assert_eq!(fields(0), said(plain, None, None));
    assert_eq!(
        fields(1),
        said(&format!("{plain}.fifo"), Some("run-7"), Some("token-1"))
    );
}

#[tokio::test]
async fn a_topic_that_is_gone_and_one_that_is_forbidden_are_told_apart() {
    let cases = [
        (404, "NotFound", FaultKind::NotFound),
        (403, "AuthorizationError", FaultKind::AccessDenied),
        (400, "InvalidParameter", FaultKind::Invalid),
    ];
    for (status, code, kind) in cases {
        let server = Server::start(move |_| Answer::query_error(status, code, "no"));
        let fixture = Fixture::new(&server);
        let fault = fixture
            .change(publish("arn:aws:sns:ap-northeast-2:1:ops"))
            .await
            .unwrap_err();
        assert_eq!(fault.kind, kind);
        assert_eq!(server.total(), 1);
    }
}

#[tokio::test]
async fn a_document_runs_on_one_host_with_its_name_on_it() {
    let server = Server::start(|_| Answer::json(&json!({"Command": {"CommandId": "c-1"}})));
    let fixture = Fixture::new(&server);
    let receipt = fixture.change(document("estate-restart", 60)).await.unwrap();
    assert_eq!(receipt.created.as_deref(), Some("c-1"));
    let sent = &server.requests("SendCommand")[0];
    assert_eq!(sent.header("x-amz-target"), "AmazonSSM.SendCommand");
    assert_eq!(
        sent.json(),
        json!({
            "DocumentName": "estate-restart", "InstanceIds": ["i-1"],
            "Parameters": {"unit": ["worker"]}, "Comment": "quarterdeck run-7", "TimeoutSeconds": 60,
        })
    );
}

#[tokio::test]
async fn no_document_but_the_estates_own_is_sent() {
    let server = Server::start(|_| Answer::json(&json!({})));
    let fixture = Fixture::new(&server);
    for name in ["AWS-RunShellScript", "estate-probe"] {
        let fault = fixture.change(document(name, 60)).await.unwrap_err();
        assert_eq!((fault.operation.as_str(), server.total()), ("SendCommand", 0));
    }
}

#[tokio::test]
async fn a_host_that_takes_no_commands_is_named_as_such() {
    let cases = [
        ("InvalidInstanceId", FaultKind::Invalid),
        ("InvalidDocument", FaultKind::Invalid),
        ("ThrottlingException", FaultKind::Throttled),
        ("AccessDeniedException", FaultKind::AccessDenied),
    ];
    for (code, kind) in cases {
        let server = Server::start(move |_| Answer::json_error(code, "Instances not in a valid state"));
        let fixture = Fixture::new(&server);
        let fault = fixture.change(document("estate-restart", 60)).await.unwrap_err();
        assert_eq!((fault.kind, fault.code.as_deref()), (kind, Some(code)));
        assert_eq!(server.total(), 1);
    }
}

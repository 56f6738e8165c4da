//! Each way in which a call fails is its own fault, and how often it was tried is counted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pretty_assertions::assert_eq;
use quarterdeck::cloud::aws::Deadlines;
use quarterdeck::cloud::meter::CallEnd;
use quarterdeck::domain::fault::{CredentialFault, Fault, FaultKind};
use quarterdeck::domain::ops::{Query, ec2, ecs, sts};
use serde_json::json;

use super::fixture::Fixture;
use super::server::{Answer, Server};

fn fleet() -> Query {
    Query::Ecs(ecs::Read::Fleet)
}

async fn fault_of(answer: Answer) -> (Fault, Vec<CallEnd>) {
    let server = Server::start(move |_| answer.clone());
    let fixture = Fixture::hasty(&server);
    let fault = fixture.ask(fleet()).await.expect_err("it fails");
    (fault, fixture.ends("ListClusters"))
}

#[tokio::test]
async fn a_throttle_that_lasts_is_tried_twice_and_no_more() {
    let answer = Answer::json_error("ThrottlingException", "Rate exceeded").with("retry-after", "3");
    let (fault, ends) = fault_of(answer).await;
    assert_eq!(fault.kind, FaultKind::Throttled);
    assert_eq!(fault.code.as_deref(), Some("ThrottlingException"));
    assert_eq!(fault.retry_after, Some(Duration::from_secs(3)));
    assert_eq!(ends, [CallEnd::Throttled, CallEnd::Throttled]);
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    let answer = Answer::json_error("AccessDeniedException", "User: … is not authorized")
        .with("x-amzn-requestid", "req-7");
    let (fault, ends) = fault_of(answer).await;
    assert_eq!(fault.kind, FaultKind::AccessDenied);
    assert_eq!(fault.message, "User: … is not authorized");
    assert_eq!(fault.request_id.as_deref(), Some("req-7"));
    assert_eq!(
        (fault.service.as_str(), fault.operation.as_str()),
        ("ecs", "ListClusters")
    );
    assert_eq!(ends, [CallEnd::Failed]);
}

#[tokio::test]
async fn an_endpoint_that_hangs_is_a_timeout() {
    let (fault, ends) = fault_of(Answer::Hang).await;
    assert_eq!(fault.kind, FaultKind::Timeout);
    assert_eq!(ends, [CallEnd::Failed, CallEnd::Failed]);
}

#[tokio::test]
async fn a_connection_that_breaks_may_have_done_its_work() {
    let (fault, ends) = fault_of(Answer::Drop).await;
    assert_eq!(fault.kind, FaultKind::Timeout);
    assert!(fault.message.starts_with("the connection broke"), "{fault}");
    assert_eq!(ends, [CallEnd::Failed, CallEnd::Failed]);
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_unreachable() {
    let gone = Server::start(|_| Answer::Drop).url();
    let fixture = Fixture::at(&gone, Deadlines::default());
    let fault = fixture.ask(fleet()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unreachable);
    assert!(fault.is_transient());
}

#[tokio::test]
async fn a_web_page_is_no_answer_of_aws() {
    let (fault, _) = fault_of(Answer::page(500)).await;
    assert_eq!(fault.kind, FaultKind::Server);
    let (fault, _) = fault_of(Answer::page(404)).await;
    assert_eq!(fault.kind, FaultKind::Unsupported);
    let (fault, _) = fault_of(Answer::page(503)).await;
    assert_eq!(fault.kind, FaultKind::Unreachable);
}

#[tokio::test]
async fn a_failure_of_aws_is_tried_again() {
    let failed = AtomicUsize::new(0);
    let server = Server::start(move |_| {
        if failed.fetch_add(1, Ordering::SeqCst) == 0 {
            Answer::Reply {
                status: 500,
                content_type: "application/x-amz-json-1.1",
                headers: Vec::new(),
                body: json!({"__type": "ServerException"}).to_string(),
            }
        } else {
            Answer::json(&json!({"clusterArns": []}))
        }
    });
    let fixture = Fixture::new(&server);
    fixture.ask(fleet()).await.unwrap();
    assert_eq!(fixture.ends("ListClusters"), [CallEnd::Failed, CallEnd::Answered]);
}

#[tokio::test]
async fn an_ended_session_is_said_in_every_protocol() {
    let ended = FaultKind::Credentials(CredentialFault::SessionExpired);
    let answer = Answer::json_error(
        "ExpiredTokenException",
        "The security token included in the request is expired",
    );
    let (fault, ends) = fault_of(answer).await;
    assert_eq!((fault.kind, ends.len()), (ended.clone(), 1));

    let server = Server::start(|_| {
        Answer::query_error(403, "ExpiredToken", "it is expired").with("x-amzn-requestid", "req-9")
    });
    let fixture = Fixture::new(&server);
    let fault = fixture
        .ask(Query::Sts(sts::Read::CallerIdentity))
        .await
        .unwrap_err();
    assert_eq!(fault.kind, ended);
    assert_eq!(fault.request_id.as_deref(), Some("req-9"));

    let server = Server::start(|_| {
        Answer::xml(
            400,
            "<Response><Errors><Error><Code>RequestExpired</Code><Message>it is</Message></Error></Errors></Response>"
                .to_owned(),
        )
    });
    let fixture = Fixture::new(&server);
    let fault = fixture.ask(Query::Ec2(ec2::Read::Instances)).await.unwrap_err();
    assert_eq!(fault.kind, ended);
}

//! Changes of Lambda functions, as they are sent.

use pretty_assertions::assert_eq;
use quarterdeck::domain::fault::{Fault, FaultKind};
use quarterdeck::domain::function::Routing;
use quarterdeck::domain::ids::Tag;
use quarterdeck::domain::ops::{Mutation, Receipt, lambda};
use serde_json::{Value, json};

use super::fixture::Fixture;
use super::server::{Answer, Request, Server};

const ARN: &str = "arn:aws:lambda:ap-northeast-2:123456789012:function:resize";

/// How the ARN looks in a path.
const ESCAPED: &str = "arn%3Aaws%3Alambda%3Aap-northeast-2%3A123456789012%3Afunction%3Aresize";

/// Leads the alias from a version with a tenth of the calls to another, to the other alone.
fn promote() -> Mutation {
    let mut from = Routing::to("6");
    from.weights.insert("7".to_owned(), 0.1);
    Mutation::Lambda(lambda::Write::RouteAlias {
        function: "resize".to_owned(),
        alias: "live".to_owned(),
        from,
        to: Routing::to("7"),
    })
}

/// The alias as Lambda tells of it.
fn alias(version: &str, weights: &Value) -> Value {
    json!({
        "Name": "live", "FunctionVersion": version, "RevisionId": "rev-3",
        "RoutingConfig": {"AdditionalVersionWeights": weights},
    })
}

/// What is sent for a change that is answered well.
async fn sent(change: lambda::Write) -> (Request, Receipt) {
    let server = Server::start(|_| Answer::json(&json!({})).with("x-amzn-requestid", "req-1"));
    let fixture = Fixture::new(&server);
    let receipt = fixture.change(Mutation::Lambda(change)).await.unwrap();
    assert_eq!(server.total(), 1);
    (server.all().remove(0), receipt)
}

/// What a change fails with that is refused.
async fn refused(change: Mutation, status: u16, code: &'static str) -> Fault {
    let server = Server::start(move |_| Answer::json_failure(status, code, "no"));
    let fixture = Fixture::new(&server);
    let fault = fixture.change(change).await.unwrap_err();
    assert_eq!(server.total(), 1);
    fault
}

#[tokio::test]
async fn an_alias_moves_at_the_revision_that_was_read() {
    let server = Server::start(|request| {
        let body = if request.line().starts_with("GET") {
            alias("6", &json!({"7": 0.1}))
        } else {
            json!({})
        };
        Answer::json(&body).with("x-amzn-requestid", "req-1")
    });
    let fixture = Fixture::new(&server);
    let receipt = fixture.change(promote()).await.unwrap();
    assert_eq!(receipt.request_id.as_deref(), Some("req-1"));
    let asked = server.all();
    let lines: Vec<String> = asked.iter().map(Request::line).collect();
    let path = "/2015-03-31/functions/resize/aliases/live";
    assert_eq!(lines, [format!("GET {path}"), format!("PUT {path}")]);
    // Empty weights take those away that are there.
    assert_eq!(
        asked[1].json(),
        json!({
            "FunctionVersion": "7", "RevisionId": "rev-3",
            "RoutingConfig": {"AdditionalVersionWeights": {}},
        })
    );
}

#[tokio::test]
async fn an_alias_that_leads_elsewhere_by_now_is_left_alone() {
    for known in [alias("5", &json!({})), alias("6", &json!({"7": 0.5}))] {
        let server = Server::start(move |_| Answer::json(&known));
        let fixture = Fixture::new(&server);
        let fault = fixture.change(promote()).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Conflict, "{fault:?}");
        assert!(
            server.all().iter().all(|asked| asked.line().starts_with("GET")),
            "{:?}",
            server.all()
        );
    }
}

#[tokio::test]
async fn an_alias_that_moved_between_the_look_and_the_change_is_a_conflict() {
    let server = Server::start(|request| {
        if request.line().starts_with("GET") {
            Answer::json(&alias("6", &json!({"7": 0.1})))
        } else {
            Answer::json_failure(
                412,
                "PreconditionFailedException",
                "The RevisionId provided is old",
            )
        }
    });
    let fixture = Fixture::new(&server);
    let fault = fixture.change(promote()).await.unwrap_err();
    assert_eq!(
        (fault.kind, fault.operation.as_str()),
        (FaultKind::Conflict, "UpdateAlias")
    );
    assert_eq!(server.total(), 2);
}

#[tokio::test]
async fn an_alias_that_is_not_there_is_said_to_be_so() {
    let fault = refused(promote(), 404, "ResourceNotFoundException").await;
    assert_eq!(
        (fault.kind, fault.operation.as_str()),
        (FaultKind::NotFound, "GetAlias")
    );
}

#[tokio::test]
async fn concurrency_is_reserved_and_given_back() {
    let function = || "resize".to_owned();
    let (put, receipt) = sent(lambda::Write::PutConcurrency {
        function: function(),
        reserved: 0,
    })
    .await;
    let path = "/2017-10-31/functions/resize/concurrency";
    assert_eq!(put.line(), format!("PUT {path}"));
    // 0 is a number here, not the absence of one.
    assert_eq!(put.json(), json!({"ReservedConcurrentExecutions": 0}));
    assert_eq!(receipt.request_id.as_deref(), Some("req-1"));
    let (delete, _) = sent(lambda::Write::DeleteConcurrency { function: function() }).await;
    assert_eq!(delete.line(), format!("DELETE {path}"));
    assert_eq!(delete.json(), Value::Null);
}

#[tokio::test]
async fn tags_are_set_and_taken_away_by_the_functions_arn() {
    let (put, _) = sent(lambda::Write::PutTags {
        function: ARN.to_owned(),
        tags: vec![Tag {
            key: "qd:throttled".to_owned(),
            value: "20".to_owned(),
        }],
    })
    .await;
    assert_eq!(put.line(), format!("POST /2017-03-31/tags/{ESCAPED}"));
    assert_eq!(put.json(), json!({"Tags": {"qd:throttled": "20"}}));
    let (delete, _) = sent(lambda::Write::DeleteTags {
        function: ARN.to_owned(),
        keys: vec!["qd:throttled".to_owned(), "qd:by".to_owned()],
    })
    .await;
    assert_eq!(
        delete.line(),
        format!("DELETE /2017-03-31/tags/{ESCAPED}?tagKeys=qd%3Athrottled&tagKeys=qd%3Aby")
    );
}

#[tokio::test]
async fn what_lambda_refuses_is_told_apart() {
    let change = |reserved| {
        Mutation::Lambda(lambda::Write::PutConcurrency {
            function: "resize".to_owned(),
            reserved,
        })
    };
    let tags = Mutation::Lambda(lambda::Write::DeleteTags {
        function: ARN.to_owned(),
        keys: vec!["a".to_owned()],
    });
    let give_back = Mutation::Lambda(lambda::Write::DeleteConcurrency {
        function: "resize".to_owned(),
    });
    let cases = [
        (
            change(900),
            400,
            "InvalidParameterValueException",
            FaultKind::Invalid,
        ),
        (change(1), 404, "ResourceNotFoundException", FaultKind::NotFound),
        (give_back, 409, "ResourceConflictException", FaultKind::Conflict),
        (tags, 429, "TooManyRequestsException", FaultKind::Throttled),
    ];
    for (change, status, code, kind) in cases {
        let fault = refused(change, status, code).await;
        assert_eq!((fault.kind, fault.code.as_deref()), (kind, Some(code)));
    }
    // Refused before anything is sent.
    let server = Server::start(|_| Answer::json(&json!({})));
    let fault = Fixture::new(&server).change(change(u32::MAX)).await.unwrap_err();
    assert_eq!((fault.kind, server.total()), (FaultKind::Invalid, 0));
}

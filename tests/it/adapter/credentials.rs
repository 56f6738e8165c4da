//! Credentials as they fail in life, and how they come back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pretty_assertions::assert_eq;
use quarterdeck::cloud::{Cloud, Host};
use quarterdeck::domain::fault::{CredentialFault, Fault, FaultKind};
use quarterdeck::domain::ops::{Query, Reply, ReplyData, ecs, sts};
use quarterdeck::domain::scope::{AssumeRole, Scope};
use serde_json::json;

use super::fixture::{Fixture, scope, scope_in};
use super::server::{Answer, Request, Server};

const SERIAL: &str = "arn:aws:iam::123456789012:mfa/alice";

/// Longer than a failure to load stands, and than a reload is put off.
const A_WHILE: Duration = Duration::from_secs(3);

fn clusters() -> Query {
    Query::Ecs(ecs::Read::Fleet)
}

fn no_clusters() -> Answer {
    Answer::json(&json!({"clusterArns": []}))
}

fn session(operation: &str) -> Answer {
    Answer::query(
        operation,
        "<Credentials><AccessKeyId>AKIDSESSION</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
         <SessionToken>session-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>",
    )
}

/// A server whose STS takes the code 123456, and nothing from others than the key of the profile.
fn start() -> Server {
    Server::start(|request| match request.operation().as_str() {
        "AssumeRole" | "GetSessionToken" => sts_answer(request),
        "GetCallerIdentity" => Answer::query(
            "GetCallerIdentity",
            "<Arn>arn:aws:sts::123456789012:assumed-role/ops/me</Arn><Account>123456789012</Account>",
        ),
        _ => no_clusters(),
    })
}

fn sts_answer(request: &Request) -> Answer {
    let wrong =
        request.form("SerialNumber").is_some() && request.form("TokenCode").as_deref() != Some("123456");
    if wrong {
        return Answer::query_error(
            403,
            "AccessDenied",
            "MultiFactorAuthentication failed with invalid MFA one time pass code.",
        );
    }
    session(&request.operation())
}

fn credential_fault(result: Result<Reply, Fault>) -> CredentialFault {
    match result.unwrap_err().kind {
        FaultKind::Credentials(fault) => fault,
        kind => panic!("not a credential fault: {kind:?}"),
    }
}

#[tokio::test]
async fn a_profile_that_is_not_there_is_said_without_a_call() {
    let server = start();
    let fixture = Fixture::new(&server);
    let fault = fixture.aws.read(&scope("nobody"), &clusters()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Credentials(CredentialFault::NoSuchProfile));
    assert_eq!(
        (fault.service.as_str(), fault.operation.as_str()),
        ("ecs", "ListClusters")
    );
    assert_eq!(server.total(), 0);
    assert_eq!(fixture.calls(), []);
}

#[tokio::test]
async fn a_session_without_a_login_is_said_without_a_call() {
    let server = start();
    let fixture = Fixture::new(&server);
    fixture.configure(
        "[profile corp]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = ops\n\
         [sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://127.0.0.1/no-such-login-anywhere\n",
    );
    let result = fixture.aws.read(&scope("corp"), &clusters()).await;
    assert_eq!(credential_fault(result), CredentialFault::SsoExpired);
    assert_eq!(server.total(), 0);
}

#[tokio::test]
async fn a_role_is_assumed_once_for_all_its_regions() {
    let server = start();
    let fixture = Fixture::new(&server);
    for region in ["ap-northeast-2", "us-east-1"] {
        fixture
            .aws
            .read(&scope_in("role", region), &clusters())
            .await
            .unwrap();
    }
    let assumed = server.requests("AssumeRole");
    assert_eq!(assumed.len(), 1);
    assert_eq!(
        assumed[0].form("RoleArn").as_deref(),
        Some("arn:aws:iam::123456789012:role/ops")
    );
    assert_eq!(assumed[0].form("ExternalId").as_deref(), Some("corp"));
    assert_eq!(assumed[0].access_key(), "AKIDTEST");
    for request in server.requests("ListClusters") {
        assert_eq!(request.access_key(), "AKIDSESSION");
        assert_eq!(request.header("x-amz-security-token"), "session-token");
    }
    // STS is a call too.
    assert_eq!(fixture.ends("AssumeRole").len(), 1);
}

#[tokio::test]
async fn the_end_of_a_session_is_known() {
    let server = start();
    let fixture = Fixture::new(&server);
    let query = Query::Sts(sts::Read::CallerIdentity);
    let reply = fixture.aws.read(&scope("role"), &query).await.unwrap();
    let ReplyData::Identity(identity) = reply.data else {
        panic!("not an identity");
    };
    assert_eq!(
        identity.credentials_expire_at,
        Some("2099-01-01T00:00:00Z".parse().unwrap())
    );
}

#[tokio::test]
async fn an_estates_role_is_assumed_on_top_of_the_profile() {
    let server = start();
    let fixture = Fixture::new(&server);
    let scope = Scope {
        role: Some(AssumeRole {
            role_arn: "arn:aws:iam::210987654321:role/estate".to_owned(),
            external_id: Some("estate".to_owned()),
            mfa_serial: None,
        }),
        ..scope("role")
    };
    fixture.aws.read(&scope, &clusters()).await.unwrap();
    let arns: Vec<_> = server
        .requests("AssumeRole")
        .iter()
        .filter_map(|request| request.form("RoleArn"))
        .collect();
    assert_eq!(
        arns,
        [
            "arn:aws:iam::123456789012:role/ops",
            "arn:aws:iam::210987654321:role/estate"
        ]
    );
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed() {
    let server = Server::start(|_| Answer::query_error(403, "AccessDenied", "not authorized to assume"));
    let fixture = Fixture::new(&server);
    // Everybody who asks at the same time gets the same answer from one call.
    let (seoul, virginia) = (scope("role"), scope_in("role", "us-east-1"));
    let query = clusters();
    let (one, other) = tokio::join!(
        fixture.aws.read(&seoul, &query),
        fixture.aws.read(&virginia, &query)
    );
    assert_eq!(credential_fault(one), CredentialFault::RoleDenied);
    assert_eq!(credential_fault(other), CredentialFault::RoleDenied);
    assert_eq!(server.count("AssumeRole"), 1);
}

#[tokio::test]
async fn a_code_is_asked_for_and_serves_every_region() {
    let server = start();
    let fixture = Fixture::new(&server);
    let wants = CredentialFault::MfaRequired {
        serial: SERIAL.to_owned(),
    };
    let seoul = scope("device");
    let virginia = scope_in("device", "us-east-1");
    let result = fixture.aws.read(&seoul, &clusters()).await;
    assert_eq!(credential_fault(result), wants);
    assert_eq!(server.total(), 0);

    // A wrong code is asked for again.
    fixture.aws.supply_mfa_code(&seoul, "000000");
    let result = fixture.aws.read(&seoul, &clusters()).await;
    assert_eq!(credential_fault(result), wants);

    fixture.aws.supply_mfa_code(&virginia, " 123456 ");
    fixture.aws.read(&seoul, &clusters()).await.unwrap();
    fixture.aws.read(&virginia, &clusters()).await.unwrap();
    let codes: Vec<_> = server
        .requests("AssumeRole")
        .iter()
        .map(|request| (request.form("SerialNumber"), request.form("TokenCode")))
        .collect();
    let code = |code: &str| (Some(SERIAL.to_owned()), Some(code.to_owned()));
    assert_eq!(codes, [code("000000"), code("123456")]);
}

#[tokio::test]
async fn keys_with_a_device_open_a_session_of_their_own() {
    let server = start();
    let fixture = Fixture::new(&server);
    fixture.configure(&format!(
        "[profile keys]\naws_access_key_id = AKIDTEST\naws_secret_access_key = s\nmfa_serial = {SERIAL}\n"
    ));
    let scope = scope("keys");
    let result = fixture.aws.read(&scope, &clusters()).await;
    assert!(matches!(
        credential_fault(result),
        CredentialFault::MfaRequired { .. }
    ));
    fixture.aws.supply_mfa_code(&scope, "123456");
    fixture.aws.read(&scope, &clusters()).await.unwrap();
    assert_eq!(server.count("GetSessionToken"), 1);
    assert_eq!(server.requests("ListClusters")[0].access_key(), "AKIDSESSION");
}

#[tokio::test]
async fn new_credentials_are_found_after_old_ones_were_refused() {
    let server = Server::start(|request| {
        if request.access_key() == "AKIDNEW" {
            no_clusters()
        } else {
            Answer::json_error("ExpiredTokenException", "the token is expired")
        }
    });
    let fixture = Fixture::new(&server);
    let result = fixture.ask(clusters()).await;
    assert_eq!(credential_fault(result), CredentialFault::SessionExpired);
    // Somebody logs in again, elsewhere.
    fixture.configure("[profile test]\naws_access_key_id = AKIDNEW\naws_secret_access_key = s\n");
    fixture.host.sleep(A_WHILE).await;
    fixture.ask(clusters()).await.unwrap();
}

#[tokio::test]
async fn forgetting_reads_the_files_anew_at_once() {
    let server = start();
    let fixture = Fixture::new(&server);
    fixture.ask(clusters()).await.unwrap();
    fixture.configure("[profile test]\naws_access_key_id = AKIDNEW\naws_secret_access_key = s\n");
    fixture.ask(clusters()).await.unwrap();
    fixture.aws.forget(&scope("test"));
    fixture.ask(clusters()).await.unwrap();
    let keys: Vec<_> = server
        .requests("ListClusters")
        .iter()
        .map(Request::access_key)
        .collect();
    assert_eq!(keys, ["AKIDTEST", "AKIDTEST", "AKIDNEW"]);
}

#[tokio::test]
async fn sessions_are_renewed_before_they_end() {
    let sessions = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        if request.operation() != "AssumeRole" {
            return no_clusters();
        }
        let number = sessions.fetch_add(1, Ordering::SeqCst);
        // The first one has ended before it is used.
        let end = if number == 0 {
            "2020-01-01T00:00:00Z"
        } else {
            "2099-01-01T00:00:00Z"
        };
        Answer::query(
            "AssumeRole",
            &format!(
                "<Credentials><AccessKeyId>AKID{number}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                 <SessionToken>t</SessionToken><Expiration>{end}</Expiration></Credentials>"
            ),
        )
    });
    let fixture = Fixture::new(&server);
    fixture.aws.read(&scope("role"), &clusters()).await.unwrap();
    fixture.host.sleep(A_WHILE).await;
    fixture.aws.read(&scope("role"), &clusters()).await.unwrap();
    let last = server.requests("ListClusters").pop().unwrap();
    assert_eq!(last.access_key(), "AKID1");
}

//! Who the credentials are, and whose clock is right.

use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::domain::fault::{CredentialFault, FaultKind};
use quarterdeck::domain::ops::{Query, ReplyData, sts};
use quarterdeck::domain::scope::Identity;

use super::fixture::{Fixture, scope};
use super::server::{Answer, Server};

const WHO: Query = Query::Sts(sts::Read::CallerIdentity);

fn start() -> Server {
    Server::start(|_| {
        Answer::query(
            "GetCallerIdentity",
            "<Arn>arn:aws:iam::123456789012:user/ops</Arn><UserId>U</UserId><Account>123456789012</Account>",
        )
        .with("date", "Sat, 21 Nov 2026 02:00:00 GMT")
    })
}

#[tokio::test]
async fn the_identity_comes_with_awss_clock() {
    let server = start();
    let fixture = Fixture::new(&server);
    let reply = fixture.ask(WHO).await.unwrap();
    assert_eq!(
        reply.data,
        ReplyData::Identity(Identity {
            account: "123456789012".to_owned(),
            arn: "arn:aws:iam::123456789012:user/ops".to_owned(),
            credentials_expire_at: None,
            server_time: Some("2026-11-21T02:00:00Z".parse().unwrap()),
        })
    );
}

#[tokio::test]
async fn another_account_than_the_estates_is_refused() {
    let server = start();
    let fixture = Fixture::new(&server);
    let mut scope = scope("test");
    scope.expected_account = Some("210987654321".to_owned());
    let fault = fixture.aws.read(&scope, &WHO).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Credentials(CredentialFault::WrongAccount));
    assert_eq!(fault.message, "the account is 123456789012, not 210987654321");
    scope.expected_account = Some("123456789012".to_owned());
    assert!(fixture.aws.read(&scope, &WHO).await.is_ok());
}

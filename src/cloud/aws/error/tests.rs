use std::fmt;

use aws_sdk_ecs::operation::list_clusters::ListClustersError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;
use pretty_assertions::assert_eq;

use super::*;

const LIST: Operation = Operation::new("ecs", "ListClusters");

type Failure = SdkError<ListClustersError, HttpResponse>;

fn now() -> Timestamp {
    "2026-11-21T02:00:00Z".parse().unwrap()
}

fn response(status: u16, headers: &[(&'static str, &'static str)], body: &'static [u8]) -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
    for (name, value) in headers {
        response.headers_mut().insert(*name, *value);
    }
    response
}

/// A service's error as the SDK has parsed it.
fn service(status: u16, code: &str, message: &str, headers: &[(&'static str, &'static str)]) -> Failure {
    let meta = ErrorMetadata::builder().code(code).message(message).build();
    SdkError::service_error(ListClustersError::generic(meta), response(status, headers, b""))
}

fn kind(status: u16, code: &str, message: &str) -> FaultKind {
    fault(LIST, &service(status, code, message, &[]), now()).kind
}

#[test]
fn codes_of_every_protocol_mean_what_they_say() {
    use CredentialFault::{ClockSkew, Rejected, SessionExpired};
    use FaultKind::{
        AccessDenied, Conflict, Credentials, Invalid, NoData, NotFound, Other, Server, Throttled, Unsupported,
    };
    let cases = [
        (400, "Throttling", "Rate exceeded", Throttled),
        (400, "ThrottlingException", "Rate exceeded", Throttled),
        (503, "RequestLimitExceeded", "", Throttled),
        (400, "APICallRateForCustomerExceeded", "", Throttled),
        (500, "ResourceContention", "", Throttled),
        // A quota is not a throttle, though the SDK takes it for one.
        (400, "LimitExceededException", "too many sessions", Other),
        (400, "InstanceQuotaExceeded", "", Other),
        (400, "ScalingActivityInProgress", "", Conflict),
        (
            412,
            "PreconditionFailedException",
            "The RevisionId provided is old",
            Conflict,
        ),
        (412, "PreconditionFailed", "", Conflict),
        (400, "ConcurrentUpdateException", "", Conflict),
        (400, "ConcurrentModificationException", "", Conflict),
        (
            400,
            "ConcurrentPipelineExecutionsLimitExceededException",
            "",
            Other,
        ),
        (403, "ExpiredToken", "", Credentials(SessionExpired)),
        (400, "ExpiredTokenException", "", Credentials(SessionExpired)),
        (400, "RequestExpired", "", Credentials(SessionExpired)),
        (403, "InvalidClientTokenId", "", Credentials(Rejected)),
        (400, "UnrecognizedClientException", "", Credentials(Rejected)),
        (401, "AuthFailure", "", Credentials(Rejected)),
        (403, "SignatureDoesNotMatch", "", Credentials(Rejected)),
        (
            403,
            "SignatureDoesNotMatch",
            "Signature expired: 20261121T010000Z is now earlier than …",
            Credentials(ClockSkew),
        ),
        (
            403,
            "InvalidSignatureException",
            "Signature not yet current: …",
            Credentials(ClockSkew),
        ),
        (403, "AccessDenied", "", AccessDenied),
        (400, "AccessDeniedException", "", AccessDenied),
        (403, "UnauthorizedOperation", "", AccessDenied),
        (403, "AuthorizationError", "", AccessDenied),
        (400, "ClusterNotFoundException", "", NotFound),
        (400, "InvalidInstanceID.NotFound", "", NotFound),
        (400, "AWS.SimpleQueueService.NonExistentQueue", "", NotFound),
        (
            400,
            "ValidationError",
            "AutoScalingGroup name not found - null",
            NotFound,
        ),
        (
            400,
            "ClientException",
            "Unable to describe task definition.",
            NotFound,
        ),
        (400, "ValidationError", "1 validation error detected", Invalid),
        (400, "InvalidParameterException", "", Invalid),
        (400, "IncorrectInstanceState", "", Conflict),
        (400, "InvalidDBInstanceState", "", Conflict),
        (400, "DBInstanceAlreadyExists", "", Conflict),
        (400, "UnknownOperationException", "", Unsupported),
        (400, "InvalidAction", "", Unsupported),
        (
            400,
            "DataUnavailableException",
            "Insufficient amount of historical data.",
            NoData,
        ),
        (500, "InternalFailure", "", Server),
        (400, "InternalServerError", "", Server),
        (503, "ServiceUnavailable", "", Server),
    ];
    for (status, code, message, expected) in cases {
        assert_eq!(kind(status, code, message), expected, "{code}: {message}");
    }
}

#[test]
fn a_fault_keeps_what_a_support_case_needs() {
    let headers = [("x-amzn-requestid", "req-1"), ("retry-after", "7")];
    let found = fault(
        LIST,
        &service(400, "ThrottlingException", "Rate exceeded", &headers),
        now(),
    );
    let mut expected = Fault::new(FaultKind::Throttled, "ecs", "ListClusters", "Rate exceeded")
        .with_code("ThrottlingException");
    expected.request_id = Some("req-1".to_owned());
    expected.retry_after = Some(Duration::from_secs(7));
    assert_eq!(found, expected);
}

#[test]
fn a_signature_that_fails_far_from_awss_clock_is_a_wrong_clock() {
    let at = |date: &'static str| {
        fault(
            LIST,
            &service(403, "SignatureDoesNotMatch", "", &[("date", date)]),
            now(),
        )
        .kind
    };
    let skewed = FaultKind::Credentials(CredentialFault::ClockSkew);
    assert_eq!(at("Sat, 21 Nov 2026 03:00:00 GMT"), skewed);
    assert_eq!(at("Sat, 21 Nov 2026 01:00:00 GMT"), skewed);
    let rejected = FaultKind::Credentials(CredentialFault::Rejected);
    assert_eq!(at("Sat, 21 Nov 2026 02:00:30 GMT"), rejected);
    assert_eq!(at("no date"), rejected);
}

#[test]
fn answers_that_no_service_gives() {
    let html = b"<!DOCTYPE HTML>\n<title>404 Not Found</title>".as_slice();
    let cases = [
        (404, html, FaultKind::Unsupported),
        (500, html, FaultKind::Server),
        (501, b"".as_slice(), FaultKind::Unsupported),
        (403, html, FaultKind::Unreachable),
        (407, html, FaultKind::Unreachable),
        (502, html, FaultKind::Unreachable),
        (502, b"bad gateway", FaultKind::Server),
        (404, b"", FaultKind::NotFound),
        (429, b"", FaultKind::Throttled),
        (400, b"what?", FaultKind::Invalid),
        (200, html, FaultKind::Other),
    ];
    for (status, body, expected) in cases {
        let failure: Failure = SdkError::response_error("unparsable", response(status, &[], body));
        let found = fault(LIST, &failure, now());
        assert_eq!(found.kind, expected, "{status} {}", found.message);
        assert!(found.message.contains(&status.to_string()), "{}", found.message);
    }
}

#[test]
fn codes_are_found_on_the_wire_in_every_protocol() {
    type Headers = &'static [(&'static str, &'static str)];
    let cases: [(Headers, &[u8], Option<&str>); 9] = [
        (
            &[],
            br#"{"__type":"com.amazonaws.ecs#ThrottlingException","message":"x"}"#,
            Some("ThrottlingException"),
        ),
        (&[], br#"{"code":"Throttling"}"#, Some("Throttling")),
        (
            &[("x-amzn-errortype", "ThrottledException:http://internal/")],
            b"",
            Some("ThrottledException"),
        ),
        (
            &[("x-amzn-query-error", "Throttling;Sender")],
            br#"{"__type":"other"}"#,
            Some("Throttling"),
        ),
        (
            &[],
            b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>",
            Some("Throttling"),
        ),
        (
            &[],
            b"<?xml version=\"1.0\"?><Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>",
            Some("RequestLimitExceeded"),
        ),
        // A map of one key, `__type`, to a text of ten bytes.
        (&[], b"\xa1\x66__type\x6aThrottling", Some("Throttling")),
        (&[], b"<html><p>Code</p></html>", None),
        (&[], b"", None),
    ];
    for (headers, body, expected) in cases {
        let mut answer = HttpResponse::new(StatusCode::try_from(400).unwrap(), SdkBody::from(body.to_vec()));
        for (name, value) in headers {
            answer
                .headers_mut()
                .insert((*name).to_owned(), (*value).to_owned());
        }
        assert_eq!(wire::error_code(&answer).as_deref(), expected, "{body:?}");
        assert_eq!(is_throttle(&answer), expected.is_some(), "{body:?}");
    }
    let long = [b"\xa1\x66__type\x78\x20".as_slice(), &[b'x'; 32]].concat();
    let answer = HttpResponse::new(StatusCode::try_from(400).unwrap(), SdkBody::from(long));
    assert_eq!(wire::error_code(&answer), Some("x".repeat(32)));
}

#[test]
fn a_success_is_never_a_throttle() {
    assert!(!is_throttle(&response(200, &[], br#"{"code":"Throttling"}"#)));
    assert!(is_throttle(&response(429, &[], b"")));
}

/// An error with words and another one behind it.
#[derive(Debug)]
struct Words(&'static str, Option<Box<Words>>);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Words {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|inner| inner as _)
    }
}

#[test]
fn failing_credentials_are_told_apart_by_their_words() {
    use CredentialFault::{Missing, NoSuchProfile, Rejected, RoleDenied, SessionExpired, SsoExpired};
    let provider = |words| CredentialsError::provider_error(Words(words, None));
    let cases = [
        (
            provider("the SSO token has expired and cannot be refreshed"),
            SsoExpired,
        ),
        (provider("failed to load the cached SSO token"), SsoExpired),
        (
            provider("failed to read `/home/a/.aws/sso/cache/1f.json`: No such file"),
            SsoExpired,
        ),
        (
            provider("UnauthorizedException: Session token not found or invalid"),
            SsoExpired,
        ),
        (provider("cached Login token is expired"), SessionExpired),
        (provider("service error: ExpiredToken: it has"), SessionExpired),
        (
            provider("failed to assume role: AccessDenied: not allowed"),
            RoleDenied,
        ),
        (provider("InvalidClientTokenId: unknown key"), Rejected),
        (provider("external process exited with code 1"), Rejected),
        (provider("failed to load IMDS session token"), Missing),
        (
            CredentialsError::not_loaded("profile `x` was not defined: `x` was missing"),
            NoSuchProfile,
        ),
        (CredentialsError::not_loaded_no_source(), Missing),
        (
            CredentialsError::invalid_configuration("sso-session named `x` was not found"),
            Missing,
        ),
    ];
    for (error, expected) in cases {
        let (kind, message) = credentials(&error);
        assert_eq!(kind, FaultKind::Credentials(expected), "{message}");
    }
}

#[test]
fn an_identity_provider_out_of_reach_is_not_a_missing_login() {
    let refused = Words("client error (Connect)", None);
    let dispatch = Words("dispatch failure", Some(Box::new(refused)));
    let (kind, message) = credentials(&CredentialsError::provider_error(dispatch));
    assert_eq!(kind, FaultKind::Unreachable);
    assert!(message.contains("client error (Connect)"), "{message}");
}

#[test]
fn what_failed_before_an_answer() {
    let dispatched = |error: ConnectorError| fault(LIST, &Failure::dispatch_failure(error), now());
    let refused = Words(
        "client error (Connect)",
        Some(Box::new(Words("connection refused", None))),
    );
    let refused = dispatched(ConnectorError::io(Box::new(refused)));
    assert_eq!(refused.kind, FaultKind::Unreachable);
    assert!(refused.message.contains("connection refused"), "{refused}");
    // The request was on its way: a change may have happened.
    let reset = Words("client error (SendRequest)", None);
    let reset = dispatched(ConnectorError::io(Box::new(reset)));
    assert_eq!(reset.kind, FaultKind::Timeout);
    // What our own credentials fail with comes through as it is.
    let wants = Fault::new(
        FaultKind::Credentials(CredentialFault::MfaRequired {
            serial: "arn:mfa".to_owned(),
        }),
        "sts",
        "",
        "the role wants a code",
    );
    let wrapped = CredentialsError::provider_error(wants.clone());
    let found = dispatched(ConnectorError::other(Box::new(wrapped), None));
    assert_eq!(found, at(LIST, wants));
    let timeout = fault(LIST, &Failure::timeout_error("5 s"), now());
    assert_eq!(timeout, Fault::timeout("ecs", "ListClusters"));
}

#[test]
fn what_the_guard_refuses_is_read_only() {
    let refused = fault(LIST, &Failure::construction_failure(Refused::ReadOnly), now());
    assert_eq!(refused.kind, FaultKind::ReadOnly);
    let unfit = fault(LIST, &Failure::construction_failure("a field is missing"), now());
    assert_eq!(unfit.kind, FaultKind::Invalid);
    assert!(unfit.message.contains("a field is missing"), "{unfit}");
}

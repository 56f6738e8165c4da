//! From the SDK's errors to faults: the one place that knows what AWS's error codes mean.

mod codes;
mod wire;

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use jiff::Timestamp;

use crate::cloud::aws::convert;
use crate::cloud::aws::guard::Refused;
use crate::domain::fault::{CredentialFault, Fault, FaultKind};
use crate::domain::ops::Operation;

pub(super) use wire::is_throttle;

/// Beyond this, AWS refuses signatures: 5 minutes, less what a clock drifts meanwhile.
const SKEW: Duration = Duration::from_mins(4);

/// What a failed call means. `now` is this machine's clock, to tell a wrong clock by.
pub(super) fn fault<E>(operation: Operation, error: &SdkError<E, HttpResponse>, now: Timestamp) -> Fault
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let mut fault = match error {
        SdkError::ServiceError(failure) => {
            let meta = failure.err().meta();
            answered(operation, failure.raw(), meta.code(), meta.message(), now)
        }
        SdkError::ResponseError(failure) => answered(operation, failure.raw(), None, None, now),
        SdkError::TimeoutError(_) => Fault::timeout(operation.service, operation.name),
        SdkError::DispatchFailure(failure) => dispatch(operation, failure),
        // The enum is open: construction failures, and what later versions of the SDK add.
        _ => local(operation, error),
    };
    fault.request_id = error.request_id().map(str::to_owned);
    fault
}

/// A fault of another call, such as one for credentials, as the fault of this one.
pub(super) fn at(operation: Operation, fault: Fault) -> Fault {
    Fault {
        service: operation.service.to_owned(),
        operation: operation.name.to_owned(),
        ..fault
    }
}

/// AWS answered with an error, or with something that is none of its own.
fn answered(
    operation: Operation,
    response: &HttpResponse,
    code: Option<&str>,
    message: Option<&str>,
    now: Timestamp,
) -> Fault {
    let status = response.status().as_u16();
    let on_wire = wire::error_code(response);
    let code = code.or(on_wire.as_deref());
    let (kind, message) = match code {
        Some(code) => {
            let message = message.unwrap_or_default();
            let skewed = server_time(response).is_some_and(|theirs| apart(theirs, now) > SKEW);
            let verdict = codes::Answer {
                code,
                message,
                status,
                skewed,
            };
            (verdict.kind(), message.to_owned())
        }
        None => foreign(status, wire::is_html(response)),
    };
    let mut fault = Fault::new(kind, operation.service, operation.name, message);
    fault.code = code.map(str::to_owned);
    fault.retry_after = retry_after(response);
    fault
}

/// An answer that no AWS service gives: of a proxy, a load balancer, or an endpoint that lacks
/// the operation. Behind a 500 a change may have been made, whoever wrote the page.
fn foreign(status: u16, html: bool) -> (FaultKind, String) {
    let kind = match status {
        403 | 407 | 502..=504 if html => FaultKind::Unreachable,
        404 | 405 if html => FaultKind::Unsupported,
        501 => FaultKind::Unsupported,
        404 => FaultKind::NotFound,
        429 => FaultKind::Throttled,
        500.. => FaultKind::Server,
        400..500 => FaultKind::Invalid,
        _ => FaultKind::Other,
    };
    let what = if html {
        "a web page"
    } else {
        "an answer that is not AWS's"
    };
    (kind, format!("HTTP {status} with {what}"))
}

/// No answer came: no credentials, no connection, or a connection that broke.
fn dispatch(operation: Operation, failure: &DispatchFailure) -> Fault {
    let root = failure
        .as_connector_error()
        .map(|error| error as &(dyn Error + 'static));
    let chain = chain(root);
    // Our own credentials fail with a fault.
    if let Some(fault) = chain.iter().find_map(|error| error.downcast_ref::<Fault>()) {
        return at(operation, fault.clone());
    }
    if let Some(error) = chain
        .iter()
        .find_map(|error| error.downcast_ref::<CredentialsError>())
    {
        let (kind, message) = credentials(error);
        return Fault::new(kind, operation.service, operation.name, message);
    }
    let message = words(&chain);
    // Before a connection stands nothing can have happened; after that, it can.
    let connecting = failure.is_timeout()
        || chain
            .iter()
            .any(|error| error.to_string() == "client error (Connect)");
    let kind = if connecting || failure.is_user() {
        FaultKind::Unreachable
    } else {
        FaultKind::Timeout
    };
    let message = match kind {
        FaultKind::Timeout => format!("the connection broke before an answer came: {message}"),
        _ => message,
    };
    Fault::new(kind, operation.service, operation.name, message)
}

/// The call was not sent.
fn local<E>(operation: Operation, error: &SdkError<E, HttpResponse>) -> Fault
where
    E: Error + 'static,
{
    let root = error as &(dyn Error + 'static);
    let chain = chain(Some(root));
    let refused = chain.iter().find_map(|error| error.downcast_ref::<Refused>());
    let (kind, message) = match refused {
        Some(refused) => (FaultKind::ReadOnly, refused.to_string()),
        None => (FaultKind::Invalid, words(&chain)),
    };
    Fault::new(kind, operation.service, operation.name, message)
}

/// What failing credentials mean: by the error's kind, and where that says nothing by its words.
pub(super) fn credentials(error: &CredentialsError) -> (FaultKind, String) {
    let root = error as &(dyn Error + 'static);
    let chain = chain(Some(root));
    let message = words(&chain);
    // The chain's error lists every provider on a line of its own.
    let message = message
        .split(". Attempted:")
        .next()
        .unwrap_or(&message)
        .to_owned();
    let transport = chain.iter().any(|error| {
        let text = error.to_string();
        text == "client error (Connect)" || text == "dispatch failure" || text == "request has timed out"
    });
    let fault = codes::credential_words(&message).unwrap_or(match error {
        CredentialsError::ProviderError(_) if transport => return (FaultKind::Unreachable, message),
        CredentialsError::ProviderError(_) | CredentialsError::Unhandled(_) => CredentialFault::Rejected,
        _ => CredentialFault::Missing,
    });
    (FaultKind::Credentials(fault), message)
}

/// An error and those behind it.
fn chain<'a>(root: Option<&'a (dyn Error + 'static)>) -> Vec<&'a (dyn Error + 'static)> {
    std::iter::successors(root, |&error| error.source()).collect()
}

/// The words of an error and of those behind it, each once.
fn words(chain: &[&(dyn Error + 'static)]) -> String {
    let mut said: Vec<String> = Vec::new();
    for error in chain {
        let text = error.to_string();
        if !text.is_empty() && !said.iter().any(|before| before.contains(&text)) {
            said.push(text);
        }
    }
    said.join(": ")
}

fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.duration_since(other).unsigned_abs()
}

/// The `Date` header.
pub(super) fn server_time(response: &HttpResponse) -> Option<Timestamp> {
    let date = response.headers().get("date")?;
    convert::timestamp(&DateTime::from_str(date, Format::HttpDate).ok()?)
}

/// How long AWS asks to wait, in seconds or in its own milliseconds.
fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let number = |name| response.headers().get(name)?.trim().parse::<u64>().ok();
    number("x-amz-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
}

#[cfg(test)]
mod tests;

//! Messages to webhooks. An address that is a secret is looked up here, used once, and appears in no
//! message.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;

use crate::cloud::aws::caller::Caller;
use crate::cloud::aws::web;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::http::{Destination, Write};
use crate::domain::ops::{Operation, Receipt, Token};
use crate::domain::web::Address;

/// How long a webhook may take.
const PATIENCE: Duration = Duration::from_secs(10);

const GET_PARAMETER: Operation = Operation::new("ssm", "GetParameter");

/// Posts a message, once.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let Write::Post { to, body } = change;
    let operation = change.operation();
    let invalid = |message: &str| Fault::new(FaultKind::Invalid, operation.service, operation.name, message);
    let url = address(caller, to).await?;
    let address = Address::parse(&url)
        .ok()
        .filter(Address::may_be_told)
        .ok_or_else(|| invalid("the webhook's address is none that may be told: https, or this machine"))?;
    let mut request = HttpRequest::new(SdkBody::from(body.as_str()));
    let prepared = request.set_method("POST").is_ok() && request.set_uri(address.as_str()).is_ok();
    if !prepared {
        return Err(invalid("the webhook's address cannot be asked"));
    }
    request.headers_mut().insert("content-type", "application/json");
    request.headers_mut().insert("user-agent", web::USER_AGENT);
    let answer = web::send(caller, operation, request, PATIENCE).await?;
    let status = answer.status().as_u16();
    let fault = |kind| {
        let message = format!("the webhook answers {status}");
        Err(Fault::new(kind, operation.service, operation.name, message))
    };
    match status {
        200..=299 => Ok(Receipt::default()),
        429 => fault(FaultKind::Throttled),
        401 | 403 => fault(FaultKind::AccessDenied),
        404 | 410 => fault(FaultKind::NotFound),
        500..=599 => fault(FaultKind::Server),
        _ => fault(FaultKind::Invalid),
    }
}

async fn address(caller: &Caller<'_>, to: &Destination) -> Result<String, Fault> {
    let name = match to {
        Destination::Url(url) => return Ok(url.clone()),
        Destination::Environment(name) => {
            return std::env::var(name).map_err(|_| {
                let message = format!("the environment variable {name} is not set");
                Fault::new(FaultKind::NotFound, "http", "Post", message)
            });
        }
        Destination::Ssm(name) => name.clone(),
        // The parameter store reads secrets too, by name.
        // <https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html>
        Destination::SecretsManager(name) => {
            format!("/aws/reference/secretsmanager/{}", secret_name(name))
        }
    };
    let call = caller.ssm().get_parameter().name(name).with_decryption(true);
    let answer = caller.call(GET_PARAMETER, call.send()).await?;
    answer
        .parameter
        .and_then(|parameter| parameter.value)
        .map(|value| value.trim().to_owned())
        .ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                GET_PARAMETER.service,
                GET_PARAMETER.name,
                "the parameter has no value",
            )
        })
}

/// The name of a secret out of its ARN, which ends in a hyphen and six characters of AWS's.
fn secret_name(name: &str) -> &str {
    match name.split_once(":secret:") {
        Some((_, rest)) => rest
            .rsplit_once('-')
            .filter(|(_, tail)| tail.len() == 6)
            .map_or(rest, |(name, _)| name),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_by_its_name_or_its_arn() {
        for (given, name) in [
            ("ops/webhook", "ops/webhook"),
            (
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:ops/web-hook-a1B2c3",
                "ops/web-hook",
            ),
            (
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:ops/webhook",
                "ops/webhook",
            ),
        ] {
            assert_eq!(secret_name(given), name);
        }
    }
}

//! Calls to web services that are not AWS's, over the same certificates and proxy as AWS's own, and
//! with nothing of AWS in them. The connector follows no redirect.

use std::pin::pin;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use futures_util::future::{Either, select};

use crate::cloud::aws::caller::Caller;
use crate::cloud::meter::{Call, CallEnd};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::Operation;

/// What we call ourselves.
pub(super) const USER_AGENT: &str = concat!("quarterdeck/", env!("CARGO_PKG_VERSION"));

/// Sends one request, once, and waits at most so long for the answer's head.
pub(super) async fn send(
    caller: &Caller<'_>,
    operation: Operation,
    request: HttpRequest,
    patience: Duration,
) -> Result<HttpResponse, Fault> {
    let fault = |kind, message: String| Fault::new(kind, operation.service, operation.name, message);
    let connector = caller
        .clients()
        .web()
        .map_err(|why| fault(FaultKind::Unreachable, why))?;
    caller.host().admit(caller.scope(), operation).await;
    let answer = {
        let call = pin!(connector.call(request));
        let late = pin!(caller.host().sleep(patience));
        match select(call, late).await {
            Either::Left((Ok(answer), _)) => Ok(answer),
            Either::Left((Err(error), _)) if error.is_timeout() => {
                Err(fault(FaultKind::Timeout, "no answer in time".to_owned()))
            }
            // The error may name the address, which may be a secret.
            Either::Left((Err(error), _)) if error.is_user() => {
                Err(fault(FaultKind::Invalid, "the request cannot be made".to_owned()))
            }
            Either::Left((Err(_), _)) => Err(fault(
                FaultKind::Unreachable,
                "the host cannot be reached, or broke the connection".to_owned(),
            )),
            Either::Right(_) => Err(fault(FaultKind::Timeout, "no answer in time".to_owned())),
        }
    };
    caller.host().metered(Call {
        scope: caller.scope().name.clone(),
        operation,
        end: if answer.is_ok() {
            CallEnd::Answered
        } else {
            CallEnd::Failed
        },
        paid_micro_usd: 0,
    });
    answer
}

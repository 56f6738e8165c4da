//! Looks at web services: one GET, no credentials, no redirect that is followed.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use crate::cloud::aws::caller::Caller;
use crate::cloud::aws::web;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::http::Read;
use crate::domain::ops::{Reply, ReplyData};
use crate::domain::web::{Address, HttpAnswer};

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    let Read::Get { url, timeout_s } = read;
    let fault = |message: String| Fault::new(FaultKind::Invalid, "http", "Get", message);
    let address = Address::parse(url).map_err(|error| fault(error.to_string()))?;
    let mut request = HttpRequest::get(address.as_str()).map_err(|error| fault(error.to_string()))?;
    request.headers_mut().insert("user-agent", web::USER_AGENT);
    let began = caller.host().now();
    let patience = Duration::from_secs(u64::from(*timeout_s));
    let operation = read.operations()[0];
    let answer = web::send(caller, operation, request, patience).await?;
    let elapsed = caller.host().now().duration_since(began).as_millis();
    Ok(Reply::whole(ReplyData::HttpAnswer(HttpAnswer {
        status: answer.status().as_u16(),
        elapsed_ms: u64::try_from(elapsed).unwrap_or(0),
        location: answer.headers().get("location").map(str::to_owned),
    })))
}

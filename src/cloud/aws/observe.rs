//! Watches every attempt at a call: the retries too, which the SDK otherwise hides.

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataInput;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef, Input,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use jiff::Timestamp;

use crate::cloud::Host;
use crate::cloud::aws::clients::lock;
use crate::cloud::aws::{error, guard};
use crate::cloud::meter::{Call, CallEnd};
use crate::domain::ops::Operation;
use crate::domain::scope::{Scope, ScopeName};

/// What AWS's answers say besides what was asked.
#[derive(Debug, Default)]
pub(super) struct Heard {
    server_time: Mutex<Option<Timestamp>>,
}

impl Heard {
    /// AWS's clock at its last answer.
    pub(super) fn server_time(&self) -> Option<Timestamp> {
        *lock(&self.server_time)
    }
}

/// Meters the attempts of one client.
#[derive(Clone)]
pub(super) struct Observer {
    service: &'static str,
    scope: ScopeName,
    host: Arc<dyn Host>,
    heard: Arc<Heard>,
}

impl Observer {
    pub(super) fn new(
        service: &'static str,
        scope: &Scope,
        host: &Arc<dyn Host>,
        heard: &Arc<Heard>,
    ) -> Self {
        Self {
            service,
            scope: scope.name.clone(),
            host: host.clone(),
            heard: heard.clone(),
        }
    }

    fn operation(&self, name: &str) -> Option<Operation> {
        guard::reads()
            .iter()
            .chain(guard::writes())
            .chain(&CREDENTIAL_OPERATIONS)
            .find(|operation| operation.service == self.service && operation.name == name)
            .copied()
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer")
            .field("service", &self.service)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// Calls that credentials take; no read and no change.
pub(super) const ASSUME_ROLE: Operation = Operation::new("sts", "AssumeRole");
/// The session of a user with an MFA device.
pub(super) const GET_SESSION_TOKEN: Operation = Operation::allowed_by("sts", "GetSessionToken", "");
const CREDENTIAL_OPERATIONS: [Operation; 2] = [ASSUME_ROLE, GET_SESSION_TOKEN];

#[dyn_dispatch_hint]
impl Intercept for Observer {
    fn name(&self) -> &'static str {
        "quarterdeck-observer"
    }

    // Not before the execution: a client's interceptors do not know the operation yet then.
    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let name = cfg.load::<Metadata>().map_or("", Metadata::name);
        let price = Price::of(self.service, name, context.input());
        cfg.interceptor_state().store_put(price);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(time) = context.response().and_then(error::server_time) {
            *lock(&self.heard.server_time) = Some(time);
        }
        let end = match (context.output_or_error(), context.response()) {
            (Some(Ok(_)), _) => CallEnd::Answered,
            (_, Some(response)) if error::is_throttle(response) => CallEnd::Throttled,
            (_, Some(_)) => CallEnd::Failed,
            (Some(Err(failure)), None) if failure.is_connector_error() || failure.is_timeout_error() => {
                CallEnd::Failed
            }
            // Nothing was sent: no credentials, or refused by the guard.
            (_, None) => return Ok(()),
        };
        let name = cfg.load::<Metadata>().map_or("", Metadata::name);
        if let Some(operation) = self.operation(name) {
            // Errors are billed too, such as that of a forecast without enough history.
            let billed = context.response().is_some() && end != CallEnd::Throttled;
            let paid_micro_usd = match cfg.load::<Price>() {
                Some(Price { micro_usd }) if billed => *micro_usd,
                Some(_) | None => 0,
            };
            self.host.metered(Call {
                scope: self.scope.clone(),
                operation,
                end,
                paid_micro_usd,
            });
        }
        Ok(())
    }
}

/// What AWS bills for each attempt at a call. The input is gone once it is serialised.
/// <https://aws.amazon.com/aws-cost-management/pricing/>, <https://aws.amazon.com/cloudwatch/pricing/>
#[derive(Debug, Clone, Copy)]
struct Price {
    micro_usd: u64,
}

impl Storable for Price {
    type Storer = StoreReplace<Self>;
}

impl Price {
    fn of(service: &str, operation: &str, input: &Input) -> Self {
        let micro_usd = match (service, operation) {
            // 0.01 USD for each request, pages included.
            ("ce", _) => 10_000,
            // 0.01 USD for a thousand metrics requested, whatever they return.
            ("cloudwatch", "GetMetricData") => {
                let metrics = input.downcast_ref::<GetMetricDataInput>().map_or(0, |input| {
                    input
                        .metric_data_queries()
                        .iter()
                        .filter(|query| query.metric_stat().is_some())
                        .count()
                });
                10 * u64::try_from(metrics).unwrap_or(u64::MAX / 10)
            }
            // SQS bills requests too: 0.40 USD a million after a free million, below what is shown.
            _ => 0,
        };
        Self { micro_usd }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::types::{MetricDataQuery, MetricStat};
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn paid_calls_cost_what_aws_bills() {
        let price = |service, operation, input: &Input| Price::of(service, operation, input).micro_usd;
        let nothing = Input::doesnt_matter();
        assert_eq!(price("ce", "GetCostAndUsage", &nothing), 10_000);
        assert_eq!(price("ecs", "DescribeServices", &nothing), 0);
        assert_eq!(price("sqs", "GetQueueAttributes", &nothing), 0);
        let metric = MetricDataQuery::builder()
            .metric_stat(MetricStat::builder().period(60).stat("Average").build())
            .build();
        let sum = MetricDataQuery::builder().expression("m1 + m2").build();
        let metrics = GetMetricDataInput::builder()
            .metric_data_queries(metric.clone())
            .metric_data_queries(metric)
            .metric_data_queries(sum)
            .build()
            .unwrap();
        assert_eq!(price("cloudwatch", "GetMetricData", &Input::erase(metrics)), 20);
    }
}

//! What CloudWatch has of Lambda functions.

use super::{Gauge, Sample, dimension};
use crate::cloud::demo::sim::Sim;
use crate::cloud::demo::time::{MINUTE, Ms};
use crate::domain::metric::MetricId;

/// What CloudWatch has of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallMetric {
    /// Calls that ran.
    Invocations,
    /// Those that failed.
    Errors,
    /// Those that were turned away.
    Throttles,
    /// Milliseconds.
    Duration,
    /// At once.
    Concurrent,
    /// Events that were lost.
    Lost,
    /// Milliseconds that the last record read of a stream was old.
    IteratorAge,
}

impl Sim {
    pub(super) fn resolve_function(&self, id: &MetricId) -> Option<Gauge> {
        let name = dimension(id, "FunctionName")?;
        let index = self.find_function(name)?;
        let plan = &self.plan.functions[index];
        let version = dimension(id, "ExecutedVersion").map(str::to_owned);
        if let Some(resource) = dimension(id, "Resource") {
            let ours = format!("{name}:{}", plan.alias);
            if resource != ours {
                return None;
            }
        }
        if let Some(version) = &version
            && !self.functions[index].ever_served(version, Ms::MIN, self.now)
        {
            return None;
        }
        let metric = match id.name.as_str() {
            "Invocations" => CallMetric::Invocations,
            "Errors" => CallMetric::Errors,
            "Throttles" => CallMetric::Throttles,
            "Duration" => CallMetric::Duration,
            "ConcurrentExecutions" => CallMetric::Concurrent,
            "DeadLetterErrors" if plan.dead_letter.is_some() => CallMetric::Lost,
            "DestinationDeliveryFailures" if plan.on_failure.is_some() => CallMetric::Lost,
            "IteratorAge" if plan.stream.is_some() => CallMetric::IteratorAge,
            _ => return None,
        };
        Some(Gauge::Function(index, version, metric))
    }

    pub(super) fn function_sample(
        &self,
        index: usize,
        version: Option<&str>,
        metric: CallMetric,
        minute: Ms,
    ) -> Option<Sample> {
        let function = &self.functions[index];
        if version.is_some_and(|version| function.share(version, minute) <= 0.0) {
            return None;
        }
        let calls = self.calls(index, version, minute);
        let counted = |value: f64| Some(Sample::count(value));
        match metric {
            CallMetric::IteratorAge => {
                let read = function.stream.as_ref()?.minute(minute)?;
                Some(Sample::level(read.age_ms, 0.0))
            }
            CallMetric::Throttles => counted(calls.turned_away.round()),
            // CloudWatch has no value for a minute without a call.
            _ if calls.ran <= 0.0 => None,
            CallMetric::Invocations => counted(calls.ran),
            CallMetric::Errors => counted(calls.failed),
            CallMetric::Duration => {
                let timeout_ms = self.plan.functions[index].timeout_ms();
                Some(Sample::times_within(calls.duration_ms, calls.ran, timeout_ms))
            }
            CallMetric::Concurrent => {
                let at_once = (calls.ran * calls.duration_ms / MINUTE as f64).max(1.0);
                let most = (at_once * 1.8).ceil();
                let reserved = function.reserved_at(minute).map_or(most, f64::from);
                Some(Sample::between(at_once.min(reserved), 1.0, most.min(reserved)))
            }
            CallMetric::Lost => counted(0.0),
        }
    }
}

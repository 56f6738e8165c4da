//! Lambda functions, and what Application Auto Scaling moves.

use super::{Writing, rounded, second};
use crate::domain::function::{SourceKind, supported_until};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::{Metric, lambda as metric, queue};
use crate::headless::status::document::{
    Lambda, LambdaAlias, LambdaSource, Resource, ScalableTarget, ScalingActivity, ScalingPolicy,
};

pub(super) fn functions(writing: &Writing<'_>) -> Option<Vec<Resource<Lambda>>> {
    let known = writing.state.functions.get()?;
    let functions = known.functions.iter().map(|function| {
        let name = function.name.as_str();
        let rate = |metric: Metric| {
            writing
                .metrics
                .get(metric.of(name))
                .map(|measured| rounded(measured.per_minute()))
        };
        let latest = |metric: Metric| writing.latest(metric.of(name)).map(rounded);
        let lost = [metric::DEAD_LETTER_ERRORS, metric::DESTINATION_FAILURES];
        let facts = Lambda {
            runtime: function.runtime.clone(),
            runtime_until: function.runtime.as_deref().and_then(supported_until),
            memory_mib: function.memory_mib,
            timeout_s: function.timeout_s,
            modified_at: function.modified_at.map(second),
            state: function.state.clone(),
            aliases: function.aliases.as_ref().map(|aliases| {
                let alias = |alias: &crate::domain::function::Alias| LambdaAlias {
                    name: alias.name.clone(),
                    version: alias.routing.version.clone(),
                    weights: alias.routing.weights.clone(),
                };
                aliases.iter().map(alias).collect()
            }),
            reserved_concurrency: function.reserved.count(),
            account_concurrency: known.account.map(|account| account.limit),
            concurrent: latest(metric::CONCURRENT),
            invocations_per_minute: rate(metric::INVOCATIONS),
            errors_per_minute: rate(metric::ERRORS),
            throttles_per_minute: rate(metric::THROTTLES),
            duration_p95_ms: latest(metric::DURATION_P95),
            duration_max_ms: latest(metric::DURATION_MAX),
            events_lost_per_minute: lost.into_iter().filter_map(rate).reduce(|a, b| a + b),
            event_sources: function
                .sources
                .iter()
                .map(|source| LambdaSource {
                    source: source.source.clone(),
                    state: source.state.clone(),
                    last_result: source.last_result.clone(),
                    batch_size: source.batch_size,
                    behind_s: match source.kind() {
                        SourceKind::Queue => writing.latest(queue::AGE.of(source.name())),
                        SourceKind::Stream => latest(metric::ITERATOR_AGE).map(|ms| ms / 1000.0),
                        SourceKind::Other => None,
                    },
                })
                .collect(),
            log_group: function.log_group.clone(),
        };
        writing.resource(Kind::Lambda, &function.arn, name, facts)
    });
    Some(functions.collect())
}

pub(super) fn targets(writing: &Writing<'_>) -> Option<Vec<Resource<ScalableTarget>>> {
    let targets = writing.state.scaling.get()?.iter().map(|target| {
        let facts = ScalableTarget {
            namespace: target.namespace.clone(),
            resource: target.resource.clone(),
            dimension: target.dimension.clone(),
            min: target.min,
            max: target.max,
            suspended: target.suspended.clone(),
            policies: target.policies.as_ref().map(|policies| {
                let policy = |policy: &crate::domain::scalable::ScalingPolicy| ScalingPolicy {
                    name: policy.name.clone(),
                    kind: policy.kind.clone(),
                    metric: policy.metric.clone(),
                    target: policy.target,
                };
                policies.iter().map(policy).collect()
            }),
            last_activity: target
                .activities
                .as_ref()
                .and_then(|activities| activities.first())
                .map(|activity| ScalingActivity {
                    at: second(activity.started_at),
                    status: activity.status.clone(),
                    description: activity.description.clone(),
                    cause: activity.cause.clone(),
                    message: activity.message.clone(),
                }),
        };
        writing.resource(Kind::ScalableTarget, &target.id, target.name(), facts)
    });
    Some(targets.collect())
}

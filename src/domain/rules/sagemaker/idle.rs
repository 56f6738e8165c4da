//! Endpoints that are paid for and serve nobody.

use jiff::{SignedDuration, Timestamp};

use super::endpoint::endpoints;
use super::{per_hour, prices};
use crate::domain::gpu::gpus_of_type;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::endpoint as metric;
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::sagemaker::{Capacity, Endpoint};

/// An endpoint serves nobody.
pub const ENDPOINT: Rule = Rule {
    id: "sagemaker.endpoint-idle",
    kind: Kind::SagemakerEndpoint,
    title: "An endpoint is paid for and serves nobody",
    what: "Endpoints with instances of which no variant has had a request, and which nobody has changed, for \
           the time of the threshold. What they cost is the list price of their instances. An endpoint \
           cannot be stopped, only deleted.",
    severities: &[(Severity::Warn, "for the time of the threshold")],
    thresholds: &["sagemaker_idle_h"],
    runbooks: &["sagemaker-stop-idle"],
    reach: Reach::Scope,
    check: endpoint,
};

/// The GPU of an endpoint does next to nothing.
pub const GPU: Rule = Rule {
    id: "sagemaker.gpu-idle",
    kind: Kind::SagemakerEndpoint,
    title: "The GPUs of an endpoint do next to nothing",
    what: "Average utilisation of the GPUs of a variant over three hours, of endpoints that have requests and \
           have not been changed meanwhile: an instance without a GPU, or a smaller one, may do.",
    severities: &[(Severity::Warn, "at or below the threshold")],
    thresholds: &["sagemaker_gpu_idle_percent"],
    runbooks: &[],
    reach: Reach::Scope,
    check: gpu,
};

/// Over how long GPUs are judged.
const GPU_SPAN: SignedDuration = SignedDuration::from_hours(3);

/// When an endpoint was last asked for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastUse {
    /// Then.
    At(Timestamp),
    /// Not within what was read, which begins then.
    Before(Timestamp),
}

/// When any variant was last asked for something; `None` if that was not read of each of them.
fn last_use(context: &Context<'_>, endpoint: &Endpoint) -> Option<LastUse> {
    /// How far back requests are read; see the metric's resolution.
    const LOOKBACK: SignedDuration = SignedDuration::from_hours(26);
    let mut newest: Option<Timestamp> = None;
    let mut begins: Option<Timestamp> = None;
    for variant in &endpoint.variants {
        let measured = context.metric(metric::INVOCATIONS.of_both(&endpoint.name, &variant.name))?;
        let start = measured.as_of.saturating_sub(LOOKBACK).unwrap_or(Timestamp::MIN);
        begins = Some(begins.map_or(start, |known| known.max(start)));
        let used = measured
            .series
            .points
            .iter()
            .rev()
            .find(|(_, count)| *count > 0.0);
        newest = newest.max(used.map(|(at, _)| *at));
    }
    match newest {
        Some(at) => Some(LastUse::At(at)),
        None => begins.map(LastUse::Before),
    }
}

fn has_instances(endpoint: &Endpoint) -> bool {
    endpoint
        .variants
        .iter()
        .any(|variant| matches!(variant.capacity, Capacity::Instances { current, .. } if current != Some(0)))
}

fn endpoint(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = SignedDuration::from_secs_f64(context.limits().sagemaker_idle_h * 3600.0);
    let serving = endpoints(context).filter(|one| one.status == "InService" && has_instances(one));
    for one in serving {
        let Some(last) = last_use(context, one) else {
            continue;
        };
        let (since, is_known) = match last {
            LastUse::At(at) => (at, true),
            LastUse::Before(at) => (at, false),
        };
        let changed = one.changed_at.or(one.created_at);
        let since = changed.map_or(since, |changed| since.max(changed));
        let idle = context.now.duration_since(since);
        if idle < limit {
            continue;
        }
        let rate = prices(context).endpoint(one);
        let least = if is_known { "" } else { "at least " };
        let costs = per_hour(rate.as_ref().map(|rate| rate.value));
        findings.push(
            ENDPOINT
                .on(context, &one.arn, &one.name)
                .hurts(Impact::Cost)
                .since(is_known.then_some(since))
                .saves(rate.as_ref().map(|rate| rate.value.per_month()))
                .because(format!(
                    "No request for {least}{}; its instances cost {costs}.",
                    words::span(idle)
                ))
                .perhaps_because(rate.map(|rate| {
                    format!(
                        "That is {} a month, at list prices of {}.",
                        words::usd(rate.value.per_month().as_f64()),
                        rate.as_of()
                    )
                }))
                .report(
                    Severity::Warn,
                    format!("no request for {}, {costs}", words::span(idle)),
                ),
        );
    }
}

fn gpu(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().sagemaker_gpu_idle_percent;
    for one in endpoints(context).filter(|one| one.status == "InService") {
        let settled = one
            .changed_at
            .or(one.created_at)
            .is_some_and(|at| context.now.duration_since(at) >= GPU_SPAN);
        let in_use = matches!(last_use(context, one), Some(LastUse::At(at))
            if context.now.duration_since(at) < GPU_SPAN);
        if !settled || !in_use {
            continue;
        }
        for variant in &one.variants {
            let Some(kind) = variant.instance_type() else {
                continue;
            };
            // CloudWatch adds the GPUs of an instance up.
            let Some(cards) = gpus_of_type(kind)
                .map(|gpus| gpus.count)
                .filter(|count| *count > 0)
            else {
                continue;
            };
            let mean = context
                .metric(metric::GPU.of_both(&one.name, &variant.name))
                .and_then(|measured| measured.mean(GPU_SPAN))
                .map(|percent| percent / f64::from(cards));
            let Some(mean) = mean.filter(|mean| *mean <= limit) else {
                continue;
            };
            let rate = prices(context).variant(variant).map(|rate| rate.value);
            findings.push(
                GPU.on(context, &one.arn, &one.name)
                    .hurts(Impact::Cost)
                    .because(format!(
                        "The GPUs of the variant {} ({kind}) were {} busy over three hours; it costs {}.",
                        variant.name,
                        words::percent(mean),
                        per_hour(rate)
                    ))
                    .report(
                        Severity::Warn,
                        format!("GPU {} busy, {}", words::percent(mean), per_hour(rate)),
                    ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at};
    use crate::domain::sagemaker::sample::endpoint;

    fn bench(one: Endpoint, requests: &[(i64, f64)]) -> Bench {
        let mut bench = Bench::new();
        bench.metric(
            metric::INVOCATIONS.of_both(&one.name, "AllTraffic"),
            300,
            requests,
        );
        bench.know(Source::Endpoints, ReplyData::Endpoints(vec![one]));
        bench
    }

    #[test]
    fn an_endpoint_without_requests_is_told_with_its_price() {
        let minute = Bench::new().minute();
        let found = bench(endpoint("render"), &[(minute - 8 * 60, 3.0)]).check(&ENDPOINT);
        assert_eq!(found[0].title, "no request for 8h, $1.81/h");
        assert_eq!(found[0].since, Some(at(minute - 8 * 60)));
        let never = bench(endpoint("render"), &[]).check(&ENDPOINT);
        assert_eq!(never[0].since, None, "longer than was read");
        assert!(never[0].evidence[0].contains("at least 1d2h"));
        assert_eq!(
            bench(endpoint("render"), &[(minute - 60, 3.0)]).check(&ENDPOINT),
            []
        );
    }

    #[test]
    fn what_was_changed_lately_or_not_read_is_not_idle() {
        let mut young = endpoint("render");
        young.changed_at = Some(at(Bench::new().minute() - 60));
        assert_eq!(bench(young, &[]).check(&ENDPOINT), []);
        let mut unread = Bench::new();
        unread.know(Source::Endpoints, ReplyData::Endpoints(vec![endpoint("render")]));
        assert_eq!(unread.check(&ENDPOINT), []);
    }

    #[test]
    fn gpus_are_judged_only_while_the_endpoint_is_used() {
        let minute = Bench::new().minute();
        let mut used = bench(endpoint("render"), &[(minute - 10, 30.0)]);
        used.steady(metric::GPU.of_both("render", "AllTraffic"), 2.0);
        let found = used.check(&GPU);
        assert_eq!(found[0].title, "GPU 2% busy, $1.81/h");
        used.steady(metric::GPU.of_both("render", "AllTraffic"), 40.0);
        assert_eq!(used.check(&GPU), []);
        let mut idle = bench(endpoint("render"), &[]);
        idle.steady(metric::GPU.of_both("render", "AllTraffic"), 0.0);
        assert_eq!(idle.check(&GPU), [], "that is the other rule's");
    }
}

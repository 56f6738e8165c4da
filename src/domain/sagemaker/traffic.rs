//! How a variant is used now, out of CloudWatch's metrics.

use jiff::{SignedDuration, Timestamp};

use crate::domain::gpu::gpus_of_type;
use crate::domain::inventory::ScopeState;
use crate::domain::metric::Series;
use crate::domain::metric_catalog::{Metric, endpoint as metric};
use crate::domain::sagemaker::{Endpoint, Variant};

/// How a variant is used. What was not read is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Traffic {
    /// Requests per minute, over the newest five minutes that are whole.
    pub requests_per_minute: Option<f64>,
    /// Requests answered with 4xx, per minute, over the same minutes.
    pub errors_4xx_per_minute: Option<f64>,
    /// Requests answered with 5xx, per minute, over the same minutes.
    pub errors_5xx_per_minute: Option<f64>,
    /// Model and overhead together, seconds, 95th percentile.
    pub latency_s: Option<f64>,
    /// Of all GPUs of an instance, percent.
    pub gpu_percent: Option<f64>,
    /// Of all GPUs of an instance, percent.
    pub gpu_memory_percent: Option<f64>,
}

impl Traffic {
    /// The share of requests that were answered with 5xx, percent; `None` without requests.
    pub fn errors_5xx_percent(&self) -> Option<f64> {
        let asked = self.requests_per_minute.filter(|asked| *asked > 0.0)?;
        Some((self.errors_5xx_per_minute? / asked * 100.0).min(100.0))
    }

    /// How a variant is used.
    pub fn of(state: &ScopeState, endpoint: &Endpoint, variant: &Variant, now: Timestamp) -> Self {
        let read = |one: Metric| state.lasting_metric(&one.of_both(&endpoint.name, &variant.name).id(), now);
        let latest = |one: Metric| {
            let (series, as_of) = read(one)?;
            series.recent(as_of)
        };
        let requests = read(metric::INVOCATIONS);
        let whole = requests.and_then(|(series, as_of)| newest_whole(series, as_of));
        let per_minute = |one: Metric| {
            let (from, to, _) = whole?;
            let (series, _) = read(one)?;
            Some(series.between(from, to).sum::<f64>() / minutes(from, to))
        };
        // CloudWatch adds the GPUs of an instance up.
        let gpus = variant.instance_type().and_then(gpus_of_type);
        let of_one = |percent: f64| gpus.map_or(percent, |gpus| percent / f64::from(gpus.count.max(1)));
        Self {
            requests_per_minute: match (whole, requests) {
                (Some((from, to, asked)), _) => Some(asked / minutes(from, to)),
                // The metric was read, and nobody has asked for anything lately.
                (None, Some(_)) => Some(0.0),
                (None, None) => None,
            },
            errors_4xx_per_minute: per_minute(metric::ERRORS_4XX),
            errors_5xx_per_minute: per_minute(metric::ERRORS_5XX),
            latency_s: latest(metric::MODEL_LATENCY)
                .map(|model| (model + latest(metric::OVERHEAD_LATENCY).unwrap_or(0.0)) / 1e6),
            gpu_percent: latest(metric::GPU).map(of_one),
            gpu_memory_percent: latest(metric::GPU_MEMORY).map(of_one),
        }
    }

    /// The variants of an endpoint together: requests and errors added, else the worst.
    pub fn of_all(state: &ScopeState, endpoint: &Endpoint, now: Timestamp) -> Self {
        let add = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => Some(a + b),
            (one, other) => one.or(other),
        };
        let most = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (one, other) => one.or(other),
        };
        let each = endpoint
            .variants
            .iter()
            .map(|variant| Self::of(state, endpoint, variant, now));
        each.reduce(|a, b| Self {
            requests_per_minute: add(a.requests_per_minute, b.requests_per_minute),
            errors_4xx_per_minute: add(a.errors_4xx_per_minute, b.errors_4xx_per_minute),
            errors_5xx_per_minute: add(a.errors_5xx_per_minute, b.errors_5xx_per_minute),
            latency_s: most(a.latency_s, b.latency_s),
            gpu_percent: most(a.gpu_percent, b.gpu_percent),
            gpu_memory_percent: most(a.gpu_memory_percent, b.gpu_memory_percent),
        })
        .unwrap_or_default()
    }
}

fn minutes(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64() / 60.0
}

/// The newest period that CloudWatch has whole: its beginning, its end and its value.
pub fn newest_whole(series: &Series, as_of: Timestamp) -> Option<(Timestamp, Timestamp, f64)> {
    /// CloudWatch lags by a minute or two.
    const LAG: SignedDuration = SignedDuration::from_secs(60);
    /// Older requests say nothing of now.
    const OLDEST: SignedDuration = SignedDuration::from_mins(20);
    let period = SignedDuration::from_secs(i64::from(series.period_s));
    series.points.iter().rev().find_map(|(from, value)| {
        let to = from.saturating_add(period).ok()?;
        let age = as_of.duration_since(to);
        (age >= LAG && age <= OLDEST).then_some((*from, to, *value))
    })
}

//! Metrics of endpoints and training jobs.

use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::models::present;
use super::super::time::{MINUTE, Ms, part};
use super::{Gauge, Sample, dimension};
use crate::cloud::demo::read::models::course;
use crate::domain::metric::MetricId;

/// What CloudWatch has of a variant of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointMetric {
    /// Requests.
    Invocations,
    /// Answers 4xx.
    Client,
    /// Answers 5xx.
    Server,
    /// Microseconds.
    Model,
    /// Microseconds.
    Overhead,
    /// Percent of one core.
    Cpu,
    /// Percent.
    Memory,
    /// Percent of one GPU.
    Gpu,
    /// Percent.
    GpuMemory,
}

/// What CloudWatch has of the host of a training job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainingMetric {
    /// Percent of one core.
    Cpu,
    /// Percent of one GPU.
    Gpu,
}

/// How the requests of a variant fared in a minute.
struct Fare {
    requests: f64,
    errors: f64,
    latency_s: f64,
    demand: f64,
}

impl Sim {
    pub(super) fn resolve_endpoint(&self, id: &MetricId) -> Option<Gauge> {
        let metric = match id.name.as_str() {
            "Invocations" => EndpointMetric::Invocations,
            "Invocation4XXErrors" => EndpointMetric::Client,
            "Invocation5XXErrors" => EndpointMetric::Server,
            "ModelLatency" => EndpointMetric::Model,
            "OverheadLatency" => EndpointMetric::Overhead,
            "CPUUtilization" => EndpointMetric::Cpu,
            "MemoryUtilization" => EndpointMetric::Memory,
            "GPUUtilization" => EndpointMetric::Gpu,
            "GPUMemoryUtilization" => EndpointMetric::GpuMemory,
            _ => return None,
        };
        let endpoint = dimension(id, "EndpointName")?;
        let variant = dimension(id, "VariantName")?;
        let plans = &self.plan.models.endpoints;
        let index = plans.iter().position(|plan| plan.name == endpoint)?;
        let nth = plans[index]
            .variants
            .iter()
            .position(|plan| plan.name == variant)?;
        Some(Gauge::Endpoint(index, nth, metric))
    }

    pub(super) fn resolve_training(&self, id: &MetricId) -> Option<Gauge> {
        let metric = match id.name.as_str() {
            "CPUUtilization" => TrainingMetric::Cpu,
            "GPUUtilization" => TrainingMetric::Gpu,
            _ => return None,
        };
        let job = dimension(id, "Host")?.strip_suffix("/algo-1")?;
        let index = self
            .plan
            .models
            .training
            .iter()
            .position(|plan| plan.name == job)?;
        Some(Gauge::Training(index, metric))
    }

    fn variant_fare(&self, (index, nth): (usize, usize), minute: Ms) -> Option<Fare> {
        let endpoint = &self.plan.models.endpoints[index];
        let state = &self.models.endpoints[index];
        let plan = &endpoint.variants[nth];
        if !state.serves(minute) {
            return None;
        }
        let demand = self.demand(&plan.load.traffic, minute);
        let serving = present(&state.configs, minute)?;
        let broken = self
            .endpoint_config(&serving.value, minute)
            .and_then(|config| config.broken);
        let key = [
            self.seed,
            signal::name(&endpoint.name),
            signal::name(&plan.name),
            part(minute),
        ];
        let requests = (demand * plan.load.peak_rpm * signal::noise(&key).mul_add(0.15, 1.0)).round();
        let errors = broken.map_or(plan.load.errors, |broken| broken.errors);
        let errors = (requests * errors + signal::unit(&[key[1], key[3], 3]) * 0.5)
            .floor()
            .min(requests);
        // More instances answer sooner; fewer are asked for more than they can do.
        let share = if plan.kind.is_some() {
            let count = state.count(&plan.name, minute).max(1);
            demand * f64::from(plan.count.max(1)) / f64::from(count)
        } else {
            demand * 0.5
        };
        let slower = broken.map_or(1.0, |broken| broken.slower);
        let wobble = signal::noise(&[key[1], key[3], 5]).mul_add(0.08, 1.0);
        Some(Fare {
            requests,
            errors,
            latency_s: plan.load.latency_ms / 1000.0 * share.mul_add(0.35, 0.8) * slower * wobble,
            demand: share.min(1.3),
        })
    }

    /// The share of an endpoint's requests that it answers with 5xx in a minute; `None` without requests.
    pub fn endpoint_failing(&self, index: usize, minute: Ms) -> Option<f64> {
        let variants = self.plan.models.endpoints.get(index)?.variants.len();
        let fares = (0..variants).filter_map(|nth| self.variant_fare((index, nth), minute));
        let (requests, errors) = fares.fold((0.0, 0.0), |(requests, errors), fare| {
            (requests + fare.requests, errors + fare.errors)
        });
        (requests > 0.0).then(|| errors / requests)
    }

    pub(super) fn endpoint_sample(
        &self,
        (index, nth): (usize, usize),
        metric: EndpointMetric,
        minute: Ms,
    ) -> Option<Sample> {
        let fare = self.variant_fare((index, nth), minute)?;
        let plan = &self.plan.models.endpoints[index].variants[nth];
        let asked = fare.requests > 0.0;
        let load = &plan.load;
        let between = |idle: f64, peak: f64| (peak - idle).mul_add(fare.demand, idle).clamp(0.0, 99.0);
        Some(match metric {
            // Without a request there is no value.
            EndpointMetric::Invocations => Sample::count(asked.then_some(fare.requests)?),
            EndpointMetric::Client => Sample::count(asked.then_some((fare.requests * 0.002).floor())?),
            EndpointMetric::Server => Sample::count(asked.then_some(fare.errors)?),
            EndpointMetric::Model => {
                Sample::times(asked.then_some(fare.latency_s * 1e6 / 2.6)?, fare.requests)
            }
            EndpointMetric::Overhead => Sample::times(asked.then_some(9_000.0)?, fare.requests),
            EndpointMetric::Cpu => Sample::level(between(load.cpu_idle, load.cpu_peak), 0.1),
            EndpointMetric::Memory => Sample::level(load.memory, 0.02),
            EndpointMetric::Gpu => {
                let (idle, peak, _) = plan.gpu?;
                Sample::level(between(idle, peak), 0.1)
            }
            EndpointMetric::GpuMemory => Sample::level(plan.gpu?.2, 0.01),
        })
    }

    pub(super) fn training_sample(&self, index: usize, metric: TrainingMetric, minute: Ms) -> Option<Sample> {
        let plan = &self.plan.models.training[index];
        let (_, started, ended) = course(self, plan);
        if minute < started || minute >= ended {
            return None;
        }
        let paused = plan.interrupted_after.is_some_and(|after| {
            let taken = started + after * MINUTE;
            (taken..taken + 11 * MINUTE).contains(&minute)
        });
        if paused {
            return None;
        }
        let noise = signal::noise(&[self.seed, signal::name(&plan.name), part(minute)]);
        Some(match metric {
            TrainingMetric::Cpu => Sample::level(noise.mul_add(30.0, 190.0), 0.1),
            TrainingMetric::Gpu => Sample::level(noise.mul_add(6.0, 88.0), 0.05),
        })
    }
}

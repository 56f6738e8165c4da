//! How requests fare: load, latency and errors belong together, because they come from the same
//! demand and the same healthy targets.

use super::super::plan::Load;
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::target::{Backend, TargetGroup};
use super::super::time::{MINUTE, Ms, part};
use super::{Gauge, Sample, dimension};
use crate::domain::elb::{load_balancer_dimension, target_group_dimension};
use crate::domain::metric::MetricId;

/// What CloudWatch has of load balancers and target groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElbMetric {
    /// Requests.
    Requests,
    /// Answers 2xx.
    Ok,
    /// Answers 4xx.
    Client,
    /// Answers 5xx of targets.
    Target5xx,
    /// Answers 5xx of the load balancer.
    Own5xx,
    /// Seconds.
    Latency,
    /// Healthy targets.
    Healthy,
    /// Unhealthy targets.
    Unhealthy,
    /// Capacity units.
    CapacityUnits,
}

/// How requests fared in a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Serving {
    /// Requests.
    pub requests: f64,
    /// Those that targets answered with 5xx.
    pub errors: f64,
    /// Those that no target could take.
    pub refused: f64,
    /// How long answers took, seconds.
    pub latency_s: f64,
    /// CPU of those that serve, percent.
    pub cpu: f64,
}

impl Sim {
    pub(super) fn resolve_balanced(&self, id: &MetricId) -> Option<Gauge> {
        let metric = match id.name.as_str() {
            "RequestCount" => ElbMetric::Requests,
            "HTTPCode_Target_2XX_Count" => ElbMetric::Ok,
            "HTTPCode_Target_4XX_Count" => ElbMetric::Client,
            "HTTPCode_Target_5XX_Count" => ElbMetric::Target5xx,
            "HTTPCode_ELB_5XX_Count" => ElbMetric::Own5xx,
            "TargetResponseTime" => ElbMetric::Latency,
            "HealthyHostCount" => ElbMetric::Healthy,
            "UnHealthyHostCount" => ElbMetric::Unhealthy,
            "ConsumedLCUs" => ElbMetric::CapacityUnits,
            _ => return None,
        };
        let balancer = dimension(id, "LoadBalancer");
        let wanted = dimension(id, "TargetGroup");
        let names: Vec<String> = self
            .targets
            .iter()
            .filter(|(_, group)| {
                wanted.is_none_or(|wanted| target_group_dimension(&group.arn) == Some(wanted))
                    && balancer.is_none_or(|wanted| load_balancer_dimension(&group.balancer) == Some(wanted))
            })
            .map(|(name, _)| name.clone())
            .collect();
        let known = !names.is_empty() && (balancer.is_some() || wanted.is_some());
        known.then_some(Gauge::Balanced(names, metric))
    }

    /// How the requests of a target group fared in a minute.
    pub fn serving(&self, name: &str, minute: Ms) -> Serving {
        let Some(group) = self.targets.get(name) else {
            return Serving::default();
        };
        let Some((load, wanted)) = self.load_of(group.backend) else {
            return Serving::default();
        };
        let to = minute + MINUTE;
        let (good, broken) = (group.good.mean(minute, to), group.broken.mean(minute, to));
        self.fare(name, load, wanted, (good, broken), minute)
    }

    fn load_of(&self, backend: Backend) -> Option<(&Load, f64)> {
        match backend {
            Backend::Service(index) => {
                let plan = &self.plan.services[index];
                Some((&plan.load, f64::from(plan.desired)))
            }
            Backend::Group(index) => {
                let plan = &self.plan.groups[index];
                Some((plan.load.as_ref()?, f64::from(plan.desired)))
            }
            Backend::None => None,
        }
    }

    fn fare(&self, name: &str, load: &Load, wanted: f64, targets: (f64, f64), minute: Ms) -> Serving {
        let (good, broken) = targets;
        let key = [self.seed, signal::name(name), part(minute)];
        let demand = self.demand(&load.traffic, minute);
        let requests = (load.peak_rpm * demand).round();
        let taking = good + broken;
        // Nobody there: the load balancer answers 503 by itself.
        let refused_share = (1.0 - taking).clamp(0.0, 1.0);
        let broken_share = if taking > 0.0 { broken / taking } else { 0.0 };
        let cpu = cpu_of(load, demand, wanted / taking.max(0.5), signal::noise(&key));
        let strain = ((cpu - 82.0) / 18.0).clamp(0.0, 1.0);
        let database = self.database_share(load.database.as_deref(), minute, minute + MINUTE);
        let full = self.cache_pressure(&load.traffic, minute);
        let share = (load.errors + broken_share * 0.85 + strain * 0.05 + (1.0 - database) * 0.6).min(1.0);
        let answered = requests * (1.0 - refused_share);
        // A fraction of an error is an error in some minutes and none in others.
        let errors = (answered * share + signal::unit(&[key[0], key[1], key[2], 2])).floor();
        let slow = (cpu / 100.0).powi(4).mul_add(1.6, 1.0)
            * broken_share.mul_add(10.0, 1.0)
            * strain.mul_add(5.0, 1.0)
            * full.mul_add(1.4, 1.0)
            * (1.0 - database).mul_add(9.0, 1.0);
        let jitter = signal::noise(&[key[0], key[1], key[2], 3]).mul_add(0.08, 1.0);
        Serving {
            requests,
            errors: errors.min(answered),
            refused: (requests * refused_share).round(),
            latency_s: load.latency_ms / 1_000.0 * slow * jitter,
            cpu,
        }
    }

    pub(super) fn balanced_sample(&self, names: &[String], metric: ElbMetric, minute: Ms) -> Option<Sample> {
        let to = minute + MINUTE;
        let groups = || names.iter().filter_map(|name| self.targets.get(name));
        let hosts = |count: &dyn Fn(&TargetGroup) -> (f64, f64, f64)| {
            let (mean, low, high) = groups().map(count).fold((0.0, 0.0, 0.0), |all, one| {
                (all.0 + one.0, all.1 + one.1, all.2 + one.2)
            });
            Sample::between(mean, low, high)
        };
        match metric {
            ElbMetric::Healthy => {
                return Some(hosts(&|group| {
                    let (good, broken) = (group.good.range(minute, to), group.broken.range(minute, to));
                    let mean = group.good.mean(minute, to) + group.broken.mean(minute, to);
                    (mean, good.0 + broken.0, good.1 + broken.1)
                }));
            }
            ElbMetric::Unhealthy => {
                return Some(hosts(&|group| {
                    let (low, high) = group.unhealthy.range(minute, to);
                    (group.unhealthy.mean(minute, to), low, high)
                }));
            }
            _ => {}
        }
        let mut all = Serving::default();
        for name in names {
            let one = self.serving(name, minute);
            let answered = one.requests - one.refused;
            all.requests += one.requests;
            all.errors += one.errors;
            all.refused += one.refused;
            all.latency_s += one.latency_s * answered;
        }
        let answered = all.requests - all.refused;
        // CloudWatch has no value for a minute without any.
        let counted = |count: f64| (count > 0.0).then_some(Sample::count(count));
        match metric {
            ElbMetric::Requests => counted(all.requests),
            ElbMetric::Ok => counted((answered - all.errors) - (answered * 0.03).floor()),
            ElbMetric::Client => counted((answered * 0.03).floor()),
            ElbMetric::Target5xx => counted(all.errors),
            ElbMetric::Own5xx => counted(all.refused),
            ElbMetric::Latency => (answered > 0.0).then(|| Sample::times(all.latency_s / answered, answered)),
            ElbMetric::Healthy | ElbMetric::Unhealthy => None,
            // A unit is a gigabyte in an hour, here of answers of twelve kilobytes.
            ElbMetric::CapacityUnits => Some(Sample::count(all.requests * 12_000.0 / 1_073_741_824.0)),
        }
    }

    pub(super) fn service_cpu(&self, index: usize, minute: Ms) -> Option<Sample> {
        let running = self.services[index].running.mean(minute, minute + MINUTE);
        (running > 0.0).then(|| {
            let plan = &self.plan.services[index];
            let cpu = if let Some(name) = &plan.target_group {
                self.serving(name, minute).cpu
            } else {
                let key = [self.seed, signal::name(&plan.name), part(minute)];
                let demand = self.demand(&plan.load.traffic, minute);
                let strain = f64::from(plan.desired) / running;
                cpu_of(&plan.load, demand, strain, signal::noise(&key))
            };
            Sample::level(cpu, 0.2)
        })
    }

    pub(super) fn service_memory(&self, index: usize, minute: Ms) -> Option<Sample> {
        let running = self.services[index].running.mean(minute, minute + MINUTE);
        (running > 0.0).then(|| {
            let plan = &self.plan.services[index];
            let key = [self.seed, signal::name(&plan.name), part(minute), 4];
            let demand = self.demand(&plan.load.traffic, minute);
            let memory = plan.load.memory + demand * 6.0 + signal::noise(&key);
            Sample::level(memory.clamp(1.0, 99.0), 0.03)
        })
    }

    /// The mean CPU of a group's instances in a minute; `None` while it has none.
    pub fn group_cpu(&self, index: usize, minute: Ms) -> Option<f64> {
        let here = self.groups[index].in_service.mean(minute, minute + MINUTE);
        if here < 0.01 {
            return None;
        }
        let plan = &self.plan.groups[index];
        let key = [self.seed, signal::name(&plan.name), part(minute), 5];
        let noise = signal::noise(&key);
        let Some(load) = &plan.load else {
            let share = self.worker_share(&plan.name, minute).unwrap_or(0.3);
            return Some(share.mul_add(34.0, 7.0) + noise);
        };
        let demand = self.demand(&load.traffic, minute);
        let full = self.cache_pressure(&load.traffic, minute);
        let strain = f64::from(plan.desired) / here * full.mul_add(0.2, 1.0);
        Some(cpu_of(load, demand, strain, noise))
    }
}

/// CPU under a demand, when each serves `strain` times what it was meant to.
fn cpu_of(load: &Load, demand: f64, strain: f64, noise: f64) -> f64 {
    let busy = (load.cpu_peak - load.cpu_idle) * demand * strain;
    (load.cpu_idle + busy + noise * 2.0).clamp(0.3, 100.0)
}

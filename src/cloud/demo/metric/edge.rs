//! CloudFront's metrics.

use super::super::signal;
use super::super::sim::Sim;
use super::super::time::{MINUTE, Ms, part};
use super::Sample;

/// What CloudWatch has of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DistributionMetric {
    /// Requests.
    Requests,
    /// Bytes to viewers.
    Bytes,
    /// Percent answered with 4xx.
    Client,
    /// Percent answered with 5xx.
    Server,
    /// Percent answered from a cache.
    Hits,
}

impl DistributionMetric {
    /// By CloudWatch's name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Requests" => Self::Requests,
            "BytesDownloaded" => Self::Bytes,
            "4xxErrorRate" => Self::Client,
            "5xxErrorRate" => Self::Server,
            "CacheHitRate" => Self::Hits,
            _ => return None,
        })
    }
}

impl Sim {
    pub(super) fn distribution_sample(
        &self,
        index: usize,
        metric: DistributionMetric,
        minute: Ms,
    ) -> Option<Sample> {
        let plan = &self.plan.distributions[index];
        let key = [self.seed, signal::name(&plan.name), part(minute), metric as u64];
        let noise = |swing: f64| signal::noise(&key).mul_add(swing, 1.0);
        let requests = (plan.peak_rpm * self.demand(&plan.traffic, minute)).max(1.0);
        let bad = self.distributions[index].bad.mean(minute, minute + MINUTE);
        match metric {
            DistributionMetric::Requests => Some(Sample::count((requests * noise(0.1)).round())),
            DistributionMetric::Bytes => Some(Sample::count(
                (requests * plan.kib_each * 1024.0 * noise(0.15)).round(),
            )),
            DistributionMetric::Client => Some(Sample::level(0.6 * noise(0.4), 0.2)),
            DistributionMetric::Server => Some(Sample::level((bad + 0.04) * noise(0.2), 0.1)),
            // What is cached badly is answered from a cache all the same.
            DistributionMetric::Hits => {
                let hits = plan.hit_percent?;
                Some(Sample::level((hits * noise(0.03)).min(100.0), 0.02))
            }
        }
    }
}

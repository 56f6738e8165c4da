//! Cards as the CloudWatch agent's `nvidia_gpu` plugin publishes them: the fallback for hosts that
//! cannot be asked.
//!
//! The metrics are in the namespace `CWAgent` with the dimensions `index`, `name` (the product),
//! `host` and, with `append_dimensions`, `InstanceId`. There are no UUIDs, processes, ECC counts or
//! throttle reasons, so such cards are never known to be idle.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-NVIDIA-GPU.html>

use std::collections::BTreeMap;

use crate::domain::gpu::card::GpuCard;
use crate::domain::metric::MetricId;
use crate::domain::text;

/// The newest value of one metric of one card.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgentMetric<'a> {
    /// The card's number.
    pub index: u32,
    /// The card's product name.
    pub product: Option<&'a str>,
    /// The metric's name, such as `nvidia_smi_utilization_gpu`.
    pub name: &'a str,
    /// Its value.
    pub value: f64,
}

impl<'a> AgentMetric<'a> {
    /// Takes a metric of CloudWatch apart into the instance it belongs to and the rest. `None` if
    /// its dimensions do not name an instance and a card.
    pub fn of(id: &'a MetricId, value: f64) -> Option<(&'a str, Self)> {
        let dimension = |key: &str| {
            id.dimensions
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value.as_str())
        };
        let metric = Self {
            index: dimension("index")?.parse().ok()?,
            product: dimension("name"),
            name: &id.name,
            value,
        };
        Some((dimension("InstanceId")?, metric))
    }
}

/// The cards of one instance. Metrics that mean nothing to us, and values that cannot be (negative,
/// not a number), add nothing; a card of which nothing is left is not listed.
pub fn cards_from(metrics: &[AgentMetric<'_>]) -> Vec<GpuCard> {
    let mut cards: BTreeMap<u32, GpuCard> = BTreeMap::new();
    for metric in metrics {
        if !metric.value.is_finite() || metric.value < 0.0 {
            continue;
        }
        let Some(slot) = Slot::of(metric.name) else {
            continue;
        };
        let card = cards
            .entry(metric.index)
            .or_insert_with(|| GpuCard::unknown(metric.index));
        if card.product.is_none() {
            card.product = metric.product.map(|name| text::clean(name).into_owned());
        }
        slot.fill(card, metric.value);
    }
    cards.into_values().collect()
}

/// What a metric tells of a card.
#[derive(Clone, Copy)]
enum Slot {
    Utilisation,
    MemoryUsed,
    MemoryTotal,
    Temperature,
    Power,
}

impl Slot {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "nvidia_smi_utilization_gpu" => Self::Utilisation,
            "nvidia_smi_memory_used" => Self::MemoryUsed,
            "nvidia_smi_memory_total" => Self::MemoryTotal,
            "nvidia_smi_temperature_gpu" => Self::Temperature,
            "nvidia_smi_power_draw" => Self::Power,
            _ => return None,
        })
    }

    fn fill(self, card: &mut GpuCard, value: f64) {
        match self {
            Self::Utilisation => card.util_percent = (value <= 100.0).then_some(value),
            // Published as megabytes, counted by nvidia-smi as MiB; an average may have a fraction.
            Self::MemoryUsed => card.mem_used_mib = Some(value.round() as u64),
            Self::MemoryTotal => card.mem_total_mib = Some(value.round() as u64),
            Self::Temperature => card.temp_c = Some(value),
            Self::Power => card.power_w = Some(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::gpu::{HostReading, ProbeOutcome, ReadingSource};
    use crate::domain::metric::Stat;
    use crate::domain::metric_catalog::AGENT_GPU_METRICS;

    fn metric(index: u32, name: &str, value: f64) -> AgentMetric<'_> {
        AgentMetric {
            index,
            product: Some("NVIDIA A10G"),
            name,
            value,
        }
    }

    #[test]
    fn metrics_become_cards_by_number() {
        let cards = cards_from(&[
            metric(1, "nvidia_smi_utilization_gpu", 71.5),
            metric(0, "nvidia_smi_utilization_gpu", 0.0),
            metric(0, "nvidia_smi_memory_used", 511.6),
            metric(0, "nvidia_smi_memory_total", 23_028.0),
            metric(0, "nvidia_smi_temperature_gpu", 31.0),
            metric(0, "nvidia_smi_power_draw", 25.58),
            metric(0, "nvidia_smi_fan_speed", 30.0),
            metric(2, "nvidia_smi_power_draw", f64::NAN),
            metric(2, "nvidia_smi_temperature_gpu", -1.0),
        ]);
        assert_eq!(
            cards,
            [
                GpuCard {
                    product: Some("NVIDIA A10G".to_owned()),
                    util_percent: Some(0.0),
                    mem_used_mib: Some(512),
                    mem_total_mib: Some(23_028),
                    temp_c: Some(31.0),
                    power_w: Some(25.58),
                    ..GpuCard::unknown(0)
                },
                GpuCard {
                    product: Some("NVIDIA A10G".to_owned()),
                    util_percent: Some(71.5),
                    ..GpuCard::unknown(1)
                },
            ]
        );
        assert_eq!(cards[0].looks_idle(), None, "nobody knows what runs there");
    }

    #[test]
    fn every_metric_that_is_asked_for_tells_something() {
        for name in AGENT_GPU_METRICS {
            assert!(Slot::of(name).is_some(), "{name}");
        }
    }

    #[test]
    fn dimensions_say_whose_metric_it_is() {
        let of = |dimensions: &[(&str, &str)]| {
            let id = MetricId::new("CWAgent", "nvidia_smi_power_draw", dimensions, Stat::Average);
            AgentMetric::of(&id, 1.0).map(|(instance, metric)| (instance.to_owned(), metric.index))
        };
        assert_eq!(
            of(&[
                ("InstanceId", "i-1"),
                ("host", "ip-10-0-0-1"),
                ("index", "3"),
                ("name", "Tesla T4")
            ]),
            Some(("i-1".to_owned(), 3))
        );
        assert_eq!(of(&[("host", "ip-10-0-0-1"), ("index", "3")]), None);
        assert_eq!(of(&[("InstanceId", "i-1")]), None);
        assert_eq!(of(&[("InstanceId", "i-1"), ("index", "all")]), None);
    }

    #[test]
    fn a_host_that_cannot_be_asked_shows_them_and_keeps_its_failure() {
        let (asked, published) = (
            "2026-11-21T02:00:00Z".parse().unwrap(),
            "2026-11-21T01:58:00Z".parse().unwrap(),
        );
        let mut reading = HostReading::without_cards("i-1", ProbeOutcome::AgentOffline, asked);
        reading.detail = Some("the SSM agent does not answer".to_owned());
        let cards = cards_from(&[metric(0, "nvidia_smi_utilization_gpu", 5.0)]);

        let filled = reading.clone().or_from_agent(cards.clone(), published);
        assert_eq!(filled.outcome, ProbeOutcome::AgentOffline);
        assert_eq!(filled.detail, reading.detail);
        assert_eq!(
            (filled.source, filled.sampled_at),
            (ReadingSource::CloudwatchAgent, published)
        );
        assert_eq!(filled.cards, cards);
        assert_eq!(filled.looks_idle(), None);

        assert_eq!(reading.clone().or_from_agent(Vec::new(), published), reading);
        let other = cards_from(&[metric(0, "nvidia_smi_utilization_gpu", 99.0)]);
        assert_eq!(
            filled.clone().or_from_agent(other, asked),
            filled,
            "an answer is not replaced"
        );
    }
}

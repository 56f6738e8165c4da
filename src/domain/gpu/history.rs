//! What cards did while the console ran: for graphs, and for saying since when one is idle.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::domain::gpu::reading::HostReading;

/// Samples kept of a card: three hours at two a minute.
const MOST_SAMPLES: usize = 360;
/// Samples in a row that must look idle before a card counts as idle.
const IDLE_SAMPLES: usize = 3;

/// Samples of every card seen, by UUID.
#[derive(Debug, Clone, Default)]
pub struct GpuHistory(BTreeMap<String, VecDeque<Sample>>);

/// A card at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// Utilisation, percent.
    pub util_percent: Option<f64>,
    /// Memory in use, MiB.
    pub mem_used_mib: Option<f64>,
    /// Whether it looked idle; `None` where that is not known.
    pub idle: Option<bool>,
}

impl GpuHistory {
    /// Takes new readings in; those already seen are passed over.
    pub fn extend(&mut self, readings: &[HostReading]) {
        for reading in readings {
            for card in &reading.cards {
                let samples = self.0.entry(card.uuid.clone()).or_default();
                if samples
                    .back()
                    .is_some_and(|newest| newest.at >= reading.sampled_at)
                {
                    continue;
                }
                samples.push_back(Sample {
                    at: reading.sampled_at,
                    util_percent: card.util_percent,
                    mem_used_mib: card.mem_used_mib,
                    idle: card.looks_idle(),
                });
                while samples.len() > MOST_SAMPLES {
                    samples.pop_front();
                }
            }
        }
    }

    /// Samples of a card, oldest first.
    pub fn samples(&self, uuid: &str) -> impl DoubleEndedIterator<Item = &Sample> {
        self.0.get(uuid).into_iter().flatten()
    }

    /// Since when a card has been idle without a break, once enough samples say so.
    pub fn idle_since(&self, uuid: &str) -> Option<Timestamp> {
        let idle: Vec<&Sample> = self
            .samples(uuid)
            .rev()
            .take_while(|sample| sample.idle == Some(true))
            .collect();
        (idle.len() >= IDLE_SAMPLES).then(|| idle[idle.len() - 1].at)
    }
}

//! What the cards of GPU hosts say: what the probe printed, beside what EC2 and the CloudWatch agent know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::ScopeState;
use crate::domain::gpu::agent_metrics::AgentMetric;
use crate::domain::gpu::{self, HostFacts, HostReading};
use crate::domain::loadable::Loadable;
use crate::domain::metric::MetricGroup;
use crate::domain::ssm::ProbeOutput;

impl ScopeState {
    /// A host's reading of what the probe printed, with what EC2 and the CloudWatch agent know.
    pub(super) fn read_host(&self, output: &ProbeOutput, at: Timestamp) -> HostReading {
        let instances = self.instances.get().map(Vec::as_slice).unwrap_or_default();
        let types = self.instance_types.get().map(Vec::as_slice).unwrap_or_default();
        let facts = instances
            .iter()
            .find(|instance| instance.id == output.instance_id)
            .map_or(HostFacts::UNKNOWN, |instance| HostFacts::of(instance, types));
        self.or_from_agent(gpu::parse(output, &facts), at)
    }

    /// The reading, with cards of the CloudWatch agent where the probe told of none.
    pub(super) fn or_from_agent(&self, reading: HostReading, at: Timestamp) -> HostReading {
        let series = self.metrics.get(&MetricGroup::Gpu).and_then(Loadable::get);
        let metrics: Vec<AgentMetric<'_>> = series
            .into_iter()
            .flatten()
            .filter_map(|(id, _)| AgentMetric::of(id, self.latest(id, at)?))
            .filter(|(instance, _)| *instance == reading.instance_id)
            .map(|(_, metric)| metric)
            .collect();
        reading.or_from_agent(gpu::agent_metrics::cards_from(&metrics), at)
    }

    /// Forgets the history of cards whose instances are gone, since groups replace theirs every night, and what
    /// the cards of instances said that do not run any more: nobody asks these again.
    pub(super) fn forget_gone_cards(&mut self) {
        let Some(instances) = self.instances.get() else {
            return;
        };
        let known: BTreeSet<&str> = instances.iter().map(|one| one.id.as_str()).collect();
        Arc::make_mut(&mut self.gpu_history).retain_hosts(|id| known.contains(id));
        let running = || instances.iter().filter(|one| one.is_running());
        let runs = |reading: &HostReading| running().any(|one| one.id == reading.instance_id);
        if let Some((readings, _)) = &mut self.gpu.value
            && !readings.iter().all(runs)
        {
            Arc::make_mut(readings).retain(runs);
        }
    }

    /// Takes rows of hosts in that answered while others are still asked: the rest stays as it was.
    pub(super) fn store_probed(&mut self, outputs: &[ProbeOutput], at: Timestamp) {
        if outputs.is_empty() {
            return;
        }
        let mut readings: BTreeMap<String, HostReading> = self
            .gpu
            .get()
            .into_iter()
            .flatten()
            .map(|reading| (reading.instance_id.clone(), reading.clone()))
            .collect();
        for output in outputs {
            let reading = self.read_host(output, at);
            Arc::make_mut(&mut self.gpu_history).record(&reading);
            readings.insert(reading.instance_id.clone(), reading);
        }
        self.gpu.value = Some((Arc::new(readings.into_values().collect()), at));
    }
}

//! Which hosts have work on their cards, from several samples of the probe: what decides whether a host
//! may be taken away. One sample is noise, utilisation alone proves nothing, and a host that cannot be
//! asked is not idle.

use std::collections::BTreeSet;

use super::action::View;
use crate::domain::ec2::Instance;
use crate::domain::gpu::{
    GpuCard, HostFacts, HostReading, IDLE_MEMORY_MIB, ProbeOutcome, gpus_of_type, parse,
};
use crate::domain::ops::{Query, ssm};
use crate::domain::ssm::ProbeOutput;

/// Samples taken of each host.
pub const SAMPLES: u32 = 3;

/// Seconds from one sample to the next.
pub const GAP_S: u32 = 5;

/// Up to this utilisation, percent, a card whose processes cannot be listed may be idle.
const IDLE_UTIL_PERCENT: f64 = 5.0;

/// What a host's cards do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Nothing, in every sample.
    Idle,
    /// Something: on how many cards, and what.
    Busy {
        /// Cards at work.
        cards: u32,
        /// What is on them.
        what: String,
    },
    /// It cannot be told: why. Counts as busy.
    Unknown {
        /// Cards that the host should have.
        cards: u32,
        /// Why.
        why: String,
    },
}

impl Work {
    /// Cards that count as busy.
    pub const fn busy_cards(&self) -> u32 {
        match self {
            Self::Idle => 0,
            Self::Busy { cards, .. } | Self::Unknown { cards, .. } => *cards,
        }
    }
}

/// What has to be asked of these hosts; nothing if there is none.
pub fn query(instances: impl IntoIterator<Item = String>) -> Option<Query> {
    let instances: BTreeSet<String> = instances.into_iter().collect();
    (!instances.is_empty()).then(|| {
        Query::Ssm(ssm::Read::GpuSamples {
            instances: instances.into_iter().collect(),
            samples: SAMPLES,
            gap_s: GAP_S,
        })
    })
}

/// Whether a question is one of these.
pub const fn is_query(query: &Query) -> bool {
    matches!(query, Query::Ssm(ssm::Read::GpuSamples { .. }))
}

/// What an instance's cards do, as far as it was asked.
pub fn work(instance: &Instance, view: &View) -> Work {
    if !matches!(instance.state.as_str(), "running" | "pending") {
        return Work::Idle;
    }
    let expected = expected_cards(&instance.instance_type);
    let unknown = |why: String| Work::Unknown { cards: expected, why };
    match view.gpu_samples(&instance.id) {
        Err(unread) => unknown(unread.to_string()),
        Ok(None) => unknown("it was not asked".to_owned()),
        Ok(Some(samples)) if samples.is_empty() => unknown("it was not asked".to_owned()),
        Ok(Some(samples)) => judge(&samples, &HostFacts::of(instance, &[]), expected),
    }
}

/// How many cards an instance type has; at least one, for who asks has found that it has some.
pub fn expected_cards(instance_type: &str) -> u32 {
    gpus_of_type(instance_type).map_or(1, |gpus| u32::from(gpus.count).max(1))
}

fn judge(samples: &[&ProbeOutput], host: &HostFacts<'_>, expected: u32) -> Work {
    let readings: Vec<HostReading> = samples.iter().map(|sample| parse(sample, host)).collect();
    let busiest = readings
        .iter()
        .map(|reading| (busy(reading), reading))
        .max_by_key(|(cards, _)| cards.len());
    if let Some((cards, _)) = busiest
        && !cards.is_empty()
    {
        let what: Vec<String> = cards.iter().map(|card| describe(card)).collect();
        return Work::Busy {
            cards: u32::try_from(cards.len()).unwrap_or(u32::MAX),
            what: what.join(", "),
        };
    }
    match readings.iter().find(|reading| !is_idle(reading)) {
        None => Work::Idle,
        Some(reading) => Work::Unknown {
            cards: expected,
            why: reading
                .detail
                .clone()
                .unwrap_or_else(|| "not every card told what it does".to_owned()),
        },
    }
}

fn busy(reading: &HostReading) -> Vec<&GpuCard> {
    reading
        .cards
        .iter()
        .filter(|card| card.looks_idle() == Some(false))
        .collect()
}

/// Whether every card of a host did nothing. Without a list of processes utilisation has to be low too.
fn is_idle(reading: &HostReading) -> bool {
    let blind = |card: &GpuCard| {
        card.processes.is_none()
            && card.mem_used_mib.is_some_and(|used| used < IDLE_MEMORY_MIB)
            && card.util_percent.is_some_and(|util| util <= IDLE_UTIL_PERCENT)
    };
    match reading.looks_idle() {
        Some(idle) => idle,
        None => {
            reading.outcome == ProbeOutcome::Ok
                && !reading.has_lost_cards()
                && !reading.truncated
                && !reading.cards.is_empty()
                && reading
                    .cards
                    .iter()
                    .all(|card| card.looks_idle() == Some(true) || blind(card))
        }
    }
}

/// `card 0: python 11402 MiB, 93 %`.
fn describe(card: &GpuCard) -> String {
    let mut parts = Vec::new();
    if let Some(process) = card.processes.iter().flatten().next() {
        let memory = process
            .mem_mib
            .map(|mib| format!(" {mib} MiB"))
            .unwrap_or_default();
        parts.push(format!("{}{memory}", process.name));
    } else if let Some(used) = card.mem_used_mib {
        parts.push(format!("{used} MiB in use"));
    }
    if let Some(util) = card.util_percent {
        parts.push(format!("{util:.0} %"));
    }
    format!("card {}: {}", card.index, parts.join(", "))
}

/// Output of the probe on a host whose one card does nothing: how plans picture a host that has come
/// to rest.
pub const AT_REST: &str =
    "#gpu 0\n0, GPU-0, 0, 0, 0, 16384, 30, 10, 70, P8, 210, [N/A], GPU\n#ext 0\n#apps 0\n#end 0\n";

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::fault::{Fault, FaultKind};
    use crate::domain::ops::{Reply, ReplyData};
    use crate::domain::rules::sample;
    use crate::domain::ssm::ProbeEnd;

    const BUSY: &str = "#gpu 0\n0, GPU-9a9a6c50, 550, 93, 11662, 23028, 60, 200, 300, P0, 1710, 0, NVIDIA A10G\n#ext 0\n#apps 0\n=9a9a6c50,5762, 11402, python\n#end 0\n";
    /// The query itself wakes a card that does nothing.
    const AWAKE: &str = "#gpu 0\n0, GPU-9a9a6c50, 550, 100, 0, 23028, 60, 90, 300, P0, 1710, 0, NVIDIA A10G\n#ext 0\n#apps 0\n#end 0\n";

    fn output(stdout: &str, end: ProbeEnd) -> ProbeOutput {
        ProbeOutput {
            instance_id: "i-1".to_owned(),
            end,
            stdout: stdout.to_owned(),
            detail: String::new(),
            truncated: false,
            at: "2026-11-21T02:00:00Z".parse().unwrap(),
        }
    }

    fn seen(outputs: &[(&str, ProbeEnd)]) -> Work {
        let instance = sample::instance("i-1", "g5.xlarge");
        let outputs = outputs.iter().map(|(text, end)| output(text, *end)).collect();
        let view = View::new(vec![(
            query(["i-1".to_owned()]).unwrap(),
            Ok(Reply::whole(ReplyData::ProbeOutputs(outputs))),
        )]);
        work(&instance, &view)
    }

    #[test]
    fn one_busy_sample_of_three_is_busy() {
        let done = ProbeEnd::Done;
        let Work::Busy { cards, what } = seen(&[(AT_REST, done), (BUSY, done), (AT_REST, done)]) else {
            panic!("it works");
        };
        assert_eq!((cards, what.as_str()), (1, "card 0: python 11402 MiB, 93 %"));
    }

    #[test]
    fn utilisation_alone_is_no_work() {
        let done = ProbeEnd::Done;
        assert_eq!(seen(&[(AWAKE, done), (AWAKE, done), (AWAKE, done)]), Work::Idle);
        assert_eq!(seen(&[(AT_REST, done)]), Work::Idle);
    }

    #[test]
    fn a_host_that_cannot_be_asked_counts_as_busy_with_all_its_cards() {
        for (text, end) in [
            ("", ProbeEnd::Offline),
            ("", ProbeEnd::NotManaged),
            ("", ProbeEnd::TimedOut),
            ("#nosmi\n#end 0\n", ProbeEnd::Done),
            ("#gpu 9\nNVIDIA-SMI has failed\n#end 0\n", ProbeEnd::Done),
        ] {
            let work = seen(&[(AT_REST, ProbeEnd::Done), (text, end)]);
            assert!(
                matches!(&work, Work::Unknown { cards: 1, why } if !why.is_empty()),
                "{work:?}"
            );
        }
        let instance = sample::instance("i-1", "g5.12xlarge");
        assert_eq!(work(&instance, &View::default()).busy_cards(), 4);
        let failed = View::new(vec![(
            query(["i-1".to_owned()]).unwrap(),
            Err(Fault::new(FaultKind::AccessDenied, "ssm", "SendCommand", "no")),
        )]);
        assert!(matches!(work(&instance, &failed), Work::Unknown { cards: 4, .. }));
    }

    #[test]
    fn a_stopped_instance_has_no_work() {
        let mut instance = sample::instance("i-1", "g5.xlarge");
        instance.state = "stopped".to_owned();
        assert_eq!(work(&instance, &View::default()), Work::Idle);
    }
}

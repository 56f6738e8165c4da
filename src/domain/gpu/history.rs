//! How cards did while somebody watched: samples for sparklines, and since when a card has been idle.
//!
//! Nothing is sampled while nobody looks, so samples are not evenly spaced, and a gap proves nothing:
//! a card that was idle before it and is idle after it counts as idle since the gap's end.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::domain::gpu::card::GpuCard;
use crate::domain::gpu::host::HostReading;

/// Samples kept of each card: three hours at one each 30 seconds.
pub const SAMPLES: usize = 360;

/// When a card starts and ceases to count as idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdleRule {
    /// So many idle samples in a row make it idle, since the first of them. Default 3.
    pub enter_after: u32,
    /// So many busy samples in a row end that. Default 2: a passing process does not.
    pub leave_after: u32,
    /// With more time than this between two samples that tell anything, counting starts anew.
    /// Default 10 minutes.
    pub max_gap: SignedDuration,
}

impl Default for IdleRule {
    fn default() -> Self {
        Self {
            enter_after: 3,
            leave_after: 2,
            max_gap: SignedDuration::from_mins(10),
        }
    }
}

/// A card of an instance: its UUID, or its number where there is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardKey {
    /// `i-…`.
    pub instance_id: String,
    /// `GPU-…`, or the card's number.
    pub card: String,
}

impl CardKey {
    /// Names a card.
    pub fn new(instance_id: &str, card: &GpuCard) -> Self {
        Self {
            instance_id: instance_id.to_owned(),
            card: card.uuid.clone().unwrap_or_else(|| card.index.to_string()),
        }
    }
}

/// What can be drawn over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Utilisation, percent.
    Utilisation,
    /// Memory in use, percent of the card's.
    Memory,
    /// Power draw, watts.
    Power,
    /// Temperature, degrees Celsius.
    Temperature,
}

/// One sample. Single precision: thousands are kept, and no more is ever drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sample {
    at: Timestamp,
    util_percent: Option<f32>,
    mem_percent: Option<f32>,
    power_w: Option<f32>,
    temp_c: Option<f32>,
}

/// How one card did.
#[derive(Debug, Clone, Default)]
pub struct CardHistory {
    samples: VecDeque<Sample>,
    idle: IdleWatch,
}

/// Counts idle and busy samples in a row.
#[derive(Debug, Clone, Copy, Default)]
struct IdleWatch {
    /// The first of the idle samples in a row, and how many they are.
    run: Option<(Timestamp, u32)>,
    busy: u32,
    is_idle: bool,
    told_at: Option<Timestamp>,
}

impl IdleWatch {
    fn note(&mut self, at: Timestamp, idle: Option<bool>, rule: &IdleRule) {
        let Some(idle) = idle else {
            return;
        };
        if self
            .told_at
            .is_some_and(|before| at.duration_since(before) > rule.max_gap)
        {
            *self = Self::default();
        }
        self.told_at = Some(at);
        if idle {
            let (since, count) = self.run.unwrap_or((at, 0));
            let count = count.saturating_add(1);
            self.run = Some((since, count));
            self.busy = 0;
            self.is_idle |= count >= rule.enter_after;
        } else {
            self.busy = self.busy.saturating_add(1);
            if !self.is_idle || self.busy >= rule.leave_after {
                self.run = None;
                self.is_idle = false;
            }
        }
    }
}

impl CardHistory {
    /// Values in the order of time, each with its moment; `None` where there was none.
    pub fn values(&self, measure: Measure) -> impl DoubleEndedIterator<Item = (Timestamp, Option<f64>)> + '_ {
        self.samples.iter().map(move |sample| {
            let value = match measure {
                Measure::Utilisation => sample.util_percent,
                Measure::Memory => sample.mem_percent,
                Measure::Power => sample.power_w,
                Measure::Temperature => sample.temp_c,
            };
            (sample.at, value.map(f64::from))
        })
    }

    /// Since when the card has been idle, as far as was watched. It may have got work with the newest
    /// sample: who wants to stop a host asks [`GpuCard::looks_idle`] too.
    pub fn idle_since(&self) -> Option<Timestamp> {
        let (since, _) = self.idle.run?;
        self.idle.is_idle.then_some(since)
    }

    /// How many samples there are, at most [`SAMPLES`].
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    fn record(&mut self, at: Timestamp, card: &GpuCard, rule: &IdleRule) {
        // An answer that was overtaken by a newer one tells nothing new.
        if self.samples.back().is_some_and(|newest| newest.at >= at) {
            return;
        }
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample {
            at,
            util_percent: card.util_percent.map(|value| value as f32),
            mem_percent: card.mem_percent().map(|value| value as f32),
            power_w: card.power_w.map(|value| value as f32),
            temp_c: card.temp_c.map(|value| value as f32),
        });
        self.idle.note(at, card.looks_idle(), rule);
    }
}

/// How all cards of a scope did.
#[derive(Debug, Clone, Default)]
pub struct GpuHistory {
    rule: IdleRule,
    cards: BTreeMap<CardKey, CardHistory>,
}

impl GpuHistory {
    /// An empty history that judges by `rule`.
    pub fn new(rule: IdleRule) -> Self {
        Self {
            rule,
            cards: BTreeMap::new(),
        }
    }

    /// Adds a sample of each card that the host told of.
    pub fn record(&mut self, reading: &HostReading) {
        for card in &reading.cards {
            self.cards
                .entry(CardKey::new(&reading.instance_id, card))
                .or_default()
                .record(reading.sampled_at, card, &self.rule);
        }
    }

    /// What is known of a card.
    pub fn card(&self, key: &CardKey) -> Option<&CardHistory> {
        self.cards.get(key)
    }

    /// When a card of a host was last read; `None` if none was, as far as somebody watched.
    pub fn last_read(&self, instance_id: &str) -> Option<Timestamp> {
        let own = self
            .cards
            .iter()
            .filter(|(key, _)| *key.instance_id == *instance_id);
        own.filter_map(|(_, card)| card.values(Measure::Utilisation).next_back())
            .map(|(at, _)| at)
            .max()
    }

    /// Forgets the cards of instances that are gone.
    pub fn retain_hosts(&mut self, mut is_there: impl FnMut(&str) -> bool) {
        self.cards.retain(|key, _| is_there(&key.instance_id));
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::gpu::ProbeOutcome;

    const START: &str = "2026-11-21T02:00:00Z";

    fn at(seconds: i64) -> Timestamp {
        START.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
    }

    /// A card that looks idle, busy, or neither.
    fn card(idle: Option<bool>) -> GpuCard {
        GpuCard {
            uuid: Some("GPU-1".to_owned()),
            util_percent: Some(100.0),
            mem_used_mib: Some(if idle == Some(false) { 9_000 } else { 0 }),
            mem_total_mib: Some(10_000),
            processes: idle.map(|_| Vec::new()),
            ..GpuCard::unknown(0)
        }
    }

    fn history(samples: &[(i64, Option<bool>)]) -> (GpuHistory, CardKey) {
        let mut history = GpuHistory::default();
        let key = CardKey::new("i-1", &card(None));
        for (seconds, idle) in samples {
            let mut reading = HostReading::without_cards("i-1", ProbeOutcome::Ok, at(*seconds));
            reading.cards.push(card(*idle));
            history.record(&reading);
        }
        (history, key)
    }

    #[test]
    fn idle_begins_and_ends_only_after_several_samples() {
        const I: Option<bool> = Some(true);
        const B: Option<bool> = Some(false);
        const U: Option<bool> = None;
        for (what, samples, idle_since) in [
            ("too few", vec![(0, I), (30, I)], None),
            ("enough, since the first", vec![(0, I), (30, I), (60, I)], Some(0)),
            (
                "a busy sample before that starts anew",
                vec![(0, I), (30, I), (60, B), (90, I), (120, I)],
                None,
            ),
            (
                "one busy sample is noise",
                vec![(0, I), (30, I), (60, I), (90, B)],
                Some(0),
            ),
            (
                "and is forgotten",
                vec![(0, I), (30, I), (60, I), (90, B), (120, I), (150, B)],
                Some(0),
            ),
            (
                "two are work",
                vec![(0, I), (30, I), (60, I), (90, B), (120, B)],
                None,
            ),
            (
                "work ends later",
                vec![
                    (0, I),
                    (30, I),
                    (60, I),
                    (90, B),
                    (120, B),
                    (150, I),
                    (180, I),
                    (210, I),
                ],
                Some(150),
            ),
            (
                "the unknown counts for nothing",
                vec![(0, I), (30, U), (60, I), (90, U), (120, I), (150, U)],
                Some(0),
            ),
            (
                "a gap starts anew",
                vec![(0, I), (30, I), (60, I), (661, I)],
                None,
            ),
            (
                "until there is enough again",
                vec![(0, I), (30, I), (60, I), (661, I), (691, I), (721, I)],
                Some(661),
            ),
            (
                "unknown samples do not bridge a gap",
                vec![(0, I), (30, I), (60, I), (360, U), (661, I)],
                None,
            ),
            (
                "ten minutes are no gap",
                vec![(0, I), (30, I), (60, I), (660, I)],
                Some(0),
            ),
            ("never", vec![(0, B), (30, B)], None),
        ] {
            let (history, key) = history(&samples);
            assert_eq!(
                history.card(&key).unwrap().idle_since(),
                idle_since.map(at),
                "{what}"
            );
        }
    }

    #[test]
    fn values_come_back_in_order_and_late_answers_are_dropped() {
        let (history, key) = history(&[
            (0, Some(true)),
            (60, Some(false)),
            (30, Some(true)),
            (60, Some(true)),
        ]);
        let card = history.card(&key).unwrap();
        assert_eq!(
            card.values(Measure::Memory).collect::<Vec<_>>(),
            [(at(0), Some(0.0)), (at(60), Some(90.0))]
        );
        assert_eq!(
            card.values(Measure::Utilisation)
                .map(|(_, value)| value)
                .collect::<Vec<_>>(),
            [Some(100.0), Some(100.0)]
        );
        assert!(card.values(Measure::Power).all(|(_, value)| value.is_none()));
        assert!(
            card.values(Measure::Temperature)
                .all(|(_, value)| value.is_none())
        );
    }

    #[test]
    fn the_oldest_samples_make_room_and_idleness_is_remembered_longer() {
        let samples: Vec<(i64, Option<bool>)> = (0..1_000).map(|n| (n * 30, Some(true))).collect();
        let (history, key) = history(&samples);
        let card = history.card(&key).unwrap();
        assert_eq!(card.len(), SAMPLES);
        assert!(!card.is_empty());
        assert_eq!(
            card.values(Measure::Memory).next().map(|(when, _)| when),
            Some(at(640 * 30))
        );
        assert_eq!(card.idle_since(), Some(at(0)));
    }

    #[test]
    fn cards_of_gone_hosts_are_forgotten() {
        let (mut history, key) = history(&[(0, Some(true))]);
        history.retain_hosts(|id| id == "i-1");
        assert!(history.card(&key).is_some());
        history.retain_hosts(|id| id == "i-2");
        assert!(history.card(&key).is_none());
    }

    proptest! {
        #[test]
        fn idle_since_is_an_idle_sample_and_nothing_grows_without_bound(
            steps in prop::collection::vec((0i64..900, prop::option::of(any::<bool>())), 0..800)
        ) {
            let mut seconds = 0;
            let samples: Vec<(i64, Option<bool>)> = steps
                .into_iter()
                .map(|(step, idle)| { seconds += step; (seconds, idle) })
                .collect();
            let (history, key) = history(&samples);
            if let Some(card) = history.card(&key) {
                prop_assert!(card.len() <= SAMPLES);
                if let Some(since) = card.idle_since() {
                    prop_assert!(samples.iter().any(|(when, idle)| at(*when) == since && *idle == Some(true)));
                }
            }
        }
    }
}
